#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A meeting of a local network and a room of Janus that one of its devices brings together.
Skipped where there is no Janus, as in Debian 13."""

import contextlib
import os
import shutil
import time
import unittest

import lab
import test_janus

ROOM = 4711
MEET = 5  # s after an attempt without a path, until two meet by Janus
SEEN = 20  # frames that make sure that a picture came


class Meeting(test_janus.Server, lab.LabTest):
    """Janus and Alice, who is in the cloud, on the first host; Bob hosts on the second; the
    others are on the third and fourth."""

    hosts = 4
    reclaim = 0
    address = "10.77.1.1"

    def setUp(self):
        super().setUp()
        self.serve(self.reclaim)

    def uri(self):
        return f"janus+ws://{self.lab.hosts[0].address}:{test_janus.PORT}/{ROOM}"

    def secret(self, host):
        path = os.path.join(host.home, "api")
        if not os.path.exists(path):
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w",
                      encoding="utf-8") as file:
                file.write(test_janus.SECRET)
        return ["--api-secret-file", path]

    def start(self, host, command, user, *more):
        return host.start(
            "videomeet", *command, "--user", user, "--json", "--source", lab.STAMP, *more,
            env={"XDG_CONFIG_HOME": os.path.join(host.home, "config-" + user)},
            typed=True)

    def alice(self, user="Alice"):
        host = self.lab.hosts[0]
        return self.start(host, ["join", self.uri()], user, *self.secret(host))

    def bob(self, *more):
        process = self.start(self.lab.hosts[1], ["host", "-m", "office"], "Bob", *more)
        process.wait_event("meeting", lab.SOON, state="announced")
        return process

    def guest(self, n, user, *more):
        return self.start(self.lab.hosts[n], ["join", "office"], user, *more)

    def bridge(self, n, user, *more):
        return self.guest(n, user, "--cloud", self.uri(),
                          *self.secret(self.lab.hosts[n]), *more)

    def sees(self, process, user):
        """The participant-joined event, once there is a connection."""
        joined = process.wait_event("participant-joined", lab.SOON, user=user)
        process.wait_event("participant-state", lab.SOON, user=user, state="connected")
        return joined

    def here(self, process):
        """{user: id} of those that are there; somebody who is there twice fails."""
        there = {}
        for event in process.events():
            if event["event"] == "participant-joined":
                there[event["id"]] = event["user"]
            elif event["event"] == "participant-left":
                there.pop(event["id"], None)
        users = {user: id_ for id_, user in there.items()}
        return users if len(users) == len(there) else None

    def connected(self, process, id_):
        return any(e["id"] == id_ and e["state"] == "connected"
                   for e in process.events("participant-state"))

    def meets(self, process, *users, marked=False):
        """Each of them is there once, connected, and nobody else. Marked: Dave may be
        "Dave (2)"."""
        found = self.here(process)
        names = [user.removesuffix(" (2)") if marked else user for user in found or {}]
        return found is not None and sorted(names) == sorted(users) and all(
            self.connected(process, id_) for id_ in found.values())

    def all_meet(self, everybody, timeout, marked=False):
        for user, process in everybody.items():
            others = [other for other in everybody if other != user]
            lab.wait_until(
                lambda p=process, o=others: self.meets(p, *o, marked=marked), timeout,
                lambda u=user, p=process: f"{u} meets each of the others once, "
                f"not {self.here(p)}")

    def four(self):
        everybody = {"Bob": self.bob(), "Carl": self.guest(2, "Carl"),
                     "Dave": self.bridge(3, "Dave"), "Alice": self.alice()}
        self.all_meet(everybody, lab.SOON)
        return everybody

    def missed(self, process, id_):
        """Seconds of that participant's picture that did not come; ends the process."""
        seen = next(p for p in self.summary(process) if p["id"] == id_)
        self.assertGreater(seen["videoFrames"], SEEN, process.tail())
        return seen["stamps"]["missing"] / lab.RATE

    @contextlib.contextmanager
    def refused(self, host):
        """Janus cannot be reached from there, which a connection notices at once."""
        other = self.lab.hosts[0].address
        rules = [("OUTPUT", "-d", "tcp", ["REJECT", "--reject-with", "tcp-reset"]),
                 ("INPUT", "-s", "tcp", ["REJECT", "--reject-with", "tcp-reset"]),
                 ("OUTPUT", "-d", "udp", ["DROP"]), ("INPUT", "-s", "udp", ["DROP"])]
        for chain, which, kind, target in rules:
            host.call("iptables", "-I", chain, which, other, "-p", kind, "-j", *target)
        yield
        for chain, which, kind, target in rules:
            host.call("iptables", "-D", chain, which, other, "-p", kind, "-j", *target)

    def cut(self, host, seconds):
        """The packets between host and Janus, for so long."""
        other = self.lab.hosts[0].address
        rules = [("OUTPUT", "-d"), ("INPUT", "-s")]
        for chain, which in rules:
            host.call("iptables", "-I", chain, which, other, "-j", "DROP")
        time.sleep(seconds)
        for chain, which in rules:
            host.call("iptables", "-D", chain, which, other, "-j", "DROP")

    def summary(self, process):
        process.stop()
        return process.wait_event("summary", lab.SOON)["participants"]

    def saw(self, process, *users):
        """Each of them, once, and with pictures and sound."""
        found = self.summary(process)
        print(users, [(p["user"], p["videoFrames"], p["audioBuffers"], p["firstFrameMs"]) for p in found])
        self.assertEqual(sorted(p["user"] for p in found), sorted(users), process.tail())
        for p in found:
            self.assertGreater(p["videoFrames"], SEEN, f"{p['user']}\n{process.tail()}")
            self.assertGreater(p["audioBuffers"], SEEN, f"{p['user']}\n{process.tail()}")


