#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""CPU time of a server of rooms for each offer of 4 KB that it relays, with 64
clients that speak and 8,000 that do not: videomeet server against
examples/web/room/server.js on ws."""

import relaying

if __name__ == "__main__":
    relaying.relay("relay", "room")
