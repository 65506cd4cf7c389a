#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""512 MiB from one process to another over a data channel: vmfilesrc and vmfilesink
in a meeting, which read, verify and write, against messages of 64 KiB over a bare
channel of webrtcbin, which do nothing of it. Measured from the connection that
stands to the word of the receiver."""

import filecmp
import os
import re
import shutil
import sys

import lan

lab = lan.lab
SIZE = 512 << 20  # bytes
ROUNDS = 5
LONG = 900  # s, for one round
CHANNEL = os.path.join(
    os.path.dirname(os.path.dirname(shutil.which("videomeet") or "")),
    "tests", "support", "datachannel")
MEETING = "vmsignalbin name=m file-wss=false"


def make_file(host):
    path = os.path.join(host.home, "file")
    with open(path, "wb") as f:
        for _ in range(SIZE >> 20):
            f.write(os.urandom(1 << 20))
    return path


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)


def state(name):
    return re.compile(rf"vm-transfer,.*\){name}\b").search


def ours(host, path, folder):
    """From the first chunk to the last word, ms."""
    fresh(folder)
    receiver = host.launch(f"{MEETING} mode=host meeting=bench user=Ann m.file_src_0 ! "
                           f"vmfilesink fsync=false directory={folder}")
    receiver.wait_for("vm-joined", lab.SOON)
    sender = host.launch(
        f"{MEETING} uri=videomeet://127.0.0.1:8080/bench user=Bob "
        f"vmfilesrc location={path} ! m.file_sink_0",
        env={"XDG_CONFIG_HOME": os.path.join(host.home, "sender")})
    start = sender.wait_for(state("transferring"), lab.SOON).when
    end = sender.wait_for(state("completed"), LONG).when
    for process in sender, receiver:
        process.stop(lab.SOON)
    filecmp.clear_cache()  # of the same name, size and time
    if not filecmp.cmp(os.path.join(folder, "file"), path, False):
        sys.exit("what arrived is something else")
    return (end - start) * 1000


def theirs(host):
    receiver, sender = (host.start(CHANNEL, role, str(SIZE), typed=True)
                        for role in ("receive", "send"))
    receiver.type(sender.wait_for(".", lab.SOON))
    sender.type(receiver.wait_for(".", lab.SOON))
    start = sender.wait_for("^open$", lab.SOON).when
    end = sender.wait_for("^done$", LONG).when
    for process in sender, receiver:
        process.popen.stdin.close()
        process.wait(lab.SOON)
    return (end - start) * 1000


def main():
    lab.enter()
    mine, peer = [], []
    with lab.Lab(1, avahi=False) as net:
        host = net.hosts[0]
        path, folder = make_file(host), os.path.join(host.home, "in")
        for _ in range(ROUNDS):
            mine.append(ours(host, path, folder))
            peer.append(theirs(host))
            print(f"ours {mine[-1]:.0f} ms, peer {peer[-1]:.0f} ms, "
                  f"{SIZE / mine[-1] / 1e3:.0f} and "
                  f"{SIZE / peer[-1] / 1e3:.0f} MB/s", file=sys.stderr)
    lan.report("file-dc", mine, peer)


if __name__ == "__main__":
    main()
