#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What "meson install" leaves is all that is needed, and the build folder serves
an application as well.

The build is for one prefix and knows it; to compile another would take minutes.
So this one is installed into a folder of the test, which then takes the prefix's
place, in namespaces that nobody else sees."""

import configparser
import ctypes
import glob
import json
import os
import pty
import re
import select
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from xml.etree import ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import lab  # noqa: E402

SOURCE = os.environ["VM_SOURCE_ROOT"]
BUILD = os.environ["VM_BUILD_ROOT"]
PREFIX = os.environ["VM_PREFIX"]
EXAMPLES = os.path.join(SOURCE, "examples")
LINK = r"https://\S+:\d+/\?meeting=standup\n"
COMPILE = ("cc -Wall -Werror -o link " + EXAMPLES + "/link.c "
           "$(pkg-config --cflags --libs gstvideomeet-1.0)")
# the lines of a shell in which other programs find the prefix
EXPORT = re.compile(r"^    (export .*)$", re.MULTILINE)
DOCUMENTED_LIBDIR = "$HOME/videomeet/lib/"
with open(os.path.join(SOURCE, "meson.build"), encoding="utf-8") as build:
    VERSION = "." + re.search(r"version: '([\d.]+)'", build.read())[1]


def elements():
    """The elements of the plugins that are built."""
    for folder in os.environ["GST_PLUGIN_PATH_1_0"].split(":"):
        for file in glob.glob(folder + "/libgst*.so"):
            plugin = os.path.basename(file)[len("libgst"):-len(".so")]
            with open(f"{SOURCE}/docs/inspect/plugin-{plugin}.txt",
                      encoding="utf-8") as page:
                for name in re.findall(r"^  (\w+): ", page.read(), re.MULTILINE):
                    # a plugin has features of other kinds, too
                    if os.path.exists(f"{SOURCE}/docs/inspect/{name}.txt"):
                        yield name


def deny_write_execute():
    """As systemd's MemoryDenyWriteExecute=, where the kernel can (6.3)."""
    PR_SET_MDWE, REFUSE_EXEC_GAIN = 65, 1
    ctypes.CDLL(None).prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0)


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


class Documented(unittest.TestCase):
    def test_packages(self):
        """What the page has people install is what ./dev setup installs, and all of the
        libraries among that."""
        with open(os.path.join(SOURCE, "docs/users/install.md"), encoding="utf-8") as f:
            page = f.read().replace("\\\n", " ")
        told = {word for line in re.findall(r"^    apt-get install (.*)$", page, re.MULTILINE)
                for word in line.split() if not word.startswith("-")}
        with open(os.path.join(SOURCE, "dev"), encoding="utf-8") as f:
            listed = set(re.search(r"^packages=\((.*?)^\)", f.read(),
                                   re.MULTILINE | re.DOTALL)[1].split())
        libraries = {name for name in listed if re.match(r"lib.*-dev$", name)}
        self.assertEqual(told - listed, {"git"})
        self.assertEqual(libraries - told, set())


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

    def test_devenv(self):
        """meson devenv needs no variable beside its own."""
        plain = f"env -i HOME={self.home} PATH=/usr/bin:/bin "
        devenv = f"{plain} meson devenv -C {BUILD} "
        for element in elements():
            self.shell(f"{devenv} gst-inspect-1.0 {element}")
        self.assertIn("host", self.shell(f"{devenv} videomeet --help"))
        self.assertRegex(self.shell(
            f"{devenv} env XDG_CONFIG_HOME={self.home} {EXAMPLES}/link.py 0"),
            LINK)


@unittest.skipUnless(os.path.isdir(PREFIX) and PREFIX != "/usr",
                     f"nothing can take the place of {PREFIX}")
