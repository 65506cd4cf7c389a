/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* Calls on a WebSocket at / (protocol/calls.md). */
extern const VmServerProtocol vm_protocol_call;
