#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""512 MiB from one process to another over TLS on loopback: videomeet send, which
verifies, against scp, which does not. The whole command is measured; the keys of
both are made before."""

import filecmp
import os
import shutil
import statistics
import subprocess
import sys
import time

import lan
import sshd

lab = lan.lab
SIZE = 512  # MiB
ROUNDS = 5
PORT = "18080"


def make_file(host):
    path = os.path.join(host.home, "file")
    with open(path, "wb") as f:
        for _ in range(SIZE):
            f.write(os.urandom(1 << 20))
    return path


def timed(host, path, folders, folder, *command, env=None):
    """A copy is made and removed before: a virtual machine whose host takes unused
    memory back writes a new file at 0.4 GB/s, and at 3 where another has just been."""
    for other in folders:
        copy = os.path.join(other, "file")
        shutil.copyfile(path, copy)
        os.remove(copy)
    start = time.monotonic()
    host.run(*command, timeout=600, env=env)
    ms = (time.monotonic() - start) * 1000
    filecmp.clear_cache()  # of the same name, size and time
    if not filecmp.cmp(os.path.join(folder, "file"), path, False):
        sys.exit("what arrived is something else")
    return ms


def main():
    lab.enter()
    with lab.Lab(1, avahi=False) as net:
        host = net.hosts[0]
        path, key = make_file(host), sshd.start(host)
        folders = [os.path.join(host.home, n) for n in ("in", "scp")]
        for folder in folders:
            os.mkdir(folder)
        receiver = host.start(
            "videomeet", "receive", folders[0], "--accept", "auto", "--port", PORT,
            "--methods", "manual", "--overwrite", "replace", "--json")
        receiver.wait_event("receiving", lab.SOON)
        sender = {"XDG_CONFIG_HOME": os.path.join(host.home, "sender")}
        small = os.path.join(host.home, "small")
        with open(small, "wb") as f:
            f.write(b"x")
        host.run("videomeet", "send", small, f"127.0.0.1:{PORT}",
                 timeout=lab.SOON, env=sender)
        ours, peer = [], []
        for _ in range(ROUNDS):
            ours.append(timed(
                host, path, folders, folders[0], "videomeet", "send", path,
                f"127.0.0.1:{PORT}", env=sender))
            peer.append(timed(
                host, path, folders, folders[1], "scp", "-q", "-i", key, "-P",
                sshd.PORT, *sshd.OPTIONS, path,
                f"127.0.0.1:{folders[1]}/file"))
    for a, b in zip(ours, peer):
        print(f"ours {a:.0f} ms, peer {b:.0f} ms", file=sys.stderr)
    print(f"{SIZE * 1048576 / statistics.median(ours) / 1e3:.0f} and "
          f"{SIZE * 1048576 / statistics.median(peer) / 1e3:.0f} MB/s",
          file=sys.stderr)
    lan.report("file-wss", ours, peer)


if __name__ == "__main__":
    main()
