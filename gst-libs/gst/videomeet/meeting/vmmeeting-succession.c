/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A meeting whose host is gone goes on at another of its devices
 * (protocol/meeting.md#succession). The successor opens the meeting at its own
 * server, with its id, the next epoch and the seats of those that it reaches.
 * They keep their connections to one another, and what they have to say to the
 * server goes over their data channel `signal` to the successor. */

#include "meeting/vmmeeting-priv.h"
#include "discovery/device-priv.h"
#include "node/node-priv.h"
#include "meeting/vmparticipant-priv.h"
#include "trust/keys/statesignature.h"
#include "trust/media/vmmediasession-priv.h"
#include "wire/dialect.h"
#include <gst/videomeet/vmerror.h>

#include <string.h>

/* For each earlier participant that may become host instead of this device. */
#define RANK_MS 700
/* Between two looks whether this device reaches a majority by now. */
#define AGAIN_MS 1000
/* Until a host joins the half of a split that has the higher epoch. */
#define MOVE_MS 3000
/* For another to become host; for a goodbye to get out of its channel. */
#define HAND_OVER_MS 2000
#define BYE_MS 200
/* A claim is kept until this device misses the host as well. */
#define CLAIM_MS 5000

/* A greater number is not that of a counter of participants. */
#define NUMBER_MAX 1000000

static guint
number_of (const gchar *id)
{
  guint64 number;

  return id && *id == 'p'
                 && g_ascii_string_to_unsigned (
                     id + 1, 10, 0, NUMBER_MAX, &number, NULL)
             ? number
             : 0;
}

void
vm_meeting_note_met (VmMeeting *self, VmParticipant *participant)
{
  const gchar *device = vm_participant_get_device_id (participant);

  if (*device)
    g_hash_table_add (self->met, g_strdup (device));
}

void
vm_meeting_forget_succession (VmMeeting *self)
{
  self->orphaned = FALSE;
  self->host_leaving = FALSE;
  self->took_over = FALSE;
  g_clear_pointer (&self->relay_id, g_free);
}

void
vm_meeting_note_participant (VmMeeting *self, const gchar *id)
{
  self->joined = MAX (self->joined, number_of (id));
}

void
vm_meeting_note_state (VmMeeting *self, const VmSignal *signal)
{
  g_clear_pointer (&self->host_state, vm_signal_unref);
  if (signal->type == VM_SIGNAL_MEETING_STATE) {
    self->host_state = vm_signal_ref (signal);
    self->host_state_at = g_get_monotonic_time ();
  }
  if (signal->epoch > 0)
    self->epoch = signal->epoch;
  if (signal->max_participants > 0)
    self->room_max = signal->max_participants;
  self->has_pin = signal->confidential;
}

/* Who succeeds */

static gboolean
is_reached (VmParticipant *other)
{
  VmParticipantTalk *talk = vm_participant_get_talk (other);

  return vm_participant_get_state (other) == VM_PARTICIPANT_STATE_CONNECTED
         && talk->signal && talk->heartbeat && !talk->quiet;
}

static gboolean
is_host (VmMeeting *self, VmParticipant *other)
{
  return g_strcmp0 (vm_participant_get_id (other), self->host_id) == 0;
}

/* It comes and goes with its bridge. */
static gboolean
is_passed_on (VmParticipant *other)
{
  return vm_participant_get_origin_id (other) != NULL;
}

/* In a meeting of two there is nothing to go on with. */
static guint
count_others (VmMeeting *self, gboolean reached_only)
{
  guint n = 0;

  for (guint i = 0; i < self->participants->len; i++) {
    VmParticipant *other = self->participants->pdata[i];

    n += !is_host (self, other) && !is_passed_on (other)
         && (!reached_only || is_reached (other));
  }
  return n;
}

/* Earlier participants with a key that this device reaches: one of them claims
 * the meeting first, unless all of them are browsers. */
static guint
get_rank (VmMeeting *self)
{
  const gchar *me = vm_participant_get_id (self->me);
  guint rank = 0;

  for (guint i = 0; i < self->participants->len; i++) {
    VmParticipant *other = self->participants->pdata[i];

    rank += !is_host (self, other) && is_reached (other)
            && *vm_participant_get_device_id (other)
            && vm_participant_id_is_earlier (vm_participant_get_id (other), me);
  }
  return rank;
}

static gboolean
has_majority (VmMeeting *self)
{
  return 2 * (count_others (self, TRUE) + 1) > count_others (self, FALSE) + 1;
}

static gboolean
may_succeed (VmMeeting *self)
{
  return !self->stopped && !self->seat && !self->via && self->me
         && self->host_id && self->dialect == VM_DIALECT_NAME_NATIVE
         && !self->returning && count_others (self, FALSE) > 0;
}

static gboolean
is_without_host (VmMeeting *self)
{
  return self->host_lost || self->host_leaving;
}

void
vm_meeting_stop_succession (VmMeeting *self)
{
  vm_timer_clear (&self->move_timer);
  vm_timer_clear (&self->succession_timer);
  vm_timer_clear (&self->claim_timer);
  g_clear_pointer (&self->claim, vm_signal_unref);
  g_clear_object (&self->claimant);
}

/* Becoming host */

static GPtrArray *
list_members (VmMeeting *self)
{
  GPtrArray *members = g_ptr_array_new_with_free_func (
      (GDestroyNotify) vm_signal_participant_free);

  for (guint i = 0; i < self->participants->len; i++) {
    VmParticipant *other = self->participants->pdata[i];

    if (!is_host (self, other) && !is_passed_on (other) && is_reached (other))
      g_ptr_array_add (members, vm_participant_to_signal (other));
  }
  return members;
}

/* Removes the participants that @roster does not name: the host that is gone,
 * and those that the new host does not reach. */
static void
remove_others (VmMeeting *self, const gchar *const *roster)
{
  g_autoptr (GError) reason = g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
      "The connection was lost together with the host of the meeting");

  for (guint i = self->participants->len; i > 0 && !self->stopped; i--) {
    VmParticipant *other =
        i <= self->participants->len ? self->participants->pdata[i - 1] : NULL;

    if (other && !g_strv_contains (roster, vm_participant_get_id (other)))
      vm_meeting_remove (self, other, reason);
  }
}

