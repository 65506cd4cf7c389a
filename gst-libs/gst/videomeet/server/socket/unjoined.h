/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* WebSockets without a seat. */

/* The limit, for a process that may have @descriptors descriptors. */
guint vm_unjoined_max (gboolean open_rooms, guint64 descriptors);
/* Closes those beyond the limit. */
void vm_server_bound_unjoined (VmServer *self);
/* Counts a new one, and does the above if the limit may be exceeded. */
void vm_server_count_unjoined (VmServer *self);
