/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The room dialect, and dialects like it, wherever they are spoken
 * (protocol/rooms.md): a client that has an id from the moment it connects, and
 * a seat from `join` to `leave`. It cannot come back: a connection that is lost
 * is a seat that is left. */

#include "server/dialect/room/roomguest.h"
#include "base/json/json.h"
#include "base/text.h"
#include "cluster/shared/roomshare.h"
#include "server/outlet.h"
#include "server/server-priv.h"
#include "wire/candidates.h"
#include "wire/room/roomwire.h"

struct _VmRoomGuest
{
  VmOutlet outlet;

  const VmRoomLink *funcs;
  gpointer link;
  VmServer *server;
  gchar *group; /* shared */
  gchar *key;
  gpointer state; /* of the dialect: a VmRoomPeers */
  gchar *id; /* what the client calls itself, in every room; shared */
  gchar *pin; /* of the URL, or NULL */
  gchar *pass; /* see VmJoin, or NULL */
  VmMember *member; /* NULL: in no room */
  VmSeatRequest *seat_request; /* for a seat, or NULL */
  GQueue *early; /* of GBytes: what was said before that is answered; or NULL */
  guint leaves : 1; /* by itself: it stays connected */
  guint enters : 1; /* its request is being made, and may be answered at once */
  VmRoomJoins *joins; /* or: */
  VmRoomJoins own_joins;
};

static void
send_signal (gpointer user_data, const VmSignal *signal)
{
  VmRoomGuest *guest = user_data;
  g_autoptr (GBytes) bytes =
      guest->funcs->dialect->format (guest->state, signal);

  if (bytes)
    guest->funcs->send (guest->link, bytes);
}

static void
send_error (VmRoomGuest *guest, const GError *error)
{
  g_autoptr (VmSignal) signal = vm_signal_new_error (error, -1);

  send_signal (guest, signal);
}

/* What has no message in the room dialect, told by those that it has */

static void
send_left (VmRoomGuest *guest, const gchar *id)
{
  g_autoptr (VmSignal) left = vm_signal_new (VM_SIGNAL_PARTICIPANT_LEFT);

  left->id = g_strdup (id);
  send_signal (guest, left);
}

static void
send_everybody_left (VmRoomGuest *guest)
{
  VmRoomPeers *peers = guest->state;

  while (peers->peers->len) {
    const VmRoomPeer *peer = g_ptr_array_index (peers->peers, 0);
    g_autofree gchar *id = g_strdup (peer->id);

    send_left (guest, id);
  }
}

/* Who is asked to offer again does so to whoever joins. */
static void
send_again (VmRoomGuest *guest, const VmRoomPeer *peer)
{
  g_autoptr (VmSignal) joined = vm_signal_new (VM_SIGNAL_PARTICIPANT_JOINED);
  VmSignalParticipant *who = vm_signal_add_participant (joined);

  who->id = g_strdup (peer->id);
  who->alias = g_strdup (peer->alias);
  send_left (guest, who->id);
  send_signal (guest, joined);
}

static void
forget_peer (VmRoomGuest *guest, const VmRoomPeer *peer)
{
  g_autofree gchar *id = g_strdup (peer->id);

  send_left (guest, id);
}

/* A native device restarts by an offer of another session, which a browser
 * would take for more of the connection it has. */
static gboolean
is_restart (const VmRoomPeer *peer, const VmSignal *offer)
{
  g_autofree gchar *session = vm_span_to_string (offer->session);

  return !offer->object.size && peer->session
         && g_strcmp0 (session, peer->session) != 0;
}

static void
forget_connection (VmRoomGuest *guest, const VmRoomPeer *peer)
{
  g_autofree gchar *id = g_strdup (peer->id);
  g_autofree gchar *alias = g_strdup (peer->alias);

  send_left (guest, id);
  vm_room_peers_add (guest->state, id, alias);
}

/* By whom this client is not met. */
static gboolean
is_unmet (const VmSignal *signal)
{
  g_autoptr (GError) error = vm_signal_get_error (signal);

  return g_error_matches (error, VM_ERROR, VM_ERROR_NOT_TRUSTED)
         || g_error_matches (error, VM_ERROR, VM_ERROR_KEY_CHANGED);
}

