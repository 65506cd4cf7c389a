# SPDX-License-Identifier: LGPL-2.1-or-later
"""Joining and leaving a meeting again and again, and what it leaves behind in
the process of the host: shared by the test and the bench."""

import os
import time

import lab
import mesh

FEW = 10  # all at once: the most that a meeting has, and memory at its widest
MANY = 100
AT_ONCE = 5
GONE = 45  # s: the seat of one that was killed is kept for 30
STILL = 3  # s without a change, and a process is at rest
# seats of those that were killed are taken for a while
OPTIONS = ("--rate", "10", "--set", "max-participants=64")


def footprint(pid):
    """Threads, descriptors and KiB of a process."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        status = dict(line.split(":", 1) for line in f)
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        rollup = dict(line.split(":", 1) for line in f.readlines()[1:])
    return {"threads": int(status["Threads"]),
            "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
            "KiB": int(rollup["Pss_Anon"].split()[0])}


def at_rest(pid):
    """Its footprint, once threads and descriptors do not change any more."""
    end, last, since = time.monotonic() + GONE, None, 0
    while time.monotonic() < end:
        now = footprint(pid)
        if last is None or any(now[k] != last[k]
                               for k in ("threads", "descriptors")):
            since = time.monotonic()
        elif time.monotonic() - since > STILL:
            return now
        last = now
        time.sleep(0.25)
    return last


def join_and_leave(net, host, count, at_once=AT_ONCE):
    """So many joins from the other hosts of the lab, some at a time; every
    second one is killed, the others say bye. Each has pictures of the host
    before. Returns when the host is alone again."""
    first, others = net.hosts[0], net.hosts[1:1 + at_once]
    address = f"videomeet://{first.address}:{mesh.PORT}/{mesh.MEETING}"
    before = len(host.events("participant-left"))
    for start in range(0, count, at_once):
        guests = [h.start(mesh.PARTICIPANT, "--uri", address, "--user",
                          f"Guest {start + i}", "--rate", "10", "--silent")
                  for i, h in enumerate(others[:count - start])]
        lab.wait_until(lambda: all(seen(g, "Ann") for g in guests), 40,
                       "pictures of the host")
        for index, guest in enumerate(guests):
            if (start + index) % 2:
                guest.kill()
            else:
                guest.signal()
        for guest in guests:
            guest.popen.wait(lab.SOON)
        for h in others:
            h.processes.clear()
    lab.wait_until(
        lambda: len(host.events("participant-left")) - before >= count, GONE,
        "the last of them to be gone")


def seen(process, user):
    second = mesh.MeshTest.second(process)
    return second and any(p["user"] == user and p["videoFrames"] > 0
                          for p in second["participants"])


def start_host(net):
    host = net.hosts[0].start(mesh.PARTICIPANT, "--meeting", mesh.MEETING,
                              "--user", "Ann", *OPTIONS)
    host.wait_event("meeting-state-changed", lab.SOON, new="announced")
    return host


def measure(net):
    """Footprints of a host after few and after many more joins and leaves."""
    host = start_host(net)
    join_and_leave(net, host, FEW, FEW)
    at_few = at_rest(host.popen.pid)
    join_and_leave(net, host, MANY)
    at_many = at_rest(host.popen.pid)
    return host, at_few, at_many
