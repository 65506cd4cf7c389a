# SPDX-License-Identifier: LGPL-2.1-or-later
"""videomeet host and videomeet join in a call on loopback: what --json prints,
that each decodes the other's frames in order, the recording, the status of the
host, and leaving by a signal."""

import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time

import media

launcher = pathlib.Path(os.environ["VM_BUILD_ROOT"]) / "tools" / "videomeet"
LOOPBACK = ["--insecure", "--interfaces", "lo", "--methods", "manual"]
WAIT = 90  # seconds, for any one event, where others take the cores
LENGTH = 10  # seconds of call
FRAMES = 20  # what even a busy machine shows of them


class Launcher:
    """A running videomeet and the events it printed so far."""

    def __init__(self, folder, name, *arguments, preexec_fn=None):
        self.name = name
        self.events = []
        self.changed = threading.Condition()
        environment = {**os.environ,
                       "XDG_CONFIG_HOME": str(folder / (name + ".config"))}
        self.process = subprocess.Popen(
            [launcher, *arguments, "--json"], env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=preexec_fn)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            event = json.loads(line)  # nothing but objects, one a line
            with self.changed:
                self.events.append(event)
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def wait(self, name, **members):
        def found():
            for event in self.events:
                if event["event"] == name and all(
                        event.get(k) == v for k, v in members.items()):
                    return event
            return None

        with self.changed:
            if not self.changed.wait_for(found, WAIT):
                raise AssertionError(
                    f"{self.name}: no {name} {members}; got {self.events}")
            return found()

    def finish(self, status=0):
        self.process.wait(WAIT)
        self.reader.join(WAIT)
        errors = self.process.stderr.read()
        assert self.process.returncode == status, (
            f"{self.name}: exit {self.process.returncode}\n{errors}\n{self.events}")
        assert self.events[-1]["event"] == "summary", self.events[-1]
        assert sum(e["event"] == "summary" for e in self.events) == 1
        return self.events[-1]

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def check_other(summary, user, frames):
    assert len(summary["participants"]) == 1, summary
    other = summary["participants"][0]
    print(json.dumps(other), flush=True)
    stamps = other["stamps"]
    assert other["user"] == user, other
    assert other["videoFrames"] >= frames, other
    assert other["audioBuffers"] >= 50, other
    assert other["firstFrameMs"] > 0, other
    assert other["path"] == "host", other
    # from the first frame on, as good as every one that was sent, undamaged
    sent = stamps["last"] - stamps["first"]
    assert media.few(stamps["missing"], sent), other
    assert media.few(stamps["repeated"], sent), other
    assert stamps["unreadable"] == 0, other
    assert stamps["read"] >= frames, other
    # and each is accounted for
    assert (stamps["read"] - stamps["repeated"] + stamps["missing"] - 1
            == sent), other
    return other


def check_status(place):
    run = subprocess.run([launcher, "status", "--insecure", "--json", place],
                         capture_output=True, text=True, timeout=WAIT)
    assert run.returncode == 0, run.stderr
    status = json.loads(run.stdout)
    assert status["event"] == "status" and status["user"] == "Ann", status
    assert status["meeting"]["name"] == "standup", status
    assert status["keyProven"] is False, status


