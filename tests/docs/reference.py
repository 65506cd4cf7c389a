#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds the library's reference and fails on every warning of gtk-doc that is
about a symbol of this library, and on every symbol without documentation."""

import fcntl
import os
import re
import subprocess
import sys

BUILD = os.environ["VM_BUILD_ROOT"]
FOLDER = os.path.join(BUILD, "docs", "reference")
COMMENT = re.compile(r"/\*\*\n \* (vm_\w+):?\n(.*?)\*/", re.DOTALL)
OWN = re.compile(r"no link for: \"#?(vm_|Vm|VM_)")


def build():
    with open(os.path.join(BUILD, ".dev-lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(["ninja", "-C", BUILD, "gst-videomeet-doc"],
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        print(done.stdout)
        sys.exit(1)
    return done.stdout.splitlines()


def faults(log):
    for line in log:
        if "warning" not in line.lower() or line.startswith("cc1:"):
            continue
        # the pages of GLib and GStreamer need not be installed
        if "no link for" not in line or OWN.search(line):
            yield line


def told():
    """What has a comment that says at least what comes back: enough for a
    getter, while gtk-doc wants a second sentence."""
    names = set()
    for folder, _, files in os.walk(os.path.join(
            os.environ["VM_SOURCE_ROOT"], "gst-libs")):
        for file in files:
            if file.endswith((".c", ".h")):
                with open(os.path.join(folder, file), encoding="utf-8") as f:
                    names |= {name for name, comment in COMMENT.findall(f.read())
                              if "Returns:" in comment}
    return names


def listed(name):
    """The symbols in one of gtk-doc's reports."""
    with open(os.path.join(FOLDER, f"gst-videomeet-{name}.txt"),
              encoding="utf-8") as f:
        lines = [line.strip() for line in f]
    if name == "undocumented":
        lines = lines[lines.index("") + 1:] if "" in lines else lines
        lines = [line for line in lines if re.match(r"[A-Za-z_]+(:\w+)*$|.*\(",
                                                    line)]
        known = told()
        lines = [line for line in lines if line.split(" ")[0] not in known]
    # VM_TYPE_… is to its class what a cast is: nothing to be told
    return [f"{name}: {line}" for line in lines
            if line and not line.startswith(("VM_TYPE_", "vmapi:"))]


def main():
    found = list(faults(build()))
    for name in ("undocumented", "undeclared", "unused"):
        found += listed(name)
    if not os.path.exists(os.path.join(FOLDER, "html", "index.html")):
        found.append("there is no index.html")
    for line in found:
        print(line)
    failed = 1 if found else 0
    print(f"{100 - 100 * failed}%: Checks: 1, Failures: {failed}, Errors: 0")
    return failed


if __name__ == "__main__":
    sys.exit(main())
