#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a stranger on the network can send, and what one can leave unsaid."""

import json
import os
import threading
import time

import attacker
import lab
import media

CONNECTED = lab.SOON
CLOSED = lab.SOON  # until a bad message has ended a connection
OFFER = 90  # s, for a guest to complain of a host that offers nothing
ENDED = 120  # s, for all the others to give up their silent steps
MEMORY = 64 * 1024  # KiB that floods may add
CALL = 5  # s, at least, that a call lasts beside an attack


def memory(process):
    """Resident KiB of a process that the lab started by its name."""
    with open(f"/proc/{process.popen.pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f
                    if line.startswith("VmRSS"))


class Intruder(lab.LabTest):
    """Host and guest in a call, and a third who sends what it likes."""

    hosts = 3
    avahi = False

    def setUp(self):
        self.a, self.b, self.c = self.lab.hosts
        self.host = self.a.start(
            "videomeet", "host", "--meeting", "standup", "--user", "Ann",
            "--source", lab.STAMP, "--methods", "udp", "--json",
            # who is cut keeps its seat for half a minute
            "--max-participants", "40")
        self.host.wait_event("meeting", lab.SOON, state="announced")

    def call(self):
        guest = self.b.start(
            "videomeet", "join", f"videomeet://{self.a.address}:8080/standup",
            "--user", "Bob", "--source", lab.STAMP, "--methods", "manual",
            "--json")
        for process in (self.host, guest):
            process.wait_event("participant-state", CONNECTED,
                               state="connected")
        self.until = time.monotonic() + CALL
        return guest

    def end_call(self, guest):
        """Both saw each other's frames throughout, as good as all of them."""
        # a quick machine is through with the attack before there is a call
        time.sleep(max(0, self.until - time.monotonic()))
        self.assertEqual(guest.stop(), 0)
        self.assertIsNone(self.host.popen.poll())
        self.assertEqual(self.host.stop(), 0)
        for process in (self.host, guest):
            summary = process.events("summary")[0]
            other = max(summary["participants"],
                        key=lambda p: p["videoFrames"])
            self.assertGreater(other["videoFrames"], lab.RATE, other)
            stamps = other["stamps"]
            sent = stamps["last"] - stamps["first"]
            self.assertTrue(media.few(stamps["missing"], sent), stamps)
            self.assertTrue(media.few(stamps["repeated"], sent), stamps)
            for event in process.events():
                self.assertFalse(
                    event.get("user") in ("Ann", "Bob") and "code" in event,
                    event)

    def enter(self, user="Eve", **how):
        return attacker.inside(self.c, lambda: attacker.web_socket(
            self.a.address, "standup", user, **how))

    def connect(self, **how):
        return attacker.inside(self.c, lambda: attacker.connect(
            self.a.address, **how))

    def answers(self):
        """The server still does, before attacker.TIMEOUT."""
        with self.connect() as sock:
            self.assertEqual(attacker.ask(
                sock, "GET", "/status", f"{self.a.address}:8080")[0], 200)

    def bad_messages(self):
        frame = attacker.WebSocket.frame
        closed = {  # what breaks RFC 6455 or a limit: close code
            "binary": (frame(2, b"{}"), 1003),
            "ping too large": (frame(9, b"x" * 126), 1002),
            "ping in pieces": (frame(9, b"x", fin=False), 1002),
            "reserved bits": (b"\xf1" + frame(1, b"{}")[1:], 1002),
            "reserved opcode": (frame(3, b"{}"), 1002),
            "continued nothing": (frame(0, b"{}"), 1002),
            "text within text": (
                frame(1, b"{", fin=False) + frame(1, b"{}"), 1002),
            "endless frame": (
                b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0{}", 1009),
            "close without a code": (b"\x88\x81\0\0\0\0x", 1005),
        }
        answered = {
            "no JSON": b"nonsense",
            "no UTF-8": b'{"type":"chat","text":"\xff\xfe"}',
            "deep": b"[" * 5000,
            "unknown": b'{"type":"dance"}',
            "the server's": b'{"type":"welcome","id":"p001"}',
            "second hello": b'{"type":"hello"}',
            "to nobody": b'{"type":"offer","to":"p999","sdp":"v=0"}',
            "only the host": b'{"type":"kick","to":"p001"}',
        }
        for name, (data, code) in closed.items():
            with self.subTest(name):
                ws = self.enter(name)
                ws.sock.sendall(data)
                self.assertEqual(ws.wait_closed(CLOSED), code)
                ws.sock.close()
        ws = self.enter("Eve")
        for name, data in answered.items():
            with self.subTest(name):
                ws.send(data)
                error = ws.wait("error", CLOSED)
                self.assertIsNotNone(error, ws.closed)
                self.assertGreater(len(error["message"]), 10)
        ws.sock.close()

    def burst(self):
        """More at once than another's queue holds: nobody is too slow."""
        victim, eve = self.enter("Victim"), self.enter("Eve")
        hands = 900

        def read():
            while sum(m["type"] == "hand" for m in victim.seen) < hands \
                    and victim.wait("hand", CLOSED):
                pass

        reader = threading.Thread(target=read)
        reader.start()
        eve.send(*[{"type": "hand", "raised": True}] * hands)
        reader.join()
        self.assertIsNone(victim.closed)
        self.assertEqual(
            sum(m["type"] == "hand" for m in victim.seen), hands)
        for ws in (victim, eve):
            ws.sock.close()

    def test_bad_messages_beside_a_call(self):
        guest = self.call()
        before = memory(self.host)
        self.bad_messages()
        self.burst()
        self.answers()
        self.assertLess(memory(self.host) - before, MEMORY)
        self.end_call(guest)

    def floods(self):
        """Each from a seat of its own, all at once: (name, thread)."""
        frame = attacker.WebSocket.frame
        work = {
            "pings": (b"", frame(9, b"x" * 100) * 100),
            "empty fragments": (
                frame(1, b'{"type":"chat","text":"', fin=False),
                frame(0, b"", fin=False) * 1000),
            "messages": (b"", frame(1, b'{"type":"hand"}') * 200),
        }

        def run(ws, name, end):
            first, data = work[name]
            try:
                ws.sock.sendall(first)
                while time.monotonic() < end:
                    ws.sock.settimeout(max(0.01, end - time.monotonic()))
                    ws.sock.sendall(data)
            except OSError:
                pass

        end = time.monotonic() + 25
        self.sockets = [(name, self.enter(name)) for name in work]
        threads = [threading.Thread(target=run, args=(ws, name, end))
                   for name, ws in self.sockets]
        for thread in threads:
            thread.start()
        return threads

    def test_floods_end(self):
        guest = self.call()
        before = memory(self.host)
        restarter = self.enter("Restarter")
        threads = self.floods()
        # a new connection for each would be hundreds a second
        restarter.send(*[{"type": "restart", "to": "p001", "reason": "x",
                          "nonce": "bg=="}] * 500)
        self.answers()
        for thread in threads:
            thread.join()
        for name, ws in self.sockets:
            self.host.wait_event("participant-left", lab.SOON, user=name)
            left = [e for e in self.host.events("participant-left")
                    if e["user"] == name]
            self.assertEqual(len(left), 1, name)
            ws.sock.close()
        restarter.wait("nothing", 0.5)
        offers = sum(m["type"] == "offer" for m in restarter.seen)
        self.assertLessEqual(offers, 30)
        restarter.sock.close()
        self.answers()
        self.assertLess(memory(self.host) - before, MEMORY)
        self.end_call(guest)


class Silence(lab.LabTest):
    """Hosts that stop answering at one step of a guest's join."""

    hosts = 3
    avahi = False

    # step -> code of the error; the guest ends with it
    ends = {
        "tcp": "TIMEOUT",
        "tls": "TIMEOUT",
        "status": "TIMEOUT",
        "bad-status": "BAD_MESSAGE",
        "join": "TIMEOUT",
        "bad-join": "BAD_MESSAGE",
        "upgrade": "TIMEOUT",
        "welcome": "TIMEOUT",
    }
    # the guest has its seat, warns, and goes on; the last has its key, and
    # an offer that it has not signed
    warns = {"offer": "TIMEOUT", "unsigned": "SIGNATURE"}

    def true_host(self):
        """(status, offer) of a real host."""
        a, b, _ = self.lab.hosts
        host = a.start("videomeet", "host", "--meeting", "standup",
                       "--source", lab.STAMP, "--methods", "manual", "--json")
        host.wait_event("meeting", lab.SOON, state="announced")
        with attacker.inside(b, attacker.connect, a.address) as sock:
            status = json.loads(attacker.ask(
                sock, "GET", "/status", f"{a.address}:8080")[2])
        ws = attacker.inside(b, attacker.web_socket, a.address, "standup")
        offer = ws.wait("offer")["sdp"]
        ws.sock.close()
        self.assertEqual(host.stop(), 0)
        # the mute ones have no identity to show
        status.update(deviceId=None, keyHash=None)
        return status, offer

    def test_every_step(self):
        _, b, c = self.lab.hosts
        status, offer = self.true_host()
        pem = attacker.certificate(c, "mute")
        guests = {}
        for i, step in enumerate([*self.ends, *self.warns]):
            server = attacker.MuteServer(c, 9000 + i, step, pem, status, offer)
            self.addCleanup(server.close)
            config = os.path.join(b.home, "guest-" + step)
            guests[step] = b.start(
                "videomeet", "join",
                f"videomeet://{c.address}:{9000 + i}/standup", "--source",
                lab.STAMP, "--methods", "manual", "--json",
                *(("--audio-only",) if step in self.ends else ()),
                env={"XDG_CONFIG_HOME": config})
        start = time.monotonic()
        for step, code in self.warns.items():
            with self.subTest(step):
                warning = guests[step].wait_event("warning", OFFER, code=code)
                self.assertIn("The connection to ", warning["message"])
                self.assertIsNone(guests[step].popen.poll())
                self.assertEqual(guests[step].stop(), 0)
        for step, code in self.ends.items():
            with self.subTest(step):
                left = start + ENDED - time.monotonic()
                self.assertNotEqual(guests[step].wait(max(1, left)), 0)
                errors = guests[step].events("error")
                self.assertEqual([e["code"] for e in errors], [code],
                                 guests[step].tail())
                self.assertGreater(len(errors[0]["message"]), 10)


if __name__ == "__main__":
    lab.main(at_once=3)
