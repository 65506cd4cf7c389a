# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts what passes between hosts of a lab that may be media or data: each
packet of UDP that is no STUN, whose first byte is 0 or 1. Neither DTLS nor RTP
nor what data channels carry gets by that."""

import lab

TABLES = (("iptables", "0>>22&0x3C@8>>24=2:255"),
          ("ip6tables", "48>>24=2:255"))


def count(*hosts):
    """From here on, at each of them what comes from the others."""
    macs = {host: host.run("ip", "-br", "link", "show", "eth0",
                           timeout=lab.SOON).stdout.split()[2]
            for host in hosts}
    for to in hosts:
        for table, payload in TABLES:
            to.call(table, "-F", "INPUT")  # of what was counted before
            for of in hosts:
                if of is not to:
                    to.call(table, "-I", "INPUT", "-p", "udp", "-m", "mac",
                            "--mac-source", macs[of], "-m", "u32", "--u32",
                            payload)


def counted(host):
    total = 0
    for table, _ in TABLES:
        rules = host.run(table, "-nvxL", "INPUT",
                         timeout=lab.SOON).stdout.splitlines()
        total += sum(int(rule.split()[0]) for rule in rules[2:])
    return total
