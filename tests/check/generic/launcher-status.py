# SPDX-License-Identifier: LGPL-2.1-or-later
"""videomeet status ends in time, with a sentence, whatever answers there: one
that says nothing, one that drips, one that never ends, and no device at all."""

import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import threading

DEADLINE = 5  # s, which the launcher promises
GRACE = 85  # s, for the program to begin and end

launcher = pathlib.Path(os.environ["VM_BUILD_ROOT"]) / "tools" / "videomeet"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


def serve(listener, head, piece, pause, done):
    """Answers one request with @head, then with @piece every @pause s."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(head)
        try:
            while piece and not done.wait(pause):
                connection.sendall(piece)
        except OSError:
            pass
        done.wait()


def ask(head, piece, pause, close=False):
    done = threading.Event()
    if close:
        done.set()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(
            target=serve, args=(listener, head, piece, pause, done))
        thread.start()
        try:
            return subprocess.run(
                [launcher, "status", "--insecure",
                 f"127.0.0.1:{listener.getsockname()[1]}"],
                capture_output=True, text=True, timeout=DEADLINE + GRACE,
                check=False)
        finally:
            done.set()
            thread.join()


def check(run, words):
    print(run.stderr.strip())
    assert run.returncode == 1, run
    assert run.stdout == "", run
    assert words in run.stderr, run


check(ask(b"", b"", 0), "did not answer within 5 s")
check(ask(HEAD, b" ", 0.2), "did not answer within 5 s")
check(ask(HEAD, b" " * 4096, 0), "longer than 64 KiB")
check(ask(HEAD + b"[]", b"", 0, close=True), "no videomeet device")

# what a device says of itself neither steers a terminal nor floods it
hostile = {"user": "\x1b]0;x\x07A\u202e\u2028" + "n" * 20000,
           "capabilities": ["\u009bm" + "c" * 30000], "status": "s",
           "meeting": {"id": "1", "name": "m" * 5000 + "\x1b[2J", "state": "s"}}
run = ask(HEAD + json.dumps(hostile).encode(), b"", 0, close=True)
assert run.returncode == 0, run.stderr
assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", run.stdout)
assert max(map(len, run.stdout.splitlines())) < 300, run.stdout

# the exit status is in every help; what is misspelt is said on stderr
for arguments in ["--help"], ["host", "--help"], ["join", "--help"]:
    run = subprocess.run([launcher, *arguments], capture_output=True, text=True,
                         timeout=GRACE, check=False)
    assert run.returncode == 0 and not run.stderr, run
    for words in "Exit status: 0", "1 when", "2 for", "standard error":
        assert words in run.stdout, run.stdout
for arguments in ([], ["hots"], ["join"], ["host", "--nope"],
                  ["join", "wss://10.0.0.1/ws"]):
    run = subprocess.run([launcher, *arguments], capture_output=True, text=True,
                         timeout=GRACE, check=False)
    assert run.returncode == 2 and run.stderr and not run.stdout, run

# a slip is named as what it is
for arguments, words in (
        (["--nope"], "There is no option '--nope' in front of a command"),
        (["hots"], "Did you mean 'host'?"),
        (["server", "--name=a b"], "--name takes a name alone"),
        (["server", "--name=a/b"], "--name takes a name alone"),
        (["server", "--name="], "--name")):
    run = subprocess.run([launcher, *arguments], capture_output=True, text=True,
                         timeout=GRACE, check=False)
    assert run.returncode == 2 and words in run.stderr and not run.stdout, run

# who names an interface that is not there hears of it, and why nobody is found
with tempfile.TemporaryDirectory(prefix="vm-interfaces-") as home:
    with subprocess.Popen(
            [launcher, "receive", "--interfaces=none0", f"{home}/in"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
            env={**os.environ, "XDG_CONFIG_HOME": home,
                 "LC_ALL": "C.UTF-8"}) as process:
        watchdog = threading.Timer(GRACE, process.kill)
        watchdog.start()
        line = process.stderr.readline()
        process.terminate()
        assert process.wait() == 0 and "no network interface “none0”" in line, line
        watchdog.cancel()
