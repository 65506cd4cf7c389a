# SPDX-License-Identifier: LGPL-2.1-or-later
"""videomeet call and videomeet answer at a videomeet server: answered, declined,
missed, busy, nobody there, no answer, both at once, and who ends the call."""

import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading

import ports

launcher = pathlib.Path(os.environ["VM_BUILD_ROOT"]) / "tools" / "videomeet"
WAIT = 90  # s, for any one thing, where others take the cores
SOUND = ["--source", "test", "--audio-only"]


class Launcher:
    """A running videomeet: its events with --json, else its lines."""

    all = []

    def __init__(self, folder, *arguments, typed=True):
        self.json = "--json" in arguments
        self.told = []
        self.over = False
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            [launcher, *map(str, arguments)], text=True,
            stdin=subprocess.PIPE if typed else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C.UTF-8", "XDG_CONFIG_HOME":
                 str(folder / f"config{len(Launcher.all)}")})
        Launcher.all.append(self)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.told.append(json.loads(line) if self.json else line.rstrip())
                self.changed.notify_all()
        with self.changed:
            self.over = True
            self.changed.notify_all()

    def wait_for(self, match):
        def found():
            return next(filter(match, self.told), None)

        with self.changed:
            self.changed.wait_for(lambda: found() or self.over, WAIT)
            assert found(), self.told
            return found()

    def event(self, name, **members):
        return self.wait_for(lambda event: event["event"] == name
                             and members.items() <= event.items())

    def line(self, part):
        return self.wait_for(lambda line: part in line)

    def type(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def ends(self, status):
        """What it has said on the standard error."""
        self.process.wait(WAIT)
        self.reader.join(WAIT)
        errors = self.process.stderr.read()
        assert self.process.returncode == status, (
            self.process.returncode, errors, self.told)
        return errors

    def states(self):
        return [event["state"] for event in self.told if event["event"] == "call"]

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Place:
    """A server and who calls there."""

    def __init__(self, folder):
        self.folder = folder
        self.server = None
        self.port = ports.take(self.serve)

    def serve(self, port):
        """Whether the server does, at that port."""
        self.server = Launcher(self.folder, "server", "--json", "--loopback",
                               f"--port={port}")
        told = self.server.wait_for(lambda event: event["event"] in ("serving", "error"))
        assert told["event"] == "serving" or told["code"] == ports.IN_USE, told
        return told["event"] == "serving"

    def at(self, user):
        return [f"--server=ws://127.0.0.1:{self.port}", f"--user={user}"]

    def call(self, whom, me, *more):
        return Launcher(self.folder, "call", whom, *self.at(me), *SOUND, "--json",
                        *more)

    def answer(self, me, *more, typed=True):
        one = Launcher(self.folder, "answer", *self.at(me), *SOUND, "--json",
                       *more, typed=typed)
        one.event("call", state="waiting")
        return one


class Phone:
    """A user of the server that is no videomeet: a WebSocket."""

    def __init__(self, port, user):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
        self.socket.sendall(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
        self.file = self.socket.makefile("rb")
        assert b" 101 " in self.file.readline()
        while self.file.readline() != b"\r\n":
            pass
        self.say(type="register", userId=user)
        self.hear("registered")

    def say(self, **message):
        payload = json.dumps(message).encode()
        size = len(payload)
        head = struct.pack("!BBH", 0x81, 0x80 | 126, size) if size > 125 \
            else bytes((0x81, 0x80 | size))
        self.socket.sendall(head + bytes(4) + payload)

    def hear(self, kind):
        while True:
            first, size = self.file.read(2)
            if size == 126:
                size, = struct.unpack("!H", self.file.read(2))
            payload = self.file.read(size)
            assert first & 15 in (1, 9), (first, payload)
            if first & 15 == 1 and json.loads(payload)["type"] == kind:
                return json.loads(payload)

    def hang_up(self):
        self.file.close()
        self.socket.close()


def answered(place):
    """For people on one side, and for a program on the other."""
    bob = Launcher(place.folder, "answer", *place.at("bob"), "--source", "test")
    bob.line("Waiting for calls of bob.")
    ann = Launcher(place.folder, "call", "bob", *place.at("ann"), "--source",
                   "test", "--json")
    ann.event("call", state="calling", userId="bob", callType="video")
    bob.line("“ann” calls (video). Answer? [y/n]")
    bob.type("y")
    bob.line("In the call with ann.")
    ann.event("call", state="connected", userId="bob")
    ann.interrupt()
    assert ann.ends(0) == ""
    assert ann.states() == ["calling", "connected", "ended"], ann.told
    summary = ann.told[-1]
    assert summary["event"] == "summary", summary
    assert 0 <= ann.event("call", state="ended")["durationMs"] <= summary["callMs"]
    assert [p["user"] for p in summary["participants"]] == ["bob"], summary
    bob.line("ann has ended the call.")
    bob.line("In the call for ")
    assert bob.ends(0) == ""


def ended_by_who_answers(place):
    bob = place.answer("bob", "--accept=auto")
    ann = place.call("bob", "ann")
    bob.event("call", state="ringing", userId="ann", user="ann", callType="audio")
    for one in (ann, bob):
        one.event("call", state="connected")
    busy = place.call("bob", "carl")
    assert "bob has another call." in busy.ends(1)
    assert busy.event("error")["code"] == "DECLINED", busy.told
    assert busy.states() == ["calling", "ended"], busy.told
    bob.interrupt()
    assert bob.ends(0) == "" and ann.ends(0) == ""
    for one in (ann, bob):
        assert one.states()[-2:] == ["connected", "ended"], one.told


def declined_and_missed(place):
    """Who answers goes on waiting for one that comes about."""
    bob = place.answer("bob")
    ann = place.call("bob", "ann")
    bob.event("call", state="ringing")
    bob.type("n")
    assert "bob has declined the call." in ann.ends(1)
    assert ann.event("call", state="ended")["code"] == "DECLINED", ann.told
    bob.event("call", state="declined", userId="ann")

    eve = place.call("bob", "eve")
    bob.event("call", state="ringing", userId="eve")
    eve.interrupt()
    assert eve.ends(0) == ""
    bob.event("call", state="missed", userId="eve")

    slow = place.call("bob", "slow", "--duration=10")
    assert "in that time" in slow.ends(1)
    assert slow.event("error")["code"] == "TIMEOUT", slow.told
    last = place.call("bob", "last")
    bob.event("call", state="ringing", userId="last")
    bob.interrupt()
    assert bob.ends(0) == ""
    assert last.ends(1) != ""
    assert bob.states()[-1] == "declined", bob.told


def nobody_there(place):
    ann = place.call("nobody", "ann")
    assert "nobody is not there." in ann.ends(1)
    assert ann.event("error")["code"] == "NOT_FOUND", ann.told
    # for people that is all
    bea = Launcher(place.folder, "call", "nobody", *place.at("bea"), *SOUND)
    assert bea.ends(1) == "videomeet: error: nobody is not there.\n"
    assert bea.told[-2:] == ["Calling nobody as bea. Ctrl-C gives up.",
                             "Leaving."], bea.told
    taken = place.answer("bob", typed=False)
    again = Launcher(place.folder, "answer", *place.at("bob"), *SOUND, "--json")
    again.ends(1)
    assert again.event("error")["code"] == "USER_TAKEN", again.told
    # nobody sits there
    eve = place.call("bob", "eve")
    assert "bob has declined the call." in eve.ends(1)
    assert "nobody can answer" in taken.event("warning")["message"]
    taken.interrupt()
    taken.ends(0)


def both_at_once(place):
    """Who is called by the one it calls talks to it."""
    bob = Phone(place.port, "bob")
    ann = place.call("bob", "ann")
    offer = bob.hear("call-offer")
    bob.say(type="call-offer", toId="ann", callId="a", callType="audio",
            offer=offer["offer"])  # "a" is before "call_…"
    reply = bob.hear("call-answer")
    assert reply["fromId"] == "ann" and reply["callId"] == "a", reply
    ann.event("call", state="answered")
    bob.say(type="call-end", toId="ann", callId="a")
    ann.ends(1)  # it was over before it was there
    bob.hang_up()


def refused():
    def says(text, *arguments):
        run = subprocess.run([launcher, *arguments], capture_output=True,
                             text=True, timeout=WAIT, check=False)
        assert run.returncode == 2 and text in run.stderr, run

    there = "--server=ws://127.0.0.1:1"
    says("Say at which server", "call", "bob")
    says("Say whom", "call", there)
    says("There is no use for 'bob'", "answer", "bob", there)
    says("is no server of calls", "answer", "--server=ftp://127.0.0.1:1")
    says("--accept takes ask or auto", "answer", there, "--accept=never")
    says("Nobody can call themselves", "call", "bob", there, "--user=bob")


def main():
    with tempfile.TemporaryDirectory(prefix="vm-calls-") as name:
        try:
            refused()
            place = Place(pathlib.Path(name))
            for case in (answered, ended_by_who_answers, declined_and_missed,
                         nobody_there, both_at_once):
                print(case.__name__, flush=True)
                case(place)
            place.server.interrupt()
            assert place.server.ends(0) == ""
        finally:
            for one in Launcher.all:
                one.kill()


sys.exit(main())
