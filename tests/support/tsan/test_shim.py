#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shim before GLib, proven: nothing true hidden, nothing false reported.

usage: test_shim.py PROGRAM
"""

import subprocess
import sys
import unittest

PROGRAM = sys.argv.pop()
REPORTED = 66  # TSan's exit status after a report


def run(*args):
    return subprocess.run([PROGRAM, *args], text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=60, check=False)

TRIES = 10


def trials(kind):
    lines = [line.split() for line in run().stdout.splitlines()]
    return [name for found, name in lines if found == kind]


class Shim(unittest.TestCase):
    def test_what_is_ordered_is_silent(self):
        names = trials("silent")
        self.assertGreater(len(names), 20)
        for name in names:
            with self.subTest(name):
                done = run(name)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_what_is_not_ordered_is_reported(self):
        names = trials("racy")
        self.assertGreater(len(names), 8)
        for name in names:
            with self.subTest(name):
                # a race that no run has is none that is found
                for _ in range(TRIES):
                    done = run(name)
                    if done.returncode == REPORTED:
                        break
                what = ("lock-order-inversion" if name == "lock-order"
                        else "data race")
                self.assertEqual(done.returncode, REPORTED)
                self.assertIn("WARNING: ThreadSanitizer: " + what,
                              done.stderr)
                if what == "data race":
                    self.assertRegex(done.stderr, r"#0 touch ")


if __name__ == "__main__":
    unittest.main()
