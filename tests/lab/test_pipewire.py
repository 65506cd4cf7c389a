#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Microphones, speakers and a screen of PipeWire: its daemon and session manager run
for the host alone, and their devices are nodes that the tests make and remove."""

import json
import os
import shutil
import unittest

import lab

PROGRAMS = ("pipewire", "wireplumber", "pw-dump", "pw-cli")
BUS = "unix:path=/run/user/bus"
LOUD, SOFT = 0.5, 0.02  # volumes of microphones
BETWEEN = -20  # dBFS: one is louder, the other is not
SILENCE = -60
LATER, SOFTER = 50_000_000, 0.4  # ns and amplitude of an echo
RETURN_LOSS = 25  # dB
SIZE = 160, 90  # of the screen


def _missing():
    for program in PROGRAMS:
        if not shutil.which(program):
            return program
    return None


@unittest.skipIf(_missing(), f"there is no {_missing()} on this machine")
class PipeWire(lab.LabTest):
    hosts = 1

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.lab.hosts[0]

    def setUp(self):
        host = self.host
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
        done = self.host.run("pw-dump", timeout=lab.SOON, env=self.env, check=check)
        return json.loads(done.stdout or "[]")

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

    def source(self, name, media_class, line, more=""):
        """A microphone or screen that is there as long as its process."""
        process = self.start(
            "gst-launch-1.0", "-q", *line.split(), "!", "pipewiresink", "mode=provide",
            f"stream-properties=p,media.class={media_class},node.name={name},"
            f"node.description={name}{more}")
        self.wait_node(name)
        return process

    def microphone(self, name, volume, wave="sine"):
        return self.source(name, "Audio/Source",
                           f"audiotestsrc is-live=true wave={wave} volume={volume} ! "
                           "audio/x-raw,format=S16LE,rate=48000,channels=1")

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

    def level(self, process):
        seen = len(process.events("stats"))
        process.type("/stats")
        lab.wait_until(lambda: len(process.events("stats")) > seen, lab.SOON, "/stats")
        return process.events("stats")[-1].get("audioLevel", -100)

    def test_devices(self):
        """What is heard and played is what was chosen; what is unplugged comes back."""
        self.microphone("loud-mic", LOUD)
        soft = self.microphone("soft-mic", SOFT)
        self.speaker("first-speaker")
        self.speaker("second-speaker")
        listed = self.start("videomeet", "devices", "--json")
        self.assertEqual(listed.wait(lab.SOON), 0)
        names = sorted(e["name"] for e in listed.events("media-device"))
        self.assertEqual(names, ["first-speaker", "loud-mic", "second-speaker", "soft-mic"])
        self.env["DISPLAY"] = self.host.display()
        ann = self.meeting("--source", "camera", "--camera", "none", "--microphone",
                           "loud-mic", "--view", "--speaker", "first-speaker", "--no-dsp")
        bob = self.guest("--source", "test", "--audio-only")
        lab.wait_until(lambda: self.level(ann) > BETWEEN, lab.SOON, "the loud one")
        lab.wait_until(lambda: self.plays_into("first-speaker"), lab.SOON, "the first speaker")

        ann.type("/microphone soft")
        ann.wait_event("media-device", lab.SOON, state="used", name="soft-mic")
        lab.wait_until(lambda: SILENCE < self.level(ann) < BETWEEN, lab.SOON, "the soft one")
        ann.type("/speaker second")
        ann.wait_event("media-device", lab.SOON, state="used", name="second-speaker")
        lab.wait_until(lambda: self.plays_into("second-speaker"), lab.SOON,
                       "the second speaker")
        self.assertFalse(self.plays_into("first-speaker"))

        soft.stop()
        ann.wait_event("media-device", lab.SOON, state="lost", name="soft-mic")
        lab.wait_until(lambda: self.level(ann) < SILENCE, lab.SOON, "silence")
        seen = len(ann.events("media-device"))
        self.microphone("soft-mic", LOUD)
        lab.wait_until(lambda: [e for e in ann.events("media-device")[seen:]
                                if (e["state"], e.get("name")) == ("used", "soft-mic")],
                       lab.SOON, "the microphone is used once more")
        lab.wait_until(lambda: self.level(ann) > BETWEEN, lab.SOON, "it is heard once more")

        self.remove("second-speaker")
        ann.wait_event("media-device", lab.SOON, state="lost", name="second-speaker")
        self.speaker("second-speaker")
        lab.wait_until(lambda: self.plays_into("second-speaker"), lab.SOON,
                       "the second speaker again")
        ann.type("/end")
        self.assertEqual(ann.wait(lab.SOON), 0, ann.tail())
        self.assertEqual(bob.wait(lab.SOON), 0, bob.tail())

    def test_echo(self):
        """What the speaker plays comes back into the microphone, later and softer: the others
        hear it without echo cancellation, and not with it."""
        self.speaker("speaker")
        self.microphone("noise-mic", LOUD, "white-noise")
        self.source("room-mic", "Audio/Source",
                    "pipewiresrc target-object=speaker do-timestamp=true always-copy=true "
                    "stream-properties=p,stream.capture.sink=true ! "
                    f"queue min-threshold-time={LATER} max-size-time=0 ! "
                    f"audioconvert ! volume volume={SOFTER} ! "
                    "audio/x-raw,format=S16LE,rate=48000,channels=1")
        with_echo = None
        for options in (["--no-dsp"], []):
            ann = self.meeting("--audio-only", "--microphone", "room-mic", "--speaker",
                               "speaker", *options)
            bob = self.guest("--audio-only", "--microphone", "noise-mic", "--no-dsp")
            lab.wait_until(lambda: self.plays_into("speaker"), lab.SOON, "the speaker")
            if with_echo is None:
                lab.wait_until(lambda: self.level(ann) > BETWEEN, lab.SOON, "the echo")
                with_echo = self.level(ann)
            else:
                lab.wait_until(lambda: self.level(ann) < with_echo - RETURN_LOSS, lab.SOON,
                               "no echo")
            ann.type("/end")
            self.assertEqual(ann.wait(lab.SOON), 0, ann.tail())
            self.assertEqual(bob.wait(lab.SOON), 0, bob.tail())

    def test_screen(self):
        """What the portal shares is sent; the meeting outlives it. Ctrl-C ends who is asked."""
        width, height = SIZE
        self.source("screen", "Video/Source", "videotestsrc is-live=true ! video/x-raw,"
                    f"format=BGRx,width={width},height={height},framerate=30/1",
                    ",media.role=Screen")
        # a screen that another program shares is nobody's camera
        listed = self.start("videomeet", "devices", "--json")
        self.assertEqual(listed.wait(lab.SOON), 0)
        self.assertEqual(listed.events("media-device"), [])
        portal = self.start("python3", os.path.join(os.path.dirname(__file__), "portal.py"),
                            self.node("screen"), typed=True)
        portal.wait_for("^ready$", lab.SOON)
        ann = self.meeting("--source", "screen", "--microphone", "none")
        bob = self.guest("--source", "test")
        lab.wait_until(lambda: self.sees(bob, width, height), lab.SOON, "pictures of the screen")
        portal.type("")
        ann.wait_event("media-device", lab.SOON, kind="screen", state="lost")
        ann.type("/end")
        self.assertEqual(ann.wait(lab.SOON), 0, ann.tail())
        self.assertEqual(bob.wait(lab.SOON), 0, bob.tail())

    def sees(self, process, width, height):
        """Whether it gets pictures of that size from somebody."""
        seen = len(process.events("stats"))
        process.type("/stats")
        lab.wait_until(lambda: len(process.events("stats")) > seen, lab.SOON, "/stats")
        return any(p["videoFrames"] > 3 and (p["width"], p["height"]) == (width, height)
                   for p in process.events("stats")[-1]["participants"])


if __name__ == "__main__":
    lab.main()
