/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Engine.IO by requests: a GET waits for packets, a POST brings some. One of
 * each at a time: a second means that the client has lost count, and ends the
 * session, as does the loss of the one that waits. */

#include "server/dialect/socketio/session-priv.h"
#include "server/access/clientkey.h"
#include "server/http/response.h"
#include "server/http/samesite.h"

#include <string.h>

#define TEXT "text/plain; charset=UTF-8"
#define JSON "application/json"

static void
query_free (gpointer data)
{
  VmSessionQuery *query = data;

  g_free (query->sid);
  g_free (query->pin);
  g_free (query);
}

void
vm_session_take_query (VmConn *conn)
{
  VmSessionQuery *query = g_new0 (VmSessionQuery, 1);
  g_autofree gchar *protocol = vm_conn_get_argument (conn, "EIO");
  g_autofree gchar *transport = vm_conn_get_argument (conn, "transport");

  query->protocol_4 = g_strcmp0 (protocol, VM_ENGINE_PROTOCOL) == 0;
  query->websocket = g_strcmp0 (transport, "websocket") == 0;
  query->known = query->websocket || g_strcmp0 (transport, "polling") == 0;
  query->sid = vm_conn_get_argument (conn, "sid");
  query->pin = vm_conn_get_argument (conn, "pin");
  vm_conn_set_query (conn, query, query_free);
}

const VmSessionQuery *
vm_session_get_query (const VmConn *conn)
{
  return conn->request->query;
}

static int
refuse (VmConn *conn, const gchar *message)
{
  g_autoptr (GError) error =
      g_error_new_literal (VM_ERROR, VM_ERROR_BAD_REQUEST, message);

  return vm_http_reply_error (conn, 400, error, FALSE);
}

/* NULL: fine so far. */
static const gchar *
find_fault (VmConn *conn)
{
  const VmSessionQuery *query = vm_session_get_query (conn);

  if (conn->request->head_only)
    return "A session is polled by GET";
  if (!query->protocol_4)
    return "Only Engine.IO 4 is spoken here";
  if (!query->known || query->websocket)
    return "The transport must be polling, or a WebSocket";
  return NULL;
}

/* Answers */

GBytes *
vm_session_take_body (VmSession *session, gboolean far)
{
  GString *body = g_string_sized_new (session->queue_bytes + 64);
  GBytes *packet;

  /* what goes to another server has to go through NATS; the rest waits */
  while (!(far && body->len >= VM_FORWARD_ANSWER_FULL)
         && (packet = g_queue_pop_head (&session->queue))) {
    vm_engine_append (body, packet);
    session->queue_bytes -= g_bytes_get_size (packet);
    g_bytes_unref (packet);
    session->sessions->server->counters.messages_out++;
  }
  session->full_since = 0;
  return g_string_free_to_bytes (body);
}

static int
reply_text (VmConn *conn, guint status, GBytes *body)
{
  return vm_http_reply (
      conn, status, status == 200 ? TEXT : JSON, NULL, body, FALSE);
}

GBytes *
vm_session_make_unknown (void)
{
  static const gchar text[] = "{\"code\":1,\"message\":\"Session ID unknown\"}";

  return g_bytes_new_static (text, sizeof text - 1);
}

static void
stop_waiting (VmSessionAsker *asker)
{
  if (asker->conn)
    asker->conn->request->wait = NULL;
  g_free (asker->node);
  *asker = (VmSessionAsker){ NULL };
}

/* The poll that waits has all that there is by now. */
static int
write_poll (VmConn *conn)
{
  VmSession *session = conn->request->waits_for;
  g_autoptr (GBytes) body = NULL;

  if (session->poll.conn != conn || !session->queue.length)
    return 0;
  body = vm_session_take_body (session, FALSE);
  stop_waiting (&session->poll);
  return reply_text (conn, 200, body);
}

