#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One changed block in a file of 4 GiB that both sides have: a folder sync by QUIC from one
process to another, which gets it to the disk, against rsync --inplace --no-whole-file
within one machine. The whole commands are measured."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

import agentpair
import lan

lab = lan.lab
SIZE, BLOCK = 4 << 30, 4096
ROUNDS = 5
ROOM = 4 * SIZE  # three copies and what remains free


def make_file(path):
    """Bytes that nothing compresses, in seconds."""
    with open(path, "wb") as f, open("/dev/zero", "rb") as zero, \
            subprocess.Popen(["openssl", "enc", "-aes-128-ctr", "-K", "00", "-iv", "00"],
                             stdin=zero, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL) as random:
        for _ in range(SIZE >> 20):
            f.write(random.stdout.read(1 << 20))
        random.kill()


def change(path, number):
    with open(path, "r+b") as f:
        f.seek((number + 1) * (SIZE // (2 * ROUNDS + 2)))
        f.write(os.urandom(BLOCK))


def timed_peer(big, copy):
    os.sync()
    start = time.monotonic()
    subprocess.run(["rsync", "-a", "--inplace", "--no-whole-file", big, copy], check=True,
                   timeout=agentpair.LONG)
    return (time.monotonic() - start) * 1000


def timed(pair, folder):
    os.sync()
    return pair.sync(folder, "b")


def main():
    lab.enter()
    with tempfile.TemporaryDirectory(prefix="vm-bench-", dir="/var/tmp") as top, \
            lab.Lab(1, avahi=False) as net:
        if shutil.disk_usage(top).free < ROOM:
            sys.exit("folder-sync needs 16 GiB of disk")
        host = net.hosts[0]
        a, b, c = (os.path.join(top, n) for n in "abc")
        for folder in a, b, c:
            os.mkdir(folder)
        big, theirs, copy = (os.path.join(d, "big") for d in (a, b, c))
        make_file(big)
        shutil.copyfile(big, theirs)
        shutil.copyfile(big, copy)
        pair = agentpair.Pair(host, host, host.address, top)
        timed(pair, a)
        ours, peer = [], []
        for n in range(ROUNDS):
            change(big, 2 * n)
            ours.append(timed(pair, a))
            peer.append(timed_peer(big, copy))
            if subprocess.run(["cmp", theirs, copy], check=False).returncode:
                sys.exit("what arrived is something else")
    for x, y in zip(ours, peer):
        print(f"ours {x:.0f} ms, peer {y:.0f} ms", file=sys.stderr)
    lan.report("folder-sync", ours, peer)


if __name__ == "__main__":
    main()
