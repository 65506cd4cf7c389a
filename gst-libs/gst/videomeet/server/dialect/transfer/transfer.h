/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* Files over a WebSocket: POST /transfers and GET /transfer. */
extern const VmServerProtocol vm_protocol_transfer;

/* To the socket that is found by @key, if there is one. */
void vm_transfer_answer (VmServer *self, const gchar *key, GBytes *text);
/* That one closes, behind what was answered. */
void vm_transfer_end_socket (VmServer *self, const gchar *key);
