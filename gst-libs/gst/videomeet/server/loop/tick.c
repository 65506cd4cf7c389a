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

#define LATER                                                    \
  (5 * G_USEC_PER_SEC) /* for a connection to say its first byte \
                        */

/* libwebsockets keeps what the socket does not take, and has no timer for it.
 */
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

/* TLS is part of the first request. */
static gboolean
is_idle (VmConn *conn, gint64 now)
{
  gint64 time = conn->asked ? VM_HTTP_IDLE_SECONDS * G_USEC_PER_SEC
                            : conn->server->times.request + LATER;

  return !conn->request->input && now - conn->request->idle_since >= time;
}

static gboolean
is_over (VmConn *conn, gint64 now)
{
  const VmRequest *request = conn->request;
  gint64 time = conn->server->times.request;

  if (conn->ended)
    return now >= conn->deadline;
  if (conn->ws)
    return vm_ws_tick (conn->ws, now);
  /* it was a WebSocket, and libwebsockets is about to say that it is gone */
  if (!request || !conn->wsi)
    return FALSE;
  if (is_untaken (conn, now))
    return TRUE;
  /* while a request waits for its answer, nothing more is read, so the end of
   * the connection is not seen either */
  if (vm_http_waits (conn))
    return vm_socket_is_left (lws_get_socket_fd (conn->wsi));
  if (request->header_since && now - request->header_since >= time) {
    vm_http_header_late (conn);
    return FALSE;
  }
  return request->began ? now - request->began >= time : is_idle (conn, now);
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
