/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/server.h"

#include <libwebsockets.h>

/* The callbacks for libwebsockets: HTTP, and each supported subprotocol of
 * WebSockets. Returns: (transfer full), by g_free() */
struct lws_protocols *vm_server_make_lws_protocols (VmServer *self);
