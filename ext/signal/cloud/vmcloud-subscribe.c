/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What this device receives from a room of Janus: one connection, each m-line
 * of which carries a stream of some participant at a time. */

#include "cloud/vmcloud-priv.h"

#include <string.h>

#define GST_CAT_DEFAULT vm_signal_debug

void
vm_cloud_source_free (gpointer data)
{
  VmCloudSource *source = data;

  g_object_unref (source->link);
  g_free (source->mid);
  g_free (source);
}

static VmCloudSource *
find_source (VmCloud *self, gint64 feed, const gchar *mid)
{
  for (guint i = 0; mid && i < self->sources->len; i++) {
    VmCloudSource *source = self->sources->pdata[i];

    if (source->feed == feed && strcmp (source->mid, mid) == 0)
      return source;
  }
  return NULL;
}

static VmCloudSource *
find_stream (VmCloud *self, VmLink *link, VmPeerStream stream)
{
  for (guint i = 0; i < self->sources->len; i++) {
    VmCloudSource *source = self->sources->pdata[i];

    if (source->link == link && source->stream == stream)
      return source;
  }
  return NULL;
}

/* Streams */

/* A second picture counts as a screen, as it does of other makers' pages. */
static gint
choose_stream (VmCloud *self, VmLink *link, const VmJanusStream *stream)
{
  gboolean screen = g_strcmp0 (stream->description, "screen") == 0;

  if (stream->kind == VM_JANUS_KIND_AUDIO)
    return find_stream (self, link, VM_PEER_AUDIO) ? -1 : VM_PEER_AUDIO;
  if (stream->kind != VM_JANUS_KIND_VIDEO
      || self->config->call_type != VM_CALL_TYPE_VIDEO)
    return -1;
  if (!screen && !find_stream (self, link, VM_PEER_VIDEO))
    return VM_PEER_VIDEO;
  return find_stream (self, link, VM_PEER_SCREEN) ? -1 : VM_PEER_SCREEN;
}

static void
clear_slot (VmCloud *self, gint mline)
{
  g_autoptr (VmLink) link = NULL;
  VmCloudSlot old;

  if (mline < 0)
    return;
  g_mutex_lock (&self->lock);
  old = self->slots[mline];
  link = g_steal_pointer (&self->slots[mline].link);
  g_mutex_unlock (&self->lock);
  if (link)
    vm_link_lose_server (link, old.stream, old.number);
}

static void
choose (VmCloud *self, VmCloudSource *source)
{
  VmJanusConnection *connection = vm_cloud_get_connection (self);
  gboolean wanted = !self->pairs || vm_link_is_paired (source->link);
  g_autoptr (GError) error = NULL;

  if (!connection || wanted == source->wanted)
    return;
  source->wanted = wanted;
  if (!wanted) {
    clear_slot (self, source->mline);
    source->mline = -1;
    VM_PLUGIN (vm_janus_connection_drop)
    (connection, source->feed, source->mid);
  } else if (!VM_PLUGIN (vm_janus_connection_want) (
                 connection, source->feed, source->mid, &error)) {
    source->wanted = FALSE;
    vm_cloud_warn (self, "A stream is not received", error);
  }
}

void
vm_cloud_set_pairs (VmCloud *self, gboolean pairs)
{
  self->pairs = pairs;
  for (guint i = 0; i < self->sources->len; i++)
    choose (self, self->sources->pdata[i]);
}

void
vm_cloud_add_source (VmCloud *self, const VmJanusEvent *event, VmLink *link)
{
  gint stream = choose_stream (self, link, event->stream);
  VmCloudSource *source;

  if (stream < 0 || !self->config->receive)
    return;
  source = g_new0 (VmCloudSource, 1);
  source->feed = event->id;
  source->mid = g_strdup (event->stream->mid);
  source->link = g_object_ref (link);
  source->stream = (VmPeerStream) stream;
  source->mline = -1;
  g_ptr_array_add (self->sources, source);
  choose (self, source);
}

void
vm_cloud_remove_source (VmCloud *self, const VmJanusEvent *event)
{
  VmCloudSource *source = find_source (self, event->id, event->stream->mid);

  if (!source)
    return;
  clear_slot (self, source->mline);
  if (!vm_link_has_connection (source->link))
    vm_link_end_stream (source->link, source->stream);
  g_ptr_array_remove (self->sources, source);
}

/* The m-lines */

