/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/dialect/socketio/session-priv.h"
#include "base/text.h"
#include "server/http/status.h"

#define SID_BYTES 18 /* of randomness: 24 characters of base64 */

/* Sessions */

VmSessions *
vm_sessions_of (VmServer *server)
{
  return vm_server_get_state (server, &vm_protocol_socketio);
}

VmSession *
vm_session_find (VmServer *server, const gchar *sid, const gchar *key)
{
  VmSession *session =
      sid ? g_hash_table_lookup (vm_sessions_of (server)->sessions, sid) : NULL;

  if (session && session->key && g_strcmp0 (session->key, key) != 0)
    return NULL;
  return session;
}

static guint
count_group (VmSessions *sessions, const gchar *group)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (sessions->groups, group));
}

/* Sessions without a WebSocket have no connection that is counted. */
static void
begin_polling (VmSession *session)
{
  VmSessions *sessions = session->sessions;

  sessions->n_polling++;
  g_hash_table_insert (sessions->groups, g_strdup (session->group),
      GUINT_TO_POINTER (count_group (sessions, session->group) + 1));
}

static void
end_polling (VmSession *session)
{
  VmSessions *sessions = session->sessions;
  guint count = count_group (sessions, session->group);

  sessions->n_polling--;
  if (count > 1)
    g_hash_table_insert (sessions->groups, g_strdup (session->group),
        GUINT_TO_POINTER (count - 1));
  else
    g_hash_table_remove (sessions->groups, session->group);
}

gboolean
vm_sessions_take_more (VmSessions *sessions, GError **error)
{
  return !sessions->server->draining || vm_rooms_refuse_closing (error);
}

/* Of the address that has most of them all, its latest. */
static VmSession *
find_dispensable (VmSessions *sessions)
{
  VmSession *found = NULL;
  guint most = 0;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, sessions->sessions);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    VmSession *session = value;
    guint n = session->ws ? 0 : count_group (sessions, session->group);

    if (n > most || (n && n == most && session->began > found->began)) {
      found = session;
      most = n;
    }
  }
  return found;
}

/* A few addresses cannot keep everybody else out: whoever has fewer takes its
 * share from whoever has most. */
static gboolean
make_room (VmSessions *sessions, guint count)
{
  VmSession *other;

  if (sessions->n_polling < VM_ENGINE_POLLING_MAX)
    return TRUE;
  other = find_dispensable (sessions);
  if (count_group (sessions, other->group) <= count + 1)
    return FALSE;
  vm_session_close (other, VM_CLOSE_POLICY, "others come");
  return TRUE;
}

static gboolean
has_room (VmSessions *sessions, const gchar *group, GError **error)
{
  guint count = count_group (sessions, group);

  if (!vm_sessions_take_more (sessions, error))
    return FALSE;
  if (count < sessions->server->max_per_address && make_room (sessions, count))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "Too many sessions are open, of this address or of all");
  return FALSE;
}

/* In a cluster it names this server, whom others then pass requests on to. */
static gchar *
make_sid (VmSessions *sessions)
{
  const gchar *node = sessions->server->cluster ? vm_server_cluster_get_node (
                          sessions->server->cluster)
                                                : NULL;
  guint8 bytes[SID_BYTES];
  g_autofree gchar *text = NULL;

  vm_server_random (bytes, sizeof bytes, sessions->server);
  text = g_base64_encode (bytes, sizeof bytes);
  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  return node ? g_strconcat (text, ".", node, NULL) : g_steal_pointer (&text);
}

VmSession *
vm_session_new (
    VmSessions *sessions, const VmRoomCaller *caller, VmWs *ws, GError **error)
{
  const VmServerTimes *times = &sessions->server->times;
  gint64 now = g_get_monotonic_time ();
  VmSession *session;

  if (!ws && !has_room (sessions, caller->group, error))
    return NULL;
  session = g_new0 (VmSession, 1);
  session->sessions = sessions;
  session->sid = make_sid (sessions);
  session->group = vm_text_share (caller->group);
  session->key = g_strdup (caller->key);
  session->guest = vm_socket_guest_new (session, caller);
  session->ws = ws;
  g_queue_init (&session->queue);
  session->began = now;
  session->ping_at = now + times->engine_ping;
  session->connect_by = now + times->first_message;
  session->credit = VM_MESSAGE_BURST;
  session->credit_at = now;
  g_hash_table_insert (sessions->sessions, session->sid, session);
  if (!ws)
    begin_polling (session);
  return session;
}

GBytes *
vm_session_greet (VmSession *session)
{
  const VmServerTimes *times = &session->sessions->server->times;
  const VmEngineHandshake handshake = {
    .sid = session->sid,
    .upgrades = session->ws == NULL,
    .ping_interval = times->engine_ping,
    .ping_timeout = times->engine_pong,
  };

  return vm_engine_handshake_new (&handshake);
}

/* The last that a client hears of a session that it polls: what waits, else the
 * end of it, but not both, for socket.io-client takes the end first and drops
 * what came before. Whoever has not heard it does at the next poll. */
