/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "discovery/probebudget.h"
#include "base/rates.h"

typedef struct
{
  guint16 number; /* 0: none */
  gint64 until; /* µs */
} Port;

typedef struct
{
  Port ports[VM_PROBE_PORTS_MAX];
} Address;

struct _VmProbeBudget
{
  VmRate rate;
  GHashTable *addresses; /* text -> Address */
};

VmProbeBudget *
vm_probe_budget_new (void)
{
  VmProbeBudget *self = g_new0 (VmProbeBudget, 1);

  self->addresses =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
vm_probe_budget_free (VmProbeBudget *self)
{
  g_hash_table_unref (self->addresses);
  g_free (self);
}

static gboolean
is_free (const Port *port, gint64 now)
{
  return !port->number || port->until <= now;
}

static gboolean
is_old (gpointer key, gpointer value, gpointer now)
{
  const Address *address = value;

  for (guint i = 0; i < VM_PROBE_PORTS_MAX; i++)
    if (!is_free (&address->ports[i], *(gint64 *) now))
      return FALSE;
  return TRUE;
}

static Address *
get_or_add (VmProbeBudget *self, const gchar *text, gint64 now)
{
  Address *address = g_hash_table_lookup (self->addresses, text);

  if (address)
    return address;
  if (g_hash_table_size (self->addresses) >= VM_PROBE_ADDRESSES_MAX)
    g_hash_table_foreach_remove (self->addresses, is_old, &now);
  if (g_hash_table_size (self->addresses) >= VM_PROBE_ADDRESSES_MAX)
    return NULL;
  address = g_new0 (Address, 1);
  g_hash_table_insert (self->addresses, g_strdup (text), address);
  return address;
}

gboolean
vm_probe_budget_admit (
    VmProbeBudget *self, const gchar *text, guint16 port, gint64 now)
{
  Address *address = get_or_add (self, text, now);
  Port *place = NULL;

  if (!address)
    return FALSE;
  for (guint i = 0; i < VM_PROBE_PORTS_MAX; i++) {
    Port *one = &address->ports[i];

    if (is_free (one, now))
      place = one;
    else if (one->number == port)
      return FALSE;
  }
  if (!place)
    return FALSE;
  *place = (Port){ port, now + VM_PROBE_PORT_TIME };
  return TRUE;
}

gboolean
vm_probe_budget_spend (VmProbeBudget *self, gint64 now)
{
  return vm_rate_take (&self->rate, VM_PROBES_MAX, VM_PROBES_MAX, now);
}

void
vm_probe_budget_clear (VmProbeBudget *self, const gchar *text, guint16 port)
{
  Address *address = g_hash_table_lookup (self->addresses, text);

  for (guint i = 0; address && i < VM_PROBE_PORTS_MAX; i++)
    if (address->ports[i].number == port)
      address->ports[i].number = 0;
}
