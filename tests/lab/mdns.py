# SPDX-License-Identifier: LGPL-2.1-or-later
"""Asks the network by multicast DNS, as a host without any daemon would, and
prints the answers' SRV and TXT records as JSON lines.

usage: mdns.py INTERFACE-ADDRESS INSTANCE-NAME   (name without .local)
"""

import json
import socket
import struct
import sys
import time

GROUP, PORT = "224.0.0.251", 5353
SRV, TXT, ANY = 33, 16, 255


def encode(name):
    out = b""
    for label in name:
        data = label.encode()
        out += bytes([len(data)]) + data
    return out + b"\0"


def read_name(packet, at):
    labels, end = [], None
    while packet[at]:
        if packet[at] >= 0xC0:
            if end is None:
                end = at + 2
            at = struct.unpack(">H", packet[at:at + 2])[0] & 0x3FFF
            continue
        labels.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return labels, (at + 1 if end is None else end)


def records(packet):
    counts = struct.unpack(">6H", packet[:12])
    at = 12
    for _ in range(counts[2]):
        _, at = read_name(packet, at)
        at += 4
    for _ in range(sum(counts[3:])):
        name, at = read_name(packet, at)
        kind, _, ttl, size = struct.unpack(">HHIH", packet[at:at + 10])
        at += 10
        if kind == SRV:
            priority, weight, port = struct.unpack(">3H", packet[at:at + 6])
            target, _ = read_name(packet, at + 6)
            yield {"type": "SRV", "name": name, "ttl": ttl,
                   "priority": priority, "weight": weight, "port": port,
                   "target": ".".join(target)}
        elif kind == TXT:
            strings, i = [], at
            while i < at + size:
                strings.append(packet[i + 1:i + 1 + packet[i]].decode())
                i += 1 + packet[i]
            yield {"type": "TXT", "name": name, "ttl": ttl, "txt": strings}
        at += size


def main():
    address, instance = sys.argv[1:]
    name = [instance, "_videomeet", "_tcp", "local"]
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                 socket.inet_aton(address))
    s.bind((address, 0))
    query = struct.pack(">6H", 7, 0, 1, 0, 0, 0) + encode(name) \
        + struct.pack(">2H", ANY, 1)
    seen = set()
    end = time.monotonic() + 40
    s.settimeout(0.5)
    while time.monotonic() < end and seen != {"SRV", "TXT"}:
        s.sendto(query, (GROUP, PORT))
        try:
            packet = s.recv(9000)
        except socket.timeout:
            continue
        for record in records(packet):
            if record["name"][0] == instance and record["type"] not in seen:
                seen.add(record["type"])
                print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
