/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/limits.h"
#include "server/dialect/mesh/meshlinks.h"

/* How much the relay carries (protocol/agents.md#relay). Sans-I/O: times are
 * monotonic, in µs. */

typedef struct
{
  guint sessions_max, ends_per_address, addresses_max;
  guint64 session_rate, session_bytes; /* bytes/s; bytes */
  guint64 address_rate, address_bytes;
  gint64 address_time;
} VmMeshQuotaLimits;

extern const VmMeshQuotaLimits vm_mesh_quota_limits; /* the defaults */

typedef struct _VmMeshQuota VmMeshQuota;

VmMeshQuota *vm_mesh_quota_new (const VmMeshQuotaLimits *limits);
void vm_mesh_quota_free (VmMeshQuota *quota);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmMeshQuota, vm_mesh_quota_free)
/* For tests. */
void
vm_mesh_quota_set_limits (VmMeshQuota *quota, const VmMeshQuotaLimits *limits);
/* One end from the address @group. VM_ERROR_RATE_LIMITED. */
gboolean vm_mesh_quota_enter (
    VmMeshQuota *quota, const gchar *group, gint64 now, GError **error);
void vm_mesh_quota_leave (VmMeshQuota *quota, const gchar *group);
guint vm_mesh_quota_count (VmMeshQuota *quota);

typedef enum
{
  VM_MESH_QUOTA_CARRY,
  VM_MESH_QUOTA_DROP, /* it comes too fast */
  VM_MESH_QUOTA_END, /* the session, or the address, has had its bytes */
} VmMeshQuotaResult;
/* A datagram of @size bytes from that address; a small one counts as
 * VM_RELAY_DATAGRAM_MIN. */
VmMeshQuotaResult vm_mesh_quota_take (VmMeshQuota *quota, VmMeshLink *link,
    const gchar *group, gsize size, gint64 now);
