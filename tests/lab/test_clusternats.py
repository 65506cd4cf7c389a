#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server of a cluster and its NATS server: that asks for TLS and a password, that is
not there yet, that has no JetStream."""

import json
import os
import shutil
import unittest

import attacker
import lab

NATS = 4222
PORT = 8081
PLACE = f"127.0.0.1:{NATS}"


@unittest.skipUnless(shutil.which("nats-server"), "there is no nats-server")
class Nats(lab.LabTest):

    hosts = 1
    avahi = False

    def setUp(self):
        self.host, = self.lab.hosts
        self.addCleanup(self.host.end_processes)
        self.store = os.path.join(self.host.home, self.id().split(".")[-1])
        os.makedirs(self.store)

    def path(self, name):
        return os.path.join(self.store, name)

    def start_nats(self, *more):
        nats = self.host.start("nats-server", "-a", "127.0.0.1", "-p",
                               str(NATS), *more)
        nats.wait_for(lambda line: "Server is ready" in line, lab.SOON, "err")
        return nats

    def start_server(self, url, *more):
        return self.host.start("videomeet", "server", "--loopback", "--port",
                               str(PORT), "--cluster", url, *more, "--drain",
                               "0", "--json")

    def refuse(self, status, text, url, *more):
        """It does not start, and says why."""
        done = self.host.run("videomeet", "server", "--loopback", "--port",
                             str(PORT), "--cluster", url, *more,
                             timeout=lab.SOON, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(text, done.stderr)
        self.assertNotIn("secret-of-ann", done.stderr)

    def ask(self, path, body=None):
        return attacker.inside(self.host, lab_ask, path, body)

    def wait_health(self, text):
        lab.wait_until(lambda: self.ask("/healthz") == text, lab.SOON, text)

    def make_certificate(self, name):
        self.host.call(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=nats", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
            self.path(f"{name}-key.pem"), "-out", self.path(f"{name}.pem"))
        return self.path(f"{name}.pem")

    def test_tls(self):
        right, wrong = map(self.make_certificate, ("right", "wrong"))
        with open(self.path("conf"), "w", encoding="utf-8") as file:
            file.write(f'tls {{ cert_file: "{right}", '
                       f'key_file: "{self.path("right-key.pem")}" }}\n'
                       "authorization { user: ann, password: secret-of-ann }\n"
                       f'jetstream {{ store_dir: "{self.store}" }}\n')
        self.start_nats("-c", self.path("conf"))
        good = f"tls://ann:secret-of-ann@{PLACE}"
        server = self.start_server(good, "--cluster-ca", right)
        server.wait_event("serving", lab.SOON)
        self.assertIn("ticket", json.loads(self.ask(
            "/meetings/join", {"meeting": "hall", "user": "ann"})))
        self.assertEqual(self.ask("/healthz"), "ok\n")
        self.assertEqual(server.stop(), 0)
        self.refuse(1, f"NATS at {PLACE}", good, "--cluster-ca", wrong)
        self.refuse(1, "certificate", good, "--cluster-ca", wrong)
        self.refuse(1, f"NATS at {PLACE}", f"tls://ann:wrong@{PLACE}",
                    "--cluster-ca", right)
        self.refuse(1, "uthoriz", f"tls://{PLACE}", "--cluster-ca", right)
        self.refuse(1, "NATS cannot be used so", good, "--cluster-ca",
                    self.path("nothing"))

    def test_url(self):
        for url in ("foo", "http://127.0.0.1", "nats:127.0.0.1"):
            self.refuse(2, "--cluster takes nats://HOST:PORT", url)

    def test_not_there(self):
        server = self.start_server(f"nats://ann:secret-of-ann@{PLACE}")
        server.wait_event("serving", lab.SOON)
        waits = f"Waiting for NATS at {PLACE}: "
        server.wait_for(lambda line: waits in line, lab.SOON, "err")
        self.wait_health("waiting for NATS\n")
        nats = self.start_nats("-js", "-sd", self.store)
        there = f"NATS at {PLACE} is there"
        server.wait_for(lambda line: there in line, lab.SOON, "err")
        self.wait_health("ok\n")
        nats.kill()
        self.wait_health("waiting for NATS\n")
        # each is said once
        lab.wait_until(
            lambda: sum(waits in line for line in list(server.err)) == 2,
            lab.SOON, "the second wait")
        said = list(server.err)
        self.assertEqual(sum(waits in line for line in said), 2, said)
        self.assertEqual(sum(there in line for line in said), 1, said)
        self.assertNotIn("secret-of-ann", "".join(said))

    def test_without_jetstream(self):
        self.start_nats()
        server = self.start_server(f"nats://{PLACE}")
        server.wait_event("serving", lab.SOON)
        waits = f"Waiting for NATS at {PLACE}: it has no JetStream"
        server.wait_for(lambda line: waits in line, lab.SOON, "err")
        self.wait_health("waiting for NATS\n")


def lab_ask(path, body):
    """The body of an answer; on the host."""
    import urllib.request
    request = urllib.request.Request(
        f"http://localhost:{PORT}{path}", body and json.dumps(body).encode(),
        {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=lab.SOON) as answer:
        return answer.read().decode()


if __name__ == "__main__":
    lab.main()
