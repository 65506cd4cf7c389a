#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody is on the way between two devices while one asks the other for
trust: hands on what they say, puts own keys in, looks for equal digits, says
again what was said before."""

import hashlib
import itertools
import os
import shutil

import lab
import packets
import trustpeer
from trustpeer import b64, unb64

PORTS = itertools.count(9000)


class Middle(lab.LabTest):
    """Ann hosts at a, Bob is at b and asks Eve at c, believing it is Ann."""

    hosts = 3
    avahi = False

    def setUp(self):
        for host in self.lab.hosts:
            shutil.rmtree(os.path.join(host.config, "videomeet"),
                          ignore_errors=True)
        self.a, self.b, c = self.lab.hosts
        self.eve = trustpeer.Peer(c, "Eve")
        packets.count(*self.lab.hosts)

    def host(self, *more):
        ann = self.a.start(
            "videomeet", "host", "--meeting", "vault", "--user", "Ann",
            "--source", lab.STAMP, "--methods", "manual", "--policy", "require",
            "--json", *more, typed=True)
        ann.wait_event("meeting", lab.SOON, state="announced")
        self.status = self.eve.ask(self.a.address, "GET", "/status")[1]
        return ann

    def between(self, answer):
        """Bob asks whoever is between: (his process, that server)."""
        port = next(PORTS)
        server = trustpeer.Middle(self.eve, port, answer)
        self.addCleanup(server.close)
        bob = self.b.start(
            "videomeet", "trust", "request",
            f"{self.eve.host.address}:{port}", "--user", "Bob", "--json",
            typed=True)
        return bob, server

    def as_ann(self):
        """What Eve says of herself where she poses as Ann."""
        hash_ = b64(hashlib.sha256(self.eve.spki).digest())
        return dict(self.status, deviceId=self.eve.id,
                    keyHash=hash_.translate(
                        str.maketrans("+/", "-_", "=")))

    def nobody_is_trusted(self, *processes):
        for process in processes:
            self.assertEqual(process.events("trusted"), [])
            self.assertEqual(process.events("trust-established"), [])
        for host in (self.a, self.b):
            done = host.start("videomeet", "trust", "list", "--json")
            self.assertEqual(done.wait(lab.SOON), 0)
            self.assertEqual(done.events("trust"), [])

    def nothing_passes(self, ann):
        """What Eve did opens no meeting: she is not let in, nobody has heard
        of her, and no packet went from one host to another."""
        status, answer = self.eve.ask(
            self.a.address, "POST", "/meetings/join",
            {"meeting": "vault", "user": "Bob", "deviceId": self.eve.id})
        self.assertEqual((status, answer["error"]["code"]),
                         (403, "NOT_TRUSTED"))
        self.assertEqual(ann.stop(), 0)
        self.assertEqual(ann.events("participant-joined"), [])
        self.assertEqual([packets.counted(h) for h in self.lab.hosts],
                         [0, 0, 0])

    def refused(self, bob, code):
        """He hears why, and is asked nothing."""
        error = bob.wait_event("error", lab.SOON, code=code)
        self.assertEqual(bob.wait(lab.SOON), 1)
        self.assertTrue(any(error["message"] in line for line in bob.err),
                        bob.tail())
        self.assertEqual(bob.events("trust-digits"), [])

    def test_handed_on(self):
        """All as Ann says it: her key is not the one that TLS shows. She is
        told nothing of it, as Bob asks for nothing."""
        ann = self.host()
        bob, server = self.between(
            lambda *request: self.eve.ask(self.a.address, *request))
        self.refused(bob, "WRONG_KEY")
        self.assertEqual(set(server.seen), {"GET /status"})
        # nor does she take a request that names another key than TLS shows
        other = trustpeer.Peer(self.eve.host, "Bob")
        status, answer = self.eve.request(
            self.a.address, bytes(32), deviceId=other.id,
            pubKey=b64(other.spki))
        self.assertEqual((status, answer["error"]["code"]),
                         (403, "WRONG_KEY"))
        # and a request that Bob has begun with her is nobody else's
        asking = self.b.start("videomeet", "trust", "request",
                              f"{self.a.address}:8080", "--user", "Bob",
                              "--json", typed=True)
        asking.wait_event("trust-digits", lab.SOON)
        told = ann.wait_event("trust-requested", lab.SOON)
        status, answer = self.eve.poll(self.a.address, told["request"])
        self.assertEqual((status, answer["error"]["code"]),
                         (403, "WRONG_KEY"))
        asking.type("n")
        self.assertEqual(asking.wait(lab.SOON), 1)
        self.nobody_is_trusted(ann, bob, asking)
        self.nothing_passes(ann)

    def swapped(self, method, path, body):
        """Bob's requests become Eve's, and Ann's answers too."""
        if path == "/status":
            return 200, self.as_ann()
        if path == "/trust/request":
            self.bob_spki = unb64(body["pubKey"])
            self.nonces = [os.urandom(trustpeer.NONCE) for _ in range(2)]
            return 202, {"requestId": self.request_id, "name": "Ann's desk",
                         "pubKey": b64(self.eve.spki), "expiresIn": 300,
                         "nonce": b64(self.nonces[0])}
        if path == "/trust/reveal":
            self.bob_nonce = unb64(body["nonce"])
        return 202, {"status": "pending"}

    request_id = "A" * 22

    def between_both(self):
        """Eve has Bob's digits, and has not asked Ann yet: (Bob, digits)."""
        bob, _ = self.between(self.swapped)
        told = bob.wait_event("trust-digits", lab.SOON)
        self.assertEqual(told["digits"], trustpeer.digits(
            self.eve.spki, self.nonces[0], self.bob_spki, self.bob_nonce))
        return bob, told["digits"]

    def test_keys_swapped(self):
        """Each side sees Eve's key as the other's: the digits differ."""
        ann = self.host()
        bob, his = self.between_both()
        nonce = self.nonces[1]
        status, offer = self.eve.request(self.a.address, nonce, name="Bob")
        self.assertEqual(status, 202, offer)
        status, _ = self.eve.reveal(self.a.address, offer["requestId"], nonce)
        self.assertEqual(status, 202)
        told = ann.wait_event("trust-requested", lab.SOON)
        self.assertEqual(told["digits"], trustpeer.digits(
            unb64(offer["pubKey"]), unb64(offer["nonce"]), self.eve.spki,
            nonce))
        self.assertNotEqual(told["digits"], his)
        ann.type("n")
        bob.type("n")
        self.assertEqual(bob.wait(lab.SOON), 1)
        status, answer = self.eve.poll(self.a.address, offer["requestId"])
        self.assertEqual((status, answer["error"]["code"]),
                         (403, "NOT_TRUSTED"))
        self.nobody_is_trusted(ann, bob)
        self.nothing_passes(ann)

    def test_digits_are_ground(self):
        """Eve finds a nonce by which Ann's digits would be Bob's. It is not
        the one she has committed to, so Ann is asked nothing."""
        ann = self.host()
        bob, his = self.between_both()
        status, offer = self.eve.request(self.a.address, self.nonces[1])
        self.assertEqual(status, 202, offer)
        ann_side = unb64(offer["pubKey"]), unb64(offer["nonce"])
        ground = trustpeer.grind(*ann_side, self.eve.spki, his)
        self.assertEqual(
            trustpeer.digits(*ann_side, self.eve.spki, ground), his)
        for nonce, refusal in (
                (ground, (403, "SIGNATURE")),
                (self.nonces[1], (400, "BAD_MESSAGE"))):  # no second try
            status, answer = self.eve.reveal(
                self.a.address, offer["requestId"], nonce)
            self.assertEqual((status, answer["error"]["code"]), refusal)
        status, answer = self.eve.poll(self.a.address, offer["requestId"])
        self.assertEqual((status, answer["error"]["code"]),
                         (403, "NOT_TRUSTED"))
        self.assertEqual(ann.events("trust-requested"), [])
        bob.type("n")
        self.assertEqual(bob.wait(lab.SOON), 1)
        self.nobody_is_trusted(ann, bob)
        self.nothing_passes(ann)

    def test_no_nonce(self):
        """Eve wants to see Bob's nonce before she says hers: he does not
        tell it."""
        ann = self.host()

        def answer(method, path, body):
            status, said = self.swapped(method, path, body)
            said.pop("nonce", None)
            return status, said

        bob, server = self.between(answer)
        self.refused(bob, "BAD_MESSAGE")
        self.assertNotIn("POST /trust/reveal", server.seen)
        self.nobody_is_trusted(ann, bob)
        self.nothing_passes(ann)

    def handshake(self, nonce):
        """Eve's own, as far as Ann's challenge: (request id, proof)."""
        status, offer = self.eve.request(self.a.address, nonce)
        self.assertEqual(status, 202, offer)
        id_ = offer["requestId"]
        self.assertEqual(
            self.eve.reveal(self.a.address, id_, nonce)[0], 202)
        status, answer = self.eve.poll(self.a.address, id_)
        self.assertEqual(status, 200, answer)
        return id_, self.eve.proof(
            unb64(offer["pubKey"]), unb64(offer["nonce"]), nonce,
            unb64(answer["challenge"]["nonce"]))

    def trusted_once(self):
        """Eve, who was confirmed and then revoked: (Ann, her nonce, the
        request, her proof)."""
        ann = self.host("--approve", "auto")
        nonce = os.urandom(trustpeer.NONCE)
        first, proof = self.handshake(nonce)
        status, answer = self.eve.prove(self.a.address, first, proof)
        self.assertEqual(status, 200, answer)
        self.assertIn("BEGIN CERTIFICATE", answer["token"])
        ann.wait_event("trust-established", lab.SOON)
        self.a.run("videomeet", "trust", "revoke", self.eve.id,
                   timeout=lab.SOON)
        ann.wait_event("trust-changed", lab.SOON, revoked=True)
        return ann, nonce, first, proof

    def still_revoked(self, ann):
        done = self.a.start("videomeet", "trust", "list", "--json")
        self.assertEqual(done.wait(lab.SOON), 0)
        self.assertEqual([e["trust"] for e in done.events("trust")],
                         ["revoked"])
        self.assertEqual(len(ann.events("trust-established")), 1)
        self.nothing_passes(ann)

    def test_nonce_said_again(self):
        """To the request that it was for, which is over, and to another, for
        which it was not committed to."""
        ann, nonce, first, _ = self.trusted_once()
        status, answer = self.eve.reveal(self.a.address, first, nonce)
        self.assertEqual((status, answer["error"]["code"]),
                         (400, "BAD_MESSAGE"))
        status, offer = self.eve.request(
            self.a.address, os.urandom(trustpeer.NONCE))
        self.assertEqual(status, 202, offer)
        status, answer = self.eve.reveal(
            self.a.address, offer["requestId"], nonce)
        self.assertEqual((status, answer["error"]["code"]),
                         (403, "SIGNATURE"))
        self.still_revoked(ann)

    def test_proof_said_again(self):
        """At the request that it was for, and at the next with the same
        nonce."""
        ann, nonce, first, proof = self.trusted_once()
        status, answer = self.eve.prove(self.a.address, first, proof)
        self.assertEqual((status, answer["error"]["code"]),
                         (400, "BAD_MESSAGE"))
        second, _ = self.handshake(nonce)
        status, answer = self.eve.prove(self.a.address, second, proof)
        self.assertEqual((status, answer["error"]["code"]),
                         (403, "SIGNATURE"))
        # one proof, one guess: the right one is too late now
        status, answer = self.eve.poll(self.a.address, second)
        self.assertEqual((status, answer["error"]["code"]),
                         (403, "NOT_TRUSTED"))
        self.still_revoked(ann)


if __name__ == "__main__":
    lab.main()
