#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A large file from one agent to another by QUIC while the link loses none, 1 % and 3 % of
the datagrams, each way: what arrives is compared, and how long it took is printed.
./dev test soak runs it; by hand,

    ./dev exec /usr/bin/python3 tests/lab/agent_losses.py [MIB]

with 256 MiB where nothing is said."""

import filecmp
import os
import sys
import time

import lab

SIZE = 256  # MiB
LOSSES = (0, 1, 3)  # %
LONG = 900  # s, for one file
PORT = "8080"


def lose(host, percent):
    """Of the datagrams that come in."""
    host.call("iptables", "-F", "INPUT")
    if percent:
        host.call("iptables", "-A", "INPUT", "-p", "udp", "-m", "statistic", "--mode",
                  "random", "--probability", str(percent / 100), "-j", "DROP")


def send(a, b, path, folder, percent, room):
    for host in a, b:
        lose(host, percent)
    start = time.monotonic()
    b.run("videomeet", "send", path, "Ann", *room, "--user", "Bob", timeout=LONG)
    took = time.monotonic() - start
    received = os.path.join(folder, os.path.basename(path))
    filecmp.clear_cache()
    if not filecmp.cmp(received, path, False):
        sys.exit(f"{percent} %: what arrived is something else")
    os.remove(received)
    size = os.path.getsize(path)
    print(f"{percent} % lost: {size >> 20} MiB in {took:.1f} s, "
          f"{size / took / 1e6:.0f} MB/s", flush=True)


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else SIZE
    lab.enter()
    with lab.Lab(2, avahi=False) as net:
        a, b = net.hosts
        folder, path = os.path.join(a.home, "in"), os.path.join(b.home, "file")
        os.mkdir(folder)
        with open(path, "wb") as f:
            for _ in range(size):
                f.write(os.urandom(1 << 20))
        room = "--server", f"http://{a.address}:{PORT}", "--room", "lab"
        server = a.start("videomeet", "server", "--insecure", "--json", "--port", PORT)
        server.wait_event("serving", lab.SOON)
        agent = a.start("videomeet", "agent", *room, "--user", "Ann", "--policy", "open",
                        "--accept", "auto", "--receive", folder, "--json")
        agent.wait_event("ready", lab.SOON)
        for percent in LOSSES:
            send(a, b, path, folder, percent, room)


if __name__ == "__main__":
    main()
