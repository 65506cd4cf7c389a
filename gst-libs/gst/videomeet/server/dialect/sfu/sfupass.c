/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* GET /sfu?ticket= (protocol/cloud.md#connection): text of a participant to
 * Janus and back, through a filter. */

#include "server/dialect/sfu/sfu-priv.h"
#include "server/dialect/sfu/sfu.h"
#include "server/socket/ws.h"
#include "wire/janus/janusfilter.h"
#include "wire/janus/janusmark.h"

#include <string.h>

struct _VmSfuPass
{
  VmSfuServer *sfu;
  gchar *meeting; /* its id */
  VmJanusFilter *filter;
  VmWs *ws; /* NULL: it is lost */
  VmSfuLine *line; /* while @ws stands */
};

/* Text for the participant. */
static void
tell (VmSfuPass *pass, const gchar *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);

  if (pass->ws)
    vm_ws_send (pass->ws, bytes);
}

/* The line */

static void
on_opened (VmSfuLine *line, gpointer user_data)
{
}

static void
on_received (VmSfuLine *line, const gchar *data, gsize size, gpointer user_data)
{
  VmSfuPass *pass = user_data;

  if (vm_janus_filter_reply (pass->filter, data, size))
    tell (pass, data, size);
}

static void
on_closed (VmSfuLine *line, gpointer user_data)
{
  VmSfuPass *pass = user_data;

  if (pass->ws)
    vm_ws_close (pass->ws, VM_CLOSE_GOING_AWAY, "the SFU is gone", FALSE);
}

static const VmSfuLineFuncs line_funcs = {
  .opened = on_opened,
  .received = on_received,
  .closed = on_closed,
};

/* The participant's socket */

static VmSfuPass *
pass_of (VmWs *ws)
{
  return ws->peer;
}

/* Only what the pass knows; the socket closes by itself. */
static void
let_go (VmSfuPass *pass)
{
  pass->ws->peer = NULL;
  pass->ws = NULL;
  pass->sfu->pass_closed = TRUE;
  g_clear_pointer (&pass->line, vm_sfu_line_free);
}

static void
on_open (VmWs *ws)
{
  VmSfuServer *sfu = vm_sfu_server_of (ws->conn->server);
  g_autofree gchar *key = vm_conn_steal_query (ws->conn);
  VmSfuPass *pass = g_hash_table_lookup (sfu->passes, key);

  /* its seat may be gone since the request */
  if (!pass) {
    vm_ws_close (ws, VM_CLOSE_POLICY, "no seat", TRUE);
    return;
  }
  if (pass->ws) {
    VmWs *before = pass->ws;

    let_go (pass);
    vm_ws_close (before, VM_CLOSE_POLICY, "superseded", TRUE);
  }
  pass->ws = ws;
  ws->peer = pass;
  vm_janus_filter_reconnect (pass->filter);
  pass->line = vm_sfu_server_connect (sfu, &line_funcs, pass);
  if (!pass->line)
    vm_ws_close (ws, VM_CLOSE_TRY_LATER, "no SFU", TRUE);
}

static void
on_receive (VmWs *ws, GBytes *message)
{
  VmSfuPass *pass = pass_of (ws);
  gsize size;
  const gchar *data = g_bytes_get_data (message, &size);
  g_autofree gchar *answer = NULL;
  g_autofree gchar *request = NULL;
  g_autofree gchar *end = NULL;

  if (!pass || !pass->line)
    return;
  request = vm_janus_filter_request (
      pass->filter, data ? data : "", size, g_get_monotonic_time (), &answer);
  end = vm_janus_filter_take_end (pass->filter);
  if (!request)
    tell (pass, answer, strlen (answer));
  else if ((end && !vm_sfu_line_send (pass->line, end))
           || !vm_sfu_line_send (pass->line, request))
    vm_ws_close (ws, VM_CLOSE_TRY_LATER, "the SFU is too slow", TRUE);
}

