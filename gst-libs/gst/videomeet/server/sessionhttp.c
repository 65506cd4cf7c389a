/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Engine.IO by requests: a GET waits for packets, a POST brings some. One of each
 * at a time: a second means that the client has lost count, and ends the
 * session, as does the loss of the one that waits. */

#include "session-priv.h"

#include <string.h>

#define TEXT "text/plain; charset=UTF-8"
#define SID_MAX 64 /* longer ones are nobody's */

gboolean
vm_session_is_path (const gchar *path)
{
  return path
         && (strcmp (path, "/socket.io/") == 0
             || strcmp (path, "/socket.io") == 0);
}

/* One that is too long for the buffer is cut, and wrong either way. */
static gchar *
get_argument (VmConn *conn, const gchar *name)
{
  gchar value[MAX (SID_MAX, 2 * VM_PIN_MAX)];

  return g_strdup (
      lws_get_urlarg_by_name (conn->wsi, name, value, sizeof value));
}

void
vm_session_take_query (VmConn *conn)
{
  VmSessionQuery *query = g_new0 (VmSessionQuery, 1);
  g_autofree gchar *protocol = get_argument (conn, "EIO=");
  g_autofree gchar *transport = get_argument (conn, "transport=");

  query->protocol_4 = g_strcmp0 (protocol, VM_ENGINE_PROTOCOL) == 0;
  query->websocket = g_strcmp0 (transport, "websocket") == 0;
  query->known = query->websocket || g_strcmp0 (transport, "polling") == 0;
  query->sid = get_argument (conn, "sid=");
  query->pin = get_argument (conn, "pin=");
  g_clear_pointer (&conn->session_query, vm_session_query_free);
  conn->session_query = query;
}

void
vm_session_query_free (VmSessionQuery *query)
{
  g_free (query->sid);
  g_free (query->pin);
  g_free (query);
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
  const VmSessionQuery *query = conn->session_query;

  if (conn->head)
    return "A session is polled by GET";
  if (!query->protocol_4)
    return "Only Engine.IO 4 is spoken here";
  if (!query->known || query->websocket)
    return "The transport must be polling, or a WebSocket";
  return NULL;
}

/* Answers */

GBytes *
vm_session_take_body (VmSession *session)
{
  GString *body = g_string_sized_new (session->queue_bytes + 64);
  GBytes *packet;

  while ((packet = g_queue_pop_head (&session->queue))) {
    vm_engine_append (body, packet);
    g_bytes_unref (packet);
    session->sessions->server->counters.messages_out++;
  }
  session->queue_bytes = 0;
  session->full_since = 0;
  return g_string_free_to_bytes (body);
}

static int
reply_text (VmConn *conn, guint status, GBytes *body)
{
  return vm_http_reply (conn, status, TEXT, NULL, body, FALSE);
}

/* As one that waits for trust does (trust.c). */
static void
wait_for_answer (VmConn *conn, VmSession *session)
{
  conn->session = session;
  conn->request_began = 0;
  lws_set_timeout (conn->wsi, NO_PENDING_TIMEOUT, 0);
  lws_rx_flow_control (conn->wsi, 0);
}

static void
write_soon (VmConn *conn)
{
  conn->request_began = g_get_monotonic_time ();
  lws_rx_flow_control (conn->wsi, 1);
  lws_callback_on_writable (conn->wsi);
}

static void
stop_waiting (VmConn *conn)
{
  VmSession *session = g_steal_pointer (&conn->session);

  if (session->poll == conn)
    session->poll = NULL;
  if (session->post == conn)
    session->post = NULL;
}

void
vm_session_answer (VmConn *conn, guint status, GBytes *body)
{
  conn->server->sessions->n_answers++;
  conn->session_status = status;
  conn->session_answer = g_bytes_ref (body);
  stop_waiting (conn);
  write_soon (conn);
}

void
vm_session_wake (VmSession *session)
{
  lws_rx_flow_control (session->poll->wsi, 1);
  lws_callback_on_writable (session->poll->wsi);
}

