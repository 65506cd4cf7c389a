/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* WebSockets without a seat. */

/* How many there may be, where the process may have so many @descriptors. */
guint vm_seatless_max (gboolean open_rooms, guint64 descriptors);
/* Whoever is too much is told to go. */
void vm_server_bound_seatless (VmServer *self);
/* One more has come: as above, if that may be too much. */
void vm_server_count_seatless (VmServer *self);
