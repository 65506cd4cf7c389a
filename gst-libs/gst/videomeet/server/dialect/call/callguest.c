/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls at a WebSocket (protocol/calls.md): a client that is known by its URL,
 * or by what it says first. A socket that is lost ends its call; one that is
 * new may bring a call that goes on (callclaims.c). */

#include "server/dialect/call/callguest.h"
#include "base/text.h"
#include "call/calls.h"
#include "cluster/shared/callshare.h"
#include "server/access/admit.h"
#include "server/http/status.h"
#include "server/server-priv.h"
#include "server/serverconfig.h"
#include "server/socket/ws.h"
#include "wire/call/callclient.h"

/* At one server. */
typedef struct
{
  VmServer *server;
  VmCalls *calls; /* NULL: there are none here */
  VmCallShare *share; /* with other servers, or NULL */
} Calls;

/* Names of the URL, or NULL. */
typedef struct
{
  gchar *user, *name, *other, *id;
} Url;

typedef struct
{
  VmWs *ws;
  VmCallUser *user; /* NULL: not registered */
  VmCallRequest *call_request; /* to be one, or NULL */
  gboolean
      registers; /* its request is being made, and may be answered at once */
  gchar *claim_id, *claim_other; /* of a call that goes on, while it requests */
  GQueue early; /* of GBytes: what was said before that is answered */
} VmCallGuest;

static VmCalls *
calls_of (VmServer *server)
{
  Calls *self = vm_server_get_state (server, &vm_protocol_call);

  return self->calls;
}

static void
send_message (VmCallGuest *guest, const VmCallMessage *message)
{
  g_autoptr (GBytes) bytes = vm_call_message_format (message);

  vm_ws_send (guest->ws, bytes);
}

/* A VmCallsSend. */
static void
on_send (gpointer peer, const VmCallMessage *message, gpointer user_data)
{
  VmCallGuest *guest = peer;
  VmCallMessage with = *message;

  if (message->type != VM_CALL_REGISTERED) {
    send_message (guest, message);
    return;
  }
  vm_server_grant_ice (guest->ws->conn->server, &with.ice);
  send_message (guest, &with);
  vm_ice_grant_clear (&with.ice);
}

/* A VmCallsMissed. */
static void
on_missed (const gchar *callee, const gchar *caller, gpointer user_data)
{
  VmServer *server = user_data;

  /* whoever is cut off by this server has hung up on nobody */
  if (!server->stopping)
    vm_notify_push (
        server->notify, VM_NOTIFY_CALL_MISSED, caller, callee, caller);
}

static void
send_error (VmCallGuest *guest, const GError *error)
{
  g_autoptr (VmCallMessage) message = vm_call_message_new_error (error);

  send_message (guest, message);
}

static void take_early (VmCallGuest *guest);

static void
on_registered (VmCallUser *user, const GError *error, gpointer user_data)
{
  VmCallGuest *guest = user_data;
  g_autofree gchar *call_id = g_steal_pointer (&guest->claim_id);
  g_autofree gchar *other = g_steal_pointer (&guest->claim_other);

  guest->call_request = NULL;
  guest->user = user;
  if (user)
    vm_call_user_claim (user, call_id, other);
  else
    send_error (guest, error);
  take_early (guest);
}

static gboolean
register_as (VmCallGuest *guest, const gchar *id, const gchar *name,
    const gchar *call_id, const gchar *other, GError **error)
{
  VmConn *conn = guest->ws->conn;
  VmServer *server = conn->server;
  const VmAccessTokenUse use = { .user = id };

  if (server->draining)
    return vm_rooms_refuse_closing (error);
  if (!vm_server_admits (server, conn->pass, &use, conn->group, error))
    return FALSE;
  guest->user =
      vm_calls_take_over (calls_of (server), id, call_id, other, guest);
  if (guest->user)
    return TRUE;
  guest->claim_id = g_strdup (call_id);
  guest->claim_other = g_strdup (other);
  guest->registers = TRUE;
  guest->call_request = vm_calls_request_user (calls_of (server), id, name,
      guest, g_get_monotonic_time (), on_registered, guest);
  guest->registers = FALSE;
  return TRUE;
}

