/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Between the room model and what is around it: its peers, what is known of
 * devices, and what is announced. */

#include "server/serverrooms.h"
#include "server/access/admit.h"
#include "server/hostseat.h"
#include "server/outlet.h"
#include "server/pairing/pairingservice.h"
#include "server/server-priv.h"
#include "server/serverconfig.h"
#include "server/socket/refusals.h"
#include "trust/keys/statesignature.h"

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
  VmServer *self = user_data;

  *date = g_get_real_time () / G_USEC_PER_SEC;
  return vm_trust_snapshot_get (self->known, device_id, user, device);
}

static void
on_sign (VmSignal *state, gpointer user_data)
{
  VmServer *self = user_data;
  g_autoptr (GError) error = NULL;

  state->signature = vm_state_sign (self->identity, state, &error);
  if (state->signature && state->barred)
    state->barred_signature =
        vm_state_sign_barred (self->identity, state, &error);
  if (error)
    g_warning ("the state of a meeting is not signed: %s", error->message);
}

static void
on_untrusted (const gchar *device_id, const gchar *user, const gchar *group,
    const GError *reason, gpointer user_data)
{
  VmServer *self = user_data;

  if (group
      && !vm_refusals_tells (self->refusals, group, g_get_monotonic_time ()))
    return;
  if (self->pairing)
    vm_pairing_service_tell_failed (self->pairing, device_id, user, reason);
}

static gboolean
on_remove (
    VmRoom *room, const gchar *id, const GError *reason, gpointer user_data)
{
  VmServer *self = user_data;

  for (guint i = 0; self->protocols[i]; i++) {
    if (self->protocols[i]->remove
        && self->protocols[i]->remove (self->states[i], room, id, reason))
      return TRUE;
  }
  return FALSE;
}

static gboolean
on_admit (const gchar *pass, const gchar *room, const gchar *group,
    gpointer user_data, GError **error)
{
  VmServer *self = user_data;
  const VmAccessTokenUse use = { .room = room };

  return vm_server_admits (self, pass, &use, group, error);
}

static void
on_grant_ice (VmIceGrant *grant, gpointer user_data)
{
  vm_server_grant_ice (user_data, grant);
}

static void
on_want_sfu (VmRoom *room, gboolean wanted, gpointer user_data)
{
  VmServer *self = user_data;

  for (guint i = 0; self->protocols[i]; i++) {
    if (self->protocols[i]->want_sfu)
      self->protocols[i]->want_sfu (self->states[i], room, wanted);
  }
}

static void
on_cut_sfu (VmRoom *room, const gchar *id, gpointer user_data)
{
  VmServer *self = user_data;

  for (guint i = 0; self->protocols[i]; i++) {
    if (self->protocols[i]->cut_sfu)
      self->protocols[i]->cut_sfu (self->states[i], room, id);
  }
}

static void
tell (VmServer *self)
{
  VmRoom *room = vm_server_find_hosted (self);
  VmMeetingInfo info;

  if (!self->meetings_func)
    return;
  if (!room) {
    self->meetings_func (self, NULL, self->meetings_data);
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
  self->meetings_func (self, &info, self->meetings_data);
}

static void
on_changed (VmRoom *room, gpointer user_data)
{
  VmServer *self = user_data;

  if (vm_room_get_state (room) == VM_MEETING_STATE_ENDED)
    vm_invites_withdraw (self->invites, vm_room_get_id (room));
  if (!vm_room_is_open (room))
    tell (self);
  else if (self->room_func)
    self->room_func (self, vm_room_get_id (room), vm_room_count_here (room),
        self->room_data);
}

VmRooms *
vm_server_make_rooms (VmServer *self)
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
    .grant_ice = on_grant_ice,
    .want_sfu = on_want_sfu,
    .cut_sfu = on_cut_sfu,
  };

  return vm_rooms_new (&funcs, self);
}

void
vm_server_describe_hosted (VmServer *self, VmDeviceInfo *info)
{
  VmRoom *room = vm_server_find_hosted (self);

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

typedef struct
{
  VmMeetingsFunc func;
  gpointer user_data;
} Listener;

static void
listen_on_net (VmServer *self, gpointer data)
{
  Listener *listener = data;

  self->meetings_func = listener->func;
  self->meetings_data = listener->user_data;
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
