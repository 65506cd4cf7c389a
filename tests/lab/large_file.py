#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A large file from one host to another, over TLS without a meeting, in one, and over
the data channels of one: what arrives is compared, and how long it took is printed.
./dev test soak runs it; by hand,

    ./dev exec /usr/bin/python3 tests/lab/large_file.py [MIB]

with 1024 MiB where nothing is said."""

import filecmp
import os
import re
import shutil
import sys

import lab

LONG = 3600  # s, for one file


def is_told(process, state):
    """A line of either kind of program that names the state."""
    return process.wait_for(
        lambda line: re.search(rf'vm-transfer,.*\){state}\b', line)
        or f'"state":"{state}"' in line, LONG)


def carry(name, path, folder, receiver, sender):
    """What both sides have been started for."""
    start = is_told(sender, "transferring").when
    took = is_told(sender, "completed").when - start
    is_told(receiver, "completed")
    sender.stop()
    receiver.stop()
    if not filecmp.cmp(os.path.join(folder, "file"), path, False):
        sys.exit(f"{name}: what arrived is something else")
    size = os.path.getsize(path)
    print(f"{name}: {size >> 20} MiB in {took:.1f} s, "
          f"{size / took / 1e6:.0f} MB/s", flush=True)


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)


def over_tls(a, b, path, folder):
    fresh(folder)
    receiver = a.start("videomeet", "receive", folder, "--accept", "auto",
                       "--user", "Ann", "--json")
    receiver.wait_event("receiving", lab.SOON)
    carry("TLS", path, folder, receiver,
          b.start("videomeet", "send", path, a.address, "--json"))


def in_a_meeting(name, a, b, path, folder, options=""):
    fresh(folder)
    receiver = a.launch(f"vmsignalbin name=m meeting=standup mode=host user=Ann "
                        f"{options} m.file_src_0 ! "
                        f"vmfilesink directory={folder}")
    receiver.wait_for("vm-joined", lab.SOON)
    carry(name, path, folder, receiver,
          b.launch(f"vmsignalbin name=m uri=videomeet://{a.address}:8080/standup "
                   f"user=Bob {options} vmfilesrc location={path} ! "
                   "m.file_sink_0"))


def main():
    lab.enter()
    mib = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
    with lab.Lab(2, avahi=False) as net:
        a, b = net.hosts
        path, folder = os.path.join(b.home, "file"), os.path.join(a.home, "in")
        with open(path, "wb") as f:
            for _ in range(mib):
                f.write(os.urandom(1 << 20))
        over_tls(a, b, path, folder)
        in_a_meeting("a meeting's TLS", a, b, path, folder)
        in_a_meeting("data channels", a, b, path, folder, "file-wss=false")


if __name__ == "__main__":
    main()
