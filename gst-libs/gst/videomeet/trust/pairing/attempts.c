/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/pairing/attempts.h"
#include <gst/videomeet/vmerror.h>

typedef struct
{
  guint n;
  gint64 last;
} Entry;

struct _VmTrustAttempts
{
  GHashTable *entries; /* device id or address -> Entry */
};

VmTrustAttempts *
vm_trust_attempts_new (void)
{
  VmTrustAttempts *attempts = g_new (VmTrustAttempts, 1);

  attempts->entries =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return attempts;
}

void
vm_trust_attempts_free (VmTrustAttempts *attempts)
{
  g_hash_table_unref (attempts->entries);
  g_free (attempts);
}

static gboolean
is_old (const Entry *entry, gint64 now)
{
  return now - entry->last >= VM_TRUST_ATTEMPTS_TIME;
}

gboolean
vm_trust_attempts_allows (
    VmTrustAttempts *attempts, const gchar *who, gint64 now, GError **error)
{
  Entry *entry = g_hash_table_lookup (attempts->entries, who);
  gint64 rest;

  if (!entry || is_old (entry, now) || entry->n < VM_TRUST_ATTEMPTS_MAX)
    return TRUE;
  rest = entry->last + VM_TRUST_ATTEMPTS_TIME - now;
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "%d requests for trust from one device or address are enough for a "
      "while; the next is heard in %" G_GINT64_FORMAT " seconds",
      VM_TRUST_ATTEMPTS_MAX, (rest + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC);
  return FALSE;
}

static void
make_room (VmTrustAttempts *attempts, gint64 now)
{
  GHashTableIter iter;
  gpointer key, value, oldest = NULL;
  gint64 least = G_MAXINT64;

  g_hash_table_iter_init (&iter, attempts->entries);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    Entry *entry = value;

    if (is_old (entry, now)) {
      g_hash_table_iter_remove (&iter);
    } else if (entry->last < least) {
      least = entry->last;
      oldest = key;
    }
  }
  if (g_hash_table_size (attempts->entries) >= VM_TRUST_ATTEMPTS_KEPT)
    g_hash_table_remove (attempts->entries, oldest);
}

void
vm_trust_attempts_add (VmTrustAttempts *attempts, const gchar *who, gint64 now)
{
  Entry *entry = g_hash_table_lookup (attempts->entries, who);

  if (!entry) {
    make_room (attempts, now);
    entry = g_new0 (Entry, 1);
    g_hash_table_insert (attempts->entries, g_strdup (who), entry);
  }
  entry->n = is_old (entry, now) ? 1 : entry->n + 1;
  entry->last = now;
}

void
vm_trust_attempts_forget (VmTrustAttempts *attempts, const gchar *who)
{
  g_hash_table_remove (attempts->entries, who);
}

guint
vm_trust_attempts_count (VmTrustAttempts *attempts)
{
  return g_hash_table_size (attempts->entries);
}
