#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Adds up what the test programs themselves report.

usage: count.py REPORT.json...   (meson's testlog, one JSON object a line)
       count.py --failed REPORT.json...

A program of GstCheck or of the lab prints "100%: Checks: N, Failures: N,
Errors: N"; any other counts as one. The twenty slowest programs of more are
listed. The last line written is "N passed, N failed, N skipped"; the exit status is 0 when something ran and
nothing failed. The end of what a failed program printed stands before it. A
program that a later report of the same folder has again counts as it ended
there, and is named.

With --failed, the names of the programs that failed, a line each.
"""

import json
import os
import re
import sys

SHOWN = 40  # lines of a failed program
SLOWEST = 20

COUNT = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)"
                   r"(?:, Skipped: (\d+))?", re.MULTILINE)


def count(test):
    """(passed, failed, skipped) of one program."""
    found = COUNT.findall(test.get("stdout") or "")
    result = test["result"]
    if not found:
        return {"OK": (1, 0, 0), "EXPECTEDFAIL": (1, 0, 0),
                "SKIP": (0, 0, 1)}.get(result, (0, 1, 0))
    checks, failures, errors, skipped = (
        sum(int(line[i] or 0) for line in found) for i in range(4))
    failed = failures + errors
    passed = max(checks - failed, 0)
    # a program that dies after its report has failed all the same
    if result not in ("OK", "SKIP") and failed == 0:
        failed = 1
    return passed, failed, skipped


def read(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


def show(test):
    """What a failed program printed last, its reasons among it."""
    lines = ((test.get("stdout") or "") + (test.get("stderr") or "")).splitlines()
    print(f"--- {test['name']}: the last of {len(lines)} lines")
    print("\n".join(lines[-SHOWN:]))
    print("---")


def print_slowest(tests):
    """Where the time goes; the name of a build folder tells which sanitizer."""
    if len(tests) <= SLOWEST:
        return
    rows = sorted(tests, key=lambda row: -row[1]["duration"])
    for (folder, name), test in rows[:SLOWEST]:
        build = os.path.basename(os.path.dirname(folder))
        name = name.rsplit(" / ", 1)[-1]
        print(f"slow: {test['duration']:6.1f} s  {build}  {name}")


def print_failed(path):
    for test in read(path):
        if count(test)[1]:
            # "project:suite+suite / name", or the name alone
            print(test["name"].rsplit(" / ", 1)[-1])


def main():
    if sys.argv[1:2] == ["--failed"]:
        for path in sys.argv[2:]:
            print_failed(path)
        return 0
    last = {}
    missing = 0
    for path in sys.argv[1:]:
        try:
            tests = read(path)
        except OSError:
            print(f"no report: {path}")
            missing += 1
            continue
        for test in tests:
            key = os.path.dirname(path), test["name"]
            before = last.get(key)
            if before and count(before)[1] and not count(test)[1]:
                show(before)
                print(f"unsteady: {test['name']} failed, then passed alone")
            last[key] = test
    passed = skipped = 0
    failed = missing
    for test in last.values():
        p, f, s = count(test)
        passed, failed, skipped = passed + p, failed + f, skipped + s
        if f:
            show(test)
    for test in last.values():
        p, f, s = count(test)
        if f:
            print(f"failed: {test['name']} ({test['result']}, "
                  f"{test['duration']:.1f} s)")
        elif s:
            print(f"skipped: {s} of {test['name']}")
    print_slowest(last.items())
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
