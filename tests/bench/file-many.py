#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""10,000 files of 4 KiB into an empty folder, from one process to another on loopback: a
folder sync by QUIC, which verifies each and gets them to the disk, against rsync over
ssh. The whole commands are measured."""

import os
import shutil
import statistics
import subprocess
import sys
import time

import agentpair
import lan
import sshd

lab = lan.lab
FILES, SIZE, PER_FOLDER = 10000, 4096, 100
ROUNDS = 5


def make_files(folder):
    for i in range(FILES):
        below = os.path.join(folder, f"d{i // PER_FOLDER}")
        os.makedirs(below, exist_ok=True)
        with open(os.path.join(below, f"f{i}"), "wb") as f:
            f.write(os.urandom(SIZE))


def timed(source, folder, copy):
    """How long copy() takes, ms."""
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    os.sync()
    start = time.monotonic()
    copy()
    ms = (time.monotonic() - start) * 1000
    if subprocess.run(["diff", "-rq", source, folder], check=False).returncode:
        sys.exit("what arrived is something else")
    return ms


def main():
    lab.enter()
    with lab.Lab(1, avahi=False) as net:
        host = net.hosts[0]
        key = sshd.start(host)
        source, share, peer_in = (
            os.path.join(host.home, n) for n in ("many", "share", "peer"))
        os.mkdir(source)
        os.mkdir(share)
        make_files(source)
        shell = " ".join(("ssh", "-i", key, "-p", sshd.PORT) + sshd.OPTIONS)
        pair = agentpair.Pair(host, host, host.address, share)
        ours, peer = [], []
        for n in range(ROUNDS):
            ours.append(timed(source, os.path.join(share, str(n)),
                              lambda n=n: pair.sync(source, str(n))))
            peer.append(timed(source, peer_in, lambda: host.run(
                "rsync", "-a", "-e", shell, f"{source}/", f"127.0.0.1:{peer_in}/",
                timeout=120)))
    for a, b in zip(ours, peer):
        print(f"ours {a:.0f} ms, peer {b:.0f} ms", file=sys.stderr)
    print(f"{FILES / statistics.median(ours) * 1000:.0f} files/s", file=sys.stderr)
    lan.report("file-many", ours, peer)


if __name__ == "__main__":
    main()
