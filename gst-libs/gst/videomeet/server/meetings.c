/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Between the room model and what is around it: the host's seat, which is in
 * this process but on another thread, and what is announced. */

#include "server/meetings.h"
#include "server/socket/refusals.h"
#include "server/server-priv.h"
#include "trust/keys/statesignature.h"

struct _VmMeetings
{
  VmServer *server;
  VmRooms *rooms;
  VmRefusals *refusals;
  GPtrArray *seats; /* of VmSeat, oldest first: the one announced */
  VmMeetingsFunc func;
  gpointer user_data;
};

struct _VmSeat
{
  VmOutlet outlet;

  VmServer *server;
  GMainContext *context;
  VmSeatFunc func;
  gpointer user_data;
  gboolean closed; /* belongs to the context's thread */
  gint pending; /* atomic */

  VmRoom *room; /* NULL when it is over */
  VmMember *member;
};

static void
seat_clear (gpointer data)
{
  VmSeat *seat = data;

  g_object_unref (seat->server);
  g_main_context_unref (seat->context);
}

static void
seat_unref (VmSeat *seat)
{
  g_atomic_rc_box_release_full (seat, seat_clear);
}

typedef struct
{
  VmSeat *seat;
  VmSignal *signal;
} Delivery;

static void
delivery_free (Delivery *delivery)
{
  g_atomic_int_add (&delivery->seat->pending, -1);
  seat_unref (delivery->seat);
  vm_signal_unref (delivery->signal);
  g_free (delivery);
}

static gboolean
deliver (gpointer data)
{
  Delivery *delivery = data;

  if (!delivery->seat->closed)
    delivery->seat->func (
        delivery->seat, delivery->signal, delivery->seat->user_data);
  return G_SOURCE_REMOVE;
}

static void
seat_send (VmOutlet *outlet, const VmSignal *signal)
{
  VmSeat *seat = (VmSeat *) outlet;
  g_autoptr (GSource) source = NULL;
  Delivery *delivery;

  if (g_atomic_int_add (&seat->pending, 1) >= VM_SEAT_QUEUE) {
    /* a host that does not look is no host; its bye must not come from here,
     * inside the model */
    g_atomic_int_add (&seat->pending, -1);
    return;
  }
  delivery = g_new (Delivery, 1);
  delivery->seat = g_atomic_rc_box_acquire (seat);
  delivery->signal = vm_signal_ref (signal);
  /* not g_main_context_invoke(): that would run it on vm-net when the host's
   * thread happens not to run its context */
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (
      source, deliver, delivery, (GDestroyNotify) delivery_free);
  g_source_attach (source, seat->context);
}

static void
seat_close (VmOutlet *outlet, const GError *reason)
{
  VmSeat *seat = (VmSeat *) outlet;

  seat->room = NULL;
  seat->member = NULL;
}

static const VmOutletFuncs seat_funcs = { seat_send, seat_close };

static void
on_send (gpointer peer, const VmSignal *signal, gpointer user_data)
{
  VmOutlet *outlet = peer;

  outlet->funcs->send (outlet, signal);
}

static void
on_close (gpointer peer, const GError *reason, gpointer user_data)
{
  VmOutlet *outlet = peer;

  outlet->funcs->close (outlet, reason);
}

static VmTrustFacts *
on_know (const gchar *device_id, const gchar *user, const gchar *device,
    gint64 *date, gpointer user_data)
{
  VmMeetings *meetings = user_data;

  *date = g_get_real_time () / G_USEC_PER_SEC;
  return vm_known_get (meetings->server->known, device_id, user, device);
}

static gchar *
on_sign (const VmSignal *state, gpointer user_data)
{
  VmMeetings *meetings = user_data;
  g_autoptr (GError) error = NULL;
  gchar *signature = vm_state_sign (meetings->server->identity, state, &error);

  if (!signature)
    g_warning ("the state of a meeting is not signed: %s", error->message);
  return signature;
}

static void
on_untrusted (const gchar *device_id, const gchar *user, const gchar *group,
    const GError *reason, gpointer user_data)
{
  VmMeetings *meetings = user_data;

  if (group
      && !vm_refusals_tells (
          meetings->refusals, group, g_get_monotonic_time ()))
    return;
  if (meetings->server->desk)
    vm_trust_desk_tell_failed (meetings->server->desk, device_id, user, reason);
}

static gboolean
on_remove (
    VmRoom *room, const gchar *id, const GError *reason, gpointer user_data)
{
  VmMeetings *meetings = user_data;

  return vm_mesh_remove_agent (meetings->server->mesh, room, id, reason);
}

static gboolean
on_admit (const gchar *pass, const gchar *room, const gchar *group,
    gpointer user_data, GError **error)
{
  VmMeetings *meetings = user_data;
  const VmPassUse use = { .room = room };

  return vm_server_admits (meetings->server, pass, &use, group, error);
}

