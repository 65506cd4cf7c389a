#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""videomeet doctor: what it finds, what it advises, and to whom it sends."""

import lab

CHECKS = {"clock", "permissions", "interfaces", "mdns", "udp", "tcp", "stun",
          "turn", "elements", "codecs", "camera", "microphone"}


class Doctor(lab.LabTest):
    hosts = 3

    def ask(self, host, *options, status=0):
        doctor = host.start("videomeet", "doctor", "--json", *options)
        self.assertEqual(doctor.wait(lab.SOON), status, doctor.tail())
        events = doctor.events()
        self.assertEqual(events[-1]["event"], "summary")
        return events[:-1]

    def of(self, events, check):
        return [e for e in events if e["check"] == check]

    def serve(self, host, *options):
        server = host.start(
            "turnserver", "-n", "--no-cli", "--no-tls", "--no-dtls",
            "--lt-cred-mech", "--user=ann:secret", "--realm=lab",
            f"--listening-ip={host.address}", f"--relay-ip={host.address}",
            "--pidfile=/run/turnserver.pid", "--log-file=stdout",
            "--allow-loopback-peers", "--verbose", *options)
        server.wait_for("UDP listener opened on", lab.SOON)

    def test_without_servers(self):
        events = self.ask(self.lab.hosts[0])
        self.assertEqual({e["check"] for e in events}, CHECKS)
        for event in events:
            self.assertTrue(event["message"], event)
            if event["result"] in ("warning", "bad"):
                self.assertTrue(event["advice"], event)
        for check in ("stun", "turn"):
            self.assertEqual(self.of(events, check)[0]["result"], "skipped")

    def test_servers(self):
        a, b, c = self.lab.hosts
        self.serve(b)
        self.serve(c)
        events = self.ask(
            a, "--stun", f"stun://{b.address}:3478",
            "--turn", f"turn://ann:secret@{b.address}:3478",
            "--turn", f"turn://ann:secret@{c.address}:3478?transport=tcp",
            "--turn", f"turn://ann:secret@{c.address}:3478")
        (stun,) = self.of(events, "stun")
        self.assertEqual(stun["result"], "good", stun)
        self.assertTrue(stun["mapped"].startswith(a.address + ":"), stun)
        turn = self.of(events, "turn")
        self.assertEqual([t["transport"] for t in turn], ["UDP", "TCP", "UDP"])
        for one, host in zip(turn, (b, c, c)):
            self.assertEqual(one["result"], "good", one)
            self.assertTrue(one["relay"].startswith(host.address + ":"), one)
        (nat,) = self.of(events, "nat")
        self.assertEqual(nat["mapping"], "endpoint-independent", nat)

    def test_wrong_password(self):
        a, b = self.lab.hosts[:2]
        self.serve(b)
        events = self.ask(a, "--turn", f"turn://ann:wrong@{b.address}:3478",
                          status=1)
        (turn,) = self.of(events, "turn")
        self.assertEqual(turn["result"], "bad", turn)
        self.assertIn("password", turn["message"])

    def test_nobody_answers(self):
        a, b = self.lab.hosts[:2]
        events = self.ask(a, "--stun", f"stun://{b.address}:3478",
                          "--turn", f"turns://ann:secret@{b.address}:5349",
                          status=1)
        for check in ("stun", "turn"):
            (one,) = self.of(events, check)
            self.assertEqual(one["result"], "bad", one)
            self.assertTrue(one["advice"], one)


if __name__ == "__main__":
    lab.main(at_once=2)