class Losses:
    """Whatever Janus does with a session whose WebSocket is lost."""

    def test_server_dies(self):
        everybody = self.four()
        before = {user: self.here(process) for user, process in everybody.items()}
        self.server.kill()
        killed = time.monotonic()
        self.start_server()

        def all_anew():
            return all(
                self.meets(process, *before[user])
                and (user == "Alice" or self.here(process).get("Alice")
                     not in (None, before[user]["Alice"]))
                for user, process in everybody.items())
        lab.wait_until(all_anew, lab.SOON, "everybody meets again")
        print(f"server killed: {time.monotonic() - killed:.1f} s until all meet again")
        time.sleep(5)
        self.all_meet(everybody, lab.SOON)
        # of Bob and Carl nobody has noticed
        for user, other in (("Bob", "Carl"), ("Carl", "Bob"), ("Bob", "Dave")):
            self.assertEqual(self.here(everybody[user])[other], before[user][other])
        again = self.here(everybody["Bob"])["Alice"]
        seen = [p for p in self.summary(everybody["Bob"]) if p["id"] == again]
        self.assertGreater(seen[0]["videoFrames"], SEEN)


@unittest.skipUnless(shutil.which("janus"), "there is no janus on this machine")
class Bridge(Losses, Meeting):
    """A Janus that gives no session back."""

    def test_everybody_meets_everybody(self):
        bob = self.bob()
        carl = self.guest(2, "Carl")
        dave = self.bridge(3, "Dave")
        alice = self.alice()
        dave.wait_event("bridge", lab.SOON, state="opened")
        everybody = {"Alice": alice, "Bob": bob, "Carl": carl, "Dave": dave}
        for user, process in everybody.items():
            for other in everybody:
                if other != user:
                    self.sees(process, other)
        # the cloud is told apart, and who passes it on is named
        for process in (bob, carl):
            joined = process.wait_event("participant-joined", lab.SOON, user="Alice")
            dave_id = process.wait_event("participant-joined", lab.SOON, user="Dave")["id"]
            self.assertEqual((joined["origin"], joined["via"], joined["trust"]),
                             ("cloud", dave_id, "unknown"))
        time.sleep(6)
        for user in ("Alice", "Bob", "Carl", "Dave"):
            others = [other for other in ("Alice", "Bob", "Carl", "Dave") if other != user]
            self.saw(everybody[user], *others)
            if user == "Alice":
                # who has left the cloud is gone from the meeting
                bob.wait_event("participant-left", lab.SOON, user="Alice")

    def test_bridge_is_killed(self):
        bob = self.bob()
        dave = self.bridge(2, "Dave", "--bridge")
        carl = self.bridge(3, "Carl")
        alice = self.alice()
        dave.wait_event("bridge", lab.SOON, state="opened")
        first = self.sees(bob, "Alice")
        self.sees(alice, "Bob")
        dave.kill()
        killed = time.monotonic()
        carl.wait_event("bridge", lab.SOON, state="opened")

        def again():
            return [e for e in bob.events("participant-joined")
                    if e["user"] == "Alice" and e["id"] != first["id"]]
        lab.wait_until(again, lab.SOON, "Alice comes by another bridge")
        other = again()[0]["id"]
        bob.wait_event("participant-state", lab.SOON, id=other, state="connected")
        print(f"bridge lost: {time.monotonic() - killed:.1f} s until Alice is back")
        bob.wait_event("participant-left", lab.SOON, id=first["id"])
        time.sleep(4)
        mine = [p for p in self.summary(bob) if p["id"] == other]
        self.assertGreater(mine[0]["videoFrames"], SEEN, bob.tail())
        carl.wait_event("participant-left", lab.SOON, user="Bob")

    def test_bridge_does_not_reach_the_cloud(self):
        """It is the bridge again once it does, and not before."""
        everybody = {"Bob": self.bob(), "Dave": self.bridge(2, "Dave")}
        dave = everybody["Dave"]
        dave.wait_event("bridge", lab.SOON, state="opened")
        everybody["Carl"] = carl = self.bridge(3, "Carl")
        everybody["Alice"] = self.alice()
        self.all_meet(everybody, lab.SOON)
        with self.refused(self.lab.hosts[2]):
            failed = dave.wait_event("bridge", lab.SOON, state="failed")
            self.assertEqual(failed["code"], "DISCONNECTED")
            carl.wait_event("bridge", lab.SOON, state="opened")
            self.all_meet(everybody, lab.SOON, marked=True)
            lab.wait_until(lambda: len([e for e in dave.events("bridge")
                                        if e["state"] == "failed"]) > 1, lab.SOON,
                           "another trial")
            self.assertEqual([e["state"] for e in carl.events("bridge")], ["opened"])
        lab.wait_until(lambda: len([e for e in dave.events("bridge")
                                    if e["state"] == "opened"]) > 1, lab.SOON,
                       "Dave is the bridge again")
        carl.wait_event("bridge", lab.SOON, state="closed")
        self.all_meet(everybody, lab.SOON, marked=True)

    def block(self, how, *hosts):
        """Everything between two, but discovery and the host's server."""
        for one, other in (hosts, hosts[::-1]):
            for tables, address in (("iptables", other.address),
                                    ("ip6tables", other.link_local)):
                for rule in (["-p", "udp", "--dport", "5353", "-j", "ACCEPT"],
                             ["-p", "tcp", "--dport", "8080", "-j", "ACCEPT"],
                             ["-p", "tcp", "--sport", "8080", "-j", "ACCEPT"],
                             ["-j", "DROP"]):
                    one.call(tables, how, "INPUT", "-s", address, *rule)

    def path_to(self, process, user):
        ids = [e["id"] for e in process.events("participant-joined") if e["user"] == user]
        return next((e["path"] for e in reversed(process.events("path")) if e["id"] in ids),
                    None)

    def test_pair_without_a_path(self):
        """Host and guest meet by the Janus of the host, until a path exists."""
        between = (self.lab.hosts[1], self.lab.hosts[3])
        self.block("-A", *between)
        bob = self.bob("--cloud", self.uri(), *self.secret(self.lab.hosts[1]))
        dave, carl = self.bridge(3, "Dave"), self.guest(2, "Carl")
        lab.wait_until(lambda: bob.events("warning") or dave.events("warning"), lab.SOON,
                       "an attempt without a path")
        for one, other in ((bob, "Dave"), (dave, "Bob")):
            lab.wait_until(lambda p=one, u=other: self.path_to(p, u) == "cloud", MEET,
                           f"{other} by Janus")
            self.sees(one, other)
            self.assertEqual(self.path_to(one, "Carl"), "host")
        time.sleep(MEET)
        self.block("-D", *between)
        for one, other in ((bob, "Dave"), (dave, "Bob")):
            lab.wait_until(lambda p=one, u=other: self.path_to(p, u) == "host", lab.SOON,
                           f"{other} without Janus")
        self.assertEqual({e["path"] for e in carl.events("path")}, {"host"})
        self.saw(dave, "Bob", "Carl")
        self.saw(bob, "Carl", "Dave")

    def test_earliest_is_the_bridge(self):
        bob = self.bob("--cloud", self.uri(), *self.secret(self.lab.hosts[1]))
        bob.wait_event("bridge", lab.SOON, state="opened")
        carl = self.bridge(2, "Carl")
        alice = self.alice()
        joined = self.sees(carl, "Alice")
        self.assertEqual(joined["via"],
                         carl.wait_event("participant-joined", lab.SOON, user="Bob")["id"])
        self.assertEqual(carl.events("bridge"), [])
        self.sees(alice, "Carl")
        # a device that is chosen comes before it
        dave = self.bridge(3, "Dave", "--bridge")
        dave.wait_event("bridge", lab.SOON, state="opened")
        bob.wait_event("bridge", lab.SOON, state="closed")
        lab.wait_until(
            lambda: [e for e in carl.events("participant-joined")
                     if e["user"] == "Alice" and e["via"] != joined["via"]],
            lab.SOON, "Alice comes by Dave")

    def test_cloud_cannot_be_reached(self):
        bob = self.bob()
        self.server.kill()
        dave = self.bridge(2, "Dave")
        failed = dave.wait_event("bridge", lab.SOON, state="failed")
        self.assertTrue(failed["message"])
        # the meeting goes on
        self.sees(bob, "Dave")
        self.start_server()
        dave.wait_event("bridge", lab.SOON, state="opened")

    def test_link_is_cut(self):
        """Too short for anybody to be given up."""
        everybody = self.four()
        before = {user: self.here(process) for user, process in everybody.items()}
        time.sleep(3)
        self.cut(self.lab.hosts[3], 5)
        time.sleep(12)
        for user, process in everybody.items():
            self.assertTrue(self.meets(process, *before[user]), self.here(process))
            self.assertEqual(self.here(process), before[user])
        missed = [self.missed(everybody[user], before[user][other])
                  for user, other in (("Bob", "Alice"), ("Alice", "Carl"))]
        print(f"cut for 5 s: without Alice for {missed[0]:.1f} s, "
              f"Alice without Carl for {missed[1]:.1f} s")
        self.assertLess(max(missed), 5 + 10)

    def test_host_removes_somebody_of_the_cloud(self):
        bob = self.bob()
        dave = self.bridge(3, "Dave")
        alice, eve = self.alice(), self.alice("Eve")
        self.sees(bob, "Alice")
        removed = self.sees(bob, "Eve")["id"]
        bob.type(f"/kick {removed}")
        failed = dave.wait_event("bridge", lab.SOON, state="guest-failed", user="Eve")
        self.assertEqual(failed["code"], "KICKED")
        bob.wait_event("participant-left", lab.SOON, id=removed)
        # longer than any pause of who is brought again
        time.sleep(10)
        self.assertTrue(self.meets(bob, "Alice", "Dave"), self.here(bob))
        # she is in the room as before, and others come
        self.assertIn("Eve", self.here(alice))
        self.alice("Fay")
        self.sees(bob, "Fay")
        self.assertEqual(
            [e["id"] for e in bob.events("participant-joined") if e["user"] == "Eve"],
            [removed])
        self.assertIsNone(eve.popen.poll())

    def trusts_bob(self, n, user):
        host = self.lab.hosts[n]
        asking = host.start(
            "videomeet", "trust", "request", "Bob", "--user", user, "--json",
            "--approve", "auto", "--permissions", "call,introducer",
            env={"XDG_CONFIG_HOME": os.path.join(host.home, "config-" + user)})
        self.assertEqual(asking.wait(lab.SOON), 0, asking.tail())

    def test_policy_require(self):
        """Who takes nobody but the trusted meets nobody of the cloud."""
        bob = self.bob("--approve", "auto")
        self.trusts_bob(2, "Carl")
        self.trusts_bob(3, "Dave")
        carl = self.guest(2, "Carl", "--policy", "require")
        dave = self.bridge(3, "Dave")
        alice = self.alice()
        for process, other in ((bob, "Alice"), (carl, "Bob"), (carl, "Dave"),
                               (dave, "Carl"), (alice, "Bob")):
            self.sees(process, other)
        time.sleep(8)
        self.assertTrue(self.meets(carl, "Bob", "Dave"), self.here(carl))
        self.assertEqual([e for e in carl.events("participant-state")
                          if e["user"] == "Alice" and e["state"] == "connected"], [])


@unittest.skipUnless(shutil.which("janus"), "there is no janus on this machine")
class Claim(Losses, Meeting):
    """A Janus that does."""

    reclaim = 60


if __name__ == "__main__":
    lab.main()
