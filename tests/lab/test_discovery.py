#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices find each other and notice each other's going: protocol/discovery.md#mdns, each way
alone, with daemons that come and go."""

import json
import os
import time

import lab

FOUND = lab.SOON
MISSED = 12  # s, in which a dead one would have been missed; protocol/discovery.md#probe


def discover(host, **properties):
    """vmdiscoversrc on a host, its lines and nothing else."""
    words = [f"{k.replace('_', '-')}={v}" for k, v in properties.items()]
    return host.start("gst-launch-1.0", "-q", "vmdiscoversrc", *words, "!",
                      "fdsink")


def watch(host, **properties):
    """The same with the bus messages shown."""
    words = " ".join(f"{k.replace('_', '-')}={v}"
                     for k, v in properties.items())
    return host.launch(f"vmdiscoversrc {words} ! fakesink sync=false")


def users(process, event="added"):
    return [e.get("user") for e in process.events(event)]


class Methods(lab.LabTest):
    hosts = 2

    def setUp(self):
        super().setUp()

        # a goodbye leaves the caches a second later; RFC 6762 §10.1
        def forgotten():
            return not any(h.run("avahi-browse", "-pt", "_videomeet._tcp",
                                 timeout=lab.SOON).stdout
                           for h in self.lab.hosts)

        lab.wait_until(forgotten, FOUND, "the last test's devices gone")

    def each_finds_the_other(self, method, peers=False):
        a, b = self.lab.hosts
        more = [{}, {}]
        if peers:
            more = [{"peers": f"{h.address}:8080"} for h in (b, a)]
        one = discover(a, methods=method, user="Ann", **more[0])
        two = discover(b, methods=method, user="Bob", **more[1])
        seen = one.wait_event("added", FOUND, user="Bob")
        self.assertEqual(seen["port"], 8080)
        self.assertTrue(seen["secure"])
        two.wait_event("added", FOUND, user="Ann")
        self.assertEqual(one.stop(), 0)
        two.wait_event("removed", FOUND, user="Ann")
        self.assertEqual(two.stop(), 0)

    def test_mdns_alone(self):
        self.each_finds_the_other("mdns")

    def test_udp_alone(self):
        self.each_finds_the_other("udp")

    def test_manual_alone(self):
        self.each_finds_the_other("manual", peers=True)

    def test_all_together_list_once(self):
        a, b = self.lab.hosts
        one = discover(a, user="Ann")
        two = discover(b, user="Bob")
        one.wait_event("added", FOUND, user="Bob")
        two.wait_event("added", FOUND, user="Ann")
        time.sleep(3)
        self.assertEqual(users(one), ["Bob"])
        self.assertEqual(users(two), ["Ann"])
        self.assertEqual(users(one, "removed"), [])

    def test_announce_off_is_not_found(self):
        a, b = self.lab.hosts
        silent = discover(a, user="Ann", announce="off")
        other = discover(b, user="Bob")
        silent.wait_event("added", FOUND, user="Bob")
        time.sleep(3)
        self.assertEqual(users(other), [])

    def test_announce_minimal_names_nobody(self):
        a, b = self.lab.hosts
        browser = b.start("avahi-browse", "-pr", "_videomeet._tcp")
        process = discover(a, user="Ann", announce="minimal")
        line = browser.wait_for("^=;eth0;IPv4;", FOUND)
        self.assertNotIn("Ann", line)
        self.assertNotIn("pk=", line)
        self.assertNotIn("id=", line.replace("mid=", ""))
        self.assertEqual(process.stop(), 0)

    def test_people_are_told_what_reads_differently(self):
        a, b = self.lab.hosts
        a.start("videomeet", "host", "--source", "test", "--announce",
                "minimal").wait_for("is announced", FOUND)
        # found by one way after the other: each is a change for programs
        told = b.run("videomeet", "discover", "--duration", "12",
                     timeout=lab.SOON)
        lines = [line[2:] for line in told.stdout.splitlines()
                 if line[:2] in ("+ ", "~ ")]
        self.assertTrue(lines, told.stdout)
        for line, following in zip(lines, lines[1:]):
            self.assertNotEqual(line, following)
        self.assertIn("a meeting that is not shown", lines[-1])
        place = lines[-1].split()[3]
        status = b.run("videomeet", "status", place, timeout=lab.SOON)
        self.assertIn("not shown", status.stdout)

    def test_device_monitor(self):
        a, b = self.lab.hosts
        discover(a, user="Ann")
        monitor = b.start("stdbuf", "-oL", "gst-device-monitor-1.0", "-f",
                          "Network/VideoMeet")
        monitor.wait_for("Device found", FOUND)
        monitor.wait_for("Network/VideoMeet", FOUND)
        # what makes it a vmsignalbin: gst-device-monitor writes a launch line
        # for devices of the classes Source and Sink only
        monitor.wait_for("uri = videomeet://10.77.1.1:8080/", FOUND)
        monitor.stop()
        # once, of whatever kind they are; it waits 0.45 s, and others may have
        # the processor for that long

        def listed():
            once = b.run("nice", "-n", "-15", "gst-device-monitor-1.0",
                         timeout=lab.SOON)
            return "uri = videomeet://10.77.1.1:8080/" in once.stdout

        lab.wait_until(listed, FOUND, "the device in a list")


class Nearby(lab.LabTest):
    """Who joins what is not there is told soon what is."""

    hosts = 2

    def test_wrong_name(self):
        a, b = self.lab.hosts
        host = a.start("videomeet", "host", "--meeting", "standup", "--user",
                       "Ann", "--source", "test", "--json")
        host.wait_event("meeting", lab.SOON, state="announced")
        guest = b.start("videomeet", "join", "stadnup", "--source", "test")
        guest.wait_for("Did you mean “standup”", lab.SOON)
        guest.wait_for(r"^  standup  \(Ann\)$", lab.SOON)
        guest.signal()
        self.assertEqual(guest.wait(lab.SOON), 130)
        program = b.start("videomeet", "join", "quiet", "--source", "test",
                          "--json")
        event = program.wait_event("nearby", lab.SOON, meeting="quiet")
        self.assertNotIn("nearest", event)
        self.assertEqual([m["meeting"] for m in event["meetings"]],
                         ["standup"])
        program.signal()
        program.wait(lab.SOON)
        # who is there says nothing of it
        right = b.start("videomeet", "join", "standup", "--source", "test",
                        "--json")
        right.wait_event("participant-state", lab.SOON, state="connected")
        self.assertEqual(right.stop(), 0)
        self.assertEqual(right.events("nearby"), [])
        self.assertEqual(host.stop(), 0)


class Records(lab.LabTest):
    """What is on the wire."""

    hosts = 2

    def test_srv_and_txt(self):
        a, b = self.lab.hosts
        name = "Ann's MacBook Pro"
        process = discover(a, user="Ann", device_name="MacBook Pro",
                           device="macbook-pro-123")
        browser = b.start("avahi-browse", "-pr", "_videomeet._tcp")
        browser.wait_for("^=;eth0;IPv4;", FOUND)
        out = b.run("/usr/bin/python3", os.path.join(os.path.dirname(
            os.path.abspath(__file__)), "mdns.py"), b.address, name,
            timeout=lab.SOON).stdout
        answers = {r["type"]: r for r in map(json.loads, out.splitlines())}
        self.assertIn("SRV", answers, out)
        srv, txt = answers["SRV"], answers["TXT"]["txt"]
        self.assertEqual((srv["priority"], srv["weight"], srv["port"]),
                         (0, 5, 8080))
        keys = [t.split("=")[0] for t in txt]
        self.assertEqual(keys, ["version", "user", "device", "status",
                                "participants", "maxparticipants",
                                "capabilities", "secure", "meeting", "id",
                                "pk"])
        values = dict(t.split("=", 1) for t in txt)
        self.assertEqual(values["user"], "Ann")
        self.assertEqual(values["device"], "macbook-pro-123")
        self.assertEqual(values["version"], "2.0")
        self.assertEqual(values["secure"], "true")
        self.assertEqual(values["meeting"], "none")
        process.stop()

    def test_goodbye_and_offline(self):
        a, b = self.lab.hosts
        browser = b.start("avahi-browse", "-p", "_videomeet._tcp")
        process = watch(a, user="Ann")
        browser.wait_for(r"^\+;eth0;IPv4;", FOUND)
        process.wait_for("vm-discovery-state.*discoverable", FOUND)
        process.signal()
        # at once, not when the record's time to live is over
        browser.wait_for("^-;eth0;IPv4;", lab.GONE)
        self.assertEqual(process.wait(lab.SOON), 0)


class Collisions(lab.LabTest):
    hosts = 3

    def test_one_name_twice(self):
        a, b, c = self.lab.hosts
        third = discover(c, methods="mdns", user="Eve", announce="off")
        for host in (a, b):
            discover(host, methods="mdns", user="Ann", device_name="Mac")
        lab.wait_until(lambda: len(third.events("added")) >= 2, FOUND,
                       "both devices of one name")
        ids = {e["deviceId"] for e in third.events("added")}
        self.assertEqual(len(ids), 2)
        self.assertEqual(set(users(third)), {"Ann"})


class Interfaces(lab.LabTest):
    hosts = 2

    def test_two_interfaces_one_device(self):
        a, b = self.lab.hosts
        for host in (a, b):
            self.lab.connect(host, 2)
        one = discover(a, user="Ann")
        discover(b, user="Bob")
        one.wait_event("added", FOUND, user="Bob")

        def both():
            known = [e for e in one.events() if e.get("user") == "Bob"]
            addresses = known[-1].get("addresses", [])
            return any("10.77.1.2" in x for x in addresses) \
                and any("10.77.2.2" in x for x in addresses)

        lab.wait_until(both, FOUND, "both addresses of one device")
        self.assertEqual(users(one), ["Bob"])
        everything = " ".join(one.out)
        self.assertNotIn("127.0.0.1", everything)
        self.assertNotIn('"::1', everything)
        # the first network goes: the device is still there by the second
        b.set_link(False, "eth0")
        time.sleep(MISSED)
        self.assertEqual(users(one, "removed"), [])


class LinkLocal(lab.LabTest):
    hosts = 2

    def test_no_other_addresses(self):
        """Two laptops and a cable: there is a network, and the host says so."""
        a, b = self.lab.hosts
        for host in (a, b):
            host.call("ip", "addr", "flush", "dev", "eth0", "scope", "global")
        people = a.start("videomeet", "host", "--meeting", "cable", "--user",
                         "Ann", "--source", "test")
        text = people.wait_for("link:", lab.SOON)
        self.assertIn(f"[{a.link_local}%25eth0]", text)
        people.wait_for("link-local IPv6 addresses alone", lab.SOON)
        for target in ("cable", text.split()[-1]):
            guest = b.start("videomeet", "join", target, "--user", "Bob",
                            "--source", "test", "--json")
            guest.wait_event("participant-state", lab.SOON, state="connected")
            self.assertEqual(guest.stop(), 0)
        self.assertEqual(people.stop(), 0)
        self.assertNotIn("no network", people.tail())


class Loss(lab.LabTest):
    hosts = 2

    def test_power_cut(self):
        a, b = self.lab.hosts
        other = discover(b, user="Bob")
        discover(a, user="Ann")
        other.wait_event("added", FOUND, user="Ann")
        a.power_cut()
        other.wait_event("removed", lab.GONE, user="Ann")


class Daemons(lab.LabTest):
    hosts = 2

    def test_avahi_restarted(self):
        a, b = self.lab.hosts
        one = discover(a, methods="mdns", user="Ann")
        two = discover(b, methods="mdns", user="Bob")
        one.wait_event("added", FOUND, user="Bob")
        two.wait_event("added", FOUND, user="Ann")
        b.restart_avahi()
        time.sleep(3)
        self.assertEqual(users(one, "removed"), [])
        self.assertEqual(users(two, "removed"), [])
        # announced again, and browsing again
        seen = a.start("avahi-browse", "-pr", "_videomeet._tcp")
        seen.wait_for("^=;eth0;IPv4;Bob", FOUND)
        one.stop()
        two.wait_event("removed", FOUND, user="Ann")
        discover(a, methods="mdns", user="Joe")
        two.wait_event("added", FOUND, user="Joe")


class NoDaemon(lab.LabTest):
    hosts = 2
    avahi = False

    def test_the_others_go_on(self):
        a, b = self.lab.hosts
        one = watch(a, user="Ann")
        two = discover(b, user="Bob")
        two.wait_event("added", FOUND, user="Ann")
        one.wait_for("vm-device-added.*Bob", FOUND)
        warnings = [x for x in one.out + one.err if "WARNING" in x]
        self.assertLessEqual(len(warnings), 1, warnings)

    def test_daemon_comes_later(self):
        a, b = self.lab.hosts
        one = discover(a, methods="mdns", user="Ann")
        two = discover(b, methods="mdns", user="Bob")
        for host in (a, b):
            host.start_avahi()
        one.wait_event("added", lab.SOON, user="Bob")
        two.wait_event("added", lab.SOON, user="Ann")
        for host in (a, b):
            host.stop_avahi()


if __name__ == "__main__":
    lab.main(at_once=4)
