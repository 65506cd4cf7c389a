#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same as relay over Socket.IO: videomeet server against socketio-peer.js on
socket.io."""

import relaying

if __name__ == "__main__":
    relaying.relay("relay-socketio", "socketio")
