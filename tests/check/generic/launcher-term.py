# SPDX-License-Identifier: LGPL-2.1-or-later
"""videomeet term at a terminal: the last line says who watches and who controls, keys do
what the help says, and the terminal is afterwards as it was, however it ends."""

import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import time

build = pathlib.Path(os.environ["VM_BUILD_ROOT"])
launcher = build / "tools" / "videomeet"
COLUMNS, ROWS = 100, 25
WAIT = 90  # s, where others take the cores
KEY = "\x1d"  # Ctrl-]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Terminal:
    """videomeet term at a terminal of its own."""

    def __init__(self, folder, action, *arguments, user):
        self.bytes = b""
        self.fd, self.side = pty.openpty()
        fcntl.ioctl(self.side, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.before = termios.tcgetattr(self.side)
        self.process = subprocess.Popen(
            [launcher, "term", action, "--server", url, "--room", "lab", "--user", user,
             *arguments], stdin=self.side, stdout=self.side, stderr=self.side,
            env={**os.environ, "XDG_CONFIG_HOME": str(folder / user),
                 "TERM": "xterm-256color"}, preexec_fn=self.take)

    def take(self):
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    @property
    def written(self):
        return self.bytes.decode("utf-8", "replace")

    @property
    def shown(self):
        """What is on the screen."""
        done = subprocess.run([build / "tests" / "support" / "termtext", str(COLUMNS),
                               str(ROWS)], input=self.bytes, capture_output=True,
                              check=True, timeout=WAIT)
        return done.stdout.decode()

    def read(self, timeout):
        if select.select([self.fd], [], [], timeout)[0]:
            self.bytes += os.read(self.fd, 65536)

    def wait_for(self, pattern):
        end = time.monotonic() + WAIT
        while not re.search(pattern, self.shown):
            assert time.monotonic() < end, f"no {pattern}: {self.shown}"
            self.read(0.2)

    def type(self, text):
        os.write(self.fd, text.encode())

    def ends(self, status):
        """With that status, and leaves the terminal as it was."""
        end = time.monotonic() + WAIT
        while self.process.poll() is None:
            assert time.monotonic() < end, f"it still runs: {self.shown}"
            self.read(0.2)
        while select.select([self.fd], [], [], 0.2)[0]:
            self.read(0)
        assert self.process.returncode == status, \
            (self.process.returncode, self.written[-3000:])
        assert termios.tcgetattr(self.side) == self.before, "the terminal is another"
        if "\x1b[?1049h" in self.written:
            assert self.written.rindex("\x1b[?1049l") > self.written.rindex("\x1b[?1049h")
        os.close(self.side)
        os.close(self.fd)


def share_and_view(folder):
    """Somebody watches, asks, types, and loses control by one key."""
    ann = Terminal(folder, "share", "--policy", "open", "--allow",
                   "Bob=terminal:control", "--", "sh", "-c",
                   'echo "kite-ready"; while read line; do case $line in'
                   ' bye) exit 5;; *) echo "<$line>";; esac; done', user="Ann")
    ann.wait_for("kite-ready")
    ann.wait_for("nobody watches")
    bob = Terminal(folder, "view", "Ann", user="Bob")
    bob.wait_for("kite-ready")
    ann.wait_for("1 watches: Bob")
    bob.type("lark\r")
    bob.wait_for("Keys are not sent")
    bob.type(KEY + "c")
    bob.wait_for("[Yy]ou control it")
    ann.wait_for("Bob controls")
    bob.type("swift\r")
    bob.wait_for("<swift>")
    ann.wait_for("<swift>")
    ann.type(KEY)
    bob.wait_for("No control")
    ann.wait_for("taken back|Nobody else")
    ann.type("x")
    bob.type("wren\r")
    bob.wait_for("Keys are not sent")
    assert "<lark>" not in ann.shown and "<wren>" not in ann.shown, ann.shown
    bob.type("\x03")
    bob.ends(0)
    ann.wait_for("nobody watches")
    ann.type("bye\r")
    ann.ends(5)


def by_a_signal(folder):
    """SIGTERM ends both, and the second Ctrl-C too."""
    ann = Terminal(folder, "share", "--policy", "open", "--", "sh", "-c",
                   "echo kite-ready; exec sleep 600", user="Ann")
    ann.wait_for("kite-ready")
    bob = Terminal(folder, "view", "Ann", user="Bob")
    bob.wait_for("kite-ready")
    bob.process.send_signal(signal.SIGTERM)
    bob.ends(0)
    carl = Terminal(folder, "view", "Ann", user="Carl")
    carl.wait_for("kite-ready")
    carl.process.send_signal(signal.SIGSEGV)
    carl.ends(-signal.SIGSEGV)
    dora = Terminal(folder, "view", "Ann", user="Dora")
    dora.wait_for("kite-ready")
    # the other side crashes
    ann.process.kill()
    ann.process.wait()
    os.close(ann.side)
    os.close(ann.fd)
    dora.type("\x03")
    dora.ends(0)


def nobody(folder):
    bob = Terminal(folder, "view", "Emma", user="Bob")
    bob.ends(1)
    assert re.search('No agent of "Emma"', bob.written), bob.written


def no_command(folder):
    ann = Terminal(folder, "share", "--", "/no/such/program", user="Ann")
    ann.ends(1)


with tempfile.TemporaryDirectory() as name:
    place = pathlib.Path(name)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen([launcher, "server", "--insecure", "--port",
                               str(port)], env={**os.environ, "XDG_CONFIG_HOME": name},
                              stdout=subprocess.DEVNULL)
    try:
        limit = time.monotonic() + WAIT
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < limit, "no server"
                time.sleep(0.1)
        share_and_view(place)
        by_a_signal(place)
        nobody(place)
        no_command(place)
    finally:
        server.kill()
        server.wait()
print("ok")
