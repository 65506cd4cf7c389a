#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A meeting and a room of Janus whose bridge loses its link to Janus for 90 s, or for as
many as are given, with a Janus that gives sessions back and one that does not. Prints how
long after the end of that everybody has a moving picture of everybody, and what the bridge
takes of a processor beside what another device of the meeting takes. ./dev test soak runs
it; by hand,

    ./dev exec /usr/bin/python3 tests/lab/bridge_cut.py [SECONDS]

Skipped where there is no Janus, as in Debian 13."""

import os
import shutil
import sys
import time

import lab
import mesh
import test_bridge
import test_janus

LONG = 240  # s, until all is well, on a busy machine
MOVES = 1000  # ms, that a picture may stand still
STEADY = 10  # s


def processor(process):
    """Seconds that it has used."""
    with open(f"/proc/{process.popen.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Cut(test_bridge.Meeting):
    seconds = 90.0

    def setUp(self):
        if not shutil.which("janus"):
            self.skipTest("there is no janus on this machine")
        super().setUp()

    def person(self, n, user, *args, **properties):
        host = self.lab.hosts[n]
        return host.start(
            mesh.PARTICIPANT, "--user", user, *args,
            *(["--set", " ".join(f"{k.replace('_', '-')}={v}" for k, v in
                                 properties.items())] if properties else []),
            env={"XDG_CONFIG_HOME": f"{host.home}/config-{user}"})

    def all_four(self):
        there = f"videomeet://{self.lab.hosts[1].address}:{mesh.PORT}/{mesh.MEETING}"
        bob = self.person(1, "Bob", "--meeting", mesh.MEETING)
        bob.wait_event("meeting-state-changed", lab.SOON, new="announced")
        return {
            "Bob": bob, "Carl": self.person(2, "Carl", "--uri", there),
            "Dave": self.person(3, "Dave", "--uri", there, cloud_uri=self.uri(),
                                api_secret=test_janus.SECRET),
            "Alice": self.person(0, "Alice", "--uri", self.uri(),
                                 api_secret=test_janus.SECRET)}

    def missing(self, everybody):
        """Whose picture does not move where, and who is there twice."""
        found = []
        for user, process in everybody.items():
            second = mesh.MeshTest.second(process) or {"participants": []}
            # who comes back before its lost session is dropped has another name there
            moving = sorted(p["user"].removesuffix(" (2)") for p in second["participants"]
                            if p["videoFrames"] and p.get("stillMs", MOVES) < MOVES)
            others = sorted(other for other in everybody if other != user)
            if moving != others or len(second["participants"]) != len(others):
                found.append(f"{user} sees {moving} of "
                             f"{[p['user'] for p in second['participants']]}")
        return found

    def wait_whole(self, everybody):
        lab.wait_until(lambda: not self.missing(everybody), LONG,
                       lambda: "; ".join(self.missing(everybody)))

    def test_cut(self):
        everybody = self.all_four()
        self.wait_whole(everybody)
        used = {user: -processor(everybody[user]) for user in ("Carl", "Dave")}
        time.sleep(STEADY)
        print(f"of a processor, over {STEADY} s: " + ", ".join(
            f"{user} {100 * (s + processor(everybody[user])) / STEADY:.0f} %"
            for user, s in used.items()), flush=True)
        self.cut(self.lab.hosts[3], self.seconds)
        healed = time.monotonic()
        self.wait_whole(everybody)
        print(f"cut for {self.seconds:.0f} s, sessions "
              f"{'given back' if self.reclaim else 'lost'}: everybody sees everybody "
              f"{time.monotonic() - healed:.1f} s after its end", flush=True)
        time.sleep(STEADY)
        self.wait_whole(everybody)
        for user, process in everybody.items():
            self.assertEqual(process.stop(lab.SOON), 0, f"{user}: {process.tail()}")


class Claim(Cut):
    reclaim = 300


if __name__ == "__main__":
    lab.enter()
    if len(sys.argv) > 1 and sys.argv[1].isdigit():
        Cut.seconds = float(sys.argv.pop(1))
    lab.run_tests()
