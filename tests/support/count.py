#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Adds up what the test programs themselves report.

usage: count.py REPORT.json...   (meson's testlog, one JSON object a line)

A program of GstCheck or of the lab prints "100%: Checks: N, Failures: N,
Errors: N"; any other counts as one. The last line written is
"N passed, N failed, N skipped"; the exit status is 0 when something ran and
nothing failed.
"""

import json
import re
import sys

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


def main():
    passed = failed = skipped = 0
    for path in sys.argv[1:]:
        try:
            with open(path, encoding="utf-8") as f:
                tests = [json.loads(line) for line in f if line.strip()]
        except OSError:
            print(f"no report: {path}")
            failed += 1
            continue
        for test in tests:
            p, f, s = count(test)
            passed, failed, skipped = passed + p, failed + f, skipped + s
            if f:
                print(f"failed: {test['name']} ({test['result']}, "
                      f"{test['duration']:.1f} s)")
            elif s:
                print(f"skipped: {s} of {test['name']}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
