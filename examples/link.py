#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hosts a meeting for a minute, or as many seconds as are told, and prints its
link."""

import sys

import gi

gi.require_version("GstVideomeet", "1.0")
from gi.repository import GLib, GstVideomeet as Vm  # noqa: E402


def on_joined(meeting, _me):
    print(meeting.props.link, flush=True)
    GLib.timeout_add_seconds(int((sys.argv + ["60"])[1]), meeting.stop)


def on_failed(_meeting, error):
    sys.exit(error.message)


meeting = Vm.Meeting.new(Vm.Node.get_default())
meeting.props.name = "standup"
meeting.props.mode = Vm.MeetingMode.HOST
meeting.connect("joined", on_joined)
meeting.connect("failed", on_failed)
meeting.start()
while meeting.get_state() != Vm.MeetingState.ENDED:
    GLib.MainContext.default().iteration(True)