static void
say_ended (VmRoomGuest *guest)
{
  g_autoptr (GError) error = g_error_new (
      VM_ERROR, VM_ERROR_MEETING_ENDED, "The host has ended the meeting");

  send_everybody_left (guest);
  send_error (guest, error);
}

static void
outlet_send (VmOutlet *outlet, const VmSignal *signal)
{
  VmRoomGuest *guest = (VmRoomGuest *) outlet;
  const VmRoomPeer *peer = vm_room_peers_find (guest->state, signal->from);

  switch (signal->type) {
    case VM_SIGNAL_RESTART:
      if (peer)
        send_again (guest, peer);
      break;
    case VM_SIGNAL_BYE:
      say_ended (guest);
      break;
    case VM_SIGNAL_ERROR:
      /* of another participant: only as its own */
      if (!signal->from || peer)
        send_signal (guest, signal);
      if (peer && is_unmet (signal))
        forget_peer (guest, peer);
      break;
    case VM_SIGNAL_OFFER:
      if (peer && is_restart (peer, signal))
        forget_connection (guest, peer);
      G_GNUC_FALLTHROUGH;
    case VM_SIGNAL_ANSWER:
      send_signal (guest, signal);
      vm_signal_each_candidate (signal, send_signal, guest);
      break;
    default:
      send_signal (guest, signal);
      break;
  }
}

static void
outlet_close (VmOutlet *outlet, const GError *reason)
{
  VmRoomGuest *guest = (VmRoomGuest *) outlet;
  VmRoomPeers *peers = guest->state;

  guest->member = NULL;
  g_ptr_array_set_size (peers->peers, 0);
  if (guest->leaves)
    return;
  if (reason)
    send_error (guest, reason);
  guest->funcs->finish (guest->link, reason);
}

static const VmOutletFuncs outlet_funcs = { outlet_send, outlet_close };

/* What the client says */

void
vm_room_joins_init (VmRoomJoins *joins)
{
  *joins = (VmRoomJoins){ VM_JOIN_BURST, g_get_monotonic_time () };
}

static gboolean
may_join (VmRoomJoins *joins, gint64 now, GError **error)
{
  joins->free += (now - joins->since) / (gdouble) VM_JOIN_TIME;
  joins->free = MIN (joins->free, VM_JOIN_BURST);
  joins->since = now;
  if (joins->free >= 1)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "Too many rooms were joined; try again in 2 seconds");
  return FALSE;
}

void
vm_room_guest_leave (VmRoomGuest *guest)
{
  if (!guest->member)
    return;
  guest->leaves = TRUE;
  vm_member_leave (guest->member, NULL);
  guest->leaves = FALSE;
}

static VmMember *
get_seat (gpointer user_data)
{
  return ((VmRoomGuest *) user_data)->member;
}

static void
leave_seat (gpointer user_data)
{
  vm_room_guest_leave (user_data);
}

/* What was said first, or NULL. */
static GBytes *
take_early (VmRoomGuest *guest)
{
  return guest->early ? g_queue_pop_head (guest->early) : NULL;
}

static void
forget_early (VmRoomGuest *guest)
{
  GQueue *early = g_steal_pointer (&guest->early);

  if (early)
    g_queue_free_full (early, (GDestroyNotify) g_bytes_unref);
}

/* FALSE: it is too much. */
static gboolean
keep_early (VmRoomGuest *guest, GBytes *message)
{
  if (!guest->early)
    guest->early = g_queue_new ();
  if (guest->early->length >= VM_EARLY_MAX)
    return FALSE;
  g_queue_push_tail (guest->early, g_bytes_ref (message));
  return TRUE;
}

static void
on_seated (VmMember *member, const GError *error, gpointer user_data)
{
  VmRoomGuest *guest = user_data;
  GBytes *message;

  guest->seat_request = NULL;
  if (member) {
    guest->member = member;
    guest->joins->free--;
  } else {
    send_error (guest, error);
  }
  /* what comes next may make another request */
  while (!guest->enters && !guest->seat_request
         && (message = take_early (guest))) {
    vm_room_guest_receive (guest, message);
    g_bytes_unref (message);
  }
  if (!guest->seat_request)
    forget_early (guest);
}