static void
answer_all (VmSession *session)
{
  g_autoptr (GBytes) close = vm_engine_packet_new (VM_ENGINE_CLOSE, NULL, 0);
  g_autoptr (GBytes) ok = g_bytes_new_static ("ok", 2);
  g_autoptr (GBytes) waiting = NULL;

  if (vm_session_waits (&session->poll)) {
    if (session->queue.length)
      waiting = vm_session_take_body (session, !session->poll.conn);
    vm_session_answer (session, &session->poll, 200, waiting ? waiting : close);
  }
  if (vm_session_waits (&session->post))
    vm_session_answer (session, &session->post, 200, ok);
}

void
vm_session_close (VmSession *session, guint code, const gchar *reason)
{
  VmWs *ws = g_steal_pointer (&session->ws);
  VmWs *probe = g_steal_pointer (&session->probe);

  g_debug ("a session of Engine.IO ends: %s", reason);
  if (!ws)
    end_polling (session);
  g_hash_table_remove (session->sessions->sessions, session->sid);
  answer_all (session);
  /* nothing is sent any more, the model's goodbye neither */
  session->over = reason;
  vm_socket_guest_free (session->guest);
  if (ws) {
    ws->peer = NULL;
    if (code)
      vm_ws_close (ws, code, reason, FALSE);
  }
  if (probe) {
    probe->peer = NULL;
    vm_ws_close (probe, VM_CLOSE_POLICY, reason, FALSE);
  }
  g_queue_clear_full (&session->queue, (GDestroyNotify) g_bytes_unref);
  g_free (session->sid);
  vm_text_unshare (session->group);
  g_free (session->key);
  g_free (session);
}

/* Sending */

/* As a WebSocket's queue, see ws.c. */
static gboolean
is_slow (VmSession *session, gsize size)
{
  gint64 now = g_get_monotonic_time ();

  if (session->queue_bytes + size > VM_QUEUE_BYTES)
    return TRUE;
  if (session->queue.length < VM_QUEUE_MESSAGES)
    return FALSE;
  if (!session->full_since)
    session->full_since = now;
  return now - session->full_since >= session->sessions->server->times.queue;
}

void
vm_session_send (VmSession *session, GBytes *packet)
{
  if (session->over)
    return;
  if (session->ws) {
    vm_ws_send (session->ws, packet);
    return;
  }
  if (is_slow (session, g_bytes_get_size (packet))) {
    session->over = "too slow";
    return;
  }
  g_queue_push_tail (&session->queue, g_bytes_ref (packet));
  session->queue_bytes += g_bytes_get_size (packet);
  if (vm_session_waits (&session->poll))
    vm_session_wake (session);
}

static void
send_type (VmSession *session, VmEngineType type)
{
  g_autoptr (GBytes) packet = vm_engine_packet_new (type, NULL, 0);

  vm_session_send (session, packet);
}

/* What waits for polls goes first. */
void
vm_session_move (VmSession *session, VmWs *ws)
{
  g_autoptr (GBytes) noop = vm_engine_packet_new (VM_ENGINE_NOOP, NULL, 0);
  GBytes *packet;

  end_polling (session);
  session->probe = NULL;
  session->ws = ws;
  ws->first_due = FALSE;
  if (vm_session_waits (&session->poll))
    vm_session_answer (session, &session->poll, 200, noop);
  while ((packet = g_queue_pop_head (&session->queue))) {
    vm_ws_queue (ws, packet);
    g_bytes_unref (packet);
  }
  session->queue_bytes = 0;
  session->full_since = 0;
}

/* Receiving */

static gboolean
bad (GError **error, const gchar *message)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, message);
  return FALSE;
}

static void
take_pong (VmSession *session)
{
  session->pong_by = 0;
  session->answers = TRUE;
  session->ping_at =
      g_get_monotonic_time () + session->sessions->server->times.engine_ping;
}

gboolean
vm_session_receive (
    VmSession *session, const VmEnginePacket *packet, GError **error)
{
  if (session->over)
    return TRUE;
  switch (packet->type) {
    case VM_ENGINE_MESSAGE:
      session->sessions->server->counters.messages_in += !session->ws;
      /* what is binary has been refused by what announced it */
      return packet->binary
             || vm_socket_guest_receive (
                 session->guest, packet->data, packet->size, error);
    case VM_ENGINE_PONG:
      take_pong (session);
      return TRUE;
    case VM_ENGINE_CLOSE:
      vm_socket_guest_leave (session->guest);
      session->over = "bye";
      return TRUE;
    case VM_ENGINE_NOOP:
      return TRUE;
    default:
      return bad (error, "A client does not send packets of this type now");
  }
}

void
vm_session_refill (VmSession *session, gint64 now)
{
  session->credit +=
      (now - session->credit_at) * VM_MESSAGE_RATE / (gdouble) G_USEC_PER_SEC;
  session->credit = MIN (session->credit, VM_MESSAGE_BURST);
  session->credit_at = now;
}

