#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file from one host to another over a cable with a round trip of 50 ms that loses
1 % of the packets each way: videomeet send to an agent that a server introduces,
against scp, both with CUBIC. Losses limit both to a few Mbit/s, so that the file has
no more than 3 MiB. The whole commands are measured."""

import os
import subprocess
import sys
import time

import agentpair
import lan
import sshd

lab = lan.lab
SIZE = 3  # MiB
ROUNDS = 5
VMLINK = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../build/tests/support/vmlink")
DELAY, LOSS = 25, 1  # ms and percent, each way


def link(a, b, seed):
    """The cable between the two hosts, as eth1, and no other."""
    args = [VMLINK, f"--delay={DELAY}", f"--loss={LOSS}", f"--seed={seed}",
            f"/proc/{a.pid}/ns/net", f"/proc/{b.pid}/ns/net"]
    cable = lab.Process("cable", subprocess.Popen(
        args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True), args)
    cable.wait_for("ready", lab.SOON)
    for host in (a, b):
        host.call("ip", "addr", "add", f"10.78.0.{host.index}/24", "dev", "eth1")
        host.call("ip", "link", "set", "eth1", "up")
        host.set_link(False)
        # a kernel may have another default than Debian's; a route may always say it
        host.call("ip", "route", "change", "10.78.0.0/24", "dev", "eth1", "proto",
                  "kernel", "scope", "link", "src", f"10.78.0.{host.index}",
                  "congctl", "cubic")
    return cable


def copy(host, key, path, to):
    start = time.monotonic()
    host.run("scp", "-q", "-i", key, "-P", sshd.PORT, *sshd.OPTIONS, path, to,
             timeout=agentpair.LONG)
    return (time.monotonic() - start) * 1000


def main():
    lab.enter()
    with lab.Lab(2, avahi=False) as net:
        a, b = net.hosts
        cable = link(a, b, 1)
        try:
            path = agentpair.make_file(os.path.join(b.home, "file"), SIZE)
            address = f"10.78.0.{a.index}"
            key = sshd.start(a, address)
            pair = agentpair.Pair(a, b, address)
            scp = os.path.join(a.home, "scp")
            os.mkdir(scp)
            ours, peer = [], []
            for _ in range(ROUNDS):
                ours.append(pair.send(path))
                agentpair.check(path, pair.folder)
                os.remove(os.path.join(pair.folder, "file"))
                peer.append(copy(b, key, path, f"{address}:{scp}/file"))
                agentpair.check(path, scp)
                print(f"ours {ours[-1]:.0f} ms, peer {peer[-1]:.0f} ms, load "
                      f"{os.getloadavg()[0]:.1f}", file=sys.stderr)
        finally:
            cable.kill()
    lan.report("file-far", ours, peer)


if __name__ == "__main__":
    main()