/* The place of the m-line that is called @mid; -1: it is not there. */
static gint
find_mline (gchar **lines, const gchar *mid)
{
  gint mline = -1;

  for (guint i = 0; lines[i]; i++) {
    if (g_str_has_prefix (lines[i], "m="))
      mline++;
    else if (g_str_has_prefix (lines[i], "a=mid:")
             && strcmp (lines[i] + strlen ("a=mid:"), mid) == 0)
      return mline < VM_PEER_STREAMS_OF_MANY ? mline : -1;
  }
  return -1;
}

/* What comes next in that m-line is another stream, or the first. */
static void
fill_slot (VmCloud *self, gint mline, VmCloudSource *source)
{
  VmCloudSlot slot = { g_object_ref (source->link), source->stream,
    vm_link_hear_from (source->link, source->stream),
    source->stream != VM_PEER_AUDIO };
  VmLink *old;

  source->mline = mline;
  g_mutex_lock (&self->lock);
  old = self->slots[mline].link;
  self->slots[mline] = slot;
  g_mutex_unlock (&self->lock);
  g_clear_object (&old);
}

static gboolean
has_source (VmCloud *self, gint mline, const VmCloudSource *source)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->slots[mline].link == source->link
         && self->slots[mline].stream == source->stream;
}

static void
map (VmCloud *self, const VmJanusEvent *event)
{
  g_auto (GStrv) lines = g_strsplit (event->sdp, "\n", 0);

  for (guint i = 0; lines[i]; i++)
    g_strchomp (lines[i]);
  for (guint i = 0; i < event->streams->len; i++) {
    const VmJanusStream *stream = event->streams->pdata[i];
    VmCloudSource *source = find_source (self, stream->feed, stream->feed_mid);
    gint mline = find_mline (lines, stream->mid);

    if (mline < 0)
      continue;
    if (!source)
      clear_slot (self, mline);
    else if (!has_source (self, mline, source))
      fill_slot (self, mline, source);
  }
}

/* A streaming thread. */
static void
on_sample (gpointer data, VmPeerStream mline, GstSample *sample)
{
  VmCloud *self = data;
  gboolean delta = GST_BUFFER_FLAG_IS_SET (
      gst_sample_get_buffer (sample), GST_BUFFER_FLAG_DELTA_UNIT);
  VmCloudSlot *slot = &self->slots[mline];
  g_autoptr (VmLink) link = NULL;
  g_autoptr (VmPeer) peer = NULL;
  VmPeerStream stream = 0;
  guint number = 0;

  g_mutex_lock (&self->lock);
  slot->wait_key &= delta;
  if (slot->link && !slot->wait_key) {
    link = g_object_ref (slot->link);
    stream = slot->stream;
    number = slot->number;
  } else if (slot->link && self->hearing) {
    peer = g_object_ref (self->hearing);
  }
  g_mutex_unlock (&self->lock);
  if (peer)
    vm_peer_request_key_unit (peer, mline);
  if (link)
    vm_link_hear (link, number, stream, sample);
}

/* The connection */

static void
renew (VmCloud *self, const GError *error)
{
  VmJanusConnection *connection = vm_cloud_get_connection (self);

  if (connection)
    VM_PLUGIN (vm_janus_connection_renew_subscriber) (connection, error);
}

static void
tell_connected (VmCloud *self)
{
  for (guint i = 0; i < self->sources->len; i++) {
    const VmCloudSource *source = self->sources->pdata[i];

    if (source->mline >= 0)
      vm_meeting_set_participant_state (self->meeting,
          vm_link_get_participant (source->link),
          VM_PARTICIPANT_EVENT_CONNECTED, NULL);
  }
}

static void
on_description (VmPeer *peer, gboolean offer, const gchar *sdp, VmCloud *self)
{
  VmJanusConnection *connection = vm_cloud_get_connection (self);

  if (!connection)
    return;
  VM_PLUGIN (vm_janus_connection_answer) (connection, sdp);
  if (!self->answered)
    vm_cloud_send_found (self, VM_JANUS_SUBSCRIBER, peer);
  self->answered = TRUE;
  if (vm_peer_get_state (peer) == VM_PEER_STATE_CONNECTED)
    tell_connected (self);
}

static void
on_candidate (VmPeer *peer, guint mline, const gchar *candidate, VmCloud *self)
{
  VmJanusConnection *connection = vm_cloud_get_connection (self);

  if (connection)
    VM_PLUGIN (vm_janus_connection_add_candidate)
  (connection, VM_JANUS_SUBSCRIBER, *candidate ? candidate : NULL, NULL, mline);
}

