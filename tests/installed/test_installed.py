#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What "meson install" leaves is all that is needed, and the build folder serves
an application as well.

The build is for one prefix and knows it; to compile another would take minutes.
So this one is installed into a folder of the test, which then takes the prefix's
place, in namespaces that nobody else sees."""

import glob
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import lab  # noqa: E402

SOURCE = os.environ["VM_SOURCE_ROOT"]
BUILD = os.environ["VM_BUILD_ROOT"]
PREFIX = os.environ["VM_PREFIX"]
EXAMPLES = os.path.join(SOURCE, "examples")
LINK = r"https://\S+:\d+/\?meeting=standup\n"
ELEMENTS = ("vmdiscoversrc", "vmfilesink", "vmfilesrc", "vmsignalbin",
            "vmtrust")
COMPILE = ("cc -Wall -Werror -o link " + EXAMPLES + "/link.c "
           "$(pkg-config --cflags --libs gstvideomeet-1.0)")
# the README's lines of a shell in which other programs find the prefix
EXPORT = re.compile(r"^    (export .*)$", re.MULTILINE)
README_LIBDIR = "$HOME/videomeet/lib/"
with open(os.path.join(SOURCE, "meson.build"), encoding="utf-8") as build:
    VERSION = "." + re.search(r"version: '([\d.]+)'", build.read())[1]


def enter():
    """Goes on where the network is loopback and mounts are one's own."""
    if os.environ.pop("VM_INSTALLED_INSIDE", None):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    command = ["unshare", "--net", "--mount"]
    if os.geteuid() != 0:
        command.append("--map-root-user")
    if subprocess.run(command + ["true"], capture_output=True,
                      check=False).returncode != 0:
        print("skipped: no namespaces can be made here")
        sys.exit(lab.SKIP)
    os.environ["VM_INSTALLED_INSIDE"] = "1"
    os.execvp(command[0], command + [sys.executable, *sys.argv])


class Application(unittest.TestCase):
    """Runs a line of shell in a folder that is its home."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.home = folder.name
        cls.env = {"HOME": cls.home, "PATH": "/usr/bin:/bin",
                   "LANG": "C.UTF-8"}

    def shell(self, line):
        done = subprocess.run(["bash", "-e", "-c", line], cwd=self.home,
                              env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True,
                              timeout=lab.SOON, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout


class Uninstalled(Application):
    """As ./dev exec has it; only to compile, nothing but pkg-config's path."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = dict(os.environ, HOME=cls.home, XDG_CONFIG_HOME=cls.home)

    def test_c(self):
        self.shell(f"export PKG_CONFIG_PATH={BUILD}/meson-uninstalled; "
                   + COMPILE)
        self.assertRegex(self.shell("./link 0"), LINK)

    def test_python(self):
        self.assertRegex(self.shell(f"{EXAMPLES}/link.py 0"), LINK)


@unittest.skipUnless(os.path.isdir(PREFIX) and PREFIX != "/usr",
                     f"nothing can take the place of {PREFIX}")
class Installed(Application):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # gtk-doc makes its pages anew for their installation, which takes long
        subprocess.run(
            ["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet",
             "--destdir", cls.home, "--tags", "runtime,devel,typelib,man"],
            check=True, timeout=lab.SOON)
        subprocess.run(["mount", "--bind", cls.home + PREFIX, PREFIX],
                       check=True)
        # before its folder is deleted
        cls.addClassCleanup(subprocess.run, ["umount", PREFIX], check=True)
        pc, = glob.glob(f"{PREFIX}/**/gstvideomeet-1.0.pc", recursive=True)
        cls.libdir = os.path.dirname(os.path.dirname(pc))
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as f:
            cls.exports = "; ".join(EXPORT.findall(f.read())).replace(
                README_LIBDIR, cls.libdir + "/") + "; "

    def test_nothing_else(self):
        lib = os.path.relpath(self.libdir, PREFIX)
        plugins = {os.path.basename(file)
                   for folder in os.environ["GST_PLUGIN_PATH_1_0"].split(":")
                   for file in glob.glob(folder + "/libgst*.so")}
        expected = {
            "bin": {"videomeet"},
            lib: {f"libgstvideomeet-1.0.so{v}" for v in ("", ".0", VERSION)},
            lib + "/gstreamer-1.0": plugins,
            lib + "/pkgconfig": {"gstvideomeet-1.0.pc"},
            lib + "/girepository-1.0": {"GstVideomeet-1.0.typelib"},
            "share/gir-1.0": {"GstVideomeet-1.0.gir"},
            "share/man/man1": {"videomeet.1"},
        }
        found = {}
        for folder, _, files in os.walk(PREFIX):
            name = os.path.relpath(folder, PREFIX)
            if files and not name.startswith((
                    "include/gstreamer-1.0/gst/videomeet",
                    "share/gst-videomeet/web")):
                found[name] = set(files)
        self.assertEqual(found, expected)

    def test_launcher(self):
        videomeet = os.path.join(PREFIX, "bin", "videomeet")
        self.assertIn("host", self.shell(videomeet + " --help"))
        host = subprocess.Popen(
            [videomeet, "host", "--source", "test", "--methods", "manual",
             "--duration", str(lab.SOON), "--json"], env=self.env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        with host:
            links = (json.loads(line).get("link") for line in host.stdout)
            link = next(filter(None, links), None)
            self.assertIsNotNone(link)
            with urllib.request.urlopen(
                    link, timeout=lab.SOON,
                    context=ssl._create_unverified_context()) as page:
                served = page.read()
            host.send_signal(signal.SIGINT)
            host.communicate(timeout=lab.SOON)
        self.assertEqual(host.returncode, 0)
        with open(f"{PREFIX}/share/gst-videomeet/web/index.html", "rb") as f:
            self.assertEqual(served, f.read())

    def test_elements(self):
        # a plugin finds the library by itself
        for element in ELEMENTS:
            self.shell(self.exports + "unset LD_LIBRARY_PATH; "
                       f"gst-inspect-1.0 {element}")

    def test_c(self):
        self.shell(self.exports + COMPILE)
        self.assertRegex(self.shell(self.exports + "./link 0"), LINK)

    def test_python(self):
        self.assertRegex(self.shell(f"{self.exports} {EXAMPLES}/link.py 0"),
                         LINK)


if __name__ == "__main__":
    enter()
    lab.run_tests()
