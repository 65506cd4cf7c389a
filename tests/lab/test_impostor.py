#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody poses as a device that is known or trusted: with a certificate, with
a token, without TLS, or by what a host says in a meeting."""

import glob
import itertools
import json
import os
import re
import shutil

import attacker
import lab
import packets

PORTS = itertools.count(9000)
PEM = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n",
                 re.DOTALL)


class Liar(attacker.MuteServer):
    """A host that says in its meeting what it likes: lie(messages)."""

    def __init__(self, host, port, pem, status, lie):
        self.lie = lie
        super().__init__(host, port, "offer", pem, status)

    def messages(self):
        messages = super().messages()
        self.lie(messages)
        return messages


class Impostor(lab.LabTest):
    """Ann hosts at a, Bob is at b, Eve at c."""

    hosts = 3
    avahi = False

    def setUp(self):
        for host in self.lab.hosts:
            shutil.rmtree(os.path.join(host.config, "videomeet"),
                          ignore_errors=True)
        packets.count(*self.lab.hosts)

    def passed(self):
        """Packets of media or data that came to Ann, Bob and Eve, since this
        was asked last."""
        counted = [packets.counted(host) for host in self.lab.hosts]
        packets.count(*self.lab.hosts)
        return counted

    def host(self, *more):
        process = self.lab.hosts[0].start(
            "videomeet", "host", "--meeting", "vault", "--user", "Ann",
            "--source", lab.STAMP, "--methods", "manual", "--json", *more)
        process.wait_event("meeting", lab.SOON, state="announced")
        return process

    def join(self, host, port, *more):
        return self.lab.hosts[1].start(
            "videomeet", "join", f"videomeet://{host.address}:{port}/vault",
            "--user", "Bob", "--source", lab.STAMP, "--methods", "manual",
            "--audio-only", "--json", *more)

    def meet(self, ann):
        """Bob meets Ann once, and goes; what Ann's device says of itself."""
        a, b, _ = self.lab.hosts
        bob = self.join(a, attacker.PORT)
        bob.wait_event("participant-state", lab.SOON, state="connected")
        self.assertEqual(bob.stop(), 0)
        ann.wait_event("participant-left", lab.SOON, user="Bob")
        # what counts nothing where Eve is refused does count
        to_ann, to_bob, to_eve = self.passed()
        self.assertGreater(min(to_ann, to_bob), 0)
        self.assertEqual(to_eve, 0)
        with attacker.inside(b, attacker.connect, a.address) as sock:
            return json.loads(attacker.ask(
                sock, "GET", "/status", f"{a.address}:8080")[2])

    def refused(self, bob, code, *words):
        """It ends, by that code, and says so on the screen."""
        self.assertNotEqual(bob.wait(lab.SOON), 0)
        error, = bob.events("error")
        self.assertEqual(error["code"], code, bob.tail())
        for word in words:
            self.assertIn(word, error["message"])
        self.assertTrue(any(error["message"] in line for line in bob.err),
                        bob.tail())
        self.assertNotIn("connected", [
            e["state"] for e in bob.events("participant-state")])
        self.assertEqual(self.passed(), [0, 0, 0])

    def pose(self, status, pem, server=attacker.MuteServer, **how):
        """A server of Eve's: (server, port)."""
        port = next(PORTS)
        eve = server(self.lab.hosts[2], port, pem=pem, status=status, **how)
        self.addCleanup(eve.close)
        return eve, port

    def test_self_signed_certificate(self):
        """Under the right name, with Ann's id and without: nothing is sent."""
        ann = self.host()
        status = self.meet(ann)
        c = self.lab.hosts[2]
        pem = attacker.certificate(c, "Ann")
        for claims, code in (
                ({}, "WRONG_KEY"),
                ({"deviceId": None, "keyHash": None}, "KEY_CHANGED")):
            with self.subTest(code):
                eve, port = self.pose(dict(status, **claims), pem,
                                      stop_at="offer")
                self.refused(self.join(c, port), code)
                self.assertEqual({s.split()[1] for s in eve.seen}, {"/status"})
        self.assertEqual(ann.stop(), 0)

    def tokens(self):
        """All that Bob keeps of tokens."""
        found = []
        for path in glob.glob(os.path.join(
                self.lab.hosts[1].config, "videomeet", "tokens", "*.pem")):
            with open(path, encoding="ascii") as f:
                found += PEM.findall(f.read())
        return found

    def test_stolen_token(self):
        """Of no use without its key, shown with another or with none."""
        a, b, c = self.lab.hosts
        ann = self.host("--policy", "require", "--approve", "auto")
        asking = b.start("videomeet", "trust", "request", a.address + ":8080",
                         "--user", "Bob", "--approve", "auto", "--json")
        self.assertEqual(asking.wait(lab.SOON), 0, asking.tail())
        tokens = self.tokens()
        self.assertEqual(len(tokens), 2)
        for pem in (None, attacker.certificate(c, "Bob")):
            for token in tokens:
                with attacker.inside(c, lambda p=pem: attacker.connect(
                        a.address, pem=p)) as sock:
                    status, _, body = attacker.ask(
                        sock, "POST", "/meetings/join", f"{a.address}:8080",
                        {"meeting": "vault", "user": "Bob", "token": token})
                self.assertEqual(status, 403, body)
                self.assertEqual(json.loads(body)["error"]["code"],
                                 "NOT_TRUSTED")
        told = ann.wait_event("trust-failed", lab.SOON, code="NOT_TRUSTED")
        self.assertIn("was refused", told["message"])
        self.assertIn("another device's", told["message"])
        self.assertEqual(ann.events("participant-joined"), [])
        self.assertEqual(self.passed(), [0, 0, 0])
        # with the key it opens
        bob = self.join(a, attacker.PORT, "--policy", "require")
        bob.wait_event("participant-state", lab.SOON, state="connected")
        for process in (bob, ann):
            self.assertEqual(process.stop(), 0)
        to_ann, to_bob, to_eve = self.passed()
        self.assertGreater(min(to_ann, to_bob), 0)
        self.assertEqual(to_eve, 0)

    def test_plain_http(self):
        """A host that speaks no TLS is asked nothing, and under require not
        even where plain HTTP was asked for."""
        ann = self.host()
        status = self.meet(ann)
        c = self.lab.hosts[2]
        eve, port = self.pose(status, attacker.certificate(c, "Ann"),
                              stop_at="offer")
        eve.context = None
        self.refused(self.join(c, port), "DISCONNECTED")
        self.assertEqual(eve.seen, [])
        self.refused(self.join(c, port, "--insecure", "--policy", "require"),
                     "NOT_TRUSTED", "plain HTTP")
        self.assertEqual(eve.seen, [])
        self.assertEqual(ann.stop(), 0)

    def test_host_that_lies(self):
        """Of itself, or of the meeting: Bob leaves, and hears why."""
        ann = self.host()
        status = dict(self.meet(ann), deviceId=None, keyHash=None,
                      user="Eve", device="hut")
        ann_id = self.known_id()

        def named(messages):
            messages[0]["participants"][0].update(user="Ann")

        def unflagged(messages):
            messages[0]["participants"][0].update(
                user="Ann", host=False, trust="trusted")

        def other_id(messages):
            messages[0]["participants"][0].update(deviceId=ann_id)

        def joins_again(messages):
            messages.append({
                "type": "participant-joined", "seq": 2, "id": "p003",
                "user": "Ann", "device": "desk", "deviceId": ann_id,
                "trust": "trusted", "callType": "video", "host": True})

        def unsigned(messages):
            messages.append({
                "type": "meeting-state", "seq": 2, "meetingId": "m",
                "state": "active", "epoch": 1, "count": 9, "host": "p001",
                "maxParticipants": 10, "roster": ["p001"], "locked": False})

        c = self.lab.hosts[2]
        pem = attacker.certificate(c, "Eve")
        for lie, code in (
                (named, "BAD_MESSAGE"), (unflagged, "BAD_MESSAGE"),
                (other_id, "WRONG_KEY"), (joins_again, "BAD_MESSAGE"),
                (unsigned, "SIGNATURE")):
            with self.subTest(lie.__name__):
                _, port = self.pose(status, pem, Liar, lie=lie)
                self.refused(self.join(c, port), code)
        self.assertEqual(ann.stop(), 0)

    def known_id(self):
        """The device id of Ann, as Bob knows it."""
        done = self.lab.hosts[1].start("videomeet", "known", "--json")
        self.assertEqual(done.wait(lab.SOON), 0)
        return next(e["deviceId"] for e in done.events("known")
                    if e["user"] == "Ann")


if __name__ == "__main__":
    lab.main(at_once=2)
