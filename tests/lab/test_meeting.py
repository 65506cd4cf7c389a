#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What people say and do in a meeting, and what becomes of it without its
host: typed into the launcher, and asked of the element."""

import json
import os
import re
import signal
import time

import lab
import media

CONNECTED = lab.SOON  # from the start of a device to media
TOLD = lab.SOON  # for what somebody does to be seen by the others
LOST = lab.GONE
GIVEN_UP = 90  # s, for a host to be given up: 30 of them are promised to it
ASLEEP = 62  # s: a silent guest's seat lasts 75
HEARD = 30  # s: 50 buffers each, once it is connected again
BUILD = os.environ["VM_BUILD_ROOT"]


class Talk(lab.LabTest):
    """videomeet on every host; what is typed, and the events of the others."""

    hosts = 3

    def launcher(self, host, command, *more, source="test"):
        return host.start("videomeet", command, "--source", source, "--json",
                          *more, typed=True)

    def host_meeting(self, *more, name="standup", source="test"):
        ann = self.launcher(self.lab.hosts[0], "host", "--meeting", name,
                            "--user", "Ann", *more, source=source)
        ann.wait_event("meeting", lab.SOON, state="announced")
        return ann

    def join(self, index, user, *more, name="standup", source="test"):
        return self.launcher(
            self.lab.hosts[index], "join", name, "--user", user, *more,
            source=source)

    def connected(self, process, *users):
        for user in users:
            process.wait_event("participant-state", CONNECTED, user=user,
                               state="connected")

    def three(self, *more, source="test"):
        ann = self.host_meeting(*more, source=source)
        bob = self.join(1, "Bob", *more, source=source)
        self.connected(ann, "Bob")
        carl = self.join(2, "Carl", *more, source=source)
        self.connected(ann, "Carl")
        self.connected(bob, "Ann", "Carl")
        self.connected(carl, "Ann", "Bob")
        return ann, bob, carl

    def states(self, process):
        return [e["state"] for e in process.events("meeting")]

    def test_what_is_said(self):
        ann, bob, carl = self.three("--audio-only")
        bob.type("hello, all")
        for process in (ann, carl):
            said = process.wait_event("chat", TOLD, user="Bob")
            self.assertEqual(said["text"], "hello, all")
            self.assertFalse(said["private"])
        ann.type("/msg Bob you \x1b[2Jalone")
        ann.wait_event("warning", TOLD, code="BAD_MESSAGE")
        ann.type("/msg Bob only you")
        bob.wait_event("chat", TOLD, text="only you", private=True)
        ann.type("//who does not ask")
        bob.wait_event("chat", TOLD, text="/who does not ask")
        carl.wait_event("chat", TOLD, text="/who does not ask")
        self.assertEqual(len(carl.events("chat")), 2)
        # whoever comes later is told what was said to everybody
        self.assertEqual(carl.stop(), 0)
        carl = self.join(2, "Carl", "--audio-only")
        carl.wait_event("chat", CONNECTED, text="/who does not ask")
        self.assertEqual(
            [(e["user"], e["text"], e["old"]) for e in carl.events("chat")],
            [("Bob", "hello, all", True), ("Ann", "/who does not ask", True)])
        bob.type("/nonsense")
        bob.wait_event("warning", TOLD, code="BAD_REQUEST")

    def test_last_words(self):
        """Said right before leaving: delivered, or named where nobody can read it."""
        ann, bob, carl = self.three("--audio-only")
        carl.type("from Carl\n/leave")
        for process in (ann, bob):
            process.wait_event("chat", TOLD, text="from Carl")
        self.assertEqual(carl.wait(lab.SOON), 0)
        self.lab.hosts[1].set_link(False)
        self.addCleanup(self.lab.hosts[1].set_link, True)
        ann.type("from Ann\n/leave")
        self.assertEqual(ann.wait(lab.SOON), 0)
        ann.wait_event("chat-undelivered", TOLD, user="Bob", text="from Ann")
        self.assertEqual(carl.events("chat-undelivered"), [])

    def test_what_is_done(self):
        ann, bob, carl = self.three("--audio-only")
        bob.type("/hand")
        bob.type("/status having lunch")
        bob.type("/mute")
        for process in (ann, carl):
            process.wait_event("hand", TOLD, user="Bob", raised=True)
            process.wait_event("presence", TOLD, user="Bob",
                               status="having lunch", audioMuted=True)
        bob.type("/unmute")
        ann.wait_event("presence", TOLD, user="Bob", audioMuted=False,
                       status="having lunch")
        ann.type("/mute Bob")
        bob.wait_event("mute-requested", TOLD, audio=True, video=False)
        lab.wait_until(lambda: len(bob.events("muted")) == 3, TOLD, "muting")
        ann.type("/who")
        who = {p["user"]: p for p in
               ann.wait_event("who", TOLD)["participants"]}
        self.assertTrue(who["Bob"]["hand"])
        self.assertFalse(who["Carl"]["hand"])

        for line in ("/kick Carl", "/lock", "/end", "/mute Carl"):
            bob.type(line)
        lab.wait_until(lambda: len(bob.events("warning")) == 4, TOLD,
                       "four refusals")
        self.assertEqual({e["code"] for e in bob.events("warning")},
                         {"NOT_TRUSTED"})
        ann.type("/lock")
        for process in (ann, bob, carl):
            process.wait_event("locked", TOLD, locked=True)
        dora = self.join(1, "Dora", "--audio-only")
        dora.wait_event("error", CONNECTED, code="MEETING_LOCKED")
        self.assertEqual(dora.wait(lab.SOON), 1)
        ann.type("/unlock")
        bob.wait_event("locked", TOLD, locked=False)

        ann.type("/kick Nobody")
        ann.wait_event("warning", TOLD, code="UNROUTABLE")
        ann.type("/kick Bob")
        bob.wait_event("kicked", TOLD)
        bob.wait_event("error", TOLD, code="KICKED")
        self.assertEqual(bob.wait(lab.SOON), 1)
        for process in (ann, carl):
            process.wait_event("participant-left", TOLD, user="Bob",
                               code="KICKED")
        again = self.join(1, "Bob", "--audio-only")
        again.wait_event("error", CONNECTED, code="KICKED")
        self.assertEqual(again.wait(lab.SOON), 1)
        ann.type("/unban Bob")
        again = self.join(1, "Bob", "--audio-only")
        self.connected(again, "Ann")
        self.assertEqual(again.stop(), 0)
        ann.type("/end")
        for process in (ann, carl):
            self.assertEqual(process.wait(lab.SOON), 0)
            self.assertEqual(self.states(process)[-2:], ["idle", "ended"])
        self.assertEqual(self.states(ann),
                         ["announced", "active", "idle", "ended"])
        self.assertEqual(carl.events("error"), [])

    def test_pin_and_seats(self):
        ann = self.host_meeting("--pin", "246810", "--max-participants", "2",
                                "--audio-only", name="vault")
        key = ann.wait_event("joined", lab.SOON)["deviceId"]
        uri = f"videomeet://{self.lab.hosts[0].address}/vault"
        # to whom it would be told is asked first
        bob = self.join(1, "Bob", "--audio-only", "--pin", "246810", name=uri)
        self.assertEqual(
            bob.wait_event("host-unknown", CONNECTED)["deviceId"], key)
        bob.type("n")
        bob.wait_event("error", CONNECTED, code="HOST_UNKNOWN")
        self.assertEqual(bob.wait(lab.SOON), 1)
        # where there is nobody to ask
        bob = self.lab.hosts[1].start(
            "videomeet", "join", uri, "--source", "test", "--json", "--user", "Bob",
            "--pin", "246810")
        bob.wait_event("error", CONNECTED, code="HOST_UNKNOWN")
        self.assertEqual(bob.wait(lab.SOON), 1)
        for more in (), ("--pin", "111111", "--host-key", key):
            bob = self.join(1, "Bob", "--audio-only", *more, name=uri)
            bob.wait_event("error", CONNECTED, code="WRONG_PIN")
            self.assertEqual(bob.wait(lab.SOON), 1)
        bob = self.join(1, "Bob", "--audio-only", "--pin", "246810",
                        "--host-key", key, name="vault")
        self.connected(bob, "Ann")
        carl = self.join(2, "Carl", "--audio-only", "--pin", "246810",
                         name="vault")
        self.assertEqual(
            carl.wait_event("host-unknown", CONNECTED)["deviceId"], key)
        carl.type("y")
        carl.wait_event("error", CONNECTED, code="MEETING_FULL")
        self.assertEqual(carl.wait(lab.SOON), 1)
        # idle, and back
        bob.type("/leave")
        self.assertEqual(bob.wait(lab.SOON), 0)
        ann.wait_event("meeting", TOLD, state="idle")
        carl = self.join(2, "Carl", "--audio-only", "--pin", "246810",
                         "--host-key", key, name="vault")
        self.connected(carl, "Ann")
        ann.type("/end")
        self.assertEqual(ann.wait(lab.SOON), 0)
        self.assertEqual(carl.wait(lab.SOON), 0)
        self.assertEqual(self.states(ann), ["announced", "active", "idle",
                                            "active", "idle", "ended"])

    def lose(self, cut):
        ann, bob, carl = self.three("--audio-only")
        time.sleep(5)  # a heart that has never beaten is not missed
        cut(ann)
        for process in (bob, carl):
            process.wait_event("host-lost", LOST, user="Ann")
        # what is said goes on
        bob.type("is it you and me now?")
        carl.wait_event("chat", TOLD, user="Bob")
        carl.type("/hand")
        bob.wait_event("hand", TOLD, user="Carl", raised=True)
        for process in (bob, carl):
            process.wait_event("participant-left", GIVEN_UP, user="Ann")
        carl.type("yes")
        bob.wait_event("chat", TOLD, user="Carl")
        for process in (bob, carl):
            self.assertEqual(self.states(process), ["active"])
        heard = [p.events("error") for p in (bob, carl)]
        self.assertEqual(heard, [[], []])
        bob.type("/leave")
        self.assertEqual(bob.wait(lab.SOON), 0)
        carl.wait_event("participant-left", TOLD, user="Bob")
        self.assertEqual(carl.wait(lab.SOON), 0)
        self.assertEqual(self.states(carl), ["active", "idle", "ended"])

    def test_host_killed(self):
        self.lose(lambda ann: ann.kill())

    def test_host_without_power(self):
        a = self.lab.hosts[0]
        try:
            self.lose(lambda ann: a.set_link(False))
        finally:
            a.set_link(True)

    def capture(self, host, display):
        """What is on the display, as GRAY8."""
        path = os.path.join(host.home, "screen.gray")
        host.run("gst-launch-1.0", "-q", "ximagesrc", "num-buffers=1",
                 f"display-name={display}", "!", "videoconvert", "!",
                 "video/x-raw,format=GRAY8", "!", "filesink",
                 f"location={path}", timeout=lab.SOON)
        with open(path, "rb") as f:
            return f.read()

    def test_stolen_id(self):
        """An id goes with its key, and with no other."""
        a, b = self.lab.hosts[:2]
        ann = self.host_meeting("--audio-only", name="own")
        bob = self.join(1, "Bob", "--audio-only", name="own")
        joined = ann.wait_event("participant-joined", CONNECTED, user="Bob")
        host = bob.wait_event("participant-joined", CONNECTED, user="Ann")

        def ask(device_id, *more):
            done = b.run(
                "curl", "-sk", "-w", "\n%{http_code}", *more, "-H",
                "Content-Type: application/json", "--data", json.dumps(
                    {"meeting": "own", "user": "Eve", "deviceId": device_id}),
                f"https://{a.address}:8080/meetings/join", timeout=lab.SOON)
            body, status = done.stdout.rsplit("\n", 1)
            return int(status), json.loads(body)

        key = ("--cert",
               os.path.join(b.config, "videomeet", "identity.pem"))
        self.assertEqual(ask(joined["deviceId"], *key)[0], 200)
        status, body = ask(host["deviceId"], *key)
        self.assertEqual((status, body["error"]["code"]), (403, "WRONG_KEY"))
        # whoever shows no key may come in, as nobody in particular
        self.assertEqual(ask(host["deviceId"])[0], 200)

    def test_grid(self):
        """One window that makes room as people come and go."""
        a = self.lab.hosts[0]
        width, height = 1280, 720
        display = a.display(f"{width}x{height}x24")
        ann = a.start("videomeet", "host", "--meeting", "seen", "--user",
                      "Ann", "--source", lab.STAMP, "--view", "--json",
                      env={"DISPLAY": display}, typed=True)
        ann.wait_event("meeting", lab.SOON, state="announced")
        bob = self.join(1, "Bob", "--source", lab.STAMP, name="seen")
        self.connected(ann, "Bob")

        def lively(left, top, right, bottom):
            screen = self.capture(a, display)
            part = b"".join(screen[y * width + left:y * width + right]
                            for y in range(top, bottom, 8))
            return media.deviation(part) > 10

        middle = (width // 2 - 100, 20, width // 2 + 100, height - 20)
        lab.wait_until(lambda: lively(*middle), lab.SOON,
                       "Bob, as large as it gets")
        carl = self.join(2, "Carl", "--source", lab.STAMP, name="seen")
        self.connected(ann, "Carl")
        for part in ((20, height // 3, width // 2 - 20, height // 2),
                     (width // 2 + 20, height // 3, width - 20, height // 2)):
            lab.wait_until(lambda p=part: lively(*p), lab.SOON,
                           "two side by side")
        lab.wait_until(lambda: not lively(20, 0, width - 20, height // 5),
                       lab.SOON,
                       "nobody above them any more")
        carl.type("/leave")
        self.assertEqual(carl.wait(lab.SOON), 0)
        lab.wait_until(lambda: lively(20, 20, width - 20, height // 5),
                       lab.SOON,
                       "Bob, large again")
        ann.type("/end")
        self.assertEqual(ann.wait(lab.SOON), 0)
        self.assertEqual(bob.wait(lab.SOON), 0)

    def test_guest_cut_off(self):
        """The host keeps the seats for a while and shows that; then a guest
        joins anew by itself, unless it was told not to."""
        ann = self.host_meeting("--audio-only")
        bob = self.join(1, "Bob", "--audio-only")
        carl = self.join(2, "Carl", "--audio-only", "--no-rejoin")
        self.connected(ann, "Bob", "Carl")
        self.connected(bob, "Carl")
        time.sleep(5)  # a heart that has never beaten is not missed
        cut = self.lab.hosts[1:]
        for host in cut:
            host.set_link(False)
        try:
            for user in ("Bob", "Carl"):
                ann.wait_event("participant-detached", 120, user=user,
                               detached=True)
                ann.wait_event("participant-left", 90, user=user,
                               code="TIMEOUT")
            bob.wait_event("rejoining", GIVEN_UP, code="DISCONNECTED")
            carl.wait_event("error", GIVEN_UP, code="DISCONNECTED")
            self.assertEqual(carl.wait(lab.SOON), 1)
        finally:
            for host in cut:
                host.set_link(True)
        for process, user in ((ann, "Bob"), (bob, "Ann")):
            lab.wait_until(lambda p=process, u=user: len([
                e for e in p.events("participant-state")
                if e["user"] == u and e["state"] == "connected"]) == 2,
                CONNECTED, f"{user} once more")
        self.assertEqual(len(bob.events("joined")), 2)

    def test_guest_sleeps(self):
        """Shorter than its seat is kept."""
        # without DTX, which sends little of the source's silence
        music = ("--audio-only", "--audio-profile", "music")
        ann = self.host_meeting(*music)
        bob = self.join(1, "Bob", *music)
        self.connected(ann, "Bob")
        self.connected(bob, "Ann")
        bob.signal(signal.SIGSTOP)
        began = time.monotonic()
        ann.wait_event("participant-detached", 120, user="Bob", detached=True)
        time.sleep(max(0, began + ASLEEP - time.monotonic()))
        bob.signal(signal.SIGCONT)
        ann.wait_event("participant-detached", CONNECTED, user="Bob",
                       detached=False)
        time.sleep(HEARD)
        bob.type("/leave")
        self.assertEqual(bob.wait(lab.SOON), 0)
        self.assertEqual(ann.events("participant-left")[0].get("code"), None)
        ann.type("/end")
        self.assertEqual(ann.wait(lab.SOON), 0)
        heard = ann.events("summary")[0]["participants"][0]
        self.assertEqual(heard["user"], "Bob")
        self.assertGreater(heard["audioBuffers"], HEARD * 50 // 3)


class Element(lab.LabTest):
    """gst-launch-1.0, and an application that calls its element's actions."""

    hosts = 2

    def test_actions(self):
        a, b = self.lab.hosts
        host = a.start(
            os.path.join(BUILD, "examples", "example-talk"),
            "vmsignalbin name=m meeting=standup mode=host user=Ann "
            "audiotestsrc is-live=true ! m.audio_sink_0", typed=True,
            env=lab.LINE_BUFFERED)
        host.wait_for("^meeting announced", lab.SOON)
        guest = b.launch(
            "vmsignalbin name=m meeting=standup mode=join user=Bob "
            "hand=true status=there audiotestsrc is-live=true ! "
            "m.audio_sink_0 m.audio_src_0 ! fakesink")
        host.wait_for("^p002 Bob is connected", CONNECTED)
        host.wait_for("^p002 Bob has raised a hand", TOLD)
        host.wait_for("^p002 Bob: status there", TOLD)
        host.type("hello")
        guest.wait_for(r"vm-chat-received.*user=\(string\)Ann.*"
                       r"text=\(string\)hello", TOLD)
        host.type("/lock")
        guest.wait_for(r"vm-locked, locked=\(boolean\)true", TOLD)
        host.type("/unlock")
        guest.wait_for(r"vm-locked, locked=\(boolean\)false", TOLD)
        host.type("/mute p002")
        guest.wait_for("vm-mute-requested", TOLD)
        host.wait_for("^p002 Bob sends no sound", TOLD)
        host.type("/kick p009")
        host.wait_for("No other participant", TOLD, "err")
        host.type("/kick p002")
        guest.wait_for("ERROR: from element .*The host removed", TOLD, "err")
        host.wait_for("^meeting idle", TOLD)
        host.type("/unban p002")

        guest = b.launch("vmsignalbin name=m meeting=standup mode=join "
                         "user=Bob m.audio_src_0 ! fakesink")
        guest.wait_for(r"new=\(string\)connected", CONNECTED)
        host.type("/end")
        for state in ("idle", "ended"):
            guest.wait_for(rf"vm-meeting-state-changed.*new=\(string\){state}",
                           TOLD)
            host.wait_for(f"^meeting {state}", TOLD)
        self.assertEqual(host.wait(lab.SOON), 0)
        self.assertEqual(
            [line.split()[1] for line in host.out
             if line.startswith("meeting ")],
            ["announced", "active", "idle", "active", "idle", "ended"])

    def test_refusals(self):
        a, b = self.lab.hosts
        host = a.launch(
            "vmsignalbin name=m meeting=vault mode=host user=Ann pin=246810 "
            "max-participants=2 audiotestsrc is-live=true ! m.audio_sink_0")
        host.wait_for("vm-meeting-state-changed.*announced", lab.SOON)
        line = (f"vmsignalbin name=m uri=videomeet://{a.address}/vault "
                "user=Bob audiotestsrc is-live=true ! m.audio_sink_0 ")
        # one that has never met the host
        env = {"XDG_CONFIG_HOME": os.path.join(b.home, "config-refusals")}
        guest = b.launch(line, env)
        guest.wait_for("ERROR: .*only with its PIN", CONNECTED, "err")
        with_pin = "user=Bob pin=246810"
        guest = b.launch(line.replace("user=Bob", with_pin), {
            "XDG_CONFIG_HOME": os.path.join(b.home, "config-unknown")})
        refusal = guest.wait_for("ERROR: .*The PIN was not sent", CONNECTED, "err")
        key = re.search(r"Its id is ([-A-Z0-9]+);", refusal)[1]
        guest = b.launch(
            line.replace("user=Bob", f"{with_pin} host-key={key}")
            + "m.audio_src_0 ! fakesink", env)
        guest.wait_for(r"new=\(string\)connected", CONNECTED)
        late = b.launch(line.replace("user=Bob", "user=Carl pin=246810"), env)
        late.wait_for("ERROR: .*All 2 seats of the meeting are taken",
                      CONNECTED, "err")

    def test_restart_without_host(self):
        """The new connection is set up over the old one."""
        a, b = self.lab.hosts
        talk = os.path.join(BUILD, "examples", "example-talk")
        line = ("vmsignalbin name=m meeting=left user={} mode={} "
                "audiotestsrc is-live=true ! m.audio_sink_0")
        ann = a.start(talk, line.format("Ann", "host"), typed=True,
                      env=lab.LINE_BUFFERED)
        ann.wait_for("^meeting announced", lab.SOON)
        env = dict(lab.LINE_BUFFERED, GST_DEBUG="vmpeer:4",
                   GST_DEBUG_NO_COLOR="1")
        bob, carl = (b.start(talk, line.format(user, "join"), typed=True,
                             env=env) for user in ("Bob", "Carl"))
        for process in (bob, carl):
            process.wait_for("^p001 Ann is connected", CONNECTED)
            process.wait_for("^p00[23] .* is connected", CONNECTED)
        ann.kill()
        for process in (bob, carl):
            process.wait_for("^The host is gone", LOST)
        # whoever came first offers; the other asks for it
        first, second = ((bob, carl) if any(
            "p002 Bob" in text for text in carl.out) else (carl, bob))
        second.type("/restart")
        for n in (3, 4):
            for process in (bob, carl):
                lab.wait_until(lambda: sum(
                    "connecting -> connected" in text
                    for text in process.err) >= n,
                    CONNECTED, f"connection {n}")
            first.type("/restart")
        bob.type("still here?")
        carl.wait_for("Bob: still here", TOLD)
        carl.type("yes")
        bob.wait_for("Carl: yes", TOLD)

    def test_mute_from_the_start(self):
        a, b = self.lab.hosts
        host = a.launch("vmsignalbin name=m meeting=quiet mode=host user=Ann "
                        "mute-audio=true audiotestsrc is-live=true ! "
                        "m.audio_sink_0")
        host.wait_for("vm-meeting-state-changed.*announced", lab.SOON)
        guest = b.launch("vmsignalbin name=m meeting=quiet mode=join user=Bob "
                         "m.audio_src_0 ! fakesink")
        guest.wait_for(r"vm-presence.*user=\(string\)Ann.*"
                       r"audio-muted=\(boolean\)true", CONNECTED)


if __name__ == "__main__":
    lab.main(at_once=3)
