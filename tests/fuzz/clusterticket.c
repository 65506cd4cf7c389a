/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/cluster/shared/clusterticket.h>

/* What was read, others can read. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (VmTicket) ticket = vm_cluster_ticket_read (bytes);
  g_autoptr (VmTicket) again = NULL;
  g_autoptr (GBytes) written = NULL;

  if (!ticket)
    return;
  written = vm_cluster_ticket_write (ticket);
  again = vm_cluster_ticket_read (written);
  g_assert_nonnull (again);
  g_assert_cmpstr (ticket->meeting, ==, again->meeting);
  g_assert_cmpstr (ticket->user, ==, again->user);
  g_assert_cmpstr (ticket->key, ==, again->key);
  g_assert_cmpint (ticket->proven, ==, again->proven);
  g_assert_true (!ticket->presented == !again->presented);
}
