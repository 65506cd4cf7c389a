#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a hundred joins and leaves, half of them by being killed, leave behind
in the process of a host, compared with what ten did: threads, descriptors,
memory. The worst of the three is printed."""

import sys

import lan  # noqa: F401, finds what is imported next
import churn


def main():
    lan.lab.enter()
    with lan.lab.Lab(1 + churn.FEW, avahi=False) as net:
        _, few, many = churn.measure(net)
    print(f"after 10: {few}; after 110: {many}", file=sys.stderr)
    worst = max(few, key=lambda k: many[k] / few[k])
    print(f"bench churn ours={many[worst]} peer={few[worst]} "
          f"ratio={many[worst] / few[worst]:.3f} unit={worst}", flush=True)


if __name__ == "__main__":
    main()