/* Whom the host has revoked is kept out where this device, which trusts that
 * host, does not trust it by itself. */
static void
add_revoked (VmMeeting *self, GPtrArray *bars, const gchar *device_id)
{
  const VmSignalParticipant who = { .device_id = (gchar *) device_id };
  VmTrustLevel level;

  if (!vm_host_verifier_guest (self->verifier, &who,
          g_get_real_time () / G_USEC_PER_SEC, &level, NULL, NULL))
    g_ptr_array_add (bars, vm_signal_bar_new (device_id, device_id, NULL, 0));
}

/* Those whom the host before this one kept out, the latest last. */
static GPtrArray *
list_bars (VmMeeting *self)
{
  GPtrArray *bars = g_ptr_array_new_with_free_func (vm_signal_bar_free);
  const VmSignal *state = self->host_state;
  gint64 passed =
      (g_get_monotonic_time () - self->host_state_at) / G_USEC_PER_SEC;

  for (guint i = 0;
       self->verifier && state && state->revoked && state->revoked[i]; i++)
    add_revoked (self, bars, state->revoked[i]);
  for (guint i = 0; state && state->barred && i < state->barred->len; i++) {
    const VmSignalBar *bar = state->barred->pdata[i];

    g_ptr_array_add (bars, vm_signal_bar_new (bar->id, bar->device_id,
                               bar->address, bar->seconds - passed));
  }
  return bars;
}

/* What the room says to a member, by the data channel to it. */
static void
on_pass (VmSeat *seat, const gchar *id, const VmSignal *signal, gpointer data)
{
  VmMeeting *self = data;
  VmParticipant *to = vm_meeting_find (self, id);

  if (to)
    vm_meeting_send_signal_to (self, to, signal);
}