/* The oldest meeting still open is the one announced. */
static VmRoom *
shown_room (VmMeetings *meetings)
{
  for (guint i = 0; i < meetings->seats->len; i++) {
    VmSeat *seat = g_ptr_array_index (meetings->seats, i);

    if (seat->room && vm_room_get_state (seat->room) != VM_MEETING_STATE_ENDED)
      return seat->room;
  }
  return NULL;
}

static void
tell (VmMeetings *meetings)
{
  VmRoom *room = shown_room (meetings);
  VmMeetingInfo info;

  if (!meetings->func)
    return;
  if (!room) {
    meetings->func (meetings->server, NULL, meetings->user_data);
    return;
  }
  info = (VmMeetingInfo){
    .id = (gchar *) vm_room_get_id (room),
    .name = (gchar *) vm_room_get_name (room),
    .state = vm_room_get_state (room),
    .participants = vm_room_count (room),
    .max_participants = vm_room_get_max (room),
    .epoch = vm_room_get_epoch (room),
    .has_pin = vm_room_has_pin (room),
  };
  meetings->func (meetings->server, &info, meetings->user_data);
}

static void
on_changed (VmRoom *room, gpointer user_data)
{
  VmMeetings *meetings = user_data;

  if (vm_room_get_state (room) == VM_MEETING_STATE_ENDED)
    vm_invites_withdraw (meetings->server->invites, vm_room_get_id (room));
  if (!vm_room_is_open (room))
    tell (meetings);
  else if (meetings->server->room_func)
    meetings->server->room_func (meetings->server, vm_room_get_id (room),
        vm_room_count_here (room), meetings->server->room_data);
}

VmMeetings *
vm_meetings_new (VmServer *server)
{
  static const VmRoomsFuncs funcs = {
    .send = on_send,
    .close = on_close,
    .changed = on_changed,
    .random = vm_server_random,
    .know = on_know,
    .sign = on_sign,
    .untrusted = on_untrusted,
    .remove = on_remove,
    .admit = on_admit,
  };
  VmMeetings *meetings = g_new0 (VmMeetings, 1);

  meetings->server = server;
  meetings->refusals = vm_refusals_new ();
  meetings->rooms = vm_rooms_new (&funcs, meetings);
  meetings->seats =
      g_ptr_array_new_with_free_func ((GDestroyNotify) seat_unref);
  return meetings;
}

void
vm_meetings_free (VmMeetings *meetings)
{
  g_ptr_array_unref (meetings->seats);
  vm_rooms_free (meetings->rooms);
  vm_refusals_free (meetings->refusals);
  g_free (meetings);
}

VmRooms *
vm_meetings_get_rooms (VmMeetings *meetings)
{
  return meetings->rooms;
}

static void
end_seat (VmMeetings *meetings, VmSeat *seat)
{
  if (seat->room)
    vm_room_end (seat->room);
  g_ptr_array_remove (meetings->seats, seat);
}

void
vm_meetings_end (VmMeetings *meetings)
{
  while (meetings->seats->len)
    end_seat (meetings, g_ptr_array_index (meetings->seats, 0));
}

void
vm_meetings_describe (VmMeetings *meetings, VmDeviceInfo *info)
{
  VmRoom *room = shown_room (meetings);

  if (!room)
    return;
  g_free (info->meeting);
  g_clear_pointer (&info->meeting_id, g_free);
  g_clear_pointer (&info->meeting_state, g_free);
  /* who hides its id hides its meeting (protocol/discovery.md#announce) */
  if (!info->device_id) {
    info->meeting = g_strdup ("private");
    return;
  }
  info->meeting = g_strdup (vm_room_get_name (room));
  info->meeting_id = g_strdup (vm_room_get_id (room));
  info->meeting_state =
      g_strdup (vm_meeting_state_to_string (vm_room_get_state (room)));
  info->epoch = vm_room_get_epoch (room);
  info->participants = vm_room_count (room);
  info->max_participants = vm_room_get_max (room);
}

/* One call of vm_server_open_meeting(), shared with vm-net. */
typedef struct
{
  VmSeat *seat;
  VmRoomConfig config;
  GMutex lock; /* of done and error */
  GCond cond;
  gboolean done;
  GError *error;
} Opening;

static void
opening_clear (gpointer data)
{
  Opening *opening = data;

  g_clear_pointer (&opening->seat, seat_unref);
  g_free ((gchar *) opening->config.name);
  g_free ((gchar *) opening->config.user);
  g_free ((gchar *) opening->config.device);
  g_free ((gchar *) opening->config.pin);
  g_free ((gchar *) opening->config.nonce);
  g_strfreev ((gchar **) opening->config.ice_servers);
  g_clear_error (&opening->error);
  g_mutex_clear (&opening->lock);
  g_cond_clear (&opening->cond);
}

