# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every option that the launcher's help shows stands in its man page, and the
man page promises none that does not exist; so do the events of --json and the
lines that are typed in a meeting."""

import os
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(os.environ["VM_SOURCE_ROOT"])
launcher = pathlib.Path(os.environ["VM_BUILD_ROOT"]) / "tools" / "videomeet"


def say(*arguments):
    run = subprocess.run([launcher, *arguments], capture_output=True, text=True,
                         timeout=60, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert run.returncode == 0, f"{arguments}: exit {run.returncode}: {run.stderr}"
    return run.stdout


def options_of(*arguments):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", say(*arguments)))


commands = re.findall(r"^  ([a-z]+) ", say("--help").split("Commands:")[1],
                      re.MULTILINE)
assert "host" in commands and len(commands) == len(set(commands)), commands
shown = options_of("--help")
for command in commands:
    found = options_of(command, "--help")
    assert "--json" in found, f"{command} --help does not show --json"
    assert found == options_of("help", command)
    shown |= found
shown.add("--print-completion")  # for programs

page = (root / "docs/man/videomeet.1").read_text().replace(r"\-", "-")
written = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", page))

missing, invented = shown - written, written - shown
print(f"{len(shown)} options in --help, {len(written)} in videomeet(1)")
if missing:
    print("not in videomeet(1):", *sorted(missing))
if invented:
    print("in videomeet(1) alone:", *sorted(invented))


def section(name):
    return re.split(r"^\.SH ", page.split(f".SH {name}\n")[1], flags=re.MULTILINE)[0]


sources = "".join(path.read_text() for path in (root / "tools").rglob("*.c"))
events = set(re.findall(r'vmt_event_new \("([a-z-]+)"\)', sources))
typed = set(re.findall(r'^  \{ "([a-z]+)", VMT_TYPED_', sources, re.MULTILINE))
assert len(events) > 40 and len(typed) > 30, (events, typed)
json_page, typed_page = section("JSON"), section("TYPED LINES")
unsaid = [name for name in sorted(events)
          if not re.search(rf"(?<![\w-]){name}(?![\w-])", json_page)]
unsaid += [f"/{name}" for name in sorted(typed)
           if not re.search(rf"/{name}\b", typed_page)]
if unsaid:
    print("not in JSON or TYPED LINES of videomeet(1):", *unsaid)
sys.exit(bool(missing or invented or unsaid))
