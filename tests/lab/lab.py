# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hosts of a local network on one machine.

Each host has its own network namespace, host name, /run, D-Bus, avahi-daemon
and configuration folder; all hang on one bridge with IPv4 10.77.1.N/24 and an
IPv6 link-local address. A test program calls main(), which starts it again
inside namespaces of its own: nothing it makes has a name outside of them, and
all of it is gone when the program ends, however it ends.

    class Call(lab.LabTest):
        hosts = 2
        def test_something(self):
            a, b = self.lab.hosts
            p = a.start("videomeet", "host", "--json")
            p.wait_event("meeting", timeout=lab.SOON)
            b.run("avahi-browse", "-prt", "_videomeet._tcp", timeout=lab.SOON)

    if __name__ == "__main__":
        lab.main()

Most tests wait for most of their time: lab.main(at_once=4) runs four at a time,
each in labs of its own.

Needs root; without it a test program says so and exits 77 (skipped).
"""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SKIP = 77
# For any one thing to happen, or command to end: a deadline, nothing measured,
# on a machine that others may use too.
SOON = 60  # s
# For who has vanished to be missed. The protocol promises 10 s to a machine
# that is not busy; what comes otherwise is later: the seat is kept for 30 s,
# and multicast DNS forgets after 120.
GONE = 25  # s
# What a test sends where any picture will do: so small that several tests fit on two
# processors, and RATE of them a second.
STAMP = "stamp:160x90@10"
RATE = 10
LEAVE_TIMEOUT = 15  # s, for what a test leaves behind to leave by itself
KILL_TIMEOUT = 30  # s, from SIGKILL to the last process gone
# environment in which a program's stdout is written line by line into a pipe
LINE_BUFFERED = {"LD_PRELOAD": "/usr/libexec/coreutils/libstdbuf.so",
                 "_STDBUF_O": "L"}
TAIL = 40  # lines of a process shown when a test fails
X_SOCKETS = "/tmp/.X11-unix"
CLAIMS = "VM_LAB_CLAIMS"  # the descriptor of the pipe in _share()

_BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type>
<listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/>
<allow send_type="method_call"/><allow send_destination="*"/>
<allow receive_type="method_call"/><allow receive_type="method_return"/>
<allow receive_type="error"/><allow receive_type="signal"/></policy>
</busconfig>
"""


class LabError(AssertionError):
    """Something did not happen in time, or a command failed."""


def _call(*args, timeout=SOON):
    done = subprocess.run(
        args, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=timeout)
    if done.returncode != 0:
        raise LabError(f"{' '.join(args)}: {done.stderr.strip()}")
    return done.stdout


