# SPDX-License-Identifier: LGPL-2.1-or-later
"""GStreamer's tracer of leaks finds nothing left of a call, on either side."""

import os
import re
import subprocess
import tempfile

GRACE = 90  # seconds, where others take the cores
VIDEO = "videotestsrc is-live=true num-buffers={} ! video/x-raw,width=160," \
    "height=120,framerate=15/1 ! m.video_sink_0"


def launch(home, name, line):
    return subprocess.Popen(
        ["gst-launch-1.0", "-m", *line.split()], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "XDG_CONFIG_HOME": os.path.join(home, name),
             "GST_TRACERS": "leaks", "GST_DEBUG": "GST_TRACER:7",
             "GST_DEBUG_NO_COLOR": "1"})


with tempfile.TemporaryDirectory(prefix="vm-leaks-") as home:
    host = launch(home, "a", "vmsignalbin name=m meeting=m mode=host "
                  "end-when-alone=true " + VIDEO.format(-1)
                  + " m.video_src_0 ! fakesink")
    said = []
    for line in host.stdout:
        said.append(line)
        found = re.search(r"vm-joined.*link=.*?://[^/]*:(\d+)/", line)
        if found:
            break
    else:
        raise AssertionError("".join(said[-30:]))
    guest = launch(home, "b", "vmsignalbin name=m mode=join uri=videomeet://"
                   f"127.0.0.1:{found[1]}/m " + VIDEO.format(150))
    for process in guest, host:
        out, _ = process.communicate(timeout=GRACE)
        assert process.returncode == 0, out[-3000:]
        assert "new=(string)connected" in out, out[-3000:]
        left = [line for line in out.splitlines()
                if "object-alive, type-name=(string)" in line
                and "(string)%s" not in line]
        assert not left, "\n".join(left)
