#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A terminal that one host shares and others see: at once, late, through a router, by the
relay, over a link that loses packets, without the server, from another address; who may
type; and a viewer that is slow."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

import lab
import natlab

PORT = natlab.PORT
URL = f"http://{natlab.PUBLIC}:{PORT}"
ROOM = "lab"
COLUMNS, ROWS = 80, 24
BUILD = os.environ.get("VM_BUILD_ROOT") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "build")
PROGRAM = os.path.join(BUILD, "tests/support/termtext")
# a line each 0.05 s, so that something always is on its way
TICKING = "i=0; while [ $i -lt %d ]; do i=$((i+1)); echo line-$i; sleep 0.05; done; " \
          "echo the end; exec sleep 600"
MANY = 1_460_000  # lines, which are 100 MB
LONG = "x" * 60
KEY = "\x1d"  # Ctrl-]
HUNG_UP = 128 + signal.SIGHUP  # the status of a command that is ended


class AtTerminal:
    """A command of videomeet term at a terminal of 80 times 24, and what is on it."""

    def __init__(self, test, host, *args, user):
        self.test, self.host, self.shown = test, host, b""
        self.master, terminal = pty.openpty()
        test.addCleanup(os.close, self.master)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.before = termios.tcgetattr(terminal)
        self.popen = host.at_terminal(
            terminal, "videomeet", "term", "--server", URL, "--room", ROOM, "--user", user,
            *args, env={"XDG_CONFIG_HOME": os.path.join(host.config, user)})
        test.addCleanup(self.popen.wait)
        test.addCleanup(self.popen.kill)
        os.close(terminal)

    def type(self, keys):
        os.write(self.master, keys.encode())

    def screen(self):
        while select.select([self.master], [], [], 0.2)[0]:
            try:
                self.shown += os.read(self.master, 65536)
            except OSError:  # all others have closed it
                break
        done = self.host.run(PROGRAM, COLUMNS, ROWS, timeout=lab.SOON,
                             stdin=self.shown.decode(errors="replace"))
        return done.stdout.rstrip("\n").split("\n")

    def until(self, text):
        """The last row has that text; all rows."""
        end = time.monotonic() + lab.SOON
        while text not in (screen := self.screen())[-1]:
            if time.monotonic() > end:
                raise lab.LabError(f"not on the last row: {text}\n" + "\n".join(screen))
        return screen


