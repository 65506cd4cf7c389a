# SPDX-License-Identifier: LGPL-2.1-or-later
"""What cannot be written is a failure, unless its reader has gone away; what is written
with --json is JSON, whatever a file is called; and a program in the background of its
terminal leaves alone what is typed there."""

import json
import os
import pathlib
import pty
import signal
import subprocess
import tempfile
import termios
import threading
import time

launcher = pathlib.Path(os.environ["VM_BUILD_ROOT"]) / "tools" / "videomeet"
GRACE = 60  # seconds, where others take the cores
SEEN = 3  # seconds, in which whoever reads has read


def run(home, *arguments, stdout=subprocess.PIPE):
    return subprocess.run([launcher, *arguments], stdin=subprocess.DEVNULL, stdout=stdout,
                          stderr=subprocess.PIPE, timeout=GRACE,
                          env={**os.environ, "XDG_CONFIG_HOME": home})


def state_of(pid):
    """R, S, T, …, as of ps."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def run_in_background(home):
    """An agent behind a shell that is in front; what both write."""
    controller, terminal = pty.openpty()
    shell = os.fork()
    if shell == 0:
        os.setsid()
        # the first terminal that the leader of a session opens is its own
        terminal = os.open(os.ttyname(terminal), os.O_RDWR)
        for fd in range(3):
            os.dup2(terminal, fd)
        agent = os.fork()
        if agent == 0:
            os.setpgid(0, 0)
            os.execve(launcher, [launcher, "agent", "--server", "http://127.0.0.1:1",
                                 "--room", "r", "--receive", f"{home}/in"],
                      {**os.environ, "XDG_CONFIG_HOME": home})
        print(f"agent {agent}", flush=True)
        os.waitpid(agent, 0)
        os._exit(0)
    os.close(terminal)
    return controller, shell


def read_until(fd, wanted):
    text = b""
    while wanted not in text:
        text += os.read(fd, 4096)
    return text.decode()


with tempfile.TemporaryDirectory(prefix="vm-output-") as home:
    with open("/dev/full", "wb") as full:
        done = run(home, "trust", "export", stdout=full)
    assert done.returncode == 1, done
    assert b"The standard output cannot be written: " in done.stderr, done

    reading, writing = os.pipe()
    os.close(reading)
    done = run(home, "trust", "export", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b""), done

    name = os.fsencode(home) + b"/x\xfc"
    done = run(home, "trust", "export", "--json", name)
    assert done.returncode == 0 and os.path.exists(name), done
    event = json.loads(done.stdout)
    assert event["file"].endswith("/x\ufffd"), event
    done = run(home, "trust", "export", name)
    assert done.stdout.decode() == f"Written to {home}/x\ufffd.\n", done

    controller, shell = run_in_background(home)
    watchdog = threading.Timer(GRACE, os.kill, (shell, signal.SIGKILL))
    watchdog.start()
    said = read_until(controller, b"tried again")
    agent = int(said.split("agent ")[1].split()[0])
    os.write(controller, b"ls\n")
    until = time.monotonic() + SEEN
    while time.monotonic() < until:
        assert state_of(agent) != "T", "it reads what is typed for another program"
        time.sleep(0.05)
    os.kill(agent, signal.SIGTERM)
    os.waitpid(shell, 0)
    watchdog.cancel()
    termios.tcdrain(controller)
    os.close(controller)
