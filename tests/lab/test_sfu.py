#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices in a room that outgrows its mesh: their server takes it to Janus, and back.
Skipped where there is no Janus, as in Debian 13."""

import os
import shutil
import time
import unittest

import lab
import test_janus

MESH_MAX = 3
RETURN = 3  # s with few participants, in place of a minute
GAP = lab.RATE  # pictures of a second, which a change of the way may cost
MEET = 5  # s after an attempt without a path, until two meet by Janus
HELD = 6  # s, that one of two does not get what the other sends
# of a packet over IPv4 and IPv6: it is RTP or RTCP, which begin with version 2
RTP4, RTP6 = "0>>22&0x3C@8>>30=2", "48>>30=2"


@unittest.skipUnless(shutil.which("janus"), "there is no janus on this machine")
class Sfu(test_janus.Server, lab.LabTest):
    """Janus and the server on the first host, devices on the others."""

    hosts = 3

    def setUp(self):
        super().setUp()
        self.serve()
        host = self.lab.hosts[0]
        secret = os.path.join(host.home, "secret")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w",
                  encoding="utf-8") as file:
            file.write(test_janus.SECRET)
        self.room_server = host.start(
            "videomeet", "server", "--json", "--sfu", f"janus+ws://127.0.0.1:{test_janus.PORT}/",
            "--sfu-secret-file", secret, "--mesh-max", str(MESH_MAX),
            "--mesh-return", str(RETURN))
        self.room_server.wait_event("serving", lab.SOON)

    def join(self, n, user, *more):
        host = self.lab.hosts[n]
        process = host.start(
            "videomeet", "join", f"videomeet://{self.lab.hosts[0].address}:8080/big",
            "--user", user, "--json", "--source", lab.STAMP, *more,
            env={"XDG_CONFIG_HOME": os.path.join(host.home, "config-" + user)})
        process.wait_event("joined", lab.SOON)
        return process

    def sees(self, process, user):
        process.wait_event("participant-joined", lab.SOON, user=user)
        process.wait_event("participant-state", lab.SOON, user=user, state="connected")

    def paths(self, process):
        """The way to each, as it was told last."""
        last = {}
        for event in process.events("path"):
            last[event["id"]] = event["path"]
        return last

    def go(self, everybody, way, users):
        for process in everybody:
            lab.wait_until(
                lambda p=process: sum(path == way for path in self.paths(p).values())
                >= users - 1, lab.SOON, f"{process.name}: all by {way}")

    def test_grows_and_shrinks(self):
        first = {user: self.join(n, user) for n, user in ((1, "Ann"), (2, "Bob"), (1, "Cat"))}
        for user, process in first.items():
            for other in first:
                if other != user:
                    self.sees(process, other)
        self.assertNotIn("cloud", self.paths(first["Ann"]).values())
        time.sleep(3)
        more = {"Dan": self.join(2, "Dan"), "Eve": self.join(1, "Eve")}
        everybody = {**first, **more}
        for user, process in everybody.items():
            for other in everybody:
                if other != user:
                    self.sees(process, other)
        self.go(everybody.values(), "cloud", len(everybody))
        time.sleep(5)
        left = {user: everybody.pop(user) for user in ("Dan", "Eve", "Cat")}
        seen = {}
        # Ann gets Bob's picture by the mesh, and Bob not yet Ann's
        ann, bob = everybody["Ann"], everybody["Bob"]
        self.drop_rtp("-I")
        for user, process in left.items():
            process.stop()
            seen[user] = process.wait_event("summary", lab.SOON)["participants"]
        lab.wait_until(lambda: self.path_to(ann, "Bob") == "host", lab.SOON,
                       "the mesh for Ann")
        time.sleep(HELD)
        self.assertEqual(self.path_to(bob, "Ann"), "cloud")
        self.drop_rtp("-D")
        lab.wait_until(lambda: self.path_to(bob, "Ann") == "host", lab.SOON,
                       "the mesh for Bob")
        time.sleep(4)
        for user, process in everybody.items():
            process.stop()
            seen[user] = process.wait_event("summary", lab.SOON)["participants"]
        for user, others in seen.items():
            print(user, [(p["user"], p["videoFrames"], p["stamps"] and p["stamps"]["missing"])
                         for p in others])
        for user, others in seen.items():
            for p in others:
                self.assertGreater(p["videoFrames"], 20, f"{user} of {p['user']}")
                self.assertLessEqual(p["stamps"]["missing"], 2 * GAP, f"{user} of {p['user']}")
                # what the other way had in its jitter buffer
                self.assertLessEqual(p["stamps"]["repeated"], 2 * GAP, f"{user} of {p['user']}")

    def block(self, how):
        """Between the second host and the third."""
        for one, other in (self.lab.hosts[1:], self.lab.hosts[:0:-1]):
            for tables, address in (("iptables", other.address),
                                    ("ip6tables", other.link_local)):
                one.call(tables, how, "INPUT", "-s", address, "-j", "DROP")

    def test_pair_without_a_path(self):
        """Ann and Bob meet by Janus, until a path exists. Dan, beside Bob, does not want to."""
        self.block("-A")
        ann, bob = (self.join(n, user) for n, user in ((1, "Ann"), (2, "Bob")))
        dan = self.join(2, "Dan", "--fallback", "host,srflx,relay")
        lab.wait_until(lambda: ann.events("warning") or bob.events("warning"), lab.SOON,
                       "an attempt without a path")
        for one, other in ((ann, "Bob"), (bob, "Ann")):
            lab.wait_until(lambda p=one, u=other: self.path_to(p, u) == "cloud", MEET,
                           f"{other} by Janus")
            self.sees(one, other)
        time.sleep(HELD)
        self.assertEqual(self.path_to(bob, "Dan"), "host")
        self.assertIsNone(self.path_to(ann, "Dan"))
        self.block("-D")
        for one, other in ((ann, "Bob"), (bob, "Ann")):
            lab.wait_until(lambda p=one, u=other: self.path_to(p, u) == "host", lab.SOON,
                           f"{other} without Janus")
        for one, other in ((ann, "Bob"), (bob, "Ann")):
            one.stop()
            summary = one.wait_event("summary", lab.SOON)
            seen = next(p for p in summary["participants"] if p["user"] == other)
            self.assertEqual(seen["path"], "host")
            self.assertGreater(seen["videoFrames"], (HELD - 1) * lab.RATE, seen)
        self.assertEqual(set(self.paths(dan).values()), {"host"})

    def drop_rtp(self, how):
        """From the second host to the third, to which it goes by the mesh alone."""
        sender, receiver = self.lab.hosts[1:]
        for tables, address, which in (("iptables", sender.address, RTP4),
                                       ("ip6tables", sender.link_local, RTP6)):
            receiver.call(tables, how, "INPUT", "-s", address, "-p", "udp", "-m", "u32",
                          "--u32", which, "-j", "DROP")

    def path_to(self, process, user):
        id_ = [e["id"] for e in process.events("participant-joined")
               if e["user"] == user][-1]
        return self.paths(process).get(id_)


if __name__ == "__main__":
    lab.main()
