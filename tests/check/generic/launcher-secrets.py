# SPDX-License-Identifier: LGPL-2.1-or-later
"""What videomeet is told in confidence does not stay in the list of processes."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile

GRACE = 85  # s, for the program to begin and end

launcher = pathlib.Path(os.environ["VM_BUILD_ROOT"]) / "tools" / "videomeet"
PIN = "246810"


def host(*more, env=None):
    """The command line of a host, once it has announced its meeting."""
    with tempfile.TemporaryDirectory() as config:
        with subprocess.Popen(
                [launcher, "host", "--json", "--source", "test", "--audio-only",
                 "--methods", "manual", "--announce", "off", *more],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                env=dict(os.environ, XDG_CONFIG_HOME=config, **(env or {}))) as run:
            state = None
            for line in run.stdout:
                event = json.loads(line)
                if event["event"] == "meeting":
                    state = event["state"]
                    break
            seen = pathlib.Path(f"/proc/{run.pid}/cmdline").read_bytes()
            run.send_signal(signal.SIGINT)
            run.communicate(timeout=GRACE)
            assert run.returncode == 0 and state == "announced", (run.returncode, state)
    return seen.replace(b"\0", b" ").decode()


with tempfile.NamedTemporaryFile("w", suffix=".pin") as file:
    file.write(PIN + "\n")
    file.flush()
    for arguments, env in (("--pin", PIN), None), ((f"--pin={PIN}",), None), \
            (("--pin-file", file.name), None), ((), {"VIDEOMEET_PIN": PIN}), \
            (("--turn", "turn://ann:secret@127.0.0.1:9"), None):
        line = host(*arguments, env=env)
        print(line)
        assert PIN not in line and "secret" not in line, line
        assert not arguments or arguments[0].split("=")[0] in line, line
