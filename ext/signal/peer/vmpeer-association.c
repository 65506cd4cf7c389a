/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-priv.h"

/* webrtcbin 1.22.0 draws the number of its SCTP association, which has to be
 * its own in the process, out of 65,535 and does not look whether it is taken.
 * With 90 connections in a process two have the same in one of twenty runs:
 * their data channels never open, and the task of the second one's sctpenc runs
 * where nobody stops it, so that whoever frees it waits for ever (GStreamer's
 * issue 4188). So each connection is given one. */

static GMutex lock;
static GHashTable *taken; /* under lock; numbers */
static guint last; /* likewise: the one that was given out last */

guint
vm_peer_association_take (void)
{
  guint id = VM_PEER_ASSOCIATION_NONE;

  g_mutex_lock (&lock);
  if (!taken)
    taken = g_hash_table_new (NULL, NULL);
  if (g_hash_table_size (taken) < VM_PEER_ASSOCIATIONS_MAX) {
    do {
      last = last % VM_PEER_ASSOCIATIONS_MAX + 1;
    } while (g_hash_table_contains (taken, GUINT_TO_POINTER (last)));
    g_hash_table_add (taken, GUINT_TO_POINTER (last));
    id = last;
  }
  g_mutex_unlock (&lock);
  return id;
}

void
vm_peer_association_give_back (guint id)
{
  g_mutex_lock (&lock);
  if (id != VM_PEER_ASSOCIATION_NONE)
    g_hash_table_remove (taken, GUINT_TO_POINTER (id));
  if (taken && g_hash_table_size (taken) == 0)
    g_clear_pointer (&taken, g_hash_table_unref);
  g_mutex_unlock (&lock);
}