/* Time */

/* The client waits for its POST before it sends the next. */
static void
tick_rate (VmSession *session, gint64 now)
{
  g_autoptr (GBytes) ok = g_bytes_new_static ("ok", 2);

  vm_session_refill (session, now);
  if (session->credit >= VM_MESSAGE_RATE)
    session->flooded_since = 0;
  if (vm_session_waits (&session->post) && session->credit >= 1)
    vm_session_answer (session, &session->post, 200, ok);
  if (session->flooded_since
      && now - session->flooded_since >= session->sessions->server->times.flood)
    session->over = "too many messages";
}

/* Of a session that is polled, and that others wait for: a dead one is found
 * soon, as vm_ws_tick() finds those that have a WebSocket. */
static gboolean
is_ping_due (VmSession *session, gint64 now)
{
  const VmServerTimes *times = &session->sessions->server->times;
  gint64 sooner = times->engine_ping - times->awaited_ping;

  if (session->ws || sooner < 0 || !vm_socket_guest_is_awaited (session->guest))
    sooner = 0;
  return now >= session->ping_at - sooner;
}

static gint64
get_pong_time (VmSession *session)
{
  const VmServerTimes *times = &session->sessions->server->times;

  if (session->ws || !session->answers
      || !vm_socket_guest_is_awaited (session->guest))
    return times->engine_pong;
  return MIN (times->engine_pong, times->awaited_pong);
}

static void
tick_ping (VmSession *session, gint64 now)
{
  gint64 pong = get_pong_time (session);

  /* it was not silent, it was not listened to */
  if (session->pong_by
      && (vm_session_waits (&session->post)
          || (session->ws && session->ws->paused)))
    session->pong_by = now + pong;
  if (session->pong_by && now >= session->pong_by) {
    session->over = "no answer";
  } else if (!session->pong_by && is_ping_due (session, now)) {
    session->pong_by = now + pong;
    send_type (session, VM_ENGINE_PING);
  }
}

static void
tick_one (VmSession *session, gint64 now)
{
  if (vm_socket_guest_is_connected (session->guest))
    session->connect_by = now + session->sessions->server->times.first_message;
  else if (now >= session->connect_by)
    session->over = "not connected";
  if (!session->ws)
    tick_rate (session, now);
  tick_ping (session, now);
  /* its WebSocket works: the client waits for this poll before it changes
   * over */
  if (session->probed && vm_session_waits (&session->poll)
      && !session->queue.length)
    send_type (session, VM_ENGINE_NOOP);
  if (session->over)
    vm_session_close (session, VM_CLOSE_POLICY, session->over);
}

/* The protocol at a server */

/* The deadlines of all. */
static void
tick (VmServer *server, gpointer state, gint64 now)
{
  VmSessions *sessions = state;
  g_autoptr (GList) all = g_hash_table_get_values (sessions->sessions);

  for (GList *l = all; l; l = l->next)
    tick_one (l->data, now);
}

static void
close_all (gpointer state)
{
  VmSessions *sessions = state;
  g_autoptr (GList) all = g_hash_table_get_values (sessions->sessions);

  /* none hears that another has left */
  for (GList *l = all; l; l = l->next)
    ((VmSession *) l->data)->over = "stopping";
  for (GList *l = all; l; l = l->next)
    vm_session_close (l->data, VM_CLOSE_GOING_AWAY, "stopping");
}

static gpointer
create (VmServer *server)
{
  VmSessions *sessions = g_new0 (VmSessions, 1);

  sessions->server = server;
  sessions->sessions = g_hash_table_new (g_str_hash, g_str_equal);
  sessions->groups =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return sessions;
}

static void
destroy (gpointer state)
{
  VmSessions *sessions = state;

  close_all (sessions);
  g_hash_table_unref (sessions->sessions);
  g_hash_table_unref (sessions->groups);
  g_free (sessions);
}

static void
add_metrics (gpointer state, GString *text)
{
  const VmSessions *sessions = state;

  vm_http_add_metric (text, "polling_sessions", "gauge",
      "Sessions of Socket.IO without a WebSocket.", sessions->n_polling);
}

/* Engine.IO tells its clients its own limit, and its bodies are no JSON. */
#define ROUTE(path_)                                                  \
  {                                                                   \
    .path = path_, .get = vm_session_get, .post = vm_session_post,    \
    .upgrade = vm_session_upgrade, .read_url = vm_session_take_query, \
    .body_max = VM_ENGINE_PAYLOAD_MAX,                                \
  }

static const VmRoute routes[] = {
  ROUTE ("/socket.io/"),
  ROUTE ("/socket.io"),
  { NULL },
};

const VmServerProtocol vm_protocol_socketio = {
  .name = "socketio",
  .routes = routes,
  .create = create,
  .destroy = destroy,
  .close = close_all,
  .tick = tick,
  .add_metrics = add_metrics,
  .take_forward = vm_session_take_forward,
  .take_forwarded = vm_session_take_forwarded,
};
