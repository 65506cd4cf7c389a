/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/dialect.h"

/* The work of a mesh client besides reading and writing messages, all on the
 * state of a vm_dialect_mesh_client. Sans-I/O. */

/* Bytes of messages that wait for a capability, some eighty offers; beyond, all
 * of them are dropped with RATE_LIMITED. */
#define VM_MESH_CLIENT_HELD_MAX (1024 * 1024)

/* A new uuid, and the time as ISO 8601. Both: (transfer full) */
typedef void (*VmMeshStampFunc) (gchar **id, gchar **time, gpointer user_data);

typedef struct
{
  const gchar *version; /* of this program */
  const gchar *cap_token; /* carried by rtc.*; NULL: none yet */
  /* The model hears of no participant before vm_mesh_client_set_capability().
   */
  gboolean waits;
  VmMeshStampFunc stamp; /* of each message */
  gpointer user_data;
} VmMeshClientConfig;

/* Call it before anything else. */
void
vm_mesh_client_configure (gpointer state, const VmMeshClientConfig *config);
/* Whether the client is in its room and waits for a capability. */
gboolean vm_mesh_client_wants_capability (gpointer state);
/* The capability from now on; NULL: none. VmDialect.more() then gives the
 * signals that have waited. */
void vm_mesh_client_set_capability (gpointer state, const gchar *cap_token);

/* When a JSON Web Token expires, Unix seconds; -1: not given. The token is not
 * verified. */
gint64 vm_mesh_token_get_expiry (const gchar *token);
