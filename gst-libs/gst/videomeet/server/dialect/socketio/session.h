/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* Sessions of Engine.IO 4 at /socket.io/ (protocol/socketio.md): by HTTP
 * requests, each of which a next packet waits for, by a WebSocket, or by the
 * one until the other is there. Socket.IO is spoken in them (socketguest.h). On
 * vm-net. */
extern const VmServerProtocol vm_protocol_socketio;
