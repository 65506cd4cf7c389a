# SPDX-License-Identifier: LGPL-2.1-or-later
"""What takes itself for a Janus: a server on any host of a lab that says whatever a test
wants, on WebSockets of its own."""

import base64
import hashlib
import json
import socket
import struct
import threading

import attacker

ROOM = 4711
OPUS = {"type": "audio", "mid": "0", "mindex": 0, "codec": "opus"}
VP8 = {"type": "video", "mid": "1", "mindex": 1, "codec": "vp8"}
REASON = "the plugin of this server is broken"


def frame(opcode, payload):
    size = len(payload)
    head = bytes([0x80 | opcode])
    if size < 126:
        head += bytes([size])
    elif size < 65536:
        head += b"\x7e" + struct.pack(">H", size)
    else:
        head += b"\x7f" + struct.pack(">Q", size)
    return head + payload


class Talk:
    """One WebSocket. The name of a request is that of Janus's own, or that of the
    videoroom's with the kind of participant where that makes a difference."""

    def __init__(self, server, sock, number):
        self.server = server
        self.sock = sock
        self.own = 1000 + number
        self.handles = 0
        self._lock = threading.Lock()

    def _upgrade(self):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.sock.recv(65536)
            if not piece:
                raise OSError("no request")
            data += piece
        key = next(line.split(b":")[1].strip() for line in data.split(b"\r\n")
                   if line.lower().startswith(b"sec-websocket-key:"))
        accept = base64.b64encode(hashlib.sha1(
            key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        self.sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Protocol: janus-protocol\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")

    def _read(self, size):
        data = bytearray()
        while len(data) < size:
            piece = self.sock.recv(size - len(data))
            if not piece:
                raise OSError("closed")
            data += piece
        return bytes(data)

    def _frame(self):
        head = self._read(2)
        size = head[1] & 0x7f
        if size == 126:
            size, = struct.unpack(">H", self._read(2))
        elif size == 127:
            size, = struct.unpack(">Q", self._read(8))
        mask = self._read(4)
        payload = self._read(size)
        long = (mask * (size // 4 + 1))[:size]
        return head[0] & 15, (int.from_bytes(payload, "big")
                              ^ int.from_bytes(long, "big")).to_bytes(size, "big")

    def run(self):
        if self.server.refuses(self):
            return
        self._upgrade()
        while True:
            opcode, payload = self._frame()
            if opcode == attacker.CLOSE:
                self.write(opcode, payload[:2])
                return
            if opcode == attacker.PING:
                self.write(attacker.PONG, payload)
            elif opcode == attacker.TEXT:
                self._take(json.loads(payload))

    @staticmethod
    def _name(message):
        body = message.get("body", {})
        name = body.get("request", message["janus"])
        return body["ptype"] if name == "join" else name

    def _take(self, message):
        name = self._name(message)
        self.server.requests.append(name)
        if name in self.server.answers:
            self.server.answers[name](self, message)
        else:
            getattr(self, "on_" + name, self.on_other)(message)

    # What it says

    def write(self, opcode, payload):
        with self._lock:
            self.sock.sendall(frame(opcode, payload))

    def say(self, message):
        """An object, or raw bytes."""
        self.write(attacker.TEXT, message if isinstance(message, bytes)
                   else json.dumps(message, ensure_ascii=False).encode())

    def reply(self, message, janus="success", **fields):
        self.say({"janus": janus, "session_id": 1,
                  "transaction": message["transaction"], **fields})

    def event(self, data, message=None, sender=100, jsep=None):
        out = {"janus": "event", "session_id": 1, "sender": sender,
               "plugindata": {"plugin": "janus.plugin.videoroom",
                              "data": {"videoroom": "event", "room": ROOM, **data}}}
        if message:
            out["transaction"] = message["transaction"]
            out["sender"] = message["handle_id"]
        if jsep:
            out["jsep"] = jsep
        self.say(out)

    # What a sound one would answer

    def on_create(self, message):
        self.reply(message, data={"id": 1})

    def on_attach(self, message):
        self.handles += 1
        self.reply(message, data={"id": 99 + self.handles})

    def on_publisher(self, message):
        self.server.names.append(message["body"]["display"])
        self.event({"videoroom": "joined", "description": "odd", "id": self.own,
                    "private_id": self.own, "publishers": self.server.people}, message)
        self.server.joined(self)

    def on_publish(self, message):
        self.event({"error_code": 499, "error": REASON}, message)

    def on_other(self, message):
        self.reply(message, "ack" if message["janus"] in ("trickle", "keepalive")
                   else "success")


class Server:
    """answers: what is said to a request instead of what a sound Janus would say, by its
    name: a function of the Talk and the message. people: who else is in the room.
    refuses: a function of the Talk before the WebSocket, whether that is all."""

    def __init__(self, host, port, answers=None, people=(), refuses=None):
        self.address, self.port = host.address, port
        self.answers = answers or {}
        self.people = list(people)
        self.refuses = refuses or (lambda talk: False)
        self.requests = []
        self.names = []  # of those that have joined
        self.talks = []  # of those that have joined
        self._socks = []
        self._listener = attacker.inside(host, socket.create_server, ("", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._socks.append(sock)
            talk = Talk(self, sock, len(self._socks))
            threading.Thread(target=self._run, args=(talk,), daemon=True).start()

    @staticmethod
    def _run(talk):
        try:
            talk.run()
        except OSError:
            pass
        talk.sock.close()

    def joined(self, talk):
        self.talks.append(talk)

    def tell(self, data):
        """An event for everybody who is in the room."""
        for talk in self.talks:
            try:
                talk.event(data)
            except OSError:
                pass  # has lost its connection since

    @property
    def uri(self):
        return f"janus+ws://{self.address}:{self.port}/{ROOM}"

    def close(self):
        # closing it alone would leave it to the thread that waits in it
        for sock in [self._listener, *self._socks]:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
