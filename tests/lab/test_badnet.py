#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls over a bad network: delay, jitter, loss and a small rate, each alone
and all together, by tests/support/vmlink. They must connect and keep picture
and sound; what came is printed, and what the cable did to it, which must be what
was asked of it."""

import os
import random
import subprocess

import lab
import media

VMLINK = os.path.join(os.environ.get("VM_BUILD_ROOT", "build"), "tests",
                      "support", "vmlink")
CALL = 20  # s
# where every packet of those that set it up may be lost besides: TCP doubles
# its patience
LONG_CALL = 32  # s
FIRST = 15000  # ms; after which a peer is given up
# sound of 50 packets in a second, also where there is silence
CONTINUOUS = ("--audio-profile", "music")
ATTEMPTS = 3  # the network is bad in each of them, what else runs is not

# of what is under way on a slow cable something has waited so long, at least
WAIT = 20  # ms
LOAD = 0.3  # of the rate, from the start to the end of both programs
# The detailed pictures: noise beneath the stamp, of which there is as much as
# makes the encoder need half of 1 Mbit/s (the stamp alone needs a quarter), or
# more than it can show with all the bits that it has by default.
WIDTH, HEIGHT = 320, 180  # pixels
DETAILED, CROWDED = 2, 8  # lines of noise
RATE = 30  # frames a second
FRAMES = RATE * (LONG_CALL + 16)


class BadNetwork(lab.LabTest):
    hosts = 2
    avahi = False

    def noisy(self, lines):
        """A file of stamps, so many lines of noise and a tone, made once."""
        path = os.path.join(self.lab.folder, f"noise-{lines}.mkv")
        if os.path.exists(path):
            return path
        raw = path + ".raw"
        media.write_stamped(raw, WIDTH, HEIGHT, FRAMES)
        with open(raw, "r+b") as f:
            for i in range(FRAMES):
                f.seek(i * WIDTH * HEIGHT * 3 // 2 + WIDTH * (HEIGHT - lines))
                f.write(random.randbytes(WIDTH * lines))
        self.lab.hosts[0].run(
            "gst-launch-1.0", "-q", "filesrc", "location=" + raw, "!",
            "rawvideoparse", f"width={WIDTH}", f"height={HEIGHT}",
            f"framerate={RATE}/1", "!", "jpegenc", "quality=95", "!", "queue", "!",
            "matroskamux", "name=mux", "!", "filesink", "location=" + path,
            "audiotestsrc", "freq=440", "volume=0.1", "samplesperbuffer=1600",
            f"num-buffers={FRAMES}", "!", "audio/x-raw,rate=48000", "!",
            "opusenc", "!", "queue", "!", "mux.", timeout=lab.SOON)
        os.remove(raw)
        return path

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

    def call(self, frames, sound, length=CALL, noise=0, **bad):
        """bad: what is asked of the cable, in the words of its options."""
        for _ in range(ATTEMPTS):
            faults = self.faults_of(bad, frames, sound, length, noise)
            if not faults:
                break
        self.assertEqual(faults, [])

    @staticmethod
    def cable_faults(counts, bad, length):
        """What a cable was that should have been bad, in words, by what it says
        of one way over it."""
        delay, jitter = bad.get("delay", 0), bad.get("jitter", 0)
        loss, rate = bad.get("loss", 0), bad.get("rate", 0)
        shortest, longest = counts["shortest"] / 1000, counts["longest"] / 1000
        lost = 100 * counts["lost"] / max(counts["sent"], 1)
        tests = [("has no such delay", shortest >= delay - jitter),
                 ("has no such loss", loss / 2 <= lost <= 2 * loss)]
        if jitter:
            tests.append(("has no such jitter",
                          shortest <= delay - jitter / 2
                          and longest >= delay + jitter / 2))
        if rate:
            tests += [("kept nothing waiting",
                       longest >= delay + jitter + WAIT),
                      ("had little to carry",
                       counts["bytes"] * 8 >= LOAD * rate * length)]
        if "queue" in bad:
            tests.append(("has not overflowed", counts["overflowed"] > 0))
        return [fault for fault, good in tests if not good]

    def faults_of(self, bad, frames, sound, length, noise):
        """What a call over such a cable lacks, in words, or the cable."""
        a, b = self.lab.hosts
        faults = []
        cable = self.link(*(f"--{name}={n}" for name, n in bad.items()))
        source, pictures = ((self.noisy(noise), RATE) if noise
                            else (lab.STAMP, lab.RATE))
        # there and back, at its shortest
        rtt = 2 * (bad.get("delay", 0) - bad.get("jitter", 0))
        # the good network is gone
        for host in (a, b):
            host.set_link(False)
        host = a.start("videomeet", "host", "--meeting", "far", "--user", "Ann",
                       "--source", source, *CONTINUOUS,
                       "--duration", str(length + 8), "--json")
        host.wait_event("meeting", lab.SOON, state="announced")
        guest = b.start("videomeet", "join", "videomeet://10.78.0.1:8080/far",
                        "--user", "Bob", "--source", source, *CONTINUOUS,
                        "--duration", str(length), "--json")
        self.assertEqual(guest.wait(length + lab.SOON), 0, guest.tail())
        self.assertEqual(host.wait(length + lab.SOON), 0, host.tail())
        for process in (guest, host):
            other, = process.events("summary")[-1]["participants"]
            if not other.get("stamps"):
                faults.append(f"{process.name}: nothing has come: "
                              f"{process.events('warning')}")
                continue
            stamps = other["stamps"]
            # of what the other one sent, however much its machine let it send
            sent = stamps["last"] - stamps["first"] + 1
            print(f"{self._testMethodName} {process.name}: "
                  f"frames {other['videoFrames']} of {sent} "
                  f"stamps missing {stamps['missing']} "
                  f"repeated {stamps['repeated']} "
                  f"sound {other['audioBuffers']} "
                  f"first frame {other['firstFrameMs']} ms "
                  f"lost {other.get('packetsLost')} "
                  f"round trip {other.get('rttMs')} ms", flush=True)
            for what, good in (
                    ("is there in time", other["firstFrameMs"] < FIRST),
                    ("has been sent", sent >= 2 * pictures),
                    ("has come", stamps["read"] >= frames * sent),
                    # where a frame comes late the one before is sent again
                    ("has come once", stamps["repeated"] < pictures),
                    # 50 of sound in a second
                    ("is heard", other["audioBuffers"]
                     >= sound * sent * 50 / pictures),
                    ("time passes", other.get("rttMs", -1) >= rtt)):
                if not good:
                    faults.append(f"{process.name}: too little {what}")
        cable.signal()
        self.assertEqual(cable.wait(lab.SOON), 0, cable.tail())
        ways = [line.split() for line in cable.out if "->" in line]
        self.assertEqual([way[0] for way in ways], ["a->b", "b->a"])
        for name, *fields in ways:
            counts = {key: int(value) for key, value in
                      (field.split("=") for field in fields)}
            print(f"{self._testMethodName} cable {name}: "
                  + " ".join(fields), flush=True)
            faults += [f"cable {name}: {fault}: {counts}"
                       for fault in self.cable_faults(counts, bad, length)]
        return faults

    def test_delay(self):
        self.call(delay=150, frames=0.9, sound=0.9)

    def test_jitter(self):
        self.call(delay=40, jitter=30, frames=0.9, sound=0.9)

    def test_loss(self):
        self.call(loss=2, frames=0.9, sound=0.9)

    def test_rate(self):
        self.call(rate=1000000, noise=DETAILED, frames=0.9, sound=0.9)

    def test_picture_larger_than_the_rate(self):
        self.call(rate=1000000, noise=CROWDED, frames=0.9, sound=0.9)

    def test_overflow(self):
        # as much may wait as a small router keeps: where a few frames come at
        # once, as they do on a busy machine, some of that is sent again
        self.call(rate=1000000, queue=3000, noise=DETAILED, frames=0.3,
                  sound=0.8)

    def test_all_together(self):
        self.call(delay=150, jitter=30, loss=2, rate=1000000, noise=DETAILED,
                  frames=0.4, sound=0.8, length=LONG_CALL)


if __name__ == "__main__":
    lab.main(at_once=3)