static void
forget (VmConn *conn)
{
  VmSession *session = conn->request->waits_for;

  stop_waiting (session->poll.conn == conn ? &session->poll : &session->post);
  vm_session_close (session, VM_CLOSE_POLICY, "the request was given up");
}

static void
wait_for_answer (
    VmSession *session, VmSessionAsker *place, VmSessionAsker *asker)
{
  static const VmHttpWait wait = { .write = write_poll, .forget = forget };

  *place = *asker;
  place->node = g_strdup (asker->node);
  if (!asker->conn)
    return;
  asker->conn->request->waits_for = session;
  vm_http_wait (asker->conn, &wait);
}

gboolean
vm_session_waits (const VmSessionAsker *asker)
{
  return asker->conn || asker->node;
}

void
vm_session_take_answer (VmConn *conn, guint status, GBytes *body)
{
  vm_http_answer (conn, status, status == 200 ? TEXT : JSON, body);
}

void
vm_session_answer (
    VmSession *session, VmSessionAsker *asker, guint status, GBytes *body)
{
  if (asker->conn)
    vm_session_take_answer (asker->conn, status, body);
  else
    vm_server_cluster_reply (session->sessions->server->cluster, asker->node,
        asker->number, status, body);
  stop_waiting (asker);
}

/* That of another server is answered by what there is now. */
void
vm_session_wake (VmSession *session)
{
  g_autoptr (GBytes) body = NULL;

  if (session->poll.conn) {
    vm_http_write_soon (session->poll.conn);
    return;
  }
  body = vm_session_take_body (session, TRUE);
  vm_session_answer (session, &session->poll, 200, body);
}

/* Requests */

static int
refuse_page (VmConn *conn)
{
  g_autoptr (GError) error = g_error_new (
      VM_ERROR, VM_ERROR_WRONG_ORIGIN, "A page of another origin asked");

  return vm_http_reply_error (conn, 0, error, FALSE);
}

static int
open_session (VmConn *conn)
{
  const VmRoomCaller caller = { conn->server, conn->group,
    vm_conn_get_key (conn), vm_session_get_query (conn)->pin, conn->pass,
    NULL };
  g_autoptr (GError) error = NULL;
  VmSession *session =
      vm_session_new (vm_sessions_of (conn->server), &caller, NULL, &error);
  g_autoptr (GBytes) greeting = session ? vm_session_greet (session) : NULL;

  return greeting ? reply_text (conn, 200, greeting)
                  : vm_http_reply_error (conn, 0, error, FALSE);
}

/* An answer at once. */
static int
reply (
    VmServer *server, const VmSessionAsker *asker, guint status, GBytes *body)
{
  if (asker->conn)
    return reply_text (asker->conn, status, body);
  vm_server_cluster_reply (
      server->cluster, asker->node, asker->number, status, body);
  return 0;
}

static int
reply_error (VmServer *server, const VmSessionAsker *asker, const GError *error)
{
  g_autoptr (GBytes) body = vm_http_error_body (error);

  return reply (server, asker, 400, body);
}

static int
reply_fault (
    VmServer *server, const VmSessionAsker *asker, const gchar *message)
{
  g_autoptr (GError) error =
      g_error_new_literal (VM_ERROR, VM_ERROR_BAD_REQUEST, message);

  return reply_error (server, asker, error);
}

static int
reply_unknown (VmServer *server, const VmSessionAsker *asker)
{
  g_autoptr (GBytes) body = vm_session_make_unknown ();

  return reply (server, asker, 400, body);
}

/* NULL: there is none that may be polled. */
static VmSession *
find_polled (VmConn *conn)
{
  VmSession *session = vm_session_find (
      conn->server, vm_session_get_query (conn)->sid, vm_conn_get_key (conn));

  return session && !session->ws ? session : NULL;
}

