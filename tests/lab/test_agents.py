#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two agents that a server introduces, on hosts of their own: a file, a folder and a
folder that is synced; behind routers of all kinds, and through the server's relay; the
server dies while a file is on its way; and a server that names victims."""

import filecmp
import json
import os
import re
import time

import lab
import natlab

PORT = natlab.PORT
URL = f"http://{natlab.PUBLIC}:{PORT}"
ROOM = "lab"
SMALL = 2_000_000  # bytes of a file
SLOW = "20mbit"  # of a link over which a file takes a while
LONG = 12_000_000
DEVICE_SESSIONS_MAX = 8  # agent-priv.h


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
        agent = self.agent(ann, "Ann", "--receive", received, "--share", share)
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
        os.mkfifo(os.path.join(share, "docs", "pipe"))
        process = self.start(bob, "sync", mine, "Ann:docs")
        self.assertEqual(process.wait(60), 1, process.tail())
        self.assertEqual([(step["step"], step["path"]) for step in process.events("step")],
                         [("left", "pipe")])
        self.assertEqual(process.events("transfer")[-1]["state"], "failed")
        agent.wait_event("transfer", lab.SOON, state="failed", kind="sync")

    def test_agent_runs(self):
        """A device whose agent runs sends and syncs beside it, and others reach the
        agent meanwhile."""
        ann, bob = self.routers
        received, share, mine = self.place("in"), self.place("share"), self.place("mine")
        his = self.place("his")
        self.agent(ann, "Ann", "--receive", received, "--share", share)
        self.agent(bob, "Bob", "--receive", his)
        sent = write(os.path.join(self.place("out"), "file"), SMALL)
        process = self.start(bob, "sync", mine, "Ann:", "--watch")
        process.wait_event("session", lab.SOON)
        self.send(bob, sent, "Ann")
        self.assertTrue(filecmp.cmp(sent, os.path.join(received, "file"), False))
        back = ann.start("videomeet", "send", sent, "Bob", "--server", URL, "--room", ROOM,
                         "--user", "Ann", "--json")
        self.assertEqual(back.wait(60), 0, back.tail())
        self.assertTrue(filecmp.cmp(sent, os.path.join(his, "file"), False))
        process.signal()
        self.assertEqual(process.wait(60), 0, process.tail())

    def test_questions(self):
        """One at a time, in their order, with a number; `always` trusts the device, whose
        next file is not asked about. The sender hears under which name a file is saved.
        When nobody types any more, what waits for an answer is refused."""
        ann, bob = self.routers
        received = self.place("in")
        agent = ann.start("videomeet", "agent", "--server", URL, "--room", ROOM, "--user",
                          "Ann", "--accept", "ask", "--receive", received, "--json",
                          typed=True)
        agent.wait_event("ready", lab.SOON)
        out = self.place("out")
        sent = [write(os.path.join(out, name), 1000) for name in ("one", "two")]
        process = self.start(bob, "send", *sent, "Ann")
        first = agent.wait_event("question", lab.SOON, number=1)
        self.assertEqual(len(agent.events("question")), 1)
        agent.type("n")
        second = agent.wait_event("question", lab.SOON, number=2)
        self.assertNotEqual(first["name"], second["name"])
        agent.type("always")
        self.assertNotEqual(process.wait(60), 0, process.tail())
        self.assertEqual(os.listdir(received), [second["name"]])
        process = self.send(bob, os.path.join(out, second["name"]), "Ann")
        self.assertEqual(len(agent.events("question")), 2)
        self.assertEqual(process.events("transfer")[-1]["savedPath"],
                         f'{second["name"]} (1)')
        process = bob.start("videomeet", "send", sent[0], "Ann", "--server", URL, "--room",
                            ROOM, "--user", "Carl", "--json",
                            env={"XDG_CONFIG_HOME": self.place("carl")})
        agent.wait_event("question", lab.SOON, number=3)
        agent.popen.stdin.close()
        agent.wait_event("warning", lab.SOON)
        self.assertNotEqual(process.wait(60), 0, process.tail())
        self.assertEqual(len(os.listdir(received)), 2)

    def test_lines(self):
        """What people read: size, rate and lane, and the name that was taken."""
        ann, bob = self.routers
        received = self.place("in")
        agent = ann.start("videomeet", "agent", "--server", URL, "--room", ROOM, "--user",
                          "Ann", "--policy", "open", "--accept", "auto", "--receive", received)
        agent.wait_for(lambda line: f"videomeet send FILE Ann --server {URL} --room {ROOM}"
                       in line, lab.SOON)
        sent = write(os.path.join(self.place("out"), "file"), LONG)
        for name in "", ", saved as “file (1)”":
            process = bob.start("videomeet", "send", sent, "Ann", "--server", URL, "--room",
                                ROOM, "--user", "Bob")
            self.assertEqual(process.wait(60), 0, process.tail())
            for side, words in (process, "to Ann"), (agent, "from Bob"):
                side.wait_for(lambda line, words=words, name=name: re.match(
                    rf"file: 12\.0\sMB, verified, {words}{re.escape(name)}  "
                    r"[1-9][\d.,]*\s[kMG]?B/s  direct$", line), lab.SOON)

    def test_own_certificate(self):
        """The server's default, TLS with a certificate of its own: it is taken at first
        sight, by the relay too; another key is refused later, and one that was not
        confirmed gets no PIN."""
        self.server.stop()
        self.server = self.start_server()
        key = self.server.events("serving")[0]["deviceId"]
        secure = URL.replace("http:", "https:")
        ann, bob = self.clients[:2]
        for number in (0, 1):
            self.set_nat(number, "no-udp")
        received = self.place("in")
        agent = ann.start("videomeet", "agent", "--server", secure, "--room", ROOM, "--user",
                          "Ann", "--policy", "open", "--accept", "auto", "--receive",
                          received, "--term", "sh -c 'echo sight; exec sleep 600'", "--json")
        agent.wait_event("ready", lab.SOON)
        sent = write(os.path.join(self.place("out"), "file"), SMALL)

        def run(*words, user="Bob"):
            return bob.run("videomeet", *words, "--server", secure, "--room", ROOM,
                           "--user", user, "--json", timeout=60, check=False)

        done = run("send", sent, "Ann")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertTrue(filecmp.cmp(sent, os.path.join(received, "file"), False))
        self.assertIn('"lane":"relay"', done.stdout.replace(" ", ""))
        viewer = bob.start("videomeet", "term", "view", "Ann", "--server", secure, "--room",
                           ROOM, "--user", "Bob", "--json")
        lab.wait_until(lambda: any("sight" in event["text"] for event in
                                   viewer.events("output")), lab.SOON, "the terminal")
        viewer.stop()
        self.assertIn(f"{natlab.PUBLIC}:{PORT}", bob.run("videomeet", "known",
                                                            timeout=lab.SOON).stdout)

        done = run("send", sent, "Ann", "--pin", "123456")
        self.assertNotIn("HOST_UNKNOWN", done.stdout)  # it is known meanwhile
        bob.run("videomeet", "forget", f"{natlab.PUBLIC}:{PORT}", timeout=lab.SOON)
        done = run("send", sent, "Ann", "--pin", "123456")
        self.assertEqual(done.returncode, 1)
        self.assertIn("HOST_UNKNOWN", done.stdout)
        self.assertIn(f"--host-key {key}", done.stdout)
        done = run("send", sent, "Ann", "--pin", "123456", "--host-key", key)
        self.assertNotIn("HOST_UNKNOWN", done.stdout)

        agent.stop()
        self.server.stop()
        self.server = self.public.start("videomeet", "server", "--json", "--port", PORT, env={
            "XDG_CONFIG_HOME": os.path.join(self.public.config, "another")})
        self.server.wait_event("serving", lab.SOON)
        done = run("send", sent, "Ann")
        self.assertEqual(done.returncode, 1)
        self.assertIn("KEY_CHANGED", done.stdout)
        self.assertIn(f"videomeet forget {natlab.PUBLIC}:{PORT}", done.stdout)

    def test_server_comes_back(self):
        """It is said once that the server is gone, and once that it is back."""
        ann = self.routers[0]
        agent = self.agent(ann, "Ann", "--receive", self.place("in"))
        self.server.kill()
        agent.wait_event("warning", lab.SOON, code="DISCONNECTED")
        time.sleep(3)  # of attempts that fail
        self.server = self.start_server("--insecure")
        agent.wait_event("connected", lab.SOON)
        self.assertEqual(len(agent.events("warning")), 1, agent.tail())

    def test_nobody_of_that_name(self):
        """Who is there is said."""
        ann, bob = self.routers
        self.agent(ann, "Ann", "--receive", self.place("in"))
        sent = write(os.path.join(self.place("out"), "file"), 1)
        process = self.start(bob, "send", sent, "Anne")
        self.assertNotEqual(process.wait(60), 0, process.tail())
        self.assertIn("Ann (", process.events("error")[-1]["message"])

    def test_routers(self):
        """STUN finds the way through two routers that leave one; else the server
        relays."""
        self.server.stop()
        self.start_turn()
        self.server = self.start_server("--insecure", "--stun",
                                        f"stun://{natlab.TURN}:3478")
        for kinds, lane in ((("cone", "cone"), "quic"),
                            (("restricted", "restricted"), "quic"),
                            (("cone", "symmetric"), "quic"),
                            (("restricted", "symmetric"), "relay"),
                            (("symmetric", "symmetric"), "relay")):
            with self.subTest(kinds=kinds):
                for number, kind in enumerate(kinds):
                    self.set_nat(number, kind)
                self.exchange(lane)
                for client in self.clients[:2]:
                    client.end_processes()

    def test_relay(self):
        """No UDP passes: the server carries it."""
        for number in (0, 1):
            self.set_nat(number, "no-udp")
        self.exchange("relay")

    def test_many_by_the_relay(self):
        """One command after the other: each session is over with its command."""
        for number in (0, 1):
            self.set_nat(number, "no-udp")
        ann, bob = self.clients[:2]
        self.agent(ann, "Ann", "--receive", self.place("in"))
        sent = write(os.path.join(self.place("out"), "file"), 1000)
        for _ in range(DEVICE_SESSIONS_MAX + 1):
            self.assertEqual(self.lane(self.send(bob, sent, "Ann")), "relay")

    def begin(self, folder=False):
        """A file, or a folder of several, is on its way from Bob to Ann, slowly: (its path, where it is to be,
        Bob's command, Ann's agent)."""
        ann, bob = self.routers
        received = self.place("in")
        agent = self.agent(ann, "Ann", "--receive", received)
        sent = os.path.join(self.place("out"), "file")
        for i in range(10 if folder else 0):
            write(os.path.join(sent, str(i)), LONG // 10)
        if not folder:
            write(sent, LONG)
        bob.call("tc", "qdisc", "replace", "dev", "eth0", "root", "tbf", "rate", SLOW,
                 "burst", "64kb", "latency", "100ms")
        self.addCleanup(bob.call, "tc", "qdisc", "del", "dev", "eth0", "root")
        self.before = self.sent_by(bob)
        process = self.start(bob, "send", sent, "Ann")
        self.until(process, LONG / 3)
        return sent, os.path.join(received, "file"), process, agent

    def until(self, process, size):
        lab.wait_until(lambda: any(event.get("done", 0) >= size
                                   for event in process.events("transfer")),
                       lab.SOON, f"{size} bytes of the file")

    def arrives(self, sent, received, process):
        self.assertEqual(process.wait(60), 0, process.tail())
        self.assertTrue(filecmp.cmp(sent, received, False))

    def test_server_dies(self):
        """What runs goes on without the server."""
        sent, received, process, _ = self.begin()
        self.server.kill()
        self.arrives(sent, received, process)

    def test_link_is_cut(self):
        sent, received, process, _ = self.begin()
        bob = self.routers[1]
        bob.set_link(False)
        time.sleep(4)
        bob.set_link(True)
        # the kernel drops it with the link
        bob.call("ip", "route", "replace", "default", "dev", "eth0")
        self.arrives(sent, received, process)
        self.sends_all_once()

    def test_udp_is_blocked(self):
        """In the middle of a file: it goes on by the relay, and the user is told."""
        sent, received, process, agent = self.begin()
        bob = self.routers[1]
        for chain in ("INPUT", "OUTPUT"):
            bob.call("iptables", "-A", chain, "-p", "udp", "-j", "DROP")
            self.addCleanup(bob.call, "iptables", "-F", chain)
        self.arrives(sent, received, process)
        self.assertEqual(self.lane(process), "relay", process.tail())
        self.assertEqual(self.lane(agent), "relay", agent.tail())

    def test_address_changes(self):
        """Of the sender, there and back; the route comes later than the address."""
        sent, received, process, _ = self.begin()
        bob = self.routers[1]
        for gone, there, size in ((3, 77, LONG / 2), (77, 3, LONG)):
            bob.call("ip", "addr", "del", f"198.51.100.{gone}/24", "dev", "eth0")
            bob.call("ip", "addr", "add", f"198.51.100.{there}/24", "dev", "eth0")
            time.sleep(1)
            bob.call("ip", "route", "add", "default", "dev", "eth0")
            self.until(process, size)
        self.arrives(sent, received, process)
        self.sends_all_once()

    def test_receiver_is_killed(self):
        """The next attempt sends nothing that was verified."""
        sent, received, process, agent = self.begin()
        agent.kill()
        self.assertNotEqual(process.wait(90), 0, process.tail())
        self.agent(self.routers[0], "Ann", "--receive", os.path.dirname(received))
        before = self.sent_by(self.routers[1])
        again = self.start(self.routers[1], "send", sent, "Ann")
        self.arrives(sent, received, again)
        self.assertGreater(again.events("transfer")[-1]["resumed"], LONG / 4)
        self.sends_the_rest(before)

    def test_sender_is_killed(self):
        """Its next attempt sends nothing that was verified, though the receiver has not
        heard that the one before is over."""
        sent, received, process, _ = self.begin()
        process.kill()
        before = self.sent_by(self.routers[1])
        again = self.start(self.routers[1], "send", sent, "Ann")
        self.arrives(sent, received, again)
        self.assertGreater(again.events("transfer")[-1]["resumed"], LONG / 4)
        self.sends_the_rest(before)
        self.assertEqual(os.listdir(os.path.dirname(received)), ["file"])

    def test_folder_goes_on(self):
        """It is told from where."""
        sent, received, process, agent = self.begin(folder=True)
        agent.kill()
        self.assertNotEqual(process.wait(90), 0, process.tail())
        self.agent(self.routers[0], "Ann", "--receive", os.path.dirname(received))
        again = self.start(self.routers[1], "send", sent, "Ann")
        self.assertEqual(again.wait(60), 0, again.tail())
        self.assertEqual(filecmp.dircmp(sent, received).diff_files, [])
        self.assertEqual(len(os.listdir(received)), 10)
        first = next(event for event in again.events("transfer")
                     if event["state"] == "transferring")
        self.assertGreaterEqual(first["done"], LONG / 10)
        self.assertEqual(first["done"], first["resumed"])

    def sent_by(self, host):
        """Bytes that have left that host."""
        shown = json.loads(host.call("ip", "-s", "-j", "link", "show", "eth0"))
        return shown[0]["stats64"]["tx"]["bytes"]

    def sends_all_once(self):
        """Since the file began, but for headers and what was under way."""
        sent = self.sent_by(self.routers[1]) - self.before
        self.assertGreater(sent, LONG)
        self.assertLess(sent, LONG * 1.25)

    def sends_the_rest(self, before):
        """Since then Bob has sent what was missing, and no more."""
        sent = self.sent_by(self.routers[1]) - before
        self.assertLess(sent, LONG * 3 / 4)
        self.assertGreater(sent, LONG / 8)


if __name__ == "__main__":
    lab.main()
