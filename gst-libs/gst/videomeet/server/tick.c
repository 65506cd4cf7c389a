/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The deadlines of a server's connections. */

#include "meetings.h"
#include "server-priv.h"
#include "ws.h"

/* libwebsockets keeps what the socket does not take, and has no timer for it once a
 * request has waited for its answer. */
static gboolean
is_untaken (VmConn *conn, gint64 now)
{
  if (!conn->wsi || !lws_partial_buffered (conn->wsi))
    conn->untaken_since = 0;
  else if (!conn->untaken_since)
    conn->untaken_since = now;
  return conn->untaken_since
         && now - conn->untaken_since >= conn->server->times.answer;
}

static gboolean
is_over (VmConn *conn, gint64 now)
{
  if (conn->ws)
    return vm_ws_tick (conn->ws, now);
  if (is_untaken (conn, now))
    return TRUE;
  /* while a request waits for its answer, libwebsockets reads nothing more, so
   * it does not see the end of the connection either */
  if (conn->serial || conn->session)
    return conn->wsi && vm_socket_is_left (lws_get_socket_fd (conn->wsi));
  return conn->wsi && conn->request_began
         && now - conn->request_began >= conn->server->times.request;
}

void
vm_server_tick (VmServer *self, gint64 now)
{
  GHashTableIter iter;
  gpointer key;

  vm_rooms_tick (vm_meetings_get_rooms (self->meetings), now);
  if (self->cluster)
    vm_server_cluster_tick (self->cluster, now);
  if (self->user_calls)
    vm_calls_tick (self->user_calls, self->times.ring, now);
  vm_mesh_tick (self->mesh);
  vm_sessions_tick (self->sessions, now);
  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    VmConn *conn = key;

    if (is_over (conn, now))
      vm_conn_cut (conn);
  }
}