class Installed(Application):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.mkdir(cls.home + "/prefix")
        subprocess.run(["mount", "--bind", cls.home + "/prefix", PREFIX],
                       check=True)
        # before its folder is deleted
        cls.addClassCleanup(subprocess.run, ["umount", PREFIX], check=True)
        # gtk-doc makes its pages anew for their installation, which takes long
        subprocess.run(
            ["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet",
             "--tags", "runtime,devel,typelib,man"],
            check=True, timeout=lab.SOON)
        pc, = glob.glob(f"{PREFIX}/**/gstvideomeet-1.0.pc", recursive=True)
        cls.libdir = os.path.dirname(os.path.dirname(pc))
        with open(os.path.join(SOURCE, "docs/users/applications.md"), encoding="utf-8") as f:
            cls.exports = "; ".join(EXPORT.findall(f.read())).replace(
                DOCUMENTED_LIBDIR, cls.libdir + "/") + "; "

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
            "share/applications": {"videomeet.desktop"},
            "share/icons/hicolor/scalable/apps": {"videomeet.svg"},
            "share/doc/gst-videomeet": {"server.conf"},
            "lib/systemd/system": {"videomeet-server.service"},
            "lib/systemd/user": {"videomeet-agent.service"},
            "share/bash-completion/completions": {"videomeet"},
            "share/zsh/site-functions": {"_videomeet"},
            "share/fish/vendor_completions.d": {"videomeet.fish"},
        }
        if shutil.which("update-desktop-database"):
            expected["share/applications"].add("mimeinfo.cache")
        if shutil.which("gtk-update-icon-cache"):
            expected["share/icons/hicolor"] = {"icon-theme.cache"}
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
        # it finds its own elements, of which GStreamer knows nothing here
        found = [json.loads(line) for line in self.shell(
            f"{videomeet} doctor --json || true").splitlines()]
        self.assertEqual([one["result"] for one in found
                          if one.get("check") == "elements"], ["good"], found)
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

    def completed(self, line):
        """What bash, with the script that is installed, would have for the end
        of @line."""
        words = line.split(" ")
        return self.shell(
            # compopt fails outside a completion
            f"set +e; source {PREFIX}/share/bash-completion/completions/videomeet; "
            f"COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}; _videomeet; "
            "printf '%s\\n' \"${COMPREPLY[@]}\" | sort").split()

    def test_completion_bash(self):
        self.assertEqual(self.completed("videomeet disc"), ["discover"])
        self.assertEqual(self.completed("videomeet host --max-p"),
                         ["--max-participants"])
        # --dialect is an option of join alone
        self.assertEqual(self.completed("videomeet host --dial"), [])
        self.assertEqual(self.completed("videomeet host --policy r"),
                         ["require"])
        self.assertEqual(self.completed("videomeet host --policy = r"),
                         ["require"])
        self.assertEqual(self.completed("videomeet join --dialect s"),
                         ["socketio"])
        self.assertEqual(self.completed("videomeet trust rev"), ["revoke"])
        os.mkdir(f"{self.home}/holiday")
        with open(f"{self.home}/hols.txt", "w", encoding="utf-8"):
            pass
        self.assertEqual(self.completed("videomeet send hol"),
                         ["holiday", "hols.txt"])
        self.assertEqual(self.completed("videomeet host --record hol"),
                         ["holiday"])
        self.assertEqual(self.completed("videomeet host --source cam"),
                         ["camera"])
        self.assertEqual(self.completed("videomeet host --source hols"),
                         ["hols.txt"])

    def test_completion_is_of_the_help(self):
        """Each option that --help names, each shell completes, and no other."""
        videomeet = os.path.join(PREFIX, "bin", "videomeet")
        with open(f"{PREFIX}/share/zsh/site-functions/_videomeet",
                  encoding="utf-8") as script:
            zsh = script.read()
        with open(f"{PREFIX}/share/fish/vendor_completions.d/videomeet.fish",
                  encoding="utf-8") as script:
            fish = script.read()
        commands = re.findall(r"^  (\w+) {2,}[A-Z]",
                              self.shell(videomeet + " --help"), re.MULTILINE)
        self.assertGreater(len(commands), 10)
        for command in commands:
            options = set(re.findall(
                r"^  (?:-\w, )?--([\w-]+)",
                self.shell(f"{videomeet} {command} --help"), re.MULTILINE))
            self.assertIn("help", options)
            self.assertEqual(
                set(self.completed(f"videomeet {command} --")),
                {"--" + option for option in options})
            section = re.search(rf"\n  {command}\)\n(.*?);;", zsh, re.DOTALL)
            self.assertEqual(
                set(re.findall(r"[ ,']--([\w-]+)[=}'\[]", section[1])),
                options)
            self.assertEqual(
                set(re.findall(rf"_in {command}' -l ([\w-]+)", fish)), options)

    def completed_by_zsh(self, line):
        """What becomes of @line at the prompt by the key Tab."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        with subprocess.Popen(
                ["zsh", "-f", "-i"], cwd=self.home, stdin=slave, stdout=slave,
                stderr=slave, start_new_session=True,
                env=dict(self.env, TERM="dumb", PS1="ready> ")) as shell:
            os.close(slave)
            said = ""

            def until(text):
                nonlocal said
                deadline = time.monotonic() + lab.SOON
                while text not in said:
                    left = deadline - time.monotonic()
                    self.assertGreater(left, 0, said)
                    if select.select([master], [], [], left)[0]:
                        said += os.read(master, 4096).decode()
                before, said = said.split(text, 1)
                return before

            try:
                until("ready> ")
                os.write(master, (
                    f"fpath=({PREFIX}/share/zsh/site-functions $fpath); "
                    f"autoload -U compinit; compinit -u -d {self.home}/dump; "
                    "videomeet () { print -r \"is:\" $*: }\n").encode())
                until("ready> ")
                os.write(master, line.encode() + b"\t\n")
                until("is: ")
                return until(":").strip()
            finally:
                shell.kill()

    @unittest.skipUnless(shutil.which("zsh"), "no zsh here")
    def test_completion_zsh(self):
        self.assertEqual(self.completed_by_zsh("videomeet disco"), "discover")
        self.assertEqual(self.completed_by_zsh("videomeet host --policy req"),
                         "host --policy require")
        self.assertEqual(self.completed_by_zsh("videomeet host --max-p"),
                         "host --max-participants")
        with open(f"{self.home}/tune.ogg", "w", encoding="utf-8"):
            pass
        for typed, whole in ("cam", "camera"), ("tun", "tune.ogg"):
            self.assertEqual(
                self.completed_by_zsh(f"videomeet host --source {typed}"),
                f"host --source {whole}")

    def test_completion_other_shells(self):
        scripts = {"zsh": "zsh/site-functions/_videomeet",
                   "fish": "fish/vendor_completions.d/videomeet.fish"}
        for name, script in scripts.items():
            if shutil.which(name):
                self.shell(f"{name} -n {PREFIX}/share/{script}")
        if shutil.which("fish"):
            self.assertEqual(
                self.shell(f"fish -c 'source {PREFIX}/share/"
                           f"{scripts['fish']}; "
                           "complete -C \"videomeet host --policy req\"'"
                           ).split("\t")[0], "require")

    def test_desktop(self):
        desktop = f"{PREFIX}/share/applications/videomeet.desktop"
        if shutil.which("desktop-file-validate"):
            self.assertEqual(
                self.shell(f"desktop-file-validate {desktop}"), "")
        entry = configparser.ConfigParser(interpolation=None)
        entry.read(desktop, encoding="utf-8")
        self.assertEqual(entry["Desktop Entry"]["MimeType"],
                         "x-scheme-handler/videomeet;")
        # a desktop finds it by the scheme
        if (shutil.which("update-desktop-database")
                and shutil.which("gio")):
            self.assertIn("videomeet.desktop", self.shell(
                f"XDG_DATA_DIRS={PREFIX}/share "
                "gio mime x-scheme-handler/videomeet"))
        # what the line says is a line that the launcher takes: it looks for
        # somebody at that address
        line = entry["Desktop Entry"]["Exec"].replace(
            "--view %u", "videomeet://127.0.0.1:9/standup --source test")
        done = subprocess.run(
            line, shell=True, env=self.env, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=lab.SOON, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        icon = ElementTree.parse(
            f"{PREFIX}/share/icons/hicolor/scalable/apps/"
            f"{entry['Desktop Entry']['Icon']}.svg").getroot()
        self.assertTrue(icon.tag.endswith("svg"))

    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd here")
    def test_units(self):
        server = f"{PREFIX}/lib/systemd/system/videomeet-server.service"
        agent = f"{PREFIX}/lib/systemd/user/videomeet-agent.service"
        # a user's manager can take less away than the system's
        for threshold, unit in (15, server), (75, agent):
            self.shell("systemd-analyze security --offline=true "
                       f"--threshold={threshold} {unit}")
        # --man: the manual is not where man looks
        self.shell(f"systemd-analyze verify --man=no {server} {agent}")

    def test_unit_line(self):
        """The server's line of ExecStart serves, where memory cannot be made
        executable, with the configuration that is installed."""
        with open(f"{PREFIX}/lib/systemd/system/videomeet-server.service",
                  encoding="utf-8") as file:
            unit = file.read()
        line = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)[1]
        self.assertIn("MemoryDenyWriteExecute=yes", unit)
        conf = f"{self.home}/server.conf"
        shutil.copy(f"{PREFIX}/share/doc/gst-videomeet/server.conf", conf)
        os.chmod(conf, 0o400)
        line = line.replace("%d", self.home) + " --json --duration 20"
        with subprocess.Popen(
                line.split(), env=dict(self.env, XDG_CONFIG_HOME=self.home),
                text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                preexec_fn=deny_write_execute) as server:
            ready = json.loads(server.stdout.readline())
            with urllib.request.urlopen(
                    f"https://127.0.0.1:{ready['port']}/", timeout=lab.SOON,
                    context=ssl._create_unverified_context()) as page:
                self.assertIn(b"<html", page.read())
            server.send_signal(signal.SIGTERM)
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=lab.SOON)
        self.assertEqual(server.returncode, 0)

    def test_elements(self):
        # a plugin finds the library by itself
        for element in elements():
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
