# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the benches of the signalling server share: videomeet server and its peer,
each with clients of its own (tests/support/relayload.c), on a loopback interface
that nobody else has."""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "lab"))
import lab  # noqa: E402

ROUNDS = 5
IDLE, ACTIVE = 8000, 64  # connections
# Of each client in a round. videomeet server lets a client say 1,000 things at
# once, and 200 a second then, so all rounds together are below that.
OFFERS = 160
DESCRIPTORS = 20000
OURS, PEER = 18080, 18081  # ports
SETTLE = 2  # s, for what a server does after the last connection


class Server:
    """A server and its clients, all of one dialect."""

    def __init__(self, name, port, dialect, command, env=None):
        self.home = tempfile.mkdtemp(prefix="vm-bench-")
        self.name = name
        self.started = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            env=dict(os.environ, XDG_CONFIG_HOME=self.home, **(env or {})))
        self.started.stdout.readline()  # it listens
        # whoever tells of each room waits when nobody listens
        self.reader = threading.Thread(target=self.started.stdout.read)
        self.reader.start()
        self.before = self.resident()
        self.load = subprocess.Popen(
            [os.path.join(TOP, "build/tests/support/relayload"), str(port),
             dialect],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.clients = 0

    def ask(self, line):
        self.load.stdin.write((line + "\n").encode())
        self.load.stdin.flush()
        answer = self.load.stdout.readline().split()
        if not answer:
            sys.exit(f"relay: the clients of {self.name} have failed")
        return int(answer[1])

    def connect(self, clients):
        self.clients = self.ask(f"connect {clients}")

    def cpu(self):
        """Seconds, of all its threads."""
        # CPUCLOCK_SCHED of another process: see clock_getcpuclockid()
        return time.clock_gettime(~self.started.pid << 3 | 2)

    def resident(self):
        with open(f"/proc/{self.started.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) * 1024 for line in f
                        if line.startswith("VmRSS"))

    def per_offer(self):
        """Microseconds of CPU for one offer that was relayed."""
        before = self.cpu()
        count = self.ask(f"offers {OFFERS} {ACTIVE}")
        return (self.cpu() - before) / count * 1e6

    def per_connection(self):
        """Bytes."""
        return (self.resident() - self.before) / self.clients

    def close(self):
        self.load.stdin.close()
        self.load.wait()
        self.started.terminate()
        self.started.wait()
        self.reader.join()
        self.started.stdout.close()
        shutil.rmtree(self.home)


def start_ours(dialect):
    return Server("videomeet server", OURS, dialect, [
        "videomeet", "server", "--loopback", "--port", str(OURS), "--drain",
        "0", "--max-per-address", str(DESCRIPTORS), "--json"])


def start_peer(dialect):
    script = ("tests/bench/socketio-peer.js" if dialect == "socketio"
              else "examples/web/room/server.js")
    return Server(script, PEER, dialect,
                  ["node", os.path.join(TOP, script), str(PEER)],
                  {"NODE_PATH": os.path.join(TOP, "tests/interop/node_modules")})


def set_up():
    lab.enter()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))


def relay(name, dialect):
    set_up()
    servers = start_ours(dialect), start_peer(dialect)
    for server in servers:
        server.connect(ACTIVE + IDLE)
        server.per_offer()  # what is compiled on the way is
    figures = [[server.per_offer() for server in servers]
               for _ in range(ROUNDS)]
    report(name, figures, 2, "us")
    for server in servers:
        server.close()


def memory(name, dialect):
    set_up()
    figures = []
    for _ in range(ROUNDS):
        row = []
        for start in start_ours, start_peer:
            server = start(dialect)
            server.connect(IDLE)
            time.sleep(SETTLE)
            row.append(server.per_connection())
            server.close()
        figures.append(row)
    report(name, figures, 0, "bytes")


def report(name, figures, digits, unit):
    ours, peer = (statistics.median(column) for column in zip(*figures))
    print(f"bench {name} ours={ours:.{digits}f} peer={peer:.{digits}f} "
          f"ratio={ours / peer:.3f} unit={unit}", flush=True)
