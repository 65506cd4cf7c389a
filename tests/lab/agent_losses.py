#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A large file from one agent to another by QUIC over cables with a round trip of 50 ms
that lose none, 1 % and 3 % of the packets each way, all at the same time: what arrives is
compared, bytes that left the sender are counted, and how long it took is printed.
./dev test soak runs it; by hand,

    ./dev exec /usr/bin/python3 tests/lab/agent_losses.py [MIB [PERCENT...]]

with 256 MiB and these three where nothing is said. A flow that takes losses for congestion
has 2.8 Mbit/s at 1 % and 1.6 at 3 %: 256 MiB last 25 minutes."""

import concurrent.futures
import filecmp
import json
import os
import subprocess
import sys
import time

import lab

VMLINK = os.path.join(os.environ.get("VM_BUILD_ROOT", "build"), "tests", "support",
                      "vmlink")
SIZE = 256  # MiB
LOSSES = 0, 1, 3  # %
DELAY = 25  # ms, each way
LONG = 7200  # s, for one file
PORT = "8080"
MOST = 1.1  # of the file, and what is lost; headers have 4 % of a packet


class Pair:
    """Ann's agent with a server, and Bob at the other end of a cable."""

    def __init__(self, a, b, size, percent):
        self.a, self.b, self.percent, self.size = a, b, percent, size << 20
        self.folder, self.path = os.path.join(a.home, "in"), os.path.join(b.home, "file")
        os.mkdir(self.folder)
        with open(self.path, "wb") as f:
            for _ in range(size):
                f.write(os.urandom(1 << 20))
        args = [VMLINK, f"--delay={DELAY}", f"--loss={percent}", f"--seed={percent + 1}",
                f"/proc/{a.pid}/ns/net", f"/proc/{b.pid}/ns/net"]
        self.cable = lab.Process("cable", subprocess.Popen(
            args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True), args)
        self.cable.wait_for("ready", lab.SOON)
        for host in a, b:
            host.set_link(False)
            host.call("ip", "addr", "add", f"10.78.0.{host.index}/24", "dev", "eth1")
            host.call("ip", "link", "set", "eth1", "up")
        self.room = "--server", f"http://10.78.0.{a.index}:{PORT}", "--room", "lab"
        server = a.start("videomeet", "server", "--insecure", "--json", "--port", PORT)
        server.wait_event("serving", lab.SOON)
        agent = a.start("videomeet", "agent", *self.room, "--user", "Ann", "--policy",
                        "open", "--accept", "auto", "--receive", self.folder, "--json")
        agent.wait_event("ready", lab.SOON)

    def left(self):
        """Bytes that have left the sender's host."""
        shown = json.loads(self.b.call("ip", "-s", "-j", "link", "show", "eth1"))
        return shown[0]["stats64"]["tx"]["bytes"]

    def send(self):
        before, start = self.left(), time.monotonic()
        self.b.run("videomeet", "send", self.path, "Ann", *self.room, "--user", "Bob",
                   timeout=LONG)
        took = time.monotonic() - start
        sent = (self.left() - before) / self.size
        if not filecmp.cmp(os.path.join(self.folder, "file"), self.path, False):
            sys.exit(f"{self.percent} %: what arrived is something else")
        print(f"{self.percent} % lost: {self.size >> 20} MiB in {took:.1f} s, "
              f"{8 * self.size / took / 1e6:.2f} Mbit/s, {sent:.1%} of it sent", flush=True)
        if not 1 < sent < MOST + self.percent / 100:
            sys.exit(f"{self.percent} %: what had arrived was sent again, or not all is "
                     "counted")


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else SIZE
    losses = [int(percent) for percent in sys.argv[2:]] or LOSSES
    lab.enter()
    with lab.Lab(2 * len(losses), avahi=False) as net:
        hosts = iter(net.hosts)
        pairs = [Pair(a, b, size, percent) for a, b, percent in zip(hosts, hosts, losses)]
        try:
            with concurrent.futures.ThreadPoolExecutor(len(pairs)) as pool:
                list(pool.map(Pair.send, pairs))
        finally:
            for pair in pairs:
                pair.cable.kill()


if __name__ == "__main__":
    main()
