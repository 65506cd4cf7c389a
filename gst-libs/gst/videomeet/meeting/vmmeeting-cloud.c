/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A room of a Janus videoroom (protocol/janus.md). The list of the room becomes
 * participants of the meeting; the two connections with the server are for
 * whoever carries media. */

#include "meeting/vmmeeting-priv.h"
#include "meeting/vmparticipant-priv.h"
#include "wire/janus/janusmark.h"

#define OWN_ID "p000"

VmJanusConnection *
vm_meeting_get_cloud (VmMeeting *self)
{
  return self->cloud;
}

void
vm_meeting_set_cloud_func (
    VmMeeting *self, VmMeetingCloudFunc func, gpointer data)
{
  self->cloud_func = func;
  self->cloud_data = data;
}

static VmParticipant *
find_feed (VmMeeting *self, gint64 feed)
{
  return g_hash_table_lookup (self->feeds, &feed);
}

void
vm_meeting_hand_on_cloud (
    VmMeeting *self, const VmJanusEvent *event, VmParticipant *participant)
{
  g_autoptr (VmParticipant) alive = NULL;

  g_set_object (&alive, participant);
  if (self->cloud_func && !self->stopped)
    self->cloud_func (self, event, participant, self->cloud_data);
}

/* The room */

static void
take_seat (VmMeeting *self)
{
  VmIdentity *identity = vm_node_get_identity (self->node);
  g_autofree gchar *device = NULL;
  VmSignalParticipant me = {
    .id = (gchar *) OWN_ID,
    .user = self->user,
    .device_id = (gchar *) vm_identity_get_device_id (identity),
    .call_type = self->call_type,
  };

  g_object_get (self->node, "device", &device, NULL);
  me.device = device;
  self->welcomed = TRUE;
  vm_meeting_stop_entering (self);
  self->me = vm_participant_new (&me);
  self->id = g_strdup (self->name);
  g_signal_emit (
      self, vm_meeting_signals[VM_MEETING_SIGNAL_JOINED], 0, self->me);
  if (!self->stopped)
    vm_meeting_set_state (self, VM_MEETING_STATE_ACTIVE);
}

static void
tell_lost (VmMeeting *self, gboolean lost)
{
  g_signal_emit (self,
      vm_meeting_signals[lost ? VM_MEETING_SIGNAL_HOST_LOST
                              : VM_MEETING_SIGNAL_HOST_RETURNED],
      0, NULL);
}

static void
take_joined (VmMeeting *self, const VmJanusEvent *event)
{
  if (event->again)
    tell_lost (self, FALSE);
  else
    take_seat (self);
}

static void
take_lost (VmMeeting *self, const VmJanusEvent *event)
{
  if (self->rejoin)
    tell_lost (self, TRUE);
  else
    vm_meeting_finish (self, event->error);
}

/* Participants */

static void
take_newcomer (VmMeeting *self, const VmJanusEvent *event)
{
  g_autofree gchar *id = g_strdup_printf ("p%03u", ++self->n_feeds);
  g_autofree gchar *feed = g_strdup_printf ("%" G_GINT64_FORMAT, event->id);
  g_autofree gchar *mark = NULL;
  g_autofree gchar *name =
      vm_janus_mark_split (event->text ? event->text : "", &mark);
  const VmSignalParticipant described = {
    .id = id,
    .user = *name ? name : (gchar *) "Guest",
    .call_type = VM_CALL_TYPE_VIDEO,
    .origin = (gchar *) "cloud",
    .origin_id = mark ? mark : feed,
  };
  VmParticipant *participant;

  vm_meeting_add_participant (self, &described);
  participant = vm_meeting_find (self, id);
  if (participant)
    g_hash_table_insert (self->feeds, g_memdup2 (&event->id, sizeof event->id),
        g_object_ref (participant));
}

static void
take_departure (VmMeeting *self, const VmJanusEvent *event)
{
  g_autoptr (VmParticipant) participant = NULL;

  if (!g_set_object (&participant, find_feed (self, event->id)))
    return;
  g_hash_table_remove (self->feeds, &event->id);
  vm_meeting_remove (self, participant, NULL);
}

static void
on_event (
    VmJanusConnection *connection, const VmJanusEvent *event, gpointer data)
{
  g_autoptr (VmMeeting) self = g_object_ref (data);

  if (self->stopped || connection != self->cloud)
    return;
  switch (event->type) {
    case VM_JANUS_EVENT_JOINED:
      take_joined (self, event);
      break;
    case VM_JANUS_EVENT_LOST:
      take_lost (self, event);
      break;
    case VM_JANUS_EVENT_RETURNED:
      tell_lost (self, FALSE);
      break;
    case VM_JANUS_EVENT_CLOSED:
      vm_meeting_finish (self, event->error);
      return;
    case VM_JANUS_EVENT_PARTICIPANT_JOINED:
      take_newcomer (self, event);
      break;
    case VM_JANUS_EVENT_PARTICIPANT_LEFT:
      take_departure (self, event);
      return;
    default:
      break;
  }
  vm_meeting_hand_on_cloud (self, event, find_feed (self, event->id));
}

/* In and out */

/* A device that wants to know whom it meets cannot know it here. */
gboolean
vm_meeting_may_cloud (VmMeeting *self)
{
  VmPolicy policy;
  VmCloudTrust cloud_trust;

  g_object_get (
      self->node, "policy", &policy, "cloud-trust", &cloud_trust, NULL);
  return policy != VM_POLICY_REQUIRE || cloud_trust == VM_CLOUD_TRUST_ALLOW;
}

static gboolean
may_join (VmMeeting *self, GError **error)
{
  if (vm_meeting_may_cloud (self))
    return TRUE;
  g_set_error_literal (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
      "This device does not join: a room server shows no device key, so that "
      "it cannot be one that is trusted; cloud-trust=allow meets it all the "
      "same");
  return FALSE;
}

static const gchar *
or_none (const gchar *text)
{
  return text && *text ? text : NULL;
}

/* Nobody else is to end the room that this device makes. */
static gchar *
make_secret (void)
{
  g_autofree gchar *a = g_uuid_string_random ();
  g_autofree gchar *b = g_uuid_string_random ();

  return g_strconcat (a, b, NULL);
}

gboolean
vm_meeting_enter_cloud (VmMeeting *self, GError **error)
{
  VmJanusClientConfig config = {
    .display = self->user,
    .pin = or_none (self->pin),
    .api_secret = or_none (self->api_secret),
    .token = or_none (self->cap_token),
    .create = self->make_room,
    .publishers = self->max_participants,
  };
  g_autofree gchar *secret = make_secret ();
  g_autofree gchar *socket = NULL;

  if (!may_join (self, error)
      || !vm_janus_uri_parse (self->uri, &socket, &config.room, error))
    return FALSE;
  g_free (self->name);
  self->name = g_strdup_printf ("%" G_GINT64_FORMAT, config.room);
  config.room_secret = secret;
  self->feeds = g_hash_table_new_full (
      g_int64_hash, g_int64_equal, g_free, g_object_unref);
  self->cloud =
      vm_janus_connection_new (socket, &config, on_event, self, error);
  if (!self->cloud)
    return FALSE;
  vm_janus_connection_start (self->cloud);
  return TRUE;
}

void
vm_meeting_leave_cloud (VmMeeting *self)
{
  if (self->cloud)
    vm_janus_connection_close (self->cloud);
  g_clear_object (&self->cloud);
  g_clear_pointer (&self->feeds, g_hash_table_unref);
}
