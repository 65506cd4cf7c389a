#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two agents that a server introduces, on hosts of their own: a file, a folder and a
folder that is synced; behind routers of all kinds, and through the server's relay; the
server dies while a file is on its way; and a server that names victims."""

import filecmp
import os
import time

import lab
import natlab

PORT = natlab.PORT
URL = f"http://{natlab.PUBLIC}:{PORT}"
ROOM = "lab"
SMALL = 2_000_000  # bytes of a file
SLOW = "20mbit"  # of a link over which a file takes a while
LONG = 12_000_000


def write(path, size):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(os.urandom(size))
    return path


class Agents(natlab.NatTest):
    def setUp(self):
        super().setUp()
        self.server = self.start_server("--insecure")
        self.number = 0

    def place(self, name):
        """A folder of this test on the disk that all hosts see."""
        self.number += 1
        path = os.path.join(self.lab.folder, f"{self.id()}-{self.number}", name)
        os.makedirs(path)
        return path

    def agent(self, host, user, *more):
        agent = host.start("videomeet", "agent", "--server", URL, "--room", ROOM, "--user",
                           user, "--policy", "open", "--accept", "auto", "--json", *more)
        agent.wait_event("ready", lab.SOON)
        return agent

    def start(self, host, command, *words):
        return host.start("videomeet", command, *words, "--server", URL, "--room", ROOM,
                          "--user", "Bob", "--policy" if command == "sync" else "--json",
                          *(("open", "--json") if command == "sync" else ()))

    def send(self, host, *words):
        process = self.start(host, "send", *words)
        self.assertEqual(process.wait(60), 0, process.tail())
        return process

    def lane(self, process):
        return process.events("transfer")[-1].get("lane")

    def exchange(self, lane):
        """A file from the second home to the first; by that lane."""
        ann, bob = self.clients[:2]
        received = self.place("in")
        self.agent(ann, "Ann", "--receive", received)
        sent = write(os.path.join(self.place("out"), "file"), SMALL)
        process = self.send(bob, sent, "Ann")
        self.assertTrue(filecmp.cmp(sent, os.path.join(received, "file"), False))
        self.assertEqual(self.lane(process), lane, process.tail())

    def test_without_a_router(self):
        """A file, a folder as an archive, and a sync both ways."""
        ann, bob = self.routers
        received, share, mine = self.place("in"), self.place("share"), self.place("mine")
        self.agent(ann, "Ann", "--receive", received, "--share", share)
        folder = self.place("folder")
        for i in range(20):
            write(os.path.join(folder, "deep", str(i)), 1000 * i)
        sent = write(os.path.join(self.place("out"), "file"), SMALL)
        process = self.send(bob, sent, folder, "Ann")
        self.assertTrue(filecmp.cmp(sent, os.path.join(received, "file"), False))
        self.assertEqual(self.lane(process), "quic")
        self.assertEqual(filecmp.dircmp(os.path.join(folder, "deep"), os.path.join(
            received, "folder", "deep")).diff_files, [])
        self.assertEqual(len(os.listdir(os.path.join(received, "folder", "deep"))), 20)
        os.makedirs(os.path.join(share, "docs"))
        write(os.path.join(share, "docs", "hers"), 5000)
        write(os.path.join(mine, "a", "his"), 5000)
        process = self.start(bob, "sync", mine, "Ann:docs")
        self.assertEqual(process.wait(60), 0, process.tail())
        for name in ("hers", "a/his"):
            self.assertTrue(filecmp.cmp(os.path.join(mine, name),
                                        os.path.join(share, "docs", name), False))

    def test_routers(self):
        """Behind two routers that take what comes back: STUN finds the way."""
        self.server.stop()
        self.start_turn()
        self.server = self.start_server("--insecure", "--stun",
                                        f"stun://{natlab.TURN}:3478")
        for kinds in (("cone", "cone"), ("restricted", "restricted"),
                      ("cone", "symmetric")):
            with self.subTest(kinds=kinds):
                for number, kind in enumerate(kinds):
                    self.set_nat(number, kind)
                self.exchange("quic")
                for client in self.clients[:2]:
                    client.end_processes()

    def test_relay(self):
        """No UDP passes: the server carries it."""
        for number in (0, 1):
            self.set_nat(number, "no-udp")
        self.exchange("relay")

    def test_server_dies(self):
        """What runs goes on without the server."""
        ann, bob = self.routers
        received = self.place("in")
        self.agent(ann, "Ann", "--receive", received)
        sent = write(os.path.join(self.place("out"), "file"), LONG)
        bob.call("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", SLOW, "burst",
                 "64kb", "latency", "100ms")
        try:
            process = self.start(bob, "send", sent, "Ann")
            process.wait_event("transfer", lab.SOON, state="transferring")
            self.server.kill()
            self.assertEqual(process.wait(60), 0, process.tail())
        finally:
            bob.call("tc", "qdisc", "del", "dev", "eth0", "root")
        self.assertTrue(filecmp.cmp(sent, os.path.join(received, "file"), False))


if __name__ == "__main__":
    lab.main()
