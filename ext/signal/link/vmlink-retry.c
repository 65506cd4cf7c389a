/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A connection that does not come about, or is lost: both users hear of it, and
 * it is tried again so often as vmattempts.h says. The offerer begins; who
 * waits for its offer asks for it where the protocol can. Control thread. */

#include "link/vmattempts.h"
#include "link/vmlink-priv.h"
#include "plugin/plugin.h"

#include <string.h>

#define GST_CAT_DEFAULT vm_signal_debug

/* Whoever asks for a connection again and again gets one a second. */
#define CONNECT_PAUSE_MS 1000
/* How long another offer is waited for after one in a codec that this side
 * cannot send: twice what the other side pauses. */
#define CODEC_WAIT_MS (2 * CONNECT_PAUSE_MS + 1000)
/* Something comes over a connection at least that often. */
#define HEARD_US G_USEC_PER_SEC

static void
add_timer (VmLink *self, GSource **source, guint ms, GSourceFunc func)
{
  vm_timer_clear (source);
  *source = vm_timer_new (self->context, ms, func, self);
}

static guint
get_timeout (VmLink *self)
{
  return self->config->connect_timeout_ms;
}

static gboolean
offers (VmLink *self)
{
  return vm_meeting_offers_to (vm_link_get_meeting (self), self->participant);
}

static gboolean
can_signal (VmLink *self)
{
  return vm_meeting_can_signal (vm_link_get_meeting (self), self->participant);
}

/* What is told */

/* Takes @text. */
static void
warn (VmLink *self, gchar *text, const GError *error, guint again_ms)
{
  g_autofree gchar *message = text;
  g_autofree gchar *field = vm_link_find_field (error);

  GST_ELEMENT_WARNING_WITH_DETAILS (self->bin, RESOURCE, OPEN_READ_WRITE,
      ("%s", message), (NULL),
      ("participant-id", G_TYPE_STRING,
          vm_participant_get_id (self->participant), "code", G_TYPE_STRING,
          vm_error_get_code (error), "field", G_TYPE_STRING, field, "again-ms",
          G_TYPE_UINT, again_ms, NULL));
}

void
vm_link_warn_refused (VmLink *self, const GError *error)
{
  warn (self,
      g_strdup_printf ("An offer of %s is not taken: %s",
          vm_participant_get_user (self->participant), error->message),
      error, 0);
}

void
vm_link_warn_left_out (VmLink *self, const GError *error)
{
  warn (self,
      g_strdup_printf ("The connection to %s goes on with less: %s",
          vm_participant_get_user (self->participant), error->message),
      error, 0);
}

void
vm_link_tell_forged (VmLink *self, const GError *error)
{
  if (self->told_forged)
    return;
  self->told_forged = TRUE;
  warn (self,
      g_strdup_printf (
          "Something that came in the name of %s is not its word: %s",
          vm_participant_get_user (self->participant), error->message),
      error, 0);
}

static void
warn_failed (VmLink *self, const GError *error, guint again_ms)
{
  const gchar *user = vm_participant_get_user (self->participant);

  if (again_ms)
    warn (self,
        g_strdup_printf ("The connection to %s failed: %s; it is tried again "
                         "(%u of %u)",
            user, error->message, self->failed, VM_ATTEMPTS_MORE),
        error, again_ms);
  else
    warn (self,
        g_strdup_printf (
            "The connection to %s failed: %s", user, error->message),
        error, 0);
}

/* What is done */

