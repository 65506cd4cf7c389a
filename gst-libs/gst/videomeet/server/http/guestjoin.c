/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* POST /meetings/guest, by which a browser comes to a guest's token and to what
 * it must sign to use it (protocol/trust.md#invitations), and the invitations
 * that the host makes. */

#include "server/http/guestjoin.h"
#include "base/json/json.h"
#include "room/invites.h"
#include "server/http/guestbody.h"
#include "server/http/response.h"
#include "server/server-priv.h"

/* A meeting that is not there is refused as a wrong invitation is: who has none
 * learns nothing by asking for names. */
static const gchar *
find_id (VmServer *self, const gchar *name)
{
  VmRoom *room = vm_rooms_find (self->rooms, name);

  return room ? vm_room_get_id (room) : "";
}

static VmToken *
get_token (VmConn *conn, const VmGuestBody *body, GError **error)
{
  VmServer *self = conn->server;
  const gchar *id = find_id (self, body->meeting);
  g_autoptr (GBytes) spki = NULL;
  g_autoptr (VmToken) token = NULL;

  if (body->token) {
    token = vm_token_from_pem (body->token, -1, error);
    if (!token || g_strcmp0 (token->meeting_id, id) == 0)
      return g_steal_pointer (&token);
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "The token is not one of a guest of this meeting");
    return NULL;
  }
  spki = vm_guest_body_get_key (body, error);
  if (!spki)
    return NULL;
  return vm_invites_redeem (self->invites, body->invitation, spki,
      *id ? id : "-", conn->group, g_get_monotonic_time (),
      g_get_real_time () / G_USEC_PER_SEC, error);
}

static GBytes *
make_answer (const VmToken *token, const gchar *nonce)
{
  g_autofree gchar *pem = vm_token_to_pem ((VmToken *) token);
  GString *out = g_string_new ("{");

  vm_json_append_member (out, "meetingId", token->meeting_id);
  vm_json_append_member (out, "token", pem);
  vm_json_append_member (out, "nonce", nonce);
  vm_json_append_int (out, "expiresIn", VM_GUEST_NONCE_TIME / G_USEC_PER_SEC);
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
}

int
vm_http_post_guest (VmConn *conn)
{
  g_auto (VmGuestBody) body = { NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (VmToken) token = NULL;
  g_autofree gchar *nonce = NULL;
  g_autoptr (GBytes) answer = NULL;

  if (vm_guest_body_read (&body, (const gchar *) conn->request->body->data,
          conn->request->body->len, &error))
    token = get_token (conn, &body, &error);
  if (token)
    nonce = vm_invites_ask (conn->server->invites, token, conn->group,
        g_get_monotonic_time (), &error);
  if (!nonce)
    return vm_http_reply_error (conn, 0, error, FALSE);
  answer = make_answer (token, nonce);
  return vm_http_reply_json (conn, 200, answer);
}

/* From the host */

typedef struct
{
  gchar *meeting_id;
  gint64 lifetime;
} Wish;

static void
request_free (gpointer data)
{
  Wish *seat_request = data;

  g_free (seat_request->meeting_id);
  g_free (seat_request);
}

static gchar *
make_invitation (VmServer *self, gpointer data, GError **error)
{
  const Wish *seat_request = data;

  if (vm_rooms_has_id (self->rooms, seat_request->meeting_id))
    return vm_invites_make (self->invites, seat_request->meeting_id,
        seat_request->lifetime, g_get_monotonic_time (), error);
  g_set_error (error, VM_ERROR, VM_ERROR_MEETING_ENDED,
      "The meeting is over: nobody can be invited to it");
  return NULL;
}

gchar *
vm_server_make_invitation (
    VmServer *self, const gchar *meeting_id, gint64 lifetime, GError **error)
{
  Wish *seat_request = g_new (Wish, 1);

  *seat_request = (Wish){ g_strdup (meeting_id), lifetime };
  return vm_server_make_text (
      self, make_invitation, seat_request, request_free, error);
}
