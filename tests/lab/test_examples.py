#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs in examples/, as they stand."""

import os

import lab

SOURCE = os.environ["VM_SOURCE_ROOT"]
BUILD = os.environ["VM_BUILD_ROOT"]


class Examples(lab.LabTest):
    hosts = 2

    def lists_devices(self, *command):
        a, b = self.lab.hosts
        lister = b.start(*command)
        device = a.start("gst-launch-1.0", "-q", "vmdiscoversrc", "user=Ann",
                         "!", "fdsink")
        lister.wait_for(r"^here: Ann on .*, https://\S+:8080", lab.SOON)
        self.assertEqual(device.stop(), 0)
        lister.wait_for("^gone: Ann", lab.SOON)
        self.assertEqual(lister.stop(), 0)

    def test_devices_c(self):
        self.lists_devices(os.path.join(BUILD, "examples", "example-devices"))

    def test_devices_py(self):
        self.lists_devices(os.path.join(SOURCE, "examples", "devices.py"))

    def test_watch_sh(self):
        a, b = self.lab.hosts
        host = a.launch("vmsignalbin name=m meeting=standup mode=host "
                        "user=Ann videotestsrc is-live=true ! "
                        "video/x-raw,width=320,height=180,framerate=30/1 ! "
                        "m.video_sink_0 audiotestsrc is-live=true ! "
                        "m.audio_sink_0")
        host.wait_for("vm-meeting-state-changed.*announced", lab.SOON)
        watcher = b.start(os.path.join(SOURCE, "examples", "watch.sh"),
                          "standup", env=dict(lab.LINE_BUFFERED,
                                              DISPLAY=b.display()))
        watcher.wait_for(
            r"vm-participant-state-changed.*new=\(string\)connected", lab.SOON)
        self.assertEqual(watcher.stop(), 0)
        self.assertEqual(host.stop(), 0)


if __name__ == "__main__":
    lab.main()
