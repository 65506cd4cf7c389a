/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "capability.h"

#include <string.h>

typedef struct
{
  gchar *sub;
  guint64 connection;
  gint64 exp;
} Seen;

struct _VmCapabilityReplay
{
  GHashTable *seen; /* jti -> Seen */
};

static void
seen_free (gpointer data)
{
  Seen *seen = data;

  g_free (seen->sub);
  g_free (seen);
}

VmCapabilityReplay *
vm_capability_replay_new (void)
{
  VmCapabilityReplay *replay = g_new0 (VmCapabilityReplay, 1);

  replay->seen =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, seen_free);
  return replay;
}

void
vm_capability_replay_free (VmCapabilityReplay *replay)
{
  g_hash_table_unref (replay->seen);
  g_free (replay);
}

guint
vm_capability_replay_count (VmCapabilityReplay *replay)
{
  return g_hash_table_size (replay->seen);
}

static gboolean
is_over (gpointer key, gpointer value, gpointer now)
{
  return ((Seen *) value)->exp <= *(const gint64 *) now;
}

gboolean
vm_capability_replay_check (VmCapabilityReplay *replay,
    const VmCapability *capability, guint64 connection, gint64 now,
    GError **error)
{
  Seen *seen = g_hash_table_lookup (replay->seen, capability->jti);

  if (seen) {
    if (seen->connection == connection
        && strcmp (seen->sub, capability->sub) == 0)
      return TRUE;
    g_set_error (error, VM_ERROR, VM_ERROR_CAP_INVALID,
        "The capability was shown over another connection before");
    return FALSE;
  }
  if (g_hash_table_size (replay->seen) >= VM_CAPABILITY_SEEN_MAX)
    g_hash_table_foreach_remove (replay->seen, is_over, &now);
  if (g_hash_table_size (replay->seen) >= VM_CAPABILITY_SEEN_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "Too many capabilities are in use; try again in a minute");
    return FALSE;
  }
  seen = g_new (Seen, 1);
  seen->sub = g_strdup (capability->sub);
  seen->connection = connection;
  seen->exp = capability->exp;
  g_hash_table_insert (replay->seen, g_strdup (capability->jti), seen);
  return TRUE;
}
