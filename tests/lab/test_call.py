#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two devices in a meeting, on real input: what one sends, the other decodes,
frame by frame."""

import glob
import os
import time

import lab
import media

CONNECTED = lab.SOON
LENGTH = 10  # s of a call
RATE = lab.RATE // 2  # what is seen at least of those that are sent a second


class CallTest(lab.LabTest):
    def check_stamps(self, stamps, frames):
        """So many of the other's frames at least, whole and in order."""
        sent = stamps["last"] - stamps["first"]
        self.assertGreaterEqual(stamps["read"], frames, stamps)
        self.assertEqual(stamps["unreadable"], 0, stamps)
        self.assertTrue(media.few(stamps["missing"], sent), stamps)
        self.assertTrue(media.few(stamps["repeated"], sent), stamps)


class Launcher(CallTest):
    """videomeet on both sides, no address given."""

    hosts = 2

    def check_side(self, process, frames):
        """The summary of one side: the other's frames, whole and in order."""
        summaries = process.events("summary")
        self.assertEqual(len(summaries), 1, process.tail())
        self.assertEqual(process.events()[-1]["event"], "summary")
        participants = summaries[0]["participants"]
        self.assertEqual(len(participants), 1, participants)
        other = participants[0]
        self.assertGreaterEqual(other["videoFrames"], frames, other)
        self.assertGreater(other["audioBuffers"], 0, other)
        self.assertEqual(other["path"], "host", other)
        self.check_stamps(other["stamps"], frames)

    def test_host_and_join(self):
        a, b = self.lab.hosts
        folder = os.path.join(b.home, "rec")
        host = a.start("videomeet", "host", "--meeting", "standup", "--user",
                       "Ann", "--source", lab.STAMP, "--json")
        host.wait_event("meeting", lab.SOON, state="announced")
        guest = b.start("videomeet", "join", "standup", "--user", "Bob",
                        "--source", lab.STAMP, "--record", folder, "--json")
        for process in (host, guest):
            process.wait_event("participant-state", CONNECTED,
                               state="connected")
        time.sleep(LENGTH)
        # the guest goes first; the host sees it go and is alone again
        self.assertEqual(guest.stop(), 0)
        host.wait_event("participant-left", lab.SOON)
        host.wait_event("meeting", lab.SOON, state="idle")
        self.assertEqual(host.stop(), 0)
        host.wait_event("meeting", lab.SOON, state="ended")
        frames = (LENGTH - 1) * RATE
        self.check_side(host, frames)
        self.check_side(guest, frames)
        self.check_recording(b, folder)

    def check_recording(self, host, folder):
        files = glob.glob(os.path.join(folder, "*.mkv"))
        self.assertEqual(len(files), 1, files)
        self.assertAlmostEqual(media.duration(host, files[0]), LENGTH, delta=2)
        video, audio = media.play(host, files[0], 160, 90, host.home)
        stamps = media.read_stamps(video, 160, 90)
        self.check_stamps(media.tally(stamps), (LENGTH - 2) * RATE)
        self.assertGreater(max(media.loudness(audio)), 500)

    def test_ctrl_c_withdraws(self):
        a, b = self.lab.hosts
        browser = b.start("avahi-browse", "-p", "_videomeet._tcp")
        host = a.start("videomeet", "host", "--meeting", "standup", "--source",
                       "test", "--json")
        host.wait_event("meeting", lab.SOON, state="announced")
        browser.wait_for(r"^\+;eth0;IPv4;", lab.SOON)
        self.assertEqual(host.stop(), 0)
        browser.wait_for("^-;eth0;IPv4;", lab.GONE)

    def test_audio_only(self):
        a, b = self.lab.hosts
        host = a.start("videomeet", "host", "--meeting", "talk", "--user",
                       "Ann", "--source", lab.STAMP, "--audio-only", "--json")
        host.wait_event("meeting", lab.SOON, state="announced")
        guest = b.start("videomeet", "join", "talk", "--user", "Bob",
                        "--source", lab.STAMP, "--audio-only", "--json")
        guest.wait_event("participant-state", CONNECTED, state="connected")
        time.sleep(4)
        self.assertEqual(guest.stop(), 0)
        other = guest.events("summary")[0]["participants"][0]
        self.assertEqual(other["videoFrames"], 0)
        self.assertGreater(other["audioBuffers"], 50)

    def test_host_loses_power(self):
        a, b = self.lab.hosts
        host = a.start("videomeet", "host", "--meeting", "cut", "--user",
                       "Ann", "--source", lab.STAMP, "--json")
        host.wait_event("meeting", lab.SOON, state="announced")
        guest = b.start("videomeet", "join", "cut", "--user", "Bob",
                        "--source", lab.STAMP, "--json")
        guest.wait_event("participant-state", CONNECTED, state="connected")
        time.sleep(2)
        a.set_link(False)
        try:
            # media is noticed first; the seat follows the socket
            guest.wait_event("warning", lab.GONE, code="TIMEOUT")
        finally:
            a.set_link(True)


