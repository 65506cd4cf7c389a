# SPDX-License-Identifier: LGPL-2.1-or-later
"""A hostile client: sockets of any host of a lab, TLS without checks, HTTP and
WebSocket frames byte by byte."""

import base64
import ctypes
import hashlib
import json
import os
import socket
import ssl
import struct
import threading
import time

CLONE_NEWNET = 0x40000000
PORT = 8080
TIMEOUT = 10  # s, of any one read or write

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def inside(host, function, *arguments):
    """Runs function in the network of a lab's host; the sockets that it makes
    stay there."""
    result = []

    def run():
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/proc/{host.pid}/ns/net", "rb") as f:
            if libc.setns(f.fileno(), CLONE_NEWNET) != 0:
                result.append(OSError(ctypes.get_errno(), "setns"))
                return
        try:
            result.append(function(*arguments))
        except Exception as e:  # pylint: disable=broad-except
            result.append(e)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(result[0], Exception):
        raise result[0]
    return result[0]


def connect(address, port=PORT, source=None, tls=True, timeout=TIMEOUT,
            pem=None):
    """pem: key and certificate to show, if any."""
    sock = socket.create_connection(
        (address, port), timeout,
        source_address=(source, 0) if source else None)
    if not tls:
        return sock
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if pem:
        context.load_cert_chain(pem)
    return context.wrap_socket(sock)


def read_all(sock, timeout=TIMEOUT):
    """What comes until the other side hangs up, or for timeout seconds."""
    data = b""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        sock.settimeout(max(0.01, end - time.monotonic()))
        try:
            piece = sock.recv(65536)
        except (TimeoutError, ssl.SSLError, ConnectionError):
            break
        if not piece:
            break
        data += piece
    return data


def hung_up(sock, timeout):
    """Seconds until the other side hangs up, or None when it does not."""
    start = time.monotonic()
    while time.monotonic() < start + timeout:
        sock.settimeout(max(0.01, start + timeout - time.monotonic()))
        try:
            if not sock.recv(65536):
                return time.monotonic() - start
        except TimeoutError:
            return None
        except OSError:
            return time.monotonic() - start
    return None