static VmSeat *
open_seat (VmMeeting *self, GPtrArray *members, GError **error)
{
  VmServer *server = vm_node_get_server (self->node);
  g_autoptr (GPtrArray) bars = list_bars (self);
  g_autofree gchar *device = NULL;
  g_auto (GStrv) ice_servers = NULL;
  gboolean has_pin = self->pin && *self->pin;
  VmMeetingConfig config = {
    .name = self->name,
    .user = self->user,
    .pin = has_pin ? self->pin : NULL,
    .max_participants = self->room_max ? self->room_max : VM_MEETING_SEATS,
    .call_type = self->call_type,
    .nonce = self->nonce,
  };
  VmMeetingPast past = {
    .id = self->id,
    .host_id = vm_participant_get_id (self->me),
    .epoch = self->epoch + 1,
    .joined = self->joined,
    /* nobody else comes without the PIN that this device does not know */
    .locked = self->locked || (self->has_pin && !has_pin),
    .moderator_id = self->moderator_id,
    .members = members,
    .barred = bars,
    .pass = on_pass,
  };

  g_object_get (self->node, "device", &device, NULL);
  g_object_get (self, "all-ice-servers", &ice_servers, NULL);
  config.device = device;
  vm_meeting_configure_sfu (self, &config);
  config.ice_servers = (const gchar *const *) ice_servers;
  return vm_server_take_over_meeting (server, &config, &past, self->context,
      vm_meeting_on_seat_signal, self, error);
}

/* The socket to the old host is closed without a goodbye: a host that is there
 * still would tell the others that this device has left. */
static void
drop_client (VmMeeting *self)
{
  if (self->client)
    vm_signal_client_abandon (self->client);
  g_clear_object (&self->client);
  self->socket_lost = FALSE;
}

static void
set_host (VmMeeting *self, const gchar *id, guint epoch)
{
  VmParticipant *host;

  for (guint i = 0; i < self->participants->len; i++)
    vm_participant_set_host (self->participants->pdata[i], FALSE);
  vm_participant_set_host (self->me, FALSE);
  g_free (self->host_id);
  self->host_id = g_strdup (id);
  self->epoch = epoch;
  self->host_leaving = FALSE;
  self->orphaned = FALSE;
  vm_meeting_stop_succession (self);
  vm_meeting_forget_loss (self);
  host = vm_meeting_find (self, id);
  vm_participant_set_host (host ? host : self->me, TRUE);
  g_signal_emit (self, vm_meeting_signals[VM_MEETING_SIGNAL_HOST_CHANGED], 0,
      host ? host : self->me);
}

static GStrv
list_roster (VmMeeting *self, GPtrArray *members)
{
  g_autoptr (GStrvBuilder) roster = g_strv_builder_new ();

  for (guint i = 0; i < members->len; i++)
    g_strv_builder_add (
        roster, ((VmSignalParticipant *) members->pdata[i])->id);
  return g_strv_builder_end (roster);
}

/* It waits for that before it goes. */
static void
tell_leaving_host (VmMeeting *self)
{
  VmParticipant *host = vm_meeting_find (self, self->host_id);
  g_autoptr (VmSignal) state = NULL;

  if (!host || !self->host_leaving)
    return;
  state = vm_signal_new (VM_SIGNAL_MEETING_STATE);
  state->meeting_id = g_strdup (self->id);
  state->epoch = self->epoch + 1;
  state->host = g_strdup (vm_participant_get_id (self->me));
  vm_meeting_send_signal_to (self, host, state);
}

