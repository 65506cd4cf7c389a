#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs in examples/, as they stand."""

import os
import shutil

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

    def approves(self, *command):
        """Bob is not let in, asks, is denied, asks again, is approved."""
        a, b = self.lab.hosts
        for host in a, b:
            shutil.rmtree(os.path.join(host.config, "videomeet"),
                          ignore_errors=True)
        dialog = a.start(*command, "vault", typed=True)
        uri = f"videomeet://{a.address}/vault"

        def join():
            return b.start("videomeet", "join", uri, "--user", "Bob",
                           "--source", lab.STAMP, "--json")

        def ask():
            asking = b.start("videomeet", "trust", "request", a.address,
                             "--user", "Bob", "--approve", "auto", "--json")
            digits = asking.wait_event("trust-digits", lab.SOON)["digits"]
            dialog.wait_for(f"Bob wants to be trusted.* {digits} ", lab.SOON)
            return asking

        def request(answer):
            asking = ask()
            dialog.type(answer)
            return asking.wait(lab.SOON)

        lab.wait_until(lambda: self.answers(b, a.address), lab.SOON,
                       "the host's server")
        guest = join()
        guest.wait_event("error", lab.SOON, code="NOT_TRUSTED")
        dialog.wait_for("^Bob: .*not trusted", lab.SOON)
        self.assertNotEqual(guest.wait(lab.SOON), 0)
        self.assertNotEqual(request("no"), 0)
        # a question that is over takes no answer
        dialog.type("yes")
        dialog.wait_for("^Nobody asks", lab.SOON)
        ask().stop()
        self.assertEqual(request("yes"), 0)
        dialog.wait_for("^Bob: The device has begun a new", lab.SOON)
        dialog.wait_for("^Bob is trusted now: ", lab.SOON)
        guest = join()
        guest.wait_event("participant-state", lab.SOON, state="connected")
        self.assertEqual(guest.stop(), 0)
        self.assertEqual(dialog.stop(), 0)

    @staticmethod
    def answers(host, address):
        return host.run("videomeet", "status", address, timeout=lab.SOON,
                        check=False).returncode == 0

    def test_approve_c(self):
        self.approves(os.path.join(BUILD, "examples", "example-approve"))

    def test_approve_py(self):
        self.approves(os.path.join(SOURCE, "examples", "approve.py"))

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
