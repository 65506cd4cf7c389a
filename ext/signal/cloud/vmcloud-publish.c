/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What this device sends into a room of Janus: camera and screen are two
 * m-lines of one connection. A connection takes no other m-lines later, so
 * other inputs are another connection. */

#include "cloud/vmcloud-priv.h"
#include "link/vmattempts.h"

#define GST_CAT_DEFAULT vm_signal_debug

static void publish (VmCloud *self);

/* Inputs */

static void
release_inputs (VmCloud *self)
{
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    g_autoptr (VmInput) input = g_steal_pointer (&self->inputs[i]);
    VmCodec codec;

    g_mutex_lock (&self->lock);
    codec = self->codecs[i];
    self->codecs[i] = VM_CODEC_NONE;
    g_mutex_unlock (&self->lock);
    if (!input)
      continue;
    vm_input_set_bitrate_limit (input, 0);
    vm_input_release (input, codec);
  }
}

static VmCodec
choose_codec (VmCloud *self, VmPeerStream stream, VmInput *input)
{
  if (vm_input_get_codec (input) != VM_CODEC_NONE)
    return vm_input_get_codec (input);
  return stream == VM_PEER_AUDIO ? VM_CODEC_OPUS
                                 : self->config->codecs[self->choice];
}

gboolean
vm_cloud_has_choice (VmCloud *self)
{
  return self->choice + 1 < VM_CODEC_N
         && self->config->codecs[self->choice + 1] != VM_CODEC_NONE;
}

static gboolean
is_usable (VmInput *input)
{
  return input && vm_input_has_caps (input) && !vm_input_is_eos (input);
}

static void
acquire_input (VmCloud *self, VmPeerStream stream)
{
  g_autoptr (VmInput) input = self->bin_funcs->get_input (self->bin, stream);
  g_autoptr (GError) error = NULL;
  VmCodec codec;

  if (!is_usable (input))
    return;
  codec = choose_codec (self, stream, input);
  if (vm_input_has_failed (input, codec))
    return;
  if (!vm_input_acquire (input, codec, &error)) {
    vm_cloud_warn (self, "An input is not sent", error);
    return;
  }
  g_set_object (&self->inputs[stream], input);
  g_mutex_lock (&self->lock);
  self->codecs[stream] = codec;
  g_mutex_unlock (&self->lock);
}

static gboolean
acquire_inputs (VmCloud *self, VmPeerConfig *peer)
{
  gboolean any = FALSE;

  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    acquire_input (self, i);
    if (self->inputs[i])
      peer->send[i] = vm_input_make_caps (self->inputs[i], self->codecs[i]);
    any |= self->inputs[i] != NULL;
  }
  return any;
}

/* The connection */

static void
set_sending (VmCloud *self, VmPeer *peer)
{
  g_mutex_lock (&self->lock);
  self->sending = peer;
  g_mutex_unlock (&self->lock);
}

static void
close_out (VmCloud *self)
{
  set_sending (self, NULL);
  self->limit = 0;
  vm_cloud_close_peer (self, &self->out);
  release_inputs (self);
}

static gboolean
on_pause (gpointer data)
{
  VmCloud *self = data;

  vm_timer_clear (&self->pause);
  self->publisher = VM_CLOUD_IDLE;
  publish (self);
  return G_SOURCE_REMOVE;
}

/* For as long as it is in the room: what the server refuses now it may take in
 * an hour. */
static void
try_later (VmCloud *self, const GError *error)
{
  guint pause_ms = vm_attempts_server_pause (
      ++self->out_failed, self->config->connect_timeout_ms, g_random_double ());

  if (self->out_told < VM_CLOUD_WARNINGS_MAX) {
    self->out_told++;
    vm_cloud_warn (self, "Nothing is sent to the room of Janus", error);
  }
  self->publisher = VM_CLOUD_PAUSED;
  self->pause = vm_timer_new (
      self->owner->get_context (self->controller), pause_ms, on_pause, self);
}

/* The server keeps it as long as it is not told. */
static void
end (VmCloud *self)
{
  VmJanusConnection *connection = vm_cloud_get_connection (self);

  close_out (self);
  self->publisher = VM_CLOUD_ENDING;
  if (connection)
    VM_PLUGIN (vm_janus_connection_unpublish) (connection);
}

