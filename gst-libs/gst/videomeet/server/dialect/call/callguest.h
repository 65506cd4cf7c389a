/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* Calls of seed 3 on a WebSocket at / (protocol §6). */
extern const VmServerProtocol vm_protocol_call;
