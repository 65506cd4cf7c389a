/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/mesh/mesh.h"

/* Sessions between agents (protocol/mesh.md#quic-sessions): a server records
 * the sessions that it issued, and an agent those announced to it. A P2P_HELLO
 * uses a record once, and not after expires_in. Sans-I/O: `now` is monotonic
 * time in µs. */

#define VM_MESH_RECORD_TIME (180 * G_TIME_SPAN_SECOND) /* expires_in */
#define VM_MESH_RECORDS_MAX 1024
#define VM_MESH_RECORDS_PER_DEVICE 16 /* of one requester */
#define VM_MESH_RECORDS_PER_ADDRESS 256 /* of all requesters there */
#define VM_MESH_P2P_HELLO_MAX 4096 /* bytes */

typedef struct
{
  const gchar *session_id;
  const gchar *session_token;
  VmMeshKind kind;
  const gchar *a; /* the device that requests and connects */
  const gchar *address; /* where it is; NULL: that does not count */
} VmMeshRecord;

typedef struct _VmMeshRecords VmMeshRecords;

VmMeshRecords *vm_mesh_records_new (void);
void vm_mesh_records_free (VmMeshRecords *records);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmMeshRecords, vm_mesh_records_free)
/* VM_ERROR_RATE_LIMITED: too many are open: of that device, of its
 * address or of all. */
gboolean vm_mesh_records_add (VmMeshRecords *records,
    const VmMeshRecord *record, gint64 now, GError **error);
/* The device @a is gone: its sessions become invalid. */
void vm_mesh_records_forget (VmMeshRecords *records, const gchar *a);
/* It is over. */
void vm_mesh_records_remove (VmMeshRecords *records, const gchar *session_id);
guint vm_mesh_records_count (VmMeshRecords *records, gint64 now);
/* Finds and uses up the session of a P2P_HELLO, the first message of a stream.
 * VM_ERROR_P2P_SESSION_DENIED; VM_ERROR_BAD_MESSAGE: it is no P2P_HELLO. */
gboolean vm_mesh_records_redeem (VmMeshRecords *records, const gchar *hello,
    gsize size, gint64 now, VmMeshKind *kind, GError **error);
