#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A call whose media may go through a TURN server only, and one that
asks a STUN server for its outer address; the host's servers are the guests'."""

import base64
import hashlib
import hmac
import re
import time
import urllib.parse

import lab

CONNECTED = r"vm-participant-state-changed.*new=\(string\)connected"

# prints who sends a STUN binding request (RFC 8489 §5)
LISTENER = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 3479))
print("ready")
while True:
    data, address = s.recvfrom(2048)
    if data[:2] == b"\\0\\1" and data[4:8] == bytes.fromhex("2112a442"):
        print("binding from", address[0])
"""


class Turn(lab.LabTest):
    hosts = 3

    def setUp(self):
        self.serve("--lt-cred-mech", "--user=ann:secret")

    def serve(self, *users):
        c = self.lab.hosts[2]
        self.server = c.start(
            "turnserver", "-n", "--no-cli", "--no-tls", "--no-dtls", *users,
            "--realm=lab", f"--listening-ip={c.address}",
            f"--relay-ip={c.address}", "--pidfile=/run/turnserver.pid",
            "--log-file=stdout", "--allow-loopback-peers", "--verbose")
        self.server.wait_for("UDP listener opened on", lab.SOON)
        self.address = c.address

    def call(self, settings, of_host=""):
        a, b = self.lab.hosts[:2]
        lines = []
        for host, user, mode in ((a, "Ann", "host"), (b, "Bob", "join")):
            lines.append(host.launch(
                f"vmsignalbin name=m meeting=turn user={user} mode={mode} "
                f"{settings} {of_host if mode == 'host' else ''} "
                "audiotestsrc is-live=true ! m.audio_sink_0 "
                "m.audio_src_0 ! fakesink sync=false async=false"))
            if mode == "host":
                lines[0].wait_for("vm-meeting-state-changed.*announced",
                                  lab.SOON)
        for line in lines:
            line.wait_for(CONNECTED, lab.SOON)
            line.wait_for(r'"p\d+-audio-0" \(state-changed\).*'
                          r"new-state=\(GstState\)playing", lab.SOON)
        return lines

    def finish(self, lines):
        # the guest first: a host that ends ends the guest's line too
        for line in reversed(lines):
            self.assertEqual(line.stop(lab.SOON), 0, line.tail())

    def relayed(self, transport):
        lines = self.call(
            "ice-transport-policy=relay 'turn-servers="
            f"turn://ann:secret@{self.address}:3478?transport={transport}'")
        for line in lines:
            line.wait_for(r"vm-path-changed.*path=\(string\)relay", lab.SOON)
        self.finish(lines)
        # which the server would keep for ten minutes
        for session in re.findall(r"session (\d+): new", "\n".join(self.server.out)):
            self.server.wait_for(f"session {session}: closed", lab.SOON)

    def test_relayed_over_udp(self):
        self.relayed("udp")

    def test_relayed_over_tcp(self):
        self.relayed("tcp")

    def test_wrong_password_is_no_call(self):
        a, b = self.lab.hosts[:2]
        settings = ("ice-transport-policy=relay 'turn-servers="
                    f"turn://ann:wrong@{self.address}:3478?transport=udp'")
        host = a.launch("vmsignalbin name=m meeting=turn mode=host "
                        f"{settings} audiotestsrc is-live=true ! "
                        "m.audio_sink_0")
        host.wait_for("vm-meeting-state-changed.*announced", lab.SOON)
        guest = b.launch(f"vmsignalbin name=m meeting=turn mode=join {settings}")
        for line in (host, guest):
            line.wait_for(r'"m" \(warning\).*TIMEOUT', lab.SOON)
        host.kill()
        guest.kill()

    def test_turn_server_of_the_host(self):
        # a name as of a TURN REST service, with a colon
        self.server.stop()
        self.serve("--use-auth-secret", "--static-auth-secret=lab")
        user = f"{int(time.time()) + 3600}:ann"
        key = hmac.new(b"lab", user.encode(), hashlib.sha1).digest()
        user, password = (urllib.parse.quote(part, safe="") for part in (
            user, base64.b64encode(key).decode()))
        lines = self.call(
            "ice-transport-policy=relay", "'turn-servers="
            f"turn://{user}:{password}@{self.address}?transport=udp'")
        for line in lines:
            line.wait_for(r"vm-path-changed.*path=\(string\)relay", lab.SOON)
        self.finish(lines)

    def test_call_that_outlasts_its_credential(self):
        """The server makes passwords that are good for a minute."""
        self.server.stop()
        self.serve("--use-auth-secret", "--static-auth-secret=lab")
        a, b, c = self.lab.hosts
        rooms = c.start("videomeet", "server", "--json", "--turn",
                        f"turn://{self.address}:3478?transport=udp",
                        "--turn-secret", "lab", "--turn-lifetime", "60",
                        "--ice-transport-policy", "relay")
        rooms.wait_event("serving", lab.SOON)
        ann, bob = (host.start(
            "videomeet", "join", f"videomeet://{self.address}:8080/long", "--user",
            user, "--source", lab.STAMP, "--json", typed=True)
            for host, user in ((a, "Ann"), (b, "Bob")))
        for one in (ann, bob):
            one.wait_event("path", lab.SOON, path="relay")
        # the first two are each one's; those after them are fresh
        lab.wait_until(
            lambda: len(set(re.findall(r"new, realm=<lab>, username=<(\S+?)>",
                                       "\n".join(self.server.out)))) == 4,
            30 + lab.SOON, "relays of fresh names")
        for one in (ann, bob):
            self.assertEqual(one.events("warning"), [])
            self.assertEqual(one.events("participant-left"), [])
        for one in (ann, bob):
            self.assertEqual(one.stop(), 0, one.tail())
            other, = one.events("summary")[0]["participants"]
            self.assertEqual(other["path"], "relay", other)
            # what a busy machine does not send in time
            self.assertLess(other["stamps"]["missing"], lab.RATE / 2, other)

    def test_stun_server_is_asked(self):
        # coturn does not say whom it answered
        c = self.lab.hosts[2]
        listener = c.start("/usr/bin/python3", "-uc", LISTENER)
        listener.wait_for("ready", lab.SOON)
        lines = self.call("", f"stun-server=stun://{self.address}:3479")
        for host in self.lab.hosts[:2]:
            listener.wait_for(f"binding from {host.address}", lab.SOON)
        self.finish(lines)


if __name__ == "__main__":
    lab.main(at_once=2)
