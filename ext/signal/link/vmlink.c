/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/vmattempts.h"
#include "link/vmlink-priv.h"

#define GST_CAT_DEFAULT vm_signal_debug

/* In a call the answer comes when the user answers; its server ends what rings
 * for 45 s (protocol/calls.md). Of connections there is this one. */
#define RING_MS 60000
#define CALL_CONNECT_MS 15000

G_DEFINE_FINAL_TYPE (VmLink, vm_link, G_TYPE_OBJECT)

static void
vm_link_finalize (GObject *object)
{
  VmLink *self = VM_LINK (object);

  g_clear_object (&self->participant);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    g_clear_object (&self->inputs[i]);
  g_free (self->session);
  g_free (self->theirs);
  g_free (self->path);
  vm_link_stop_negotiating (self);
  g_clear_object (&self->media);
  g_clear_object (&self->old_media);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    vm_pending_clear (&self->pending[i]);
  g_mutex_clear (&self->lock);
  self->owner->unref (self->controller);
  G_OBJECT_CLASS (vm_link_parent_class)->finalize (object);
}

static void
vm_link_class_init (VmLinkClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_link_finalize;
}

static void
vm_link_init (VmLink *self)
{
  g_mutex_init (&self->lock);
  g_queue_init (&self->early);
  self->slot = self->second_slot = VM_SLOT_NONE;
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    self->codecs[i] = VM_CODEC_NONE;
}

VmLink *
vm_link_new (const VmLinkOwner *owner, VmController *controller,
    const VmLinkBin *bin_funcs, VmSignalBin *bin, VmParticipant *participant)
{
  VmLink *self = g_object_new (VM_TYPE_LINK, NULL);

  self->owner = owner;
  self->controller = owner->ref (controller);
  self->bin_funcs = bin_funcs;
  self->bin = bin;
  self->context = owner->get_context (controller);
  self->node = owner->get_node (controller);
  self->config = owner->get_config (controller);
  self->participant = g_object_ref (participant);
  self->slot = owner->take_slot (controller);
  return self;
}

void
vm_link_config_clear (VmLinkConfig *config)
{
  g_clear_pointer (&config->stun_server, g_free);
  g_clear_pointer (&config->record_dir, g_free);
  g_clear_pointer (&config->turn_servers, g_strfreev);
}

VmMeeting *
vm_link_get_meeting (VmLink *self)
{
  return self->owner->get_meeting (self->controller);
}

VmParticipant *
vm_link_get_participant (VmLink *self)
{
  return self->participant;
}

static void
on_peer_key_unit (VmPeer *peer, VmPeerStream stream, VmLink *self)
{
  if (self->inputs[stream])
    vm_input_request_key_unit (self->inputs[stream], self->codecs[stream]);
}

/* Which codec a stream has with this peer: what the offer says; else what the
 * input is; else the first of the property. */
static VmCodec
choose_codec (
    VmLink *self, VmPeerStream stream, VmInput *input, const gchar *offer)
{
  const VmLinkConfig *config = self->config;

  if (offer)
    return vm_codec_from_sdp (offer, stream);
  if (input && vm_input_get_codec (input) != VM_CODEC_NONE)
    return vm_input_get_codec (input);
  if (stream == VM_PEER_AUDIO)
    return VM_CODEC_OPUS;
  for (guint i = 0; input && i < VM_CODEC_N; i++) {
    if (config->codecs[i] != VM_CODEC_NONE
        && !vm_input_has_failed (input, config->codecs[i]))
      return config->codecs[i];
  }
  return config->codecs[0];
}

static void
release_inputs (VmLink *self)
{
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    g_autoptr (VmInput) input = g_steal_pointer (&self->inputs[i]);
    VmCodec codec;

    g_mutex_lock (&self->lock);
    codec = self->codecs[i];
    self->codecs[i] = VM_CODEC_NONE;
    g_mutex_unlock (&self->lock);
    if (input)
      vm_input_release (input, codec);
  }
}

/* The connection is the same, and so is what it carries. */
void
vm_link_change_inputs (VmLink *self)
{
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    g_autoptr (VmInput) input = self->bin_funcs->get_input (self->bin, i);
    g_autoptr (GError) error = NULL;

    if (!self->inputs[i] || !input || input == self->inputs[i]
        || !vm_input_has_caps (input))
      continue;
    if (!vm_input_acquire (input, self->codecs[i], &error)) {
      GST_WARNING ("nothing more is sent to %s on this pad: %s",
          vm_participant_get_id (self->participant), error->message);
      continue;
    }
    vm_input_release (self->inputs[i], self->codecs[i]);
    g_set_object (&self->inputs[i], input);
    vm_input_request_key_unit (input, self->codecs[i]);
  }
}

