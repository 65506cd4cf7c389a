#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Three servers at one NATS server (protocol/cluster.md), and real devices at them: picture
goes between all, whichever server each has and whichever dialect it speaks there."""

import os
import shutil
import unittest

import lab

NATS = 4222
PORTS = [8081, 8082, 8083]
SEATS = [("native", PORTS[0]), ("room", PORTS[1]), ("socketio", PORTS[2]),
         ("mesh", PORTS[1])]
RATE = 30
MOVES = 2 * RATE  # pictures that show that one goes on


@unittest.skipUnless(shutil.which("nats-server"), "there is no nats-server")
class ClusterCall(lab.LabTest):

    hosts = 3
    avahi = False

    def setUp(self):
        self.cloud, *self.places = self.lab.hosts
        for host in self.lab.hosts:
            self.addCleanup(host.end_processes)
        nats = self.cloud.start(
            "nats-server", "-a", "127.0.0.1", "-p", str(NATS), "-js", "-sd",
            os.path.join(self.cloud.home, self.id().split(".")[-1]))
        nats.wait_for(lambda line: "Server is ready" in line, lab.SOON, "err")
        self.servers = [self.serve(port) for port in PORTS]

    def serve(self, port):
        server = self.cloud.start(
            "videomeet", "server", "--insecure", f"--port={port}", "--json",
            f"--cluster=nats://127.0.0.1:{NATS}", "--drain=0")
        server.wait_event("serving", lab.SOON)
        return server

    def join(self, dialect, port, host):
        """A device in the room "hall"; native and room by their URI alone."""
        scheme = "videomeet" if dialect == "native" else "ws"
        return host.start(
            "videomeet", "join", f"{scheme}://{self.cloud.address}:{port}/hall",
            *([] if dialect == "native" else [f"--dialect={dialect}"]),
            "--insecure", f"--user={dialect}", "--source", lab.STAMP, "--json")

    def connected(self, one):
        return sum(e["state"] == "connected"
                   for e in one.events("participant-state"))

    def check_moves(self, stamps):
        """It went on for so long, however much of it a machine with a dozen
        encoders and decoders has left out."""
        self.assertGreater(stamps["last"] - stamps["first"], MOVES, stamps)
        self.assertGreater(stamps["read"], MOVES // 6, stamps)

    def check_end(self, one, others):
        """It stops well, and has seen pictures of each of so many others."""
        self.assertEqual(one.stop(), 0, one.tail())
        self.assertEqual(one.events("error"), [], one.tail())
        summary, = one.events("summary")
        seen = [p["stamps"] for p in summary["participants"]]
        self.assertEqual(len(seen), others, one.tail())
        for stamps in seen:
            self.check_moves(stamps)

    def test_every_dialect_at_another_server(self):
        people = [self.join(dialect, port, self.places[i % 2])
                  for i, (dialect, port) in enumerate(SEATS)]
        lab.wait_until(lambda: all(self.connected(p) >= 3 for p in people),
                       3 * lab.SOON, "everybody to see everybody")
        for one in people:
            self.assertEqual(len(one.events("participant-joined")), 3)
        # a server that is killed takes nobody's pictures away, and a native device
        # has its seat again
        native, room = people[:2]
        self.servers[0].kill()
        native.wait_event("host-lost", lab.SOON)
        self.servers[0] = self.serve(PORTS[0])
        native.wait_event("host-returned", lab.SOON)
        self.assertEqual(room.events("participant-left"), [])
        self.assertEqual(native.events("participant-left"), [])
        for one in people:
            self.assertEqual(one.popen.poll(), None, one.tail())
        for one in people:
            self.check_end(one, 3)

    def test_users_of_two_servers(self):
        def at(port, user):
            return [f"--server=ws://{self.cloud.address}:{port}",
                    f"--user={user}", "--source", lab.STAMP, "--json"]

        bob = self.places[1].start("videomeet", "answer", *at(PORTS[1], "bob"),
                                   "--accept=auto")
        bob.wait_event("call", lab.SOON, state="waiting")
        ann = self.places[0].start("videomeet", "call", "bob",
                                   *at(PORTS[0], "ann"))
        for one in ann, bob:
            one.wait_event("call", lab.SOON, state="connected")
        # both servers are gone, and neither notices in the picture
        for i, port in enumerate(PORTS[:2]):
            self.servers[i].kill()
            self.servers[i] = self.serve(port)
        for one in ann, bob:
            one.wait_event("host-returned", lab.SOON)
        self.assertEqual(ann.stop(), 0, ann.tail())
        self.assertEqual(bob.wait(lab.SOON), 0, bob.tail())
        for one in ann, bob:
            self.assertEqual(one.events("error"), [], one.tail())
            other, = one.events("summary")[0]["participants"]
            self.assertEqual(len(one.events("participant-joined")), 1)
            self.check_moves(other["stamps"])


if __name__ == "__main__":
    lab.main()
