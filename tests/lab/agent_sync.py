#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""videomeet sync of a folder with one large file that an agent on another host has, too:
once as it is, once with one byte changed and once with one byte put in at its front. Both
must have the same bytes afterwards; those that left either host are counted, and printed
with the time it took. ./dev test soak runs it; by hand,

    ./dev exec /usr/bin/python3 tests/lab/agent_sync.py [MIB]

with 4096 MiB where nothing is said. It needs four times that of disk."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import lab

SIZE = 4096  # MiB
ROOM = 4  # times that of disk: two copies, one that is being made, and what stays free
LONG = 1200  # s, for one sync
PORT = "8080"
MIB = 1 << 20


def make_file(path, size):
    """Bytes that nothing compresses, in seconds."""
    with open(path, "wb") as f, open("/dev/zero", "rb") as zero, \
            subprocess.Popen(["openssl", "enc", "-aes-128-ctr", "-K", "00", "-iv", "00"],
                             stdin=zero, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL) as random:
        for _ in range(size):
            f.write(random.stdout.read(MIB))
        random.kill()


def change(path):
    """The byte in the middle."""
    with open(path, "r+b") as f:
        f.seek(os.path.getsize(path) // 2)
        byte = f.read(1)
        f.seek(-1, os.SEEK_CUR)
        f.write(bytes([byte[0] ^ 1]))


def put_in(path):
    """A byte in front of all others."""
    with open(path, "rb") as old, open(path + ".new", "wb") as new:
        new.write(b"x")
        shutil.copyfileobj(old, new, MIB)
    os.replace(path + ".new", path)


class Pair:
    def __init__(self, a, b, top, size):
        self.a, self.b, self.size = a, b, size * MIB
        self.mine, shared = os.path.join(top, "bob"), os.path.join(top, "ann")
        theirs = os.path.join(shared, "docs")
        os.mkdir(self.mine)
        os.makedirs(theirs)
        self.path, self.there = (os.path.join(d, "file") for d in (self.mine, theirs))
        make_file(self.path, size)
        shutil.copy2(self.path, self.there)
        self.room = "--server", f"http://{a.address}:{PORT}", "--room", "lab"
        server = a.start("videomeet", "server", "--insecure", "--json", "--port", PORT)
        server.wait_event("serving", lab.SOON)
        agent = a.start("videomeet", "agent", *self.room, "--user", "Ann", "--policy",
                        "open", "--accept", "auto", "--share", shared, "--json")
        agent.wait_event("ready", lab.SOON)

    def left(self):
        """Bytes that have left either host."""
        shown = (json.loads(host.call("ip", "-s", "-j", "link", "show", "eth0"))[0]
                 for host in (self.a, self.b))
        return sum(link["stats64"]["tx"]["bytes"] for link in shown)

    def sync(self, name, most):
        before, start = self.left(), time.monotonic()
        self.b.run("videomeet", "sync", self.mine, "Ann:docs", *self.room, "--user", "Bob",
                   "--policy", "open", timeout=LONG)
        took = time.monotonic() - start
        sent = self.left() - before
        print(f"{name}: {self.size // MIB} MiB in {took:.1f} s, {sent / MIB:.2f} MiB sent, "
              f"{sent / self.size:.3%}", flush=True)
        if subprocess.run(["cmp", self.path, self.there], check=False).returncode:
            sys.exit(f"{name}: the two differ")
        if sent > most * self.size:
            sys.exit(f"{name}: more than {most:.0%} was sent")


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else SIZE
    lab.enter()
    with tempfile.TemporaryDirectory(prefix="vm-lab-", dir="/var/tmp") as top, \
            lab.Lab(2, avahi=False) as net:
        if shutil.disk_usage(top).free < ROOM * size * MIB:
            sys.exit(f"{ROOM * size} MiB of disk are needed")
        pair = Pair(*net.hosts, top, size)
        pair.sync("nothing", 0.01)
        for name, edit, most in ("a byte changed", change, 0.01), \
                ("a byte put in at the front", put_in, 0.02):
            edit(pair.path)
            pair.sync(name, most)


if __name__ == "__main__":
    main()
