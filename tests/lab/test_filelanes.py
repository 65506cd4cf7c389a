#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file in a meeting goes over the fastest lane, and over another when that dies."""

import filecmp
import os
import shutil

import lab

MIB = 1 << 20
# of one step of a transfer
LONG = 6 * lab.SOON


class FileLanes(lab.LabTest):
    hosts = 2

    def setUp(self):
        for host in self.lab.hosts:
            shutil.rmtree(os.path.join(host.config, "videomeet"),
                          ignore_errors=True)
            shutil.rmtree(os.path.join(host.home, "in"), ignore_errors=True)
        self.a, self.b = self.lab.hosts

    def tearDown(self):
        for host in self.lab.hosts:
            self.filter(host, "-F")
        super().tearDown()

    @staticmethod
    def filter(host, *rule):
        """Of IPv4 and IPv6."""
        for tool in "iptables", "ip6tables":
            host.call(tool, *rule)

    def meet(self, *more):
        """Ann hosts, and Bob is her guest; both take files. Who joins by an
        address asks nobody whether he is there, which takes ports as well."""
        processes = []
        for host, user in ((self.a, "Ann"), (self.b, "Bob")):
            what = ["host", "--meeting", "standup"] if user == "Ann" \
                else ["join", f"videomeet://{self.a.address}/standup"]
            process = host.start(
                "videomeet", *what, "--user", user, "--source", lab.STAMP,
                "--audio-only", "--json", "--accept", "auto", "--files",
                os.path.join(host.home, "in"), *more, typed=True)
            process.wait_event("joined", lab.SOON)
            processes.append(process)
        for process in processes:
            process.wait_event("participant-state", LONG, state="connected")
        return processes

    @staticmethod
    def make(host, size):
        path = os.path.join(host.home, "a.bin")
        with open(path, "wb") as file:
            file.write(os.urandom(size))
        return path

    @staticmethod
    def sent(process, **fields):
        """What the sender has told of it that has these fields."""
        return [e for e in process.events("transfer")
                if e["direction"] == "send"
                and all(e.get(k) == v for k, v in fields.items())]

    def wait_lane(self, process, lane, least=0):
        lab.wait_until(
            lambda: any(e["done"] >= least
                        for e in self.sent(process, lane=lane)),
            LONG, f"{least} bytes over {lane}")

    def assert_got(self, host, path):
        folder = os.path.join(host.home, "in")
        self.assertTrue(filecmp.cmp(path, os.path.join(folder, "a.bin"), False))
        self.assertEqual(os.listdir(folder), ["a.bin"])

    def assert_went_on(self, process, other, before, after):
        """Over one lane and then the other, and not from the beginning. On a slow
        machine a chunk may be sent again because its answer is late; to the chunk it is
        counted by the test of the engines."""
        lanes = [e["lane"] for e in self.sent(process) if "lane" in e]
        self.assertEqual(list(dict.fromkeys(lanes)), [before, after])
        other.wait_event("transfer", LONG, direction="receive",
                         state="completed")
        lanes = [e["lane"] for e in other.events("transfer") if "lane" in e]
        self.assertEqual(list(dict.fromkeys(lanes)), [before, after])
        first = self.sent(process, lane=after)[0]
        last = self.sent(process, state="completed")[0]
        self.assertGreaterEqual(first["done"], 2 * MIB)
        self.assertLess(last["sent"] - first["sent"], last["size"])
        done = [e["done"] for e in self.sent(process)]
        self.assertEqual(done, sorted(done))
        self.assertEqual(len({e["transferId"] for e in self.sent(process)}), 1)

    @staticmethod
    def ports(host):
        """Of the connections that this host has opened."""
        return {line.split()[2].rsplit(":", 1)[1] for line in host.call(
            "ss", "-tnH", "state", "established", "dport", "=",
            ":8080").splitlines()}

    def test_fastest(self):
        """Either way; who is nobody's host has a server for it."""
        ann, bob = self.meet()
        for process, peer, host, other in ((bob, ann, self.b, self.a),
                                           (ann, bob, self.a, self.b)):
            path = self.make(host, 5 * MIB)
            process.type(f"/send {path}")
            sent = process.wait_event("transfer", LONG, state="completed",
                                      direction="send")
            self.assertEqual(sent["lane"], "wss")
            self.assertRegex(sent["address"], "^https://.*:8080$")
            got = peer.wait_event("transfer", LONG, state="completed",
                                  direction="receive")
            self.assertEqual(got["lane"], "wss")
            self.assert_got(other, path)
            os.unlink(os.path.join(other.home, "in", "a.bin"))
        for process in bob, ann:
            self.assertEqual(process.stop(), 0)

    def test_socket_cut(self):
        """Nothing of it gets through any more: the data channels finish."""
        ann, bob = self.meet("--max-bitrate", "16M")
        path = self.make(self.b, 30 * MIB)
        before = self.ports(self.b)
        bob.type(f"/send {path}")
        self.wait_lane(bob, "wss", 2 * MIB)
        port, = self.ports(self.b) - before
        self.filter(self.b, "-A", "OUTPUT", "-p", "tcp", "--sport", port,
                    "-j", "DROP")
        bob.wait_event("transfer", LONG, state="completed", direction="send",
                       lane="data-channel")
        self.assert_went_on(bob, ann, "wss", "data-channel")
        self.assert_got(self.a, path)
        for process in bob, ann:
            self.assertEqual(process.stop(), 0)

    def test_socket_reset(self):
        """It ends with a word: the data channels take over at once."""
        ann, bob = self.meet("--max-bitrate", "16M")
        path = self.make(self.b, 10 * MIB)
        before = self.ports(self.b)
        bob.type(f"/send {path}")
        self.wait_lane(bob, "wss", 2 * MIB)
        port, = self.ports(self.b) - before
        self.filter(self.b, "-A", "OUTPUT", "-p", "tcp", "--sport", port,
                    "-j", "REJECT", "--reject-with", "tcp-reset")
        bob.wait_event("transfer", LONG, state="completed", direction="send",
                       lane="data-channel")
        self.assert_went_on(bob, ann, "wss", "data-channel")
        self.assert_got(self.a, path)
        for process in bob, ann:
            self.assertEqual(process.stop(), 0)

    def test_channels_cut(self):
        """No socket can be opened at first, and then the connection of the call
        dies: a socket finishes."""
        ann, bob = self.meet("--max-bitrate", "16M")
        path = self.make(self.b, 30 * MIB)
        no_sockets = ("INPUT", "-p", "tcp", "--syn", "-j", "REJECT",
                      "--reject-with", "tcp-reset")
        self.filter(self.a, "-A", *no_sockets)
        bob.type(f"/send {path}")
        self.wait_lane(bob, "data-channel", 2 * MIB)
        self.filter(self.a, "-D", *no_sockets)
        self.filter(self.a, "-A", "INPUT", "-p", "udp", "-j", "DROP")
        self.filter(self.a, "-A", "OUTPUT", "-p", "udp", "-j", "DROP")
        bob.wait_event("transfer", LONG, state="completed", direction="send",
                       lane="wss")
        self.assert_went_on(bob, ann, "data-channel", "wss")
        self.assert_got(self.a, path)
        for process in bob, ann:
            process.stop()


if __name__ == "__main__":
    lab.main(at_once=3)
