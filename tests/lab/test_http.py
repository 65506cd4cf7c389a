#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a device's server refuses, and what a device refuses of a server."""

import json
import os

import lab

LIAR = """
import http.server, json, socketserver, ssl, sys
status = json.loads(sys.argv[2])
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = json.dumps(status).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        print("asked", self.path, flush=True)
    def log_message(self, *args):
        pass
class Server(http.server.ThreadingHTTPServer):
    def server_bind(self):  # without asking a name server who this is
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "liar", 8080
server = Server(("", 8080), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", flush=True)
server.serve_forever()
"""


class Server(lab.LabTest):
    """Requests that a page in some browser could be made to send."""

    hosts = 2

    def setUp(self):
        a = self.lab.hosts[0]
        self.process = a.start("gst-launch-1.0", "-q", "vmdiscoversrc",
                               "user=Ann", "!", "fdsink")
        lab.wait_until(lambda: self.ask("/status")[0] == 200, lab.SOON,
                       "an answer to GET /status")

    def ask(self, path, *arguments, host=None):
        """(status, body) of a request from the other host."""
        a, b = self.lab.hosts
        done = b.run("curl", "-sk", "-m", "30", "-w", "\n%{http_code}",
                     *arguments, f"https://{a.address}:8080{path}",
                     timeout=lab.SOON, check=False)
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body

    def refused(self, status, code, answer):
        self.assertEqual(answer[0], status, answer)
        error = json.loads(answer[1])["error"]
        self.assertEqual(error["code"], code)
        self.assertGreater(len(error["message"]), 10)

    def test_status(self):
        status, body = self.ask("/status")
        self.assertEqual(status, 200)
        answer = json.loads(body)
        self.assertEqual(answer["user"], "Ann")
        self.assertEqual(answer["version"], "2.0")
        self.assertIsNone(answer["meeting"])
        for key in ("device", "deviceId", "status", "capabilities",
                    "participants", "maxParticipants", "secure", "keyHash"):
            self.assertIn(key, answer)

    def test_wrong_host(self):
        self.refused(421, "WRONG_HOST", self.ask(
            "/status", "-H", "Host: attacker.example"))
        self.refused(421, "WRONG_HOST", self.ask(
            "/status", "-H", "Host: attacker.example:8080"))

    def test_own_name_is_a_host(self):
        self.assertEqual(self.ask("/status", "-H", "Host: vm-a.local:8080")[0],
                         200)

    def test_foreign_origin(self):
        self.refused(403, "WRONG_ORIGIN", self.ask(
            "/status", "-H", "Origin: https://attacker.example"))
        self.refused(403, "WRONG_ORIGIN", self.ask(
            "/status", "-H", "Origin: null"))

    def test_own_origin(self):
        a = self.lab.hosts[0]
        self.assertEqual(self.ask(
            "/status", "-H", f"Origin: https://{a.address}:8080")[0], 200)

    def test_form_post(self):
        status, body = self.ask("/meetings/join", "-d", "meeting=standup")
        self.assertIn(status, (400, 415), body)
        self.assertIn("application/json", json.loads(body)["error"]["message"])

    def test_text_post(self):
        status, body = self.ask("/meetings/join", "-H",
                                "Content-Type: text/plain", "-d",
                                '{"meeting":"standup"}')
        self.assertIn(status, (400, 415), body)

    def test_no_such_meeting(self):
        self.refused(404, "MEETING_NOT_FOUND", self.ask(
            "/meetings/join", "-H", "Content-Type: application/json", "-d",
            '{"meeting":"standup","user":"Eve"}'))

    def test_large_body(self):
        a, b = self.lab.hosts
        path = os.path.join(b.home, "large.json")
        with open(path, "w", encoding="ascii") as f:
            f.write('{"meeting":"' + "x" * 70000 + '"}')
        self.assertEqual(self.ask(
            "/meetings/join", "-H", "Content-Type: application/json",
            "-d", "@" + path)[0], 413)

    def test_plain_http_is_refused(self):
        a, b = self.lab.hosts
        done = b.run("curl", "-s", "-m", "5",
                     f"http://{a.address}:8080/status", timeout=lab.SOON,
                     check=False)
        self.assertNotIn("Ann", done.stdout)


