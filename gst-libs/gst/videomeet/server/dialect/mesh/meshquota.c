/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/dialect/mesh/meshquota.h"

const VmMeshQuotaLimits vm_mesh_quota_limits = {
  .sessions_max = VM_RELAY_SESSIONS_MAX,
  .ends_per_address = VM_RELAY_ENDS_PER_ADDRESS,
  .addresses_max = VM_RELAY_ADDRESSES_MAX,
  .session_rate = VM_RELAY_SESSION_RATE,
  .session_bytes = VM_RELAY_SESSION_BYTES,
  .address_rate = VM_RELAY_ADDRESS_RATE,
  .address_bytes = VM_RELAY_ADDRESS_BYTES,
  .address_time = VM_RELAY_ADDRESS_TIME,
};

typedef struct
{
  guint ends;
  guint64 carried;
  gint64 since; /* that was counted from then on */
  gdouble credit;
  gint64 credit_at;
} Address;

struct _VmMeshQuota
{
  VmMeshQuotaLimits limits;
  GHashTable *addresses; /* group -> Address */
  guint ends;
};

VmMeshQuota *
vm_mesh_quota_new (const VmMeshQuotaLimits *limits)
{
  VmMeshQuota *quota = g_new0 (VmMeshQuota, 1);

  quota->limits = *limits;
  quota->addresses =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return quota;
}

void
vm_mesh_quota_free (VmMeshQuota *quota)
{
  g_hash_table_unref (quota->addresses);
  g_free (quota);
}

void
vm_mesh_quota_set_limits (VmMeshQuota *quota, const VmMeshQuotaLimits *limits)
{
  quota->limits = *limits;
}

/* What an address has had is forgotten with its time, unless it is there. */
static gboolean
is_over (gpointer key, gpointer value, gpointer user_data)
{
  const Address *address = value;

  return !address->ends && *(gint64 *) user_data >= address->since;
}

static void
sweep (VmMeshQuota *quota, gint64 now)
{
  gint64 before = now - quota->limits.address_time;

  g_hash_table_foreach_remove (quota->addresses, is_over, &before);
}

/* Beyond the addresses that are remembered, of those that are not there: the
 * one that has had least. */
static void
make_room (VmMeshQuota *quota)
{
  GHashTableIter iter;
  gpointer key, value, least = NULL;
  guint64 carried = G_MAXUINT64;

  if (g_hash_table_size (quota->addresses) < quota->limits.addresses_max)
    return;
  g_hash_table_iter_init (&iter, quota->addresses);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    const Address *address = value;

    if (address->ends || address->carried >= carried)
      continue;
    least = key;
    carried = address->carried;
  }
  if (least)
    g_hash_table_remove (quota->addresses, least);
}

static Address *
get_address (VmMeshQuota *quota, const gchar *group, gint64 now)
{
  Address *address = g_hash_table_lookup (quota->addresses, group);

  if (address) {
    if (now - address->since >= quota->limits.address_time) {
      address->since = now;
      address->carried = 0;
    }
    return address;
  }
  sweep (quota, now);
  make_room (quota);
  if (g_hash_table_size (quota->addresses) >= quota->limits.addresses_max)
    return NULL;
  address = g_new0 (Address, 1);
  address->since = address->credit_at = now;
  address->credit = quota->limits.address_rate;
  g_hash_table_insert (quota->addresses, g_strdup (group), address);
  return address;
}

gboolean
vm_mesh_quota_enter (
    VmMeshQuota *quota, const gchar *group, gint64 now, GError **error)
{
  Address *address = get_address (quota, group, now);

  if (!address || quota->ends >= 2 * quota->limits.sessions_max
      || address->ends >= quota->limits.ends_per_address
      || address->carried >= quota->limits.address_bytes) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "The relay carries no more for this address; try again later");
    return FALSE;
  }
  address->ends++;
  quota->ends++;
  return TRUE;
}

void
vm_mesh_quota_leave (VmMeshQuota *quota, const gchar *group)
{
  Address *address = g_hash_table_lookup (quota->addresses, group);

  if (!address || !address->ends)
    return;
  address->ends--;
  quota->ends--;
}

guint
vm_mesh_quota_count (VmMeshQuota *quota)
{
  return quota->ends;
}

static gboolean
may_pay (gdouble *credit, gint64 *at, guint64 rate, gsize size, gint64 now)
{
  *credit += (now - *at) * (gdouble) rate / G_USEC_PER_SEC;
  *credit = MIN (*credit, rate);
  *at = now;
  return *credit >= size;
}

VmMeshQuotaResult
vm_mesh_quota_take (VmMeshQuota *quota, VmMeshLink *link, const gchar *group,
    gsize size, gint64 now)
{
  const VmMeshQuotaLimits *limits = &quota->limits;
  Address *address = get_address (quota, group, now);

  size = MAX (size, VM_RELAY_DATAGRAM_MIN);
  if (!address || link->carried + size > limits->session_bytes
      || address->carried + size > limits->address_bytes)
    return VM_MESH_QUOTA_END;
  if (!link->credit_at) {
    link->credit_at = now;
    link->credit = limits->session_rate;
  }
  if (!may_pay (
          &link->credit, &link->credit_at, limits->session_rate, size, now)
      || !may_pay (&address->credit, &address->credit_at, limits->address_rate,
          size, now))
    return VM_MESH_QUOTA_DROP;
  link->credit -= size;
  address->credit -= size;
  link->carried += size;
  address->carried += size;
  return VM_MESH_QUOTA_CARRY;
}