int
vm_session_take_poll (
    VmServer *server, VmSession *session, VmSessionAsker *asker)
{
  g_autoptr (GBytes) body = NULL;

  if (!session || session->ws)
    return reply_unknown (server, asker);
  if (vm_session_waits (&session->poll)) {
    vm_session_close (session, VM_CLOSE_POLICY, "two polls");
    return reply_fault (
        server, asker, "The session was polled twice at a time");
  }
  if (!session->queue.length) {
    wait_for_answer (session, &session->poll, asker);
    return 0;
  }
  body = vm_session_take_body (session, !asker->conn);
  return reply (server, asker, 200, body);
}

int
vm_session_get (VmConn *conn)
{
  const gchar *fault = find_fault (conn);
  VmSessionAsker asker = { .conn = conn };
  g_autoptr (GError) error = NULL;
  VmSession *session;

  if (fault)
    return refuse (conn, fault);
  if (!vm_session_get_query (conn)->sid)
    return vm_http_is_admitted (conn) ? open_session (conn)
                                      : refuse_page (conn);
  session = find_polled (conn);
  if (!session && vm_session_forward (conn, VM_FORWARD_GET, &error))
    return 0;
  if (error)
    return vm_http_reply_error (conn, 0, error, FALSE);
  return vm_session_take_poll (conn->server, session, &asker);
}

/* FALSE with @error: what came makes no sense. */
static gboolean
receive_body (VmSession *session, GBytes *body, GError **error)
{
  VmEngineReader reader;
  VmEnginePacket packet;
  GError *reason = NULL;
  gsize size;
  const gchar *data = g_bytes_get_data (body, &size);

  vm_engine_reader_init (&reader, data, size);
  while (!session->over && vm_engine_reader_next (&reader, &packet, &reason)
         && vm_session_receive (session, &packet, &reason))
    session->credit--;
  if (!reason)
    return TRUE;
  g_propagate_error (error, reason);
  return FALSE;
}

static void
tell_of_flood (VmSession *session, gint64 now)
{
  g_autoptr (GError) error = g_error_new (VM_ERROR, VM_ERROR_RATE_LIMITED,
      "More than %u messages a second are not read", VM_MESSAGE_RATE);

  if (session->flooded_since)
    return;
  session->flooded_since = now;
  vm_socket_guest_tell (session->guest, error);
}

/* What was taken; more is not read before it is paid for. */
static int
take_body (
    VmServer *server, VmSession *session, VmSessionAsker *asker, GBytes *body)
{
  gint64 now = g_get_monotonic_time ();
  g_autoptr (GBytes) ok = g_bytes_new_static ("ok", 2);
  g_autoptr (GError) error = NULL;

  vm_session_refill (session, now);
  if (!receive_body (session, body, &error)) {
    vm_session_close (session, VM_CLOSE_POLICY, "bad packet");
    return reply_error (server, asker, error);
  }
  if (session->over) {
    vm_session_close (session, VM_CLOSE_NORMAL, session->over);
  } else if (session->credit < 1) {
    wait_for_answer (session, &session->post, asker);
    tell_of_flood (session, now);
    return 0;
  }
  return reply (server, asker, 200, ok);
}

int
vm_session_take_post (
    VmServer *server, VmSession *session, VmSessionAsker *asker, GBytes *body)
{
  if (!session || session->ws)
    return reply_unknown (server, asker);
  if (!vm_session_waits (&session->post))
    return take_body (server, session, asker, body);
  vm_session_close (session, VM_CLOSE_POLICY, "two requests");
  return reply_fault (server, asker, "The session was sent to twice at a time");
}

int
vm_session_post (VmConn *conn)
{
  const gchar *fault = find_fault (conn);
  VmSessionAsker asker = { .conn = conn };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;
  VmSession *session;

  if (fault)
    return refuse (conn, fault);
  session = find_polled (conn);
  if (!session && vm_session_forward (conn, VM_FORWARD_POST, &error))
    return 0;
  if (error)
    return vm_http_reply_error (conn, 0, error, FALSE);
  body = g_bytes_new (conn->request->body->data, conn->request->body->len);
  return vm_session_take_post (conn->server, session, &asker, body);
}
