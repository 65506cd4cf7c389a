#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A meeting of five for half an hour, or for as many minutes as are given: the
memory of the host, each ten seconds, and its slope. ./dev test soak runs it; by
hand,

    ./dev exec /usr/bin/python3 tests/lab/long_meeting.py [MINUTES]

Prints KiB, threads and descriptors as they were, the slope of a line through
the memory after the first tenth, in KiB an hour, and what it would be by chance
(its standard error)."""

import statistics
import sys
import time

import churn
import lab
import mesh

STEP = 10  # s


class Meeting(mesh.MeshTest):
    hosts = 5
    minutes = 30.0

    def test_memory(self):
        people = self.meet("--width", "320", "--height", "180", "--rate", "15")
        start, points = time.monotonic(), []
        while time.monotonic() - start < self.minutes * 60:
            time.sleep(STEP)
            now = churn.footprint(people[0].popen.pid)
            points.append((time.monotonic() - start, now["KiB"]))
            print(f"{points[-1][0]:.0f} s: {now}", flush=True)
            self.assertEqual(self.sees(people[0]), 4)
        slope, error = fit(points[len(points) // 10:])
        print(f"slope {slope:.0f} KiB/h, standard error {error:.0f}")
        self.finish(people)


def fit(points):
    """Slope and its standard error, per hour, of a line by least squares."""
    x = [t / 3600 for t, _ in points]
    y = [float(kib) for _, kib in points]
    slope, offset = statistics.linear_regression(x, y)
    mean = statistics.fmean(x)
    rest = sum((b - slope * a - offset) ** 2 for a, b in zip(x, y))
    spread = sum((a - mean) ** 2 for a in x)
    return slope, (rest / max(1, len(x) - 2) / spread) ** 0.5


if __name__ == "__main__":
    lab.enter()
    if len(sys.argv) > 1:
        Meeting.minutes = float(sys.argv.pop(1))
    lab.run_tests()
