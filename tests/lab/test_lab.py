#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lab itself: what the other lab tests stand on."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import lab


class Network(lab.LabTest):
    hosts = 3

    def test_hosts_reach_each_other(self):
        a, b, c = self.lab.hosts
        for target in (b.address, c.address, a.link_local + "%eth0"):
            where = c if "%" in target else a
            where.run("ping", "-c", "1", "-W", "20", target, timeout=lab.SOON)

    def test_names_and_folders_are_their_own(self):
        names = {h.run("hostname", timeout=lab.SOON).stdout
                 for h in self.lab.hosts}
        self.assertEqual(names, {"vm-a\n", "vm-b\n", "vm-c\n"})
        folders = {h.run("sh", "-c", "echo $XDG_CONFIG_HOME",
                         timeout=lab.SOON).stdout for h in self.lab.hosts}
        self.assertEqual(len(folders), 3)

    def test_nothing_leads_outside(self):
        a = self.lab.hosts[0]
        out = a.run("ip", "-br", "link", timeout=lab.SOON).stdout
        self.assertEqual({line.split()[0].split("@")[0]
                          for line in out.splitlines()}, {"lo", "eth0"})

    def test_multicast_and_broadcast_pass(self):
        a, b, _ = self.lab.hosts
        listen = (
            "import socket,struct;s=socket.socket(socket.AF_INET,2);"
            "s.setsockopt(1,2,1);s.bind(('',48080));"
            "s.setsockopt(0,35,struct.pack('4s4s',"
            "socket.inet_aton('239.255.86.77'),"
            "socket.inet_aton('10.77.1.2')));print('ready',flush=True);"
            "[print(s.recv(99).decode(),flush=True) for _ in range(2)]")
        receiver = b.start("/usr/bin/python3", "-c", listen)
        receiver.wait_for("ready", lab.SOON)
        a.run("/usr/bin/python3", "-c",
              "import socket;s=socket.socket(socket.AF_INET,2);"
              "s.setsockopt(1,6,1);s.sendto(b'many',('239.255.86.77',48080));"
              "s.sendto(b'all',('255.255.255.255',48080))", timeout=lab.SOON)
        receiver.wait_for("many", lab.SOON)
        receiver.wait_for("all", lab.SOON)

    def test_second_network(self):
        a, b, _ = self.lab.hosts
        name = self.lab.connect(a, 2)
        self.assertEqual(name, "eth1")
        self.lab.connect(b, 2)
        a.run("ping", "-c", "1", "-W", "20", "10.77.2.2", timeout=lab.SOON)
        for host in (a, b):
            host.call("ip", "link", "del", "eth1")


class Services(lab.LabTest):
    hosts = 2

    def publish(self, host):
        service = host.start("avahi-publish", "-s", "Test", "_vmlab._tcp",
                             "9", "k=v")
        service.wait_for("Established", lab.SOON, "err")
        return service

    def test_avahi_across_hosts(self):
        a, b = self.lab.hosts
        self.publish(a)
        browser = b.start("avahi-browse", "-pr", "_vmlab._tcp")
        browser.wait_for("^=;eth0;IPv4;Test;.*;10.77.1.1;9;", lab.SOON)

    def test_avahi_restart(self):
        a, b = self.lab.hosts
        a.restart_avahi()
        self.publish(a)
        b.start("avahi-browse", "-pr", "_vmlab._tcp").wait_for("Test", lab.SOON)


class PowerCut(lab.LabTest):
    hosts = 2

    def test_power_cut(self):
        a, b = self.lab.hosts
        p = a.start("sleep", "100")
        a.power_cut()
        self.assertEqual(a.pids(), [])
        self.assertEqual(p.wait(lab.SOON), -signal.SIGKILL)
        done = b.run("ping", "-c", "1", "-W", "1", a.address, timeout=lab.SOON,
                     check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertNotEqual(b.pids(), [])


class Processes(lab.LabTest):
    hosts = 1
    avahi = False

    def test_lines_have_deadlines(self):
        p = self.lab.hosts[0].start("sh", "-c", "echo one; sleep 100")
        self.assertEqual(p.wait_for("^one$", lab.SOON), "one")
        with self.assertRaises(lab.LabError):
            p.wait_for("two", 0.3)
        with self.assertRaises(lab.LabError):
            p.wait(0.3)

    def test_end_is_noticed(self):
        p = self.lab.hosts[0].start("sh", "-c", "echo '{\"event\":\"x\"}'")
        start = time.monotonic()
        with self.assertRaises(lab.LabError):
            p.wait_for("never", 10 * lab.SOON)
        self.assertLess(time.monotonic() - start, lab.SOON)
        self.assertEqual(p.events("x"), [{"event": "x"}])
        self.assertEqual(p.wait(lab.SOON), 0)

    def test_critical_fails(self):
        line = "(x:1): GLib-CRITICAL **: 09:00:00.000: it is wrong"
        p = self.lab.hosts[0].start("sh", "-c", f"echo '{line}' >&2")
        p.wait_for("CRITICAL", lab.SOON, "err")
        with self.assertRaisesRegex(AssertionError, "it is wrong"):
            lab.check_criticals()

    def test_folder_is_removed(self):
        with lab.Lab(1, avahi=False) as other:
            folder = other.folder
            self.assertTrue(os.path.isdir(folder))
        self.assertFalse(os.path.exists(folder))


class Sharing(unittest.TestCase):
    """Programs that share their tests between several processes."""

    def share(self, body):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "shared.py")
            with open(path, "w", encoding="utf-8") as f:
                f.write("import lab, unittest\n"
                        "class Two(unittest.TestCase):\n"
                        f"    {body}\n"
                        "    def test_a(self): print('ran a', flush=True)\n"
                        "    def test_b(self): print('ran b', flush=True)\n"
                        "class One(unittest.TestCase):\n"
                        "    def test_c(self): print('ran c', flush=True)\n"
                        "lab.main(at_once=2)\n")
            env = {k: v for k, v in os.environ.items()
                   if k not in ("VM_LAB_INSIDE", lab.CLAIMS)}
            env["PYTHONPATH"] = os.path.dirname(lab.__file__)
            return subprocess.run([sys.executable, path], env=env, text=True,
                                  capture_output=True, timeout=lab.SOON,
                                  check=False)

    def test_each_runs_once(self):
        done = self.share("maxDiff = None")
        lines = done.stdout.splitlines()
        self.assertEqual(sorted(x for x in lines if x.startswith("ran")),
                         ["ran a", "ran b", "ran c"])
        counts = [int(re.search(r"Checks: (\d+)", x)[1])
                  for x in lines if "Checks: " in x]
        self.assertEqual((len(counts), sum(counts)), (2, 3), done.stdout)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_one_fails(self):
        done = self.share("def test_d(self): self.fail('so it is')")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("so it is", done.stderr)
        self.assertEqual(sorted(x for x in done.stdout.splitlines()
                                if x.startswith("ran")),
                         ["ran a", "ran b", "ran c"])


if __name__ == "__main__":
    lab.main(at_once=2)
