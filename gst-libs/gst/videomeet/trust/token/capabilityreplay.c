/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/token/capability.h"

#include <string.h>

typedef struct
{
  gchar *sub;
  gchar *group;
  guint64 connection;
  gint64 exp;
} Seen;

struct _VmCapabilityReplay
{
  GHashTable *seen; /* jti -> Seen */
  GHashTable *groups; /* group -> how many it has shown of those */
  gint64 swept; /* when what is over was forgotten last */
};

static void
seen_free (gpointer data)
{
  Seen *seen = data;

  g_free (seen->sub);
  g_free (seen->group);
  g_free (seen);
}

VmCapabilityReplay *
vm_capability_replay_new (void)
{
  VmCapabilityReplay *replay = g_new0 (VmCapabilityReplay, 1);

  replay->seen =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, seen_free);
  replay->groups =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return replay;
}

void
vm_capability_replay_free (VmCapabilityReplay *replay)
{
  g_hash_table_unref (replay->seen);
  g_hash_table_unref (replay->groups);
  g_free (replay);
}

guint
vm_capability_replay_count (VmCapabilityReplay *replay)
{
  return g_hash_table_size (replay->seen);
}

static guint
count_group (VmCapabilityReplay *replay, const gchar *group)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (replay->groups, group));
}

static void
add (VmCapabilityReplay *replay, const VmCapability *capability,
    const gchar *group, guint64 connection)
{
  Seen *seen = g_new (Seen, 1);

  seen->sub = g_strdup (capability->sub);
  seen->group = g_strdup (group);
  seen->connection = connection;
  seen->exp = capability->exp;
  g_hash_table_insert (replay->seen, g_strdup (capability->jti), seen);
  g_hash_table_insert (replay->groups, g_strdup (group),
      GUINT_TO_POINTER (count_group (replay, group) + 1));
}

gboolean
vm_capability_replay_knows (VmCapabilityReplay *replay, const gchar *jti)
{
  return g_hash_table_contains (replay->seen, jti);
}

void
vm_capability_replay_bar (VmCapabilityReplay *replay, const gchar *jti)
{
  Seen *seen = g_hash_table_lookup (replay->seen, jti);

  if (seen)
    seen->connection = 0;
}

void
vm_capability_replay_forget (VmCapabilityReplay *replay, const gchar *jti)
{
  const Seen *seen = g_hash_table_lookup (replay->seen, jti);

  if (!seen)
    return;
  g_hash_table_insert (replay->groups, g_strdup (seen->group),
      GUINT_TO_POINTER (count_group (replay, seen->group) - 1));
  g_hash_table_remove (replay->seen, jti);
}

static void
forget_old (VmCapabilityReplay *replay, gint64 now)
{
  GHashTableIter iter;
  gpointer value;

  if (replay->swept == now)
    return;
  replay->swept = now;
  g_hash_table_remove_all (replay->groups);
  g_hash_table_iter_init (&iter, replay->seen);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const Seen *seen = value;

    if (seen->exp <= now)
      g_hash_table_iter_remove (&iter);
    else
      g_hash_table_insert (replay->groups, g_strdup (seen->group),
          GUINT_TO_POINTER (count_group (replay, seen->group) + 1));
  }
}

/* One address cannot keep the others from showing theirs. */
static gboolean
has_room (VmCapabilityReplay *replay, const gchar *group)
{
  return g_hash_table_size (replay->seen) < VM_CAPABILITY_SEEN_MAX
         && count_group (replay, group) < VM_CAPABILITY_SEEN_PER_ADDRESS;
}

gboolean
vm_capability_replay_check (VmCapabilityReplay *replay,
    const VmCapability *capability, const gchar *group, guint64 connection,
    gint64 now, GError **error)
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
  if (!has_room (replay, group))
    forget_old (replay, now);
  if (!has_room (replay, group)) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "Too many capabilities are in use, of this address or of all; try "
        "again "
        "in a minute");
    return FALSE;
  }
  add (replay, capability, group, connection);
  return TRUE;
}
