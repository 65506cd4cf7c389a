#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long a host that lost its power stays listed. Ours: vmdiscoversrc. Peer:
Avahi's own removal, which waits for the time to live of one record or the
other: 120 s of the address, 75 minutes of the name. It is measured once, and
what is still listed after AVAHI_TIMEOUT counts as gone by then."""

import sys
import time

import lan

AVAHI_TIMEOUT = 200  # s


def one_round(with_avahi):
    with lan.lab.Lab(2) as net:
        a, b = net.hosts
        ours = lan.discover(b)
        peer = lan.browse(b) if with_avahi else None
        lan.announce(a)
        ours.wait_event("added", 20, user="Ann")
        if peer:
            peer.wait_for(r"^=;eth0;IPv[46];Ann", 20)
        cut = time.monotonic()
        a.power_cut()
        removed = ours.wait_event("removed", 20, user="Ann")["when"]
        if not peer:
            return (removed - cut) * 1000, None
        return (removed - cut) * 1000, (avahi_removal(peer) - cut) * 1000


def avahi_removal(peer):
    try:
        return peer.wait_for(r"^-;eth0;IPv[46];Ann", AVAHI_TIMEOUT).when
    except lan.lab.LabError:
        print(f"Avahi lists it still, {AVAHI_TIMEOUT} s later",
              file=sys.stderr)
        return time.monotonic()


def main():
    lan.lab.enter()
    rounds = [one_round(i == 0) for i in range(lan.ROUNDS)]
    for ours, peer in rounds:
        print(f"ours {ours:.0f} ms"
              + (f", peer {peer:.0f} ms" if peer else ""), file=sys.stderr)
    lan.report("gone", [ours for ours, _ in rounds], [rounds[0][1]])


if __name__ == "__main__":
    main()
