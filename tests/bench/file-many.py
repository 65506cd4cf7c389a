#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""10,000 files of 4 KiB into an empty folder: a folder sync, which verifies each and
gets them to the disk, over a stream in memory, against rsync over ssh on loopback."""

import os
import shutil
import statistics
import subprocess
import sys
import time

import lan
import sshd

lab = lan.lab
FILES, SIZE, PER_FOLDER = 10000, 4096, 100
ROUNDS = 5
PAIR = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "../../build/tests/support/syncpair")


def make_files(folder):
    for i in range(FILES):
        below = os.path.join(folder, f"d{i // PER_FOLDER}")
        os.makedirs(below, exist_ok=True)
        with open(os.path.join(below, f"f{i}"), "wb") as f:
            f.write(os.urandom(SIZE))


def timed(host, source, folder, *command):
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    os.sync()
    start = time.monotonic()
    host.run(*command, timeout=120)
    ms = (time.monotonic() - start) * 1000
    if subprocess.run(["diff", "-rq", source, folder], check=False).returncode:
        sys.exit("what arrived is something else")
    return ms


def main():
    lab.enter()
    with lab.Lab(1, avahi=False) as net:
        host = net.hosts[0]
        key = sshd.start(host)
        source, ours_in, peer_in, state = (
            os.path.join(host.home, n) for n in ("many", "ours", "peer", "state"))
        os.mkdir(source)
        make_files(source)
        shell = " ".join(("ssh", "-i", key, "-p", sshd.PORT) + sshd.OPTIONS)
        ours, peer = [], []
        for _ in range(ROUNDS):
            shutil.rmtree(state, ignore_errors=True)
            ours.append(timed(host, source, ours_in, PAIR, source, ours_in, state))
            peer.append(timed(host, source, peer_in, "rsync", "-a", "-e", shell,
                              f"{source}/", f"127.0.0.1:{peer_in}/"))
    for a, b in zip(ours, peer):
        print(f"ours {a:.0f} ms, peer {b:.0f} ms", file=sys.stderr)
    print(f"{FILES / statistics.median(ours) * 1000:.0f} files/s", file=sys.stderr)
    lan.report("file-many", ours, peer)


if __name__ == "__main__":
    main()
