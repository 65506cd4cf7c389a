#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a hundred joins and leaves, half of them by being killed, leave behind
in the process of a host, compared with what ten did: threads, descriptors,
memory. The worst of the three is printed.

The ten come and go once, the hundred one after the other, and those killed stay
for a while: what a process at rest keeps depends on the course of things, too.
So a second hundred is compared with the first, beside the bench: what was only
the course does not grow any more, a leak does."""

import sys

import lan  # noqa: F401, finds what is imported next
import churn


def main():
    lan.lab.enter()
    with lan.lab.Lab(1 + churn.FEW, avahi=False) as net:
        host, few, many = churn.measure(net)
        churn.join_and_leave(net, host, churn.MANY)
        more = churn.at_rest(host.popen.pid)
    print(f"after 10: {few}; after 110: {many}; after 210: {more}, which is "
          f"{more['KiB'] / many['KiB']:.3f} of the KiB after 110",
          file=sys.stderr)
    worst = max(few, key=lambda k: many[k] / few[k])
    print(f"bench churn ours={many[worst]} peer={few[worst]} "
          f"ratio={many[worst] / few[worst]:.3f} unit={worst}", flush=True)


if __name__ == "__main__":
    main()