int
vm_session_writeable (VmConn *conn)
{
  g_autoptr (GBytes) body = g_steal_pointer (&conn->session_answer);

  if (body) {
    conn->server->sessions->n_answers--;
    return reply_text (conn, conn->session_status, body);
  }
  if (!conn->session || conn->session->poll != conn
      || !conn->session->queue.length)
    return 0;
  body = vm_session_take_body (conn->session);
  stop_waiting (conn);
  return reply_text (conn, 200, body);
}

void
vm_session_forget (VmConn *conn)
{
  VmSession *session = conn->session;

  g_clear_pointer (&conn->session_query, vm_session_query_free);
  if (conn->session_answer)
    conn->server->sessions->n_answers--;
  g_clear_pointer (&conn->session_answer, g_bytes_unref);
  if (!session)
    return;
  stop_waiting (conn);
  vm_session_close (session, VM_CLOSE_POLICY, "the request was given up");
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
    vm_conn_get_key (conn), conn->session_query->pin, conn->pass, NULL };
  g_autoptr (GError) error = NULL;
  VmSession *session =
      vm_session_new (conn->server->sessions, &caller, NULL, &error);
  g_autoptr (GBytes) greeting = session ? vm_session_greet (session) : NULL;

  return greeting ? reply_text (conn, 200, greeting)
                  : vm_http_reply_error (conn, 0, error, FALSE);
}

/* NULL: there is none that may be polled. */
static VmSession *
find_polled (VmConn *conn)
{
  VmSession *session = vm_session_find (conn);

  return session && !session->ws ? session : NULL;
}

int
vm_route_session_get (VmConn *conn)
{
  const gchar *fault = find_fault (conn);
  VmSession *session;
  g_autoptr (GBytes) body = NULL;

  if (fault)
    return refuse (conn, fault);
  if (!conn->session_query->sid)
    return vm_http_is_admitted (conn) ? open_session (conn)
                                      : refuse_page (conn);
  session = find_polled (conn);
  if (!session)
    return refuse (conn, "There is no such session to be polled");
  if (session->poll) {
    vm_session_close (session, VM_CLOSE_POLICY, "two polls");
    return refuse (conn, "The session was polled twice at a time");
  }
  if (!session->queue.length) {
    session->poll = conn;
    wait_for_answer (conn, session);
    return 0;
  }
  body = vm_session_take_body (session);
  return reply_text (conn, 200, body);
}

/* FALSE with @error: what came makes no sense. */
static gboolean
receive_body (VmSession *session, GByteArray *body, GError **error)
{
  VmEngineReader reader;
  VmEnginePacket packet;
  GError *reason = NULL;

  vm_engine_reader_init (&reader, (const gchar *) body->data, body->len);
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
take_body (VmConn *conn, VmSession *session)
{
  gint64 now = g_get_monotonic_time ();
  g_autoptr (GBytes) ok = g_bytes_new_static ("ok", 2);
  g_autoptr (GError) error = NULL;

  vm_session_refill (session, now);
  if (!receive_body (session, conn->body, &error)) {
    vm_session_close (session, VM_CLOSE_POLICY, "bad packet");
    return vm_http_reply_error (conn, 400, error, FALSE);
  }
  if (session->over) {
    vm_session_close (session, VM_CLOSE_NORMAL, session->over);
  } else if (session->credit < 1) {
    session->post = conn;
    wait_for_answer (conn, session);
    tell_of_flood (session, now);
    return 0;
  }
  return reply_text (conn, 200, ok);
}

int
vm_route_session_post (VmConn *conn)
{
  const gchar *fault = find_fault (conn);
  VmSession *session;

  if (fault)
    return refuse (conn, fault);
  session = find_polled (conn);
  if (!session)
    return refuse (conn, "There is no such session to be sent to");
  if (!session->post)
    return take_body (conn, session);
  vm_session_close (session, VM_CLOSE_POLICY, "two requests");
  return refuse (conn, "The session was sent to twice at a time");
}
