/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/model/work.h"

/* Reads what the other side's work wants of this side's folder, in the order of
 * its messages. Blocks for the disk; one thread. */

typedef struct
{
  gint root;
  const VmSyncTree *tree; /* of this side */
  guint side; /* this one */
  const VmSyncWork *theirs, *mine;
  /* Sends one message. */
  gboolean (*send) (guint8 type, gconstpointer head, gsize head_size,
      GBytes *body, gpointer user_data, GError **error);
  /* Waits for the other side's signature of difference @number; an empty one:
   * it cannot give it. Returns: (transfer full) (nullable) */
  GBytes *(*signature) (guint number, gpointer user_data, GError **error);
  gsize chunk; /* bytes of a DIFF_CHUNK at most */
  gpointer user_data;
} VmSyncGive;

/* SYNC_SIGNATURE of what this side has of files that it gets as differences. */
gboolean vm_sync_give_signatures (const VmSyncGive *self, GError **error);
/* DIFF_CHUNK, of blocks and then of differences. */
gboolean vm_sync_give_blocks (const VmSyncGive *self, GError **error);
gboolean vm_sync_give_deltas (const VmSyncGive *self, GError **error);
