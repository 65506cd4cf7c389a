/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The host's seat: it is in this process, but on another thread. */

#include "server/hostseat.h"
#include "base/hostcheck.h"
#include "server/conn.h"
#include "server/outlet.h"
#include "server/protocol.h"
#include "server/server-priv.h"

struct _VmSeat
{
  VmOutlet outlet;

  VmServer *server;
  GMainContext *context;
  VmSeatFunc func;
  VmSeatPassFunc pass; /* NULL: it was not taken over */
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

void
vm_seat_unref (gpointer seat)
{
  g_atomic_rc_box_release_full (seat, seat_clear);
}

typedef struct
{
  VmSeat *seat;
  VmSignal *signal;
  gchar *id; /* of the member it is for; NULL: the host */
} Delivery;

static void
delivery_free (Delivery *delivery)
{
  g_atomic_int_add (&delivery->seat->pending, -1);
  vm_seat_unref (delivery->seat);
  vm_signal_unref (delivery->signal);
  g_free (delivery->id);
  g_free (delivery);
}

static gboolean
deliver (gpointer data)
{
  Delivery *delivery = data;

  VmSeat *seat = delivery->seat;

  if (!seat->closed && delivery->id)
    seat->pass (seat, delivery->id, delivery->signal, seat->user_data);
  else if (!seat->closed)
    seat->func (seat, delivery->signal, seat->user_data);
  return G_SOURCE_REMOVE;
}

static void
post (VmSeat *seat, const gchar *id, const VmSignal *signal)
{
  g_autoptr (GSource) source = NULL;
  Delivery *delivery;

  /* half of it is for the host alone */
  if (g_atomic_int_add (&seat->pending, 1)
      >= (id ? VM_SEAT_QUEUE / 2 : VM_SEAT_QUEUE)) {
    /* a host that does not look is no host; its bye must not come from here,
     * inside the model */
    g_atomic_int_add (&seat->pending, -1);
    return;
  }
  delivery = g_new (Delivery, 1);
  delivery->seat = g_atomic_rc_box_acquire (seat);
  delivery->signal = vm_signal_ref (signal);
  delivery->id = g_strdup (id);
  /* not g_main_context_invoke(): that would run it on vm-net when the host's
   * thread happens not to run its context */
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (
      source, deliver, delivery, (GDestroyNotify) delivery_free);
  g_source_attach (source, seat->context);
}

static void
seat_send (VmOutlet *outlet, const VmSignal *signal)
{
  post ((VmSeat *) outlet, NULL, signal);
}

static void
seat_close (VmOutlet *outlet, const GError *reason)
{
  VmSeat *seat = (VmSeat *) outlet;

  seat->room = NULL;
  seat->member = NULL;
}

static const VmOutletFuncs seat_funcs = { seat_send, seat_close };

/* A member that the host reaches by a connection of its own. */
typedef struct
{
  VmOutlet outlet;

  VmSeat *seat;
  gchar *id;
} Reached;

static void
reached_send (VmOutlet *outlet, const VmSignal *signal)
{
  Reached *reached = (Reached *) outlet;

  post (reached->seat, reached->id, signal);
}

static void
reached_close (VmOutlet *outlet, const GError *reason)
{
  Reached *reached = (Reached *) outlet;

  /* who was kicked has heard so from the host */
  if (reason && !g_error_matches (reason, VM_ERROR, VM_ERROR_KICKED)) {
    g_autoptr (VmSignal) why = vm_signal_new_error (reason, -1);

    post (reached->seat, reached->id, why);
  }
  vm_seat_unref (reached->seat);
  g_free (reached->id);
  g_free (reached);
}

static const VmOutletFuncs reached_funcs = { reached_send, reached_close };

static gpointer
reached_new (const gchar *id, gpointer seat)
{
  Reached *reached = g_new (Reached, 1);

  *reached = (Reached){ .outlet.funcs = &reached_funcs,
    .seat = g_atomic_rc_box_acquire (seat),
    .id = g_strdup (id) };
  return &reached->outlet;
}

/* NULL: it has a socket, or no seat. */
static VmMember *
find_reached (VmSeat *seat, const gchar *id)
{
  VmMember *member = seat->room ? vm_room_find_member (seat->room, id) : NULL;
  VmOutlet *outlet = member ? vm_member_get_peer (member) : NULL;

  return outlet && outlet->funcs == &reached_funcs ? member : NULL;
}

VmRoom *
vm_server_find_hosted (VmServer *self)
{
  for (guint i = 0; i < self->seats->len; i++) {
    VmSeat *seat = g_ptr_array_index (self->seats, i);

    if (seat->room && vm_room_get_state (seat->room) != VM_MEETING_STATE_ENDED)
      return seat->room;
  }
  return NULL;
}

static void
end_seat (VmServer *self, VmSeat *seat)
{
  if (seat->room)
    vm_room_end (seat->room);
  g_ptr_array_remove (self->seats, seat);
}

void
vm_server_end_hosted (VmServer *self)
{
  while (self->seats->len)
    end_seat (self, g_ptr_array_index (self->seats, 0));
}

/* One call of vm_server_open_meeting(), shared with vm-net. */
typedef struct
{
  VmSeat *seat;
  VmRoomConfig config;
  VmRoomPast past; /* .id NULL: it begins */
  gchar *sfu_uri, *sfu_secret; /* or NULL */
  GMutex lock; /* of done and error */
  GCond cond;
  gboolean done;
  GError *error;
} Opening;

static void
opening_clear (gpointer data)
{
  Opening *opening = data;

  g_clear_pointer (&opening->seat, vm_seat_unref);
  g_free ((gchar *) opening->config.name);
  g_free ((gchar *) opening->config.user);
  g_free ((gchar *) opening->config.device);
  g_free ((gchar *) opening->config.pin);
  g_free ((gchar *) opening->config.nonce);
  g_strfreev ((gchar **) opening->config.ice_servers);
  g_free ((gchar *) opening->past.id);
  g_free ((gchar *) opening->past.host_id);
  g_free ((gchar *) opening->past.moderator_id);
  g_clear_pointer (&opening->past.members, g_ptr_array_unref);
  g_clear_pointer (&opening->past.barred, g_ptr_array_unref);
  g_free (opening->sfu_uri);
  g_free (opening->sfu_secret);
  g_clear_error (&opening->error);
  g_mutex_clear (&opening->lock);
  g_cond_clear (&opening->cond);
}

static void
opening_unref (gpointer opening)
{
  g_atomic_rc_box_release_full (opening, opening_clear);
}

/* Limits for each address count by its group. */
static void
group_addresses (VmServer *self, GPtrArray *members)
{
  for (guint i = 0; i < members->len; i++) {
    VmSignalParticipant *one = members->pdata[i];
    g_autofree gchar *text = g_steal_pointer (&one->address);
    g_autoptr (GInetAddress) address =
        text ? g_inet_address_new_from_string (text) : NULL;

    if (address)
      one->address =
          vm_address_group (address, vm_server_local_addresses (self));
  }
}

static void
open_room (VmServer *self, Opening *opening, GError **error)
{
  VmSeat *seat = opening->seat;

  if (opening->past.id) {
    opening->past.make_peer = reached_new;
    opening->past.data = seat;
    group_addresses (self, opening->past.members);
    seat->room = vm_rooms_take_over (self->rooms, &opening->config,
        &opening->past, &seat->outlet, &seat->member, error);
    if (seat->room)
      vm_room_taken_over (seat->room);
    return;
  }
  seat->room = vm_rooms_open (
      self->rooms, &opening->config, &seat->outlet, &seat->member, error);
  if (seat->room)
    vm_room_announced (seat->room);
}

static void
open_on_net (VmServer *self, gpointer data)
{
  Opening *opening = data;
  VmSeat *seat = opening->seat;
  GError *error = NULL;

  opening->config.device_id = vm_identity_get_device_id (self->identity);
  /* before it opens: who is told of it looks for it here */
  g_ptr_array_add (self->seats, g_atomic_rc_box_acquire (seat));
  for (guint i = 0; self->protocols[i]; i++) {
    if (self->protocols[i]->serve_pairs)
      self->protocols[i]->serve_pairs (
          self->states[i], opening->sfu_uri, opening->sfu_secret);
  }
  open_room (self, opening, &error);
  if (!seat->room)
    g_ptr_array_remove (self->seats, seat);
  g_mutex_lock (&opening->lock);
  opening->done = TRUE;
  opening->error = error;
  g_cond_signal (&opening->cond);
  g_mutex_unlock (&opening->lock);
}

static void
copy_past (VmRoomPast *to, const VmMeetingPast *past)
{
  *to = (VmRoomPast){
    .id = g_strdup (past->id),
    .host_id = g_strdup (past->host_id),
    .epoch = past->epoch,
    .joined = past->joined,
    .locked = past->locked,
    .moderator_id = g_strdup (past->moderator_id),
    .members = g_ptr_array_ref (past->members),
    .barred = g_ptr_array_ref (past->barred),
  };
}

/* The meeting goes on without. */
static void
find_sfu (Opening *opening, const VmMeetingConfig *config)
{
  VmServer *self = opening->seat->server;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; config->sfu_uri && self->protocols[i]; i++) {
    if (self->protocols[i]->find_sfu)
      opening->sfu_uri = self->protocols[i]->find_sfu (config->sfu_uri, &error);
  }
  opening->sfu_secret = g_strdup (config->sfu_secret);
  if (error)
    g_info ("no pair of participants meets by Janus: %s", error->message);
}

