/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sessions of Engine.IO at another server of the cluster: a poll or a POST that
 * came here goes to the one that the sid names, which answers by way of this
 * one. It is passed on once: who is asked so and has no such session says that.
 * A WebSocket is not passed on: its client, refused, goes on polling
 * (protocol/cluster.md#polling). */

#include "server/dialect/socketio/session-priv.h"
#include "base/vmerror-priv.h"
#include "base/text.h"
#include "server/access/clientkey.h"
#include "server/http/response.h"

#include <string.h>

static void
give_up (VmConn *conn)
{
  vm_server_cluster_give_up (conn->server->cluster, conn->request->number);
}

gboolean
vm_session_forward (VmConn *conn, VmForwardKind kind, GError **error)
{
  static const VmHttpWait wait = { .forget = give_up };
  VmServerCluster *cluster = conn->server->cluster;
  const gchar *sid = vm_session_get_query (conn)->sid;
  const gchar *node = sid ? strchr (sid, '.') : NULL;
  g_autoptr (GBytes) body =
      conn->request->body
          ? g_bytes_new (conn->request->body->data, conn->request->body->len)
          : NULL;
  const VmForward forward = {
    .kind = kind, .sid = sid, .key = vm_conn_get_key (conn), .body = body
  };

  /* it may be any bytes, of which the other takes a name alone */
  if (!cluster || !node || !vm_text_is_name (sid, VM_FORWARD_SID_MAX)
      || !vm_server_cluster_is_other (cluster, node + 1))
    return FALSE;
  conn->request->number =
      vm_server_cluster_forward (cluster, node + 1, &forward, conn);
  if (!conn->request->number) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "Too many requests wait for other servers; try again later");
    return FALSE;
  }
  vm_http_wait (conn, &wait);
  return TRUE;
}

static gboolean
is (const VmSessionAsker *asker, const VmForward *forward)
{
  return asker->node && asker->number == forward->number
         && strcmp (asker->node, forward->node) == 0;
}

void
vm_session_take_forward (VmServer *server, const VmForward *forward)
{
  VmSession *session = vm_session_find (server, forward->sid, forward->key);
  VmSessionAsker asker = { .node = (gchar *) forward->node,
    .number = forward->number };

  if (forward->kind == VM_FORWARD_GET)
    vm_session_take_poll (server, session, &asker);
  else if (forward->kind == VM_FORWARD_POST)
    vm_session_take_post (server, session, &asker, forward->body);
  else if (session
           && (is (&session->poll, forward) || is (&session->post, forward)))
    vm_session_close (session, VM_CLOSE_POLICY, "the request was given up");
}

void
vm_session_take_forwarded (
    VmConn *conn, guint status, GBytes *body, gboolean gone)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) refusal = NULL;

  if (status) {
    vm_session_take_answer (conn, status, body);
    return;
  }
  if (gone) {
    refusal = vm_session_make_unknown ();
    vm_session_take_answer (conn, 400, refusal);
    return;
  }
  g_set_error (&error, VM_ERROR, VM_ERROR_DISCONNECTED,
      "The server of this session does not answer");
  refusal = vm_http_error_body (error);
  vm_session_take_answer (conn, vm_error_to_http_status (error->code), refusal);
}
