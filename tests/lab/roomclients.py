# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients of a server of rooms (protocol/rooms.md), as many as one event loop carries."""

import asyncio
import json
import resource
import struct

import lab

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def raise_limit():
    """Each client is a descriptor."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def frame(op, payload):
    """Masked with zeros, which leaves the payload as it is."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | op, 0x80 | size)
    elif size < 65536:
        head = struct.pack("!BBH", 0x80 | op, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | op, 0x80 | 127, size)
    return head + bytes(4) + payload


class Client:
    """One WebSocket. What it hears is in messages, in its order."""

    def __init__(self, port):
        self.port = port
        self.id = None
        self.messages = []
        self.closed = None  # the code, 0 without one
        self._changed = asyncio.Event()
        self._task = None

    async def open(self, sock=None, path="/"):
        self.reader, self.writer = await (
            asyncio.open_connection(sock=sock) if sock
            else asyncio.open_connection("127.0.0.1", self.port))
        self.writer.write(
            (f"GET {path} HTTP/1.1\r\nHost: localhost:{self.port}\r\n"
             "Upgrade: websocket\r\nConnection: Upgrade\r\n"
             f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
             ).encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise lab.LabError(head.decode())
        return self

    def listen(self):
        self._task = asyncio.ensure_future(self._listen())

    async def _listen(self):
        try:
            while self.closed is None:
                self._take(*await self._frame())
        except (asyncio.IncompleteReadError, ConnectionError):
            self.closed = self.closed or 0
        self._changed.set()

    async def _frame(self):
        op, size = await self.reader.readexactly(2)
        if size == 126:
            size, = struct.unpack("!H", await self.reader.readexactly(2))
        elif size == 127:
            size, = struct.unpack("!Q", await self.reader.readexactly(8))
        return op & 0xf, await self.reader.readexactly(size)

    def _take(self, op, payload):
        if op == TEXT:
            self.messages.append(json.loads(payload))
            self._changed.set()
        elif op == PING:
            self.writer.write(frame(PONG, payload))
        elif op == CLOSE:
            self.closed = int.from_bytes(payload[:2], "big")

    async def until(self, condition, what):
        """Until condition() holds, looked at after each message."""
        async def wait():
            while not condition():
                if self.closed is not None:
                    raise lab.LabError(f"closed with {self.closed}: {what}")
                self._changed.clear()
                await self._changed.wait()
        try:
            await asyncio.wait_for(wait(), lab.SOON)
        except asyncio.TimeoutError:
            raise lab.LabError(f"{what}; the last heard: "
                               f"{self.messages[-3:]}") from None

    async def until_closed(self):
        await asyncio.wait_for(self._task, lab.SOON)
        return self.closed

    def send(self, **message):
        self.writer.write(frame(TEXT, json.dumps(message).encode()))

    def offer(self, target, number, size=0):
        self.send(type="offer", targetId=target, offer={
            "type": "offer", "sdp": f"{number} ".ljust(size, "x")})

    def heard(self, kind):
        return [m for m in self.messages if m["type"] == kind]

    def offers_of(self, sender):
        """Their numbers, in the order in which they came."""
        return [int(m["offer"]["sdp"].split()[0])
                for m in self.heard("offer") if m["senderId"] == sender]

    def others(self):
        """Everybody it was told of, as often as it was told."""
        told = [peer for m in self.heard("joined") for peer in m["peers"]]
        return told + [m["peerId"] for m in self.heard("peer-joined")]

    async def join(self, room):
        """Connects, and is in the room."""
        if self._task is None:
            await self.open()
            self.listen()
        await self.until(lambda: self.heard("id"), "an id")
        self.id = self.messages[0]["id"]
        self.send(type="join", roomId=room)
        await self.until(lambda: self.heard("joined"), "joined")
        return self

    async def leave(self):
        """Leaves its room, then hangs up."""
        self.send(type="leave")
        self.writer.write(frame(CLOSE, struct.pack("!H", 1000)))
        await self.until_closed()
        self.writer.close()