static gboolean
take (VmCallGuest *guest, VmCallMessage *message, GError **error)
{
  if (message->type == VM_CALL_ERROR && !guest->user)
    return TRUE;
  if (guest->user)
    return vm_call_user_receive (
        guest->user, message, g_get_monotonic_time (), error);
  if (message->type == VM_CALL_REGISTER)
    return register_as (guest, message->user_id, message->username,
        message->call_id, message->to, error);
  g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
      "Nobody can be reached before a user is registered");
  return FALSE;
}

static void
read_message (VmCallGuest *guest, GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmCallMessage) message =
      vm_call_message_parse (VM_CALL_SIDE_SERVER, bytes, &error);

  if (!message || !take (guest, message, &error))
    send_error (guest, error);
}

static void
take_early (VmCallGuest *guest)
{
  GBytes *bytes;

  /* what comes next may make another request */
  while (!guest->registers && !guest->call_request
         && (bytes = g_queue_pop_head (&guest->early))) {
    read_message (guest, bytes);
    g_bytes_unref (bytes);
  }
}

static void
call_guest_receive (VmWs *ws, GBytes *bytes)
{
  VmCallGuest *guest = ws->peer;
  g_autoptr (GError) error = NULL;

  if (!guest)
    return;
  if (!guest->call_request) {
    read_message (guest, bytes);
  } else if (guest->early.length < VM_EARLY_MAX) {
    g_queue_push_tail (&guest->early, g_bytes_ref (bytes));
  } else {
    g_set_error (&error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "Too much was said before the user was registered");
    send_error (guest, error);
  }
}

/* A VmCallsClose. */
static void
on_close (gpointer peer, const GError *reason, gpointer user_data)
{
  VmCallGuest *guest = peer;

  guest->user = NULL;
  send_error (guest, reason);
  vm_ws_finish (guest->ws, reason);
}

static void
call_guest_open (VmWs *ws)
{
  /* one that has a name comes by the URL, or by its first message */
  const Url *url = ws->conn->request ? ws->conn->request->query : NULL;
  VmCallGuest *guest = g_new0 (VmCallGuest, 1);
  g_autoptr (GError) error = NULL;

  guest->ws = ws;
  ws->peer = guest;
  if (url
      && !register_as (
          guest, url->user, url->name, url->id, url->other, &error))
    send_error (guest, error);
}

static void
call_guest_tell (VmWs *ws, const GError *error)
{
  if (ws->peer)
    send_error (ws->peer, error);
}

static void
call_guest_hang_up (VmWs *ws, const GError *reason)
{
  VmCallGuest *guest = g_steal_pointer (&ws->peer);

  if (!guest)
    return;
  if (guest->call_request)
    vm_call_request_cancel (guest->call_request);
  if (guest->user && ws->conn->server->stopping)
    vm_call_user_detach (guest->user);
  else if (guest->user)
    vm_call_user_leave (guest->user);
  g_queue_clear_full (&guest->early, (GDestroyNotify) g_bytes_unref);
  g_free (guest->claim_id);
  g_free (guest->claim_other);
  g_free (guest);
}

/* VM_CALL_USERS_MAX of them do. */
static gboolean
call_guest_has_seat (VmWs *ws)
{
  const VmCallGuest *guest = ws->peer;

  return guest && guest->user;
}

static gboolean
call_guest_is_awaited (VmWs *ws)
{
  const VmCallGuest *guest = ws->peer;

  return guest && guest->user && vm_call_user_is_busy (guest->user);
}

static const VmWsFuncs call_guest_funcs = {
  .open = call_guest_open,
  .receive = call_guest_receive,
  .tell = call_guest_tell,
  .hang_up = call_guest_hang_up,
  .has_seat = call_guest_has_seat,
  .is_awaited = call_guest_is_awaited,
};