/* Blocks until vm-net has opened it; not to be called on vm-net. */
VmSeat *
vm_server_take_over_meeting (VmServer *self, const VmMeetingConfig *config,
    const VmMeetingPast *past, GMainContext *context, VmSeatFunc func,
    gpointer user_data, GError **error)
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
  seat->pass = past ? past->pass : NULL;
  seat->user_data = user_data;
  if (past)
    copy_past (&opening->past, past);
  opening->seat = g_atomic_rc_box_acquire (seat);
  opening->config = (VmRoomConfig){
    .name = g_strdup (config->name),
    .user = g_strdup (config->user),
    .device = g_strdup (config->device),
    .pin = g_strdup (config->pin),
    .nonce = g_strdup (config->nonce),
    .max_participants = config->max_participants,
    .call_type = config->call_type,
    .takes_sfu = config->takes_sfu,
    .ice_servers =
        (const gchar *const *) g_strdupv ((gchar **) config->ice_servers),
  };
  find_sfu (opening, config);
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

VmSeat *
vm_server_open_meeting (VmServer *self, const VmMeetingConfig *config,
    GMainContext *context, VmSeatFunc func, gpointer user_data, GError **error)
{
  return vm_server_take_over_meeting (
      self, config, NULL, context, func, user_data, error);
}

