#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A device that dies while its socket stays open, as a laptop whose lid is closed: its
call is over, its seat is free, and nobody is busy (protocol/signalling.md#dead)."""

import asyncio
import socket
import time

import attacker
import lab
import roomclients

PORT = 8080
MISSED = 9 + 3  # s; VM_AWAITED_PING_TIME and VM_AWAITED_PONG_TIME, and for the machine
STANDS = 12  # s that who answers pings stays


class Silent(lab.LabTest):

    hosts = 2
    avahi = False

    def setUp(self):
        self.here, self.there = self.lab.hosts
        self.addCleanup(self.here.end_processes)
        self.server = self.here.start("videomeet", "server", "--insecure", "--port",
                                      str(PORT), "--json")
        self.server.wait_event("serving", lab.SOON)

    def connect(self, host):
        """A socket of a program at `host`."""
        return attacker.inside(host, socket.create_connection,
                               (self.here.address, PORT), lab.SOON)

    async def come(self, host, path):
        sock = self.connect(host)
        sock.setblocking(False)
        client = await roomclients.Client(PORT).open(sock, path)
        client.listen()
        return client

    def cut(self):
        for chain in ("INPUT", "OUTPUT"):
            rule = chain, "-p", "tcp", "-j", "DROP"
            self.there.call("iptables", "-I", *rule)
            self.addCleanup(self.there.call, "iptables", "-D", *rule)

    async def missed(self, client, kind):
        """How long until it hears that."""
        began = time.monotonic()
        await client.until(lambda: client.heard(kind), kind)
        return time.monotonic() - began

    def test_call(self):
        async def run():
            ann = await self.come(self.here, "/?userId=ann")
            bob = await self.come(self.there, "/?userId=bob")
            carl = await self.come(self.here, "/?userId=carl")
            for client in (ann, bob, carl):
                await client.until(lambda c=client: c.heard("registered"), "a name")
            sdp = {"type": "offer", "sdp": "v=0\r\ns=-\r\n"}
            ann.send(type="call-offer", toId="bob", callId="c1", offer=sdp,
                     callType="video", fromUsername="ann")
            await bob.until(lambda: bob.heard("call-offer"), "a call")
            bob.send(type="call-answer", toId="ann", callId="c1",
                     answer={**sdp, "type": "answer"})
            await ann.until(lambda: ann.heard("call-answer"), "an answer")
            await asyncio.sleep(STANDS)
            self.assertEqual(ann.heard("call-end"), [])

            self.cut()
            self.assertLess(await self.missed(ann, "call-end"), MISSED)
            carl.send(type="call-offer", toId="bob", callId="c2", offer=sdp,
                      callType="video", fromUsername="carl")
            await carl.until(lambda: carl.heard("call-failed"), "no Bob")
            self.assertEqual(carl.heard("call-failed")[0]["reason"], "offline")
            carl.send(type="call-offer", toId="ann", callId="c3", offer=sdp,
                      callType="video", fromUsername="carl")
            await ann.until(lambda: ann.heard("call-offer"), "a call of Carl")

        asyncio.run(run())

    def test_room(self):
        async def run():
            ann = await self.come(self.here, "/")
            bob = await self.come(self.there, "/")
            for client in (ann, bob):
                client.send(type="join", roomId="blue")
                await client.until(lambda c=client: c.heard("joined"), "a seat")
            await asyncio.sleep(STANDS)
            self.assertEqual(ann.heard("peer-left"), [])
            self.cut()
            self.assertLess(await self.missed(ann, "peer-left"), MISSED)

        asyncio.run(run())


if __name__ == "__main__":
    lab.main()
