#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library as a Python application sees it, by GObject Introspection."""

import os
import sys
import tempfile
import unittest

import gi

gi.require_version("GstVideomeet", "1.0")
from gi.repository import GLib, GstVideomeet as Vm  # noqa: E402

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import lab  # noqa: E402


class Identity(unittest.TestCase):
    def test_made_once_and_kept(self):
        with tempfile.TemporaryDirectory() as folder:
            made = Vm.Identity.load(folder)
            again = Vm.Identity.load(folder)
            self.assertEqual(made.get_device_id(), again.get_device_id())
            key_hash = Vm.key_hash_from_certificate(
                made.get_tls_certificate())
            self.assertEqual(Vm.Device.id_from_key_hash(key_hash),
                             made.get_device_id())
            path = os.path.join(folder, "identity.pem")
            mode = os.stat(path).st_mode & 0o777
            self.assertEqual(mode, 0o600)

    def test_error_has_domain_and_code(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "identity.pem"), "w",
                      encoding="ascii") as f:
                f.write("no key\n")
            with self.assertRaises(GLib.Error) as caught:
                Vm.Identity.load(folder)
            self.assertTrue(caught.exception.matches(
                Vm.error_quark(), Vm.Error.IDENTITY))


class States(unittest.TestCase):
    def test_names(self):
        self.assertEqual(Vm.discovery_state_to_string(
            Vm.DiscoveryState.ACTIVE), "active")


class Node(unittest.TestCase):
    """The node, off the network: no method, and on loopback alone."""

    def test_serves_and_stops(self):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["XDG_CONFIG_HOME"] = folder
            node = Vm.Node.get_default()
            self.assertEqual(node, Vm.Node.get_default())
            node.props.methods = Vm.Methods.NONE
            node.props.interfaces = "lo"
            node.props.announce = Vm.Announce.OFF
            self.assertEqual(node.list_devices(), [])
            node.start(Vm.NodeRoles.SERVE)
            self.assertGreater(node.get_port(), 0)
            self.assertIn("meeting=standup", node.get_link("standup"))
            node.stop(Vm.NodeRoles.SERVE)
            self.assertEqual(node.get_discovery_state(),
                             Vm.DiscoveryState.OFFLINE)


class Errors(unittest.TestCase):
    def test_codes(self):
        self.assertEqual(Vm.error_to_code(Vm.Error.MEETING_FULL),
                         "MEETING_FULL")
        self.assertEqual(Vm.error_from_code("WRONG_KEY"),
                         (True, Vm.Error.WRONG_KEY))


if __name__ == "__main__":
    lab.run_tests()
