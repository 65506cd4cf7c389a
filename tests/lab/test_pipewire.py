#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Speakers and a screen of PipeWire: its daemon and session manager run for the host
alone, and their devices are nodes that the tests make and remove."""

import json
import os
import shutil
import unittest

import lab

PROGRAMS = ("pipewire", "wireplumber", "pw-dump", "pw-cli")
BUS = "unix:path=/run/user/bus"
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

    def test_speakers(self):
        """What the others say is played by the speaker that was chosen, and again when that
        has been unplugged and is back."""
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

    def test_screen(self):
        """The others see the screen that the portal shares. The meeting outlives its end."""
        width, height = SIZE
        self.start(
            "gst-launch-1.0", "-q", *("videotestsrc is-live=true ! video/x-raw,format=BGRx,"
            f"width={width},height={height},framerate=30/1 ! pipewiresink mode=provide "
            "stream-properties=p,media.class=Video/Source,media.role=Screen,"
            "node.name=screen").split())
        self.wait_node("screen")
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
