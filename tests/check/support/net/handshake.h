/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* The server's side of the handshake of a WebSocket (RFC 6455, 4.2.2) with who
 * has just connected. */
void net_shake_hands (GIOStream *stream);
