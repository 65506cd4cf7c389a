/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A meeting at a server that takes it to an SFU, a room of Janus, while it has
 * many participants (protocol/cloud.md). Who they are is the server's word, as
 * before: here each stream of that room finds its participant. */

#include "meeting/vmmeeting-priv.h"
#include "meeting/vmparticipant-priv.h"
#include "node/node-priv.h"
#include "trust/keys/vmidentity-priv.h"
#include "wire/janus/janusmark.h"

#include <string.h>

#define HEAD "/sfu?ticket="
/* Before another ticket is asked for, ms; the last one repeats. */
static const guint pauses[] = { 500, 1000, 2000, 4000, 8000 };
/* From a connection that lasted this long on, pauses begin anew. */
#define STEADY_US (15 * G_USEC_PER_SEC)

void
vm_meeting_set_sfu_func (
    VmMeeting *self, VmMeetingSfuFunc func, VmMeetingPairFunc pair)
{
  self->sfu_func = func;
  self->pair_func = pair;
}

void
vm_meeting_set_sfu_server (
    VmMeeting *self, const gchar *uri, const gchar *secret)
{
  self->sfu_uri = g_strdup (uri);
  self->sfu_secret = g_strdup (secret);
}

gboolean
vm_meeting_takes_sfu (VmMeeting *self)
{
  return self->sfu_func && !self->via && vm_meeting_may_cloud (self);
}

void
vm_meeting_configure_sfu (VmMeeting *self, VmMeetingConfig *config)
{
  config->takes_sfu = vm_meeting_takes_sfu (self);
  config->sfu_uri = self->sfu_uri;
  config->sfu_secret = self->sfu_secret;
}

static void
tell (VmMeeting *self, VmParticipant *participant, gboolean on)
{
  if (self->sfu_func && !self->stopped)
    self->sfu_func (self, participant, on, self->cloud_data);
}

/* The room */

static VmParticipant *
find_feed (VmMeeting *self, gint64 feed)
{
  return vm_meeting_find (self, g_hash_table_lookup (self->sfu_feeds, &feed));
}

static void
take_newcomer (VmMeeting *self, const VmJanusEvent *event)
{
  g_autofree gchar *mark = NULL;
  g_autofree gchar *name =
      vm_janus_mark_split (event->text ? event->text : "", &mark);
  const gchar *id = vm_janus_mark_find (mark, self->id);

  if (id)
    g_hash_table_insert (self->sfu_feeds,
        g_memdup2 (&event->id, sizeof event->id), g_strdup (id));
}

static gboolean
on_pause (gpointer data)
{
  VmMeeting *self = data;
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_SFU);

  vm_timer_clear (&self->sfu_timer);
  vm_meeting_send (self, signal);
  return G_SOURCE_REMOVE;
}

/* A ticket is good once: a connection that is lost is not made again. */
static void
lose (VmMeeting *self)
{
  guint pause;

  if (g_get_monotonic_time () - self->sfu_since >= STEADY_US)
    self->sfu_attempts = 0;
  pause = pauses[MIN (self->sfu_attempts, G_N_ELEMENTS (pauses) - 1)];
  self->sfu_attempts++;
  vm_meeting_leave_sfu (self);
  if ((self->sfu_active || self->sfu_with) && !self->stopped) {
    tell (self, NULL, FALSE);
    self->sfu_timer = vm_timer_new (self->context, pause, on_pause, self);
  }
}

static void
on_event (
    VmJanusConnection *connection, const VmJanusEvent *event, gpointer data)
{
  g_autoptr (VmMeeting) self = g_object_ref (data);

  if (self->stopped || connection != self->cloud)
    return;
  switch (event->type) {
    case VM_JANUS_EVENT_LOST:
    case VM_JANUS_EVENT_CLOSED:
      g_debug ("the SFU is lost: %s",
          event->error ? event->error->message : "it has closed");
      lose (self);
      break;
    case VM_JANUS_EVENT_PARTICIPANT_JOINED:
      take_newcomer (self, event);
      break;
    case VM_JANUS_EVENT_PARTICIPANT_LEFT:
      g_hash_table_remove (self->sfu_feeds, &event->id);
      break;
    default:
      vm_meeting_hand_on_cloud (self, event, find_feed (self, event->id));
      break;
  }
}

