#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Three servers of rooms at one NATS server, on loopback (protocol/cluster.md): clients of one
room are spread over them, a server is killed, NATS is started anew, and nobody who is
not concerned notices."""

import asyncio
import base64
import json
import subprocess
import time
import urllib.error
import urllib.request

import clusterlab
import lab
import roomclients
from clusterlab import NATS, PORTS, SDP, Native

RESUMED = 10  # s, from the end of a server to the last client at another
# s, from the end of a server to the news that its participants left: 12, and what a
# machine adds that has much else to do
GONE = 20


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(key, claims):
    """A JSON Web Token by ES256 (RFC 7518 §3.4) with the key in a PEM file."""
    text = ".".join(base64url(json.dumps(part).encode())
                    for part in ({"alg": "ES256", "typ": "JWT"}, claims))
    der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key],
                         input=text.encode(), capture_output=True, check=True,
                         timeout=lab.SOON).stdout
    r_size = der[3]
    r, s = der[4:4 + r_size], der[6 + r_size:]
    raw = b"".join(int.from_bytes(n, "big").to_bytes(32, "big")
                   for n in (r, s))
    return f"{text}.{base64url(raw)}"


class Page(Native):
    """A page of the mesh (protocol/mesh.md)."""

    def post(self, path, body):
        request = urllib.request.Request(
            f"http://localhost:{self.port}{path}", json.dumps(body).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=lab.SOON) as answer:
            return json.loads(answer.read())

    def _take(self, op, payload):
        roomclients.Client._take(self, op, payload)

    def say(self, kind, **payload):
        self.send(type=kind, id="m", timestamp="2026-01-02T03:04:05Z",
                  payload=payload)

    async def join(self, room):
        token = (await asyncio.get_running_loop().run_in_executor(
            None, self.post, "/v2/sessions", {"user": self.user}))["access_token"]
        await self.open_at(f"?access_token={token}", "/v2/ws")
        self.say("system.hello", peer_type="client", version="1.0.0")
        self.say("room.join", room_id=room)
        await self.until(lambda: self.heard("room.joined"), "room.joined")
        self.id, self.sub = (self.heard("system.welcome")[0]["payload"][k]
                             for k in ("peer_id", "user_id"))
        return self

    def offer(self, room, to, token):
        self.say("rtc.offer", room_id=room, target_peer_id=to.id,
                 sdp=SDP.format(1), cap_token=token)


class Phone(roomclients.Client):
    """A user who calls others (the call dialect)."""

    def __init__(self, port, user):
        super().__init__(port)
        self.user = user
        Native.all.append(self)

    def hang_up(self):
        if self._task:
            self._task.cancel()
            self.writer.close()

    async def register(self, other=None, call=None):
        """What it is told: registered, or an error; other: with whom a call goes on."""
        if self._task:
            await self.until_closed()
            self.writer.close()
            self.closed = None
        goes_on = f"&toId={other}&callId={call}" if call else ""
        await self.open(path=f"/?userId={self.user}{goes_on}")
        self.messages.clear()
        self.listen()
        await self.until(lambda: self.messages, "registered")
        return self.messages[0]

    def say(self, kind, to, call, **fields):
        self.send(type=kind, toId=to.user, callId=call, **fields)

    def offer_to(self, to, call):
        self.say("call-offer", to, call, callType="video",
                 fromUsername=self.user, offer={"type": "offer", "sdp": SDP})

    async def hears(self, kind, call=None):
        """The next message, which is that one."""
        await self.until(lambda: self.messages, kind)
        message = self.messages.pop(0)
        if (message["type"], message.get("callId")) != (kind, call):
            raise lab.LabError(f"{self.user}: {message} and no {kind} {call}")
        return message


class Cluster(clusterlab.ClusterTest):

    # one room at three servers

    async def spread(self):
        clients = await self.meet()
        await self.call_all(clients)
        page = await roomclients.Client(PORTS[1]).join("hall")
        await page.until(lambda: len(page.others()) == 3, "three others")
        clients[0].say(type="chat", text="hello")
        for client in clients[1:]:
            await client.until(lambda c=client: c.heard("chat"), "chat")
        await clients[0].until(lambda: len(clients[0].others()) == 3, "a page")
        await page.leave()
        await clients[2].until(lambda: len(clients[2].others()) == 2,
                               "that it left")
        clients[0].say(type="bye")
        for client in clients[1:]:
            await client.until(lambda c=client: len(c.others()) == 1,
                               "that it left")
            self.assertEqual(client.from_others("chat"),
                             [(clients[0].id, "hello")])

    def test_spread(self):
        self.run_clients(self.spread())
        for server in self.servers:
            self.assertEqual(server.stop(), 0)

    # a ticket is good at any server, once

    async def show_ticket(self):
        for given, shown in zip(PORTS, PORTS[1:] + PORTS[:1]):
            ticket = await Native(given, "ann").get_ticket(f"room {given}")
            ann = await Native(shown, "ann").sit(ticket)
            self.assertEqual(ann.heard("error"), [])
            for port in PORTS:
                thief = await Native(port, "thief").sit(ticket)
                self.assertEqual([m["code"] for m in thief.heard("error")],
                                 ["BAD_TICKET"])
            self.assertEqual(ann.heard("participant-joined"), [])
        # two show it at once
        ticket = await Native(PORTS[0], "ann").get_ticket("race")
        both = [Native(port, "ann") for port in PORTS[1:]]
        await asyncio.gather(*(c.sit(ticket) for c in both))
        self.assertEqual(sum(bool(c.heard("welcome")) for c in both), 1)
        # its server is gone
        ticket = await Native(PORTS[0], "ann").get_ticket("orphan")
        self.servers[0].kill()
        ann = await Native(PORTS[1], "ann").sit(ticket)
        self.assertEqual(ann.heard("error"), [])

    def test_tickets(self):
        self.run_clients(self.show_ticket())

    # a session of Engine.IO is polled at whatever server

    @staticmethod
    async def request(port, sid="", body=None):
        """Status and body of a GET, or of a POST."""
        def ask():
            query = "/socket.io/?EIO=4&transport=polling"
            request = urllib.request.Request(
                f"http://localhost:{port}{query}" + (sid and f"&sid={sid}"),
                body and body.encode())
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as e:
                return e.code, e.read().decode()
        return await asyncio.get_running_loop().run_in_executor(None, ask)

    async def poll(self, port, sid):
        """Status and body of a GET that brings more than the server's pings,
        which come each 25 s."""
        while True:
            status, body = await self.request(port, sid)
            packets = body.split("\x1e")
            said = "\x1e".join(p for p in packets if p != "2")
            if "2" in packets:
                await self.request(port, sid, "3")
            if said:
                return status, said

    async def poll_anywhere(self):
        unknown = 400, '{"code":1,"message":"Session ID unknown"}'
        sids = []
        for port in PORTS[:2]:
            _, hello = await self.request(port)
            sids.append(json.loads(hello[1:])["sid"])
        first, second = sids
        # servers that have just begun hear of each other within 3 s
        deadline = time.monotonic() + lab.SOON
        while (await self.request(PORTS[2], first, "40"))[0] != 200:
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual(await self.request(PORTS[1], second, "40"),
                         (200, "ok"))
        for port, sid in zip(PORTS[1:], sids):
            status, body = await self.poll(port, sid)
            self.assertEqual((status, body[:2]), (200, "40"))
        for port, sid in zip(PORTS[1:], sids):
            answer = await self.request(port, sid, '42["join_room","hall"]')
            self.assertEqual(answer, (200, "ok"))
        # what waits at one server is answered by way of another
        status, body = await self.poll(PORTS[2], first)
        self.assertEqual(status, 200)
        self.assertIn('"room_joined"', body)
        self.assertIn("user_joined", body if "user_joined" in body
                      else (await self.poll(PORTS[1], first))[1])
        self.assertEqual(await self.request(PORTS[0], "none"), unknown)
        # its server is killed while a poll waits
        poll = asyncio.ensure_future(self.poll(PORTS[1], first))
        await self.poll(PORTS[2], second)
        self.servers[0].kill()
        self.assertEqual(await poll, unknown)
        self.assertEqual(await self.request(PORTS[2], first), unknown)

    def test_sessions(self):
        self.run_clients(self.poll_anywhere())

    # a capability belongs to one connection of all

    def mint(self, page, jti):
        """What the page's server would sign, but for its jti."""
        now = int(time.time())
        with urllib.request.urlopen(f"http://localhost:{page.port}/status",
                                    timeout=lab.SOON) as answer:
            issuer = json.loads(answer.read())["deviceId"]
        return sign(
            f"{self.config(page.port)}/videomeet/identity.pem",
            {"iss": issuer, "sub": page.sub, "aud": "hall",
             "room_id": "hall", "caps": ["call"], "iat": now, "nbf": now,
             "exp": now + 60, "jti": jti})

    async def show_capability(self):
        pages = [await Page(port, "ann").join("hall") for port in PORTS]
        ann = pages[0]
        ann.offer("hall", pages[1], self.mint(ann, "one"))
        await pages[1].until(lambda: pages[1].heard("rtc.offer"), "an offer")
        for thief in pages[1:]:
            thief.offer("hall", ann, self.mint(thief, "one"))
            await thief.until(lambda t=thief: t.heard("error"), "a refusal")
            self.assertEqual(thief.heard("error")[0]["payload"]["code"],
                             "CAP_INVALID")
            thief.offer("hall", ann, self.mint(thief, thief.id))
        await ann.until(lambda: len(ann.heard("rtc.offer")) == 2, "offers")
        self.assertEqual(ann.heard("error"), [])

    def test_capability(self):
        self.run_clients(self.show_capability())

    # names that mean something to NATS, or are long

    async def name_rooms(self):
        for name in ("*", ">", ".", "vm.node.>", "x" * 128):
            a = await Native(PORTS[0], "a").join(name)
            b = await Native(PORTS[1], "b").join(name)
            await a.until(lambda a=a: a.others() == {"p002"}, name)
            self.assertEqual((a.id, b.id, b.others()), ("p001", "p002", {"p001"}))
            a.say(type="chat", text=name)
            await b.until(lambda b=b: b.heard("chat"), name)

    def test_names(self):
        self.run_clients(self.name_rooms())

    # a server is killed

    async def kill_one(self):
        clients = await self.meet()
        second = await Native(PORTS[0], "another").join("hall")
        clients.append(second)
        for client in clients:
            await client.until(lambda c=client: len(c.others()) == 3, "all")
        await self.call_all(clients)
        others = clients[1:3]
        # what was said before this was acknowledged before it
        clients[0].say(type="chat", text="last words")
        for client in others:
            await client.until(lambda c=client: c.heard("chat"), "last words")
        heard = [len(c.messages) for c in others]
        self.servers[0].kill()
        gone = [clients[0], second]
        times = await asyncio.gather(*(c.resume(PORTS[1:]) for c in gone))
        print("back after " + ", ".join(f"{t:.2f} s" for t in times))
        self.assertLess(max(times), RESUMED)
        await self.call_all(clients)
        ids = {c.id for c in clients}
        self.assertEqual(ids, {"p001", "p002", "p003", "p004"})
        # somebody new hears who is there, each once
        last = await Native(PORTS[2], "last").join("hall")
        listed = [p["id"] for p in last.heard("welcome")[0]["participants"]]
        self.assertEqual(listed, sorted(ids))
        for client in clients:
            await client.until(lambda c=client: last.id in c.others(), "last")
            self.assertEqual(client.others(),
                             (ids | {last.id}) - {client.id})
        # and nobody else has heard that anybody left
        for client, count in zip(others, heard):
            kinds = {m["type"] for m in client.messages[count:]}
            self.assertNotIn("participant-left", kinds)
            self.assertIsNone(client.closed)

    def test_killed(self):
        self.run_clients(self.kill_one())

    # nobody comes back

    async def lose_one(self):
        clients = await self.meet()
        self.servers[0].kill()
        for client in clients[1:]:
            await client.until(lambda c=client: len(c.others()) == 1,
                               "that nobody came back")
            left = client.heard("participant-left")
            self.assertEqual([m["id"] for m in left], [clients[0].id])

    def test_nobody_comes_back(self):
        self.run_clients(self.lose_one())

    # nobody can come back

    async def lose_page(self):
        pages = [await roomclients.Client(port).join("hall") for port in PORTS]
        native = await Native(PORTS[1], "native").join("hall")
        for client in pages + [native]:
            await client.until(lambda c=client: len(c.others()) == 3, "others")
        self.servers[0].kill()
        told = [page.until(lambda p=page: [
                    m["peerId"] for m in p.heard("peer-left")] == [pages[0].id],
                    "that it left") for page in pages[1:]]
        told.append(native.until(lambda: native.heard("participant-left"),
                                 "that it left"))
        await asyncio.wait_for(asyncio.gather(*told), GONE)

    def test_page_of_the_dead(self):
        self.run_clients(self.lose_page())

    # NATS is started anew

    async def restart_nats(self):
        clients = await self.meet()
        self.nats.kill()
        for i, client in enumerate(clients):
            client.say(type="chat", text=f"without {i}")
        self.nats = self.start_nats()
        for i, client in enumerate(clients):
            expected = sorted((c.id, f"without {n}")
                              for n, c in enumerate(clients) if n != i)
            await client.until(lambda c=client: len(c.heard("chat")) == 2,
                               "what was said meanwhile")
            self.assertEqual(client.from_others("chat"), expected)
            self.assertEqual(client.heard("participant-left"), [])
        await self.call_all(clients)
        late = await Native(PORTS[1], "late").join("hall")
        self.assertEqual(late.heard("error"), [])
        self.assertEqual(len(late.others()), 3)

    def test_nats_restarted(self):
        self.run_clients(self.restart_nats())

    # users who call one another (the call dialect), each at another server

    async def come(self):
        users = [Phone(port, user) for port, user in zip(PORTS, "abc")]
        for user in users:
            await user.register()
            await user.hears("registered")
        # a name is one user's, at whatever server; which knows it then
        for port in PORTS:
            for name in "abc":
                message = await Phone(port, name).register()
                self.assertEqual(message["code"], "USER_TAKEN", message)
        return users

    async def talk(self, a, b, call):
        a.offer_to(b, call)
        offer = await b.hears("call-offer", call)
        self.assertEqual((offer["fromId"], offer["offer"]["sdp"]),
                         (a.user, SDP))
        b.say("call-answer", a, call, answer={"type": "answer", "sdp": SDP})
        self.assertEqual((await a.hears("call-answer", call))["fromId"], b.user)
        for one, other in ((a, b), (b, a)):
            one.say("ice-candidate", other, call, candidate={
                "candidate": f"candidate:{one.user}", "sdpMLineIndex": 0})
            heard = await other.hears("ice-candidate", call)
            self.assertEqual(heard["candidate"]["candidate"],
                             f"candidate:{one.user}")

    async def call_users(self):
        a, b, c = await self.come()
        await self.talk(a, b, "c1")
        c.offer_to(b, "c2")
        self.assertEqual((await c.hears("call-failed", "c2"))["reason"], "busy")
        b.say("call-end", a, "c1")
        await a.hears("call-end", "c1")
        c.offer_to(b, "c3")
        await b.hears("call-offer", "c3")
        b.say("call-reject", c, "c3")
        await c.hears("call-reject", "c3")
        # a server is killed: the call goes on with who comes back elsewhere
        await self.talk(a, b, "c4")
        self.servers[0].kill()
        a.port = PORTS[2]
        message = await a.register(b.user, "c4")
        self.assertEqual(message["type"], "registered", message)
        await a.hears("registered")
        for one, other in ((a, b), (b, a)):
            one.say("ice-candidate", other, "c4", candidate={
                "candidate": "candidate:again", "sdpMLineIndex": 0})
            await other.hears("ice-candidate", "c4")
        # and is over with who does not
        self.servers[1].kill()
        await a.hears("call-end", "c4")
        b.port = PORTS[2]
        await b.register()
        await b.hears("registered")
        await self.talk(b, a, "c5")
        for user in (a, b, c):
            self.assertEqual(user.messages, [])

    def test_calls(self):
        self.run_clients(self.call_users())


class LastSeat(Cluster):
    """Rooms of two seats."""

    size = 2

    test_spread = test_names = test_killed = test_nobody_comes_back = \
        test_nats_restarted = test_tickets = test_capability = \
        test_page_of_the_dead = test_sessions = test_calls = None

    async def race(self):
        for i in range(10):
            room = f"room {i}"
            await Native(PORTS[0], "first").join(room)
            both = [Native(port, f"racer {port}") for port in PORTS[1:]]
            results = await asyncio.gather(*(c.join(room) for c in both),
                                           return_exceptions=True)
            welcomed = [c for c in both if c.heard("welcome")]
            self.assertEqual(len(welcomed), 1, results)
            for client in both:
                if client.heard("error"):
                    self.assertEqual(client.heard("error")[0]["code"],
                                     "MEETING_FULL")

    def test_last_seat(self):
        self.run_clients(self.race())


if __name__ == "__main__":
    lab.main(at_once=3)
