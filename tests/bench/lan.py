# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the benches of discovery share."""

import os
import statistics
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import lab  # noqa: E402

ROUNDS = 5
SERVICE = "_videomeet._tcp"


def announce(host):
    """Says "Pipeline is live" when it begins to."""
    return host.start("gst-launch-1.0", "vmdiscoversrc", "user=Ann",
                      "!", "fakesink")


def discover(host):
    return host.start("gst-launch-1.0", "-q", "vmdiscoversrc", "user=Bob",
                      "!", "fdsink")


def browse(host):
    """Avahi's own browser, which resolves what it finds."""
    return host.start("stdbuf", "-oL", "avahi-browse", "-p", "-r", "-k",
                      SERVICE)


def report(name, ours, peer):
    ours, peer = statistics.median(ours), statistics.median(peer)
    print(f"bench {name} ours={ours:.0f} peer={peer:.0f} "
          f"ratio={ours / peer:.3f} unit=ms", flush=True)