/* In and out */

/* The host goes by its own server, as everybody else. */
static gchar *
get_own_place (VmMeeting *self, VmJanusPlace *place)
{
  gboolean secure = vm_server_get_secure (vm_node_get_server (self->node));

  place->identity = vm_node_get_identity (self->node);
  place->key_hash = secure ? vm_identity_get_key_hash (place->identity) : NULL;
  return g_strdup_printf ("%s://127.0.0.1:%u", secure ? "https" : "http",
      vm_node_get_port (self->node));
}

static void
enter (VmMeeting *self, const gchar *ticket, gint64 room)
{
  g_autofree gchar *own_uri = NULL;
  const VmJanusClientConfig config = { .room = room, .display = self->user };
  VmJanusPlace place = { .path = "/sfu", .ticket = ticket };
  g_autoptr (GError) error = NULL;

  if (self->client)
    vm_signal_client_get_place (self->client, &place);
  else
    place.base_uri = own_uri = get_own_place (self, &place);
  self->sfu_feeds =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  self->sfu_since = g_get_monotonic_time ();
  self->cloud =
      vm_janus_connection_new_at (&place, &config, on_event, self, &error);
  if (!self->cloud) {
    g_warning ("the SFU is not joined: %s", error->message);
    return;
  }
  self->sfu_room = room;
  tell (self, NULL, TRUE);
  if (self->cloud)
    vm_janus_connection_start (self->cloud);
}

void
vm_meeting_leave_sfu (VmMeeting *self)
{
  if (!self->sfu_feeds)
    return;
  vm_meeting_leave_cloud (self);
  g_clear_pointer (&self->sfu_feeds, g_hash_table_unref);
}

void
vm_meeting_forget_sfu (VmMeeting *self)
{
  vm_timer_clear (&self->sfu_timer);
  self->sfu_active = FALSE;
  g_clear_pointer (&self->sfu_with, g_strfreev);
  vm_meeting_leave_sfu (self);
}

gboolean
vm_meeting_get_sfu_active (VmMeeting *self)
{
  return self->sfu_active;
}

gboolean
vm_meeting_is_sfu_pair (VmMeeting *self, VmParticipant *participant)
{
  return self->sfu_with
         && (!participant
             || g_strv_contains ((const gchar *const *) self->sfu_with,
                 vm_participant_get_id (participant)));
}

void
vm_meeting_take_sfu (VmMeeting *self, const VmSignal *signal)
{
  if ((!self->client && !self->seat) || !self->sfu_func || signal->active < 0)
    return;
  vm_timer_clear (&self->sfu_timer);
  self->sfu_active = signal->active && !signal->with;
  g_strfreev (self->sfu_with);
  self->sfu_with = signal->active ? g_strdupv (signal->with) : NULL;
  if (!signal->active) {
    self->sfu_attempts = 0;
    tell (self, NULL, FALSE);
    return;
  }
  if (!signal->path || !g_str_has_prefix (signal->path, HEAD)
      || signal->sfu_room <= 0)
    return;
  /* it was about to be left */
  if (self->cloud && self->sfu_room == signal->sfu_room) {
    tell (self, NULL, TRUE);
    return;
  }
  vm_meeting_leave_sfu (self);
  enter (self, signal->path + strlen (HEAD), signal->sfu_room);
}

void
vm_meeting_take_sfu_heard (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal)
{
  tell (self, from, signal->heard);
}

void
vm_meeting_take_sfu_pair (VmMeeting *self, VmParticipant *from)
{
  if (self->pair_func && !self->stopped)
    self->pair_func (self, from, self->cloud_data);
}

void
vm_meeting_send_sfu_pair (
    VmMeeting *self, VmParticipant *participant, gboolean asks)
{
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_SFU_PAIR);

  if (!vm_meeting_takes_sfu (self))
    return;
  signal->to = g_strdup (vm_participant_get_id (participant));
  signal->active = asks;
  vm_meeting_send (self, signal);
}

void
vm_meeting_send_sfu_heard (
    VmMeeting *self, VmParticipant *participant, gboolean heard)
{
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_SFU_HEARD);

  signal->to = g_strdup (vm_participant_get_id (participant));
  signal->heard = heard;
  vm_meeting_send (self, signal);
}
