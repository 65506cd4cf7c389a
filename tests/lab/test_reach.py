#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls through every kind of router, and by the path that is expected."""

import itertools
import os
import re
import shutil
import signal
import time
import unittest

import lab
import natlab
import test_janus

FAR = {"no-udp", "tcp-443"}
# pairs whose routers find no hole: each address that one is told is for another
CLOSED = ({"symmetric"}, {"symmetric", "restricted"})


def expected(kinds):
    return "relay" if set(kinds) & FAR or set(kinds) in CLOSED else "srflx"


class Reach(natlab.NatTest):
    def serve(self):
        self.start_turn()
        self.start_server(
            "--stun", f"stun://{natlab.TURN}:3478",
            "--turn", f"turn://ann:secret@{natlab.TURN}:3478",
            "--turn", f"turn://ann:secret@{natlab.TURN}:443?transport=tcp")

    def call(self, kinds, path):
        ports = [443 if kind == "tcp-443" else natlab.PORT for kind in kinds]
        protocols = ["tcp" if kind in FAR else "udp" for kind in kinds]
        for number, kind in enumerate(kinds):
            self.set_nat(number, kind)
        ann = self.join(0, "Ann", port=ports[0])
        bob = None
        try:
            ann.wait_event("joined", lab.SOON)
            bob = self.join(1, "Bob", port=ports[1])
            return self.see(ann, bob, path, protocols)
        finally:
            ann.kill()
            if bob:
                bob.kill()

    def prove(self, ann, bob, path):
        """Pictures come while the routers let nothing else through."""
        paths = [len(one.events("path")) for one in (ann, bob)]
        for number in (0, 1):
            self.hold_to(number, path)
        self.until_seen(ann, "Bob", 2 * lab.RATE)
        self.until_seen(bob, "Ann", 2 * lab.RATE)
        self.assertEqual([len(one.events("path")) for one in (ann, bob)], paths)

    def see(self, ann, bob, path, protocols):
        for one, protocol in zip((ann, bob), protocols):
            one.wait_event("participant-state", lab.SOON, state="connected")
            event = one.wait_event("path", lab.SOON, path=path)
            self.assertEqual(event["protocol"], protocol, event)
            if path != "host":
                self.assertEqual(event["ipVersion"], 4, event)
        self.until_seen(ann, "Bob")
        self.until_seen(bob, "Ann")
        self.prove(ann, bob, path)
        times = []
        for one in (bob, ann):
            self.assertEqual(one.stop(), 0, one.tail())
            other, = one.events("summary")[0]["participants"]
            self.assertEqual(other["path"], path, other)
            times.append(other["firstFrameMs"] - other["joinedMs"])
        return times[0]

    def test_every_pair_of_routers(self):
        self.serve()
        print(f"{'Ann':11} {'Bob':11} path   join to first picture")
        for kinds in itertools.combinations_with_replacement(natlab.KINDS, 2):
            print(f"{kinds[0]:11} {kinds[1]:11} {expected(kinds):6}", end=" ", flush=True)
            print(f"{self.call(kinds, expected(kinds))} ms")

    def test_same_home(self):
        self.serve()
        self.set_nat(0, "symmetric")
        ann = self.join(0, "Ann")
        ann.wait_event("joined", lab.SOON)
        bob = self.join(2, "Bob")
        print(f"same home: {self.see(ann, bob, 'host', ('udp', 'udp'))} ms")

    def test_path_that_is_left_out(self):
        """Ann is found by her own address, Bob only through his router."""
        self.serve()
        self.set_nat(1, "restricted")
        ann = self.join(0, "Ann", "--fallback", "host", host=self.routers[0])
        ann.wait_event("joined", lab.SOON)
        bob = self.join(1, "Bob")
        told = ann.wait_event("warning", lab.SOON)
        self.assertIn("The only path to the other side is srflx, which fallback "
                      "leaves out", told["message"])
        ann.wait_event("participant-state", lab.SOON, state="disconnected")
        bob.wait_event("warning", lab.SOON)

    def test_better_path_later(self):
        """The firewalls are opened in mid-call, and nobody says so."""
        self.serve()
        for number in (0, 1):
            self.set_nat(number, "no-udp")
        ann = self.join(0, "Ann")
        ann.wait_event("joined", lab.SOON)
        bob = self.join(1, "Bob")
        for one, user in ((ann, "Bob"), (bob, "Ann")):
            one.wait_event("path", lab.SOON, path="relay")
            self.until_seen(one, user)
        for number in (0, 1):
            self.set_nat(number, "restricted")
        began = time.monotonic()
        for one, user in ((ann, "Bob"), (bob, "Ann")):
            one.wait_event("path", 30 + lab.SOON, path="srflx", protocol="udp")
            self.until_seen(one, user, 2 * lab.RATE)
            self.assertEqual(one.events("warning"), [])
            self.assertEqual(one.events("participant-left"), [])
        missing = [self.stamps(one)["missing"] for one in (ann, bob)]
        print(f"direct after {time.monotonic() - began:.0f} s: {missing} of "
              f"{lab.RATE} pictures/s missing")
        for one in (ann, bob):
            self.assertEqual(one.stop(), 0, one.tail())

    def test_relay_that_dies(self):
        """Of two TURN servers the one in use: the call goes on by the other."""
        first, second = natlab.TURN, "198.51.100.10"
        self.public.call("ip", "addr", "replace", f"{second}/24", "dev", "eth0")
        servers = {first: self.start_turn(),
                   second: self.start_turn(address=second, name="turn2")}
        self.start_server(*(option for address in servers for option in (
            "--turn", f"turn://ann:secret@{address}:3478")))
        for number in (0, 1):
            self.set_nat(number, "symmetric")
        ann = self.join(0, "Ann")
        ann.wait_event("joined", lab.SOON)
        bob = self.join(1, "Bob")
        self.until_seen(bob, "Ann")
        self.until_seen(ann, "Bob")
        for address, server in servers.items():
            before = [self.stamps(one)["missing"] for one in (ann, bob)]
            server.kill()
            for one, user in ((ann, "Bob"), (bob, "Ann")):
                self.until_seen(one, user, 4 * lab.RATE)
            missing = [self.stamps(one)["missing"] - b
                       for one, b in zip((ann, bob), before)]
            print(f"{address} killed: {missing} of {lab.RATE} pictures/s missing")
            name = "turn" if address == first else "turn2"
            servers[address] = self.start_turn(address=address, name=name)
        for one in (ann, bob):
            self.assertEqual(one.events("participant-left"), [])
            self.assertEqual(one.events("warning"), [])
        for one in (ann, bob):
            self.assertEqual(one.stop(), 0, one.tail())


