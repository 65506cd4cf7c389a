# SPDX-License-Identifier: LGPL-2.1-or-later
"""Three servers of rooms at one NATS server, on loopback (protocol/cluster.md), and native
clients at them."""

import asyncio
import json
import os
import shutil
import time
import unittest
import urllib.request

import attacker
import lab
import roomclients

NATS = 4222
PORTS = [8081, 8082, 8083]
SDP = "v=0\r\no=- {} 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"


class Native(roomclients.Client):
    """A client of the native dialect; it can come back at another server."""

    all = []  # of a test

    def __init__(self, port, user):
        super().__init__(port)
        self.user = user
        self.seq = self.got = 0
        self.token = self.meeting = None
        Native.all.append(self)

    def hang_up(self):
        if self._task:
            self._task.cancel()
            self.writer.close()

    def drop(self):
        """The connection is lost; it may come back."""
        self.hang_up()
        self._task = None

    def ask(self, room):
        """A ticket."""
        request = urllib.request.Request(
            f"http://localhost:{self.port}/meetings/join",
            json.dumps({"meeting": room, "user": self.user,
                        "callType": "video"}).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=lab.SOON) as answer:
            return json.loads(answer.read())["ticket"]

    async def open_at(self, query, path="/ws"):
        if self._task:
            # the connection before is over
            await self.until_closed()
            self.writer.close()
        self.closed = None
        self.reader, self.writer = await asyncio.open_connection(
            "127.0.0.1", self.port)
        self.writer.write(
            (f"GET {path}{query} HTTP/1.1\r\nHost: localhost:{self.port}\r\n"
             "Upgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Protocol: videomeet.v2\r\n"
             "Sec-WebSocket-Version: 13\r\n"
             f"Sec-WebSocket-Key: {roomclients.KEY}\r\n\r\n").encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise lab.LabError(head.decode())
        self.listen()

    def say(self, **message):
        self.seq += 1
        self.send(seq=self.seq, ack=self.got, **message)

    def _take(self, op, payload):
        count = len(self.messages)
        super()._take(op, payload)
        for message in self.messages[count:]:
            self.got = max(self.got, message.get("seq", 0))
            if message["type"] == "welcome":
                self.id = message["id"]
                self.token = message["resume"]
                self.meeting = message["meetingId"]

    async def get_ticket(self, room):
        return await asyncio.get_running_loop().run_in_executor(
            None, self.ask, room)

    async def join(self, room):
        return await self.sit(await self.get_ticket(room))

    async def sit(self, ticket):
        await self.open_at(f"?ticket={ticket}")
        self.say(type="hello", device=f"{self.user}'s")
        await self.until(lambda: self.heard("welcome") or self.heard("error"),
                         "welcome")
        return self

    async def resume(self, ports):
        """Comes back at the first of ports that has it; how long that took, s."""
        began = time.monotonic()
        count = len(self.heard("welcome"))
        while True:
            for port in ports:
                self.port = port
                try:
                    await self.open_at("")
                    self.send(type="hello", resume=self.token,
                              lastSeq=self.got, meetingId=self.meeting)
                    await self.until(
                        lambda: len(self.heard("welcome")) > count, "welcome")
                    self.say(type="presence", status="back")
                    return time.monotonic() - began
                except (OSError, lab.LabError, asyncio.IncompleteReadError):
                    pass
            if time.monotonic() - began > lab.SOON:
                raise lab.LabError(f"{self.user} does not come back: "
                                   f"{self.messages[-2:]}")
            await asyncio.sleep(0.1)

    def others(self):
        """Those of the room, as it was told of them."""
        there = set()
        for m in self.messages:
            if m["type"] == "welcome":
                there = {p["id"] for p in m.get("participants", [])}
            elif m["type"] == "participant-joined":
                there.add(m["id"])
            elif m["type"] == "participant-left":
                there.discard(m["id"])
        return there

    def from_others(self, kind):
        return sorted((m["from"], m.get("sdp") or m.get("candidate")
                       or m.get("text")) for m in self.heard(kind))


@unittest.skipUnless(shutil.which("nats-server"), "there is no nats-server")
class ClusterTest(lab.LabTest):

    hosts = 1
    avahi = False
    size = 10

    def setUp(self):
        self.addCleanup(self.lab.hosts[0].end_processes)
        self.host, = self.lab.hosts
        self.store = os.path.join(self.host.home, self.id().split(".")[-1])
        self.nats = self.start_nats()
        self.servers = [self.start_server(port) for port in PORTS]

    def start_nats(self):
        nats = self.host.start(
            "nats-server", "-a", "127.0.0.1", "-p", str(NATS), "-js", "-sd",
            self.store)
        nats.wait_for(lambda line: "Server is ready" in line, lab.SOON, "err")
        return nats

    def config(self, port):
        """Each server has one of its own, as on a machine of its own."""
        return f"{self.host.home}/{port}"

    def start_server(self, port):
        server = self.host.start(
            "videomeet", "server", "--loopback", "--port", str(port),
            "--cluster", f"nats://127.0.0.1:{NATS}", "--room-size",
            str(self.size), "--drain", "0", "--json",
            env={"XDG_CONFIG_HOME": self.config(port)})
        server.wait_event("serving", lab.SOON)
        return server

    def run_clients(self, coroutine):
        async def run():
            try:
                await coroutine
            finally:
                for client in Native.all:
                    client.hang_up()
                Native.all.clear()
        attacker.inside(self.host, asyncio.run, run())

    async def meet(self, room="hall"):
        """One at each server, who know of each other."""
        clients = [await Native(port, f"user {port}").join(room)
                   for port in PORTS]
        for client in clients:
            self.assertEqual(client.heard("error"), [])
            await client.until(lambda c=client: len(c.others()) == 2,
                               "the others")
        return clients

    async def call_all(self, clients):
        """Each offers to those before it, who answer; and both send candidates."""
        before = {c: [len(c.heard(k)) for k in ("offer", "answer", "candidate")]
                  for c in clients}
        for i, client in enumerate(clients):
            for other in clients[:i]:
                client.say(type="offer", to=other.id, sdp=SDP.format(client.id))
                client.say(type="candidate", to=other.id,
                           candidate=f"candidate:{client.id}", sdpMLineIndex=0)
        for i, client in enumerate(clients):
            for other in clients[i + 1:]:
                await client.until(
                    lambda c=client, n=len(clients) - 1 - i:
                    len(c.heard("offer")) - before[c][0] == n, "offers")
                client.say(type="answer", to=other.id, sdp=SDP.format(client.id))
                client.say(type="candidate", to=other.id,
                           candidate=f"candidate:{client.id}", sdpMLineIndex=0)
        for i, client in enumerate(clients):
            later = sorted((c.id, SDP.format(c.id)) for c in clients[i + 1:])
            earlier = sorted((c.id, SDP.format(c.id)) for c in clients[:i])
            await client.until(
                lambda c=client: len(c.heard("candidate")) - before[c][2]
                == len(clients) - 1, "candidates")
            await client.until(
                lambda c=client, n=i: len(c.heard("answer")) - before[c][1]
                == n, "answers")
            new = {k: client.heard(k)[n:] for k, n in zip(
                ("offer", "answer", "candidate"), before[client])}
            self.assertEqual(sorted((m["from"], m["sdp"])
                                    for m in new["offer"]), later)
            self.assertEqual(sorted((m["from"], m["sdp"])
                                    for m in new["answer"]), earlier)
            self.assertEqual(sorted(m["candidate"] for m in new["candidate"]),
                             sorted(f"candidate:{c.id}" for c in clients
                                    if c is not client))
