#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A connection of aiortc that sends back what it receives.

usage: aiortcparty.py [--offer]

Each line of standard input is a description or a candidate of the other side in JSON,
as a browser has them; each line of standard output is one of its own, or
{"state": ...} of the connection. It offers at once when told to, else it answers.
"""

import asyncio
import json
import sys

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp


def write(message):
    print(json.dumps(message), flush=True)


async def describe(pc, description):
    await pc.setLocalDescription(description)
    write({"type": pc.localDescription.type, "sdp": pc.localDescription.sdp})


async def take(pc, message):
    if message.get("sdp"):
        await pc.setRemoteDescription(RTCSessionDescription(**message))
        if message["type"] == "offer":
            await describe(pc, await pc.createAnswer())
    elif message.get("candidate"):
        candidate = candidate_from_sdp(message["candidate"].partition(":")[2])
        candidate.sdpMid = message.get("sdpMid")
        candidate.sdpMLineIndex = message.get("sdpMLineIndex")
        await pc.addIceCandidate(candidate)


async def main():
    pc = RTCPeerConnection()
    reader = asyncio.StreamReader(limit=2**20)

    @pc.on("connectionstatechange")
    def on_state():
        write({"state": pc.connectionState})

    @pc.on("track")
    def on_track(track):
        for transceiver in pc.getTransceivers():
            if transceiver.receiver.track is track:
                transceiver.sender.replaceTrack(track)
                transceiver.direction = "sendrecv"

    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    if "--offer" in sys.argv:
        pc.addTransceiver("audio")
        pc.addTransceiver("video")
        await describe(pc, await pc.createOffer())
    while line := await reader.readline():
        await take(pc, json.loads(line))
    await pc.close()


asyncio.run(main())
