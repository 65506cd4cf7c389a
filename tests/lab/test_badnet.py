#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls over a bad network: delay, jitter, loss and a small rate, each alone
and all together, by tests/support/vmlink. They must connect and keep picture
and sound; what came is printed."""

import os
import subprocess

import lab

VMLINK = os.path.join(os.environ.get("VM_BUILD_ROOT", "build"), "tests",
                      "support", "vmlink")
CALL = 20  # s
# where every packet of those that set it up may be lost besides: TCP doubles
# its patience
LONG_CALL = 32  # s
FIRST = 15000  # ms; after which a peer is given up
ATTEMPTS = 3  # the network is bad in each of them, what else runs is not


class BadNetwork(lab.LabTest):
    hosts = 2
    avahi = False

    def link(self, *settings):
        """A cable of that kind between the two hosts, as eth1."""
        a, b = self.lab.hosts
        args = [VMLINK, *settings, f"/proc/{a.pid}/ns/net",
                f"/proc/{b.pid}/ns/net"]
        cable = lab.Process("cable", subprocess.Popen(
            args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True), args)
        self.addCleanup(cable.kill)
        cable.wait_for("ready", lab.SOON)
        for host in (a, b):
            host.call("ip", "addr", "add", f"10.78.0.{host.index}/24", "dev",
                      "eth1")
            host.call("ip", "link", "set", "eth1", "up")
        return cable

    def call(self, *settings, **wanted):
        for _ in range(ATTEMPTS):
            faults = self.faults_of(settings, **wanted)
            if not faults:
                break
        self.assertEqual(faults, [])

    def faults_of(self, settings, frames, sound, length=CALL):
        """What a call over such a cable lacks, in words."""
        a, b = self.lab.hosts
        faults = []
        cable = self.link(*settings)
        # the good network is gone
        for host in (a, b):
            host.set_link(False)
        host = a.start("videomeet", "host", "--meeting", "far", "--user", "Ann",
                       "--source", "stamp", "--duration", str(length + 8),
                       "--json")
        host.wait_event("meeting", lab.SOON, state="announced")
        guest = b.start("videomeet", "join", "videomeet://10.78.0.1:8080/far",
                        "--user", "Bob", "--source", "stamp", "--duration",
                        str(length), "--json")
        self.assertEqual(guest.wait(length + lab.SOON), 0, guest.tail())
        self.assertEqual(host.wait(length + lab.SOON), 0, host.tail())
        for process in (guest, host):
            other, = process.events("summary")[-1]["participants"]
            if not other.get("stamps"):
                faults.append(f"{process.name}: nothing has come: "
                              f"{process.events('warning')}")
                continue
            print(f"{self._testMethodName} {process.name}: "
                  f"frames {other['videoFrames']} "
                  f"stamps missing {other['stamps']['missing']} "
                  f"sound {other['audioBuffers']} "
                  f"first frame {other['firstFrameMs']} ms "
                  f"lost {other.get('packetsLost')}", flush=True)
            # of what the other one sent, however much its machine let it send
            stamps = other["stamps"]
            sent = stamps["last"] - stamps["first"] + 1
            self.assertEqual(stamps["repeated"], 0)
            for what, good in (
                    ("is there in time", other["firstFrameMs"] < FIRST),
                    ("has been sent", sent >= 60),
                    ("has come", stamps["read"] >= frames * sent),
                    # 50 of sound while 30 pictures are made
                    ("is heard", other["audioBuffers"]
                     >= sound * sent * 50 / 30)):
                if not good:
                    faults.append(f"{process.name}: too little {what}")
        cable.signal()
        cable.wait(lab.SOON)
        return faults

    def test_delay(self):
        self.call("--delay=150", frames=0.9, sound=0.9)

    def test_jitter(self):
        self.call("--delay=40", "--jitter=30", frames=0.9, sound=0.9)

    def test_loss(self):
        self.call("--loss=2", frames=0.9, sound=0.9)

    def test_rate(self):
        self.call("--rate=1000000", frames=0.9, sound=0.9)

    def test_all_together(self):
        self.call("--delay=150", "--jitter=30", "--loss=2", "--rate=1000000",
                  frames=0.5, sound=0.8, length=LONG_CALL)


if __name__ == "__main__":
    lab.main()
