#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each public header compiles alone, in C and in C++, with the include folders
of what pkg-config says it requires and nothing else.

usage: headers.py ROOT HEADER...   (headers under ROOT, an include folder)
"""

import os
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wundef", "-Werror", "-pedantic",
            "-Wno-unused-parameter"]
LANGUAGES = [
    ["gcc", "-x", "c", "-std=c11", "-Wstrict-prototypes"],
    ["g++", "-x", "c++", "-std=c++14"],
]


def flags():
    folder = os.path.join(os.environ["VM_BUILD_ROOT"], "meson-uninstalled")
    out = subprocess.run(
        ["pkg-config", "--cflags", "gstvideomeet-1.0"], check=True, text=True,
        stdout=subprocess.PIPE, env=dict(os.environ, PKG_CONFIG_PATH=folder))
    # what other projects' headers do is not ours to judge
    return [f.replace("-I/usr", "-isystem/usr") for f in out.stdout.split()
            if f.startswith("-I/usr")]


def main():
    root, headers = sys.argv[1], sys.argv[2:]
    cflags = ["-I" + root, *flags()]
    failures = 0
    for header in headers:
        name = os.path.relpath(header, root)
        for compiler in LANGUAGES:
            done = subprocess.run(
                [*compiler, "-fsyntax-only", *WARNINGS, *cflags, "-"],
                input=f"#include <{name}>\nint vm_header_alone;\n", text=True,
                capture_output=True, check=False)
            if done.returncode:
                failures += 1
                print(f"{name} ({compiler[0]}):\n{done.stderr}")
    checks = len(headers) * len(LANGUAGES)
    print(f"{100 * (checks - failures) // checks}%: Checks: {checks}, "
          f"Failures: {failures}, Errors: 0")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