static const gchar *const descriptions[] = { "camera", "camera", "screen",
  "screen", NULL };

static void
on_description (VmPeer *peer, gboolean offer, const gchar *sdp, VmCloud *self)
{
  VmJanusConnection *connection = vm_cloud_get_connection (self);
  g_autoptr (GError) error = NULL;

  if (!connection)
    return;
  if (!VM_PLUGIN (vm_janus_connection_publish) (
          connection, sdp, descriptions, &error)) {
    close_out (self);
    try_later (self, error);
    return;
  }
  vm_cloud_send_found (self, VM_JANUS_PUBLISHER, peer);
}

static void
on_candidate (VmPeer *peer, guint mline, const gchar *candidate, VmCloud *self)
{
  VmJanusConnection *connection = vm_cloud_get_connection (self);

  if (connection)
    VM_PLUGIN (vm_janus_connection_add_candidate)
  (connection, VM_JANUS_PUBLISHER, *candidate ? candidate : NULL, NULL, mline);
}

static void
on_state (VmPeer *peer, VmPeerState state, GError *error, VmCloud *self)
{
  g_autoptr (VmCloud) alive = vm_cloud_ref (self);

  if (state == VM_PEER_STATE_CONNECTED) {
    self->out_failed = self->out_told = 0;
    vm_cloud_inputs_changed (self);
  } else if (state == VM_PEER_STATE_FAILED) {
    GST_WARNING ("the connection to Janus that sends failed: %s",
        error ? error->message : "");
    self->out_failed++;
    end (self);
  }
}

static void
on_key_unit (VmPeer *peer, VmPeerStream stream, VmCloud *self)
{
  if (self->inputs[stream])
    vm_input_request_key_unit (self->inputs[stream], self->codecs[stream]);
}

/* What the server takes, by its own estimate or as its room has it, is shared
 * by the pictures; sound is small, and stays as it is. */
static void
on_bitrate_limit (VmPeer *peer, guint bitrate, VmCloud *self)
{
  guint pictures = 0, sound = 0;

  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    pictures += i != VM_PEER_AUDIO && self->inputs[i];
  if (self->inputs[VM_PEER_AUDIO])
    sound = VM_CLOUD_SOUND_BITRATE;
  self->limit = MAX ((bitrate - MIN (bitrate, sound)) / MAX (pictures, 1),
      VM_CLOUD_PICTURE_BITRATE_MIN);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    if (i != VM_PEER_AUDIO && self->inputs[i])
      vm_input_set_bitrate_limit (self->inputs[i], self->limit);
  }
}

static void
publish (VmCloud *self)
{
  VmPeerConfig config = {
    .name = "cloud-out", .session = "cloud", .offerer = TRUE, .bare = TRUE
  };
  g_autoptr (GstClock) clock = NULL;
  g_autoptr (VmPeer) peer = NULL;

  if (self->closed || !self->joined || !self->inputs_ready
      || self->publisher != VM_CLOUD_IDLE || !acquire_inputs (self, &config))
    return;
  vm_cloud_configure (self, &config, self->out_failed, &clock);
  config.answer_ms = config.connect_ms;
  peer = vm_peer_new (&config, NULL, NULL, NULL);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    gst_clear_caps (&config.send[i]);
  self->publisher = VM_CLOUD_OFFERING;
  self->out = g_object_ref (peer);
  set_sending (self, peer);
  g_signal_connect (peer, "description", G_CALLBACK (on_description), self);
  g_signal_connect (peer, "candidate", G_CALLBACK (on_candidate), self);
  g_signal_connect (peer, "state", G_CALLBACK (on_state), self);
  g_signal_connect (peer, "key-unit-requested", G_CALLBACK (on_key_unit), self);
  g_signal_connect (peer, "bitrate-limit", G_CALLBACK (on_bitrate_limit), self);
  vm_peer_start (peer);
}

void
vm_cloud_publish (VmCloud *self)
{
  publish (self);
}

/* What the server says */

