#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""./dev and the sum of the tests: what people, machines and CI rely on."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
DEV = os.path.join(TOP, "dev")
sys.path.insert(0, os.path.join(TOP, "tests", "lab"))
import lab  # noqa: E402

COMMANDS = ("setup build run test lint bench fuzz docs exec shell "
            "clean").split()


def dev(*args, timeout=300):
    return subprocess.run([DEV, *args], text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=timeout,
                          check=False)


class Help(unittest.TestCase):
    def test_help_names_every_command(self):
        done = dev("--help")
        self.assertEqual(done.returncode, 0)
        for command in COMMANDS:
            self.assertRegex(done.stdout, rf"(?m)^  {command}\b")

    def test_unknown_command(self):
        done = dev("fly")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout, "")
        self.assertIn("usage:", done.stderr)
        # last, where it is still to be seen
        self.assertTrue(done.stderr.endswith("there is no command 'fly'\n"))


@unittest.skipUnless(os.environ.get("VM_BUILD_ROOT") == TOP + "/build",
                     "not the build folder of ./dev")
class Exec(unittest.TestCase):
    def test_nothing_but_the_output(self):
        done = dev("exec", "echo", "a  b")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "a  b\n", ""))

    def test_status_is_the_commands(self):
        self.assertEqual(dev("exec", "sh", "-c", "exit 7").returncode, 7)
        self.assertEqual(dev("exec").returncode, 2)

    def test_signals_reach_the_command(self):
        process = subprocess.Popen(
            [DEV, "exec", "sh", "-c",
             "trap 'echo caught; exit 3' INT; echo up; while :; do "
             "sleep 0.1; done"],
            stdout=subprocess.PIPE, text=True)
        self.assertEqual(process.stdout.readline(), "up\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(5), 3)
        self.assertEqual(process.stdout.read(), "caught\n")
        process.stdout.close()

    def test_many_at_once(self):
        running = [subprocess.Popen([DEV, "exec", "true"]) for _ in range(20)]
        self.assertEqual([p.wait(30) for p in running], [0] * 20)

    def test_quick(self):
        # against what it cannot do without, in turns, since the machine does
        # other things meanwhile: it is twice that, and meson ten times
        ours = peer = 0
        for _ in range(5):
            start = time.monotonic()
            dev("exec", "true")
            between = time.monotonic()
            subprocess.run(["ninja", "-C", TOP + "/build", "-n"], check=True,
                           stdout=subprocess.DEVNULL)
            ours += between - start
            peer += time.monotonic() - between
        self.assertLess(ours / peer, 5)

    def test_finds_plugins_and_library(self):
        out = dev("exec", "sh", "-c", "echo $GST_PLUGIN_PATH_1_0; "
                  "echo $LD_LIBRARY_PATH; command -v python3").stdout
        plugins, library, python = out.splitlines()
        self.assertIn(TOP + "/build/ext/", plugins)
        self.assertTrue(os.path.exists(os.path.join(
            library.split(":")[0], "libgstvideomeet-1.0.so")))
        self.assertEqual(python, "/usr/bin/python3")


class Sum(unittest.TestCase):
    def count(self, *tests):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
            for test in tests:
                f.write(json.dumps(dict({"duration": 1.0}, **test)) + "\n")
            f.flush()
            done = subprocess.run(
                ["/usr/bin/python3", os.path.join(HERE, "count.py"), f.name],
                text=True, capture_output=True, check=False)
        return done.stdout.splitlines()[-1], done.returncode

    def test_adds_up(self):
        self.assertEqual(self.count(
            {"name": "a", "result": "OK", "stdout":
             "100%: Checks: 4, Failures: 0, Errors: 0\n"},
            {"name": "b", "result": "FAIL", "stdout":
             "50%: Checks: 4, Failures: 1, Errors: 1\n"},
            {"name": "c", "result": "SKIP", "stdout":
             "100%: Checks: 0, Failures: 0, Errors: 0, Skipped: 3\n"},
            {"name": "d", "result": "OK"}), ("7 passed, 2 failed, 3 skipped",
                                             1))

    def test_dying_after_the_report_is_failing(self):
        self.assertEqual(self.count(
            {"name": "a", "result": "FAIL", "stdout":
             "100%: Checks: 4, Failures: 0, Errors: 0\n"}),
            ("4 passed, 1 failed, 0 skipped", 1))
        self.assertEqual(self.count({"name": "a", "result": "TIMEOUT"}),
                         ("0 passed, 1 failed, 0 skipped", 1))

    def test_nothing_is_not_success(self):
        self.assertEqual(self.count(), ("0 passed, 0 failed, 0 skipped", 1))
        self.assertEqual(self.count({"name": "a", "result": "SKIP"}),
                         ("0 passed, 0 failed, 1 skipped", 1))


if __name__ == "__main__":
    lab.run_tests()
