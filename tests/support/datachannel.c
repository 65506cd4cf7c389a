/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Bytes over a bare data channel of webrtcbin, from one process to another, for
 * the bench file-dc: `datachannel send BYTES` and `datachannel receive BYTES`.
 * Each prints its description as a line of base64, candidates in it, and reads
 * that of the other from its standard input. The sender prints "open" when the
 * channel is, and "done" when the other side has said that it has all. */

#define GST_USE_UNSTABLE_API
#include <gst/gst.h>
#include <gst/webrtc/webrtc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE 65536 /* bytes, the most that webrtcbin takes */
/* As much as vmsignalbin leaves in a channel, and when it fills it again. */
#define BUFFERED_MAX (1024 * 1024)
#define BUFFERED_LOW (512 * 1024)
#define STEP_US (60 * G_TIME_SPAN_SECOND)
#define TEXT_MAX (64 * 1024)

typedef struct
{
  GMutex lock; /* of what follows */
  GCond cond;
  GstElement *bin;
  GstWebRTCDataChannel *channel;
  guint64 total, got; /* bytes */
  gboolean done;
} Self;

/* Called with the lock held. */
static void
wait_a_turn (Self *self)
{
  if (!g_cond_wait_until (
          &self->cond, &self->lock, g_get_monotonic_time () + STEP_US))
    g_error ("nothing goes on");
}

