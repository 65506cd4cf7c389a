#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A desktop's portal that shares the node of PipeWire with the number that is its argument,
or the monitor of a headless mutter, without asking anybody. Writes "ready", and each time
what it was asked for; ends the session when it reads a line.

    portal.py NODE
    portal.py mutter MONITOR"""

import os
import socket
import sys

from gi.repository import Gio, GLib

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
SESSION = PATH + "/session/1_1/lab"
DESCRIPTION = """<node><interface name='org.freedesktop.portal.ScreenCast'>
<method name='CreateSession'><arg type='a{sv}' direction='in'/>
<arg type='o' direction='out'/></method>
<method name='SelectSources'><arg type='o' direction='in'/>
<arg type='a{sv}' direction='in'/><arg type='o' direction='out'/></method>
<method name='Start'><arg type='o' direction='in'/><arg type='s' direction='in'/>
<arg type='a{sv}' direction='in'/><arg type='o' direction='out'/></method>
<method name='OpenPipeWireRemote'><arg type='o' direction='in'/>
<arg type='a{sv}' direction='in'/><arg type='h' direction='out'/></method>
<property name='version' type='u' access='read'/>
<property name='AvailableSourceTypes' type='u' access='read'/>
<property name='AvailableCursorModes' type='u' access='read'/>
</interface></node>"""
ABILITIES = {"version": 4, "AvailableSourceTypes": 1, "AvailableCursorModes": 2}


# is gone with the last who has it, and what it asked mutter for
session_bus = Gio.bus_get_sync(Gio.BusType.SESSION)


class Portal:
    def __init__(self, node):
        self.node = node
        self.caller = None
        self.bus = session_bus
        info = Gio.DBusNodeInfo.new_for_xml(DESCRIPTION)
        self.bus.register_object(PATH, info.interfaces[0], self.called, self.asked, None)
        GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_IN, self.end)
        Gio.bus_own_name_on_connection(
            self.bus, NAME, Gio.BusNameOwnerFlags.NONE,
            lambda *unused: print("ready", flush=True), None)

    def asked(self, bus, sender, path, interface, name):
        return GLib.Variant("u", ABILITIES[name])

    def called(self, bus, sender, path, interface, method, parameters, invocation):
        print(method, flush=True)
        self.caller = sender
        options = parameters.unpack()[-1]
        if method == "OpenPipeWireRemote":
            self.open(invocation)
            return
        request = f"{PATH}/request/{sender[1:].replace('.', '_')}/{options['handle_token']}"
        invocation.return_value(GLib.Variant("(o)", (request,)))
        bus.emit_signal(sender, request, "org.freedesktop.portal.Request", "Response",
                        GLib.Variant("(ua{sv})", (0, self.results(method))))

    def results(self, method):
        if method == "CreateSession":
            return {"session_handle": GLib.Variant("s", SESSION)}
        if method == "Start":
            return {"streams": GLib.Variant("a(ua{sv})", [(self.node, {})])}
        return {}

    def open(self, invocation):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(os.path.join(os.environ["XDG_RUNTIME_DIR"], "pipewire-0"))
            fds = Gio.UnixFDList.new_from_array([os.dup(s.fileno())])
            invocation.return_value_with_unix_fd_list(GLib.Variant("(h)", (0,)), fds)

    def end(self, *unused):
        if not sys.stdin.readline():
            return False
        self.bus.emit_signal(self.caller, SESSION, "org.freedesktop.portal.Session",
                             "Closed", None)
        return True


def cast(monitor, ready):
    """Has mutter cast that monitor, as its portal would; ready() gets the node."""
    name = "org.gnome.Mutter.ScreenCast"

    def call(path, interface, method, signature, *args):
        return session_bus.call_sync(name, path, name + interface, method,
                                     GLib.Variant(signature, args), None,
                                     Gio.DBusCallFlags.NONE, -1, None).unpack()

    session, = call("/org/gnome/Mutter/ScreenCast", "", "CreateSession", "(a{sv})", {})
    stream, = call(session, ".Session", "RecordMonitor", "(sa{sv})", monitor, {})
    session_bus.signal_subscribe(
        name, name + ".Stream", "PipeWireStreamAdded", stream, None,
        Gio.DBusSignalFlags.NONE, lambda *args: ready(args[5].unpack()[0]))
    call(session, ".Session", "Start", "()")


if sys.argv[1] == "mutter":
    cast(sys.argv[2], Portal)
else:
    Portal(int(sys.argv[1]))
GLib.MainLoop().run()
