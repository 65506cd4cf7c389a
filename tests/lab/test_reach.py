#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls through every kind of router, and by the path that is expected."""

import itertools
import signal
import time

import lab
import natlab

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


if __name__ == "__main__":
    lab.main(at_once=2)
