#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files between two hosts in a meeting: the launch lines, and what cuts them."""

import filecmp
import hashlib
import os
import re
import shutil

import lab

# of one step of a transfer
LONG = 3 * lab.SOON


class MeetingFile(lab.LabTest):
    hosts = 2

    def setUp(self):
        for host in self.lab.hosts:
            shutil.rmtree(os.path.join(host.config, "videomeet"),
                          ignore_errors=True)
        self.path = os.path.join(self.lab.hosts[1].home, "a.bin")
        self.folder = os.path.join(self.lab.hosts[0].home, "in")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.mkdir(self.folder)

    def write(self, size):
        block = hashlib.sha256(b"vm").digest() * 2048
        with open(self.path, "wb") as file:
            for number in range(size // len(block)):
                file.write(number.to_bytes(8, "big") + block[8:])
            file.write(block[:size % len(block)])

    def receive(self, *more):
        process = self.lab.hosts[0].launch(
            " ".join(["vmsignalbin name=m meeting=standup mode=host user=Ann",
                      *more, f"m.file_src_0 ! vmfilesink directory={self.folder}"]))
        process.wait_for("vm-joined", lab.SOON)
        return process

    def send(self, *more, bin=""):
        return self.lab.hosts[1].launch(
            " ".join(["vmsignalbin name=m meeting=standup mode=join user=Bob",
                      bin, f"vmfilesrc location={self.path}", *more,
                      "! m.file_sink_0"]))

    def assert_received(self):
        self.assertTrue(filecmp.cmp(self.path, os.path.join(self.folder, "a.bin"),
                                    shallow=False))
        self.assertEqual(os.listdir(self.folder), ["a.bin"])

    @staticmethod
    def told(process, state):
        """Bytes that its transfer had come to, each time it told that state."""
        lines = [line for line in process.out
                 if "vm-transfer," in line and f"){state}" in line]
        return [int(re.search(r"done=\(guint64\)(\d+)", line)[1])
                for line in lines]

    def done(self, process):
        return max(self.told(process, "transferring"), default=0)

    def wait_done(self, process, least):
        lab.wait_until(lambda: self.done(process) >= least, LONG,
                       f"{least} bytes")

    def test_lines(self):
        self.write(3_000_001)
        ann = self.receive()
        bob = self.send()
        self.assertEqual(bob.wait(LONG), 0, bob.tail())
        ann.wait_for("vm-transfer.*completed", lab.SOON)
        self.assert_received()
        self.assertEqual(ann.stop(), 0)

    def test_end_when_alone(self):
        """Both lines end by themselves."""
        self.write(100)
        ann = self.receive("end-when-alone=true")
        bob = self.send()
        self.assertEqual(bob.wait(LONG), 0, bob.tail())
        self.assertEqual(ann.wait(LONG), 0, ann.tail())
        self.assert_received()

    def test_no_file(self):
        """Where nobody sends one, the line ends with the meeting."""
        ann = self.receive()
        bob = self.lab.hosts[1].launch(
            "vmsignalbin name=m meeting=standup mode=join user=Bob "
            f"m.file_src_0 ! vmfilesink directory={self.lab.hosts[1].home}")
        ann.wait_for("vm-participant-joined", lab.SOON)
        self.assertEqual(ann.stop(), 0)
        self.assertEqual(bob.wait(LONG), 0, bob.tail())

    def test_sender_killed(self):
        """The same lines again: what was verified is not sent again."""
        self.write(6_000_000)
        ann = self.receive()
        bob = self.send("max-bitrate=8000000")
        self.wait_done(ann, 1_000_000)
        bob.kill()
        kept = self.done(ann)
        self.assertEqual(ann.stop(), 0)
        self.assertNotIn("a.bin", os.listdir(self.folder))
        ann = self.receive()
        bob = self.send()
        self.assertEqual(bob.wait(LONG), 0, bob.tail())
        self.assert_received()
        first = self.told(bob, "transferring")[0]
        self.assertGreaterEqual(first, kept)
        self.assertEqual(ann.stop(), 0)

    def test_receiver_killed(self):
        """The sender ends, and says why; the same lines go on."""
        self.write(6_000_000)
        ann = self.receive()
        bob = self.send("max-bitrate=8000000", bin="rejoin=false")
        self.wait_done(bob, 1_000_000)
        kept = self.done(bob)
        ann.kill()
        self.assertNotEqual(bob.wait(LONG), 0)
        self.assertTrue(any("The connection to" in line for line in bob.err),
                        bob.tail())
        self.assertNotIn("a.bin", os.listdir(self.folder))
        ann = self.receive()
        bob = self.send()
        self.assertEqual(bob.wait(LONG), 0, bob.tail())
        self.assert_received()
        self.assertGreaterEqual(self.told(bob, "transferring")[0], kept)
        self.assertEqual(ann.stop(), 0)

    def test_link_cut(self):
        """A link that is away for a moment is waited for."""
        self.write(6_000_000)
        ann = self.receive()
        bob = self.send("max-bitrate=8000000")
        self.wait_done(ann, 1_000_000)
        self.lab.hosts[1].set_link(False)
        before = self.done(ann)
        self.lab.hosts[1].set_link(True)
        self.assertEqual(bob.wait(LONG), 0, bob.tail())
        self.assertGreater(self.done(ann), before)
        self.assert_received()
        self.assertEqual(ann.stop(), 0)

    def trust(self, address, permissions):
        """Ann and whoever is there trust each other; he may do so much."""
        asking = self.lab.hosts[0].start(
            "videomeet", "trust", "request", address, "--user", "Ann",
            "--approve", "auto", "--permissions", permissions, "--json")
        self.assertEqual(asking.wait(LONG), 0, asking.tail())

    def test_permission(self):
        """Under require nobody offers a file who was not given leave."""
        _, b = self.lab.hosts
        self.write(100)
        bob = b.start("videomeet", "host", "--meeting", "desk", "--user", "Bob",
                      "--source", lab.STAMP, "--approve", "auto", "--json")
        bob.wait_event("meeting", lab.SOON, state="announced")
        self.trust(b.address, "call")
        self.assertEqual(bob.stop(), 0)

        ann = self.receive("policy=require")
        bob = self.send()
        self.assertNotEqual(bob.wait(LONG), 0)
        self.assertTrue(any("is not trusted with files" in line
                            for line in bob.err), bob.tail())
        ann.wait_for("leave to send files", lab.SOON)
        self.assertEqual(os.listdir(self.folder), [])
        # its vmfilesink was never linked, and waits for nothing
        self.assertEqual(ann.stop(), 0)


if __name__ == "__main__":
    lab.main(at_once=2)