/* Janus's clients know no error without a request; the close frame tells. */
static void
on_tell (VmWs *ws, const GError *error)
{
}

static void
on_hang_up (VmWs *ws, const GError *reason)
{
  if (pass_of (ws))
    let_go (pass_of (ws));
}

/* Its member has one, and one connection. */
static gboolean
has_seat (VmWs *ws)
{
  return pass_of (ws) != NULL;
}

static const VmWsFuncs pass_funcs = {
  .open = on_open,
  .receive = on_receive,
  .tell = on_tell,
  .hang_up = on_hang_up,
  .has_seat = has_seat,
};

/* The pass */

static gchar *
make_key (const gchar *meeting, const gchar *id)
{
  return g_strconcat (meeting, " ", id, NULL);
}

void
vm_sfu_pass_free (VmSfuPass *pass)
{
  VmWs *ws = pass->ws;

  if (ws) {
    let_go (pass);
    vm_ws_close (ws, VM_CLOSE_NORMAL, "over", FALSE);
  }
  vm_janus_filter_free (pass->filter);
  g_free (pass->meeting);
  g_free (pass);
}

void
vm_sfu_pass_tick (VmSfuPass *pass, gint64 now)
{
  if (pass->line)
    vm_sfu_line_tick (pass->line, now);
}

gboolean
vm_sfu_pass_is_open (const VmSfuPass *pass)
{
  return pass->ws != NULL;
}

const gchar *
vm_sfu_pass_get_meeting (const VmSfuPass *pass)
{
  return pass->meeting;
}

/* By the name that its seat has, in the room that the meeting has. */
static VmJanusFilter *
make_filter (VmSfuServer *sfu, VmMember *member, GError **error)
{
  const gchar *meeting = vm_room_get_id (vm_member_get_room (member));
  g_autofree gchar *display = vm_janus_mark_add (
      vm_member_get_user (member), meeting, vm_member_get_id (member));
  VmJanusFilterConfig config = {
    .display = display,
    .api_secret = sfu->api_secret,
  };

  if (vm_sfu_control_find (sfu->control, meeting, &config.room, &config.pin))
    return vm_janus_filter_new (&config);
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_TICKET,
      "The meeting does not go by an SFU");
  return NULL;
}

/* The key of its pass. */
static gchar *
find_pass (VmSfuServer *sfu, VmMember *member, GError **error)
{
  const gchar *meeting = vm_room_get_id (vm_member_get_room (member));
  g_autofree gchar *key = make_key (meeting, vm_member_get_id (member));
  VmSfuPass *pass = g_hash_table_lookup (sfu->passes, key);
  VmJanusFilter *filter;

  if (pass)
    return g_steal_pointer (&key);
  filter = make_filter (sfu, member, error);
  if (!filter)
    return NULL;
  pass = g_new0 (VmSfuPass, 1);
  pass->sfu = sfu;
  pass->meeting = g_strdup (meeting);
  pass->filter = filter;
  g_hash_table_insert (sfu->passes, g_strdup (key), pass);
  return g_steal_pointer (&key);
}

gboolean
vm_sfu_upgrade (VmConn *conn, GError **error)
{
  VmServer *self = conn->server;
  VmSfuServer *sfu = vm_sfu_server_of (self);
  g_autofree gchar *ticket = vm_conn_get_argument (conn, "ticket");
  gchar *key = NULL;
  VmMember *member;

  if (!sfu->control)
    return FALSE;
  if (!vm_request_head_lists (
          &conn->request->head, "sec-websocket-protocol", VM_JANUS_PROTOCOL)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "The WebSocket subprotocol must be " VM_JANUS_PROTOCOL);
    return TRUE;
  }
  member = vm_rooms_use_sfu_ticket (
      self->rooms, ticket, g_get_monotonic_time (), error);
  if (member)
    key = find_pass (sfu, member, error);
  if (!key)
    return TRUE;
  vm_conn_set_query (conn, key, g_free);
  conn->request->ws_funcs = &pass_funcs;
  return TRUE;
}