class Liars(lab.LabTest):
    """Servers that are not who they say."""

    hosts = 2

    def serve(self, host, status):
        pem = os.path.join(host.home, "liar.pem")
        host.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                 "/CN=liar", "-keyout", pem + ".key", "-out", pem + ".crt",
                 timeout=lab.SOON)
        with open(pem, "w", encoding="ascii") as out:
            for end in (".key", ".crt"):
                with open(pem + end, encoding="ascii") as f:
                    out.write(f.read())
        process = host.start("/usr/bin/python3", "-c", LIAR, pem,
                             json.dumps(status))
        process.wait_for("ready", lab.SOON)
        return process

    def test_id_of_another_key(self):
        a, b = self.lab.hosts
        # a true identity, whose id and hash the other then claims
        mine = b.start("gst-launch-1.0", "-q", "vmdiscoversrc", "user=Ann",
                       "methods=none", "port=9000", "!", "fdsink")
        lab.wait_until(lambda: b.run(
            "curl", "-sk", "-m", "2", "https://127.0.0.1:9000/status",
            timeout=lab.SOON, check=False).stdout, lab.SOON,
            "the true device's answer")
        stolen = json.loads(b.run(
            "curl", "-sk", "https://127.0.0.1:9000/status",
            timeout=lab.SOON).stdout)
        mine.stop()
        liar = self.serve(b, stolen)
        b.start("avahi-publish", "-s", "Ann's Mac", "_videomeet._tcp", "8080",
                "version=2.0", "user=Ann", "device=mac", "status=available",
                "participants=0", "maxparticipants=10",
                "capabilities=video,audio,share", "secure=true",
                "meeting=none", "id=" + stolen["deviceId"],
                "pk=" + stolen["keyHash"])
        watcher = a.launch(
            f"vmdiscoversrc user=Bob peers={b.address}:8080 ! fdsink")
        watcher.wait_for("vm-discovery-state.*discovering", lab.SOON)
        with self.assertRaises(lab.LabError):
            watcher.wait_for('"event":"added"|vm-device-added', 6)
        # by its address: a clear error, and its answer not shown
        done = a.run("videomeet", "status", f"{b.address}:8080", "--json",
                     timeout=lab.SOON, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("WRONG_KEY", done.stdout + done.stderr)
        self.assertTrue(liar.popen.poll() is None)


class Named(lab.LabTest):
    """A host with a certificate of an authority, for browsers."""

    hosts = 2

    def setUp(self):
        a, b = self.lab.hosts
        self.cert, key = (os.path.join(a.home, name)
                          for name in ("cert.pem", "key.pem"))
        a.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
              "-days", "2", "-subj", "/CN=meet.lab", "-addext",
              "subjectAltName=DNS:meet.lab", "-keyout", key, "-out",
              self.cert, timeout=lab.SOON)
        names = os.path.join(b.home, "hosts")
        with open(names, "w", encoding="ascii") as f:
            f.write(f"127.0.0.1 localhost\n{a.address} meet.lab\n")
        b.call("mount", "--bind", names, "/etc/hosts")
        self.host = a.start("videomeet", "host", "--meeting", "standup",
                            "--user", "Ann", "--source", lab.STAMP, "--tls-cert",
                            self.cert, "--tls-key", key, "--json")
        self.meeting = self.host.wait_event("meeting", lab.SOON,
                                            state="announced")

    def test_browsers(self):
        """Who trusts the authority sees no warning, by the link alone."""
        a, b = self.lab.hosts
        self.assertEqual(self.meeting["link"],
                         "https://meet.lab:8080/?meeting=standup")
        page = b.run("curl", "-s", "--cacert", self.cert,
                     self.meeting["link"], timeout=lab.SOON)
        self.assertIn("<html", page.stdout)
        by_address = b.run("curl", "-s", "--cacert", self.cert,
                           f"https://{a.address}:8080/", timeout=lab.SOON,
                           check=False)
        self.assertNotEqual(by_address.returncode, 0)
        self.assertEqual(self.host.stop(), 0)

    def test_devices(self):
        """By the name as by an address: it is the device they ask for."""
        a, b = self.lab.hosts
        for place in "meet.lab", a.address:
            guest = b.start("videomeet", "join", f"videomeet://{place}/standup",
                            "--user", "Bob", "--source", lab.STAMP, "--json")
            guest.wait_event("participant-state", lab.SOON, state="connected")
            self.assertEqual(guest.stop(), 0)
        done = b.start("videomeet", "known", "--json")
        self.assertEqual(done.wait(lab.SOON), 0)
        self.assertEqual([d["user"] for d in done.events("known")], ["Ann"])
        self.assertEqual(self.host.stop(), 0)


if __name__ == "__main__":
    lab.main()
