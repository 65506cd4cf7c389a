# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is typed into videomeet on a terminal is edited there, sent to the other
side, and leaves the terminal as it was. The terminal is shown as a user sees it."""

import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time

import pyte

launcher = pathlib.Path(os.environ["VM_BUILD_ROOT"]) / "tools" / "videomeet"
LOOPBACK = ["--insecure", "--interfaces", "lo", "--methods", "manual",
            "--source", "test", "--audio-only"]
WAIT = 90  # s, where others take the cores
UP, DOWN, LEFT, HOME, DELETE = "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[H", "\x1b[3~"
CTRL_C, CTRL_Z = "\x03", "\x1a"
PASTE_ON, PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"
PASTED = "\x1b[200~{}\x1b[201~"
LOOK_TIME = 1.2  # s, and some more: sooner a plain answer was not meant for a question


class Terminal:
    """videomeet on a terminal of its own; what it showed so far."""

    def __init__(self, folder, *arguments, columns=80, shell=(), **env):
        self.bytes = b""
        main, side = pty.openpty()
        termios.tcsetwinsize(side, (24, columns))
        self.screen = pyte.Screen(columns, 24)
        self.stream = pyte.ByteStream(self.screen)
        self.fd, self.side = main, side
        self.before = termios.tcgetattr(side)
        self.process = subprocess.Popen(
            [*shell, launcher, *arguments], stdin=side, stdout=side, stderr=side,
            env={**os.environ, "XDG_CONFIG_HOME": str(folder / "term"),
                 "XDG_STATE_HOME": str(folder / "state"), "TERM": "xterm",
                 "DISPLAY": "", "WAYLAND_DISPLAY": "", **env},
            preexec_fn=self.take)

    def take(self):
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    @property
    def shown(self):
        return self.bytes.decode("utf-8", "replace")

    def wait_for(self, pattern):
        end = time.monotonic() + WAIT
        while not re.search(pattern, self.shown):
            assert time.monotonic() < end, f"no {pattern}: {self.shown[-2000:]!r}"
            self.read(0.2)
        return re.search(pattern, self.shown)

    def read(self, seconds):
        if select.select([self.fd], [], [], seconds)[0]:
            more = os.read(self.fd, 65536)
            self.bytes += more
            self.stream.feed(more)

    def wait_for_line(self, text):
        """Until the last line of the screen ends so, and the cursor is at '|'."""
        end = time.monotonic() + WAIT
        wanted, behind = text.split("|") if "|" in text else (text, "")
        while True:
            line = self.screen.display[self.screen.cursor.y]
            at = self.screen.cursor.x
            if line[:at].endswith(wanted) and line[at:].strip() == behind.strip():
                return
            assert time.monotonic() < end, \
                f"no {text}: {line[:at]}|{line[at:]}: {self.shown[-2000:]!r}"
            self.read(0.2)

    def type(self, text):
        os.write(self.fd, text.encode())

    def drain_until_end(self):
        end = time.monotonic() + WAIT
        while self.process.poll() is None:
            assert time.monotonic() < end, self.shown
            self.read(0.2)
        while select.select([self.fd], [], [], 0)[0]:
            self.read(0)
        return self.process.returncode


class Events:
    """videomeet without a terminal: the events it printed."""

    def __init__(self, folder, *arguments):
        self.events = []
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            [launcher, *arguments, "--json"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "XDG_CONFIG_HOME": str(folder / "json")})
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.events.append(json.loads(line))
                self.changed.notify_all()

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait(self, name, **members):
        def found():
            return next((e for e in self.events if e["event"] == name and all(
                e.get(k) == v for k, v in members.items())), None)

        with self.changed:
            assert self.changed.wait_for(found, WAIT), self.events
            return found()


def port_of(host):
    return host.wait_for(r"This meeting's link:\s+http://[^:]*:(\d+)/")[1]


def meet(folder, running, meeting, *, user="Bob", common=LOOPBACK, host_more=(),
         guest_more=(), **terminal):
    """Ann hosts it at a terminal, and @user has joined."""
    host = Terminal(folder, "host", "--meeting", meeting, "--user", "Ann",
                    *host_more, *common, **terminal)
    running.append(host.process)
    link = f"videomeet://127.0.0.1:{port_of(host)}/{meeting}"
    guest = Events(folder, "join", link, "--user", user, *guest_more, *common)
    running.append(guest.process)
    guest.wait("participant-state", user="Ann", state="connected")
    return host, guest


def talk(folder, running):
    host, guest = meet(folder, running, "standup", guest_more=["--push-to-talk"])

    host.type("helo\x7flo, you")  # not yet entered
    host.wait_for(r" > hello, you$|> hello, you\r")
    guest.say("meanwhile")
    host.wait_for(r"\[\d\d:\d\d\] Bob: meanwhile")
    host.wait_for_line(" > hello, you")
    assert not [e for e in guest.events if e["event"] == "chat"]
    host.type("\r")
    guest.wait("chat", user="Ann", text="hello, you")
    host.wait_for(r"\x1b\[K> hello, you\r\n")

    # a guest that was started with --push-to-talk is heard from /talk to Enter
    guest.say("/talk")
    guest.wait("muted", audio=False, video=False)
    assert not [e for e in guest.events if e["event"] == "muted" and e["audio"]]
    guest.say("")
    guest.wait("muted", audio=True, video=False)
    # statistics are made twice a second
    end = time.monotonic() + WAIT
    while not (stats := [e for e in guest.events
                         if e["event"] == "stats" and "audioLevel" in e]):
        assert time.monotonic() < end, guest.events
        guest.say("/stats")
        time.sleep(0.2)
    assert -127 <= stats[0]["audioLevel"] <= 0, stats
    while not re.search(r"Bob: level (-\d+ dBFS|not told)", host.shown):
        assert time.monotonic() < end, host.shown[-2000:]
        host.type("/stats\r")
        host.read(0.2)
    host.wait_for(r"You: level -\d+ dBFS")

    # the end of what is typed is not the end of the meeting
    guest.process.stdin.close()
    host.type("/mute Bob\r")
    guest.wait("mute-requested", audio=True, video=False)
    host.wait_for("Bob sends neither sound nor picture")
    host.type("/end\r")
    assert host.drain_until_end() == 0, host.shown
    assert guest.process.wait(WAIT) == 0
    assert termios.tcgetattr(host.side) == host.before


def edited(folder, running):
    """Keys, Tab and history, and what one asks for and reads."""
    host, guest = meet(folder, running, "edit", user="Bob Ray", columns=60)
    host.wait_for("Bob Ray is connected")

    host.type("there" + HOME + "hi " + DELETE + "T")
    host.wait_for_line(" > hi T|here")
    host.type("\r/m\t")
    guest.wait("chat", text="hi There")
    host.wait_for("/msg  /mute")  # which there are
    host.wait_for_line(" > /m")
    host.type("sg B\t")
    host.wait_for_line('/msg "Bob Ray" ')
    host.type("psst" + LEFT * 4 + "(" + "\x05)\r")
    guest.wait("chat", text="(psst)", private=True)
    host.type(UP + UP)
    host.wait_for_line(" > hi There")
    host.type(DOWN + "!\r")
    guest.wait("chat", text="(psst)!", private=True)

    host.type("/react \N{THUMBS UP SIGN}\r")
    guest.wait("reaction", user="Ann", reaction="\N{THUMBS UP SIGN}")
    guest.say("/react \N{PARTY POPPER}")
    host.wait_for("Bob Ray  \N{PARTY POPPER}")
    host.type("/hand\r/mute\r/status reading\r/who\r")
    host.wait_for(r"  p\d+  Ann \(you\), host, hand raised, no sound: reading\r\n")
    host.wait_for(r"  p\d+  Bob Ray, not verified, connected, no picture\r\n")
    host.type("/mute 'Bob Ray'\r")
    guest.wait("mute-requested", audio=True)
    host.type('/kick "Bob R\t\r')
    error = guest.wait("error", code="KICKED")
    assert "removed" in error["message"], error
    assert guest.process.wait(WAIT) == 1
    host.wait_for(r"Bob Ray \(p\d+\) was removed and cannot come again")
    host.wait_for("Waiting for others")
    assert "1 other here" not in host.shown.split("was removed")[1], host.shown
    host.wait_for("Nobody else is in the meeting edit now.")
    host.type('/unban "Bob\t\r')
    host.wait_for("“Bob Ray” may come again.")

    host.type("/leave\r")
    assert host.drain_until_end() == 0, host.shown
    assert "Meeting edit is ended." in host.shown, host.shown


def compared(folder, running):
    """Two compare digits, and each says what it has found."""
    host, guest = meet(folder, running, "digits")
    host.wait_for("Bob is connected")
    host.type("/compare Bob\r")
    digits = guest.wait("compare", user="Ann", state="digits", asked=True)["digits"]
    host.wait_for(rf"{digits[:3]} {digits[3:]}: does the screen of “Bob” show the same")
    guest.say("y")
    guest.wait("compare", state="same")
    # a yes that comes at once was meant for something else
    end = time.monotonic() + WAIT
    while "Bob is verified by you." not in host.shown:
        assert time.monotonic() < end, host.shown[-2000:]
        host.type("y\r")
        host.read(0.5)
    host.type("/who\r")
    host.wait_for(r"Bob, verified by you, connected")
    guest.say("/compare Ann")
    host.wait_for("“Bob” wants to compare digits with you")
    guest.wait("compare", state="digits", asked=False)
    host.type("n\r")
    host.wait_for("The digits differ")
    host.type("/who\r/end\r")
    host.wait_for(r"Bob, THE DIGITS DIFFER")
    assert host.drain_until_end() == 0, host.shown
    assert guest.process.wait(WAIT) == 0


def offered(folder, running):
    """y takes the file that is offered, once it was read. What is said in answer to
    somebody goes to them."""
    path = folder / "notes.txt"
    path.write_text("notes")
    host, guest = meet(folder, running, "gifts",
                       host_more=("--files", str(folder / "in")))

    guest.say(f"/send {path}")
    host.wait_for(r"“Bob” sends “notes.txt” \(\d+ bytes\): take it\? \[y/n\]")
    time.sleep(LOOK_TIME)
    host.type("y\r")
    host.wait_for("You take file 1. Nothing was said to the others.")
    guest.wait("transfer", number=1, state="completed")
    guest.say(f"/send {path}")
    host.wait_for(r"/accept 2\s+or\s+/decline\s+2")
    guest.say("lunch?")
    host.wait_for("Bob: lunch")
    time.sleep(LOOK_TIME)
    host.type("no\r")
    host.wait_for("That was said to the others. File 2 waits still")
    guest.wait("chat", user="Ann")
    assert [e["text"] for e in guest.events if e["event"] == "chat"] == ["no"]
    host.type("/decline 2\r")
    guest.wait("transfer", number=2, state="failed", code="DECLINED")
    host.type("/end\r")
    assert host.drain_until_end() == 0, host.shown
    assert guest.process.wait(WAIT) == 0


def shared(folder, running):
    """A second picture begins and ends; something else is sent."""
    small = [option for option in LOOPBACK if option != "--audio-only"]
    small[small.index("test")] = "stamp:64x36@10"
    host, guest = meet(folder, running, "slides", common=small)

    def ann_of(event):
        """Ann, in what the guest says of all now."""
        before = len(guest.events)
        guest.say("/who" if event == "who" else "/stats")
        with guest.changed:
            assert guest.changed.wait_for(lambda: any(
                e["event"] == event for e in guest.events[before:]), WAIT)
            return [e for e in guest.events[before:]
                    if e["event"] == event][0]["participants"][0]

    def until(event, true):
        end = time.monotonic() + WAIT
        while not true(ann := ann_of(event)):
            assert time.monotonic() < end, (ann, host.shown[-2000:])
            host.read(0.3)

    host.type("/share\r")
    host.wait_for("There is no .*display")
    host.type("/share st\t")
    host.wait_for_line("/share stamp ")
    host.type("\r")
    host.wait_for("You share “stamp” now")
    until("stats", lambda ann: ann.get("screenFramesReceived", 0) > 5)
    host.type("/source stamp:160x90@10\r")
    host.wait_for("You send “stamp:160x90@10” now")
    host.type("/source\r/share off\r")
    host.wait_for("You send “stamp:160x90@10”, and share “stamp”.")
    host.wait_for("You share nothing any more.")
    until("who", lambda ann: ann.get("width") == 160)
    host.type("/end\r")
    assert host.drain_until_end() == 0, host.shown
    assert guest.process.wait(WAIT) == 0


def viewed(folder, running):
    """Whether there is to be a window is asked once, at a terminal alone."""
    home = str(folder / "viewed")
    config = pathlib.Path(home) / "videomeet" / "config"
    config.parent.mkdir(parents=True)
    config.write_text("# mine\n[videomeet]\nuser=Ann\n")
    arguments = ["host", "--meeting", "shown",
                 *[o for o in LOOPBACK if o != "--audio-only"]]
    env = {"XDG_CONFIG_HOME": home, "DISPLAY": ":99"}
    host = Terminal(folder, *arguments, **env)
    running.append(host.process)
    host.wait_for(r"Show the others in a window here\? \[y/n\] $")
    host.type("n\r")
    host.wait_for("No; --view opens a window")
    port_of(host)
    host.type(CTRL_C)
    assert host.drain_until_end() == 0, host.shown
    # GLib before 2.76 puts an empty line behind a comment
    lines = [line for line in config.read_text().splitlines() if line]
    assert lines == ["# mine", "[videomeet]", "user=Ann", "view=false"], lines
    host = Terminal(folder, *arguments, **env)
    running.append(host.process)
    port_of(host)
    host.type(CTRL_C)
    assert host.drain_until_end() == 0, host.shown
    assert "window here" not in host.shown, host.shown
    piped = subprocess.run(
        [launcher, *arguments, "--duration", "0.5"], text=True, timeout=WAIT,
        stdin=subprocess.DEVNULL, capture_output=True,
        env={**os.environ, "XDG_CONFIG_HOME": str(folder / "piped"),
             "DISPLAY": ":99"})
    assert piped.returncode == 0, piped.stderr
    assert "window here" not in piped.stdout, piped.stdout
    assert "\x1b" not in piped.stdout, piped.stdout


def remembered(folder, running):
    """Another meeting knows what was typed into the one before; what can be typed
    is told in lines of 40 columns, broken at words."""
    host = Terminal(folder, "host", "--meeting", "later", *LOOPBACK, columns=40)
    running.append(host.process)
    port_of(host)
    host.type(UP + UP)
    host.wait_for_line(' > /unban "Bob Ray"')
    host.type("\x15/help\r")
    told = host.wait_for(r"(?s)A line is sent.*other kind\.")[0]
    lines = [line for line in re.sub(r"\r\x1b\[K[^\r\n]*(?=\r\x1b)|\r?\x1b\[K", "", told).split("\r\n")]
    assert max(map(len, lines)) <= 40, lines
    assert "      take the file that is offered, or" in lines, lines
    host.type("/frob\r")
    host.wait_for(r"There is no command\r\n {8}/frob; /help shows those there\r\n")
    host.type(CTRL_C)
    assert host.drain_until_end() == 0, host.shown


def removed(folder, running):
    """Whoever is removed reads so, and not that the meeting is over; who leaves
    reads that."""
    host = Events(folder, "host", "--meeting", "board", "--user", "Ann",
                  *LOOPBACK)
    running.append(host.process)
    link = host.wait("joined", hosting=True)["link"]
    for how, status, says in (
            ("/kick Bob", 1, "removed"),
            (None, 0, "You have left the meeting board."),
            ("/end", 0, "Meeting board is ended.")):
        guest = Terminal(folder, "join", link, "--user", "Bob", *LOOPBACK)
        running.append(guest.process)
        guest.wait_for("Ann is connected")
        if how:
            host.say(how)
        else:
            guest.type("/leave\r")
        assert guest.drain_until_end() == status, guest.shown
        assert says in guest.shown, guest.shown
        assert ("is ended" in guest.shown) == ("ended" in says), guest.shown
        # it is Bob who has left
        assert how or "Ann has left" not in guest.shown, guest.shown
        if how == "/kick Bob":
            host.say("/unban Bob")
    assert host.process.wait(WAIT) == 0


def asked(folder, running):
    """A PIN is asked for, and never shown; Ctrl-C gives up."""
    host = Terminal(folder, "host", "--meeting", "secret", "--user", "Ann",
                    "--pin", "314159", *LOOPBACK)
    running.append(host.process)
    link = host.wait_for(r"This meeting's link:\s+(\S+)")[1]
    guest = Terminal(folder, "join", link, "--user", "Bob", *LOOPBACK)
    running.append(guest.process)
    guest.wait_for("PIN of the meeting: $")
    guest.type("123\r")
    guest.wait_for("(?s)6 to 32 digits.*PIN of the meeting: $")
    guest.type("271828\r")
    guest.wait_for("(?s)is wrong.*PIN of the meeting: $")
    guest.type("3141x\x7f59\r")
    guest.wait_for("Joined the meeting secret")
    host.wait_for("Bob joined")
    assert "271828" not in guest.shown and "314159" not in guest.shown
    guest.type("/leave\r")
    assert guest.drain_until_end() == 0, guest.shown

    guest = Terminal(folder, "join", link, "--user", "Bob", *LOOPBACK)
    running.append(guest.process)
    guest.wait_for("PIN of the meeting: $")
    guest.type(CTRL_C)
    assert guest.drain_until_end() == 130, guest.shown
    assert termios.tcgetattr(guest.side) == guest.before
    host.type(CTRL_C)
    assert host.drain_until_end() == 0, host.shown


def given_up(folder, running):
    """Whoever gives up looking has not joined. No colours, and 40 columns."""
    guest = Terminal(folder, "join", "nowhere", *LOOPBACK, columns=40,
                     NO_COLOR="1")
    running.append(guest.process)
    guest.wait_for(r"(?s)No meeting can be seen.*type\s+/pin")
    guest.type("/pin\r")
    guest.wait_for("PIN of the meeting: $")
    guest.type("314159\r")
    guest.wait_for("(?s)PIN of the meeting: .*No meeting can be seen")
    guest.type(CTRL_C)
    assert guest.drain_until_end() == 130, guest.shown
    assert "The meeting was not joined." in guest.shown, guest.shown
    assert "ended" not in guest.shown, guest.shown
    assert not re.search(r"\x1b\[[0-9;]*m", guest.shown), guest.shown
    for line in re.split(r"\r\n|\r\x1b\[K|\x1b\[\?2004[hl]", guest.shown):
        assert len(line) <= 40, line


def pasted(folder, running):
    """What is pasted is one message; nothing in it is a command or an answer. What
    comes too fast waits. Whoever stops the program has the terminal back."""
    host, guest = meet(
        folder, running, "notes",
        shell=("bash", "-c", 'set -m; "$@"; echo stopped; fg %1', "bash"))

    host.wait_for(re.escape(PASTE_ON))
    host.type(PASTED.format("one\r\ntwo\n/leave\nfour\n"))
    guest.wait("chat", text="one\ntwo\n/leave\nfour", private=False)
    host.type("/msg Bob " + PASTED.format("y\n/end") + "\r")
    guest.wait("chat", text="y\n/end", private=True)
    # one line stands there to be read, as what is said
    host.type(PASTED.format("/end\n"))
    host.wait_for_line(" > //end")
    host.type("\r")
    guest.wait("chat", text="/end")
    many = "\n".join("yyyyyy")
    host.type(PASTED.format(many))
    host.wait_for("6 lines were pasted: are they to be sent to everybody")
    host.type(PASTED.format("y\n"))
    host.wait_for_line(" > y")
    host.type("\x15n\r")
    host.wait_for("Nothing was sent.")
    host.type(PASTED.format(many))
    host.wait_for("(?s)lines were pasted.*lines were pasted")
    host.type("y\r")
    guest.wait("chat", text=many)
    host.type("/kick " + PASTED.format("Bob\nAnn"))
    host.wait_for("Several lines were pasted, and a command has one")
    host.type("\x15" + PASTED.format("\n".join(["x" * 1365] * 3)))
    host.wait_for(r"this\s+one\s+has\s+4097")
    host.type(PASTED.format("\n".join(["z" * 1364] * 2 + ["z" * 1366])))
    guest.wait("chat", text="\n".join(["z" * 1364] * 2 + ["z" * 1366]))

    # where the terminal does not say what is pasted
    host.type("".join(f"line {i}\r" for i in range(70)) + "/hand\r")
    host.wait_for("line by line, 8 a second")
    guest.wait("hand", raised=True)
    guest.wait("chat", text="line 69")
    said = [e["text"] for e in guest.events if e["event"] == "chat"]
    assert said[-70:] == [f"line {i}" for i in range(70)], said[-70:]

    host.type(CTRL_Z)
    off, on = re.escape(PASTE_OFF), re.escape(PASTE_ON)
    host.wait_for(f"(?s){off}.*stopped.*{on}")
    host.type("/end\r")
    assert host.drain_until_end() == 0, host.shown
    assert host.shown.rstrip().rfind(PASTE_OFF) > host.shown.rfind(PASTE_ON)
    assert guest.process.wait(WAIT) == 0

    # what waits is not lost without a word; a terminal that knows no brackets
    host, guest = meet(folder, running, "dumb", TERM="dumb")
    host.type("".join(f"line {i}\r" for i in range(40)))
    host.wait_for("line by line, 8 a second")
    host.type(CTRL_C)
    assert host.drain_until_end() == 0, host.shown
    assert re.search(r"\d+ typed lines were not sent any more", host.shown)
    assert PASTE_ON not in host.shown and PASTE_OFF not in host.shown, host.shown


def interrupted(folder, running):
    """Ctrl-C leaves the terminal as it was, too."""
    host = Terminal(folder, "host", "--meeting", "alone", "--user", "Ann",
                    *LOOPBACK)
    running.append(host.process)
    host.wait_for("This meeting's link")
    host.type("half a li")
    host.wait_for("> half a li")
    assert termios.tcgetattr(host.side) != host.before
    host.type("\x03")
    assert host.drain_until_end() == 0, host.shown
    assert termios.tcgetattr(host.side) == host.before


def main():
    running = []
    with tempfile.TemporaryDirectory(prefix="vm-typed-") as name:
        try:
            edit = (edited, remembered, shared) if "edit" in sys.argv else ()
            for case in (talk, *edit, pasted, compared, offered, viewed, removed, asked,
                         given_up, interrupted):
                began = time.monotonic()
                case(pathlib.Path(name), running)
                print(f"{case.__name__}: {time.monotonic() - began:.1f} s",
                      flush=True)
        finally:
            for process in running:
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                    process.wait()


sys.exit(main())
