#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Three servers at one NATS server (protocol/cluster.md) that loses what it has of the rooms,
goes back to what it had before, or has something else in its place, while clients are in
them: they hear nobody leave, and whoever comes finds everybody."""

import asyncio
import base64
import hashlib
import os
import shutil

import clusterlab
import lab
from clusterlab import NATS, PORTS, Native

ROOM = "hall"


async def tell_nats(subject, data):
    """Publishes that, as its protocol has it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", NATS)
    writer.write(b'CONNECT {"verbose":false}\r\n'
                 + f"PUB {subject} {len(data)}\r\n".encode() + data
                 + b"\r\nPING\r\n")
    while (await asyncio.wait_for(reader.readline(), lab.SOON)) != b"PONG\r\n":
        pass
    writer.close()


def key_of(room):
    digest = hashlib.sha256(room.encode()).digest()
    return base64.b32encode(digest).decode().rstrip("=")


class ClusterLost(clusterlab.ClusterTest):

    async def check_all_there(self, clients, gone=()):
        """Somebody new at each server finds clients, who hear each other and have heard
        of nobody who left, but for those gone before."""
        everybody = list(clients)
        for n, port in enumerate(PORTS, len(clients) + len(gone)):
            new = await Native(port, f"new {port}").join(ROOM)
            self.assertEqual(new.heard("error"), [])
            self.assertEqual(new.id, f"p{n + 1:03}")
            listed = [p["id"] for p in new.heard("welcome")[0]["participants"]]
            self.assertEqual(listed, sorted(c.id for c in everybody))
            everybody.append(new)
        ids = {c.id for c in everybody}
        for client in everybody:
            client.say(type="chat", text=f"{client.id} is here")
        for client in everybody:
            await client.until(lambda c=client: c.others() == ids - {c.id},
                               "everybody")
            await client.until(lambda c=client: {
                m["from"] for m in c.heard("chat")} == ids - {c.id}, "a word")
            left = {m["id"] for m in client.heard("participant-left")}
            self.assertLessEqual(left, set(gone))
            self.assertIsNone(client.closed)

    async def restart_nats(self, store=None):
        """With store instead of what it has; None: with nothing."""
        self.nats.kill()
        shutil.rmtree(self.store)
        if store:
            os.rename(store, self.store)
        self.nats = self.start_nats()

    async def keep_store(self):
        """What NATS has; it is killed, and started anew, as Jepsen does it."""
        kept = self.store + "-kept"
        self.nats.kill()
        shutil.copytree(self.store, kept)
        self.nats = self.start_nats()
        return kept

    # nothing is left

    async def empty_store(self):
        clients = await self.meet(ROOM)
        await self.restart_nats()
        await self.check_all_there(clients)

    def test_store_emptied(self):
        self.run_clients(self.empty_store())

    # the bucket goes while NATS lives

    async def delete_bucket(self):
        clients = await self.meet(ROOM)
        await tell_nats("$JS.API.STREAM.DELETE.KV_vm_records", b"")
        await self.check_all_there(clients)

    def test_bucket_deleted(self):
        self.run_clients(self.delete_bucket())

    # what was is back

    async def go_back(self):
        clients = await self.meet(ROOM)
        leaver = await Native(PORTS[0], "leaver").join(ROOM)
        kept = await self.keep_store()
        # the seats that the kept record has change hands, and one is given back
        moved = clients[1]
        moved.drop()
        await moved.resume([PORTS[2]])
        leaver.say(type="bye")
        clients.append(await Native(PORTS[1], "later").join(ROOM))
        ids = {c.id for c in clients}
        for client in clients:
            await client.until(lambda c=client: c.others() == ids - {c.id},
                               "those who are there")
        await self.restart_nats(kept)
        await self.check_all_there(clients, [leaver.id])

    def test_store_rolled_back(self):
        self.run_clients(self.go_back())

    # something else is there

    async def damage_record(self):
        clients = await self.meet(ROOM)
        for data in b"", b"VMR1", b'{"participants":[', os.urandom(256):
            await tell_nats(f"$KV.vm_records.{key_of(ROOM)}", data)
        await self.check_all_there(clients)

    def test_record_damaged(self):
        self.run_clients(self.damage_record())


if __name__ == "__main__":
    lab.main(at_once=3)