class Term(natlab.NatTest):
    def setUp(self):
        super().setUp()
        self.server = self.start_server("--insecure")

    def share(self, host, command, *more, user="Ann"):
        process = host.start(
            "videomeet", "term", "share", "--server", URL, "--room", ROOM, "--user", user,
            "--policy", "open", "--json", *more, "--", "sh", "-c", command)
        process.wait_event("ready", lab.SOON)
        return process

    def view(self, host, *more, user="Bob", typed=False):
        process = host.start(
            "videomeet", "term", "view", "Ann", "--server", URL, "--room", ROOM, "--user",
            user, "--json", *more, typed=typed,
            # a device is in a room once
            env={"XDG_CONFIG_HOME": os.path.join(host.config, user)})
        process.wait_event("resized", lab.SOON)
        return process

    def screen(self, process):
        """What a viewer sees, row by row."""
        shown, size = [], None
        for event in process.events():
            if event["event"] == "resized":
                size, shown = (event["columns"], event["rows"]), []
            elif event["event"] == "output":
                shown.append(event["text"])
        done = self.public.run(PROGRAM, *size, timeout=lab.SOON, stdin="".join(shown))
        return done.stdout.rstrip("\n").split("\n")

    def until(self, process, text, timeout=lab.SOON):
        """Polled rarely: it begins with all that was ever shown."""
        end = time.monotonic() + timeout
        while not any(text in row for row in self.screen(process)):
            if time.monotonic() > end:
                raise lab.LabError(f"not within {timeout} s: {text}\n" + "\n".join(
                    self.screen(process)) + process.tail()[-2000:])
            time.sleep(0.3)

    def ends_right(self, *viewers, last, timeout=60):
        """All see what a terminal shows after `last` lines of TICKING."""
        expected = [f"line-{i}" for i in range(last - ROWS + 3, last + 1)] + ["the end"]
        for viewer in viewers:
            self.until(viewer, "the end", timeout)
            self.assertEqual(self.screen(viewer)[:ROWS - 1], expected)

    def test_view(self):
        """At once and late, from behind routers: all see the same."""
        for number in (0, 1):
            self.set_nat(number, "cone")
        ann, bob, _ = self.clients[:3]
        share = self.share(ann, TICKING % 60)
        first = self.view(bob)
        self.until(first, "line-40")
        late = self.view(bob, user="Carl")
        self.ends_right(first, late, last=60)
        viewers = share.events("viewers")[-1]["viewers"]
        self.assertEqual(sorted(viewers), ["Bob", "Carl"])
        first.stop()
        share.wait_event("viewers", lab.SOON, viewers=["Carl"])

    def test_relay(self):
        """No UDP passes: the server carries it."""
        for number in (0, 1):
            self.set_nat(number, "no-udp")
        self.share(self.clients[0], TICKING % 30)
        viewer = self.view(self.clients[1])
        self.ends_right(viewer, last=30)

    def test_nobody(self):
        ann, bob = self.routers
        self.share(ann, "exec sleep 600")
        done = bob.run("videomeet", "term", "view", "Emma", "--server", URL, "--room",
                       ROOM, "--user", "Bob", timeout=lab.SOON, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Emma", done.stderr)
        self.assertIn("Ann", done.stderr.replace("Emma", ""))
        agent = bob.start("videomeet", "agent", "--server", URL, "--room", ROOM, "--user",
                          "Emma", "--policy", "open", "--share", bob.home, "--json")
        agent.wait_event("ready", lab.SOON)
        done = self.routers[0].run("videomeet", "term", "view", "Emma", "--server", URL,
                                   "--room", ROOM, "--user", "Carl", timeout=lab.SOON,
                                   check=False, env={"XDG_CONFIG_HOME": os.path.join(
                                       ann.config, "Carl")})
        self.assertEqual(done.returncode, 1)
        self.assertIn('error: "Emma" shares no terminal.', done.stderr)

    def test_stranger(self):
        """Who is not trusted hears what the other user may do, and that does it."""
        ann, bob = self.routers
        home = {"XDG_CONFIG_HOME": os.path.join(bob.config, "Bob")}
        share = self.share(ann, "exec sleep 600", "--policy", "pin")
        done = bob.run("videomeet", "term", "view", "Ann", "--server", URL, "--room", ROOM,
                       "--user", "Bob", timeout=lab.SOON, check=False, env=home)
        self.assertEqual(done.returncode, 1)
        told = re.search(r'"Ann" does not trust the device .* by (--policy pin --allow '
                         r"\S+=terminal:view)\.", done.stderr)
        self.assertTrue(told, done.stderr)
        # the command is ended, and how it has ended is told
        share.signal()
        self.assertEqual(share.wait(lab.SOON), HUNG_UP)
        self.assertEqual(share.wait_event("term-ended", lab.SOON)["status"], HUNG_UP)
        self.share(ann, "echo seen; exec sleep 600", *told[1].split())
        self.until(self.view(bob), "seen")

    def test_last_row(self):
        """At a terminal: under which name it is shared, who controls, what the next key
        does, and why somebody has no control."""
        ann, bob = self.routers
        share = AtTerminal(self, ann, "share", "--policy", "open", "--allow",
                           "Bob=terminal:control", "--", "cat", user="Ann")
        share.until("shared in lab as Ann | nobody watches | Ctrl-] q ends it")
        viewer = self.view(bob, "--control")
        viewer.wait_event("control", lab.SOON, control=True)
        share.until("Bob controls the terminal.")
        share.type(KEY)
        viewer.wait_event("control", lab.SOON, control=False)
        share.until("Control is taken back. q ends it all, any other key goes on")
        share.type("x")
        share.until("Go on")
        dora = AtTerminal(self, bob, "view", "Ann", "--control", user="Dora")
        self.assertNotIn("warning", dora.until("No control: The user of this")[-1])
        dora.type("\x03")
        self.assertEqual(dora.popen.wait(lab.SOON), 0)
        share.type(KEY + "q")
        self.assertEqual(share.popen.wait(lab.SOON), HUNG_UP)
        self.assertEqual(termios.tcgetattr(share.master), share.before)

    def test_control(self):
        """Who is on the list types, and nobody else; two at once; it is over when who has
        it is gone; and the command's exit status is that of share."""
        ann, bob = self.routers
        share = self.share(
            ann, "while read line; do case $line in bye) exit 3;; *) echo got $line;; esac;"
            " done", "--allow", "Bob=terminal:control", "--allow", "Carl=terminal:control")
        dora = self.view(bob, "--control", user="Dora", typed=True)
        dora.wait_event("warning", lab.SOON, code="CAP_REQUIRED")
        share.wait_event("asked", lab.SOON, user="Dora", code="CAP_REQUIRED")
        viewer = self.view(bob, "--control", typed=True)
        viewer.wait_event("control", lab.SOON, control=True)
        viewer.type("kite")
        self.until(dora, "got kite")
        other = self.view(bob, "--control", user="Carl", typed=True)
        other.wait_event("warning", lab.SOON)
        dora.type("no")
        other.type("no")
        viewer.kill()
        lab.wait_until(lambda: share.events("controller")[-1].get("controller") is None,
                       40, "control is over")
        other.stop()
        again = self.view(bob, "--control", user="Carl", typed=True)
        again.wait_event("control", lab.SOON, control=True)
        again.type("bye")
        self.assertEqual(share.wait(lab.SOON), 3, share.tail())
        self.assertEqual(again.wait_event("term-ended", lab.SOON)["status"], 3)
        self.assertFalse(any("got no" in row for row in self.screen(dora)))

    def test_loss(self):
        """2 % of all packets are lost, both ways."""
        ann, bob = self.routers
        for host in ann, bob:
            rule = ("INPUT", "-p", "udp", "-m", "statistic", "--mode", "random",
                    "--probability", "0.02", "-j", "DROP")
            host.call("iptables", "-A", *rule)  # until tearDown()
        self.share(ann, TICKING % 100)
        viewer = self.view(bob)
        self.ends_right(viewer, last=100)

    def test_server_dies(self):
        """What is seen goes on, and control, too."""
        ann, bob = self.routers
        self.share(ann, "echo ready; exec cat", "--allow", "Bob=terminal:control")
        viewer = self.view(bob, "--control", typed=True)
        viewer.wait_event("control", lab.SOON, control=True)
        self.server.kill()
        viewer.wait_event("warning", lab.SOON, code="DISCONNECTED")
        viewer.type("still here")
        self.until(viewer, "still here")

    def test_address_changes(self):
        """Of the viewer, there and back."""
        ann, bob = self.routers
        self.share(ann, TICKING % 300)
        viewer = self.view(bob)
        for gone, there, line in ((3, 77, "line-100"), (77, 3, "line-200")):
            bob.call("ip", "addr", "del", f"198.51.100.{gone}/24", "dev", "eth0")
            bob.call("ip", "addr", "add", f"198.51.100.{there}/24", "dev", "eth0")
            time.sleep(1)
            bob.call("ip", "route", "add", "default", "dev", "eth0")
            self.until(viewer, line, 40)
        self.ends_right(viewer, last=300)

    def test_slow_viewer(self):
        """100 MB of output, a viewer by a link of 256 kbit/s and a fast one: the command
        waits for neither, and both end on the right screen."""
        ann, bob = self.routers
        slow = self.clients[0]
        self.set_nat(0, "cone")
        share = self.share(
            bob, f"seq -f '{LONG}%08.0f' {MANY}; echo the end; exec sleep 600")
        began = time.monotonic()
        fast = self.view(ann, user="Carl")
        ann.call("tc", "qdisc", "replace", "dev", "eth1", "root", "tbf", "rate", "256kbit",
                 "burst", "16kb", "latency", "200ms")
        self.addCleanup(ann.call, "tc", "qdisc", "del", "dev", "eth1", "root")
        viewer = self.view(slow)
        for process in fast, viewer:
            self.until(process, "the end", 150)
        print(f"100 MB were shown in {time.monotonic() - began:.0f} s")
        self.assertEqual(self.screen(fast), self.screen(viewer))
        self.assertTrue(any(f"{MANY:08d}" in row for row in self.screen(viewer)))
        self.assertIsNone(share.popen.poll())
        self.assertFalse(re.search("CAP_EXPIRED", viewer.tail()))


if __name__ == "__main__":
    lab.main()