def check_memory(process):
    """It bears its own name, and what it frees is not kept for later."""
    place = pathlib.Path(f"/proc/{process.pid}")
    settings = (place / "environ").read_bytes().split(b"\0")
    assert (place / "comm").read_text().strip() == "videomeet"
    for name, value in (("G_SLICE", "always-malloc"),
                        ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0")):
        value = os.environ.get(name, value)  # the user's own is kept
        assert f"{name}={value}".encode() in settings, settings


def call(folder, running):
    records = folder / "records"
    host = Launcher(folder, "host", "host", *LOOPBACK, "--meeting", "standup",
                    "--user", "Ann", "--source", "stamp")
    running.append(host)
    announced = host.wait("joined", hosting=True)
    place = announced["link"].split("/")[2]
    port = place.rsplit(":", 1)[1]
    check_status(f"127.0.0.1:{port}")
    check_memory(host.process)

    guest = Launcher(folder, "guest", "join", *LOOPBACK,
                     f"videomeet://127.0.0.1:{port}/standup", "--user", "Bob",
                     "--source", "stamp", "--record", str(records))
    running.append(guest)
    guest.wait("joined", hosting=False)
    ann = guest.wait("participant-joined", user="Ann", host=True)
    guest.wait("participant-state", id=ann["id"], state="connected")
    bob = host.wait("participant-joined", user="Bob", host=False)
    host.wait("participant-state", id=bob["id"], state="connected")
    host.wait("meeting", state="active")
    time.sleep(LENGTH)
    guest.process.send_signal(signal.SIGINT)

    check_other(guest.finish(), "Ann", FRAMES)
    files = list(records.glob("*.mkv"))
    assert len(files) == 1 and files[0].stat().st_size > 10000, files

    host.wait("participant-left", id=bob["id"])
    # with an exit status, were it longer than 10 s
    host.process.send_signal(signal.SIGINT)
    summary = host.finish()
    check_other(summary, "Bob", FRAMES)


def refusals(folder, running):
    """A meeting that is not there: an error, a summary of nobody, exit 1."""
    alone = Launcher(folder, "alone", "host", *LOOPBACK, "--meeting", "other",
                     "--source", "test")
    running.append(alone)
    port = alone.wait("joined")["link"].split("/")[2].rsplit(":", 1)[1]
    lost = Launcher(folder, "lost", "join", *LOOPBACK,
                    f"videomeet://127.0.0.1:{port}/standup", "--source", "test")
    running.append(lost)
    summary = lost.finish(1)
    assert summary["participants"] == []
    assert lost.wait("error")["code"] == "MEETING_NOT_FOUND", lost.events
    alone.process.send_signal(signal.SIGTERM)
    assert alone.finish()["participants"] == []


def no_such_interface(folder, running):
    for command in (["host", "--source", "test"], ["discover"]):
        one = Launcher(folder, "astray", *command, "--insecure", "--methods",
                       "manual", "--interfaces", "lo,nope0")
        running.append(one)
        said = one.wait("warning")["message"]
        assert "nope0" in said and "lo" in said.split(";")[1], said
        one.process.send_signal(signal.SIGINT)
        one.process.wait(WAIT)


def little_disk():
    """A file may have 4 KB; what writes more is told so and not killed."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))


def lost_recording(folder, running):
    """A recording that cannot be written: the call goes on, exit 1."""
    host = Launcher(folder, "one", "host", *LOOPBACK, "--meeting", "standup",
                    "--user", "Ann", "--source", "stamp")
    running.append(host)
    port = host.wait("joined")["link"].split("/")[2].rsplit(":", 1)[1]
    guest = Launcher(folder, "two", "join", *LOOPBACK,
                     f"videomeet://127.0.0.1:{port}/standup", "--user", "Bob",
                     "--source", "stamp", "--record", str(folder / "full"),
                     preexec_fn=little_disk)
    running.append(guest)
    lost = guest.wait("record", state="failed")
    assert "Ann" in guest.wait("warning")["message"], guest.events
    guest.process.send_signal(signal.SIGINT)
    summary = guest.finish(1)
    ann = summary["participants"][0]
    assert ann["lostRecords"] == [lost["location"]], ann
    assert "Ann" in guest.wait("error")["message"], guest.events
    host.process.send_signal(signal.SIGINT)
    host.finish()


def main():
    running = []
    with tempfile.TemporaryDirectory(prefix="vm-launcher-") as name:
        try:
            call(pathlib.Path(name), running)
            refusals(pathlib.Path(name), running)
            no_such_interface(pathlib.Path(name), running)
            lost_recording(pathlib.Path(name), running)
        finally:
            for one in running:
                one.kill()


sys.exit(main())
