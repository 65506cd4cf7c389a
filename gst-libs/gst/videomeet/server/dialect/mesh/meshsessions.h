/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

/* The sessions of the mesh (protocol/mesh.md#requests, POST /v2/sessions): a
 * token, and its user. Sans-I/O: `now` is monotonic time in µs. */

#define VM_MESH_SESSION_TIME (12 * 3600 * G_TIME_SPAN_SECOND)
/* Beyond, the oldest of the address with most is dropped. */
#define VM_MESH_SESSIONS_MAX 4096
/* Of one address; beyond, its oldest is forgotten. */
#define VM_MESH_SESSIONS_PER_ADDRESS 256
/* Capabilities for one session: a burst, then one in each interval; beyond,
 * RATE_LIMITED. */
#define VM_MESH_MINT_BURST 64
#define VM_MESH_MINT_TIME G_TIME_SPAN_SECOND

typedef struct
{
  gchar *token;
  gchar *user_id;
  gchar *user; /* its chosen name */
  gchar *group; /* see vm_address_group() */
  gchar *pass; /* access token that opened it, or NULL */
  gint64 began;
  gdouble mints; /* still allowed */
  gint64 mints_at;
} VmMeshSession;

typedef struct _VmMeshSessions VmMeshSessions;

VmMeshSessions *vm_mesh_sessions_new (void);
void vm_mesh_sessions_free (VmMeshSessions *sessions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmMeshSessions, vm_mesh_sessions_free)
/* @token and @user_id: unguessable. VM_ERROR_RATE_LIMITED. */
VmMeshSession *vm_mesh_sessions_add (VmMeshSessions *sessions,
    const gchar *token, const gchar *user_id, const gchar *user,
    const gchar *group, gint64 now, GError **error);
/* NULL: there is none, or it is too old. */
VmMeshSession *vm_mesh_sessions_find (
    VmMeshSessions *sessions, const gchar *token, gint64 now);
gboolean
vm_mesh_session_may_mint (VmMeshSession *session, gint64 now, GError **error);
guint vm_mesh_sessions_count (VmMeshSessions *sessions);
