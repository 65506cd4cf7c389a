/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a link does with data channels: they are the meeting's. Control
 * thread. */

#include "link/vmlink-priv.h"
#include "plugin/plugin.h"

#include <string.h>

#define GST_CAT_DEFAULT vm_signal_debug

static gboolean
is_for_files (const gchar *label)
{
  return strcmp (label, VM_FILE_LANE_CONTROL) == 0
         || strcmp (label, VM_FILE_LANE_DATA) == 0;
}

static gboolean
is_in_use (VmLink *self, VmPeer *peer)
{
  return self->now && self->now->peer == peer;
}

static void
on_channel (VmPeer *peer, const gchar *label, gboolean open, VmLink *self)
{
  /* of two connections that in use counts, as soon as it has the channel */
  if (!is_in_use (self, peer))
    return;
  if (is_for_files (label)) {
    self->owner->files_changed (self->controller);
    return;
  }
  vm_meeting_set_channel (
      vm_link_get_meeting (self), self->participant, label, open);
  if (open && strcmp (label, "signal") == 0)
    vm_link_send_compare (self);
}

/* The keys that messages of this channel are authenticated with, or NULL: the
 * other side has none, or DTLS is enough. */
static VmMediaSession *
seal_of (VmLink *self, VmPeer *peer, const gchar *label)
{
  VmConnection *connection = vm_link_find_connection (self, peer);
  VmMediaSession *media = connection ? connection->media : NULL;

  return media && strcmp (label, "chat") == 0
                 && vm_media_session_is_signed (media)
             ? media
             : NULL;
}

static void
on_message (VmPeer *peer, const gchar *label, const gchar *text, VmLink *self)
{
  VmMediaSession *media = seal_of (self, peer, label);
  g_autoptr (VmLink) alive = g_object_ref (self);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *open = NULL;

  if (is_for_files (label)) {
    g_autoptr (GBytes) data = g_bytes_new (text, strlen (text));

    if (is_in_use (self, peer))
      vm_link_take_file (self, data, TRUE);
    return;
  }
  if (strcmp (label, "signal") == 0 && vm_link_take_compare (self, peer, text))
    return;
  if (media)
    open = vm_media_session_open (media, text, &error);
  if (error)
    vm_link_tell_forged (self, error);
  else
    vm_meeting_take_message (vm_link_get_meeting (self), self->participant,
        label, open ? open : text);
}

static void
on_heartbeat (VmPeer *peer, gboolean beats, VmLink *self)
{
  if (!is_in_use (self, peer))
    return;
  self->unsteady = !beats;
  self->bin_funcs->post (
      self->bin, gst_structure_new ("vm-heartbeat-changed", "id", G_TYPE_STRING,
                     vm_participant_get_id (self->participant), "user",
                     G_TYPE_STRING, vm_participant_get_user (self->participant),
                     "beats", G_TYPE_BOOLEAN, beats, NULL));
  vm_meeting_set_heartbeat (
      vm_link_get_meeting (self), self->participant, beats);
  if (!beats)
    vm_link_renew_silent (self);
}

static void
on_data (VmPeer *peer, const gchar *label, GBytes *data, VmLink *self)
{
  g_autoptr (VmLink) alive = g_object_ref (self);

  if (is_in_use (self, peer) && is_for_files (label))
    vm_link_take_file (self, data, FALSE);
}

static void
on_drained (VmPeer *peer, const gchar *label, VmLink *self)
{
  if (is_for_files (label))
    self->owner->files_changed (self->controller);
}

void
vm_link_start_talk (VmLink *self, VmPeer *peer)
{
  g_signal_connect (peer, "data", G_CALLBACK (on_data), self);
  g_signal_connect (peer, "drained", G_CALLBACK (on_drained), self);
  g_signal_connect (peer, "channel", G_CALLBACK (on_channel), self);
  g_signal_connect (peer, "message", G_CALLBACK (on_message), self);
  g_signal_connect (peer, "heartbeat", G_CALLBACK (on_heartbeat), self);
}

void
vm_link_linger (VmLink *self)
{
  if (self->now)
    vm_peer_linger (self->now->peer);
}

/* Channels that the meeting speaks on. */
static const gchar *const spoken[] = { "chat", "signal" };

void
vm_link_stop_talk (VmLink *self)
{
  VmMeeting *meeting = vm_link_get_meeting (self);

  self->unsteady = FALSE;
  if (!meeting)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (spoken); i++)
    vm_meeting_set_channel (meeting, self->participant, spoken[i], FALSE);
  vm_meeting_set_heartbeat (meeting, self->participant, FALSE);
}

/* Tells the meeting again of the channels that the new connection has open, so
 * that it sends what has waited. A channel that is not open yet counts as open:
 * the past connection has it. */
void
vm_link_move_talk (VmLink *self)
{
  VmMeeting *meeting = vm_link_get_meeting (self);

  self->unsteady = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (spoken); i++) {
    if (vm_peer_is_channel_open (self->now->peer, spoken[i]))
      vm_meeting_set_channel (meeting, self->participant, spoken[i], TRUE);
  }
}

gboolean
vm_link_has_moved_talk (VmLink *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (spoken); i++) {
    if (!vm_peer_is_channel_open (self->now->peer, spoken[i]))
      return FALSE;
  }
  return TRUE;
}

static gboolean
send_text (VmLink *self, VmConnection *connection, const gchar *label,
    const gchar *text, GError **error)
{
  VmMediaSession *media;
  g_autofree gchar *sealed = NULL;

  if (!connection)
    return FALSE;
  media = seal_of (self, connection->peer, label);
  sealed = media ? vm_media_session_seal (media, text) : NULL;
  return vm_peer_send_message (
      connection->peer, label, sealed ? sealed : text, error);
}

gboolean
vm_link_send_text (VmLink *self, const gchar *label, const gchar *text)
{
  g_autoptr (GError) error = NULL;

  if (send_text (self, self->now, label, text, &error)
      || send_text (self, self->past, label, text, NULL))
    return TRUE;
  GST_DEBUG ("nothing sent to %s on %s: %s",
      vm_participant_get_id (self->participant), label,
      error ? error->message : "no channel");
  return FALSE;
}
