#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long after a device begins to announce itself another one lists it: from
then, and not from the start of its program, which either would have to wait for.
Ours: vmdiscoversrc with all its methods, which confirms each hint by GET
/status. Peer: avahi-browse -r on the same host, for the same device."""

import sys
import time

import lan

SETTLE = 3  # s; the bursts and first queries of a start are over


def one_round():
    with lan.lab.Lab(2) as net:
        a, b = net.hosts
        ours, peer = lan.discover(b), lan.browse(b)
        # both have asked, and what they ask at the start is answered by nobody
        time.sleep(SETTLE)
        start = lan.announce(a).wait_for("Pipeline is live", 20).when
        added = ours.wait_event("added", 20, user="Ann")["when"]
        found = peer.wait_for(r"^=;eth0;IPv[46];Ann", 20).when
        return (added - start) * 1000, (found - start) * 1000


def main():
    lan.lab.enter()
    rounds = [one_round() for _ in range(lan.ROUNDS)]
    for ours, peer in rounds:
        print(f"ours {ours:.0f} ms, peer {peer:.0f} ms", file=sys.stderr)
    lan.report("discovery", *zip(*rounds))


if __name__ == "__main__":
    main()
