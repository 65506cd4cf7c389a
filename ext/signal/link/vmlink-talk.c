/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a link does with data channels: they are the meeting's. Control
 * thread. */

#include "link/vmlink-priv.h"
#include "plugin/plugin.h"

#include <string.h>

#define GST_CAT_DEFAULT vm_signal_debug

/* A connection that was replaced carries what is said to set the next one
 * up. */
#define OLD_PEER_MS 15000

static gboolean
is_for_files (const gchar *label)
{
  return strcmp (label, VM_FILE_LANE_CONTROL) == 0
         || strcmp (label, VM_FILE_LANE_DATA) == 0;
}

static void
on_channel (VmPeer *peer, const gchar *label, gboolean open, VmLink *self)
{
  /* of two connections the new one counts, as soon as it has the channel */
  if (peer == self->old_peer && !open)
    return;
  if (is_for_files (label)) {
    self->owner->files_changed (self->controller);
    return;
  }
  vm_meeting_set_channel (
      vm_link_get_meeting (self), self->participant, label, open);
}

/* The keys that messages of this channel are authenticated with, or NULL: the
 * other side has none, or DTLS is enough. */
static VmMediaSession *
seal_of (VmLink *self, VmPeer *peer, const gchar *label)
{
  VmMediaSession *media = peer == self->peer ? self->media : self->old_media;

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

    if (peer == self->peer)
      vm_link_take_file (self, data, TRUE);
    return;
  }
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
  if (peer == self->peer)
    vm_meeting_set_heartbeat (
        vm_link_get_meeting (self), self->participant, beats);
}

static void
on_data (VmPeer *peer, const gchar *label, GBytes *data, VmLink *self)
{
  g_autoptr (VmLink) alive = g_object_ref (self);

  if (peer == self->peer && is_for_files (label))
    vm_link_take_file (self, data, FALSE);
}

static void
on_drained (VmPeer *peer, const gchar *label, VmLink *self)
{
  if (is_for_files (label))
    self->owner->files_changed (self->controller);
}

void
vm_link_start_talk (VmLink *self)
{
  g_signal_connect (self->peer, "data", G_CALLBACK (on_data), self);
  g_signal_connect (self->peer, "drained", G_CALLBACK (on_drained), self);
  g_signal_connect (self->peer, "channel", G_CALLBACK (on_channel), self);
  g_signal_connect (self->peer, "message", G_CALLBACK (on_message), self);
  g_signal_connect (self->peer, "heartbeat", G_CALLBACK (on_heartbeat), self);
}

/* The connection is about to go. */
void
vm_link_stop_talk (VmLink *self)
{
  VmMeeting *meeting = vm_link_get_meeting (self);

  g_signal_handlers_disconnect_by_data (self->peer, self);
  if (!meeting || self->old_peer)
    return;
  vm_meeting_set_channel (meeting, self->participant, "chat", FALSE);
  vm_meeting_set_channel (meeting, self->participant, "signal", FALSE);
  vm_meeting_set_heartbeat (meeting, self->participant, FALSE);
}

static gboolean
send_text (VmLink *self, VmPeer *peer, const gchar *label, const gchar *text,
    GError **error)
{
  VmMediaSession *media = seal_of (self, peer, label);
  g_autofree gchar *sealed = media ? vm_media_session_seal (media, text) : NULL;

  return vm_peer_send_message (peer, label, sealed ? sealed : text, error);
}

gboolean
vm_link_send_text (VmLink *self, const gchar *label, const gchar *text)
{
  g_autoptr (GError) error = NULL;

  if (self->peer && send_text (self, self->peer, label, text, NULL))
    return TRUE;
  if (self->old_peer && send_text (self, self->old_peer, label, text, &error))
    return TRUE;
  GST_DEBUG ("nothing sent to %s on %s: %s",
      vm_participant_get_id (self->participant), label,
      error ? error->message : "no channel");
  return FALSE;
}

void
vm_link_drop_old_peer (VmLink *self)
{
  vm_timer_clear (&self->old_source);
  if (!self->old_peer)
    return;
  g_signal_handlers_disconnect_by_data (self->old_peer, self);
  vm_peer_close (self->old_peer);
  g_clear_object (&self->old_peer);
  g_clear_object (&self->old_media);
}

static gboolean
on_old_peer_over (gpointer user_data)
{
  vm_link_drop_old_peer (user_data);
  return G_SOURCE_REMOVE;
}

gboolean
vm_link_keep_old_peer (VmLink *self)
{
  if (!vm_meeting_get_host_lost (vm_link_get_meeting (self))
      || vm_peer_get_state (self->peer) != VM_PEER_STATE_CONNECTED)
    return FALSE;
  vm_link_drop_old_peer (self);
  self->old_peer = g_object_ref (self->peer);
  g_set_object (&self->old_media, self->media);
  self->old_source =
      vm_timer_new (self->context, OLD_PEER_MS, on_old_peer_over, self);
  return TRUE;
}
