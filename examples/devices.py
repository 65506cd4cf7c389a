#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lists the devices of this network as they come and go, until Ctrl-C."""

import gi

gi.require_version("GstVideomeet", "1.0")
from gi.repository import GLib, GstVideomeet as Vm  # noqa: E402


def show(what, device):
    print(what, device.get_user(), "on", device.get_device() + ",",
          device.get_base_uri(), flush=True)


# handlers run on the node's own thread
node = Vm.Node.get_default()
node.connect("device-added", lambda _, device: show("here:", device))
node.connect("device-removed", lambda _, device: show("gone:", device))
node.start(Vm.NodeRoles.BROWSE)
try:
    GLib.MainLoop().run()
except KeyboardInterrupt:
    pass
node.stop(Vm.NodeRoles.BROWSE)