def come_and_go(host, number):
    """A link that is no way to anybody comes with addresses, as when a container starts,
    and goes again."""
    for way in ("add", "del"):
        if way == "add":
            host.call("ip", "link", "add", "w0", "type", "veth", "peer", "name", "w1")
        for command in (f"addr {way} 10.98.{number}.1/24 dev w0", "link set w0 up",
                        "link set w1 up", f"addr {way} 10.97.{number}.1/24 dev eth0"):
            host.call("ip", *command.split())
        # more than the time in which a device gathers what has changed
        time.sleep(0.3)
    host.call("ip", "link", "del", "w0")


class Change(lab.LabTest):
    """What happens to a device in mid-call."""

    hosts = 2
    source = "stamp:160x90@25"

    def setUp(self):
        a, b = self.lab.hosts
        self.ann = a.start("videomeet", "host", "--meeting", "moving", "--user",
                           "Ann", "--source", self.source, "--json", typed=True)
        self.ann.wait_event("meeting", lab.SOON, state="announced")
        self.bob = b.start("videomeet", "join", "moving", "--user", "Bob", "--source",
                           self.source, "--json", typed=True)
        self.both = ((self.ann, "Bob"), (self.bob, "Ann"))
        self.joined = [(self.ann, "Ann"), (self.bob, "Bob")]
        for one, user in self.both:
            self.until_seen(one, user)

    views = natlab.NatTest.views
    who = natlab.NatTest.who
    frames = natlab.NatTest.frames
    until_seen = natlab.NatTest.until_seen
    stamps = natlab.NatTest.stamps

    def finish(self):
        for one, _ in self.both:
            self.assertEqual(one.events("participant-left"), [])
            self.assertEqual(len(one.events("participant-joined")), 1)
            self.assertEqual(one.events("error"), [])
            # a connection that is given up is told
            self.assertEqual(one.events("warning"), [])
        for one, _ in reversed(self.both):
            self.assertEqual(one.stop(), 0, one.tail())

    def test_another_address(self):
        b = self.lab.hosts[1]
        before, after = f"{b.address}/24", "10.77.1.77/24"
        gaps = []
        for _ in range(4):
            missing = [self.stamps(one)["missing"] for one, _ in self.both]
            b.call("ip", "-6", "addr", "flush", "dev", "eth0")
            b.call("ip", "addr", "del", before, "dev", "eth0")
            b.call("ip", "addr", "add", after, "dev", "eth0")
            b.call("ip", "route", "replace", "default", "dev", "eth0")
            for one, user in self.both:
                self.until_seen(one, user, 100)
            gaps += [(self.stamps(one)["missing"] - m) / 25
                     for (one, _), m in zip(self.both, missing)]
            before, after = after, before
        print("seconds without a picture:", sorted(gaps))
        self.finish()

    def test_link_that_comes_back(self):
        b = self.lab.hosts[1]
        b.set_link(False)
        time.sleep(5)
        b.set_link(True)
        b.call("ip", "route", "replace", "default", "dev", "eth0")
        for one, user in self.both:
            self.until_seen(one, user, 50)
        self.finish()

    def sleep(self, seconds):
        self.bob.popen.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        before = self.frames(self.ann, "Bob")
        self.bob.popen.send_signal(signal.SIGCONT)
        woke = time.monotonic()
        lab.wait_until(lambda: self.frames(self.ann, "Bob") > before, lab.SOON,
                       "pictures of who woke up")
        print(f"{seconds} s asleep: pictures after {time.monotonic() - woke:.1f} s")
        self.until_seen(self.bob, "Ann", 25)

    def test_sleep(self):
        self.sleep(5)
        self.finish()

    def test_long_sleep(self):
        self.sleep(30)

    def test_media_that_is_blocked(self):
        """RTP of one side, and nothing else: the other is told."""
        a = self.lab.hosts[0]
        for command, rule in (("iptables", "0>>22&0x3C@8>>30=2"),
                              ("ip6tables", "48>>30=2")):
            a.call(command, "-A", "OUTPUT", "-p", "udp", "-m", "u32", "--u32", rule,
                   "-j", "DROP")
        told = self.bob.wait_event("media-missing", lab.SOON, audio=True, video=True)
        self.assertIn("firewall may block UDP", told["message"])
        for command in ("iptables", "ip6tables"):
            a.call(command, "-F", "OUTPUT")
        self.bob.wait_event("media-missing", lab.SOON, audio=False, video=False)
        self.assertEqual(self.ann.events("media-missing"), [])
        self.finish()

    def test_picture_that_is_lost(self):
        """Packets of pictures are too long for the path, those of sound are not."""
        a = self.lab.hosts[0]
        for command in ("iptables", "ip6tables"):
            a.call(command, "-A", "OUTPUT", "-p", "udp", "-m", "length", "--length", "600:",
                   "-j", "DROP")
        told = self.bob.wait_event("media-missing", lab.SOON, audio=False, video=True)
        self.assertRegex(told["message"],
                         r"^No picture of Ann arrives: the network loses \d\d % of the packets$")
        # nothing at all is no news of the picture
        a.set_link(False)
        time.sleep(5)
        self.assertEqual(len(self.bob.events("media-missing")), 1)
        for command in ("iptables", "ip6tables"):
            a.call(command, "-F", "OUTPUT")
        a.set_link(True)
        self.bob.wait_event("media-missing", lab.SOON, audio=False, video=False)
        self.finish()


