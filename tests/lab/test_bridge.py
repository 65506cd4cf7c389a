#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A meeting of a local network and a room of Janus that one of its devices brings together.
Skipped where there is no Janus, as in Debian 13."""

import os
import shutil
import time
import unittest

import lab
import test_janus

ROOM = 4711
SEEN = 20  # frames that make sure that a picture came


@unittest.skipUnless(shutil.which("janus"), "there is no janus on this machine")
class Bridge(test_janus.Server, lab.LabTest):
    """Janus and Alice, who is in the cloud, on the first host; Bob hosts on the second; the
    others are on the third and fourth."""

    hosts = 4
    address = "10.77.1.1"

    def setUp(self):
        super().setUp()
        self.serve()

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
            env={"XDG_CONFIG_HOME": os.path.join(host.home, "config-" + user)})

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


if __name__ == "__main__":
    lab.main()
