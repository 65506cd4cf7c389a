#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A vmsignalbin that restarts its connections when told to.

usage: device.py ORIGIN PROPERTY=VALUE...   (of vmsignalbin)

Each message of the element is a line of JSON. A line of standard input,
"restart", begins every connection anew; any other is an action of the element
with its argument, if it has one; the end of it is the end.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstVideomeet", "1.0")
from gi.repository import GLib, Gst, GstVideomeet  # noqa: E402

Gst.init(None)


def fields(structure):
    return {structure.nth_field_name(i):
            structure.get_value(structure.nth_field_name(i))
            for i in range(structure.n_fields())}


def main():
    node = GstVideomeet.Node.get_default()
    node.props.insecure = True
    node.props.origins = sys.argv[1]
    pipeline = Gst.parse_launch(
        "vmsignalbin name=m " + " ".join(sys.argv[2:])
        + " videotestsrc is-live=true ! video/x-raw,width=320,height=180,"
        "framerate=15/1 ! m.video_sink_0 "
        "audiotestsrc is-live=true ! m.audio_sink_0")
    loop = GLib.MainLoop()

    def on_message(_bus, message):
        structure = message.get_structure()
        if message.type == Gst.MessageType.ERROR:
            print(json.dumps({"event": "error",
                              "text": message.parse_error()[0].message}),
                  flush=True)
            loop.quit()
        elif structure and structure.get_name().startswith("vm-"):
            print(json.dumps({**fields(structure),
                              "event": structure.get_name()}), flush=True)

    def on_input(source, _condition):
        line = source.readline()
        if not line:
            loop.quit()
        elif line.strip() == "restart":
            pipeline.get_by_name("m").emit("restart-ice", None)
        else:
            pipeline.get_by_name("m").emit(*line.split())
        return bool(line)

    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", on_message)
    GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT,
                      GLib.IOCondition.IN | GLib.IOCondition.HUP, on_input)
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, 2, loop.quit)
    pipeline.set_state(Gst.State.PLAYING)
    loop.run()
    pipeline.set_state(Gst.State.NULL)


main()
