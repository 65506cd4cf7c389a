/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* Files over a WebSocket: POST /transfers and GET /transfer. */
extern const VmServerProtocol vm_protocol_transfer;

/* Sends to the socket of @key, if there is one. */
void vm_transfer_answer (VmServer *self, const gchar *key, GBytes *text);
/* Closes that socket after the pending answers. */
void vm_transfer_end_socket (VmServer *self, const gchar *key);
