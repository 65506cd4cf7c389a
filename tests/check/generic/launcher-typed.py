# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is typed into videomeet on a terminal is edited there, sent to the other
side, and leaves the terminal as it was."""

import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time

launcher = pathlib.Path(os.environ["VM_BUILD_ROOT"]) / "tools" / "videomeet"
LOOPBACK = ["--insecure", "--interfaces", "lo", "--methods", "manual",
            "--source", "test", "--audio-only"]
WAIT = 90  # s, where others take the cores


class Terminal:
    """videomeet on a terminal of its own; what it showed so far."""

    def __init__(self, folder, *arguments):
        self.bytes = b""
        main, side = pty.openpty()
        self.fd, self.side = main, side
        self.before = termios.tcgetattr(side)
        self.process = subprocess.Popen(
            [launcher, *arguments], stdin=side, stdout=side, stderr=side,
            env={**os.environ, "XDG_CONFIG_HOME": str(folder / "term"),
                 "TERM": "xterm"},
            preexec_fn=self.take)

    def take(self):
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    @property
    def shown(self):
        return self.bytes.decode("utf-8", "replace")

    def wait_for(self, pattern):
        end = time.monotonic() + WAIT
        while not re.search(pattern, self.shown):
            assert time.monotonic() < end, f"no {pattern}: {self.shown!r}"
            if select.select([self.fd], [], [], 0.2)[0]:
                self.bytes += os.read(self.fd, 65536)
        return re.search(pattern, self.shown)

    def type(self, text):
        os.write(self.fd, text.encode())

    def drain_until_end(self):
        end = time.monotonic() + WAIT
        while self.process.poll() is None:
            assert time.monotonic() < end, self.shown
            if select.select([self.fd], [], [], 0.2)[0]:
                self.bytes += os.read(self.fd, 65536)
        return self.process.returncode


class Events:
    """videomeet without a terminal: the events it printed."""

    def __init__(self, folder, *arguments):
        self.events = []
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            [launcher, *arguments, "--json"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "XDG_CONFIG_HOME": str(folder / "json")})
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.events.append(json.loads(line))
                self.changed.notify_all()

    def wait(self, name, **members):
        def found():
            return next((e for e in self.events if e["event"] == name and all(
                e.get(k) == v for k, v in members.items())), None)

        with self.changed:
            assert self.changed.wait_for(found, WAIT), self.events
            return found()


def talk(folder, running):
    host = Terminal(folder, "host", "--meeting", "standup", "--user", "Ann",
                    *LOOPBACK)
    running.append(host.process)
    port = host.wait_for(r"This meeting's link:  http://[^:]*:(\d+)/")[1]
    guest = Events(folder, "join", f"videomeet://127.0.0.1:{port}/standup",
                   "--user", "Bob", "--push-to-talk", *LOOPBACK)
    running.append(guest.process)
    guest.wait("participant-state", user="Ann", state="connected")

    host.type("helo\x7flo,\x1b[A you")  # not yet entered
    host.wait_for(r" > hello, you$|> hello, you\r")
    guest.process.stdin.write("meanwhile\n")
    guest.process.stdin.flush()
    host.wait_for(r"\[\d\d:\d\d\] Bob: meanwhile")
    assert not [e for e in guest.events if e["event"] == "chat"]
    host.type("\r")
    guest.wait("chat", user="Ann", text="hello, you")
    host.wait_for(r"\x1b\[K> hello, you\r\n")

    # a guest that was started with --push-to-talk is heard from /talk to Enter
    def type(text):
        guest.process.stdin.write(text + "\n")
        guest.process.stdin.flush()

    type("/talk")
    guest.wait("muted", audio=False, video=False)
    assert not [e for e in guest.events if e["event"] == "muted" and e["audio"]]
    type("")
    guest.wait("muted", audio=True, video=False)
    # statistics are made twice a second
    end = time.monotonic() + WAIT
    while not (stats := [e for e in guest.events
                         if e["event"] == "stats" and "audioLevel" in e]):
        assert time.monotonic() < end, guest.events
        type("/stats")
        time.sleep(0.2)
    assert -127 <= stats[0]["audioLevel"] <= 0, stats
    host.type("/stats\r")
    host.wait_for(r"You: level -\d+ dBFS")
    host.wait_for(r"Bob: level (-\d+ dBFS|not told)")

    # the end of what is typed is not the end of the meeting
    guest.process.stdin.close()
    host.type("/mute Bob\r")
    guest.wait("mute-requested", audio=True, video=False)
    host.wait_for("Bob sends neither sound nor picture")
    host.type("/end\r")
    assert host.drain_until_end() == 0, host.shown
    assert guest.process.wait(WAIT) == 0
    assert termios.tcgetattr(host.side) == host.before


def interrupted(folder, running):
    """Ctrl-C leaves the terminal as it was, too."""
    host = Terminal(folder, "host", "--meeting", "alone", "--user", "Ann",
                    *LOOPBACK)
    running.append(host.process)
    host.wait_for("This meeting's link")
    host.type("half a li")
    host.wait_for("> half a li")
    assert termios.tcgetattr(host.side) != host.before
    host.type("\x03")
    assert host.drain_until_end() == 0, host.shown
    assert termios.tcgetattr(host.side) == host.before


def main():
    running = []
    with tempfile.TemporaryDirectory(prefix="vm-typed-") as name:
        try:
            talk(pathlib.Path(name), running)
            interrupted(pathlib.Path(name), running)
        finally:
            for process in running:
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                    process.wait()


sys.exit(main())