/* FALSE, with @error: it cannot be; without: there is none to be had. */
static gboolean
acquire_input (
    VmLink *self, VmPeerStream stream, const gchar *offer, GError **error)
{
  g_autoptr (VmInput) input = self->bin_funcs->get_input (self->bin, stream);
  VmCodec codec = choose_codec (self, stream, input, offer);

  if (!input || !vm_input_has_caps (input) || codec == VM_CODEC_NONE
      || vm_input_has_failed (input, codec))
    return FALSE;
  if (!vm_input_acquire (input, codec, error)) {
    /* it has this moment: what else there is goes on */
    if (vm_input_has_failed (input, codec))
      g_clear_error (error);
    return FALSE;
  }
  g_set_object (&self->inputs[stream], input);
  g_mutex_lock (&self->lock);
  self->codecs[stream] = codec;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static gboolean
acquire_inputs (
    VmLink *self, const gchar *offer, VmPeerConfig *config, GError **error)
{
  gboolean video = self->config->call_type == VM_CALL_TYPE_VIDEO;

  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    config->receive[i] = i == VM_PEER_AUDIO || video;
    if (acquire_input (self, i, offer, error))
      config->send[i] = vm_codec_get_caps (self->codecs[i]);
    else if (*error)
      return FALSE;
  }
  return TRUE;
}

void
vm_link_acquire_more (VmLink *self, const gchar *offer)
{
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GstCaps) caps = NULL;

    if (self->inputs[i])
      continue;
    if (acquire_input (self, i, offer, &error)) {
      caps = vm_codec_get_caps (self->codecs[i]);
      vm_peer_set_send (self->peer, i, caps);
    } else if (error) {
      GST_WARNING ("nothing is sent to %s on this pad: %s",
          vm_participant_get_id (self->participant), error->message);
    }
  }
}

void
vm_link_drop_codec (VmLink *self, VmPeerStream stream, VmCodec codec)
{
  VmMeeting *meeting = vm_link_get_meeting (self);

  if (!self->peer || !self->inputs[stream] || self->codecs[stream] != codec)
    return;
  if (vm_meeting_offers_to (meeting, self->participant))
    vm_link_restart (self);
  else
    vm_meeting_send_restart (meeting, self->participant, "codec");
}

/* The connection */

void
vm_link_close_peer (VmLink *self)
{
  if (!self->peer)
    return;
  g_mutex_lock (&self->lock);
  self->sender = NULL;
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < G_N_ELEMENTS (self->handlers); i++)
    g_clear_signal_handler (&self->handlers[i], self->peer);
  vm_link_stop_talk (self);
  vm_peer_close (self->peer);
  g_clear_object (&self->peer);
  vm_link_restart_files (self);
  release_inputs (self);
}

void
vm_link_retire_peer (VmLink *self)
{
  if (!self->peer || !vm_link_keep_old_peer (self)) {
    vm_link_close_peer (self);
    return;
  }
  g_mutex_lock (&self->lock);
  self->sender = NULL;
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < G_N_ELEMENTS (self->handlers); i++)
    g_clear_signal_handler (&self->handlers[i], self->peer);
  g_clear_object (&self->peer);
  vm_link_restart_files (self);
  release_inputs (self);
}

static void
on_peer_state (VmPeer *peer, VmPeerState state, GError *error, VmLink *self)
{
  self->state = state;
  if (state == VM_PEER_STATE_CONNECTED) {
    self->failed = 0;
    vm_link_drop_old_peer (self);
    vm_meeting_set_participant_state (vm_link_get_meeting (self),
        self->participant, VM_PARTICIPANT_EVENT_CONNECTED, NULL);
  } else if (state == VM_PEER_STATE_FAILED) {
    g_autoptr (VmLink) alive = g_object_ref (self);
    g_autoptr (GError) why =
        error
            ? g_error_copy (error)
            : g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED, "Connection lost");

    vm_link_tell_refusal (self, why);
    if (vm_peer_get_closed_by_other (peer))
      vm_link_end (self, why);
    else
      vm_link_fail (self, why);
  }
}

static void
on_stream_ended (VmPeer *peer, VmPeerStream stream, VmLink *self)
{
  vm_link_end_stream (self, stream);
}

static void
on_peer_path (VmPeer *peer, const gchar *path, VmLink *self)
{
  if (g_strcmp0 (path, self->path) == 0)
    return;
  g_free (self->path);
  self->path = g_strdup (path);
  self->bin_funcs->post (
      self->bin, gst_structure_new ("vm-path-changed", "id", G_TYPE_STRING,
                     vm_participant_get_id (self->participant), "path",
                     G_TYPE_STRING, path, NULL));
}

