#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rooms of a real Janus, which participants of ours enter and see each other in. What they
are to see is in januspair.c; the server is here, with a folder of its own. Skipped where
there is no Janus, as in Debian 13."""

import glob
import os
import shutil
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
WEBSOCKETS = """general: {{ json = "compact", ws = true, ws_port = {port}, ws_ip = "127.0.0.1", wss = false }}
admin: {{ admin_ws = false }}
"""
ROOMS = """room-4711: { description = "lab", publishers = 12, audiocodec = "opus", videocodec = "vp8,h264" }
room-4712: { description = "one", publishers = 1 }
room-4713: { description = "other", publishers = 3, videocodec = "h264" }
"""


def libraries(folder, but):
    """Where Debian has Janus's, and those that are not @but."""
    found = glob.glob(f"/usr/lib/*/janus/{folder}/lib*.so")
    names = sorted(os.path.basename(path) for path in found)
    return os.path.dirname(found[0]), ",".join(n for n in names if but not in n)


@unittest.skipUnless(shutil.which("janus"), "there is no janus on this machine")
class Janus(lab.LabTest):
    hosts = 1

    def serve(self, reclaim=0):
        self.folder = os.path.join(self.lab.hosts[0].home, "janus")
        os.makedirs(self.folder, exist_ok=True)
        plugins, others = libraries("plugins", "videoroom")
        transports, ways = libraries("transports", "websockets")
        for name, text in (
                ("janus", SERVER.format(plugins=plugins, transports=transports,
                                        reclaim=reclaim, others=others, ways=ways)),
                ("janus.transport.websockets", WEBSOCKETS.format(port=PORT)),
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


if __name__ == "__main__":
    lab.main()
