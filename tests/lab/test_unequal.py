#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One of a meeting has a thin link, reads nothing, or gets no time to compute:
the others do not suffer. Their frame rates are compared with those of the same
meeting before."""

import os
import signal
import threading
import time

import lab
import mesh

RATE = 15
MEASURED = 8  # s, before and during
LOSS = 0.05  # of the others' frame rate, at most


class Unequal(mesh.MeshTest):
    hosts = 4

    def start(self, *options):
        """Three who are well, and the one who will not be."""
        people = self.meet("--rate", str(RATE), "--width", "320", "--height",
                           "180", *options)
        time.sleep(3)
        well, odd = people[:-1], people[-1]
        before = mesh.rates(well, MEASURED)
        self.assertEqual(len(before), 6)
        for pair, rate in before.items():
            self.assertGreater(rate, RATE / 2, pair)
        return well, odd, before

    def compare(self, well, before, seconds=MEASURED):
        during = mesh.rates(well, seconds)
        for pair, rate in before.items():
            print(f"{self._testMethodName} {pair[0]} of {pair[1]}: "
                  f"{rate:.1f} then {during[pair]:.1f} frames/s", flush=True)
        for pair, rate in before.items():
            self.assertGreaterEqual(during[pair], rate * (1 - LOSS), pair)

    def healthy(self, well):
        """None of them lost another one."""
        for process in well:
            left = [e["user"] for e in process.events("participant-left")]
            self.assertEqual([u for u in left if u != mesh.NAMES[3]], [])

    def thin(self, port, host=None):
        command = ["tc", "qdisc", "add", "dev", port, "root", "tbf", "rate",
                   "300kbit", "burst", "10kb", "latency", "200ms"]
        if host:
            host.call(*command)
        else:
            lab._call(*command)

    def test_thin_link(self):
        # noise, of which an encoder makes all the bits it may
        well, odd, before = self.start("--pattern", "snow")
        host = self.lab.hosts[-1]
        alone = mesh.rates([odd], 3, of=well)
        # both ways: what it sends, and what the bridge sends to it
        self.thin("eth0", host)
        self.thin(self.lab.port(host))
        self.addCleanup(lab._call, "tc", "qdisc", "del", "dev",
                        self.lab.port(host), "root")
        self.addCleanup(host.call, "tc", "qdisc", "del", "dev", "eth0", "root")
        self.compare(well, before, 20)
        self.healthy(well)
        self.assertIsNone(odd.popen.poll(), odd.tail())
        # it does have a thin link
        thinned = mesh.rates([odd], 3, of=well)
        self.assertLess(sum(thinned.values()), sum(alone.values()) / 2)

    def test_reads_nothing(self):
        well, odd, before = self.start()
        pid = self.pid_of(odd)
        os.kill(pid, signal.SIGSTOP)
        stopped = time.monotonic()
        try:
            # all of it: its queues fill, it is given up, its pads go
            self.compare(well, before, 20)
            for process in well:
                gone = process.wait_event("warning", 1)
                self.assertLess(gone["when"] - stopped, 10, process.tail())
        finally:
            os.kill(pid, signal.SIGCONT)
        self.healthy(well)

    def test_starved(self):
        well, odd, before = self.start()
        pid, done = self.pid_of(odd), threading.Event()

        def starve():
            # a tenth of the time
            while not done.is_set():
                os.kill(pid, signal.SIGSTOP)
                done.wait(0.9)
                os.kill(pid, signal.SIGCONT)
                done.wait(0.1)

        thread = threading.Thread(target=starve)
        thread.start()
        try:
            self.compare(well, before, 15)
        finally:
            done.set()
            thread.join()
        self.healthy(well)

    @staticmethod
    def pid_of(process):
        """nsenter becomes the program, so it is its own."""
        return process.popen.pid


if __name__ == "__main__":
    lab.main()
