#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the lab tests measure with, measured: stamps survive an encoder."""

import os
import tempfile
import unittest

import lab
import media


class Local:
    """Where there is no lab: commands of this machine."""

    @staticmethod
    def run(*args, timeout):
        import subprocess
        return subprocess.run(args, check=True, text=True, timeout=timeout,
                              capture_output=True)


class Stamps(unittest.TestCase):
    width, height = 320, 180

    def test_through_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            raw = os.path.join(folder, "a.raw")
            mkv = os.path.join(folder, "a.mkv")
            media.write_stamped(raw, self.width, self.height, 30)
            Local.run("gst-launch-1.0", "-q", "filesrc", "location=" + raw,
                      "!", "rawvideoparse", f"width={self.width}",
                      f"height={self.height}", "format=i420",
                      "framerate=30/1", "!", "vp8enc", "deadline=1", "!",
                      "matroskamux", "name=m", "!", "filesink",
                      "location=" + mkv, "audiotestsrc", "num-buffers=44",
                      "!", "audioconvert", "!", "audioresample", "!",
                      "opusenc", "!", "m.", timeout=lab.SOON)
            self.assertAlmostEqual(media.duration(Local, mkv), 1, delta=0.2)
            video, audio = media.play(Local, mkv, self.width, self.height,
                                      folder)
            stamps = media.read_stamps(video, self.width, self.height)
            self.assertEqual(stamps, list(range(30)))
            self.assertGreater(min(media.loudness(audio)[2:8]), 1000)

    def test_tally(self):
        self.assertEqual(
            media.tally([None, 4, 5, None, 6, 9, 9, 8, 10]),
            {"first": 4, "last": 10, "read": 7, "missing": 2, "repeated": 2,
             "unreadable": 1})

    def test_few(self):
        self.assertTrue(media.few(0, 0))
        self.assertTrue(media.few(15, 300))
        self.assertFalse(media.few(16, 300))

    def test_speech(self):
        with tempfile.TemporaryDirectory() as folder:
            seconds = media.speak(os.path.join(folder, "s.wav"), "Good morning")
            self.assertGreater(seconds, 0.4)


if __name__ == "__main__":
    lab.run_tests()