static void
on_refused (VmPeer *peer, GError *error, VmCloud *self)
{
  renew (self, error);
}

static void
on_state (VmPeer *peer, VmPeerState state, GError *error, VmCloud *self)
{
  if (state == VM_PEER_STATE_CONNECTED) {
    self->in_failed = 0;
    tell_connected (self);
  } else if (state == VM_PEER_STATE_FAILED) {
    self->in_failed++;
    renew (self, error);
  }
}

static void
on_missed (VmPeer *peer, guint mline, VmCloud *self)
{
  VmJanusConnection *connection = vm_cloud_get_connection (self);

  for (guint i = 0; connection && i < self->sources->len; i++) {
    const VmCloudSource *source = self->sources->pdata[i];

    if (source->mline == (gint) mline) {
      VM_PLUGIN (vm_janus_connection_ask_key_frame)
      (connection, source->feed, source->mid);
      return;
    }
  }
}

static void
set_hearing (VmCloud *self, VmPeer *peer)
{
  g_mutex_lock (&self->lock);
  self->hearing = peer;
  g_mutex_unlock (&self->lock);
}

static void
close_in (VmCloud *self)
{
  set_hearing (self, NULL);
  vm_cloud_close_peer (self, &self->in);
  self->answered = FALSE;
  for (gint i = 0; i < VM_PEER_STREAMS_OF_MANY; i++)
    clear_slot (self, i);
  for (guint i = 0; i < self->sources->len; i++)
    ((VmCloudSource *) self->sources->pdata[i])->mline = -1;
}

static void
open_in (VmCloud *self, const VmJanusEvent *event)
{
  VmPeerConfig config = { .name = "cloud-in", .many = TRUE };
  g_autoptr (GstClock) clock = NULL;
  g_autoptr (VmPeer) peer = NULL;

  close_in (self);
  vm_cloud_configure (self, &config, self->in_failed, &clock);
  map (self, event);
  peer = vm_peer_new (
      &config, on_sample, vm_cloud_ref (self), (GDestroyNotify) vm_cloud_unref);
  self->in = g_object_ref (peer);
  set_hearing (self, peer);
  g_signal_connect (peer, "description", G_CALLBACK (on_description), self);
  g_signal_connect (peer, "candidate", G_CALLBACK (on_candidate), self);
  g_signal_connect (peer, "offer-refused", G_CALLBACK (on_refused), self);
  g_signal_connect (peer, "state", G_CALLBACK (on_state), self);
  g_signal_connect (peer, "key-unit-missed", G_CALLBACK (on_missed), self);
  vm_peer_start (peer);
  if (self->in == peer)
    vm_peer_set_remote_description (peer, TRUE, event->sdp);
}

void
vm_cloud_take_offer (VmCloud *self, const VmJanusEvent *event)
{
  if (!event->again || !self->in) {
    open_in (self, event);
    return;
  }
  map (self, event);
  vm_peer_renegotiate (self->in, event->sdp);
}

void
vm_cloud_lose_subscriber (VmCloud *self)
{
  close_in (self);
}

void
vm_cloud_stop_subscribing (VmCloud *self)
{
  close_in (self);
}

/* Key frames and levels */

static gint
find_slot (VmCloud *self, VmLink *link, VmPeerStream stream)
{
  for (gint i = 0; i < VM_PEER_STREAMS_OF_MANY; i++) {
    if (self->slots[i].link == link && self->slots[i].stream == stream)
      return i;
  }
  return -1;
}

/* A peer asks once in 500 ms for each stream. */
void
vm_cloud_request_key_unit (VmCloud *self, VmLink *link, VmPeerStream stream)
{
  g_autoptr (VmPeer) peer = NULL;
  gint mline;

  g_mutex_lock (&self->lock);
  mline = find_slot (self, link, stream);
  if (mline >= 0 && self->hearing)
    peer = g_object_ref (self->hearing);
  g_mutex_unlock (&self->lock);
  if (peer)
    vm_peer_request_key_unit (peer, (VmPeerStream) mline);
}

void
vm_cloud_tick (VmCloud *self)
{
  if (self->out)
    vm_peer_check_stalled (self->out);
}

gint
vm_cloud_take_level (VmCloud *self, VmLink *link)
{
  gint mline;

  g_mutex_lock (&self->lock);
  mline = find_slot (self, link, VM_PEER_AUDIO);
  g_mutex_unlock (&self->lock);
  return mline >= 0 && self->in ? vm_peer_take_level_of (self->in, mline) : -1;
}
