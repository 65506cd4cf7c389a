# SPDX-License-Identifier: LGPL-2.1-or-later
"""videomeet status ends in time, with a sentence, whatever answers there: one
that says nothing, one that drips, one that never ends, and no device at all."""

import os
import pathlib
import socket
import subprocess
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
