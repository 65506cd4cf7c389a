# SPDX-License-Identifier: LGPL-2.1-or-later
"""A port for a launcher that has to be told one."""

import socket

TRIES = 5
IN_USE = "PORT_IN_USE"


def take(start):
    """The port with which start(port) holds. One that is free may have been given
    to another program before the launcher comes: then the next one."""
    for _ in range(TRIES):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        if start(port):
            return port
    raise AssertionError(f"{TRIES} ports in a row were in use")
