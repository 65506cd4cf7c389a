/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* POST /meetings/join (protocol/http.md#join). */

#include "server/http/join.h"
#include "server/http/approval.h"
#include "base/vmerror-priv.h"
#include "base/deviceid.h"
#include "base/json/json.h"
#include "cluster/shared/roomshare.h"
#include "server/access/clientkey.h"
#include "server/http/joinbody.h"
#include "server/http/response.h"
#include "server/server-priv.h"

#include <string.h>

static void
append_participants (GString *out, VmRoom *room)
{
  g_autoptr (VmSignal) list = vm_signal_new (VM_SIGNAL_WELCOME);

  vm_room_list (room, list, NULL);
  vm_json_append_key (out, "participants");
  g_string_append_c (out, '[');
  for (guint i = 0; i < list->participants->len; i++) {
    const VmSignalParticipant *who = g_ptr_array_index (list->participants, i);

    g_string_append (out, i ? ",{" : "{");
    vm_json_append_member (out, "id", who->id);
    vm_json_append_member (out, "user", who->user);
    vm_json_append_member (out, "device", who->device);
    vm_json_append_member (out, "deviceId", who->device_id);
    vm_json_append_boolean (out, "host", who->host);
    vm_json_append_member (out, "trust", who->trust);
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
}

static GBytes *
make_grant (VmConn *conn, VmRoom *room, const gchar *ticket)
{
  g_auto (VmIceGrant) ice = { NULL };
  g_autofree gchar *uri = g_strdup_printf (
      "%s://%s/ws", conn->server->secure ? "wss" : "ws", conn->request->host);
  GString *out = g_string_new ("{");

  vm_json_append_member (out, "meetingId", vm_room_get_id (room));
  vm_json_append_member (out, "webSocket", uri);
  vm_json_append_member (out, "ticket", ticket);
  vm_json_append_int (out, "expiresIn", VM_TICKET_TIME / G_USEC_PER_SEC);
  vm_room_grant_ice (room, &ice);
  vm_ice_grant_append (out, &ice);
  append_participants (out, room);
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
}

/* A guest's token comes with a signature of its key, where TLS shows none. By
 * that key it signs its descriptions as well, so that the others are told its
 * id. */
static gboolean
prove_key (VmConn *conn, const VmJoinBody *body, VmJoin *seat_request,
    gchar **key, gchar **id, GError **error)
{
  if (seat_request->key || !body->nonce || !body->signature
      || !seat_request->token)
    return TRUE;
  *key = vm_invites_prove (conn->server->invites, seat_request->token,
      body->nonce, body->signature, g_get_monotonic_time (), error);
  if (!*key)
    return FALSE;
  *id = vm_device_id_from_key_hash (*key);
  seat_request->key = *key;
  seat_request->device_id = *id;
  seat_request->proven = TRUE;
  return TRUE;
}

/* The page of this device's own user (protocol/trust.md#approval-in-the-page)
 * moderates the meeting that this device hosts. */
static gboolean
take_session (
    VmConn *conn, const VmJoinBody *body, VmJoin *seat_request, GError **error)
{
  if (!body->session)
    return TRUE;
  if (!vm_http_is_own_page (conn, error)
      || !vm_approval_page_check (conn->server->approval, body->session, error))
    return FALSE;
  seat_request->own_page = TRUE;
  return TRUE;
}

/* A token of trust is a certificate; any other is for the server itself. */
static gboolean
is_pass (VmConn *conn, const gchar *token)
{
  return conn->server->passes && token && !strstr (token, "-----BEGIN");
}

static void
refuse_lost (GError **error)
{
  g_set_error (error, VM_ERROR, VM_ERROR_DISCONNECTED,
      "The other servers cannot be reached; try again in a minute");
}

static void
on_kept (VmSingleUseResult result, GBytes *value, gpointer user_data)
{
  VmConn *conn = user_data;
  g_autoptr (GBytes) grant = g_steal_pointer (&conn->request->answer);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) refusal = NULL;

  if (result == VM_SINGLE_USE_DONE) {
    vm_http_answer (conn, 200, NULL, grant);
    return;
  }
  refuse_lost (&error);
  refusal = vm_http_error_body (error);
  vm_http_answer (conn, vm_error_to_http_status (error->code), NULL, refusal);
}

static void
forget (VmConn *conn)
{
  VmSingleUse *once = vm_rooms_get_single_use (conn->server->rooms);

  if (once)
    vm_single_use_cancel (once, conn->request->number);
}

/* Whether @ticket is to be known to the other servers before @grant is the
 * answer: it waits then. */
static gboolean
share_ticket (VmConn *conn, const gchar *ticket, GBytes *grant, GError **error)
{
  static const VmSingleUseAsker asker = { .done = on_kept };
  static const VmHttpWait wait = { .forget = forget };
  VmRooms *rooms = conn->server->rooms;

  if (!vm_rooms_shares_ticket (rooms, ticket))
    return FALSE;
  conn->request->number = vm_rooms_keep_ticket (
      rooms, ticket, &asker, conn, g_get_monotonic_time ());
  if (!conn->request->number) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "Too many are about to join; try again in half a minute");
    return FALSE;
  }
  conn->request->answer = g_bytes_ref (grant);
  vm_http_wait (conn, &wait);
  return TRUE;
}

