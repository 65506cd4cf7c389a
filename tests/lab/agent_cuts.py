#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A large file from one agent to another by QUIC while the link is cut for a second at
every tenth percent; then while the sender, the receiver and the sender again are killed;
then while the sender's address changes twice. What arrives is compared, and nothing that
was verified is sent again: bytes that left the sender are counted. ./dev test soak runs
it; by hand,

    ./dev exec /usr/bin/python3 tests/lab/agent_cuts.py [MIB]

with 1024 MiB where nothing is said."""

import filecmp
import json
import os
import sys
import time

import lab

SIZE = 1024  # MiB
RATE = "600mbit"  # of the sender's link: a cut falls where it is meant to
LONG = 600  # s, for one file
PORT = "8080"
# Headers have 4 % of a packet, and what a cut finds under way is lost.
MOST = 1.1


class Pair:
    def __init__(self, a, b, size):
        self.a, self.b = a, b
        self.folder = os.path.join(a.home, "in")
        self.path = os.path.join(b.home, "file")
        self.size = size << 20
        self.room = "--server", f"http://{a.address}:{PORT}", "--room", "lab"
        os.mkdir(self.folder)
        with open(self.path, "wb") as f:
            for _ in range(size):
                f.write(os.urandom(1 << 20))
        b.call("tc", "qdisc", "replace", "dev", "eth0", "root", "tbf", "rate", RATE,
               "burst", "256kb", "latency", "50ms")
        server = a.start("videomeet", "server", "--insecure", "--json", "--port", PORT)
        server.wait_event("serving", lab.SOON)
        self.receive()

    def receive(self):
        self.agent = self.a.start(
            "videomeet", "agent", *self.room, "--user", "Ann", "--policy", "open",
            "--accept", "auto", "--receive", self.folder, "--json")
        self.agent.wait_event("ready", lab.SOON)

    def send(self):
        return self.b.start("videomeet", "send", self.path, "Ann", *self.room, "--user",
                            "Bob", "--json")

    def until(self, process, share):
        lab.wait_until(lambda: any(event.get("done", 0) >= share * self.size
                                   for event in process.events("transfer")),
                       LONG, f"{share:.0%} of the file")

    def left(self):
        """Bytes that have left the sender's host."""
        shown = json.loads(self.b.call("ip", "-s", "-j", "link", "show", "eth0"))
        return shown[0]["stats64"]["tx"]["bytes"]

    def try_it(self, name, run):
        before, start = self.left(), time.monotonic()
        process = run(self)
        if process.wait(LONG) != 0:
            sys.exit(f"{name}: {process.tail()}")
        took = time.monotonic() - start
        sent = (self.left() - before) / self.size
        received = os.path.join(self.folder, "file")
        filecmp.clear_cache()
        if not filecmp.cmp(received, self.path, False):
            sys.exit(f"{name}: what arrived is something else")
        if os.listdir(self.folder) != ["file"]:
            sys.exit(f"{name}: {os.listdir(self.folder)} are left")
        os.remove(received)
        print(f"{name}: {self.size >> 20} MiB in {took:.1f} s, {sent:.1%} of it sent",
              flush=True)
        if not 1 < sent < MOST:
            sys.exit(f"{name}: what was verified was sent again, or not all is counted")


def cut(pair):
    process = pair.send()
    for tenth in range(1, 10):
        pair.until(process, tenth / 10)
        pair.b.set_link(False)
        time.sleep(1)
        pair.b.set_link(True)
    return process


def kill(pair):
    process = pair.send()
    pair.until(process, 0.25)
    process.kill()
    process = pair.send()
    pair.until(process, 0.5)
    pair.agent.kill()
    process.wait(LONG)
    pair.receive()
    process = pair.send()
    pair.until(process, 0.75)
    process.kill()
    return pair.send()


def move(pair):
    process = pair.send()
    first = pair.b.address
    other = first.rsplit(".", 1)[0] + ".77"
    for gone, there, share in (first, other, 1 / 3), (other, first, 2 / 3):
        pair.until(process, share)
        pair.b.call("ip", "addr", "del", f"{gone}/24", "dev", "eth0")
        pair.b.call("ip", "addr", "add", f"{there}/24", "dev", "eth0")
    return process


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else SIZE
    lab.enter()
    with lab.Lab(2, avahi=False) as net:
        pair = Pair(*net.hosts, size)
        pair.try_it("nine cuts", cut)
        pair.try_it("three kills", kill)
        pair.try_it("two moves", move)


if __name__ == "__main__":
    main()
