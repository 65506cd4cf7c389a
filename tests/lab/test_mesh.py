#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Meetings of three, five and ten: everybody decodes everybody, frame by
frame, and encodes what it sends once for all of them."""

import os
import time

import lab
import media
import mesh

LENGTH = 8  # s of a meeting once all see each other
WINDOWS = 4  # of that length, in one of which nothing else takes the cores
SETTLE = 2  # s before that, for what comes with the last one to join
# All of them share the cores of one machine. With the default of 200 ms what is
# late is what did not get one of them in time, and it is dropped as if lost.
PATIENT = ("--set", "latency=1000")


class Everybody(mesh.MeshTest):
    hosts = 10

    def stamps(self, people):
        """{(receiver, sender): its stamps} so far."""
        return {(p.name, other["user"]): other["stamps"]
                for p in people for other in self.second(p)["participants"]}

    def heard(self, people, speakers):
        """How many buffers of each of the speakers each has heard so far."""
        return [other["audioBuffers"] for p in people
                for other in self.second(p)["participants"] if other["user"] in speakers]

    def check(self, count, *options, rate, speakers=None):
        speakers = speakers or count
        people = self.meet("--rate", str(rate), *PATIENT, *options,
                           count=count, speakers=speakers)
        # the last key frames and decoders of the beginning
        time.sleep(SETTLE)
        for _ in range(WINDOWS):
            missed = self.missed(people, rate)
            if not missed:
                break
        self.assertEqual(missed, {})
        for index, process in enumerate(people):
            second = self.second(process)
            # one for the camera and one for the microphone, however many take
            # what they make, in whatever pipeline
            self.assertEqual(
                (second["videoEncoders"], second["audioEncoders"]),
                (1, 1 if index < speakers else 0), process.tail())
        # so many buffers of each that speaks, in whatever time
        lab.wait_until(
            lambda: all(heard >= LENGTH * 40 for heard in
                        self.heard(people, mesh.NAMES[:speakers])),
            4 * LENGTH + lab.SOON, lambda: f"sound for {LENGTH} s of each, not "
            f"{self.heard(people, mesh.NAMES[:speakers])}")
        for process, others in zip(people, self.finish(people)):
            self.assertEqual({o["user"] for o in others},
                             set(mesh.NAMES[:count])
                             - {mesh.NAMES[people.index(process)]})

    def missed(self, people, rate):
        """What of whose frames who missed, or was sent twice more often than now
        and then, in LENGTH seconds' worth."""
        before = self.stamps(people)
        self.assertEqual(len(before), len(people) * (len(people) - 1))
        # so many frames more of everybody at everybody, in whatever time
        lab.wait_until(
            lambda: all(stamps["read"] - before[pair]["read"]
                        >= LENGTH * rate
                        for pair, stamps in self.stamps(people).items()),
            4 * LENGTH + lab.SOON, f"{LENGTH * rate} frames of each")
        after = self.stamps(people)
        missed = {}
        for pair, old in before.items():
            new = after[pair]
            self.assertEqual(new["unreadable"], old["unreadable"],
                             (pair, old, new))
            if new["missing"] != old["missing"] or not media.few(
                    new["repeated"] - old["repeated"],
                    new["last"] - old["last"]):
                missed[pair] = old, new
        return missed

    def test_three(self):
        self.check(3, "--width", "320", "--height", "180", rate=15)

    def test_recordings(self):
        """Each of several into a file of its own; who is alone at last ends."""
        folder = os.path.join(self.lab.hosts[0].home, "rec")
        recorder = self.host("--record", folder, "--end-when-alone",
                             "--rate", "10")
        others = [self.guest(h, "--rate", "10") for h in self.lab.hosts[1:4]]
        for process in others:
            process.wait_event("joined", lab.SOON)
        self.wait_whole([recorder, *others])
        time.sleep(LENGTH)
        # one after the other leaves, and one is killed
        self.assertEqual(others[0].stop(lab.SOON), 0)
        others[1].kill()
        recorder.wait_event("participant-left", 90, user=mesh.NAMES[2])
        self.assertIsNone(recorder.popen.poll())
        self.assertEqual(others[2].stop(lab.SOON), 0)
        self.assertEqual(recorder.wait(lab.SOON), 0, recorder.tail())
        states = [e["new"] for e in recorder.events("meeting-state-changed")]
        self.assertEqual(states[-1], "ended", states)
        files = sorted(os.listdir(folder))
        self.assertEqual(len(files), 3, files)
        for name, user in zip(files, mesh.NAMES[1:4]):
            path = os.path.join(folder, name)
            self.assertIn(user, name)
            self.assertGreater(media.duration(self.lab.hosts[0], path), LENGTH)
            video, _ = media.play(self.lab.hosts[0], path, 160, 120,
                                  self.lab.hosts[0].home)
            stamps = media.read_stamps(video, 160, 120)
            known = [s for s in stamps if s is not None]
            self.assertGreater(len(known), LENGTH * 4)
            self.assertEqual(known, sorted(set(known)))

    def test_idle_and_back(self):
        ann, bob = self.lab.hosts[:2]
        host = self.host("--rate", "5")
        for _ in range(2):
            seen = len(host.events("meeting-state-changed"))
            guest = self.guest(bob, "--rate", "5")
            guest.wait_event("joined", lab.SOON)
            self.wait_whole([host, guest])
            self.assertEqual(guest.stop(lab.SOON), 0)
            lab.wait_until(
                lambda: [e["new"] for e in
                         host.events("meeting-state-changed")[seen:]]
                == ["active", "idle"], lab.SOON, "active, and idle again")
            host.wait_event("participant-left", lab.SOON)
        self.assertEqual(host.stop(lab.SOON), 0)

    def test_five(self):
        self.check(5, "--width", "320", "--height", "180", rate=15)

    def test_ten(self):
        # ten times ten voices are more than the two cores of a small machine
        self.check(10, rate=5, speakers=1)

    def test_active_speaker(self):
        """Who is heard is told by all others, and who is not is not."""
        ann, bob, cem, dan = self.lab.hosts[:4]
        quiet = ("--volume", "0", "--rate", "5")
        people = [self.host(*quiet), self.guest(bob, *quiet)]
        people[1].wait_event("joined", lab.SOON)
        self.wait_whole(people)
        loud = self.guest(cem, "--volume", "0.3", "--rate", "5")
        joined = loud.wait_event("joined", lab.SOON)
        for process in people:
            process.wait_event("active-speaker", lab.SOON, id=joined["id"])
        # nobody else speaks when it has left; then another one does
        self.assertEqual(loud.stop(lab.SOON), 0)
        for process in people:
            process.wait_event("active-speaker", lab.SOON, id="")
        other = self.guest(dan, "--volume", "0.3", "--rate", "5")
        joined = other.wait_event("joined", lab.SOON)
        for process in people:
            process.wait_event("active-speaker", lab.SOON, id=joined["id"])
        for process in people:
            self.assertEqual(len(process.events("active-speaker")), 3,
                             process.tail())
        self.assertEqual(other.events("active-speaker"), [])
        self.finish(people + [other])

    def test_compositor(self):
        """One line that shows everybody: `:` links every pad that comes."""
        count, width, height = 4, 160, 120
        people = self.meet("--rate", "10", count=count, speakers=1)
        viewer = self.lab.hosts[count]
        shown = os.path.join(viewer.home, "shown.gray")
        tiles = " ".join(f"sink_{i}::xpos={i * width}" for i in range(count))
        line = viewer.launch(
            f"vmsignalbin name=m uri=videomeet://{self.lab.hosts[0].address}:"
            f"{mesh.PORT}/{mesh.MEETING} user=Eva m. : c. "
            f"compositor name=c background=black {tiles} ! "
            f"video/x-raw,width={count * width},height={height},"
            "framerate=10/1 ! videoconvert ! video/x-raw,format=GRAY8 ! "
            f"filesink async=false location={shown}")
        lab.wait_until(lambda: os.path.exists(shown)
                       and os.path.getsize(shown), lab.SOON, "a picture")
        time.sleep(LENGTH)
        # one leaves, the others go on
        self.assertEqual(people[-1].stop(lab.SOON), 0)
        frames_then = os.path.getsize(shown) // (count * width * height)
        time.sleep(LENGTH / 2)
        self.assertEqual(line.stop(lab.SOON), 0)
        self.finish(people[:-1])
        frames = list(media.grey_frames(shown, count * width, height))
        read = [[media.read_stamp(crop(f, count * width, i * width, width),
                                  width, height) for f in frames]
                for i in range(count)]
        for tile in read:
            # with everybody there, each tile moved on
            seen = [s for s in tile[frames_then - 50:frames_then]
                    if s is not None]
            self.assertGreater(len(seen), 20, tile)
            self.assertEqual(seen, sorted(seen))
            self.assertGreater(len(set(seen)), 15, tile)
        # afterwards all but one did
        moving = sum(1 for tile in read
                     if len(set(tile[frames_then + 10:]) - {None}) > 15)
        self.assertEqual(moving, count - 1)


def crop(frame, stride, x, width):
    """A column of a GRAY8 frame."""
    return b"".join(frame[y + x:y + x + width]
                    for y in range(0, len(frame), stride))


if __name__ == "__main__":
    lab.main()
