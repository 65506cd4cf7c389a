#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nothing secret is logged, whatever is logged: a meeting with a PIN and a TURN
server between two devices that have agreed on trust, an invitation and a page that
answers, all of it at level 9.

The core's and the media elements' categories that write several lines for each buffer
are left at level 4: they know pointers, times and sizes, and take ten times the time
of all others."""

import base64
import os
import re
import subprocess

import lab
import trustpeer

# of so many digits that no time, address or number is one by chance
PIN = "730516284905162730"
WRONG = "481516234295018364"
PASSWORD = "vT7Jc2-turn-password"
BUFFERS = ("GST_BUFFER", "GST_CLOCK", "GST_LOCKING", "GST_MEMORY", "GST_PADS",
           "GST_PIPELINE", "GST_REFCOUNTING", "GST_REGISTRY", "GST_SCHEDULING", "audio",
           "audiotestsrc", "basesrc", "basetransform", "clocksync", "level", "tee")
LOUD = {"GST_DEBUG": ",".join(["*:9", *(f"{name}:4" for name in BUFFERS)]),
        "GST_DEBUG_NO_COLOR": "1",
        "G_MESSAGES_DEBUG": "all", "NICE_DEBUG": "all"}
# time, process, thread, level, category: what follows may have several lines
SAID = re.compile(r"^\d+:\d\d:\d\d\.\d+ +\d+ +\S+ +\w+ +(\S+) ")


def body(path):
    """The lines of base64 of a PEM file."""
    with open(path, encoding="ascii") as f:
        return [line.strip() for line in f if line.strip()
                and not line.startswith("-----") and ":" not in line]


class Secrets(lab.LabTest):
    hosts = 2

    def loud(self, host, name, *args, **how):
        """Starts a command that writes all it logs into a file; both."""
        file = os.path.join(host.home, name + ".log")
        return file, host.start(
            "bash", "-c", 'exec "$@" 2>' + file, "-", *args, env=LOUD, **how)

    def own(self, host):
        """What is in the host's files, in all the ways to write it."""
        folder = os.path.join(host.config, "videomeet")
        identity = os.path.join(folder, "identity.pem")
        with open(identity, encoding="ascii") as f:
            pem = f.read()
        key = re.search(r"-----BEGIN (?:EC )?PRIVATE KEY-----\n(.*?)-----END",
                        pem, re.DOTALL)[1]
        der = base64.b64decode("".join(key.split()))
        text = subprocess.run(
            ["openssl", "pkey", "-in", identity, "-noout", "-text"],
            capture_output=True, text=True, check=True).stdout
        number = bytes.fromhex(re.sub(
            r"[\s:]", "", re.search(r"priv:\n(.*?)pub:", text, re.DOTALL)[1]))
        number = number[-32:]
        self.assertIn(number, der)
        secrets = key.split()
        for raw in number, der:
            secrets += [raw.hex(), raw.hex().upper(), raw.hex(":"),
                        base64.b64encode(raw).decode(),
                        base64.urlsafe_b64encode(raw).decode().rstrip("=")]
        tokens = os.path.join(folder, "tokens")
        for name in os.listdir(tokens):
            secrets += body(os.path.join(tokens, name))
        return secrets

    def handed_out(self, a, b, host):
        """The words of the links that Ann is shown, and what they are worth: each
        has been used once."""
        link = host.wait_event("invitation", lab.SOON)["link"]
        invitation = re.search(r"#invitation=([\w-]{43})$", link)[1]
        host.type("/page")
        link = host.wait_event("page", lab.SOON)["link"]
        page = re.search(r"#approve=([\w-]{43})$", link)[1]
        guest = trustpeer.Peer(b, "guest")
        status, pass_ = guest.ask(
            a.address, "POST", "/meetings/guest",
            {"meeting": "vault", "invitation": invitation,
             "pubKey": trustpeer.b64(guest.spki)})
        self.assertEqual(status, 200, pass_)
        own = trustpeer.Peer(a, "browser")
        status, opened = own.ask("127.0.0.1", "POST", "/trust/page",
                                 {"secret": page})
        self.assertEqual(status, 200, opened)
        return {invitation, page, pass_["nonce"], opened["session"],
                *(line for line in pass_["token"].splitlines()
                  if not line.startswith("-"))}

    def test_whole_meeting(self):
        a, b = self.lab.hosts
        turn = f"turn://ann:{PASSWORD}@{b.address}:3478?transport=udp"
        logs = [self.loud(
            a, "host", "videomeet", "host", "--meeting", "vault", "--user",
            "Ann", "--source", lab.STAMP, "--pin", PIN, "--policy", "require",
            "--approve", "auto", "--turn", turn, "--json", typed=True)]
        host = logs[0][1]
        host.wait_event("meeting", lab.SOON, state="announced")
        logs.append(self.loud(
            b, "ask", "videomeet", "trust", "request", a.address, "--user",
            "Bob", "--approve", "auto", "--json"))
        asking = logs[-1][1]
        self.assertEqual(asking.wait(lab.SOON), 0, asking.tail())
        for pin in WRONG, PIN:
            logs.append(self.loud(
                b, "right" if pin == PIN else "wrong", "videomeet", "join",
                f"videomeet://{a.address}/vault", "--user", "Bob", "--source",
                lab.STAMP, "--pin", pin, "--policy", "require", "--json"))
            guest = logs[-1][1]
            if pin != PIN:
                guest.wait_event("error", lab.SOON, code="WRONG_PIN")
                self.assertNotEqual(guest.wait(lab.SOON), 0)
        guest.wait_event("participant-state", lab.SOON, state="connected")
        host.wait_event("participant-state", lab.SOON, state="connected")
        words = self.handed_out(a, b, host)
        self.assertEqual(guest.stop(), 0)
        self.assertEqual(host.stop(), 0)

        secrets = {PIN, WRONG, PASSWORD, *words, *self.own(a), *self.own(b)}
        self.assertGreater(len(secrets), 20)
        told = [self.search(*log, secrets) for log in logs]
        for categories in told[0], told[-1]:
            self.assertIn("vmsignalbin", categories)

    def search(self, file, process, secrets):
        found = re.compile("|".join(map(re.escape, sorted(secrets))))
        category = ""
        categories = set()
        # what GLib logs below a warning goes to where the events go
        self.assertTrue(any("videomeet-DEBUG" in line for line in process.out))
        for line in process.out:
            # these links are what that user has asked for
            if re.match(r'\{"event":"(invitation|page)"', line):
                continue
            self.assertIsNone(found.search(line), line)
            self.assertNotIn("ice-pwd", line)
        with open(file, encoding="utf-8", errors="replace") as f:
            for line in f:
                self.assertIsNone(found.search(line), f"{file}: {line}")
                said = SAID.match(line)
                if said:
                    category = said[1]
                    categories.add(category)
                # webrtcbin shows descriptions whole, which is its own
                # business; its password is good for one connection
                if category.startswith("vm"):
                    self.assertNotIn("ice-pwd", line, file)
        self.assertIn("GST_INIT", categories, f"{file} says too little")
        return categories


if __name__ == "__main__":
    lab.main()
