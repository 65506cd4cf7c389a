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
# of a base class, since 1.24
INHERITED = {"automatic-eos"}
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


def as_before(lines):
    """As 1.22 says it, but for blank lines in a list: since 1.24 one is behind
    each property and each signal, there are flags, types are written as in C
    and an action is shown as the call of it."""
    said = []
    level = section = opening = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if not line:
            if level is None and section != "Element Flags:":
                said.append(line)
            continue
        if level is not None and indent <= level:
            level = None
            said.append("")
        if indent == 0:
            section = line
        if section == "Element Flags:":
            continue
        if re.match(r" *(Element|Pad) (Properties|Signals|Actions):$", line):
            level = indent
        if section in ("Element Signals:", "Element Actions:"):
            line = re.sub(r"\bconst gchar \*", "gchararray", line)
            line = re.sub(r"(\w) +\*", r"\1*", line)
            action = re.match(
                r'  (".+") -> (.+?) *:  g_signal_emit_by_name \(element, \1', line)
            if action:
                opening = f"  {action[1]} :  {action[2]} user_function ("
                line = f"{opening}GstElement* object{line[action.end():]}"
            elif indent == 2:
                opening = None
            elif opening and line.endswith("p_return_value);"):
                said[-1] = said[-1].removesuffix(",") + ");"
                continue
            elif opening:
                line = " " * len(opening) + line.lstrip()
        said.append(line)
    return said


def normalise(text):
    prop = None
    lines = []
    for line in as_before(map(str.rstrip, text.splitlines())):
        if DROPPED.match(line):
            continue
        head = re.match(r"^  ([a-z][a-z0-9-]*)\s*: ", line)
        if head:
            prop = head[1]
        elif not line:
            prop = None
        if prop in INHERITED:
            continue
        if prop in MACHINE:
            line = re.sub(r'(Default: )(".*"|null)', r"\1(of this machine)",
                          line)
        lines.append(line)
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