def wait_until(condition, timeout, what):
    """Polls condition() until it is true; returns its value. What: the text of the error, or a
    function that makes it when the time is over."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError(f"not within {timeout} s: {what() if callable(what) else what}")
        time.sleep(0.05)


class Line(str):
    """A line of output with the moment it came (time.monotonic())."""

    def __new__(cls, text, when):
        line = super().__new__(cls, text)
        line.when = when
        return line


# What GLib and GStreamer have found wrong in a process, whoever wrote its code.
_criticals = []
# GStreamer's rtpsession adds a source of its own to the table that its thread of reports
# walks (decisions/testing.md#criticals).
KNOWN_CRITICAL = "g_hash_table_foreach: assertion 'version == hash_table->version' failed"


def check_criticals():
    """Fails once for all that were written so far."""
    found = _criticals[:]
    _criticals.clear()
    if found:
        raise AssertionError("\n".join(found))


class Process:
    """A running command whose output is read line by line."""

    def __init__(self, name, popen, popen_args):
        self.name = name
        self.popen = popen
        self.args = popen_args
        self.out = []
        self.err = []
        self._changed = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read, args=(f, lines), daemon=True)
            for f, lines in ((popen.stdout, self.out), (popen.stderr, self.err))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream, lines):
        for raw in stream:
            text = raw.decode("utf-8", "replace").rstrip("\r\n")
            with self._changed:
                lines.append(Line(text, time.monotonic()))
                if "-CRITICAL **" in text and not text.endswith(KNOWN_CRITICAL):
                    _criticals.append(f"{self.name}: {text}")
                self._changed.notify_all()
        stream.close()
        with self._changed:
            self._changed.notify_all()

    def _ended(self):
        return self.popen.poll() is not None and not any(
            r.is_alive() for r in self._readers)

    def wait_for(self, match, timeout, stream="out"):
        """The first line for which match (a regular expression or a function)
        holds. Fails at once when the process has ended without it."""
        lines = self.err if stream == "err" else self.out
        if not callable(match):
            pattern = re.compile(match)
            match = pattern.search
        end = time.monotonic() + timeout
        seen = 0
        with self._changed:
            while True:
                while seen < len(lines):
                    line = lines[seen]
                    seen += 1
                    if match(line):
                        return line
                left = end - time.monotonic()
                if left <= 0:
                    raise LabError(f"{self.name}: not within {timeout} s\n"
                                   + self.tail())
                if self._ended() and seen == len(lines):
                    raise LabError(f"{self.name}: ended with "
                                   f"{self.popen.returncode} before that\n"
                                   + self.tail())
                self._changed.wait(min(left, 0.2))

    def wait_event(self, event, timeout, **fields):
        """The first JSON line whose "event" is event and whose fields are as
        given, as a dict with "when" added."""

        def match(line):
            value = _json(line)
            return (value is not None and value.get("event") == event
                    and all(value.get(k) == v for k, v in fields.items()))

        line = self.wait_for(match, timeout)
        return dict(_json(line), when=line.when)

    def events(self, event=None):
        """All JSON lines so far."""
        with self._changed:
            lines = list(self.out)
        values = (_json(line) for line in lines)
        return [v for v in values
                if v is not None and event in (None, v.get("event"))]

    def signal(self, number=signal.SIGINT):
        self.popen.send_signal(number)

    def type(self, line):
        """Types a line, into a process started with typed=True."""
        self.popen.stdin.write((line + "\n").encode())
        self.popen.stdin.flush()

    def wait(self, timeout):
        """Waits for the end; the exit status."""
        try:
            status = self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise LabError(f"{self.name}: still runs after {timeout} s\n"
                           + self.tail()) from None
        for reader in self._readers:
            reader.join(2)
        return status

    def stop(self, timeout=SOON):
        """Ctrl-C, and the exit status."""
        if self.popen.poll() is None:
            self.signal(signal.SIGINT)
        return self.wait(timeout)

    def kill(self):
        if self.popen.stdin:
            self.popen.stdin.close()
        if self.popen.poll() is None:
            try:
                os.killpg(self.popen.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.popen.wait(KILL_TIMEOUT)

    def tail(self):
        text = [f"--- {self.name}: {' '.join(self.args)}"]
        for label, lines in (("out", self.out), ("err", self.err)):
            if len(lines) > TAIL:
                text.append(f"{label}| … {len(lines) - TAIL} lines before")
            text += [f"{label}| {line}" for line in lines[-TAIL:]]
        return "\n".join(text)


def _json(line):
    if not line.startswith("{"):
        return None
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


class Host:
    """One machine on the network."""

    def __init__(self, lab, index, name, avahi):
        self.lab = lab
        self.index = index
        self.name = name
        self.has_avahi = avahi
        self.address = f"10.77.1.{index}"
        self.home = os.path.join(lab.folder, name)
        self.processes = []
        self._displays = 0
        self._bus = self._avahi = None
        os.makedirs(os.path.join(self.home, "rec"))
        self._make_stores()
        # what keeps the namespaces
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--uts", "--propagation",
             "private", "sleep", "infinity"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            start_new_session=True)
        self.pid = self._holder.pid
        own = os.readlink("/proc/self/ns/uts")
        wait_until(lambda: _namespace(self.pid, "uts") not in (None, own),
                   SOON, f"namespaces of {name}")
        self.call("mount", "-t", "tmpfs", "tmpfs", "/run")
        self.call("mkdir", "-p", "/run/dbus", "/run/avahi-daemon", "/run/user")
        self.call("hostname", name)
        self.call("ip", "link", "set", "lo", "up")
        self._net = _namespace(self.pid, "net")

    def _make_stores(self):
        for folder in ("config", "cache"):
            os.makedirs(os.path.join(self.home, folder))

    @property
    def config(self):
        """XDG_CONFIG_HOME of what runs on this host."""
        return os.path.join(self.home, "config")

    @property
    def link_local(self):
        """Its fe80:: address on eth0, without the zone."""
        out = self.call("ip", "-6", "-br", "addr", "show", "dev", "eth0",
                        "scope", "link")
        return re.search(r"(fe80:[0-9a-f:]+)", out)[1]

    def _enter(self, args):
        # --root: entering a mount namespace leaves a chroot otherwise
        return ["nsenter", "--target", str(self.pid), "--net", "--mount",
                "--uts", "--root", "--wd=" + os.getcwd(), "--",
                *map(str, args)]

    def _environment(self, more):
        env = dict(os.environ, HOME=self.home, XDG_CONFIG_HOME=self.config,
                   XDG_CACHE_HOME=os.path.join(self.home, "cache"),
                   XDG_RUNTIME_DIR="/run/user")
        env.pop("DBUS_SESSION_BUS_ADDRESS", None)
        env.update(more or {})
        return env

    def call(self, *args):
        """A short command that must succeed; its output."""
        return _call(*self._enter(args))

    def run(self, *args, timeout, check=True, env=None, stdin=None):
        """Runs a command on this host to its end: CompletedProcess, text."""
        try:
            done = subprocess.run(
                self._enter(args), input=stdin, text=True, timeout=timeout,
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True, env=self._environment(env))
        except subprocess.TimeoutExpired as e:
            raise LabError(f"{self.name}: {args} still runs after {timeout} s"
                           f"\n{e.stdout}\n{e.stderr}") from None
        if check and done.returncode != 0:
            raise LabError(f"{self.name}: {args} ended with {done.returncode}"
                           f"\n{done.stdout}\n{done.stderr}")
        return done

    def start(self, *args, env=None, typed=False):
        """Starts a command on this host: a Process. With typed, lines can be
        typed into it."""
        popen = subprocess.Popen(
            self._enter(args),
            stdin=subprocess.PIPE if typed else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self._environment(env), start_new_session=True)
        process = Process(self.name, popen, list(map(str, args)))
        self.processes.append(process)
        return process

    def at_terminal(self, terminal, *args, env=None):
        """Starts a command whose terminal is that file; its subprocess.Popen."""
        return subprocess.Popen(
            self._enter(args), stdin=terminal, stdout=terminal, stderr=terminal,
            env=self._environment(env), start_new_session=True)

    def launch(self, line, env=None):
        """Starts a gst-launch-1.0 line (a string, as typed) with its messages
        shown, each line written at once."""
        return self.start("bash", "-c",
                          "exec stdbuf -oL gst-launch-1.0 -e -m " + line,
                          env=env)

    def display(self, size="800x600x24"):
        """Starts an X server without a screen; the value of DISPLAY."""
        # X finds a free number by the process in a lock file, which means
        # nothing to a lab with process ids of its own: this host has sockets
        # of its own instead, and counts
        if not self._displays:
            self.call("mkdir", "-p", X_SOCKETS)
            self.call("mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs",
                      X_SOCKETS)
        self._displays += 1
        number = f":{self._displays}"
        # and a server that has lost its last client would begin anew, and
        # lose whoever comes meanwhile: autovideosink tries several sinks
        server = self.start("Xvfb", number, "-displayfd", "1", "-screen", "0",
                            size, "-nolisten", "tcp", "-nolock", "-noreset")
        server.wait_for(r"^\d+$", SOON)
        return number

    def start_bus(self):
        path = os.path.join(self.home, "bus.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(_BUS_CONFIG)
        self._bus = self.start("dbus-daemon", "--config-file=" + path,
                               "--nofork", "--nopidfile", "--print-address=1")
        self.processes.remove(self._bus)
        # it listens by then; its socket is there a little earlier
        self._bus.wait_for(r"^unix:", SOON)

    def start_avahi(self, wait=True):
        self._avahi = self.start("avahi-daemon", "--no-drop-root",
                                 "--no-chroot", "--no-rlimits")
        self.processes.remove(self._avahi)
        if wait:
            self.wait_avahi()

    def wait_avahi(self):
        self._avahi.wait_for("Server startup complete", SOON, "err")

    def stop_avahi(self):
        self._avahi.signal(signal.SIGTERM)
        self._avahi.wait(SOON)

    def restart_avahi(self):
        self.stop_avahi()
        self.start_avahi()

    def set_link(self, up, interface="eth0"):
        self.call("ip", "link", "set", interface, "up" if up else "down")

    def pids(self):
        """Every process in this host's network, the holder excepted."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit() and int(entry) != self.pid \
                    and _namespace(entry, "net") == self._net:
                found.append(int(entry))
        return found

    def power_cut(self):
        """The link goes down and every process dies without a word."""
        self.set_link(False)
        self.kill_all()

    def kill_all(self):
        def gone():
            pids = self.pids()
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            return not pids

        wait_until(gone, KILL_TIMEOUT, f"end of {self.name}'s processes")
        for process in self.processes + [self._bus, self._avahi]:
            if process is not None:
                process.popen.wait(KILL_TIMEOUT)

    def end_processes(self):
        """Ends what tests have started here, the daemons excepted: by Ctrl-C,
        so that the next test does not meet it in somebody's cache."""
        for process in self.processes:
            if process.popen.poll() is None:
                process.signal(signal.SIGINT)
        end = time.monotonic() + LEAVE_TIMEOUT
        for process in self.processes:
            try:
                process.popen.wait(max(0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            process.kill()
        self.processes.clear()

    def forget(self):
        """Drops the identity, known devices and caches: a test may come after any
        other."""
        for folder in ("config", "cache"):
            shutil.rmtree(os.path.join(self.home, folder))
        self._make_stores()


def _namespace(pid, kind):
    try:
        return os.readlink(f"/proc/{pid}/ns/{kind}")
    except OSError:
        return None


class Lab:
    """Hosts on a bridge; a context manager."""

    _made = 0

    def __init__(self, hosts=2, avahi=True):
        if os.environ.get("VM_LAB_INSIDE") != "1":
            raise LabError("start a lab program through lab.main()")
        self.folder = tempfile.mkdtemp(prefix="vm-lab-")
        self.hosts = []
        # the kernel frees a dead host's interfaces when it likes, so names
        # are not used twice
        Lab._made += 1
        self._tag = Lab._made
        self._bridges = set()
        try:
            self._set_up(hosts, avahi)
        except BaseException:
            self.close()
            raise

    def _set_up(self, hosts, avahi):
        for i in range(1, hosts + 1):
            host = Host(self, i, "vm-" + chr(ord("a") + i - 1), avahi)
            self.hosts.append(host)
            self.connect(host, 1)
            host.start_bus()
            if avahi:
                host.start_avahi(wait=False)
        for host in self.hosts:
            if avahi:
                host.wait_avahi()

    def connect(self, host, network):
        """Plugs host into the bridge `network` (1 is the one all share) as
        eth<network - 1>, 10.77.<network>.<host>/24; the interface's name."""
        bridge = self.bridge(network)
        if bridge not in self._bridges:
            _call("ip", "link", "add", bridge, "type", "bridge",
                  "mcast_snooping", "0")
            _call("ip", "link", "set", bridge, "up")
            self._bridges.add(bridge)
        name = f"eth{network - 1}"
        port = self.port(host, network)
        _call("ip", "link", "add", port, "type", "veth", "peer", "name", name,
              "netns", str(host.pid))
        _call("ip", "link", "set", port, "master", bridge, "up")
        # an address that is still being checked for duplicates cannot send
        host.call("sh", "-c", "echo 0 >/proc/sys/net/ipv6/conf/"
                  f"{name}/accept_dad")
        host.call("ip", "addr", "add", f"10.77.{network}.{host.index}/24",
                  "brd", "+", "dev", name)
        host.call("ip", "link", "set", name, "multicast", "on", "up")
        # a way for multicast and broadcast without naming an interface
        if network == 1:
            host.call("ip", "route", "add", "default", "dev", name)
        return name

    def bridge(self, network):
        return f"br{self._tag}-{network}"

    def port(self, host, network=1):
        """The name of the bridge's end of that host's cable."""
        return f"p{self._tag}-{network}-{host.index}"

    def close(self):
        for host in self.hosts:
            host.kill_all()
            host._holder.kill()
            host._holder.wait(KILL_TIMEOUT)
        for bridge in self._bridges:
            subprocess.run(["ip", "link", "del", bridge], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        check_criticals()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


def _processor():
    """Seconds that ended children have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class LabTest(unittest.TestCase):
    """One lab for all tests of the class; what a test starts ends with it,
    and what it lets a host remember."""

    hosts = 2
    avahi = True
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab(cls.hosts, cls.avahi)
        cls.addClassCleanup(cls.lab.close)

    def run(self, result=None):
        began, used = time.monotonic(), _processor()
        bad = len(result.failures) + len(result.errors)
        super().run(result)
        word = "ok" if bad == len(result.failures) + len(result.errors) else "FAIL"
        print(f"{word:5} {self.id().removeprefix('__main__.')} "
              f"({time.monotonic() - began:.1f} s, {_processor() - used:.1f} of a "
              "processor)", flush=True)

    def tearDown(self):
        for host in self.lab.hosts:
            if self._failed():
                for process in host.processes:
                    print(process.tail(), file=sys.stderr)
            host.end_processes()
            host.forget()
        check_criticals()

    def _failed(self):
        outcome = getattr(self._outcome, "result", None)
        if outcome is None:
            return False
        return any(test is self for test, _ in
                   outcome.failures + outcome.errors) or any(
                       error for _, error in
                       getattr(self._outcome, "errors", []) if error)


def count_line(result):
    """What ./dev test reads, in GstCheck's words."""
    skipped = len(result.skipped)
    failures, errors = len(result.failures), len(result.errors)
    ran = max(result.testsRun - skipped, failures + errors)
    good = 100 * (ran - failures - errors) // ran if ran else 100
    return (f"{good}%: Checks: {ran}, Failures: {failures}, "
            f"Errors: {errors}, Skipped: {skipped}")


def _tests(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _tests(test)
        else:
            yield test


class _Claimed(unittest.TestSuite):
    """Those tests of which this process gets hold before others do. `claims` is
    the descriptor of the pipe in _share()."""

    def __init__(self, tests, claims):
        super().__init__(tests)
        self._claims = claims

    def __iter__(self):
        mine = os.read(self._claims, 1)
        for index, test in enumerate(super().__iter__()):
            if mine == bytes([index]):
                yield test
                mine = os.read(self._claims, 1)

    def _removeTestAtIndex(self, index):
        """Indices are those of the tests claimed: all stay."""


class _Loader(unittest.TestLoader):
    def loadTestsFromModule(self, module, **more):
        tests = super().loadTestsFromModule(module, **more)
        if CLAIMS not in os.environ:
            return tests
        return _Claimed(_tests(tests), int(os.environ[CLAIMS]))


def run_tests():
    """Runs the tests of the main module, prints the count; exits."""
    program = unittest.main(exit=False, verbosity=0, testLoader=_Loader())
    result = program.result
    print(count_line(result))
    print(f"{_processor():.0f} s of a processor for what it has started", flush=True)
    # the others may have been faster at all of them
    none = result.testsRun == 0 and CLAIMS not in os.environ
    if none or not result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIP if 0 < result.testsRun == len(result.skipped) else 0)


def _leave(number, frame):
    sys.exit(128 + number)


def enter(at_once=1):
    """Goes on inside namespaces of its own; exits 77 where that cannot be. With
    at_once, so many processes do, and share the tests."""
    if os.environ.get("VM_LAB_INSIDE") == "1":
        signal.signal(signal.SIGTERM, _leave)
        return
    if os.geteuid() != 0:
        print("skipped: a lab of network namespaces needs root")
        sys.exit(SKIP)
    command = ["unshare", "--net", "--mount", "--pid", "--fork",
               "--kill-child", "--mount-proc"]
    if subprocess.run(command + ["true"], capture_output=True,
                      check=False).returncode != 0:
        print("skipped: root may not make namespaces here")
        sys.exit(SKIP)
    os.environ["VM_LAB_INSIDE"] = "1"
    command += [sys.executable, *sys.argv]
    if at_once > 1 and len(sys.argv) == 1:
        sys.exit(_share(command, at_once))
    os.execvp(command[0], command)


def _share(command, at_once):
    """Runs the command so many times, with a pipe of the tests to claim: a byte
    each, its place in the list. The worst of their exit statuses."""
    count = sum(1 for _ in _tests(
        unittest.TestLoader().loadTestsFromModule(sys.modules["__main__"])))
    claims, tests = os.pipe()
    os.write(tests, bytes(range(count)))
    os.close(tests)
    env = dict(os.environ, **{CLAIMS: str(claims)})
    running = [subprocess.Popen(command, env=env, pass_fds=[claims],
                                stdin=subprocess.DEVNULL)
               for _ in range(min(at_once, count))]
    statuses = {process.wait() for process in running}
    return 1 if statuses - {0, SKIP} else min(statuses)


def main(at_once=1):
    enter(at_once)
    run_tests()
