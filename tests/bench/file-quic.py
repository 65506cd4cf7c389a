#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""512 MiB from one process to another by QUIC on loopback: videomeet send to an agent
that a server introduces, which reads, verifies, writes and gets it to the disk, against
gtlsclient that gets the file of gtlsserver, the examples of ngtcp2 with the same TLS
library. gtlsclient writes the file (--download) on the same file system, verifies nothing
and waits for no disk; what it takes when it throws the file away instead is printed, too,
and does not count: that moves no file. The whole commands are measured."""

import os
import sys
import time

import agentpair
import lan

lab = lan.lab
SIZE = 512  # MiB
ROUNDS = 5
PEER_PORT = "14433"


def start_peer(host, path):
    key, certificate = (os.path.join(host.home, n) for n in ("key.pem", "cert.pem"))
    host.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-keyout",
             key, "-out", certificate, timeout=lab.SOON)
    host.start("gtlsserver", "-q", "-d", os.path.dirname(path), "127.0.0.1", PEER_PORT,
               key, certificate)
    lab.wait_until(lambda: PEER_PORT in host.call("ss", "-Huln"), lab.SOON, "gtlsserver")


def get(host, path, *more):
    start = time.monotonic()
    host.run("gtlsclient", "-q", "--exit-on-all-streams-close", *more, "127.0.0.1",
             PEER_PORT, f"https://localhost/{os.path.basename(path)}",
             timeout=agentpair.LONG)
    return (time.monotonic() - start) * 1000


def main():
    lab.enter()
    with lab.Lab(1, avahi=False) as net:
        host = net.hosts[0]
        path = agentpair.make_file(os.path.join(host.home, "file"), SIZE)
        pair = agentpair.Pair(host, host, host.address)
        downloads = os.path.join(host.home, "downloads")
        os.mkdir(downloads)
        start_peer(host, path)
        ours, peer = [], []
        for _ in range(ROUNDS):
            agentpair.prepare(path, pair.folder)
            ours.append(pair.send(path))
            agentpair.check(path, pair.folder)
            agentpair.prepare(path, downloads)
            peer.append(get(host, path, f"--download={downloads}"))
            agentpair.check(path, downloads)
            nothing = get(host, path)
            print(f"ours {ours[-1]:.0f} ms, peer {peer[-1]:.0f} ms, peer that keeps nothing "
                  f"{nothing:.0f} ms, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    lan.report("file-quic", ours, peer)


if __name__ == "__main__":
    main()
