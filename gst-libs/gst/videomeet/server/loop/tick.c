/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The deadlines of a server's connections, and the turns of its loop. */

#include "server/loop/tick.h"
#include "server/conn.h"
#include "server/http/http.h"
#include "server/http/response.h"
#include "server/server-priv.h"
#include "server/servercluster.h"
#include "server/socket/unjoined.h"
#include "server/socket/ws.h"
#include "server/loop/tcpinfo.h"

/* libwebsockets keeps what the socket does not take, and has no timer for it
 * once a request has waited for its answer. */
static gboolean
is_untaken (VmConn *conn, gint64 now)
{
  VmRequest *request = conn->request;

  if (!conn->wsi || !lws_partial_buffered (conn->wsi))
    request->untaken_since = 0;
  else if (!request->untaken_since)
    request->untaken_since = now;
  return request->untaken_since
         && now - request->untaken_since >= conn->server->times.answer;
}

static gboolean
is_header_late (VmConn *conn, gint64 now)
{
  VmRequest *request = conn->request;

  if (!conn->wsi || request->began
      || vm_socket_received (lws_get_socket_fd (conn->wsi))
             <= request->received)
    request->header_since = 0;
  else if (!request->header_since)
    request->header_since = now;
  return request->header_since
         && now - request->header_since >= conn->server->times.request;
}

static gboolean
is_over (VmConn *conn, gint64 now)
{
  const VmRequest *request = conn->request;

  if (conn->ws)
    return vm_ws_tick (conn->ws, now);
  /* it was a WebSocket, and libwebsockets is about to say that it is gone */
  if (!request)
    return FALSE;
  if (is_untaken (conn, now))
    return TRUE;
  /* while a request waits for its answer, libwebsockets reads nothing more, so
   * it does not see the end of the connection either */
  if (vm_http_waits (conn))
    return conn->wsi && vm_socket_is_left (lws_get_socket_fd (conn->wsi));
  if (is_header_late (conn, now)) {
    vm_http_header_late (conn);
    return TRUE;
  }
  return conn->wsi && request->began
         && now - request->began >= conn->server->times.request;
}

void
vm_server_tick (VmServer *self, gint64 now)
{
  GHashTableIter iter;
  gpointer key;

  vm_rooms_tick (self->rooms, now);
  if (self->cluster)
    vm_server_cluster_tick (self->cluster, now);
  for (guint i = 0; self->protocols[i]; i++) {
    if (self->protocols[i]->tick)
      self->protocols[i]->tick (self, self->states[i], now);
  }
  vm_server_bound_unjoined (self);
  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    VmConn *conn = key;

    if (is_over (conn, now))
      vm_conn_cut (conn);
  }
}

static void
on_turn (uv_prepare_t *turn)
{
  vm_ws_send_unsent (turn->data);
  vm_http_write_answers (turn->data);
}

void
vm_server_begin_turns (VmServer *self)
{
  uv_prepare_init (&self->loop, &self->turn);
  self->turn.data = self;
  uv_prepare_start (&self->turn, on_turn);
}
