/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/socket/refusals.h"

typedef struct
{
  gint64 since; /* of the first that counts */
  guint n;
} Count;

struct _VmRefusals
{
  Count all;
  GHashTable *groups; /* group -> Count */
};

VmRefusals *
vm_refusals_new (void)
{
  VmRefusals *refusals = g_new0 (VmRefusals, 1);

  refusals->groups =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return refusals;
}

void
vm_refusals_free (VmRefusals *refusals)
{
  g_hash_table_unref (refusals->groups);
  g_free (refusals);
}

static gboolean
is_over (const Count *count, gint64 now)
{
  return now - count->since >= VM_REFUSALS_TIME;
}

/* All that is remembered was told in the time that @all counts, or is over. */
static void
forget_old (VmRefusals *refusals, gint64 now)
{
  GHashTableIter iter;
  gpointer count;

  g_hash_table_iter_init (&iter, refusals->groups);
  while (g_hash_table_iter_next (&iter, NULL, &count))
    if (is_over (count, now))
      g_hash_table_iter_remove (&iter);
}

static Count *
find (VmRefusals *refusals, const gchar *group, gint64 now)
{
  Count *count = g_hash_table_lookup (refusals->groups, group);

  if (count)
    return count;
  if (g_hash_table_size (refusals->groups) >= VM_REFUSALS_MAX)
    return NULL;
  count = g_new0 (Count, 1);
  count->since = now;
  g_hash_table_insert (refusals->groups, g_strdup (group), count);
  return count;
}

gboolean
vm_refusals_tells (VmRefusals *refusals, const gchar *group, gint64 now)
{
  Count *count;

  forget_old (refusals, now);
  if (!refusals->all.n || is_over (&refusals->all, now))
    refusals->all = (Count){ now, 0 };
  if (refusals->all.n >= VM_REFUSALS_MAX)
    return FALSE;
  count = find (refusals, group, now);
  if (!count || count->n >= VM_REFUSALS_PER_ADDRESS)
    return FALSE;
  count->n++;
  refusals->all.n++;
  return TRUE;
}

guint
vm_refusals_count (VmRefusals *refusals)
{
  return g_hash_table_size (refusals->groups);
}
