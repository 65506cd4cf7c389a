#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every command line of the README and of the pages for users, taken from them
as they stand, on hosts of its own. A line is known by the comment before it:
<!-- test: NAME -->."""

import glob
import os
import re
import shutil
import subprocess
import time

import lab
import media

SOURCE = os.environ.get("VM_SOURCE_ROOT") or os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__))))
BLOCK = re.compile(r"(?:<!-- test: ([a-z-]+) -->\n)?```sh\n(.*?)```", re.DOTALL)
JOINED = lab.SOON


def read():
    """[(name, line)] of the blocks; None names those without."""
    blocks = []
    for page in ["README.md", *sorted(glob.glob("docs/users/*.md", root_dir=SOURCE))]:
        with open(os.path.join(SOURCE, page), encoding="utf-8") as f:
            blocks += BLOCK.findall(f.read())
    return [(name or None, line.strip()) for name, line in blocks]


class Readme(lab.LabTest):
    hosts = 2

    def setUp(self):
        self.lines = dict(read())
        self.displays = {}

    def start(self, host, name):
        """Runs a block in the host's folder."""
        # gst-launch's messages are wanted as they come, not when it ends
        return host.start("bash", "-c", f"cd {host.home} && exec "
                          + self.lines[name],
                          env=dict(lab.LINE_BUFFERED,
                                   DISPLAY=self.display(host)))

    def display(self, host):
        if host not in self.displays:
            self.displays[host] = host.display()
        return self.displays[host]

    def together(self, first, second):
        """Starts two blocks on two hosts and waits until they are in a call."""
        a, b = self.lab.hosts
        one = self.start(a, first)
        one.wait_for("vm-meeting-state-changed.*announced", lab.SOON)
        two = self.start(b, second)
        for process in (one, two):
            process.wait_for(
                r"vm-participant-state-changed.*new=\(string\)connected",
                JOINED)
        return one, two

    def finish(self, *processes):
        for process in processes:
            self.assertEqual(process.stop(lab.SOON), 0, process.tail())

    def test_every_line_is_tested(self):
        names = [name for name, _ in read()]
        self.assertNotIn(None, names)
        tested = {n[len("test_line_"):].replace("_", "-")
                  for n in dir(self) if n.startswith("test_line_")}
        self.assertEqual(set(names), tested)

    def test_line_inspect(self):
        # in the tree, as its first lines are run
        plain = {k: v for k, v in os.environ.items() if k[:4] != "GST_"}
        done = subprocess.run(["bash", "-c", self.lines["inspect"]],
                              cwd=SOURCE, env=plain, capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        elements = ("vmdiscoversrc", "vmfilesink", "vmfilesrc", "vmquicsink",
                    "vmquicsrc", "vmsignalbin", "vmtermsink", "vmtermsrc",
                    "vmtrust")
        for element in elements:
            self.assertIn(f" {element}: ", done.stdout)
        self.assertEqual(len(done.stdout.splitlines()), len(elements),
                         done.stdout)

    def test_line_discover(self):
        a, b = self.lab.hosts
        one, two = self.start(a, "discover"), self.start(b, "discover")
        for process in (one, two):
            process.wait_event("added", lab.SOON)
        self.finish(one, two)

    def test_line_discover_silent(self):
        a, b = self.lab.hosts
        one, two = self.start(a, "discover"), self.start(b, "discover-silent")
        two.wait_event("added", lab.SOON)
        time.sleep(2)
        self.assertEqual(one.events("added"), [])
        self.finish(one, two)

    def test_line_discover_manual(self):
        a, b = self.lab.hosts
        self.start(b, "discover-silent")
        one = self.start(a, "discover-manual")
        seen = one.wait_event("added", lab.SOON)
        self.assertEqual(seen["port"], 8080)
        self.finish(one)

    def test_line_host(self):
        one, two = self.together("host", "record")
        time.sleep(3)
        self.finish(two, one)

    def test_line_join(self):
        one, two = self.together("host", "join")
        # a sink reaches PAUSED by its first frame
        two.wait_for(r'"autovideosink0-actual-sink.*new-state=\(GstState\)'
                     "(paused|playing)", lab.SOON)
        self.finish(two, one)

    def test_line_record(self):
        b = self.lab.hosts[1]
        folder = os.path.join(b.home, "rec")
        before = set(os.listdir(folder))
        one, two = self.together("host", "record")
        time.sleep(5)
        self.finish(two, one)
        new = sorted(set(os.listdir(folder)) - before)
        self.assertEqual(len(new), 1, new)
        self.assertGreater(media.duration(b, os.path.join(folder, new[0])), 3)

    def test_line_screen(self):
        a = self.lab.hosts[0]
        media.speak(os.path.join(a.home, "speech.wav"),
                    "One two three four five six seven eight nine ten. " * 4)
        one, two = self.together("screen", "join")
        two.wait_for(r'"autovideosink0-actual-sink.*new-state=\(GstState\)'
                     "(paused|playing)", lab.SOON)
        self.finish(two, one)

    def test_line_encoded(self):
        one, two = self.together("encoded", "join")
        two.wait_for(r'"autovideosink0-actual-sink.*new-state=\(GstState\)'
                     "(paused|playing)", lab.SOON)
        self.finish(two, one)

    def test_line_encoded_join(self):
        b = self.lab.hosts[1]
        one, two = self.together("encoded", "encoded-join")
        time.sleep(5)
        self.finish(two, one)
        self.assertGreater(media.duration(b, os.path.join(b.home, "ann.mkv")),
                           3)

    def test_line_trusted(self):
        a, b = self.lab.hosts
        one = self.start(a, "trusted")
        one.wait_for("vm-meeting-state-changed.*announced", lab.SOON)
        guest = b.start("videomeet", "join", "vault", "--user", "Bob",
                        "--source", "test", "--json")
        guest.wait_event("error", lab.SOON, code="NOT_TRUSTED")
        one.wait_for("vm-trust-failed.*NOT_TRUSTED", lab.SOON)
        self.assertNotEqual(guest.wait(lab.SOON), 0)
        self.finish(one)

    def line(self, host, name):
        process = self.start(host, name)
        return process, process.wait(lab.SOON)

    def test_line_sign(self):
        a = self.lab.hosts[0]
        media.speak(os.path.join(a.home, "speech.wav"), "One two three.")
        process, status = self.line(a, "sign")
        self.assertEqual(status, 0, process.tail())

    def test_line_verify(self):
        a = self.lab.hosts[0]
        signed = os.path.join(a.home, "speech.signed")
        self.test_line_sign()
        process, status = self.line(a, "verify")
        self.assertEqual(status, 0, process.tail())
        data = []
        for name in "speech.wav", "again.wav":
            with open(os.path.join(a.home, name), "rb") as f:
                data.append(f.read())
        self.assertEqual(data[0], data[1])
        with open(signed, "r+b") as f:
            f.seek(len(data[0]) // 2)
            byte, = f.read(1)
            f.seek(-1, os.SEEK_CUR)
            f.write(bytes([byte ^ 1]))
        process, status = self.line(a, "verify")
        self.assertNotEqual(status, 0)
        self.assertIn("was changed on the way", process.tail())

    def test_line_terminal(self):
        a = self.lab.hosts[0]
        process, status = self.line(a, "terminal")
        self.assertEqual(status, 0, process.tail())
        self.assertIn("hello", "".join(map(str, process.out)))

    def test_line_file(self):
        a = self.lab.hosts[0]
        media.speak(os.path.join(a.home, "speech.wav"), "One two three.")
        received = os.path.join(a.home, "received")
        shutil.rmtree(received, ignore_errors=True)
        os.mkdir(received)
        process, status = self.line(a, "file")
        self.assertEqual(status, 0, process.tail())
        a.call("cmp", os.path.join(a.home, "speech.wav"),
               os.path.join(received, "speech.wav"))

    def test_line_receive(self):
        self.test_line_send()

    def test_line_send(self):
        a, b = self.lab.hosts
        source = os.path.join(b.home, "speech.wav")
        media.speak(source, "One two three.")
        receiver = self.start(a, "receive")
        receiver.wait_for("Receiving in", lab.SOON)
        process, status = self.line(b, "send")
        self.assertEqual(status, 0, process.tail())
        receiver.wait_for("verified", lab.SOON)
        self.finish(receiver)
        folder = os.path.join(a.home, "received")
        newest = max((os.path.join(folder, n) for n in os.listdir(folder)),
                     key=os.path.getmtime)
        a.call("cmp", source, newest)

    def test_line_meeting_receive(self):
        self.test_line_meeting_send()

    def test_line_meeting_send(self):
        a, b = self.lab.hosts
        source = os.path.join(b.home, "speech.wav")
        folder = os.path.join(a.home, "received")
        media.speak(source, "One two three.")
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        host = self.start(a, "meeting-receive")
        host.wait_for("vm-meeting-state-changed.*announced", lab.SOON)
        process, status = self.line(b, "meeting-send")
        self.assertEqual(status, 0, process.tail())
        host.wait_for("vm-transfer.*completed", lab.SOON)
        self.finish(host)
        a.call("cmp", source, os.path.join(folder, "speech.wav"))

    def test_line_agent_receive(self):
        self.test_line_agent_send()

    def test_line_agent_send(self):
        a, b = self.lab.hosts
        source = os.path.join(b.home, "speech.wav")
        folder = os.path.join(a.home, "received")
        media.speak(source, "One two three.")
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        server = a.start("videomeet", "server", "--insecure", "--json")
        server.wait_event("serving", lab.SOON)
        receiver = self.start(a, "agent-receive")
        process, status = self.line(b, "agent-send")
        self.assertEqual(status, 0, process.tail())
        receiver.wait_for("vm-transfer.*completed", lab.SOON)
        self.finish(receiver, server)
        a.call("cmp", source, os.path.join(folder, "speech.wav"))

    def at_server(self, name, text):
        """The server of the pages, and a block of Ann's there: both processes."""
        a = self.lab.hosts[0]
        server = self.start(a, "server")
        server.wait_for("Serving rooms on port 8080", lab.SOON)
        ann = self.start(a, name)
        ann.wait_for(text, lab.SOON)
        return ann, server

    def test_line_server(self):
        self.test_line_agent_file()

    def test_line_agent(self):
        self.test_line_agent_file()

    def test_line_agent_file(self):
        a, b = self.lab.hosts
        source = os.path.join(b.home, "speech.wav")
        folder = os.path.join(a.home, "received")
        media.speak(source, "One two three.")
        shutil.rmtree(folder, ignore_errors=True)
        ann, server = self.at_server("agent", "Others send by:  videomeet send FILE Ann")
        process, status = self.line(b, "agent-file")
        self.assertEqual(status, 0, process.tail())
        ann.wait_for("speech.wav: .* verified, from Bob", lab.SOON)
        self.finish(ann, server)
        a.call("cmp", source, os.path.join(folder, "speech.wav"))

    def test_line_agent_sync(self):
        a, b = self.lab.hosts
        note = os.path.join(b.home, "notes", "note")
        os.makedirs(os.path.dirname(note), exist_ok=True)
        with open(note, "w", encoding="utf-8") as f:
            f.write("milk")
        ann, server = self.at_server("agent", "Others sync by:  videomeet sync DIR Ann:FOLDER")
        process, status = self.line(b, "agent-sync")
        self.assertEqual(status, 0, process.tail())
        self.finish(ann, server)
        a.call("cmp", note, os.path.join(a.home, "shared", "notes", "note"))

    def test_line_term_share(self):
        self.test_line_term_view()

    def test_line_term_view(self):
        b = self.lab.hosts[1]
        ann, server = self.at_server("term-share", "In the room lab as Ann")
        bob = self.start(b, "term-view")
        bob.wait_for("Tasks", lab.SOON)
        self.finish(bob, ann, server)

    def test_line_answer(self):
        self.test_line_call()

    def test_line_call(self):
        a, b = self.lab.hosts
        server = a.start("videomeet", "server", "--insecure", "--json")
        server.wait_event("serving", lab.SOON)
        ann = self.start(a, "answer")
        ann.wait_for("Waiting for calls of Ann", lab.SOON)
        bob = self.start(b, "call")
        for process, other in (ann, "Bob"), (bob, "Ann"):
            process.wait_for(f"In the call with {other}", JOINED)
        self.finish(bob)
        ann.wait_for("Bob has ended the call", lab.SOON)
        self.assertEqual(ann.wait(lab.SOON), 0, ann.tail())
        self.finish(server)

    def test_line_everybody(self):
        one, two = self.together("host", "everybody")
        two.wait_for(r'"autovideosink0-actual-sink.*new-state=\(GstState\)'
                     "(paused|playing)", lab.SOON)
        self.finish(two, one)


if __name__ == "__main__":
    lab.main(at_once=3)
