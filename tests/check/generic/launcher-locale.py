# SPDX-License-Identifier: LGPL-2.1-or-later
"""Names that are UTF-8 are taken in any locale: cron, ssh and containers run
programs with LC_ALL=C."""

import json
import os
import pathlib
import subprocess
import tempfile
import threading

launcher = pathlib.Path(os.environ["VM_BUILD_ROOT"]) / "tools" / "videomeet"
GRACE = 60  # seconds, where others take the cores


def discover(locale, *arguments):
    """Its first line of JSON, or how it ended."""
    with tempfile.TemporaryDirectory(prefix="vm-locale-") as home:
        environment = {k: v for k, v in os.environ.items()
                       if not k.startswith("LC_") and k != "LANG"}
        with subprocess.Popen(
                [launcher, "host", "--insecure", "--interfaces", "lo",
                 "--methods", "manual", "--audio-only", "--source", "test",
                 "--json", *arguments],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**environment, **locale, "XDG_CONFIG_HOME": home}) as process:
            watchdog = threading.Timer(GRACE, process.kill)
            watchdog.start()
            for line in process.stdout:
                event = json.loads(line.decode())
                if event["event"] in ("joined", "error"):
                    break
            process.terminate()
            process.stdout.read()
            process.wait()
            watchdog.cancel()
            return event


for locale in ({"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"LANG": "C"}, {},
               {"LC_ALL": "xx_YY.none"}, {"LC_ALL": "C.UTF-8"}):
    event = discover(locale, "--meeting", "Zoë 会議", "--user", "Zoë")
    assert event["event"] == "joined", (locale, event)
    assert event["meeting"] == "Zoë 会議", (locale, event)

# what is no UTF-8 is still refused in words, beside what is
event = discover({"LC_ALL": "C"}, "--meeting", b"Zo\xeb", "--user", "Zoë")
assert event["event"] == "error", event