class Foreign(lab.LabTest):
    """Links and addresses that nobody uses come and go on every host: all goes on."""

    hosts = 3
    avahi = False
    port = 8080
    # what a device says of a connection that is lost or made anew
    BREAKS = ("host-lost", "rejoining", "participant-left", "warning", "error")

    def serve(self, *options):
        server = self.lab.hosts[0].start(
            "videomeet", "server", "--insecure", f"--port={self.port}", "--json", *options)
        server.wait_event("serving", lab.SOON)

    def connections(self):
        """How many the server has taken so far; each look is one."""
        text = self.lab.hosts[0].call("curl", "-s", f"http://127.0.0.1:{self.port}/metrics")
        return int(re.search(r"^videomeet_connections_total (\d+)$", text, re.M)[1])

    def url(self, scheme="ws"):
        return f"{scheme}://{self.lab.hosts[0].address}:{self.port}"

    def go_on(self, people, others, count=None):
        lab.wait_until(
            lambda: all(sum(e["state"] == "connected" for e in p.events("participant-state"))
                        >= others for p in people), 2 * lab.SOON, "everybody to see everybody")
        before = count() if count else 0
        for _ in range(2):
            for number, host in enumerate(self.lab.hosts):
                come_and_go(host, number)
        # longer than a server that is asked has to answer
        time.sleep(4)
        if count:
            self.assertEqual(count(), before + 1)
        for one in people:
            for event in self.BREAKS:
                self.assertEqual(one.events(event), [], one.tail())
            self.assertEqual(len(one.events("participant-joined")), others, one.tail())
        for one in people:
            self.assertEqual(one.stop(), 0, one.tail())

    def join(self, host, uri, user, *more):
        return self.lab.hosts[host].start("videomeet", "join", uri, "--user", user, "--insecure",
                                          "--source", lab.STAMP, "--json", *more)

    def test_dialects(self):
        self.serve()
        people = [self.join(1 + i % 2, f"{self.url()}/hall", dialect, "--dialect", dialect)
                  for i, dialect in enumerate(("room", "mesh", "socketio"))]
        people.append(self.join(2, f"{self.url('videomeet')}/hall", "native"))
        self.go_on(people, 3, self.connections)

    def test_call(self):
        """One of both goes by an address that its loopback interface has."""
        server, _, ann = self.lab.hosts
        ann.call("ip", "addr", "add", "10.99.0.1/32", "dev", "lo")
        ann.call("ip", "route", "add", server.address, "dev", "eth0", "src", "10.99.0.1")
        server.call("ip", "route", "add", "10.99.0.1", "via", ann.address)
        self.serve()
        at = ["--server", self.url(), "--source", lab.STAMP, "--json", "--user"]
        bob = self.lab.hosts[1].start("videomeet", "answer", *at, "bob", "--accept=auto")
        bob.wait_event("call", lab.SOON, state="waiting")
        ann = self.lab.hosts[2].start("videomeet", "call", "bob", *at, "ann")
        self.go_on([ann, bob], 1, self.connections)

    @unittest.skipUnless(shutil.which("janus"), "there is no janus on this machine")
    def test_janus(self):
        janus = type("Room", (test_janus.Server,), {
            "lab": self.lab, "assertIsNone": self.assertIsNone,
            "address": self.lab.hosts[0].address})()
        janus.serve()
        uri = f"janus+ws://{janus.address}:{test_janus.PORT}/4711"
        secret = os.path.join(self.lab.folder, "api")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w",
                  encoding="utf-8") as file:
            file.write(test_janus.SECRET)
        self.go_on([self.join(i, uri, f"U{i}", "--api-secret-file", secret)
                    for i in (1, 2)], 1)


if __name__ == "__main__":
    lab.main(at_once=2)
