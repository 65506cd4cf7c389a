/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/singleuse.h"
#include "room/rooms-priv.h"

G_BEGIN_DECLS

/* The stored form of a ticket, readable by every server of a cluster. Pure. */

#define VM_CLUSTER_TICKET_MAX (16 * 1024) /* bytes; most have 300 */

/* Without its text, which only the holder has. */
GBytes *vm_cluster_ticket_write (const VmTicket *ticket);
/* NULL: it is no ticket. Returns: (transfer full) */
VmTicket *vm_cluster_ticket_read (GBytes *bytes);
/* Whether @text looks like one that vm_rooms_join() has made. */
gboolean vm_cluster_ticket_is_text (const gchar *text);

G_END_DECLS
