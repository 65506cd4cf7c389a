#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server of rooms under load, on loopback: a thousand rooms come and go, two
hundred clients join at once, one does not read, one sends more than it may. Whoever
behaves loses nothing and hears nothing twice, and no memory stays behind."""

import asyncio
import socket
import urllib.request

import attacker
import lab
import roomclients

PORT = 8080
WAVES, WAVE = 4, 250  # rooms of two, so many at a time
CROWD, ROOM = 200, 10  # clients, of each room
KEPT = 4 * 1024  # KiB that memory may grow from the first wave to the last
OFFERS = 300  # of each client that behaves
DEAF_BUFFER = 4096  # bytes that wait in the socket of who does not read
LARGE, LARGE_MOST = 60000, 1000  # bytes of an offer to it; how many at most
FLOOD = 512 * 1024 * 1024  # bytes of messages, of which few are ever read


class Load(lab.LabTest):

    hosts = 1
    avahi = False

    def setUp(self):
        self.addCleanup(self.lab.hosts[0].end_processes)
        roomclients.raise_limit()
        self.host, = self.lab.hosts
        self.server = self.host.start(
            "videomeet", "server", "--loopback", "--port", str(PORT),
            "--max-per-address", "4000", "--room-size", str(ROOM), "--drain",
            "0", "--json")
        self.server.wait_event("serving", lab.SOON)

    def run_clients(self, coroutine):
        attacker.inside(self.host, asyncio.run, coroutine)
        self.assertIsNone(self.server.popen.poll(), self.server.tail())
        self.assertEqual(self.server.stop(), 0)

    def memory(self):
        with open(f"/proc/{self.server.popen.pid}/status",
                  encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f
                        if line.startswith("VmRSS"))

    def rooms(self):
        """How many the server has, as it tells itself."""
        url = f"http://localhost:{PORT}/metrics"
        with urllib.request.urlopen(url, timeout=lab.SOON) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith("videomeet_rooms "):
                    return int(line.split()[1])
        raise lab.LabError("no videomeet_rooms in /metrics")

    async def until_empty(self):
        loop = asyncio.get_running_loop()
        for _ in range(lab.SOON * 10):
            if await loop.run_in_executor(None, self.rooms) == 0:
                return
            await asyncio.sleep(0.1)
        raise lab.LabError("rooms are left behind")

    # rooms that come and go

    async def meet(self, room):
        """Two meet, say something, and the one hears that the other leaves."""
        a, b = [await roomclients.Client(PORT).join(room) for _ in range(2)]
        await a.until(lambda: a.heard("peer-joined"), "peer-joined")
        self.assertEqual((a.others(), b.others()), ([b.id], [a.id]))
        b.offer(a.id, 1)
        await a.until(lambda: a.offers_of(b.id), "an offer")
        self.assertEqual(a.offers_of(b.id), [1])
        return a, b

    async def part(self, a, b):
        await b.leave()
        await a.until(lambda: a.heard("peer-left"), "peer-left")
        self.assertEqual(a.heard("peer-left"),
                         [{"type": "peer-left", "peerId": b.id}])
        await a.leave()
        kinds = [m["type"] for m in a.messages + b.messages]
        self.assertEqual(sorted(kinds), ["id", "id", "joined", "joined",
                                         "offer", "peer-joined", "peer-left"])

    async def come_and_go(self):
        tops = []
        for wave in range(WAVES):
            pairs = await asyncio.gather(*(
                self.meet(f"room {wave}-{i}") for i in range(WAVE)))
            self.assertEqual(await asyncio.get_running_loop().run_in_executor(
                None, self.rooms), WAVE)
            tops.append(self.memory())
            await asyncio.gather(*(self.part(*pair) for pair in pairs))
            await self.until_empty()
        print(f"KiB with {WAVE} rooms, wave by wave: {tops}; "
              f"{self.memory()} when all are gone")
        self.assertLess(max(tops) - tops[0], KEPT)
        self.assertLess(self.memory() - tops[0], KEPT)

    def test_thousand_rooms(self):
        self.run_clients(self.come_and_go())

    # many at once

    async def say_to_all(self, client):
        for peer in client.others():
            client.offer(peer, 1)
        await client.until(lambda: len(client.heard("offer")) == ROOM - 1,
                           "an offer of each other")

    async def crowd(self):
        clients = [roomclients.Client(PORT) for _ in range(CROWD)]
        await asyncio.gather(*(
            client.join(f"hall {i % (CROWD // ROOM)}")
            for i, client in enumerate(clients)))
        for i, client in enumerate(clients):
            mates = {c.id for c in clients[i % (CROWD // ROOM)::CROWD // ROOM]}
            await client.until(lambda c=client: len(c.others()) >= ROOM - 1,
                               "all others of the room")
            self.assertEqual(sorted(client.others()),
                             sorted(mates - {client.id}))
        await asyncio.gather(*(self.say_to_all(c) for c in clients))
        for client in clients:
            self.assertEqual(
                sorted(m["senderId"] for m in client.heard("offer")),
                sorted(client.others()))
            self.assertEqual(client.heard("error"), [])
        await asyncio.gather(*(c.leave() for c in clients))
        await self.until_empty()

    def test_crowd(self):
        self.run_clients(self.crowd())

    # who does not behave

    async def talk(self, me, other):
        """Numbered offers, each when the one before has been answered by one."""
        for number in range(OFFERS):
            me.offer(other.id, number)
            await me.until(lambda: len(me.offers_of(other.id)) > number,
                           f"offer {number}")

    async def talk_beside(self, *harm):
        """Two pairs talk while @harm is done; nothing is lost or doubled."""
        people = [await roomclients.Client(PORT).join("standup")
                  for _ in range(4)]
        pairs = list(zip(people, people[1::-1] + people[:1:-1]))
        done = asyncio.gather(*(h(people[0]) for h in harm))
        await asyncio.gather(*(self.talk(*pair) for pair in pairs))
        await done
        # and afterwards as before
        for me, other in pairs:
            me.offer(other.id, OFFERS)
        for me, other in pairs:
            await me.until(lambda m=me, o=other:
                           len(m.offers_of(o.id)) > OFFERS, "the last offer")
            self.assertEqual(me.offers_of(other.id), list(range(OFFERS + 1)))
            self.assertEqual(me.heard("error"), [])
            self.assertIsNone(me.closed)
        await asyncio.gather(*(c.leave() for c in people))
        await self.until_empty()

    async def until_left(self, witness, client):
        await witness.until(
            lambda: {"type": "peer-left", "peerId": client.id}
            in witness.messages, "peer-left of it")
        self.assertEqual([m["peerId"] for m in witness.heard("peer-left")
                          ].count(client.id), 1)

    async def be_deaf(self, witness):
        """One that reads until it has its seat, and never again."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DEAF_BUFFER)
        sock.connect(("127.0.0.1", PORT))
        deaf = roomclients.Client(PORT)
        await deaf.open(sock)
        deaf.listen()
        await deaf.join("standup")
        deaf.writer.transport.pause_reading()
        teller = await roomclients.Client(PORT).join("standup")
        gone = asyncio.ensure_future(self.until_left(witness, deaf))
        for number in range(LARGE_MOST):
            if gone.done():
                break
            teller.offer(deaf.id, number, LARGE)
            await teller.writer.drain()
            await asyncio.sleep(0)
        await gone
        await teller.leave()
        deaf.writer.transport.abort()

    async def flood(self, witness):
        """One that sends without end, until it is shown the door."""
        flooder = await roomclients.Client(PORT).join("standup")
        message = roomclients.frame(
            roomclients.TEXT, b'{"type":"ice-candidate"}') * 1000
        try:
            for _ in range(FLOOD // len(message)):
                flooder.writer.write(message)
                await flooder.writer.drain()
        except ConnectionError:
            pass
        await flooder.until_closed()
        await self.until_left(witness, flooder)
        self.assertIn("RATE_LIMITED",
                      {m["code"] for m in flooder.heard("error")})
        flooder.writer.transport.abort()

    def test_deaf(self):
        self.run_clients(self.talk_beside(self.be_deaf))

    def test_deaf_and_flood(self):
        self.run_clients(self.talk_beside(self.be_deaf, self.flood))


if __name__ == "__main__":
    lab.main()
