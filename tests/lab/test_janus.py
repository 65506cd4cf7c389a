#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rooms of a real Janus, which participants of ours enter and see each other in. What they
are to see is in januspair.c; the server is here, with a folder of its own. Skipped where
there is no Janus, as in Debian 13."""

import glob
import os
import re
import shutil
import time
import unittest

import lab

PORT = 8188
PROGRAM = os.path.join(os.environ.get("VM_BUILD_ROOT", ""), "tests/lab/januspair")
# all that januspair.c waits for
WHOLE = 4 * lab.SOON

SERVER = """general: {{
  plugins_folder = "{plugins}"
  transports_folder = "{transports}"
  api_secret = "lab-secret"
  reclaim_session_timeout = {reclaim}
  admin_secret = "nobody-asks"
}}
nat: {{ full_trickle = true }}
media: {{ rtp_port_range = "20000-21999" }}
plugins: {{ disable = "{others}" }}
transports: {{ disable = "{ways}" }}
"""
WEBSOCKETS = """general: {{ json = "compact", ws = true, ws_port = {port}, ws_ip = "{address}", wss = false }}
admin: {{ admin_ws = false }}
"""
ROOMS = """room-4711: { description = "lab", publishers = 12, audiocodec = "opus", videocodec = "vp8,h264" }
room-4712: { description = "one", publishers = 1 }
room-4713: { description = "other", publishers = 3, videocodec = "h264" }
room-4714: { description = "shut", publishers = 3, pin = "234567" }
room-4715: { description = "narrow", publishers = 3, bitrate = 250000 }
"""
SECRET = "lab-secret"
SEEN = 20  # frames that make sure that a picture came


def libraries(folder, but):
    """Where Debian has Janus's, and those that are not @but."""
    found = glob.glob(f"/usr/lib/*/janus/{folder}/lib*.so")
    names = sorted(os.path.basename(path) for path in found)
    return os.path.dirname(found[0]), ",".join(n for n in names if but not in n)


# An application that takes its camera into the meeting when it reads a line.
LATE_CAMERA = """
import sys, gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
pipeline = Gst.parse_launch(sys.argv[1])
pipeline.set_state(Gst.State.PLAYING)
sys.stdin.readline()
camera = Gst.parse_bin_from_description(
    "videotestsrc is-live=true ! capsfilter caps=video/x-raw,width=160,height=90", True)
pipeline.add(camera)
camera.link_pads("src", pipeline.get_by_name("m"), "video_sink_0")
camera.sync_state_with_parent()
sys.stdin.readline()
pipeline.set_state(Gst.State.NULL)
"""


class Server:
    """A Janus on the first host of the lab, with rooms of its own."""

    address = "127.0.0.1"

    def serve(self, reclaim=0):
        self.folder = os.path.join(self.lab.hosts[0].home, "janus")
        os.makedirs(self.folder, exist_ok=True)
        plugins, others = libraries("plugins", "videoroom")
        transports, ways = libraries("transports", "websockets")
        for name, text in (
                ("janus", SERVER.format(plugins=plugins, transports=transports,
                                        reclaim=reclaim, others=others, ways=ways)),
                ("janus.transport.websockets",
                 WEBSOCKETS.format(port=PORT, address=self.address)),
                ("janus.plugin.videoroom", ROOMS)):
            with open(os.path.join(self.folder, name + ".jcfg"), "w",
                      encoding="utf-8") as file:
                file.write(text)
        self.start_server()

    def start_server(self):
        host = self.lab.hosts[0]
        self.server = host.start("janus", "-F", self.folder,
                                 "-L", os.path.join(self.folder, "log"))

        def listens():
            self.assertIsNone(self.server.popen.poll(), self.server.tail())
            return f":{PORT} " in host.call("ss", "-Hltn")
        lab.wait_until(listens, lab.SOON, "Janus listens")


@unittest.skipUnless(shutil.which("janus"), "there is no janus on this machine")
class Janus(Server, lab.LabTest):
    """The participant of a room, without a device around it."""

    hosts = 1

    def start(self, case):
        return self.lab.hosts[0].start(PROGRAM, env={
            "VM_JANUS_PORT": str(PORT), "CK_RUN_CASE": case, "CK_FORK": "no"})

    def end(self, program):
        status = program.wait(WHOLE)
        self.assertEqual(status, 0, program.tail() + "\n" + self.server.tail())

    def test_they_see_each_other(self):
        self.serve()
        self.end(self.start("meet"))

    def test_rooms_are_made_and_refused(self):
        self.serve()
        self.end(self.start("rooms"))

    def test_what_the_server_refuses_has_a_name(self):
        self.serve()
        self.end(self.start("refusals"))

    def test_server_dies(self):
        self.serve()
        program = self.start("death")
        program.wait_for("the server may die", lab.SOON)
        self.server.kill()
        self.start_server()
        self.end(program)

    def test_session_is_claimed(self):
        self.serve(reclaim=30)
        self.end(self.start("cut"))


