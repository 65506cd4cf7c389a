/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "quic/quicbudget.h"

#include <string.h>

typedef struct
{
  VmQuicAddress address; /* first: it is the key, too */
  gint64 until; /* µs */
  guint sent;
} Entry;

struct _VmQuicBudget
{
  GHashTable *entries; /* Entry, in place */
};

/* Few are in it, and who names them spends its sessions for them. */
static guint
address_hash (gconstpointer data)
{
  const VmQuicAddress *address = data;
  guint32 words[4];

  memcpy (words, &address->sin6_addr, sizeof words);
  return words[0] ^ words[1] * 31 ^ words[2] * 961 ^ words[3] * 29791
         ^ address->sin6_port;
}

static gboolean
address_equal (gconstpointer a, gconstpointer b)
{
  return vm_quic_address_equal (a, b);
}

VmQuicBudget *
vm_quic_budget_new (void)
{
  VmQuicBudget *self = g_new0 (VmQuicBudget, 1);

  self->entries =
      g_hash_table_new_full (address_hash, address_equal, g_free, NULL);
  return self;
}

void
vm_quic_budget_free (VmQuicBudget *self)
{
  g_hash_table_unref (self->entries);
  g_free (self);
}

static gboolean
is_old (gpointer key, gpointer value, gpointer now)
{
  return ((const Entry *) key)->until <= *(gint64 *) now;
}

gboolean
vm_quic_budget_spend (VmQuicBudget *self, const VmQuicAddress *to, gint64 now)
{
  Entry *entry = g_hash_table_lookup (self->entries, to);

  if (!entry) {
    if (g_hash_table_size (self->entries) >= VM_QUIC_BUDGET_ADDRESSES_MAX)
      g_hash_table_foreach_remove (self->entries, is_old, &now);
    if (g_hash_table_size (self->entries) >= VM_QUIC_BUDGET_ADDRESSES_MAX)
      return FALSE;
    entry = g_new0 (Entry, 1);
    entry->address = *to;
    entry->until = now + VM_QUIC_BUDGET_TIME;
    g_hash_table_add (self->entries, entry);
  } else if (entry->until <= now) {
    entry->sent = 0;
    entry->until = now + VM_QUIC_BUDGET_TIME;
  }
  return entry->sent < VM_QUIC_BUDGET_SENT_MAX && ++entry->sent;
}

void
vm_quic_budget_clear (VmQuicBudget *self, const VmQuicAddress *address)
{
  g_hash_table_remove (self->entries, address);
}
