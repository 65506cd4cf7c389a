#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How much the memory of a line grows while it carries a sparse file of 8 GiB from
one folder to another. The peer is what is allowed: 32 MiB."""

import os
import subprocess
import sys
import tempfile
import time

SIZE = 8 << 30  # bytes
ALLOWED = 32 << 10  # KiB
SETTLED = 1 << 28  # bytes: windows and pools are as large as they get
STEP = 0.1  # s


def memory(pid):
    """KiB that are this process's own."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        rollup = dict(line.split(":", 1) for line in f.readlines()[1:])
    return int(rollup["Pss_Anon"].split()[0])


def measure(folder):
    big, out = os.path.join(folder, "big"), os.path.join(folder, "in")
    os.mkdir(out)
    with open(big, "wb") as f:
        f.truncate(SIZE)
    line = subprocess.Popen(
        ["gst-launch-1.0", "-q", "vmfilesrc", f"location={big}", "!",
         "vmfilesink", f"directory={out}", "fsync=false"])
    first, most = None, 0
    while line.poll() is None:
        try:
            now = memory(line.pid)
            with open(f"/proc/{line.pid}/io", encoding="ascii") as f:
                io = dict(x.split(": ") for x in f.read().splitlines())
        except (OSError, ValueError):
            break
        if first is None and int(io["wchar"]) > SETTLED:
            first = now
        most = max(most, now)
        time.sleep(STEP)
    if line.wait() != 0 or os.path.getsize(os.path.join(out, "big")) != SIZE:
        sys.exit("the file did not arrive")
    return most - first, first


def main():
    with tempfile.TemporaryDirectory(prefix="vm-bench-") as folder:
        grown, first = measure(folder)
    print(f"{first} KiB after the first 256 MiB, {grown} KiB more at most",
          file=sys.stderr)
    print(f"bench file-memory ours={grown} peer={ALLOWED} "
          f"ratio={grown / ALLOWED:.3f} unit=KiB", flush=True)


if __name__ == "__main__":
    main()
