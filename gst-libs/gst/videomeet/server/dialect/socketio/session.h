/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* Sessions of Engine.IO 4 at /socket.io/ (protocol/socketio.md): over HTTP
 * requests that poll for packets, over a WebSocket, or over the former until
 * the latter is open. They carry Socket.IO (socketguest.h). On vm-net. */
extern const VmServerProtocol vm_protocol_socketio;
