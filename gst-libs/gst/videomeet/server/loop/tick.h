/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/server.h"

/* Deadlines, several times a second. */
void vm_server_tick (VmServer *self, gint64 now);
/* Messages queued in a turn of the loop are sent at its end. */
void vm_server_begin_turns (VmServer *self);
