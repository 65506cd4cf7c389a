# SPDX-License-Identifier: LGPL-2.1-or-later
"""A terminal that is closed ends a call as Ctrl-C does: with a goodbye, a summary
and a recording that is whole. nohup says that it is nothing to the program."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading

launcher = pathlib.Path(os.environ["VM_BUILD_ROOT"]) / "tools" / "videomeet"
LOOPBACK = ["--insecure", "--interfaces", "lo", "--methods", "manual",
            "--source", "stamp:160x90@10", "--json"]
GRACE = 90  # seconds, where others take the cores


def start(home, *arguments, **how):
    process = subprocess.Popen(
        [launcher, *arguments, *LOOPBACK], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, text=True,
        env={**os.environ, "XDG_CONFIG_HOME": str(home)}, **how)
    process.watchdog = threading.Timer(GRACE, process.kill)
    process.watchdog.start()
    return process


def wait_event(process, name, **members):
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == name and all(
                event.get(k) == v for k, v in members.items()):
            return event
    raise AssertionError(f"no {name} {members}")


def rest(process):
    events = [json.loads(line) for line in process.stdout]
    status = process.wait()
    process.watchdog.cancel()
    return status, events


# what nohup has set for these tests is not what is tested
signal.signal(signal.SIGHUP, signal.SIG_DFL)

with tempfile.TemporaryDirectory(prefix="vm-hangup-") as home:
    home = pathlib.Path(home)
    records = home / "records"
    host = start(home / "a", "host", "--meeting", "m", "--user", "Ann",
                 "--record", str(records))
    link = wait_event(host, "joined")["link"]
    guest = start(home / "b", "join", link, "--user", "Bob")
    wait_event(host, "record", state="started")
    wait_event(guest, "participant-state", state="connected")
    for _ in range(2):
        host.send_signal(signal.SIGHUP)
    status, events = rest(host)
    assert status == 0, (status, events)
    assert events[-1]["event"] == "summary", events
    assert [e for e in events if e["event"] == "record"
            and e["state"] == "finished"], events
    # the first Ctrl-C of a user loses nothing, though the end came before it
    wait_event(guest, "meeting", state="ended")
    guest.send_signal(signal.SIGINT)
    status, events = rest(guest)
    assert events[-1]["event"] == "summary", (status, events)
    files = list(records.iterdir())
    assert len(files) == 1 and files[0].stat().st_size > 1000, files

    # who was told to ignore it goes on
    host = start(home / "a", "host", "--meeting", "m", "--user", "Ann",
                 preexec_fn=lambda: signal.signal(signal.SIGHUP,
                                                  signal.SIG_IGN))
    wait_event(host, "joined")
    host.send_signal(signal.SIGHUP)
    host.send_signal(signal.SIGTERM)
    status, events = rest(host)
    assert status == 0 and events[-1]["event"] == "summary", (status, events)