static void
succeed (VmMeeting *self)
{
  g_autoptr (GPtrArray) members = list_members (self);
  g_auto (GStrv) roster = list_roster (self, members);
  g_autofree gchar *me = g_strdup (vm_participant_get_id (self->me));
  g_autoptr (GError) error = NULL;
  VmSeat *seat = NULL;

  if (vm_meeting_take_roles (
          self, VM_NODE_ROLES_SERVE | VM_NODE_ROLES_ANNOUNCE, &error))
    seat = open_seat (self, members, &error);
  if (!seat) {
    g_message ("this device cannot host the meeting: %s", error->message);
    return;
  }
  g_debug ("hosts the meeting from epoch %u on", self->epoch + 1);
  tell_leaving_host (self);
  drop_client (self);
  g_clear_pointer (&self->relay_id, g_free);
  g_clear_pointer (&self->endpoint, vm_meeting_endpoint_free);
  self->seat = seat;
  self->took_over = TRUE;
  set_host (self, me, self->epoch + 1);
  if (!self->stopped)
    remove_others (self, (const gchar *const *) roster);
}

static gboolean
on_turn (gpointer data)
{
  g_autoptr (VmMeeting) self = g_object_ref (data);

  vm_timer_clear (&self->succession_timer);
  if (!may_succeed (self) || !is_without_host (self))
    return G_SOURCE_REMOVE;
  if (has_majority (self))
    succeed (self);
  else
    self->succession_timer =
        vm_timer_new (self->context, AGAIN_MS, on_turn, self);
  return G_SOURCE_REMOVE;
}

static void take_kept_claim (VmMeeting *self);

void
vm_meeting_find_successor (VmMeeting *self)
{
  if (!may_succeed (self) || !is_without_host (self))
    return;
  if (self->host_lost)
    vm_meeting_watch_halves (self);
  take_kept_claim (self);
  if (is_without_host (self) && !self->seat && !self->succession_timer)
    self->succession_timer =
        vm_timer_new (self->context, get_rank (self) * RANK_MS, on_turn, self);
}

/* Following another */

/* A browser hosts nothing. While a connection is being replaced there is no key
 * to check the state by; then it counts that the channel is that of a
 * connection that was signed. */
static gboolean
is_signed (VmParticipant *from, const VmSignal *state)
{
  VmMediaSession *media = vm_participant_get_media (from);
  GBytes *spki = media ? vm_media_session_get_other_key (media) : NULL;
  g_autoptr (GError) error = NULL;

  if (*vm_participant_get_device_id (from)
      && (!spki || vm_state_verify (spki, state, &error)))
    return TRUE;
  g_message ("%s says the state of the meeting, and that is not taken: %s",
      vm_participant_get_id (from), error ? error->message : "it has no key");
  return FALSE;
}

gboolean
vm_meeting_is_news (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal)
{
  if (signal->type != VM_SIGNAL_MEETING_STATE)
    return TRUE;
  return is_signed (from, signal)
         && (!self->host_state
             || vm_state_version (signal)
                    > vm_state_version (self->host_state));
}

static void
follow (VmMeeting *self, VmParticipant *from, const VmSignal *state)
{
  g_autofree gchar *id = g_strdup (vm_participant_get_id (from));

  g_debug ("%s hosts the meeting, epoch %u", id, (guint) state->epoch);
  drop_client (self);
  vm_meeting_stop_returning (self);
  g_clear_pointer (&self->endpoint, vm_meeting_endpoint_free);
  g_queue_clear_full (
      &self->endpoints, (GDestroyNotify) vm_meeting_endpoint_free);
  g_clear_pointer (&self->seat, vm_seat_hand_over);
  self->took_over = FALSE;
  g_free (self->relay_id);
  self->relay_id = g_strdup (id);
  set_host (self, id, state->epoch);
  if (!self->stopped && state->roster)
    remove_others (self, (const gchar *const *) state->roster);
  if (!self->stopped)
    vm_meeting_take_signal (self, state);
}

static gboolean
on_claim_old (gpointer data)
{
  VmMeeting *self = data;

  vm_timer_clear (&self->claim_timer);
  g_clear_pointer (&self->claim, vm_signal_unref);
  g_clear_object (&self->claimant);
  return G_SOURCE_REMOVE;
}