/* Whether a picture that was offered is off, and was not encoded before. */
static gboolean
is_refused (VmCloud *self, const GPtrArray *streams)
{
  for (guint i = 0; streams && i < streams->len; i++) {
    const VmJanusStream *stream = streams->pdata[i];

    if (stream->kind == VM_JANUS_KIND_VIDEO
        && (stream->disabled || !stream->codec))
      return TRUE;
  }
  return FALSE;
}

void
vm_cloud_take_published (VmCloud *self, const VmJanusEvent *event)
{
  if (self->publisher != VM_CLOUD_OFFERING || !self->out)
    return;
  if (is_refused (self, event->streams) && vm_cloud_has_choice (self)) {
    self->choice++;
    end (self);
    return;
  }
  self->publisher = VM_CLOUD_PUBLISHING;
  vm_peer_set_remote_description (self->out, FALSE, event->sdp);
}

void
vm_cloud_take_refusal (VmCloud *self, const VmJanusEvent *event)
{
  if (self->publisher != VM_CLOUD_OFFERING)
    return;
  close_out (self);
  try_later (self, event->error);
}

void
vm_cloud_lose_publisher (VmCloud *self, const GError *error)
{
  close_out (self);
  vm_timer_clear (&self->pause);
  if (error)
    GST_WARNING ("Janus has ended what is sent: %s", error->message);
  if (self->publisher == VM_CLOUD_ENDING || !error) {
    self->publisher = VM_CLOUD_IDLE;
    publish (self);
  } else {
    try_later (self, error);
  }
}

void
vm_cloud_stop_publishing (VmCloud *self)
{
  vm_timer_clear (&self->pause);
  close_out (self);
  self->publisher = VM_CLOUD_IDLE;
}

/* Other inputs */

void
vm_cloud_inputs_ready (VmCloud *self)
{
  self->inputs_ready = TRUE;
  publish (self);
}

static gboolean
is_other_set (VmCloud *self)
{
  gboolean other = FALSE;

  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    g_autoptr (VmInput) input = self->bin_funcs->get_input (self->bin, i);
    gboolean usable =
        is_usable (input)
        && !vm_input_has_failed (input, choose_codec (self, i, input));

    other |= usable != (self->inputs[i] != NULL);
  }
  return other;
}

static void
change_input (VmCloud *self, VmPeerStream stream)
{
  g_autoptr (VmInput) input = self->bin_funcs->get_input (self->bin, stream);
  VmCodec codec = self->codecs[stream];
  g_autoptr (GError) error = NULL;

  if (!self->inputs[stream] || !is_usable (input)
      || input == self->inputs[stream])
    return;
  if (!vm_input_acquire (input, codec, &error)) {
    vm_cloud_warn (self, "An input is not sent", error);
    return;
  }
  vm_input_set_bitrate_limit (self->inputs[stream], 0);
  vm_input_release (self->inputs[stream], codec);
  if (stream != VM_PEER_AUDIO)
    vm_input_set_bitrate_limit (input, self->limit);
  g_set_object (&self->inputs[stream], input);
  vm_input_request_key_unit (input, codec);
}

/* The server does not end a connection that is not up yet: then is early
 * enough. */
void
vm_cloud_inputs_changed (VmCloud *self)
{
  if (self->publisher == VM_CLOUD_PUBLISHING && is_other_set (self)) {
    if (vm_peer_get_state (self->out) == VM_PEER_STATE_CONNECTED)
      end (self);
    return;
  }
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    change_input (self, i);
  publish (self);
}

void
vm_cloud_drop_codec (VmCloud *self, VmPeerStream stream, VmCodec codec)
{
  if (!self->inputs[stream] || self->codecs[stream] != codec)
    return;
  if (stream != VM_PEER_AUDIO && vm_cloud_has_choice (self))
    self->choice++;
  end (self);
}

void
vm_cloud_push (
    VmCloud *self, VmPeerStream stream, VmCodec codec, GstSample *sample)
{
  g_autoptr (VmPeer) peer = NULL;

  g_mutex_lock (&self->lock);
  if (self->sending && self->codecs[stream] == codec)
    peer = g_object_ref (self->sending);
  g_mutex_unlock (&self->lock);
  if (peer)
    vm_peer_push (peer, stream, sample);
}
