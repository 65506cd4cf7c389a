/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/rates.h"

typedef struct
{
  gdouble free; /* of the burst */
  gint64 since;
} Entry;

struct _VmRates
{
  guint burst;
  gint64 time;
  GHashTable *entries; /* group -> Entry */
};

gboolean
vm_rate_take (VmRate *rate, guint burst, gdouble per_second, gint64 now)
{
  gdouble past = (now - rate->at) / (gdouble) G_USEC_PER_SEC;

  rate->spent = MAX (0, rate->spent - past * per_second);
  rate->at = now;
  if (rate->spent > burst - 1)
    return FALSE;
  rate->spent++;
  return TRUE;
}

VmRates *
vm_rates_new (guint burst, gint64 time)
{
  VmRates *rates = g_new (VmRates, 1);

  rates->burst = burst;
  rates->time = time;
  rates->entries =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return rates;
}

void
vm_rates_free (VmRates *rates)
{
  g_hash_table_unref (rates->entries);
  g_free (rates);
}

guint
vm_rates_count (VmRates *rates)
{
  return g_hash_table_size (rates->entries);
}

static void
refill (const VmRates *rates, Entry *entry, gint64 now)
{
  entry->free += (now - entry->since) / (gdouble) rates->time;
  entry->free = MIN (entry->free, rates->burst);
  entry->since = now;
}

/* Whoever has all of the burst again loses nothing by being forgotten; where
 * nobody has, whoever has most of it loses least. */
static void
make_room (VmRates *rates, gint64 now)
{
  GHashTableIter iter;
  gpointer key, value, fullest = NULL;
  gdouble most = -1;

  g_hash_table_iter_init (&iter, rates->entries);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    Entry *entry = value;

    refill (rates, entry, now);
    if (entry->free >= rates->burst) {
      g_hash_table_iter_remove (&iter);
    } else if (entry->free > most) {
      most = entry->free;
      fullest = key;
    }
  }
  if (g_hash_table_size (rates->entries) >= VM_RATES_ADDRESSES)
    g_hash_table_remove (rates->entries, fullest);
}

gboolean
vm_rates_take (VmRates *rates, const gchar *group, gint64 now)
{
  Entry *entry = g_hash_table_lookup (rates->entries, group);

  if (!entry) {
    if (g_hash_table_size (rates->entries) >= VM_RATES_ADDRESSES)
      make_room (rates, now);
    entry = g_new (Entry, 1);
    *entry = (Entry){ rates->burst, now };
    g_hash_table_insert (rates->entries, g_strdup (group), entry);
  }
  refill (rates, entry, now);
  if (entry->free < 1)
    return FALSE;
  entry->free--;
  return TRUE;
}
