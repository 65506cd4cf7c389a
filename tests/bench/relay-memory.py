#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Resident memory of a server of rooms for each of 8,000 clients, two in a room,
that say nothing: videomeet server against examples/web/room/server.js on ws."""

import relaying

if __name__ == "__main__":
    relaying.memory("relay-memory", "room")