static GBytes *
join (VmConn *conn, gchar **ticket, GError **error)
{
  g_auto (VmJoinBody) body = { NULL };
  VmJoin seat_request = { 0 };
  VmRoom *room;
  g_autofree gchar *key = NULL;
  g_autofree gchar *id = NULL;
  g_autoptr (VmToken) token = NULL;

  if (!vm_join_body_read (&body, (gchar *) conn->request->body->data,
          conn->request->body->len, error))
    return NULL;
  seat_request.pass = conn->pass;
  if (is_pass (conn, body.token))
    seat_request.pass = body.token;
  else if (body.token && !(token = vm_token_from_pem (body.token, -1, error)))
    return NULL;
  seat_request.token = token;
  seat_request.meeting = body.meeting;
  seat_request.user = body.user;
  /* without a key an id proves nothing; only this machine may do without TLS */
  if (!conn->server->secure || vm_conn_get_key (conn))
    seat_request.device_id = body.device_id;
  seat_request.pin = body.pin;
  seat_request.group = conn->group;
  seat_request.key = vm_conn_get_key (conn);
  seat_request.call_type = body.call_type;
  seat_request.via = body.via;
  seat_request.origin_id = body.origin_id;
  if (!prove_key (conn, &body, &seat_request, &key, &id, error)
      || !take_session (conn, &body, &seat_request, error))
    return NULL;
  room = vm_rooms_join (conn->server->rooms, &seat_request,
      g_get_monotonic_time (), ticket, error);
  return room ? make_grant (conn, room, *ticket) : NULL;
}

/* The grant, unless it waits for the other servers; or the refusal. Returns:
 * (transfer full) (nullable) */
static GBytes *
make_answer (VmConn *conn, guint *status)
{
  g_autofree gchar *ticket = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) grant = join (conn, &ticket, &error);

  *status = 200;
  if (grant && share_ticket (conn, ticket, grant, &error))
    return NULL;
  if (!error)
    return g_steal_pointer (&grant);
  *status =
      error->domain == VM_ERROR ? vm_error_to_http_status (error->code) : 500;
  return vm_http_error_body (error);
}

static void
on_looked (gboolean known, gpointer user_data)
{
  VmConn *conn = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) answer = NULL;
  guint status;

  if (known) {
    answer = make_answer (conn, &status);
  } else {
    refuse_lost (&error);
    answer = vm_http_error_body (error);
    status = vm_error_to_http_status (error->code);
  }
  if (answer)
    vm_http_answer (conn, status, NULL, answer);
}

static void
forget_look (VmConn *conn)
{
  vm_rooms_cancel_look (conn->server->rooms, conn->request->number);
}

/* Whether the grant waits until it is known who is in the room at other
 * servers. */
static gboolean
look_first (VmConn *conn)
{
  static const VmHttpWait wait = { .forget = forget_look };
  g_auto (VmJoinBody) body = { NULL };
  VmRooms *rooms = conn->server->rooms;

  if (!vm_join_body_read (&body, (gchar *) conn->request->body->data,
          conn->request->body->len, NULL)
      || !body.meeting || !vm_rooms_must_look (rooms, body.meeting))
    return FALSE;
  /* if there are too many, the record decides later */
  conn->request->number = vm_rooms_look (rooms, body.meeting, on_looked, conn);
  if (conn->request->number)
    vm_http_wait (conn, &wait);
  return conn->request->number > 0;
}

int
vm_http_post_join (VmConn *conn)
{
  g_autoptr (GBytes) answer = NULL;
  guint status;

  if (look_first (conn))
    return 0;
  answer = make_answer (conn, &status);
  return answer ? vm_http_reply_json (conn, status, answer) : 0;
}