@unittest.skipUnless(shutil.which("janus"), "there is no janus on this machine")
class Devices(Server, lab.LabTest):
    """Devices in a room, as their users start them."""

    hosts = 1

    def secret(self, name, text):
        path = os.path.join(self.folder, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w",
                  encoding="utf-8") as file:
            file.write(text)
        return path

    def join(self, user, *more, room=4711, api=True):
        secret = ["--api-secret-file", self.secret("api", SECRET)] if api else []
        return self.lab.hosts[0].start(
            "videomeet", "join", f"janus+ws://127.0.0.1:{PORT}/{room}", "--user", user,
            "--json", "--source", lab.STAMP, *secret, *more,
            env={"XDG_CONFIG_HOME": os.path.join(self.folder, user)})

    def sees(self, process, user):
        process.wait_event("participant-joined", lab.SOON, user=user)
        process.wait_event("participant-state", lab.SOON, user=user,
                           state="connected")

    def frames(self, process):
        """What it has seen of each when it ends."""
        process.stop()
        return {p["user"]: p["videoFrames"]
                for p in process.wait_event("summary", lab.SOON)["participants"]}

    def test_three_meet(self):
        self.serve()
        everybody = {user: self.join(user) for user in ("Ann", "Bob", "Cat")}
        for user, process in everybody.items():
            for other in everybody:
                if other != user:
                    self.sees(process, other)
            path = process.wait_event("path", lab.SOON)
            self.assertEqual(path["path"], "cloud")
        time.sleep(5)
        seen = self.frames(everybody.pop("Ann"))
        self.assertEqual(sorted(seen), ["Bob", "Cat"])
        self.assertGreater(min(seen.values()), SEEN, seen)
        for process in everybody.values():
            process.wait_event("participant-left", lab.SOON, user="Ann")
        for user, process in everybody.items():
            seen = self.frames(process)
            self.assertGreater(min(seen.values()), SEEN, f"{user}: {seen}")

    def test_room_of_another_codec(self):
        self.serve()
        ann = self.join("Ann", room=4713)
        bob = self.join("Bob", room=4713)
        self.sees(ann, "Bob")
        self.sees(bob, "Ann")
        time.sleep(4)
        self.assertGreater(self.frames(ann)["Bob"], SEEN)
        self.assertGreater(self.frames(bob)["Ann"], SEEN)

    def test_pin_of_a_room(self):
        self.serve()
        right, wrong = self.secret("right", "234567"), self.secret("wrong", "345678")
        eve = self.join("Eve", "--pin-file", wrong, room=4714)
        self.assertNotEqual(eve.wait(lab.SOON), 0)
        self.assertEqual(eve.events("error")[-1]["code"], "WRONG_PIN", eve.tail())
        ann = self.join("Ann", "--pin-file", right, room=4714)
        ann.wait_event("joined", lab.SOON)
        for process in (eve, ann):
            self.assertNotIn("345678", process.tail())
            self.assertNotIn(SECRET, process.tail())

    def test_room_is_made_only_if_asked(self):
        self.serve()
        ann = self.join("Ann", room=99)
        self.assertNotEqual(ann.wait(lab.SOON), 0)
        error = ann.events("error")[-1]
        self.assertEqual(error["code"], "MEETING_NOT_FOUND", ann.tail())
        self.assertIn("NO_SUCH_ROOM (426)", error["message"])
        ann = self.join("Ann", "--make-room", room=99)
        ann.wait_event("joined", lab.SOON)
        bob = self.join("Bob", room=99)
        self.sees(bob, "Ann")

    def test_api_secret(self):
        self.serve()
        eve = self.join("Eve", api=False)
        self.assertNotEqual(eve.wait(lab.SOON), 0)
        self.assertEqual(eve.events("error")[-1]["code"], "NOT_TRUSTED", eve.tail())

    def test_server_dies(self):
        self.serve()
        ann, bob = self.join("Ann"), self.join("Bob")
        self.sees(ann, "Bob")
        self.sees(bob, "Ann")
        self.server.kill()
        bob.wait_event("host-lost", lab.SOON)
        self.start_server()
        # each is another participant to the other
        bob.wait_event("participant-left", lab.SOON, user="Ann")
        lab.wait_until(
            lambda: [e for e in bob.events("participant-state")
                     if e["id"] == "p002" and e["state"] == "connected"],
            lab.SOON, "Ann is seen again")
        time.sleep(3)
        self.assertGreater(self.frames(bob)["Ann"], SEEN)

    def sent(self, room, start):
        """bit/s to that room, of a picture that takes all that it may. Nobody is there
        to receive it, and nothing else goes over the interface."""
        host = self.lab.hosts[0]
        ann = host.launch(
            f"vmsignalbin name=m uri=janus+ws://127.0.0.1:{PORT}/{room} user=Ann "
            f"api-secret={SECRET} start-bitrate={start} videotestsrc is-live=true "
            "pattern=zone-plate kx2=40 ky2=40 kt=6 ! "
            "video/x-raw,width=320,height=240,framerate=15/1 ! "
            "m.video_sink_0", env={"XDG_CONFIG_HOME": os.path.join(self.folder, "Ann")})
        ann.wait_for("vm-joined", lab.SOON)

        def count():
            found = re.search(r"lo:\s*(\d+)", host.call("cat", "/proc/net/dev"))
            return int(found[1])
        before = count()
        lab.wait_until(lambda: count() - before > 50000, lab.SOON, "a picture")
        time.sleep(8)
        before = count()
        time.sleep(8)
        rate = (count() - before) * 8 / 8
        ann.stop()
        return rate

    def test_rate_of_a_room(self):
        """The encoder keeps below what Janus asks for (REMB), and below its own limit."""
        self.serve()
        free = self.sent(4711, 800000)
        bound = self.sent(4715, 800000)
        own = self.sent(4715, 120000)
        print(f"{free / 1000:.0f} kbit/s, in a room of 250: {bound / 1000:.0f}, with a "
              f"limit of 120 besides: {own / 1000:.0f}")
        self.assertGreater(free, 500000)
        self.assertLess(bound, 350000)
        self.assertLess(own, 230000)

    def test_camera_and_screen(self):
        self.serve()
        host = self.lab.hosts[0]
        line = (f"vmsignalbin name=m uri=janus+ws://127.0.0.1:{PORT}/4711 user=%s "
                f"api-secret={SECRET} ")
        picture = ("videotestsrc is-live=true ! video/x-raw,width=160,height=90,"
                   "framerate=10/1 ! ")
        ann = host.launch(line % "Ann" + picture + "m.video_sink_0 "
                          + picture + "m.video_sink_1",
                          env={"XDG_CONFIG_HOME": os.path.join(self.folder, "Ann")})
        ann.wait_for("vm-joined", lab.SOON)
        bob = host.launch(
            line % "Bob" + "".join(f"m.video_src_{i} ! identity name=i{i} silent=false ! "
                                   "fakesink async=false sync=false " for i in (0, 1)),
            env={"XDG_CONFIG_HOME": os.path.join(self.folder, "Bob")})
        for i in (0, 1):
            bob.wait_for(rf"p001-(video|screen)-{i}.*new-state=\(GstState\)playing",
                         lab.SOON)

    def test_camera_that_comes_later(self):
        """What is sent by then is sent anew with it, and is heard on."""
        self.serve()
        bob = self.join("Bob")
        bob.wait_event("joined", lab.SOON)
        ann = self.lab.hosts[0].start(
            "python3", "-c", LATE_CAMERA,
            f"vmsignalbin name=m uri=janus+ws://127.0.0.1:{PORT}/4711 user=Ann "
            f"api-secret={SECRET} audiotestsrc is-live=true ! m.audio_sink_0", typed=True,
            env={"XDG_CONFIG_HOME": os.path.join(self.folder, "Ann")})
        self.sees(bob, "Ann")
        time.sleep(1)
        ann.type("the camera")
        time.sleep(4)
        bob.stop()
        seen = bob.wait_event("summary", lab.SOON)["participants"][0]
        self.assertGreater(seen["videoFrames"], SEEN, bob.tail())
        self.assertGreater(seen["audioBuffers"], 3 * 50, "more than before the camera")


if __name__ == "__main__":
    lab.main()