static void
opening_unref (gpointer opening)
{
  g_atomic_rc_box_release_full (opening, opening_clear);
}

static void
open_on_net (VmServer *self, gpointer data)
{
  Opening *opening = data;
  VmSeat *seat = opening->seat;
  GError *error = NULL;

  opening->config.device_id = vm_identity_get_device_id (self->identity);
  seat->room = vm_rooms_open (self->meetings->rooms, &opening->config,
      &seat->outlet, &seat->member, &error);
  if (seat->room) {
    g_ptr_array_add (self->meetings->seats, g_atomic_rc_box_acquire (seat));
    vm_room_announced (seat->room);
  }
  g_mutex_lock (&opening->lock);
  opening->done = TRUE;
  opening->error = error;
  g_cond_signal (&opening->cond);
  g_mutex_unlock (&opening->lock);
}

/* Blocks until vm-net has opened it; not to be called on vm-net. */
VmSeat *
vm_server_open_meeting (VmServer *self, const VmMeetingConfig *config,
    GMainContext *context, VmSeatFunc func, gpointer user_data, GError **error)
{
  gint64 end = g_get_monotonic_time () + VM_SERVER_CALL_TIME;
  Opening *opening = g_atomic_rc_box_new0 (Opening);
  VmSeat *seat = g_atomic_rc_box_new0 (VmSeat);
  GError *reason = NULL;

  seat->outlet.funcs = &seat_funcs;
  seat->server = g_object_ref (self);
  seat->context = context ? g_main_context_ref (context)
                          : g_main_context_ref_thread_default ();
  seat->func = func;
  seat->user_data = user_data;
  opening->seat = g_atomic_rc_box_acquire (seat);
  opening->config = (VmRoomConfig){
    .name = g_strdup (config->name),
    .user = g_strdup (config->user),
    .device = g_strdup (config->device),
    .pin = g_strdup (config->pin),
    .nonce = g_strdup (config->nonce),
    .max_participants = config->max_participants,
    .call_type = config->call_type,
    .ice_servers =
        (const gchar *const *) g_strdupv ((gchar **) config->ice_servers),
  };
  g_mutex_init (&opening->lock);
  g_cond_init (&opening->cond);

  vm_server_post (
      self, open_on_net, g_atomic_rc_box_acquire (opening), opening_unref);
  g_mutex_lock (&opening->lock);
  while (!opening->done) {
    if (!g_cond_wait_until (&opening->cond, &opening->lock, end)) {
      reason = g_error_new (VM_ERROR, VM_ERROR_TIMEOUT,
          "The server did not open the meeting within 5 seconds");
      break;
    }
  }
  if (!reason)
    reason = g_steal_pointer (&opening->error);
  g_mutex_unlock (&opening->lock);
  opening_unref (opening);
  if (!reason)
    return seat;
  vm_seat_close (seat);
  g_propagate_error (error, reason);
  return NULL;
}

typedef struct
{
  VmSeat *seat;
  VmSignal *signal;
} Saying;

static void
saying_free (gpointer data)
{
  Saying *saying = data;

  seat_unref (saying->seat);
  vm_signal_unref (saying->signal);
  g_free (saying);
}

static void
say_on_net (VmServer *self, gpointer data)
{
  Saying *saying = data;

  if (saying->seat->member)
    vm_member_receive (saying->seat->member, saying->signal);
}

/* @signal is given away: the caller does not touch it again. */
void
vm_seat_send (VmSeat *seat, const VmSignal *signal)
{
  Saying *saying = g_new (Saying, 1);

  saying->seat = g_atomic_rc_box_acquire (seat);
  saying->signal = vm_signal_ref (signal);
  vm_server_post (seat->server, say_on_net, saying, saying_free);
}

static void
close_on_net (VmServer *self, gpointer data)
{
  end_seat (self->meetings, data);
}

/* In the seat's context; the seat is freed. */
void
vm_seat_close (VmSeat *seat)
{
  seat->closed = TRUE;
  vm_server_post (
      seat->server, close_on_net, seat, (GDestroyNotify) seat_unref);
}

typedef struct
{
  VmMeetingsFunc func;
  gpointer user_data;
} Listener;

static void
listen_on_net (VmServer *self, gpointer data)
{
  Listener *listener = data;

  self->meetings->func = listener->func;
  self->meetings->user_data = listener->user_data;
}

void
vm_server_set_meetings_func (
    VmServer *self, VmMeetingsFunc func, gpointer user_data)
{
  Listener listener = { func, user_data };

  if (!self->thread)
    listen_on_net (self, &listener);
  else
    vm_server_post (
        self, listen_on_net, g_memdup2 (&listener, sizeof listener), g_free);
}