static gboolean
on_restart (gpointer user_data)
{
  vm_link_offer (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_no_offer (gpointer user_data)
{
  g_autoptr (VmLink) self = g_object_ref (user_data);
  g_autoptr (GError) error = g_error_new_literal (
      VM_ERROR, VM_ERROR_TIMEOUT, "It has not offered a connection in time");

  vm_timer_clear (&self->offer_wait);
  vm_link_fail (self, error);
  return G_SOURCE_REMOVE;
}

void
vm_link_expect_offer (VmLink *self)
{
  add_timer (self, &self->offer_wait,
      vm_attempts_time (self->failed, get_timeout (self)), on_no_offer);
}

static gboolean
on_no_codec (gpointer user_data)
{
  g_autoptr (VmLink) self = g_object_ref (user_data);
  g_autoptr (GError) error = g_steal_pointer (&self->awaited);

  vm_timer_clear (&self->offer_wait);
  vm_link_fail (self, error);
  return G_SOURCE_REMOVE;
}

gboolean
vm_link_awaits_codec (VmLink *self, const GError *error)
{
  if (!g_error_matches (error, VM_ERROR, VM_ERROR_CODEC)
      || self->config->dialect != VM_DIALECT_NAME_NATIVE
      || self->refusals >= VM_CODEC_N)
    return FALSE;
  self->refusals++;
  g_clear_error (&self->awaited);
  self->awaited = g_error_copy (error);
  add_timer (self, &self->offer_wait, CODEC_WAIT_MS, on_no_codec);
  return TRUE;
}

/* A room is asked by leaving it, which is no matter of two; and who has a key
 * is believed only behind a connection that it has signed. */
static gboolean
on_ask (gpointer user_data)
{
  VmLink *self = user_data;

  if (self->theirs && self->config->dialect == VM_DIALECT_NAME_NATIVE)
    vm_meeting_send_restart (
        vm_link_get_meeting (self), self->participant, "no connection");
  vm_link_expect_offer (self);
  return G_SOURCE_REMOVE;
}

guint
vm_link_connect_delay (VmLink *self)
{
  gint64 past = (g_get_monotonic_time () - self->connected_at) / 1000;

  return self->connected_at && past < CONNECT_PAUSE_MS
             ? CONNECT_PAUSE_MS - (guint) past
             : 0;
}

void
vm_link_restart (VmLink *self)
{
  if (!self->restart_source)
    add_timer (
        self, &self->restart_source, vm_link_connect_delay (self), on_restart);
}

void
vm_link_recover (VmLink *self)
{
  if (self->now || self->closed || self->served)
    return;
  self->failed = 0;
  if (offers (self))
    vm_link_restart (self);
  else
    vm_link_expect_offer (self);
}

void
vm_link_begin_anew (VmLink *self)
{
  g_autoptr (GError) error = NULL;

  if (self->served)
    return;
  if (!can_signal (self)) {
    error = g_error_new_literal (VM_ERROR, VM_ERROR_UNROUTABLE,
        "there is no way to set up another, and it goes on as it is");
    warn (self,
        g_strdup_printf ("The connection to %s is not made anew: %s",
            vm_participant_get_user (self->participant), error->message),
        error, 0);
    return;
  }
  self->failed = 0;
  if (offers (self)) {
    vm_link_offer (self);
    return;
  }
  vm_meeting_send_restart (
      vm_link_get_meeting (self), self->participant, "requested");
  if (!self->now && !self->closed)
    vm_link_expect_offer (self);
}

static void
try_again (VmLink *self, guint pause)
{
  if (offers (self))
    add_timer (self, &self->restart_source, pause, on_restart);
  else
    add_timer (self, &self->offer_wait,
        pause + vm_attempts_patience (get_timeout (self)), on_ask);
}

/* What a server passes on meanwhile goes on. */
static void
give_up (VmLink *self)
{
  gboolean served = self->owner->has_cloud (self->controller);

  vm_link_close_all (self);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    if (!served || !vm_link_is_served_stream (self, i))
      vm_link_end_stream (self, i);
  }
}

static void
set_lost (VmLink *self, VmParticipantEvent event, const GError *error)
{
  vm_meeting_set_participant_state (
      vm_link_get_meeting (self), self->participant, event, error);
}

static void
renew (VmLink *self, const gchar *reason)
{
  if (self->config->dialect != VM_DIALECT_NAME_NATIVE || self->closed
      || self->restart_source || !can_signal (self))
    return;
  GST_INFO ("%s: another connection: %s",
      vm_participant_get_id (self->participant), reason);
  if (offers (self))
    vm_link_restart (self);
  else
    vm_meeting_send_restart (
        vm_link_get_meeting (self), self->participant, reason);
}

void
vm_link_renew (VmLink *self, const gchar *reason)
{
  if (!self->next && vm_link_is_connected (self))
    renew (self, reason);
}

static gboolean
on_renew (gpointer user_data)
{
  VmLink *self = user_data;

  vm_timer_clear (&self->renew_source);
  if (self->unsteady)
    vm_link_renew_silent (self);
  return G_SOURCE_REMOVE;
}

void
vm_link_renew_silent (VmLink *self)
{
  gint64 past = (g_get_monotonic_time () - self->renewed_at) / 1000;
  gint64 pause = vm_attempts_renewal_pause (self->renewals);

  if (!self->renewed_at || past >= VM_ATTEMPTS_STEADY_MS)
    self->renewals = 0;
  else if (past < pause) {
    add_timer (self, &self->renew_source, (guint) (pause - past), on_renew);
    return;
  }
  if (self->next || !vm_link_is_connected (self))
    return;
  self->renewals++;
  self->renewed_at = g_get_monotonic_time ();
  renew (self, "silent");
}

/* Of this device's own address, or by a detour that may no longer be needed. */
static gboolean
is_path_outdated (VmLink *self)
{
  const gchar *address = vm_peer_get_local_address (self->now->peer);
  VmPeerPath path;

  return (address
             && !VM_PLUGIN (vm_meeting_has_address) (
                 vm_link_get_meeting (self), address))
         || (vm_peer_get_path (self->now->peer, &path)
             && strcmp (path.kind, "host") != 0);
}

static gboolean
on_detour (gpointer user_data)
{
  VmLink *self = user_data;

  vm_timer_clear (&self->detour_source);
  self->detour_ms = vm_attempts_detour_pause (self->detour_ms);
  vm_link_renew (self, "detour");
  vm_link_watch_detour (self);
  return G_SOURCE_REMOVE;
}

/* A relay, or TCP: what was in the way of something better may have gone. */
static gboolean
is_detour (VmLink *self)
{
  VmPeerPath path;

  return vm_peer_get_path (self->now->peer, &path)
         && ((g_str_equal (path.kind, "relay")
                 && self->config->paths & VM_PATH_DIRECT)
             || g_str_equal (path.protocol, "tcp"));
}

void
vm_link_watch_detour (VmLink *self)
{
  if (!vm_link_is_connected (self) || !offers (self) || !is_detour (self)) {
    vm_timer_clear (&self->detour_source);
    self->detour_ms = vm_attempts_detour_pause (0);
    return;
  }
  if (!self->detour_source)
    add_timer (self, &self->detour_source, self->detour_ms, on_detour);
}

void
vm_link_servers_changed (VmLink *self)
{
  VmPeerPath path;

  if (vm_link_is_connected (self) && vm_peer_get_path (self->now->peer, &path)
      && g_str_equal (path.kind, "relay"))
    renew (self, "credential");
}

/* After a sleep, or where this device was merely busy. */
static gboolean
is_heard (VmLink *self)
{
  gint64 heard = self->now ? vm_peer_get_heard_at (self->now->peer) : 0;

  return heard && g_get_monotonic_time () - heard < HEARD_US;
}

void
vm_link_network_changed (VmLink *self, gboolean slept)
{
  if (slept)
    self->failed = 0;
  if ((slept && !is_heard (self)) || (!self->now && self->failed)
      || (vm_link_is_connected (self) && is_path_outdated (self)))
    renew (self, slept ? "awake" : "network");
}

/* By a server that passes media on, until there is a path. */
static void
ask_for_pair (VmLink *self)
{
  if (self->config->dialect == VM_DIALECT_NAME_NATIVE
      && self->config->paths & VM_PATH_CLOUD)
    VM_PLUGIN (vm_meeting_send_sfu_pair)
  (vm_link_get_meeting (self), self->participant, TRUE);
}

void
vm_link_agree_to_pair (VmLink *self)
{
  if (!vm_link_is_connected (self) && !self->closed && !self->served)
    ask_for_pair (self);
}

/* Milliseconds until it is tried again; 0: it is not. */
static guint
choose_pause (VmLink *self, const GError *error)
{
  if ((!g_error_matches (error, VM_ERROR, VM_ERROR_TIMEOUT)
          && !g_error_matches (error, VM_ERROR, VM_ERROR_DISCONNECTED))
      || !can_signal (self))
    return 0;
  if (self->failed < VM_ATTEMPTS_MORE)
    return vm_attempts_pause (++self->failed, get_timeout (self));
  if (!self->paired)
    return 0;
  self->detour_ms = vm_attempts_detour_pause (self->detour_ms);
  return self->detour_ms;
}

void
vm_link_fail (VmLink *self, const GError *error)
{
  guint pause;

  if (vm_link_close_next (self)) {
    GST_INFO ("%s: the connection in use goes on: %s",
        vm_participant_get_id (self->participant), error->message);
    if (self->unsteady)
      vm_link_renew_silent (self);
    return;
  }
  give_up (self);
  if (self->closed)
    return;
  self->told_back = self->heard_back = FALSE;
  pause = choose_pause (self, error);
  if (self->paired)
    GST_INFO ("%s: still no path: %s",
        vm_participant_get_id (self->participant), error->message);
  else
    warn_failed (self, error, pause);
  if (pause) {
    ask_for_pair (self);
    try_again (self, pause);
  } else if (!self->paired)
    set_lost (self,
        vm_participant_get_state (self->participant)
                == VM_PARTICIPANT_STATE_CONNECTED
            ? VM_PARTICIPANT_EVENT_LEAVES
            : VM_PARTICIPANT_EVENT_FAILS,
        error);
}

void
vm_link_end (VmLink *self, const GError *error)
{
  if (self->config->dialect != VM_DIALECT_NAME_CALL) {
    vm_link_fail (self, error);
    return;
  }
  give_up (self);
  set_lost (self, VM_PARTICIPANT_EVENT_LEAVES, NULL);
}