static void
enter (VmRoomGuest *guest, const VmSignal *join, GError **error)
{
  static const VmSeatFuncs funcs = { get_seat, leave_seat, on_seated };
  VmRooms *rooms = guest->server->rooms;
  gint64 now = g_get_monotonic_time ();
  const VmSignalParticipant *self =
      join->participants->len ? join->participants->pdata[0] : NULL;
  const VmJoin seat_request = {
    .meeting = join->meeting,
    .user = self ? self->user : NULL,
    .pin = guest->pin,
    .group = guest->group,
    .key = guest->key,
    .pass = guest->pass,
    .call_type = VM_CALL_TYPE_VIDEO,
  };

  if (!may_join (guest->joins, now, error))
    return;
  guest->leaves = guest->enters = TRUE;
  guest->seat_request = vm_rooms_request_enter (
      rooms, &seat_request, guest->id, &guest->outlet, now, &funcs, guest);
  guest->leaves = guest->enters = FALSE;
}

static void
take (VmRoomGuest *guest, VmSignal *signal, GError **error)
{
  switch (signal->type) {
    case VM_SIGNAL_HELLO:
      enter (guest, signal, error);
      break;
    case VM_SIGNAL_BYE:
      vm_room_guest_leave (guest);
      break;
    case VM_SIGNAL_ERROR:
      if (guest->member && signal->to)
        vm_member_receive (guest->member, signal);
      break;
    default:
      if (guest->member)
        vm_member_receive (guest->member, signal);
      else
        g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
            "Nobody can be reached before a room is joined");
  }
}

void
vm_room_guest_receive (VmRoomGuest *guest, GBytes *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) signal = NULL;

  if (guest->seat_request && keep_early (guest, message))
    return;
  if (guest->seat_request)
    g_set_error (&error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "Too much was said before the room was joined");
  else
    signal = guest->funcs->dialect->parse (guest->state, message, &error);
  if (signal)
    take (guest, signal, &error);
  if (error)
    send_error (guest, error);
}

void
vm_room_guest_tell (VmRoomGuest *guest, const GError *error)
{
  send_error (guest, error);
}

gboolean
vm_room_guest_has_seat (const VmRoomGuest *guest)
{
  return guest->member != NULL;
}

gboolean
vm_room_guest_is_awaited (const VmRoomGuest *guest)
{
  return guest->member
         && vm_room_count (vm_member_get_room (guest->member)) > 1;
}

VmRoomGuest *
vm_room_guest_new (
    const VmRoomCaller *caller, const VmRoomLink *funcs, gpointer link)
{
  VmRoomGuest *guest = g_new0 (VmRoomGuest, 1);
  g_autofree gchar *id = vm_rooms_make_uuid (caller->server->rooms);

  guest->outlet.funcs = &outlet_funcs;
  guest->funcs = funcs;
  guest->link = link;
  guest->server = caller->server;
  guest->group = vm_text_share (caller->group);
  guest->key = g_strdup (caller->key);
  guest->pin = g_strdup (caller->pin);
  guest->pass = g_strdup (caller->pass);
  guest->state = funcs->dialect->state_new ();
  guest->id = vm_text_share (id);
  vm_room_joins_init (&guest->own_joins);
  guest->joins = caller->joins ? caller->joins : &guest->own_joins;
  return guest;
}

VmRoomPeers *
vm_room_guest_get_peers (VmRoomGuest *guest)
{
  return guest->state;
}

const gchar *
vm_room_guest_get_id (VmRoomGuest *guest)
{
  return guest->id;
}

void
vm_room_guest_free (VmRoomGuest *guest, const GError *reason)
{
  g_autoptr (GError) lost = NULL;

  if (!reason)
    reason = lost = g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
        "The connection to the participant was lost");
  guest->leaves = TRUE;
  if (guest->seat_request)
    vm_seat_request_cancel (guest->seat_request);
  forget_early (guest);
  if (guest->member)
    vm_member_leave (guest->member, reason);
  guest->funcs->dialect->state_free (guest->state);
  vm_text_unshare (guest->group);
  g_free (guest->key);
  vm_text_unshare (guest->id);
  g_free (guest->pin);
  g_free (guest->pass);
  g_free (guest);
}