/* A name of the URL, NULL when there is none; FALSE when it is no name. */
static gboolean
read_name (
    VmConn *conn, const gchar *key, gsize max, gchar **name, GError **error)
{
  g_autofree gchar *text = vm_conn_get_argument (conn, key);

  if (!text || !*text)
    return TRUE;
  if (!vm_text_is_label (text, max)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A name in the URL is too long, has control or invisible characters, "
        "or blanks around it");
    return FALSE;
  }
  *name = g_steal_pointer (&text);
  return TRUE;
}

static void
url_free (gpointer data)
{
  Url *url = data;

  g_free (url->user);
  g_free (url->name);
  g_free (url->other);
  g_free (url->id);
  g_free (url);
}

/* A client without a `userId` may call too, see take_over(). */
static gboolean
upgrade (VmConn *conn, GError **error)
{
  Url *url = g_new0 (Url, 1);

  vm_conn_set_query (conn, url, url_free);
  if (!read_name (conn, "userId", VM_CALL_NAME_MAX, &url->user, error)
      || !read_name (conn, "username", VM_CALL_NAME_MAX, &url->name, error)
      || !read_name (conn, "toId", VM_CALL_NAME_MAX, &url->other, error)
      || !read_name (conn, "callId", VM_CALL_ID_MAX, &url->id, error))
    return TRUE;
  /* both, or neither */
  if (!url->other)
    g_clear_pointer (&url->id, g_free);
  if (!url->user)
    return FALSE;
  if (!calls_of (conn->server))
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_FOUND,
        "Users cannot call one another here");
  conn->request->ws_funcs = &call_guest_funcs;
  return TRUE;
}

/* The protocol at a server */

static gboolean
take_over (gpointer state, VmWs *ws, GBytes *first)
{
  if (!((Calls *) state)->calls || !vm_call_is_first (first))
    return FALSE;
  vm_ws_become (ws, &call_guest_funcs);
  ws->funcs->receive (ws, first);
  return TRUE;
}

static gpointer
create (VmServer *server)
{
  Calls *self = g_new0 (Calls, 1);

  self->server = server;
  return self;
}

static void
start (gpointer state, const VmServerConfig *config)
{
  Calls *self = state;

  if (!config->calls)
    return;
  self->calls = vm_calls_new (on_send, NULL);
  vm_calls_set_missed_func (self->calls, on_missed, self->server);
  vm_calls_set_close_func (self->calls, on_close, self->server);
}

static void
stop (gpointer state)
{
  g_clear_pointer (&((Calls *) state)->calls, vm_calls_free);
}

static void
tick (VmServer *server, gpointer state, gint64 now)
{
  Calls *self = state;

  if (self->calls)
    vm_calls_tick (self->calls, server->times.ring, now);
}

static void
add_metrics (gpointer state, GString *text)
{
  Calls *self = state;

  if (!self->calls)
    return;
  vm_http_add_metric (text, "call_users", "gauge",
      "Users registered for calls.", vm_calls_count_users (self->calls));
  vm_http_add_metric (text, "calls", "gauge",
      "Calls that ring or are under way.", vm_calls_count (self->calls));
}

static void
share_calls (gpointer state, VmRoomShare *rooms)
{
  Calls *self = state;

  if (self->calls)
    self->share = vm_call_share_new (rooms, self->calls);
}

static void
unshare_calls (gpointer state)
{
  g_clear_pointer (&((Calls *) state)->share, vm_call_share_free);
}

static const VmRoute routes[] = {
  { .path = "/", .upgrade = upgrade, .begins = TRUE },
  { NULL },
};

const VmServerProtocol vm_protocol_call = {
  .name = "call",
  .routes = routes,
  .create = create,
  .destroy = g_free,
  .start = start,
  .stop = stop,
  .tick = tick,
  .add_metrics = add_metrics,
  .take_over = take_over,
  .share = share_calls,
  .unshare = unshare_calls,
};
