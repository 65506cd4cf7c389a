/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* The room dialect on a WebSocket at / (protocol/rooms.md). */
extern const VmServerProtocol vm_protocol_room;
