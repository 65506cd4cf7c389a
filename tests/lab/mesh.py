# SPDX-License-Identifier: LGPL-2.1-or-later
"""Meetings of many: what the tests of the mesh share. A participant is the
program participant.c, one a host; see there what it prints."""

import json
import os
import time

import lab

BUILD = os.environ.get("VM_BUILD_ROOT", "build")
PARTICIPANT = os.path.join(BUILD, "tests", "lab", "participant")
PORT = 8080
MEETING = "mesh"
CONNECTED = 90  # s, until ten on two cores are all connected
NAMES = ["Ann", "Bob", "Cem", "Dan", "Eva", "Fay", "Gus", "Hal", "Ida", "Joe"]


class MeshTest(lab.LabTest):
    """Hosts that find each other by address; the first one hosts."""

    avahi = False

    def host(self, *options, host=None):
        host = host or self.lab.hosts[0]
        process = host.start(PARTICIPANT, "--meeting", MEETING, "--user",
                             NAMES[host.index - 1], *options)
        process.wait_event("meeting-state-changed", lab.SOON, new="announced")
        return process

    def guest(self, host, *options, name=None):
        first = self.lab.hosts[0]
        return host.start(
            PARTICIPANT, "--uri",
            f"videomeet://{first.address}:{PORT}/{MEETING}", "--user",
            name or NAMES[host.index - 1], *options)

    def meet(self, *options, count=None, speakers=None):
        """The first hosts of the lab in one meeting, in their order; of them
        only the first speakers send sound."""
        hosts = self.lab.hosts[:count]
        people = [self.host(*options)]
        for index, host in enumerate(hosts[1:], 1):
            silent = () if index < (speakers or len(hosts)) else ("--silent",)
            people.append(self.guest(host, *options, *silent))
            people[-1].wait_event("joined", lab.SOON)
        self.wait_whole(people)
        return people

    def wait_whole(self, people):
        """Until each has pictures of each other."""
        lab.wait_until(
            lambda: all(self.sees(p) == len(people) - 1 for p in people),
            CONNECTED, "everybody sees everybody: "
            + ", ".join(f"{p.name} {self.sees(p)}" for p in people))

    @staticmethod
    def second(process):
        """The last line of what came, or None."""
        lines = process.events("second")
        return lines[-1] if lines else None

    def sees(self, process):
        """Of how many others it has pictures."""
        second = self.second(process)
        return 0 if second is None else sum(
            1 for p in second["participants"]
            if p["videoFrames"] > 0 and p.get("state") == "connected")

    def finish(self, people):
        """All leave, the host last; their summaries."""
        for process in reversed(people):
            self.assertEqual(process.stop(lab.SOON), 0, process.tail())
        return [p.events("summary")[-1]["participants"] for p in people]


def _line(process):
    """The last line of what came, with the moment it was printed."""
    for line in reversed(list(process.out)):
        if line.startswith('{"event":"second"'):
            return line
    raise lab.LabError(f"{process.name}: has not told yet")


def _frames(line):
    return {p["user"]: p["videoFrames"]
            for p in json.loads(line)["participants"]}


def rates(people, seconds, of=None):
    """{(receiver, sender): frames a second} over that time: what people get
    of each other, or of those named."""
    users = {NAMES[ord(p.name[-1]) - ord("a")] for p in of or people}
    before = {p.name: _line(p) for p in people}
    time.sleep(seconds)
    found = {}
    for process in people:
        old, new = before[process.name], _line(process)
        was, now = _frames(old), _frames(new)
        for user in users & set(was) & set(now):
            found[process.name, user] = (now[user] - was[user]) / (
                new.when - old.when)
    return found
