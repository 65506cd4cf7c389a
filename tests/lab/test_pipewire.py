#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Speakers and a screen of PipeWire: its daemon and session manager run for the host
alone, and their devices are nodes that the tests make and remove."""

import array
import json
import math
import os
import shutil
import statistics
import time
import unittest

import lab

PROGRAMS = ("pipewire", "wireplumber", "pw-dump", "pw-cli")
BUS = "unix:path=/run/user/bus"
SIZE = 160, 90  # of the screen
RATE = 48000
OWN, PLAYED, OTHER = 440, 1000, 700  # Hz: Ann's source, a program of hers, Bob
HEARD, SILENT = -30, -40  # dBFS
ECHO = -40  # dBFS, at least, in the room
SETTLED = 5  # s, after which it is gone
RAW = f"audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate={RATE},channels=1"


def _missing():
    for program in PROGRAMS:
        if not shutil.which(program):
            return program
    return None


def _level(path, hz):
    """In dBFS, of a tone in the last second of a raw file: the mean of windows so short
    that a tone counts that is played a little faster, to make up a delay."""
    with open(path, "rb") as f:
        f.seek(max(os.path.getsize(path) // 2 - RATE, 0) * 2)
        samples = array.array("h", f.read(RATE * 2))
    if len(samples) < RATE:
        return -200
    width = RATE // 25
    # of Hann, so that other tones count for nothing
    wave = [(1 - math.cos(2 * math.pi * i / width)) * complex(
        math.cos(2 * math.pi * hz * i / RATE), math.sin(2 * math.pi * hz * i / RATE))
            for i in range(width)]
    power = sum(abs(sum(s * w for s, w in zip(samples[n:n + width], wave))) ** 2
                for n in range(0, RATE, width)) / 25
    return 20 * math.log10(2 * math.sqrt(power) / width / 32768 + 1e-9)


def _write_voice(path, seconds, seed, syllables, gain=1.0):
    """Noise through one pole, louder and softer with each syllable: as wide and as uneven
    as speech."""
    pole = 0.0
    samples = array.array("h")
    for n in range(seconds * RATE):
        seed = (seed * 1664525 + 1013904223) % (1 << 32)
        pole = 0.9 * pole + 0.3 * (seed / (1 << 31) - 1)
        loud = 0.5 * gain * max(math.sin(2 * math.pi * syllables * n / RATE), 0)
        samples.append(int(max(-1, min(1, loud * pole)) * 32767))
    with open(path, "wb") as f:
        samples.tofile(f)


class _Raw:
    """A file of samples that grows."""

    def __init__(self, path):
        self.path = path
        self.mark()

    def _size(self):
        return os.path.getsize(self.path) // 2 if os.path.exists(self.path) else 0

    def mark(self):
        self.marked, self.since = self._size(), time.monotonic()

    def level(self):
        """In dBFS, since the mark; what was not sent is silence."""
        if not self._size():
            return -120
        with open(self.path, "rb") as f:
            f.seek(self.marked * 2)
            samples = array.array("h", f.read((self._size() - self.marked) * 2))
        passed = (time.monotonic() - self.since) * RATE
        power = sum(s * s for s in samples) / max(passed, 1) / 32768 ** 2
        return 10 * math.log10(2 * power + 1e-12)


class _Nodes(lab.LabTest):
    hosts = 1
    first = False  # whether what is started goes before all other programs

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.lab.hosts[0]

    def setUp(self):
        host = self.host
        if self.first:
            before = os.sched_getscheduler(0), os.sched_getparam(0)
            self.addCleanup(os.sched_setscheduler, 0, *before)
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        self.env = {"DBUS_SESSION_BUS_ADDRESS": BUS, "XDG_STATE_HOME": host.home,
                    "DISPLAY": "", "WAYLAND_DISPLAY": ""}
        bus = host.start("dbus-daemon", "--session", "--nofork", "--nopidfile",
                         "--address=" + BUS, "--print-address=1")
        bus.wait_for("^unix:", lab.SOON)
        # else the session manager ends: it looks for seats where logind keeps them
        host.run("mkdir", "-p", *(f"/run/systemd/{kind}" for kind in (
            "machines", "seats", "sessions", "users")), timeout=lab.SOON)
        daemon = self.start("pipewire")
        lab.wait_until(lambda: self.dump(check=False), lab.SOON, "PipeWire's daemon")
        manager = self.start("wireplumber")
        lab.wait_until(lambda: [o for o in self.dump() if self.props(o).get(
            "application.name") == "WirePlumber"], lab.SOON,
            lambda: manager.tail() + daemon.tail())

    def start(self, *args, **more):
        return self.host.start(*args, env=self.env, **more)

    def dump(self, check=True):
        """All objects. pw-dump prints another list for what changes meanwhile."""
        done = self.host.run("pw-dump", timeout=lab.SOON, env=self.env, check=check)
        found, rest = {}, done.stdout.lstrip()
        while rest:
            changed, end = json.JSONDecoder().raw_decode(rest)
            found.update((item["id"], item) for item in changed)
            rest = rest[end:].lstrip()
        return [item for item in found.values() if item.get("type")]

    @staticmethod
    def props(item):
        return (item.get("info") or {}).get("props") or {}

    def node(self, name):
        """The number of the node of that name, or None."""
        for item in self.dump():
            if item["type"].endswith("Node") and self.props(item).get("node.name") == name:
                return item["id"]
        return None

    def wait_node(self, name):
        return lab.wait_until(lambda: self.node(name), lab.SOON, f"the node {name}")

    def speaker(self, name):
        self.host.run(
            "pw-cli", "create-node", "adapter",
            "{ factory.name=support.null-audio-sink media.class=Audio/Sink "
            f"object.linger=true node.name={name} node.description={name} "
            "audio.position=[FL FR] }", timeout=lab.SOON, env=self.env)
        self.wait_node(name)

    def remove(self, name):
        self.host.run("pw-cli", "destroy", self.node(name), timeout=lab.SOON, env=self.env)

    def plays_into(self, name):
        """Whether something of videomeet is linked to that speaker."""
        items = self.dump()
        own = {i["id"] for i in items if i["type"].endswith("Node")
               and self.props(i).get("node.name") == "videomeet"}
        links = [i["info"] for i in items if i["type"].endswith("Link")]
        there = self.node(name)
        return any(link["output-node-id"] in own and link["input-node-id"] == there
                   for link in links)

    def meeting(self, *options):
        process = self.start("videomeet", "host", "--meeting", "devices", "--user", "Ann",
                             "--json", *options, typed=True)
        process.wait_event("meeting", lab.SOON, state="announced")
        return process

    def guest(self, *options):
        process = self.start("videomeet", "join", "devices", "--user", "Bob", "--no-play",
                             "--json", *options, typed=True)
        process.wait_event("participant-state", lab.SOON, state="connected")
        return process

    def launch(self, line):
        return self.start("gst-launch-1.0", "-q", *line.split())


@unittest.skipIf(_missing(), f"there is no {_missing()} on this machine")
class PipeWire(_Nodes):

    def test_speakers(self):
        """What the others say is played by the speaker that was chosen, and again when that
        has been unplugged and is back."""
        # an old pipewiresink locks up: decisions/media.md
        self.start("pipewire-pulse")
        self.speaker("first-speaker")
        self.speaker("second-speaker")
        listed = self.start("videomeet", "devices", "--json")
        self.assertEqual(listed.wait(lab.SOON), 0)
        names = sorted(e["name"] for e in listed.events("media-device"))
        self.assertEqual(names, ["first-speaker", "second-speaker"])
        ann = self.meeting("--source", "test", "--audio-only", "--speaker", "first-speaker")
        bob = self.guest("--source", "test", "--audio-only")
        lab.wait_until(lambda: self.plays_into("first-speaker"), lab.SOON, "the first speaker")

        ann.type("/speaker second")
        ann.wait_event("media-device", lab.SOON, state="used", name="second-speaker")
        lab.wait_until(lambda: self.plays_into("second-speaker"), lab.SOON,
                       "the second speaker")
        self.assertFalse(self.plays_into("first-speaker"))
        self.remove("second-speaker")
        ann.wait_event("media-device", lab.SOON, state="lost", name="second-speaker")
        self.speaker("second-speaker")
        lab.wait_until(lambda: self.plays_into("second-speaker"), lab.SOON,
                       "the second speaker again")
        ann.type("/end")
        self.assertEqual(ann.wait(lab.SOON), 0, ann.tail())
        self.assertEqual(bob.wait(lab.SOON), 0, bob.tail())

    def test_devices_that_come_and_go(self):
        """They are listed meanwhile, and the end of that touches no freed memory."""
        self.speaker("steady-speaker")
        self.env.update(MALLOC_CHECK_="3", MALLOC_PERTURB_="85")
        busy = self.start(
            "sh", "-c", "while :; do pw-cli create-node adapter '{ "
            "factory.name=support.null-audio-sink media.class=Audio/Sink "
            "object.linger=true node.name=brief-speaker }'; "
            "pw-cli destroy brief-speaker; done >/dev/null 2>&1")
        for _ in range(40):
            listed = self.start("videomeet", "devices", "--json")
            self.assertEqual(listed.wait(lab.SOON), 0, listed.tail())
            self.assertIn("steady-speaker",
                          [e["name"] for e in listed.events("media-device")])
        busy.kill()

    def test_virtual_microphone(self):
        """One that a program makes, such as a filter of noise, has inputs as a loudspeaker
        has; what the program puts in is heard."""
        self.host.run(
            "pw-cli", "create-node", "adapter",
            "{ factory.name=support.null-audio-sink media.class=Audio/Source/Virtual "
            "object.linger=true node.name=filtered node.description=filtered "
            "audio.position=[MONO] }", timeout=lab.SOON, env=self.env)
        self.wait_node("filtered")
        self.start("pipewire-pulse")
        heard = os.path.join(self.host.home, "heard")
        self.speaker("source")
        self.host.run("pw-link", "source:monitor_FL", "filtered:input_MONO",
                      timeout=lab.SOON, env=self.env)
        self.launch(f"audiotestsrc is-live=true freq={OWN} ! pulsesink device=source")
        ann = self.meeting("--audio-only", "--microphone", "filtered", "--no-play",
                           "--no-dsp")
        self.launch(f"vmsignalbin mode=join meeting=devices user=Bob name=m m.audio_src_0 ! {RAW} ! "
                    f"filesink buffer-mode=unbuffered location={heard}")
        lab.wait_until(lambda: os.path.exists(heard) and _level(heard, OWN) > HEARD, lab.SOON,
                       ann.tail)
        ann.type("/end")
        self.assertEqual(ann.wait(lab.SOON), 0, ann.tail())

    def portal(self):
        """A portal that shares a screen, which is there then."""
        width, height = SIZE
        self.launch("videotestsrc is-live=true ! video/x-raw,format=BGRx,"
                    f"width={width},height={height},framerate=30/1 ! pipewiresink "
                    "mode=provide stream-properties=p,media.class=Video/Source,"
                    "media.role=Screen,node.name=screen")
        return self.portal_of(self.wait_node("screen"))

    def portal_of(self, *screen):
        portal = self.start("python3", os.path.join(os.path.dirname(__file__), "portal.py"),
                            *screen, typed=True)
        portal.wait_for("^ready$", lab.SOON)
        return portal

    def test_screen(self):
        """The others see the screen that the portal shares. The meeting outlives its end."""
        width, height = SIZE
        portal = self.portal()
        # a screen that another program shares is nobody's camera
        listed = self.start("videomeet", "devices", "--json")
        self.assertEqual(listed.wait(lab.SOON), 0)
        self.assertEqual(listed.events("media-device"), [])
        self.show(portal, width, height)

    @unittest.skipUnless(shutil.which("mutter"), "there is no mutter")
    def test_screen_of_a_compositor(self):
        """Likewise the monitor of a compositor of Wayland that has no GPU."""
        width, height = 640, 360
        # its settings need no daemon of their own
        self.env.update(GSETTINGS_BACKEND="memory", LIBGL_ALWAYS_SOFTWARE="1")
        mutter = self.start("mutter", "--headless", "--wayland", "--no-x11",
                            "--virtual-monitor", f"{width}x{height}")
        mutter.wait_for("Using Wayland display name", lab.SOON, "err")
        self.show(self.portal_of("mutter", "Meta-0"), width, height)

    def show(self, portal, width, height):
        """Shares its screen, of that size, until it ends that."""
        ann = self.meeting("--source", "screen", "--microphone", "none")
        bob = self.guest("--source", "test")
        lab.wait_until(lambda: self.sees(bob, width, height), lab.SOON, "pictures of the screen")
        portal.type("")
        ann.wait_event("media-device", lab.SOON, kind="screen", state="lost")
        ann.type("/end")
        self.assertEqual(ann.wait(lab.SOON), 0, ann.tail())
        self.assertEqual(bob.wait(lab.SOON), 0, bob.tail())

    @unittest.skipUnless(shutil.which("pipewire-pulse"), "there is no pipewire-pulse")
    def test_sound_of_the_screen(self):
        """With the screen the others hear what programs play there, and not themselves,
        whom the same loudspeaker plays."""
        heard, played = (os.path.join(self.host.home, n) for n in ("heard", "played"))
        pulse = self.start("pipewire-pulse")
        self.speaker("speaker")
        self.portal()
        # a steady tone is silence to what leaves silence out
        ann = self.meeting("--source", "stamp:160x90@10", "--speaker", "speaker",
                           "--audio-profile", "music")
        self.launch(
            "vmsignalbin name=m mode=join meeting=devices user=Bob audio-profile=music "
            f"audiotestsrc is-live=true freq={OTHER} volume=0.3 ! audio/x-raw,rate={RATE} ! "
            f"m.audio_sink_0 m.audio_src_0 ! {RAW} ! filesink buffer-mode=unbuffered location={heard}")
        self.launch(f"pulsesrc device=speaker.monitor ! {RAW} ! "
                    f"filesink buffer-mode=unbuffered location={played}")
        program = self.launch(f"audiotestsrc is-live=true freq={PLAYED} volume=0.3 ! {RAW} ! "
                              "pulsesink")

        def wait(path, hz, there, what):
            lab.wait_until(lambda: os.path.exists(path)
                           and (_level(path, hz) > HEARD) == there, lab.SOON,
                           lambda: f"{what}: {_level(path, hz):.0f} dBFS of {hz} Hz; "
                           + ann.tail() + pulse.tail())

        wait(heard, OWN, True, "Ann's own sound")
        for hz in (OTHER, PLAYED):
            wait(played, hz, True, "the loudspeaker")
        self.assertLess(_level(heard, PLAYED), SILENT)
        ann.type("/share --screen-sound")
        ann.wait_event("shared", lab.SOON, source="screen", screenSound=True)
        wait(heard, PLAYED, True, "the program while it is shared")
        wait(heard, OWN, True, "Ann's own sound while it is shared")
        self.assertGreater(_level(played, OTHER), HEARD)
        self.assertLess(_level(heard, OTHER), SILENT)
        program.kill()
        wait(heard, PLAYED, False, "a program that has ended")
        self.launch(f"audiotestsrc is-live=true freq={PLAYED} volume=0.3 ! {RAW} ! pulsesink")
        wait(heard, PLAYED, True, "one that begins later")
        ann.type("/share off")
        wait(heard, PLAYED, False, "the program when nothing is shared")
        wait(heard, OWN, True, "Ann's own sound when nothing is shared")
        ann.type("/source screen --screen-sound")
        wait(heard, PLAYED, True, "the program while the screen is sent")
        wait(heard, OWN, False, "what was sent before")
        pulse.kill()
        ann.wait_for("The sound of the screen is no longer sent", lab.SOON)
        ann.type("/end")
        self.assertEqual(ann.wait(lab.SOON), 0, ann.tail())

    def sees(self, process, width, height):
        """Whether it gets pictures of that size from somebody."""
        seen = len(process.events("stats"))
        process.type("/stats")
        lab.wait_until(lambda: len(process.events("stats")) > seen, lab.SOON, "/stats")
        return any(p["videoFrames"] > 3 and (p["width"], p["height"]) == (width, height)
                   for p in process.events("stats")[-1]["participants"])


@unittest.skipIf(_missing(), f"there is no {_missing()} on this machine")
@unittest.skipUnless(shutil.which("pipewire-pulse"), "there is no pipewire-pulse")
class Echo(_Nodes):
    """A loudspeaker and a microphone in one room. The nodes have no card that keeps time:
    where they wait for a processor, the microphone misses what is played."""
    first = True

    def room(self, delay):
        """What the speaker plays is in the room after @delay s, 14 dB lower."""
        self.start("pipewire-pulse")
        self.speaker("speaker")
        self.speaker("room")
        self.start("pw-loopback", "-d", str(delay), "--capture-props",
                   "stream.capture.sink=true target.object=speaker",
                   "--playback-props", "target.object=room node.name=air")
        self.start("pw-loopback", "--capture-props",
                   "stream.capture.sink=true target.object=room",
                   "--playback-props", "media.class=Audio/Source node.name=microphone "
                   "node.description=microphone")
        self.wait_node("microphone")
        self.host.run("pw-cli", "set-param", self.wait_node("air"), "Props",
                      "{ channelVolumes: [ 0.2, 0.2 ] }", timeout=lab.SOON, env=self.env)

    def check(self, delay):
        folder = os.path.join(self.host.home, self.id())
        os.mkdir(folder)
        far, near, heard, sound = (os.path.join(folder, n) for n in (
            "far", "near", "heard", "microphone"))
        _write_voice(far, 40, 1, 2)
        _write_voice(near, 10, 2, 1.3, 1.5)
        source = (f"blocksize=960 ! rawaudioparse format=pcm pcm-format=s16le "
                  f"sample-rate={RATE} num-channels=1 ! ")
        self.room(delay)
        ann = self.meeting("--audio-only", "--microphone", "microphone",
                           "--speaker", "speaker")
        self.launch(f"vmsignalbin name=m mode=join meeting=devices user=Bob filesrc location={far} "
                    f"{source} identity sync=true ! m.audio_sink_0 m.audio_src_0 ! {RAW} ! "
                    f"filesink buffer-mode=unbuffered location={heard}")
        self.launch(f"pulsesrc device=microphone ! {RAW} ! "
                    f"filesink buffer-mode=unbuffered location={sound}")
        files = [_Raw(sound), _Raw(heard)]

        def levels():
            for raw in files:
                raw.mark()
            time.sleep(1)
            return [raw.level() for raw in files]

        def median():
            # where a node has missed a moment there is no echo to take out
            return [statistics.median(found) for found in zip(*(levels() for _ in range(5)))]

        lab.wait_until(lambda: levels()[0] > ECHO, lab.SOON, ann.tail)
        time.sleep(SETTLED)
        echo, sent = median()
        self.launch(f"filesrc location={near} {source} pulsesink device=room")
        lab.wait_until(lambda: levels()[0] > echo + 6, lab.SOON, "the near side")
        spoken, kept = median()
        print(f"{delay} s: echo {echo:.1f} -> {sent:.1f} dBFS, both {spoken:.1f} -> {kept:.1f}")
        self.assertLess(sent, echo - 25)
        self.assertGreater(kept, spoken - 6)
        ann.type("/end")
        self.assertEqual(ann.wait(lab.SOON), 0, ann.tail())

    def test_echo(self):
        """It is not sent, and who speaks at the same time is heard."""
        self.check(0)

    def test_late_echo(self):
        self.check(0.06)


if __name__ == "__main__":
    lab.main()
