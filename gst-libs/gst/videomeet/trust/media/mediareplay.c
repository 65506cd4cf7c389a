/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/media/mediaidentity.h"
#include <gst/videomeet/vmerror.h>

/* By what is signed: of one signature anybody can make another. */
struct _VmMediaReplay
{
  GHashTable *taken; /* hash as GBytes -> gint64, when it expires */
};

VmMediaReplay *
vm_media_replay_new (void)
{
  VmMediaReplay *replay = g_new (VmMediaReplay, 1);

  replay->taken = g_hash_table_new_full (
      g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, g_free);
  return replay;
}

void
vm_media_replay_free (VmMediaReplay *replay)
{
  g_hash_table_unref (replay->taken);
  g_free (replay);
}

static gboolean
is_old (gpointer hash, gpointer expires, gpointer date)
{
  return *(gint64 *) expires < *(gint64 *) date - VM_MEDIA_CLOCK_SKEW;
}

gboolean
vm_media_replay_accept (VmMediaReplay *replay, const VmMediaIdentity *identity,
    gint64 date, GError **error)
{
  g_autoptr (GBytes) hash = g_bytes_new (identity->hash, sizeof identity->hash);

  if (g_hash_table_contains (replay->taken, hash)) {
    g_set_error (error, VM_ERROR, VM_ERROR_SIGNATURE,
        "What signs the media came before: somebody sends it again");
    return FALSE;
  }
  g_hash_table_foreach_remove (replay->taken, is_old, &date);
  if (g_hash_table_size (replay->taken) >= VM_MEDIA_REPLAY_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "More than %d offers and answers came within a few minutes",
        VM_MEDIA_REPLAY_MAX);
    return FALSE;
  }
  g_hash_table_insert (replay->taken, g_steal_pointer (&hash),
      g_memdup2 (&identity->expires, sizeof identity->expires));
  return TRUE;
}
