#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file beside a call of two, over a cable of 10 Mbit/s that loses 2 % of the
packets: it arrives, and the call keeps nine tenths of its frames."""

import filecmp
import os
import signal
import subprocess
import time

import lab
import mesh

VMLINK = os.path.join(os.environ.get("VM_BUILD_ROOT", "build"), "tests",
                      "support", "vmlink")
CABLE = ["--rate=10000000", "--loss=2"]
SIZE = 12 << 20  # bytes
RATE = 15  # frames/s
MEASURED = 10  # s, before
KEPT = 0.9  # of the frames
LONG = 300  # s, for the file


class FileLossy(mesh.MeshTest):
    hosts = 2

    def link(self):
        """The cable between the two hosts, as eth1, and no other."""
        a, b = self.lab.hosts
        args = [VMLINK, *CABLE, f"/proc/{a.pid}/ns/net",
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
            host.set_link(False)

    def frames(self, process):
        """Of the other's pictures, how many came and the last one's number."""
        other, = self.second(process)["participants"]
        return other["stamps"]["read"], other["stamps"]["last"]

    def came(self, process, since):
        """The part of what the other has sent since then."""
        read, last = self.frames(process)
        return (read - since[0]) / max(last - since[1], 1)

    def test_call_goes_on(self):
        self.link()
        a, b = self.lab.hosts
        path, folder = os.path.join(b.home, "file"), os.path.join(a.home, "in")
        with open(path, "wb") as file:
            file.write(os.urandom(SIZE))
        os.mkdir(folder)
        picture = ["--rate", str(RATE), "--width", "320", "--height", "180",
                   "--pattern", "snow"]
        ann = self.host(*picture, "--receive", folder)
        bob = b.start(mesh.PARTICIPANT, "--uri",
                      f"videomeet://10.78.0.1:{mesh.PORT}/{mesh.MEETING}",
                      "--user", "Bob", *picture, "--send", path)
        people = [ann, bob]
        self.wait_whole(people)
        bob.wait_event("transfer", LONG, state="paused")
        since = [self.frames(p) for p in people]
        time.sleep(MEASURED)
        before = [self.came(p, s) for p, s in zip(people, since)]

        since, began = [self.frames(p) for p in people], time.monotonic()
        bob.signal(signal.SIGUSR1)
        ended = bob.wait_event("transfer", LONG, state="completed")["when"]
        during = [self.came(p, s) for p, s in zip(people, since)]
        sent = [self.frames(p)[1] - s[1] for p, s in zip(people, since)]
        print(f"{SIZE} bytes in {ended - began:.1f} s", flush=True)
        for process, was, part, frames in zip(people, before, during, sent):
            print(f"{process.name}: {was:.3f} of the frames before, {part:.3f} "
                  f"of {frames} beside the file", flush=True)
        self.assertTrue(filecmp.cmp(path, os.path.join(folder, "file"), False))
        for process, was, part in zip(people, before, during):
            self.assertGreaterEqual(part, KEPT * was, process.name)
        self.finish(people)


if __name__ == "__main__":
    lab.main()