def read_answer(sock):
    """(status, headers, body) of one HTTP answer; status 0 when there is
    none."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            return 0, b"", data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        piece = sock.recv(65536)
        if not piece:
            break
        body += piece
    return int(head.split(b" ")[1]), head, body


def ask(sock, method, path, host, body=None, headers=()):
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers]
    data = b"" if body is None else json.dumps(body).encode()
    if body is not None:
        lines += ["Content-Type: application/json",
                  f"Content-Length: {len(data)}"]
    sock.sendall("\r\n".join(lines + ["", ""]).encode() + data)
    return read_answer(sock)


def certificate(host, name):
    """A self-signed one and its P-256 key, as a device has: their file."""
    pem = os.path.join(host.home, name + ".pem")
    host.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=" + name, "-keyout", pem, "-out", pem + ".crt",
             timeout=60)
    with open(pem, "a", encoding="ascii") as out, \
            open(pem + ".crt", encoding="ascii") as f:
        out.write(f.read())
    return pem


class WebSocket:
    """A client that sends what it is told to."""

    def __init__(self, sock, host, ticket):
        self.sock = sock
        self.data = b""
        self.closed = None  # the code of the other side's close frame
        self.seen = []
        key = base64.b64encode(os.urandom(16)).decode()
        sock.sendall(
            f"GET /ws?ticket={ticket} HTTP/1.1\r\nHost: {host}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Protocol: videomeet.v2\r\n\r\n".encode())
        while b"\r\n\r\n" not in self.data:
            piece = sock.recv(65536)
            if not piece:
                break
            self.data += piece
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        self.status = int(head.split(b" ")[1]) if head else 0

    @staticmethod
    def frame(opcode, payload=b"", fin=True):
        head = bytes([(0x80 if fin else 0) | opcode])
        size = len(payload)
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", size)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", size)
        return head + bytes(4) + payload  # masked with zeros

    def send(self, *values):
        """Text messages, each an object or raw bytes, written at once."""
        self.sock.sendall(b"".join(
            self.frame(TEXT, v if isinstance(v, bytes)
                       else json.dumps(v).encode()) for v in values))

    def _frame(self, end):
        while True:
            if len(self.data) >= 2:
                size, at = self.data[1] & 0x7f, 2
                if size == 126 and len(self.data) >= 4:
                    size, at = struct.unpack(">H", self.data[2:4])[0], 4
                elif size == 127 and len(self.data) >= 10:
                    size, at = struct.unpack(">Q", self.data[2:10])[0], 10
                elif size >= 126:
                    at = 10
                if len(self.data) >= at + size:
                    opcode = self.data[0] & 15
                    payload = self.data[at:at + size]
                    self.data = self.data[at + size:]
                    return opcode, payload
            if time.monotonic() > end:
                return None
            self.sock.settimeout(max(0.01, end - time.monotonic()))
            try:
                piece = self.sock.recv(65536)
            except (TimeoutError, ssl.SSLError):
                return None
            except OSError:
                piece = b""
            if not piece:
                self.closed = self.closed or 1006
                return None
            self.data += piece

    def wait(self, kind, timeout=TIMEOUT, **fields):
        """The next message of a type, or None; closed says why not."""
        end = time.monotonic() + timeout
        while True:
            got = self._frame(end)
            if got is None:
                return None
            opcode, payload = got
            if opcode == PING:
                self.sock.sendall(self.frame(PONG, payload))
            elif opcode == CLOSE:
                self.closed = (struct.unpack(">H", payload[:2])[0]
                               if len(payload) >= 2 else 1005)
                return None
            elif opcode == TEXT:
                message = json.loads(payload)
                self.seen.append(message)
                if message["type"] == kind and all(
                        message.get(k) == v for k, v in fields.items()):
                    return message

    def wait_closed(self, timeout=TIMEOUT):
        """The code it is closed with, 1006 when it is only cut, or None."""
        self.wait("nothing of that kind", timeout)
        return self.closed


def ticket(address, meeting, user="Eve", port=PORT, source=None, tls=True):
    with connect(address, port, source, tls) as sock:
        status, _, body = ask(sock, "POST", "/meetings/join",
                              f"{address}:{port}",
                              {"meeting": meeting, "user": user})
    if status != 200:
        raise AssertionError(f"{status} {body!r}")
    return json.loads(body)["ticket"]


def web_socket(address, meeting, user="Eve", port=PORT, source=None,
               hello=True, tls=True):
    """A WebSocket with a ticket of its own, seated when hello is set."""
    pass_ = ticket(address, meeting, user, port, source, tls)
    ws = WebSocket(connect(address, port, source, tls), f"{address}:{port}",
                   pass_)
    if ws.status != 101:
        raise AssertionError(ws.status)
    if hello:
        ws.send({"type": "hello", "seq": 1, "nonce": "bg==",
                 "device": "box", "callType": "video"})
        ws.welcome = ws.wait("welcome")
        if not ws.welcome:
            raise AssertionError(f"no welcome: {ws.closed}")
    return ws


class MuteServer:
    """A host that goes along with a guest up to one step of its join, and then
    says nothing more. steps, in their order: tcp, tls, status, join, upgrade,
    welcome, offer, unsigned. bad-status and bad-join are answered by what is
    no JSON."""

    def __init__(self, host, port, stop_at, pem, status, offer=None):
        self.stop_at = stop_at
        self.status = status
        self.offer = offer
        self.kept = []  # what is silent must not be closed either
        self.seen = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pem)
        self.listener = inside(host, socket.create_server, ("", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.kept.append(sock)
            if self.stop_at != "tcp":
                threading.Thread(target=self._serve, args=(sock,),
                                 daemon=True).start()

    def close(self):
        self.listener.close()
        for sock in self.kept:
            sock.close()

    @staticmethod
    def _request(sock):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                return None
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                while len(body) < int(line.split(b":")[1]):
                    body += sock.recv(65536)
        return head.decode()

    @staticmethod
    def _answer(sock, body):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def _serve(self, sock):
        try:
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
            elif sock.recv(1, socket.MSG_PEEK) == b"\x16":  # plain HTTP alone
                sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return
            self.kept.append(sock)
            while True:
                head = self._request(sock)
                if head is None:
                    return
                self.seen.append(head.split(" HTTP")[0])
                if self.stop_at == "tls" or not self._step(sock, head):
                    return
        except OSError:
            pass

    def _step(self, sock, head):
        """Whether to go on."""
        if head.startswith("GET /status"):
            if self.stop_at == "bad-status":
                self._answer(sock, b"{\xff")
            elif self.stop_at != "status":
                self._answer(sock, self.status)
            return self.stop_at != "status"
        if head.startswith("POST /meetings/join"):
            if self.stop_at == "bad-join":
                self._answer(sock, b'{"ticket":')
            elif self.stop_at != "join":
                self._answer(sock, {"meetingId": "m", "ticket": "t",
                                    "webSocket": "wss://x/ws",
                                    "expiresIn": 30, "iceServers": [],
                                    "participants": []})
            return self.stop_at != "join"
        if self.stop_at != "upgrade":
            self._talk(sock, head)
        return False

    def _talk(self, sock, head):
        key = next(line.split(":")[1].strip() for line in head.split("\r\n")
                   if line.lower().startswith("sec-websocket-key:"))
        accept = base64.b64encode(hashlib.sha1(
            (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\n"
                     b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Protocol: videomeet.v2\r\n"
                     b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        for message in self.messages():
            text = json.dumps(message).encode()
            size = len(text)
            sock.sendall((bytes([0x81, size]) if size < 126 else
                          b"\x81\x7e" + struct.pack(">H", size)) + text)

    def messages(self):
        """What is said on the WebSocket."""
        messages = []
        if self.stop_at != "welcome":
            messages.append({
                "type": "welcome", "seq": 1, "to": "p002", "id": "p002",
                "meeting": "standup", "meetingId": "m", "state": "active",
                "epoch": 1, "host": "p001", "maxParticipants": 10,
                "locked": False, "participants": [{
                    "id": "p001", "user": self.status["user"],
                    "device": self.status["device"],
                    "nonce": "MDEyMzQ1Njc4OWFiY2RlZg==", "state": "connecting",
                    "callType": "video", "host": True}]})
        if self.stop_at == "unsigned":
            messages.append({
                "type": "offer", "seq": 2, "from": "p001", "to": "p002",
                "sdp": self.offer, "session": "s", "generation": 1})
        return messages