typedef struct
{
  VmSeat *seat;
  gchar *id; /* of whom says it; NULL: the host */
  VmSignal *signal; /* NULL: it is gone */
  GError *reason;
} Saying;

static void
saying_free (gpointer data)
{
  Saying *saying = data;

  vm_seat_unref (saying->seat);
  g_free (saying->id);
  g_clear_pointer (&saying->signal, vm_signal_unref);
  g_clear_error (&saying->reason);
  g_free (saying);
}

static void
say_on_net (VmServer *self, gpointer data)
{
  Saying *saying = data;
  VmMember *member = saying->id ? find_reached (saying->seat, saying->id)
                                : saying->seat->member;

  if (member && saying->signal)
    vm_member_receive (member, saying->signal);
  else if (member)
    vm_member_leave (member, saying->reason);
}

static void
say (
    VmSeat *seat, const gchar *id, const VmSignal *signal, const GError *reason)
{
  Saying *saying = g_new (Saying, 1);

  *saying = (Saying){
    .seat = g_atomic_rc_box_acquire (seat),
    .id = g_strdup (id),
    .signal = signal ? vm_signal_ref (signal) : NULL,
    .reason = reason ? g_error_copy (reason) : NULL,
  };
  vm_server_post (seat->server, say_on_net, saying, saying_free);
}

/* @signal is given away: the caller does not touch it again. */
void
vm_seat_send (VmSeat *seat, const VmSignal *signal)
{
  say (seat, NULL, signal, NULL);
}

void
vm_seat_receive (VmSeat *seat, const gchar *id, VmSignal *signal)
{
  say (seat, id, signal, NULL);
}

void
vm_seat_drop (VmSeat *seat, const gchar *id, const GError *reason)
{
  say (seat, id, NULL, reason);
}

static void
close_on_net (VmServer *self, gpointer data)
{
  end_seat (self, data);
}

static void
hand_over_on_net (VmServer *self, gpointer data)
{
  VmSeat *seat = data;

  if (seat->room)
    vm_room_hand_over (seat->room);
  g_ptr_array_remove (self->seats, seat);
}

void
vm_seat_hand_over (VmSeat *seat)
{
  seat->closed = TRUE;
  vm_server_post (seat->server, hand_over_on_net, seat, vm_seat_unref);
}

/* In the seat's context; the seat is freed. */
void
vm_seat_close (VmSeat *seat)
{
  seat->closed = TRUE;
  vm_server_post (seat->server, close_on_net, seat, vm_seat_unref);
}
