#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Asks the user about other devices' requests for trust: hosts a meeting that
only trusted devices can join, named by the first argument, and when a device
asks to be trusted shows the six digits, which its user must read too. A line
"yes" approves, any other denies. Until Ctrl-C."""

import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

Gst.init(None)
pipeline = Gst.parse_launch("vmtrust name=trust policy=require "
                            "vmsignalbin name=meeting mode=host")
trust = pipeline.get_by_name("trust")
pipeline.get_by_name("meeting").props.meeting = (sys.argv + ["vault"])[1]
loop = GLib.MainLoop()
waiting = []  # the request before the user, if any


def ask(request, name, sas):
    waiting[:] = [request]
    print(f"{name} wants to be trusted. Does it show {sas} as well? (yes/no)",
          flush=True)


def withdraw(request, name, why):
    if request in waiting:  # what is typed from now on is no answer to it
        waiting.remove(request)
    print(f"{name}: {why}", flush=True)


def answer(_source, condition):
    line = sys.stdin.readline() if condition & GLib.IO_IN else ""
    if line and waiting:
        yes = line.strip().lower() == "yes"
        trust.emit("approve" if yes else "deny", waiting.pop())
    elif line:
        print("Nobody asks.", flush=True)
    return bool(line)


def tell(_bus, message):
    print(message.parse_error()[0].message, file=sys.stderr)
    loop.quit()


# signals come on a thread of the library, which must not wait for anybody
trust.connect("trust-requested", lambda _, request, device_id, name, sas:
              GLib.idle_add(ask, request, name, sas))
trust.connect("trust-established", lambda _, device_id, name:
              print(f"{name} is trusted now: {device_id}", flush=True))
trust.connect("trust-failed", lambda _, request, device_id, name, error:
              GLib.idle_add(withdraw, request, name, error.message))
GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_IN | GLib.IO_HUP, answer)
bus = pipeline.get_bus()
bus.add_signal_watch()
bus.connect("message::error", tell)
pipeline.set_state(Gst.State.PLAYING)
try:
    loop.run()
except KeyboardInterrupt:
    pass
pipeline.set_state(Gst.State.NULL)
