#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/inspect/*.txt is what gst-inspect-1.0 says of each plugin and element:
a change of an element's face is seen in review. ./dev docs inspect writes the
files anew; without --write they are compared."""

import difflib
import glob
import os
import re
import subprocess
import sys
import tempfile

SOURCE = os.environ.get("VM_SOURCE_ROOT") or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(SOURCE, "docs", "inspect")
# differ from one machine or release to the next
DROPPED = re.compile(
    r"^\s*(Filename|Version|Source release date|Binary package|Origin URL)\b")
# of this machine or this process
MACHINE = {"user", "device", "device-name", "device-id", "name", "web-root"}


def inspect(name, *options):
    """What is said of it, "" of what is neither a plugin nor an element."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["gst-inspect-1.0", "--no-colors", *options, name], text=True, check=False,
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
            env=dict(os.environ, XDG_CONFIG_HOME=folder, LANG="C.UTF-8",
                     LC_ALL="C.UTF-8"))
    return done.stdout if done.returncode == 0 else ""


def normalise(text):
    prop = None
    lines = []
    for line in text.splitlines():
        if DROPPED.match(line):
            continue
        head = re.match(r"^  ([a-z][a-z0-9-]*)\s*: ", line)
        if head:
            prop = head[1]
        if prop in MACHINE:
            line = re.sub(r'(Default: )(".*"|null)', r"\1(of this machine)",
                          line)
        lines.append(line.rstrip())
    return "\n".join(lines).rstrip() + "\n"


def expected():
    """{file name: text} of everything the plugin path holds."""
    pages = {}
    for folder in os.environ["GST_PLUGIN_PATH_1_0"].split(":"):
        for file in sorted(glob.glob(os.path.join(folder, "libgstvm*.so"))):
            plugin = os.path.basename(file)[len("libgst"):-len(".so")]
            # an element may be called as its plugin
            text = inspect(plugin, "--plugin")
            pages[f"plugin-{plugin}.txt"] = normalise(text)
            elements = 0
            for feature in re.findall(r"^  (\w+): ", text, re.MULTILINE):
                page = inspect(feature)
                if page:
                    pages[f"{feature}.txt"] = normalise(page)
                    elements += 1
            assert f"+-- {elements} elements" in text, f"{elements} of {text}"
    return pages


def write(pages):
    for name in os.listdir(FOLDER):
        if name not in pages:
            os.remove(os.path.join(FOLDER, name))
    for name, text in pages.items():
        with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as f:
            f.write(text)


def compare(pages):
    failures = 0
    names = sorted(set(pages) | set(os.listdir(FOLDER)))
    for name in names:
        path = os.path.join(FOLDER, name)
        old = ""
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                old = f.read()
        new = pages.get(name, "")
        if old != new:
            failures += 1
            sys.stdout.writelines(difflib.unified_diff(
                old.splitlines(True), new.splitlines(True),
                f"docs/inspect/{name}", "gst-inspect-1.0"))
    if failures:
        print("if that is meant: ./dev docs inspect")
    checks = max(len(names), 1)
    if not names:
        failures = 1
        print("no plugin found")
    print(f"{100 * (checks - failures) // checks}%: Checks: {checks}, "
          f"Failures: {failures}, Errors: 0")
    return 1 if failures else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write(expected())
    else:
        sys.exit(compare(expected()))
