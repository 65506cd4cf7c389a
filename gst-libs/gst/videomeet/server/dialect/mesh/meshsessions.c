/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/dialect/mesh/meshsessions.h"

#include <string.h>

struct _VmMeshSessions
{
  GHashTable *table; /* token -> VmMeshSession */
};

static void
session_free (gpointer data)
{
  VmMeshSession *session = data;

  g_free (session->token);
  g_free (session->user_id);
  g_free (session->user);
  g_free (session->group);
  g_free (session->pass);
  g_free (session);
}

VmMeshSessions *
vm_mesh_sessions_new (void)
{
  VmMeshSessions *sessions = g_new0 (VmMeshSessions, 1);

  sessions->table =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, session_free);
  return sessions;
}

void
vm_mesh_sessions_free (VmMeshSessions *sessions)
{
  g_hash_table_unref (sessions->table);
  g_free (sessions);
}

guint
vm_mesh_sessions_count (VmMeshSessions *sessions)
{
  return g_hash_table_size (sessions->table);
}

static guint
count_of (GHashTable *counts, const VmMeshSession *session)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (counts, session->group));
}

/* Of the address that has most of all, its oldest; or NULL when none has two.
 * So a few addresses cannot keep everybody else out. */
static VmMeshSession *
find_dispensable (VmMeshSessions *sessions)
{
  g_autoptr (GHashTable) counts = g_hash_table_new (g_str_hash, g_str_equal);
  VmMeshSession *found = NULL;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, sessions->table);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    VmMeshSession *session = value;

    g_hash_table_insert (counts, session->group,
        GUINT_TO_POINTER (count_of (counts, session) + 1));
  }
  g_hash_table_iter_init (&iter, sessions->table);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    VmMeshSession *session = value;
    guint most = found ? count_of (counts, found) : 1;
    guint n = count_of (counts, session);

    if (n > most || (found && n == most && session->began < found->began))
      found = session;
  }
  return found;
}

/* An address that signs in again and again only replaces its own sessions. */
static gboolean
make_room (VmMeshSessions *sessions, const gchar *group, gint64 now)
{
  GHashTableIter iter;
  gpointer value;
  VmMeshSession *oldest = NULL;
  guint n = 0;

  g_hash_table_iter_init (&iter, sessions->table);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    VmMeshSession *session = value;

    if (now - session->began >= VM_MESH_SESSION_TIME) {
      g_hash_table_iter_remove (&iter);
      continue;
    }
    if (strcmp (session->group, group) != 0)
      continue;
    n++;
    if (!oldest || session->began < oldest->began)
      oldest = session;
  }
  if (n >= VM_MESH_SESSIONS_PER_ADDRESS)
    g_hash_table_remove (sessions->table, oldest->token);
  if (g_hash_table_size (sessions->table) < VM_MESH_SESSIONS_MAX)
    return TRUE;
  oldest = find_dispensable (sessions);
  return oldest && g_hash_table_remove (sessions->table, oldest->token);
}

VmMeshSession *
vm_mesh_sessions_add (VmMeshSessions *sessions, const gchar *token,
    const gchar *user_id, const gchar *user, const gchar *group, gint64 now,
    GError **error)
{
  VmMeshSession *session;

  if (!make_room (sessions, group, now)) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "Too many have signed in; try again later");
    return NULL;
  }
  session = g_new0 (VmMeshSession, 1);
  session->token = g_strdup (token);
  session->user_id = g_strdup (user_id);
  session->user = g_strdup (user);
  session->group = g_strdup (group);
  session->began = session->mints_at = now;
  session->mints = VM_MESH_MINT_BURST;
  g_hash_table_insert (sessions->table, session->token, session);
  return session;
}

VmMeshSession *
vm_mesh_sessions_find (VmMeshSessions *sessions, const gchar *token, gint64 now)
{
  VmMeshSession *session =
      token ? g_hash_table_lookup (sessions->table, token) : NULL;

  if (session && now - session->began >= VM_MESH_SESSION_TIME) {
    g_hash_table_remove (sessions->table, token);
    return NULL;
  }
  return session;
}

gboolean
vm_mesh_session_may_mint (VmMeshSession *session, gint64 now, GError **error)
{
  session->mints += (now - session->mints_at) / (gdouble) VM_MESH_MINT_TIME;
  session->mints = MIN (session->mints, VM_MESH_MINT_BURST);
  session->mints_at = now;
  if (session->mints < 1) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "Too many capabilities were asked for; try again in a second");
    return FALSE;
  }
  session->mints--;
  return TRUE;
}