static void
take_kept_claim (VmMeeting *self)
{
  g_autoptr (VmSignal) claim = g_steal_pointer (&self->claim);
  g_autoptr (VmParticipant) from = g_steal_pointer (&self->claimant);

  vm_timer_clear (&self->claim_timer);
  if (claim && vm_meeting_find (self, vm_participant_get_id (from)) == from)
    follow (self, from, claim);
}

static void
keep_claim (VmMeeting *self, VmParticipant *from, const VmSignal *state)
{
  on_claim_old (self);
  self->claim = vm_signal_ref (state);
  self->claimant = g_object_ref (from);
  self->claim_timer =
      vm_timer_new (self->context, CLAIM_MS, on_claim_old, self);
}

static gboolean
has_seat (const VmSignal *state, const gchar *id)
{
  return state->roster
         && g_strv_contains ((const gchar *const *) state->roster, id);
}

/* Two may have claimed it at a time: the earlier participant hosts it. */
static gboolean
is_newer (VmMeeting *self, VmParticipant *from, const VmSignal *state)
{
  if (state->epoch != self->epoch)
    return state->epoch > self->epoch
           && state->epoch <= (gint64) self->epoch + VM_MEETING_EPOCHS_MAX;
  return (self->took_over || self->relay_id) && self->host_id
         && vm_participant_id_is_earlier (
             vm_participant_get_id (from), self->host_id);
}

gboolean
vm_meeting_take_claim (
    VmMeeting *self, VmParticipant *from, const VmSignal *state)
{
  const gchar *id = vm_participant_get_id (from);

  if (state->type != VM_SIGNAL_MEETING_STATE
      || g_strcmp0 (self->relay_id, id) == 0)
    return FALSE;
  if (g_strcmp0 (state->host, id) != 0
      || g_strcmp0 (state->meeting_id, self->id) != 0
      || !is_newer (self, from, state))
    return TRUE;
  if (self->seat && self->host_leaving) {
    /* once, and from a device: it is what this one waits for */
    if (self->handed_over || !*vm_participant_get_device_id (from))
      return TRUE;
    self->handed_over = TRUE;
    g_signal_emit (
        self, vm_meeting_signals[VM_MEETING_SIGNAL_HOST_CHANGED], 0, from);
    return TRUE;
  }
  if (!has_seat (state, id)
      || !has_seat (state, vm_participant_get_id (self->me))
      || !is_signed (from, state))
    return TRUE;
  /* a host that is heard is the host, whatever the others hear */
  if (is_without_host (self) || (guint) state->epoch == self->epoch)
    follow (self, from, state);
  else
    keep_claim (self, from, state);
  return TRUE;
}

/* Leaving as host */

/**
 * vm_meeting_hand_over:
 * @self: a #VmMeeting that this device hosts
 *
 * Tells the others that this device is about to leave, so that another of them
 * goes on as host. Where they are browsers alone they go on among themselves.
 *
 * Returns: milliseconds until vm_meeting_stop() at the latest; it may be called
 *   once #VmMeeting::host-changed has come. 0: nothing was said, because there
 *   are no two others who could go on
 *
 * Since: 0.2
 */
guint
vm_meeting_hand_over (VmMeeting *self)
{
  g_autoptr (VmSignal) bye = NULL;
  gboolean device = FALSE;

  g_return_val_if_fail (VM_IS_MEETING (self), 0);

  if (self->stopped || !self->seat || count_others (self, TRUE) < 2)
    return 0;
  for (guint i = 0; i < self->participants->len; i++) {
    VmParticipant *other = self->participants->pdata[i];

    device |= *vm_participant_get_device_id (other) && is_reached (other);
  }
  bye = vm_signal_new (VM_SIGNAL_BYE);
  bye->from = g_strdup (vm_participant_get_id (self->me));
  bye->reason = g_strdup (VM_MEETING_HAND_OVER);
  for (guint i = 0; i < self->participants->len; i++)
    vm_meeting_send_signal_to (self, self->participants->pdata[i], bye);
  self->host_leaving = TRUE;
  self->handed_over = !device;
  return device ? HAND_OVER_MS : BYE_MS;
}

