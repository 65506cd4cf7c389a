#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A webrtcbin of its own, with that bundle-policy, that sends sound and a picture.

usage: webrtcbinparty.py POLICY [--offer]

Lines as of aiortcparty.py; {"seen": KIND} with the first packet of that kind.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

Gst.init(None)

SENT = """webrtcbin name=w bundle-policy={}
 videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=15/1
 ! vp8enc deadline=1 keyframe-max-dist=15 ! rtpvp8pay pt=96 ! queue ! w.
 audiotestsrc is-live=true ! opusenc ! rtpopuspay pt=111 ! queue ! w."""


def write(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def on_description(promise, kind, webrtc):
    reply = promise.get_reply()
    description = reply.get_value(kind)
    webrtc.emit("set-local-description", description, None)
    write({"type": kind, "sdp": description.sdp.as_text()})


def describe(webrtc, kind):
    webrtc.emit(f"create-{kind}", None,
                Gst.Promise.new_with_change_func(on_description, kind, webrtc))


def take(webrtc, message):
    if message.get("sdp"):
        _, sdp = GstSdp.SDPMessage.new_from_text(message["sdp"])
        kind = getattr(GstWebRTC.WebRTCSDPType, message["type"].upper())
        webrtc.emit("set-remote-description",
                    GstWebRTC.WebRTCSessionDescription.new(kind, sdp), None)
        if message["type"] == "offer":
            describe(webrtc, "answer")
    elif message.get("candidate"):
        webrtc.emit("add-ice-candidate", message.get("sdpMLineIndex") or 0,
                    message["candidate"])


def main():
    pipeline = Gst.parse_launch(SENT.format(sys.argv[1]))
    webrtc = pipeline.get_by_name("w")
    loop = GLib.MainLoop()

    def on_pad(_webrtc, pad):
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        kind = pad.get_current_caps().get_structure(0).get_value("media")
        sink = Gst.ElementFactory.make("fakesink")
        pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad("sink"))
        write({"seen": kind})

    def on_input(source, _condition):
        line = source.readline()
        if line:
            take(webrtc, json.loads(line))
        else:
            loop.quit()
        return bool(line)

    webrtc.connect("pad-added", on_pad)
    webrtc.connect("on-ice-candidate", lambda _webrtc, index, candidate: write(
        {"candidate": candidate, "sdpMLineIndex": index}))
    if "--offer" in sys.argv:
        webrtc.connect("on-negotiation-needed", describe, "offer")
    GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT,
                      GLib.IOCondition.IN | GLib.IOCondition.HUP, on_input)
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, 2, loop.quit)
    pipeline.set_state(Gst.State.PLAYING)
    loop.run()
    pipeline.set_state(Gst.State.NULL)


main()
