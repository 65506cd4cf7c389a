/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/server.h"

#include <libwebsockets.h>

/* On vm-net: NULL when libwebsockets refuses the settings. */
struct lws_context *vm_server_create_context (VmServer *self);
void vm_server_destroy_context (VmServer *self, struct lws_context *context);
void vm_server_drain_loop (VmServer *self);
/* In any callback of libwebsockets. */
void vm_server_hold_event_pipe (VmServer *self);
