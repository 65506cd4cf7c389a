/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "room/pinguard.h"

typedef struct
{
  gint64 delay;
  gint64 next; /* when the next try is read */
} Entry;

struct _VmPinGuard
{
  GHashTable *entries; /* group -> Entry */
};

VmPinGuard *
vm_pin_guard_new (void)
{
  VmPinGuard *guard = g_new (VmPinGuard, 1);

  guard->entries =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return guard;
}

void
vm_pin_guard_free (VmPinGuard *guard)
{
  g_hash_table_unref (guard->entries);
  g_free (guard);
}

gboolean
vm_pin_guard_allows (
    VmPinGuard *guard, const gchar *group, gint64 now, GError **error)
{
  Entry *entry = g_hash_table_lookup (guard->entries, group);

  if (!entry || now >= entry->next)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "Too many wrong PINs from this address; try again in %.1f seconds",
      (entry->next - now) / (gdouble) G_USEC_PER_SEC);
  return FALSE;
}

/* The one that waits least makes room: forgetting it helps a guesser least. */
static void
forget_one (VmPinGuard *guard)
{
  GHashTableIter iter;
  gpointer key, value, oldest = NULL;
  gint64 least = G_MAXINT64;

  g_hash_table_iter_init (&iter, guard->entries);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    Entry *entry = value;

    if (entry->next < least) {
      least = entry->next;
      oldest = key;
    }
  }
  g_hash_table_remove (guard->entries, oldest);
}

void
vm_pin_guard_wrong (VmPinGuard *guard, const gchar *group, gint64 now)
{
  Entry *entry = g_hash_table_lookup (guard->entries, group);

  if (!entry) {
    if (g_hash_table_size (guard->entries) >= VM_PIN_ADDRESSES)
      forget_one (guard);
    entry = g_new0 (Entry, 1);
    g_hash_table_insert (guard->entries, g_strdup (group), entry);
  }
  entry->delay = entry->delay ? MIN (entry->delay * 2, VM_PIN_DELAY_MAX)
                              : VM_PIN_DELAY_MIN;
  entry->next = now + entry->delay;
}

void
vm_pin_guard_right (VmPinGuard *guard, const gchar *group)
{
  g_hash_table_remove (guard->entries, group);
}