void
vm_meeting_take_hand_over (VmMeeting *self, VmParticipant *from)
{
  if (!is_host (self, from) || !may_succeed (self))
    return;
  self->host_leaving = TRUE;
  vm_meeting_find_successor (self);
}

/* The halves of a split */

void
vm_meeting_watch_halves (VmMeeting *self)
{
  g_autoptr (GError) error = NULL;

  if (self->browsing || self->stopped || !self->rejoin
      || self->dialect != VM_DIALECT_NAME_NATIVE)
    return;
  if (vm_meeting_take_roles (self, VM_NODE_ROLES_BROWSE, &error))
    vm_meeting_watch_devices (self);
  else
    g_message (
        "the other half of the meeting cannot be found: %s", error->message);
}

static gboolean
is_present (VmMeeting *self, const gchar *device_id)
{
  for (guint i = 0; i < self->participants->len; i++) {
    if (strcmp (vm_participant_get_device_id (self->participants->pdata[i]),
            device_id)
        == 0)
      return TRUE;
  }
  return FALSE;
}

/* A device that was in the meeting, by the key that its server shows, and has
 * left it: anybody can announce the id of a meeting. */
static gboolean
is_other_half (VmMeeting *self, VmDevice *device)
{
  VmIdentity *me = vm_node_get_identity (self->node);
  const gchar *id = vm_device_get_id (device);
  gboolean alone = self->orphaned || self->host_lost;
  guint epoch = vm_device_get_epoch (device);

  return g_strcmp0 (vm_device_get_meeting_id (device), self->id) == 0
         && strcmp (id, vm_identity_get_device_id (me)) != 0
         && vm_device_get_secure (device)
         && g_hash_table_contains (self->met, id) && !is_present (self, id)
         && epoch <= self->epoch + VM_MEETING_EPOCHS_MAX
         && (epoch > self->epoch || (alone && epoch == self->epoch));
}

static void
join_half (VmMeeting *self, VmDevice *device)
{
  const gchar *const *addresses = vm_device_get_addresses (device);
  VmMeetingEndpoint *endpoint;

  if (!addresses[0])
    return;
  g_debug ("the meeting goes on at %s", addresses[0]);
  endpoint = g_new0 (VmMeetingEndpoint, 1);
  endpoint->base_uri = vm_meeting_base_uri_at (device, addresses[0]);
  endpoint->key_hash = g_strdup (vm_device_get_key_hash (device));
  endpoint->named = TRUE;
  g_clear_pointer (&self->seat, vm_seat_hand_over);
  self->took_over = FALSE;
  g_clear_pointer (&self->relay_id, g_free);
  drop_client (self);
  vm_meeting_stop_succession (self);
  vm_meeting_return_at (self, endpoint);
}

static gboolean
on_move (gpointer data)
{
  g_autoptr (VmMeeting) self = g_object_ref (data);

  vm_timer_clear (&self->move_timer);
  self->moving = TRUE;
  vm_meeting_join_halves (self);
  self->moving = FALSE;
  return G_SOURCE_REMOVE;
}

/* A host lets its guests go first, who would lose it otherwise. */
void
vm_meeting_join_halves (VmMeeting *self)
{
  GList *devices;

  if (self->stopped || self->returning || !self->rejoin
      || self->dialect != VM_DIALECT_NAME_NATIVE)
    return;
  devices = vm_node_list_devices (self->node);
  for (GList *l = devices; l && !self->returning && !self->move_timer;
       l = l->next) {
    if (!is_other_half (self, l->data))
      continue;
    if (self->seat && !self->moving)
      self->move_timer = vm_timer_new (self->context, MOVE_MS, on_move, self);
    else
      join_half (self, l->data);
  }
  g_list_free_full (devices, g_object_unref);
}
