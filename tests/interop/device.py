#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A vmsignalbin that restarts its connections when told to.

usage: device.py [--receive] ORIGIN PROPERTY=VALUE...   (of vmsignalbin)

Each message of the element is a line of JSON. A line of standard input,
"restart", begins every connection anew; any other is an action of the element
with its argument, if it has one; the end of it is the end.

With --receive it decodes what comes: every ten pictures of a participant are a line
"seen", the end of its picture a line "gone", and sound of it that is not silence a line
"heard".
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstVideomeet", "1.0")
from gi.repository import GLib, Gst, GstVideomeet  # noqa: E402

Gst.init(None)

SILENCE = -60  # dB, of the loudest sample


def fields(structure):
    return {structure.nth_field_name(i):
            structure.get_value(structure.nth_field_name(i))
            for i in range(structure.n_fields())}


def tell(event, **members):
    """One line, whichever thread it comes from."""
    sys.stdout.write(json.dumps({"event": event, **members}) + "\n")
    sys.stdout.flush()


def receive(pipeline, pad):
    """Takes what comes out of a new pad of the bin."""
    who = pad.props.participant_id
    audio = pad.get_name().startswith("audio")
    line = (f"audioconvert ! level name=level-{who} interval=200000000 ! fakesink"
            if audio else "fakesink")
    sink = Gst.parse_bin_from_description(line + " name=end sync=false", True)
    frames = 0

    def on_frame(_pad, _info):
        nonlocal frames
        frames += 1
        if frames % 10 == 0:
            tell("seen", id=who, frames=frames)
        return Gst.PadProbeReturn.OK

    if not audio:
        sink.get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, on_frame)
    pipeline.add(sink)
    sink.sync_state_with_parent()
    pad.link(sink.get_static_pad("sink"))


def is_loud(level):
    return max(level.get_value("peak")) > SILENCE


def main():
    receives = sys.argv[1] == "--receive"
    if receives:
        del sys.argv[1]
    node = GstVideomeet.Node.get_default()
    node.props.insecure = True
    node.props.origins = sys.argv[1]
    pipeline = Gst.parse_launch(
        "vmsignalbin name=m " + " ".join(sys.argv[2:])
        + " videotestsrc is-live=true ! video/x-raw,width=320,height=180,"
        "framerate=15/1 ! m.video_sink_0 "
        "audiotestsrc is-live=true ! m.audio_sink_0")
    loop = GLib.MainLoop()
    heard = set()

    def on_pad(_bin, pad):
        if receives and pad.get_direction() == Gst.PadDirection.SRC:
            receive(pipeline, pad)

    def on_pad_removed(_bin, pad):
        if receives and pad.get_name().startswith("video_src"):
            tell("gone", id=pad.props.participant_id)

    def on_message(_bus, message):
        structure = message.get_structure()
        if message.type == Gst.MessageType.ERROR:
            print(json.dumps({"event": "error",
                              "text": message.parse_error()[0].message}),
                  flush=True)
            loop.quit()
        elif structure and structure.get_name().startswith("vm-"):
            members = fields(structure)
            members.pop("event", None)
            tell(structure.get_name(), **members)
        elif structure and structure.get_name() == "level":
            who = message.src.get_name().removeprefix("level-")
            if who not in heard and is_loud(structure):
                heard.add(who)
                tell("heard", id=who)

    def on_input(source, _condition):
        line = source.readline()
        if not line:
            loop.quit()
        elif line.strip() == "restart":
            pipeline.get_by_name("m").emit("restart-ice", None)
        else:
            pipeline.get_by_name("m").emit(*line.split())
        return bool(line)

    pipeline.get_by_name("m").connect("pad-added", on_pad)
    pipeline.get_by_name("m").connect("pad-removed", on_pad_removed)
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