static void
wake (Self *self)
{
  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static void
say (const gchar *line)
{
  puts (line);
  fflush (stdout);
}

/* Descriptions */

static GstWebRTCSessionDescription *
create (Self *self, const gchar *signal, const gchar *field)
{
  GstPromise *promise = gst_promise_new ();
  GstWebRTCSessionDescription *description = NULL;

  g_signal_emit_by_name (self->bin, signal, NULL, promise);
  gst_promise_wait (promise);
  gst_structure_get (gst_promise_get_reply (promise), field,
      GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &description, NULL);
  gst_promise_unref (promise);
  return description;
}

static void
set (Self *self, const gchar *signal, GstWebRTCSessionDescription *description)
{
  GstPromise *promise = gst_promise_new ();

  g_signal_emit_by_name (self->bin, signal, description, promise);
  gst_promise_wait (promise);
  gst_promise_unref (promise);
  gst_webrtc_session_description_free (description);
}

static void
tell_own (Self *self, const gchar *signal, const gchar *field)
{
  GstWebRTCICEGatheringState state = GST_WEBRTC_ICE_GATHERING_STATE_NEW;
  GstWebRTCSessionDescription *description;
  g_autofree gchar *text = NULL;
  g_autofree gchar *line = NULL;

  set (self, "set-local-description", create (self, signal, field));
  g_mutex_lock (&self->lock);
  for (;;) {
    g_object_get (self->bin, "ice-gathering-state", &state, NULL);
    if (state == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE)
      break;
    wait_a_turn (self);
  }
  g_mutex_unlock (&self->lock);
  g_object_get (self->bin, "local-description", &description, NULL);
  text = gst_sdp_message_as_text (description->sdp);
  gst_webrtc_session_description_free (description);
  line = g_base64_encode ((const guchar *) text, strlen (text));
  say (line);
}

static void
take_other (Self *self, GstWebRTCSDPType type)
{
  g_autofree gchar *line = g_malloc (TEXT_MAX);
  g_autofree guchar *bytes = NULL;
  g_autofree gchar *text = NULL;
  GstSDPMessage *sdp;
  gsize size;

  if (!fgets (line, TEXT_MAX, stdin))
    g_error ("the other side says nothing");
  bytes = g_base64_decode (line, &size);
  text = g_strndup ((const gchar *) bytes, size);
  if (gst_sdp_message_new_from_text (text, &sdp) != GST_SDP_OK)
    g_error ("that is no description");
  set (self, "set-remote-description",
      gst_webrtc_session_description_new (type, sdp));
}

/* The channel */

static void
on_text (GstWebRTCDataChannel *channel, const gchar *text, Self *self)
{
  g_mutex_lock (&self->lock);
  self->done = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static void
on_data (GstWebRTCDataChannel *channel, GBytes *data, Self *self)
{
  gboolean whole;

  g_mutex_lock (&self->lock);
  self->got += g_bytes_get_size (data);
  whole = self->got == self->total;
  g_mutex_unlock (&self->lock);
  if (whole)
    gst_webrtc_data_channel_send_string_full (channel, "done", NULL);
}

static void
on_channel (GstElement *bin, GstWebRTCDataChannel *channel, Self *self)
{
  g_signal_connect (channel, "on-message-data", G_CALLBACK (on_data), self);
  self->channel = g_object_ref (channel);
}

static void
open_channel (Self *self)
{
  g_signal_emit_by_name (
      self->bin, "create-data-channel", "file", NULL, &self->channel);
  if (!self->channel)
    g_error ("no channel is made");
  g_object_set (self->channel, "buffered-amount-low-threshold",
      (guint64) BUFFERED_LOW, NULL);
  g_signal_connect (
      self->channel, "on-message-string", G_CALLBACK (on_text), self);
  g_signal_connect_swapped (
      self->channel, "notify::ready-state", G_CALLBACK (wake), self);
  g_signal_connect_swapped (
      self->channel, "on-buffered-amount-low", G_CALLBACK (wake), self);
}

static void
wait_open (Self *self)
{
  GstWebRTCDataChannelState state = GST_WEBRTC_DATA_CHANNEL_STATE_CONNECTING;

  g_mutex_lock (&self->lock);
  for (;;) {
    g_object_get (self->channel, "ready-state", &state, NULL);
    if (state == GST_WEBRTC_DATA_CHANNEL_STATE_OPEN)
      break;
    wait_a_turn (self);
  }
  g_mutex_unlock (&self->lock);
}

static void
wait_room (Self *self)
{
  guint64 buffered;

  g_mutex_lock (&self->lock);
  for (;;) {
    g_object_get (self->channel, "buffered-amount", &buffered, NULL);
    if (buffered < BUFFERED_MAX)
      break;
    wait_a_turn (self);
  }
  g_mutex_unlock (&self->lock);
}

static void
send_all (Self *self)
{
  g_autoptr (GBytes) message = g_bytes_new_take (g_malloc0 (MESSAGE), MESSAGE);

  for (guint64 sent = 0; sent < self->total; sent += MESSAGE) {
    wait_room (self);
    if (!gst_webrtc_data_channel_send_data_full (self->channel, message, NULL))
      g_error ("a message is not sent");
  }
  g_mutex_lock (&self->lock);
  while (!self->done)
    wait_a_turn (self);
  g_mutex_unlock (&self->lock);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  Self self = { 0 };
  GstElement *pipeline;

  gst_init (&argc, &argv);
  if (argc != 3)
    g_error ("datachannel send|receive BYTES");
  self.total = g_ascii_strtoull (argv[2], NULL, 10) / MESSAGE * MESSAGE;
  g_mutex_init (&self.lock);
  g_cond_init (&self.cond);
  self.bin = gst_element_factory_make ("webrtcbin", NULL);
  g_object_set (
      self.bin, "bundle-policy", GST_WEBRTC_BUNDLE_POLICY_MAX_BUNDLE, NULL);
  g_signal_connect_swapped (
      self.bin, "notify::ice-gathering-state", G_CALLBACK (wake), &self);
  g_signal_connect (
      self.bin, "on-data-channel", G_CALLBACK (on_channel), &self);
  pipeline = gst_pipeline_new (NULL);
  gst_bin_add (GST_BIN (pipeline), self.bin);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  if (g_str_equal (argv[1], "send")) {
    open_channel (&self);
    tell_own (&self, "create-offer", "offer");
    take_other (&self, GST_WEBRTC_SDP_TYPE_ANSWER);
    wait_open (&self);
    say ("open");
    send_all (&self);
    say ("done");
  } else {
    take_other (&self, GST_WEBRTC_SDP_TYPE_OFFER);
    tell_own (&self, "create-answer", "answer");
  }
  while (getchar () != EOF)
    continue;
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_clear_object (&self.channel);
  gst_object_unref (pipeline);
  return 0;
}