static void
set_deadlines (VmLink *self, VmPeerConfig *peer)
{
  const VmLinkConfig *config = self->config;

  if (config->dialect == VM_DIALECT_NAME_CALL) {
    peer->connect_ms = CALL_CONNECT_MS;
    peer->answer_ms = RING_MS;
    return;
  }
  peer->connect_ms =
      vm_attempts_time (self->failed, config->connect_timeout_ms);
  if (self->failed)
    peer->answer_ms = peer->connect_ms;
}

void
vm_link_connect (VmLink *self, gboolean offerer, const gchar *offer)
{
  const VmLinkConfig *config = self->config;
  VmPeerConfig peer = { .offerer = offerer };
  g_autoptr (GObject) alive = NULL;
  g_autoptr (GstClock) clock = NULL;
  g_autoptr (GError) error = NULL;

  self->connected_at = g_get_monotonic_time ();
  if (acquire_inputs (self, offer, &peer, &error)) {
    self->owner->get_clock (self->controller, &clock, &peer.base_time);
    peer.clock = clock;
    peer.name = vm_participant_get_id (self->participant);
    peer.session = self->session;
    peer.generation = self->generation;
    peer.stun_server = config->stun_server;
    peer.turn_servers = (const gchar *const *) config->turn_servers;
    peer.relay_only = config->relay_only;
    peer.latency_ms = config->latency_ms;
    set_deadlines (self, &peer);
    vm_link_start_recording (self);
    self->peer = vm_peer_new (
        &peer, vm_link_on_sample, g_object_ref (self), g_object_unref);
  }
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    gst_clear_caps (&peer.send[i]);
  if (!self->peer) {
    release_inputs (self);
    if (offer)
      vm_link_tell_refusal (self, error);
    vm_link_fail (self, error);
    return;
  }
  self->handlers[0] =
      g_signal_connect (self->peer, "state", G_CALLBACK (on_peer_state), self);
  vm_link_start_negotiating (self);
  self->handlers[3] = g_signal_connect (
      self->peer, "key-unit-requested", G_CALLBACK (on_peer_key_unit), self);
  self->handlers[4] =
      g_signal_connect (self->peer, "path", G_CALLBACK (on_peer_path), self);
  self->handlers[5] = g_signal_connect (
      self->peer, "stream-ended", G_CALLBACK (on_stream_ended), self);
  vm_link_start_talk (self);
  g_mutex_lock (&self->lock);
  self->sender = self->peer;
  g_mutex_unlock (&self->lock);
  /* it may fail in either, and the participant be gone by that */
  alive = G_OBJECT (g_object_ref (self));
  vm_peer_start (self->peer);
  if (offer && self->peer)
    vm_peer_set_remote_description (self->peer, TRUE, offer);
  vm_link_add_early_candidates (self);
}

void
vm_link_set_clock (VmLink *self)
{
  g_autoptr (GstClock) clock = NULL;
  GstClockTime base_time;

  self->owner->get_clock (self->controller, &clock, &base_time);
  if (self->peer)
    vm_peer_set_clock (self->peer, clock, base_time);
}

gint
vm_link_take_audio_level (VmLink *self)
{
  return self->peer ? vm_peer_take_audio_level (self->peer) : -1;
}

void
vm_link_check_stalled (VmLink *self)
{
  if (self->peer)
    vm_peer_check_stalled (self->peer);
}

GstStructure *
vm_link_get_stats (VmLink *self)
{
  GstStructure *s = self->peer ? vm_peer_get_stats (self->peer) : NULL;

  if (!s)
    s = gst_structure_new_empty ("vm-peer-stats");
  g_mutex_lock (&self->lock);
  gst_structure_set (s, "audio-frames-received", G_TYPE_UINT64,
      self->frames[VM_PEER_AUDIO], "video-frames-received", G_TYPE_UINT64,
      self->frames[VM_PEER_VIDEO], "screen-frames-received", G_TYPE_UINT64,
      self->frames[VM_PEER_SCREEN], NULL);
  g_mutex_unlock (&self->lock);
  gst_structure_set (s, "user", G_TYPE_STRING,
      vm_participant_get_user (self->participant), "path", G_TYPE_STRING,
      self->path ? self->path : "none", NULL);
  return s;
}

void
vm_link_close (VmLink *self)
{
  if (self->closed)
    return;
  self->closed = TRUE;
  vm_timer_clear (&self->restart_source);
  vm_timer_clear (&self->offer_wait);
  vm_link_stop_negotiating (self);
  vm_link_drop_old_peer (self);
  vm_link_close_peer (self);
  vm_link_end_files (self);
  vm_link_end_outputs (self);
  vm_link_stop_recording (self);
  self->owner->release_slot (self->controller, self->slot);
  self->owner->release_slot (self->controller, self->second_slot);
}
