#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""From a key to its echo on the screen, over a link with 20 ms there and back: a viewer
who controls a terminal that videomeet shares, against ssh to the same host. Both run
"cat" on a terminal there, and are typed into on a terminal here; the whole way is
measured, with the programs that draw it."""

import fcntl
import os
import pty
import random
import re
import select
import shutil
import statistics
import struct
import subprocess
import sys
import termios
import time

import lan
import sshd

lab = lan.lab
PORT = "18080"
ROUNDS = 5
KEYS = 60  # of a round
ECHOED = "#%&*"  # that neither a status line nor a sequence has
DELAY = "10ms"  # each way


class Typist:
    """A command at a terminal of its own, on a host."""

    def __init__(self, host, *args):
        self.fd, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 80, 0, 0))
        self.shown = b""
        self.process = subprocess.Popen(
            host._enter(args), stdin=side, stdout=side, stderr=side,
            env=dict(host._environment(None), TERM="xterm-256color"),
            start_new_session=True)
        os.close(side)

    def read(self, timeout):
        if not select.select([self.fd], [], [], timeout)[0]:
            return b""
        data = os.read(self.fd, 65536)
        self.shown += data
        return data

    def wait_for(self, pattern):
        end = time.monotonic() + lab.SOON
        while not re.search(pattern, self.shown):
            if time.monotonic() > end:
                sys.exit(f"no {pattern}: {self.shown[-2000:]!r}")
            self.read(0.2)

    def press(self, key):
        """ms until it is seen."""
        while self.read(0):
            pass
        start = time.monotonic()
        os.write(self.fd, key.encode())
        while key.encode() not in self.read(lab.SOON):
            if time.monotonic() - start > lab.SOON:
                sys.exit(f"no echo: {self.shown[-2000:]!r}")
        return (time.monotonic() - start) * 1000

    def type(self):
        """The median of a round, ms."""
        times = []
        for i in range(KEYS):
            times.append(self.press(ECHOED[i % len(ECHOED)]))
            # not in step with whatever a program does from time to time
            time.sleep(random.uniform(0.02, 0.06))
        os.write(self.fd, b"\r")
        time.sleep(0.2)
        return statistics.median(times)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.fd)


def view(sharer, viewer):
    url = f"http://{sharer.address}:{PORT}"
    room = ("--server", url, "--room", "bench")
    server = sharer.start("videomeet", "server", "--insecure", "--json", "--port", PORT)
    server.wait_event("serving", lab.SOON)
    share = sharer.start("videomeet", "term", "share", *room, "--user", "Ann", "--policy",
                         "open", "--allow", "Bob=terminal:control", "--json", "--", "cat")
    share.wait_event("ready", lab.SOON)
    typist = Typist(viewer, "videomeet", "term", "view", "Ann", *room, "--user", "Bob",
                    "--control")
    share.wait_event("controller", lab.SOON, controller="Bob")
    typist.wait_for(rb"you control it|You control it")
    return typist


def main():
    lab.enter()
    with lab.Lab(2, avahi=False) as net:
        sharer, viewer = net.hosts
        for host in net.hosts:
            host.call("tc", "qdisc", "replace", "dev", "eth0", "root", "netem", "delay",
                      DELAY)
        key = sshd.start(sharer, sharer.address)
        ours = view(sharer, viewer)
        peer = Typist(viewer, shutil.which("ssh"), *sshd.OPTIONS, "-tt", "-p", sshd.PORT,
                      "-i", key, f"root@{sharer.address}", "echo ready; exec cat")
        peer.wait_for(rb"ready")
        times = {ours: [], peer: []}
        for number in range(ROUNDS):
            for typist in ((ours, peer), (peer, ours))[number % 2]:
                times[typist].append(typist.type())
            print(f"ours {times[ours][-1]:.2f} ms, peer {times[peer][-1]:.2f} ms, load "
                  f"{os.getloadavg()[0]:.1f}", file=sys.stderr)
        ours.close()
        peer.close()
    lan.report("term-latency", times[ours], times[peer])


if __name__ == "__main__":
    main()
