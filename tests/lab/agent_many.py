#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A thousand sessions with one agent, one after the other, each with a file of one byte.
The threads, open files and memory of the agent and of its server are printed, and must be
the same after all of them as after the first hundred, but for a little memory.
./dev test soak runs it; by hand,

    ./dev exec /usr/bin/python3 tests/lab/agent_many.py [SESSIONS]
"""

import os
import re
import sys
import time

import lab

SESSIONS, WARM = 1000, 100
# KiB that the memory of a process may grow by. Half of that is needed to know the
# capabilities of five minutes again.
MORE = 1024
# A server takes 256 sessions from one address in five minutes, and an agent from one
# device; then Bob comes from another.
DEVICE = 200
PORT = "8080"


def state(process):
    """Threads, open files, KiB of memory."""
    path = f"/proc/{process.popen.pid}"
    with open(f"{path}/status", encoding="utf-8") as f:
        status = f.read()
    threads, memory = (int(re.search(rf"^{name}:\s+(\d+)", status, re.M)[1])
                       for name in ("Threads", "VmRSS"))
    return threads, len(os.listdir(f"{path}/fd")), memory


def check(name, process, before):
    """The last session may still be about to end."""
    most = before[0], before[1], before[2] + MORE
    lab.wait_until(lambda: all(x <= y for x, y in zip(state(process), most)), lab.SOON,
                   lambda: f"{name}: {before} before, {state(process)} now")


def move(host, number):
    address = host.address.rsplit(".", 1)[0] + f".{100 + number}/24"
    host.call("ip", "addr", "flush", "dev", "eth0", "scope", "global")
    host.call("ip", "addr", "add", address, "dev", "eth0")
    host.call("ip", "route", "replace", "default", "dev", "eth0")


def main():
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else SESSIONS
    lab.enter()
    with lab.Lab(2, avahi=False) as net:
        a, b = net.hosts
        folder, path = os.path.join(a.home, "in"), os.path.join(b.home, "file")
        os.mkdir(folder)
        with open(path, "wb") as f:
            f.write(b"x")
        room = "--server", f"http://{a.address}:{PORT}", "--room", "lab"
        server = a.start("videomeet", "server", "--insecure", "--json", "--port", PORT)
        server.wait_event("serving", lab.SOON)
        agent = a.start("videomeet", "agent", *room, "--user", "Ann", "--policy", "open",
                        "--accept", "auto", "--receive", folder, "--overwrite", "replace",
                        "--json")
        agent.wait_event("ready", lab.SOON)
        first, start = None, time.monotonic()
        for n in range(sessions):
            if n % DEVICE == 0:
                move(b, n // DEVICE)
                device = os.path.join(b.home, f"device-{n // DEVICE}")
            b.run("videomeet", "send", path, "Ann", *room, "--user", "Bob",
                  timeout=lab.SOON, env={"XDG_CONFIG_HOME": device})
            if (n + 1) % WARM == 0:
                now = state(agent), state(server)
                first = first or now
                print(f"{n + 1} sessions in {time.monotonic() - start:.0f} s: threads, files "
                      f"and KiB of the agent {now[0]}, of the server {now[1]}", flush=True)
        check("agent", agent, first[0])
        check("server", server, first[1])


if __name__ == "__main__":
    main()
