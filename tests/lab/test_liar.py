#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A meeting whose server lies. The host is one of three; the other two have
keys, and what the host changes of what they say to each other is found, named on
screen, and lets nothing through. Both still have the host itself, who may lie in
its own name as it likes."""

import os

import lab
import packets

LIAR = os.path.join(os.environ["VM_BUILD_ROOT"], "tests", "lab",
                    "libvmliar.so")
CONNECTED = 60  # s
PORT = 8080


class Liar(lab.LabTest):
    hosts = 3
    avahi = False

    def start(self, lie, *more):
        """The host, with the lie it is to tell."""
        self.lies = lie
        self.a, self.b, self.c = self.lab.hosts
        self.host = self.a.start(
            "videomeet", "host", "--meeting", "standup", "--user", "Liar",
            "--source", lab.STAMP, "--methods", "udp", "--json", *more,
            env={"LD_PRELOAD": LIAR, "VM_LIE": lie})
        self.host.wait_event("meeting", lab.SOON, state="announced")

    def join(self, host, user):
        """A guest, who has the host."""
        guest = host.start(
            "videomeet", "join", f"videomeet://{self.a.address}:{PORT}/standup",
            "--user", user, "--source", lab.STAMP, "--methods", "manual",
            "--json", typed=True)
        guest.wait_event("participant-state", CONNECTED, user="Liar",
                         state="connected")
        return guest

    def refused(self, process, user, text):
        """It says that what came in the user's name is a lie."""
        code = '"WRONG_KEY"' if self.lies == "keys" else '"SIGNATURE"'
        process.wait_for(
            lambda line: '"warning"' in line and code in line
            and user in line and text in line, CONNECTED)

    def apart(self, guest, user):
        """Nothing of the user was seen or heard."""
        seen = {p["name"]: p
                for p in guest.events("summary")[0]["participants"]}
        self.assertEqual((seen[user]["videoFrames"],
                          seen[user]["audioBuffers"]), (0, 0))

    def lie(self, lie, text):
        """Two guests whose connection the host is after. Whoever was there
        first offers."""
        self.start(lie)
        bob = self.join(self.b, "Bob")
        packets.count(self.b, self.c)
        cem = self.join(self.c, "Cem")
        finder, other = (bob, cem) if lie.endswith("answer") else (cem, bob)
        names = {bob: "Bob", cem: "Cem"}
        self.refused(finder, names[other], text)
        self.refused(other, names[finder], "refuses this device's description")
        for guest, user in ((bob, "Cem"), (cem, "Bob")):
            self.assertEqual(guest.stop(), 0)
            self.apart(guest, user)
        self.assertEqual(self.host.stop(), 0)
        self.assertEqual((packets.counted(self.b), packets.counted(self.c)), (0, 0))

    def again(self, lie):
        """What one of them has said to the other in a call before, in the place
        of what it says now."""
        self.start(lie)
        bob = self.join(self.b, "Bob")
        first = self.join(self.c, "Cem")
        for guest, user in ((bob, "Cem"), (first, "Bob")):
            guest.wait_event("participant-state", CONNECTED, user=user,
                             state="connected")
        self.assertEqual(first.stop(), 0)
        bob.wait_event("participant-left", CONNECTED, user="Cem")
        packets.count(self.b, self.c)
        cem = self.join(self.c, "Cem")
        finder, other = (bob, cem) if lie.endswith("answer") else (cem, bob)
        names = {bob: "Bob", cem: "Cem"}
        self.refused(finder, names[other], "signed")
        self.refused(other, names[finder], "refuses this device's description")
        self.assertEqual(cem.stop(), 0)
        self.apart(cem, "Bob")
        self.assertEqual(bob.stop(), 0)
        self.assertEqual(self.host.stop(), 0)
        self.assertEqual((packets.counted(self.b), packets.counted(self.c)), (0, 0))

    def test_offer_of_an_earlier_call(self):
        self.again("replay-offer")

    def test_answer_of_an_earlier_call(self):
        self.again("replay-answer")

    def test_chat(self):
        """Words in the name of a device that has a key are not shown; its own
        are."""
        self.start("chat")
        bob = self.join(self.b, "Bob")
        packets.count(self.b, self.c)
        cem = self.join(self.c, "Cem")
        for guest, user in ((bob, "Cem"), (cem, "Bob")):
            guest.wait_event("participant-state", CONNECTED, user=user,
                             state="connected")
        bob.type("This is what I say")
        cem.wait_event("chat", CONNECTED, user="Bob", text="This is what I say")
        self.refused(cem, "Bob", "Something was written in the name of Bob")
        for guest in (bob, cem):
            self.assertEqual(guest.stop(), 0)
            self.assertNotIn("I never said this", "\n".join(guest.out))
        self.assertEqual(self.host.stop(), 0)
        # what counts nothing in the other cases does count
        self.assertGreater(min(packets.counted(self.b), packets.counted(self.c)), 0)

    def test_revoked_after_it_left(self):
        """The host revokes Cem, who has gone, and lets her in again all the
        same. What it tells of that, signed, is believed by Bob, who trusts it:
        he does not meet her, though he demands no trust of anybody."""
        self.start("admit", "--approve", "auto")
        for host, user in ((self.b, "Bob"), (self.c, "Cem")):
            host.run("videomeet", "trust", "request",
                     f"{self.a.address}:{PORT}", "--user", user, "--approve",
                     "auto", "--permissions", "call,introducer",
                     timeout=CONNECTED)
        bob = self.join(self.b, "Bob")
        first = self.join(self.c, "Cem")
        seen = bob.wait_event("participant-joined", CONNECTED, user="Cem")
        self.assertEqual((seen["trust"], seen["voucher"]), ("vouched", "Liar"))
        for guest, user in ((bob, "Cem"), (first, "Bob")):
            guest.wait_event("participant-state", CONNECTED, user=user,
                             state="connected")
        self.assertEqual(first.stop(), 0)
        bob.wait_event("participant-left", CONNECTED, user="Cem")
        packets.count(self.b, self.c)
        self.a.run("videomeet", "trust", "revoke", seen["deviceId"],
                   timeout=CONNECTED)
        self.host.wait_event("trust-changed", CONNECTED,
                             deviceId=seen["deviceId"], revoked=True)
        cem = self.c.start(
            "videomeet", "join", f"videomeet://{self.a.address}:{PORT}/standup",
            "--user", "Cem", "--source", lab.STAMP, "--methods", "manual",
            "--json")
        told = bob.wait_event("warning", CONNECTED, code="NOT_TRUSTED")
        self.assertIn("Cem", told["message"])
        self.assertIn("revoked", told["message"])
        left = cem.wait_event("participant-left", CONNECTED, user="Bob")
        self.assertEqual(left["code"], "NOT_TRUSTED")
        self.assertIn("does not meet this device", left["message"])
        for guest in (cem, bob):
            self.assertEqual(guest.stop(), 0)
        self.assertEqual(len([e for e in bob.events("participant-joined")
                              if e["user"] == "Cem"]), 1)
        self.apart(cem, "Bob")
        self.assertEqual(self.host.stop(), 0)
        self.assertEqual((packets.counted(self.b), packets.counted(self.c)),
                         (0, 0))

    def test_other_keys(self):
        """Each is told of a key that the other has not: what that signs is not
        the word of the one who was told of."""
        self.lie("keys", "WRONG_KEY")

    def test_offer_with_another_fingerprint(self):
        self.lie("fingerprint-offer", "changed on the way")

    def test_answer_with_another_fingerprint(self):
        self.lie("fingerprint-answer", "changed on the way")

    def test_offer_without_identity(self):
        self.lie("strip-offer", "was taken off on the way")

    def test_answer_without_identity(self):
        self.lie("strip-answer", "was taken off on the way")


if __name__ == "__main__":
    lab.enter()
    lab.run_tests()