class Plain(CallTest):
    """gst-launch-1.0 on both sides, no launcher."""

    hosts = 2
    width, height = 160, 90

    def host_line(self, host, source, name="standup"):
        return host.launch(
            f"vmsignalbin name=m meeting={name} mode=host user=Ann " + source)

    def join_line(self, host, sinks, more="", name="standup"):
        return host.launch(
            f"vmsignalbin name=m meeting={name} mode=join user=Bob {more} "
            + sinks)

    def connected(self, *processes):
        for process in processes:
            process.wait_for(
                r"vm-participant-state-changed.*new=\(string\)connected",
                CONNECTED)

    def finish(self, *processes):
        for process in processes:
            self.assertEqual(process.stop(lab.SOON), 0)

    def outputs(self, host, *names):
        return [os.path.join(host.home, name) for name in names]

    def test_stamps_and_sound(self):
        a, b = self.lab.hosts
        raw, = self.outputs(a, "stamps.raw")
        media.write_stamped(raw, self.width, self.height, lab.RATE * 40)
        video, audio = self.outputs(b, "video.gray", "audio.s16")
        source = (
            f"filesrc location={raw} ! rawvideoparse width={self.width} "
            f"height={self.height} format=i420 "
            f"framerate={lab.RATE}/1 ! "
            "m.video_sink_0 audiotestsrc is-live=true ! m.audio_sink_0")
        host = self.host_line(a, source)
        host.wait_for("vm-meeting-state-changed.*announced", lab.SOON)
        guest = self.join_line(
            b, "m.video_src_0 ! videoconvert ! video/x-raw,format=GRAY8 ! "
            f"filesink async=false location={video} m.audio_src_0 ! "
            "audioconvert ! audioresample ! "
            "audio/x-raw,format=S16LE,channels=1,rate=48000 ! "
            f"filesink async=false location={audio}")
        self.connected(host, guest)
        time.sleep(LENGTH)
        self.finish(guest, host)
        stamps = media.read_stamps(video, self.width, self.height)
        self.check_stamps(media.tally(stamps), (LENGTH - 1) * RATE)
        self.assertEqual(stamps.count(None), 0)
        loud = media.loudness(audio)
        self.assertGreater(len(loud), (LENGTH - 2) * 10)
        self.assertGreater(min(loud[5:-5]), 1000)

    def test_screen_and_speech(self):
        a, b = self.lab.hosts
        shown = a.display("640x360x24")
        a.start("xterm", "-bg", "navy", "-fg", "white", "-geometry",
                "100x30+0+0", "-e", "sh", "-c",
                "while :; do date +%N; sleep 0.05; done",
                env={"DISPLAY": shown})
        speech, = self.outputs(a, "speech.wav")
        seconds = media.speak(speech, "The quick brown fox jumps over the "
                              "lazy dog, and then it does so once more.")
        video, audio = self.outputs(b, "screen.gray", "speech.s16")
        host = self.host_line(
            a, f"ximagesrc display-name={shown} use-damage=false ! "
            "video/x-raw,framerate=15/1 ! videoconvert ! m.video_sink_1 "
            f"multifilesrc location={speech} loop=true ! wavparse "
            "ignore-length=true ! audioconvert ! audioresample ! "
            "m.audio_sink_0")
        host.wait_for("vm-meeting-state-changed.*announced", lab.SOON)
        guest = self.join_line(
            b, "m.video_src_0 ! videoconvert ! video/x-raw,format=GRAY8 ! "
            f"filesink async=false location={video} m.audio_src_0 ! "
            "audioconvert ! audioresample ! "
            "audio/x-raw,format=S16LE,channels=1,rate=48000 ! "
            f"filesink async=false location={audio}")
        self.connected(host, guest)
        time.sleep(max(LENGTH, seconds + 2))
        self.finish(guest, host)
        frames = list(media.grey_frames(video, 640, 360))
        self.assertGreaterEqual(len(frames), (LENGTH - 2) * RATE)
        # text on a ground, and moving
        self.assertGreater(media.deviation(frames[-1]), 10)
        changed = sum(1 for x, y in zip(frames[5:], frames[6:]) if x != y)
        self.assertGreater(changed, len(frames) // 2)
        # words and the silence between them
        loud = media.loudness(audio)
        self.assertGreater(max(loud), 1000)
        self.assertLess(min(loud[5:-5]), max(loud) / 5)

    def test_encoded_is_not_transcoded(self):
        a, b = self.lab.hosts
        sent, = self.outputs(a, "sent.h264")
        got, = self.outputs(b, "got.h264")
        host = self.host_line(
            a, "videotestsrc is-live=true pattern=ball ! "
            f"video/x-raw,width=160,height=90,framerate={lab.RATE}/1 ! "
            "x264enc tune=zerolatency key-int-max=20 bframes=0 ! "
            "video/x-h264,profile=constrained-baseline,"
            "stream-format=byte-stream,alignment=au ! tee name=t "
            f"t. ! queue ! filesink async=false location={sent} "
            "t. ! queue ! m.video_sink_0")
        host.wait_for("vm-meeting-state-changed.*announced", lab.SOON)
        guest = self.join_line(
            b, "m.video_src_0 ! h264parse ! "
            "video/x-h264,stream-format=byte-stream,alignment=au ! "
            f"filesink async=false location={got}", "decode=false")
        self.connected(host, guest)
        time.sleep(LENGTH)
        self.finish(guest, host)
        known = set(media.slices(sent))
        received = media.slices(got)
        self.assertGreaterEqual(len(received), (LENGTH - 2) * RATE)
        strange = [s for s in received if s not in known]
        self.assertEqual(len(strange), 0)

    def test_auto_meets(self):
        """Two of one name, neither told to host: one hosts, one joins."""
        a, b = self.lab.hosts
        lines = [h.launch(f"vmsignalbin name=m meeting=chance user={u} "
                          "audiotestsrc is-live=true ! m.audio_sink_0 "
                          "m.audio_src_0 ! fakesink")
                 for h, u in ((a, "Ann"), (b, "Bob"))]
        for line in lines:
            # the pad is there: without it the line's fakesink never ends
            line.wait_for(r'"p\d+-audio-0" \(state-changed\).*'
                          r"new-state=\(GstState\)playing", lab.SOON)
        # the guest first: a host that ends ends the guest's line too
        guests = [line for line in lines
                  if any("hosting=(boolean)false" in text for text in line.out)]
        self.assertEqual(len(guests), 1)
        self.finish(*guests, *(line for line in lines if line not in guests))

    def test_guest_comes_back(self):
        a, b = self.lab.hosts
        host = self.host_line(
            a, "videotestsrc is-live=true ! "
            f"video/x-raw,width=160,height=90,framerate={lab.RATE}/1 ! "
            "m.video_sink_0", "twice")
        host.wait_for("vm-meeting-state-changed.*announced", lab.SOON)
        for _ in range(2):
            got, = self.outputs(b, "twice.gray")
            guest = self.join_line(
                b, "m.video_src_0 ! videoconvert ! "
                "video/x-raw,format=GRAY8 ! filesink async=false "
                f"location={got}", name="twice")
            self.connected(guest)
            time.sleep(3)
            self.finish(guest)
            self.assertGreater(
                len(list(media.grey_frames(got, 160, 90))), RATE)
        self.finish(host)


class Camera(CallTest):
    """videomeet with a camera on the network, which has a password."""

    hosts = 2
    PASSWORD = "s3cret@Garden"
    PORT = 8554

    def camera(self, host, sent, *tls):
        camera = host.start(
            "/usr/bin/python3",
            os.path.join(os.path.dirname(os.path.abspath(__file__)),
                         "rtspcamera.py"),
            self.PORT, "ann", self.PASSWORD, sent, *tls)
        camera.wait_for("^ready$", lab.SOON)
        return camera

    def address(self, host, path, password=PASSWORD):
        return (f"rtsp://ann:{password.replace('@', '%40')}"
                f"@{host.address}:{self.PORT}{path}")

    def join(self, host, uri, log):
        return host.start(
            "videomeet", "join", f"videomeet://{self.lab.hosts[0].address}/standup",
            "--user", "Bob", "--source", uri,
            "--json", env={"GST_DEBUG": "rtsp*:6,sdp*:5,vm*:5,default:4",
                           "GST_DEBUG_FILE": log, "GST_DEBUG_NO_COLOR": "1"})

    def check_secret(self, *texts):
        for text in texts:
            for word in self.PASSWORD, self.PASSWORD.replace("@", "%40"):
                self.assertNotIn(word, text)

    def grown(self, path, more):
        before = os.path.getsize(path) if os.path.exists(path) else 0
        lab.wait_until(
            lambda: os.path.exists(path)
            and os.path.getsize(path) > before + more, lab.SOON,
            f"{path} has grown")

    def test_passed_on(self):
        """It is not encoded again, goes away and comes back."""
        a, b = self.lab.hosts
        sent = [os.path.join(a.home, f"sent{i}.h264") for i in range(2)]
        got = os.path.join(a.home, "got.h264")
        sound = os.path.join(a.home, "got.s16")
        log = os.path.join(b.home, "debug.log")
        camera = self.camera(a, sent[0])
        host = a.launch(
            "vmsignalbin name=m meeting=standup mode=host user=Ann decode=false "
            "m.video_src_0 ! h264parse ! "
            "video/x-h264,stream-format=byte-stream,alignment=au ! filesink "
            f"async=false buffer-mode=unbuffered location={got} "
            "m.audio_src_0 ! opusdec ! audioconvert ! "
            "audio/x-raw,format=S16LE,channels=1,rate=48000 ! filesink "
            f"async=false location={sound}")
        host.wait_for("vm-meeting-state-changed.*announced", lab.SOON)
        guest = self.join(b, self.address(a, "/camera"), log)
        guest.wait_event("participant-state", CONNECTED, state="connected")
        self.grown(got, 20000)
        with open(f"/proc/{guest.popen.pid}/cmdline", encoding="utf-8") as f:
            self.check_secret(f.read())
        camera.kill()
        guest.wait_event("media-device", lab.SOON, kind="camera", state="lost")
        guest.wait_event("muted", lab.SOON, video=True)
        camera = self.camera(a, sent[1])
        guest.wait_event("media-device", lab.SOON, kind="camera", state="used")
        self.grown(got, 20000)
        self.assertEqual(guest.stop(), 0)
        self.assertEqual(host.stop(), 0)
        known = set(media.slices(sent[0]) + media.slices(sent[1]))
        received = media.slices(got)
        self.assertGreater(len(received), 30)
        strange = [s for s in received if s not in known]
        self.assertEqual(len(strange), 0)
        self.assertGreater(max(media.loudness(sound)), 500)
        with open(log, encoding="utf-8", errors="replace") as f:
            self.check_secret(f.read())
        self.check_secret(*guest.out, *guest.err)

    def meet(self, path, line, *files, scheme="rtsp"):
        """What Bob sends of that camera, until it has come to these files; what he said."""
        a, b = self.lab.hosts
        host = a.launch("vmsignalbin name=m meeting=standup mode=host user=Ann "
                        "decode=false " + line)
        host.wait_for("vm-meeting-state-changed.*announced", lab.SOON)
        uri = self.address(a, path).replace("rtsp:", scheme + ":")
        guest = self.join(b, uri, os.path.join(b.home, "debug.log"))
        guest.wait_event("participant-state", CONNECTED, state="connected")
        for name in files:
            self.grown(name, 10000)
        self.assertEqual(guest.stop(), 0)
        self.assertEqual(host.stop(), 0)
        self.assertEqual(guest.events("warning"), [])

    def test_formats(self):
        """H.265 and AAC become what a call carries; Opus goes as it comes."""
        a = self.lab.hosts[0]
        sent, picture, sound, opus = (os.path.join(a.home, name) for name in (
            "sent.opus", "got.gray", "got.s16", "got.opus"))
        self.camera(a, sent)
        self.meet("/h265", "m.video_src_0 ! decodebin ! videoconvert ! "
                  "video/x-raw,format=GRAY8 ! filesink async=false "
                  f"buffer-mode=unbuffered location={picture} m.audio_src_0 ! opusdec ! "
                  "audioconvert ! audio/x-raw,format=S16LE,channels=1,rate=48000 ! "
                  f"filesink async=false buffer-mode=unbuffered location={sound}",
                  picture, sound)
        # a ball moves over black
        self.assertGreater(media.deviation(next(media.grey_frames(picture, 160, 90))), 10)
        self.assertGreater(max(media.loudness(sound)), 500)
        self.meet("/opus", "m.audio_src_0 ! filesink async=false buffer-mode=unbuffered "
                  f"location={opus}", opus)
        with open(sent, "rb") as was, open(opus, "rb") as came:
            self.assertIn(came.read(10000), was.read())

    def certificate(self, host, name):
        """The files of a certificate that nobody has signed, and its fingerprint."""
        cert, key = (os.path.join(host.home, f"{name}.{e}") for e in ("crt", "key"))
        host.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
                 f"/CN={name}", "-keyout", key, "-out", cert, timeout=lab.SOON)
        shown = host.run("openssl", "x509", "-in", cert, "-noout", "-fingerprint",
                         "-sha256", timeout=lab.SOON).stdout
        return cert, key, shown.strip().rpartition("=")[2]

    def test_by_tls(self):
        """A certificate that nobody trusts is refused, unless its fingerprint is known."""
        a, b = self.lab.hosts
        got = os.path.join(a.home, "got.h264")
        cert, key, fingerprint = self.certificate(a, "camera")
        other = self.certificate(a, "other")[2]
        self.camera(a, os.path.join(a.home, "sent.h264"), cert, key)
        uri = self.address(a, "/camera").replace("rtsp:", "rtsps:")
        for end, words in (("", fingerprint), ("", "nobody this machine trusts"),
                           ("#" + other, "somebody may be posing")):
            guest = self.join(b, uri + end, os.path.join(b.home, "refused.log"))
            error = guest.wait_event("error", lab.SOON)
            self.assertIn(words, error["message"])
            self.assertEqual(guest.wait(lab.SOON), 1)
            self.check_secret(*guest.out, *guest.err)
        self.meet(f"/camera#{fingerprint}", "m.video_src_0 ! filesink async=false "
                  f"buffer-mode=unbuffered location={got}", got, scheme="rtsps")
        with open(os.path.join(b.home, "debug.log"), encoding="utf-8",
                  errors="replace") as f:
            said = f.read()
        # nor do its pictures go beside TLS
        self.assertIn("RTP/AVP/TCP", said)
        self.assertNotIn("client_port", said)

    def test_refused(self):
        """A wrong password, and what a call does not carry."""
        a, b = self.lab.hosts
        self.camera(a, os.path.join(a.home, "refused.h264"))
        host = a.start("videomeet", "host", "--meeting", "standup", "--user",
                       "Ann", "--source", lab.STAMP, "--json")
        host.wait_event("meeting", lab.SOON, state="announced")
        for uri, words in (
                (self.address(a, "/camera", "Garden"), "refuses this user"),
                (f"rtsp://{a.address}:{self.PORT}/camera", "wants a user"),
                (self.address(a, "/nothing"), "nothing under this address"),
                (f"rtsp://{a.address}:{self.PORT + 1}/", "cannot be reached"),
                (self.address(a, "/bframes"), "B-frames")):
            guest = self.join(b, uri, os.path.join(b.home, "refused.log"))
            error = guest.wait_event("error", lab.SOON)
            self.assertIn(words, error["message"])
            self.assertEqual(guest.wait(lab.SOON), 1)
            self.check_secret(*guest.out, *guest.err)
        # what nobody takes as it comes is encoded for the call
        guest = self.join(b, self.address(a, "/jpeg"),
                          os.path.join(b.home, "refused.log"))
        guest.wait_event("participant-state", CONNECTED, state="connected")
        host.wait_event("participant-state", CONNECTED, state="connected")
        time.sleep(2)
        self.assertEqual(guest.stop(), 0)
        self.assertEqual(host.stop(), 0)
        other = host.events("summary")[0]["participants"][-1]
        self.assertGreater(other["videoFrames"], 5, other)


if __name__ == "__main__":
    lab.main(at_once=3)
