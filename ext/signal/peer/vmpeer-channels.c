/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define GST_USE_UNSTABLE_API
#include "peer/vmpeer-priv.h"

#include <gst/webrtc/webrtc.h>
#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (vm_peer_debug);
#define GST_CAT_DEFAULT vm_peer_debug

#define HEARTBEAT "heartbeat"
#define HEARTBEAT_MAX 64 /* bytes of {"t":"ping","n":4294967295} */

/* The channels of protocol/meeting.md#data-channels that exist in every
 * call. The offerer makes them before its offer, which then has the m-line
 * for them. */
static const gchar *const labels[] = { "chat", "signal", HEARTBEAT };

struct _VmPeerChannel
{
  GstWebRTCDataChannel *channel;
  gchar *label;
  gboolean open;
};

static void
channel_free (VmPeerChannel *channel, VmPeerLink *link)
{
  g_signal_handlers_disconnect_by_data (channel->channel, link);
  g_object_unref (channel->channel);
  g_free (channel->label);
  g_free (channel);
}

static VmPeerChannel *
find_channel (VmPeer *self, const gchar *label)
{
  for (guint i = 0; i < self->channels->len; i++) {
    VmPeerChannel *channel = g_ptr_array_index (self->channels, i);

    if (strcmp (channel->label, label) == 0)
      return channel;
  }
  return NULL;
}

static VmPeerChannel *
find_object (VmPeer *self, gpointer object)
{
  for (guint i = 0; i < self->channels->len; i++) {
    VmPeerChannel *channel = g_ptr_array_index (self->channels, i);

    if (channel->channel == object)
      return channel;
  }
  return NULL;
}

/* Whether @channel takes a message of @size bytes. */
static gboolean
can_send (VmPeerChannel *channel, gsize size, GError **error)
{
  guint64 buffered = 0;

  /* 1.22.0 crashes on a send before open */
  if (!channel || !channel->open) {
    g_set_error (error, VM_ERROR, VM_ERROR_DISCONNECTED,
        "The channel to the other side is not open");
    return FALSE;
  }
  if (size > VM_PEER_MESSAGE_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A message has at most %d bytes", VM_PEER_MESSAGE_MAX);
    return FALSE;
  }
  g_object_get (channel->channel, "buffered-amount", &buffered, NULL);
  if (buffered > VM_PEER_BUFFERED_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "The other side takes no more messages at the moment");
    return FALSE;
  }
  return TRUE;
}

static gboolean
send_text (VmPeerChannel *channel, const gchar *text, GError **error)
{
  return can_send (channel, strnlen (text, VM_PEER_MESSAGE_MAX + 1), error)
         && gst_webrtc_data_channel_send_string_full (
             channel->channel, text, error);
}

gboolean
vm_peer_send_message (
    VmPeer *self, const gchar *label, const gchar *text, GError **error)
{
  g_return_val_if_fail (VM_IS_PEER (self), FALSE);
  g_return_val_if_fail (label != NULL && text != NULL, FALSE);

  return send_text (find_channel (self, label), text, error);
}

gboolean
vm_peer_send_data (
    VmPeer *self, const gchar *label, GBytes *data, GError **error)
{
  VmPeerChannel *channel;

  g_return_val_if_fail (VM_IS_PEER (self), FALSE);
  g_return_val_if_fail (label != NULL && data != NULL, FALSE);

  channel = find_channel (self, label);
  return can_send (channel, g_bytes_get_size (data), error)
         && gst_webrtc_data_channel_send_data_full (
             channel->channel, data, error);
}

guint64
vm_peer_get_buffered (VmPeer *self, const gchar *label)
{
  guint64 buffered = G_MAXUINT64;
  VmPeerChannel *channel;

  g_return_val_if_fail (VM_IS_PEER (self), 0);
  g_return_val_if_fail (label != NULL, 0);

  channel = find_channel (self, label);
  if (channel && channel->open)
    g_object_get (channel->channel, "buffered-amount", &buffered, NULL);
  return buffered;
}

/* --- heartbeat: libnice keeps no consent (RFC 7675), so this side asks --- */

/* When the other side was alive for sure. SCTP that lost some packets waits
 * longer and longer before it sends them again, up to a minute, so that a frame
 * counts as well. Who was not asked owes no answer: this side's thread may have
 * stood still. */
static gint64
last_sign_of_life (VmPeer *self)
{
  gint64 answered = g_get_monotonic_time ();
  gint64 heard;

  if (self->ping_n > self->pong_n)
    answered = self->owed_since - VM_PEER_PING_MS * G_TIME_SPAN_MILLISECOND;
  g_mutex_lock (&self->link->lock);
  heard = self->link->heard_at;
  g_mutex_unlock (&self->link->lock);
  return MAX (answered, heard);
}

static gboolean on_silence (gpointer user_data);

/* Behind what came meanwhile, an answer perhaps. */
static void
expect_sign_of_life (VmPeer *self, guint ms)
{
  vm_timer_clear (&self->silence);
  self->silence = vm_timer_new (self->context, ms, on_silence, self);
  g_source_set_priority (self->silence, G_PRIORITY_LOW);
}

static gboolean
on_silence (gpointer user_data)
{
  VmPeer *self = user_data;
  gint64 ms = (g_get_monotonic_time () - last_sign_of_life (self))
              / G_TIME_SPAN_MILLISECOND;

  if (ms < VM_PEER_SILENCE_MS)
    expect_sign_of_life (self, VM_PEER_SILENCE_MS - ms);
  else
    vm_peer_fail (self, VM_ERROR_TIMEOUT,
        "The other side has been silent for %d seconds",
        VM_PEER_SILENCE_MS / 1000);
  return G_SOURCE_REMOVE;
}

static void
set_beats (VmPeer *self, gboolean beats)
{
  if (self->beats == beats)
    return;
  self->beats = beats;
  g_signal_emit_by_name (self, "heartbeat", beats);
}

static gboolean on_quiet (gpointer user_data);

static void
expect_beat (VmPeer *self, guint ms)
{
  vm_timer_clear (&self->quiet);
  self->quiet = vm_timer_new (self->context, ms, on_quiet, self);
  g_source_set_priority (self->quiet, G_PRIORITY_LOW);
}

static gboolean
on_quiet (gpointer user_data)
{
  g_autoptr (VmPeer) self = g_object_ref (user_data);
  gint64 ms = (g_get_monotonic_time () - last_sign_of_life (self))
              / G_TIME_SPAN_MILLISECOND;

  vm_timer_clear (&self->quiet);
  if (ms < VM_PEER_QUIET_MS)
    expect_beat (self, VM_PEER_QUIET_MS - ms);
  else
    set_beats (self, FALSE);
  return G_SOURCE_REMOVE;
}

static gboolean
on_ping (gpointer user_data)
{
  VmPeer *self = user_data;
  g_autofree gchar *text = NULL;

  self->ping_time = g_get_monotonic_time ();
  if (self->ping_n == self->pong_n)
    self->owed_since = self->ping_time;
  text = g_strdup_printf ("{\"t\":\"ping\",\"n\":%u}", ++self->ping_n);
  send_text (find_channel (self, HEARTBEAT), text, NULL);
  return G_SOURCE_CONTINUE;
}

/* Silence counts from the last reply, and only once there was one: other
 * clients have no heartbeat. */
static void
on_pong (VmPeer *self, guint n)
{
  if (n <= self->pong_n || n > self->ping_n)
    return;
  self->pong_n = n;
  if (n == self->ping_n)
    self->rtt_ms = (g_get_monotonic_time () - self->ping_time) / 1000.0;
  else
    self->owed_since = g_get_monotonic_time ();
  expect_sign_of_life (self, VM_PEER_SILENCE_MS);
  expect_beat (self, VM_PEER_QUIET_MS);
  set_beats (self, TRUE);
}

/* The one field after @type, in the spelling every JSON.stringify makes. */
static gboolean
heartbeat_number (const gchar *text, const gchar *type, guint *n)
{
  g_autofree gchar *prefix = g_strdup_printf ("{\"t\":\"%s\",\"n\":", type);
  const gchar *number;
  gchar *end = NULL;
  guint64 value;

  if (!g_str_has_prefix (text, prefix))
    return FALSE;
  number = text + strlen (prefix);
  if (!g_ascii_isdigit (*number))
    return FALSE;
  value = g_ascii_strtoull (number, &end, 10);
  if (strcmp (end, "}") != 0 || value > G_MAXUINT32)
    return FALSE;
  *n = value;
  return TRUE;
}

static void
take_heartbeat (VmPeer *self, VmPeerChannel *channel, const gchar *text)
{
  guint n;

  if (strlen (text) > HEARTBEAT_MAX)
    return;
  if (heartbeat_number (text, "pong", &n)) {
    on_pong (self, n);
  } else if (heartbeat_number (text, "ping", &n)) {
    g_autofree gchar *reply = g_strdup_printf ("{\"t\":\"pong\",\"n\":%u}", n);

    send_text (channel, reply, NULL);
  }
}

static void
note_life (VmPeerLink *link)
{
  g_mutex_lock (&link->lock);
  link->heard_at = g_get_monotonic_time ();
  g_mutex_unlock (&link->lock);
}

/* --- what webrtcbin says of a channel, in the peer's context --- */

static void
ready_state_changed (VmPeer *self, gpointer data)
{
  VmPeerChannel *channel = find_object (self, data);
  GstWebRTCDataChannelState state = 0;
  g_autofree gchar *label = NULL;
  gboolean open;

  if (!channel)
    return;
  g_object_get (channel->channel, "ready-state", &state, NULL);
  open = state == GST_WEBRTC_DATA_CHANNEL_STATE_OPEN;
  if (open == channel->open)
    return;
  channel->open = open;
  label = g_strdup (channel->label);
  if (strcmp (label, HEARTBEAT) == 0 && open && !self->ping) {
    self->ping = vm_timer_new (self->context, VM_PEER_PING_MS, on_ping, self);
    on_ping (self);
  }
  g_signal_emit_by_name (self, "channel", label, open);
}

static void
on_ready_state (GObject *channel, GParamSpec *pspec, VmPeerLink *link)
{
  vm_peer_link_post (
      link, ready_state_changed, g_object_ref (channel), g_object_unref);
}

typedef struct
{
  VmPeerLink *link;
  gpointer channel;
  gchar *text;
} Message;

static void
message_free (gpointer data)
{
  Message *message = data;

  g_atomic_int_add (&message->link->messages, -1);
  vm_peer_link_unref (message->link);
  g_object_unref (message->channel);
  g_free (message->text);
  g_free (message);
}

static void
message_taken (VmPeer *self, gpointer data)
{
  const Message *message = data;
  VmPeerChannel *channel = find_object (self, message->channel);
  g_autofree gchar *label = NULL;

  if (!channel)
    return;
  if (strcmp (channel->label, HEARTBEAT) == 0) {
    take_heartbeat (self, channel, message->text);
    return;
  }
  label = g_strdup (channel->label);
  g_signal_emit_by_name (self, "message", label, message->text);
}

static void
on_message_string (GObject *channel, const gchar *text, VmPeerLink *link)
{
  Message *message;

  if (!text || strnlen (text, VM_PEER_MESSAGE_MAX + 1) > VM_PEER_MESSAGE_MAX
      || !g_utf8_validate (text, -1, NULL)
      || g_atomic_int_get (&link->messages) >= VM_PEER_MESSAGES_MAX) {
    GST_WARNING_OBJECT (channel, "a message dropped");
    return;
  }
  note_life (link);
  g_atomic_int_inc (&link->messages);
  message = g_new (Message, 1);
  *message = (Message){ vm_peer_link_ref (link), g_object_ref (channel),
    g_strdup (text) };
  vm_peer_link_post (link, message_taken, message, message_free);
}

typedef struct
{
  VmPeerLink *link;
  gpointer channel;
  GBytes *data;
} Data;

static gint
cost_of (GBytes *data)
{
  return g_bytes_get_size (data) + VM_PEER_DATA_COST;
}

static void
data_free (gpointer user_data)
{
  Data *data = user_data;

  g_atomic_int_add (&data->link->data, -cost_of (data->data));
  vm_peer_link_unref (data->link);
  g_object_unref (data->channel);
  g_bytes_unref (data->data);
  g_free (data);
}

static void
data_taken (VmPeer *self, gpointer user_data)
{
  const Data *data = user_data;
  VmPeerChannel *channel = find_object (self, data->channel);
  g_autofree gchar *label = channel ? g_strdup (channel->label) : NULL;

  if (label)
    g_signal_emit_by_name (self, "data", label, data->data);
}

static void
on_message_data (GObject *channel, GBytes *bytes, VmPeerLink *link)
{
  Data *data;

  if (!bytes || g_bytes_get_size (bytes) > VM_PEER_MESSAGE_MAX
      || g_atomic_int_get (&link->data) > VM_PEER_DATA_MAX) {
    GST_WARNING_OBJECT (channel, "a message dropped");
    return;
  }
  note_life (link);
  g_atomic_int_add (&link->data, cost_of (bytes));
  data = g_new (Data, 1);
  *data = (Data){ vm_peer_link_ref (link), g_object_ref (channel),
    g_bytes_ref (bytes) };
  vm_peer_link_post (link, data_taken, data, data_free);
}

static void
drained (VmPeer *self, gpointer object)
{
  VmPeerChannel *channel = find_object (self, object);
  g_autofree gchar *label = channel ? g_strdup (channel->label) : NULL;

  if (label)
    g_signal_emit_by_name (self, "drained", label);
}

static void
on_drained (GObject *channel, VmPeerLink *link)
{
  vm_peer_link_post (link, drained, g_object_ref (channel), g_object_unref);
}

static void
add_channel (VmPeer *self, GstWebRTCDataChannel *object)
{
  VmPeerChannel *channel = g_new0 (VmPeerChannel, 1);

  channel->channel = g_object_ref (object);
  g_object_get (object, "label", &channel->label, NULL);
  if (!channel->label)
    channel->label = g_strdup ("");
  g_ptr_array_add (self->channels, channel);
}

/* The handlers stand before anybody can speak: messages that come before the
 * channel is known in the context wait there behind it. */
static void
watch_channel (gpointer object, VmPeerLink *link)
{
  g_signal_connect_data (object, "notify::ready-state",
      G_CALLBACK (on_ready_state), vm_peer_link_ref (link),
      vm_peer_link_unref_closure, 0);
  g_signal_connect_data (object, "on-message-string",
      G_CALLBACK (on_message_string), vm_peer_link_ref (link),
      vm_peer_link_unref_closure, 0);
  g_signal_connect_data (object, "on-message-data",
      G_CALLBACK (on_message_data), vm_peer_link_ref (link),
      vm_peer_link_unref_closure, 0);
  g_signal_connect_data (object, "on-buffered-amount-low",
      G_CALLBACK (on_drained), vm_peer_link_ref (link),
      vm_peer_link_unref_closure, 0);
  g_object_set (object, "buffered-amount-low-threshold",
      (guint64) VM_PEER_BUFFERED_LOW, NULL);
}

static void
channel_offered (VmPeer *self, gpointer data)
{
  if (self->channels->len >= VM_PEER_CHANNELS_MAX) {
    vm_peer_fail (self, VM_ERROR_BAD_MESSAGE,
        "The other side opens more than %d data channels",
        VM_PEER_CHANNELS_MAX);
    return;
  }
  add_channel (self, data);
  ready_state_changed (self, data);
}

static void
on_data_channel (
    GstElement *webrtc, GstWebRTCDataChannel *channel, VmPeerLink *link)
{
  watch_channel (channel, link);
  vm_peer_link_post (
      link, channel_offered, g_object_ref (channel), g_object_unref);
}

void
vm_peer_channels_watch (VmPeer *self)
{
  g_signal_connect_data (self->webrtc, "on-data-channel",
      G_CALLBACK (on_data_channel), vm_peer_link_ref (self->link),
      vm_peer_link_unref_closure, 0);
}

static void
create_channel (VmPeer *self, const gchar *label)
{
  g_autoptr (GstWebRTCDataChannel) channel = NULL;

  g_signal_emit_by_name (
      self->webrtc, "create-data-channel", label, NULL, &channel);
  if (!channel)
    return;
  watch_channel (channel, self->link);
  add_channel (self, channel);
  /* on a connection that stands it may have opened meanwhile */
  ready_state_changed (self, channel);
}

void
vm_peer_channels_create (VmPeer *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (labels); i++)
    create_channel (self, labels[i]);
}

gboolean
vm_peer_is_channel_open (VmPeer *self, const gchar *label)
{
  VmPeerChannel *channel;

  g_return_val_if_fail (VM_IS_PEER (self), FALSE);
  g_return_val_if_fail (label != NULL, FALSE);

  channel = find_channel (self, label);
  return channel && channel->open;
}

gboolean
vm_peer_open_channel (VmPeer *self, const gchar *label)
{
  VmPeerChannel *channel;

  g_return_val_if_fail (VM_IS_PEER (self), FALSE);
  g_return_val_if_fail (label != NULL, FALSE);

  if (self->state != VM_PEER_STATE_CONNECTED)
    return FALSE;
  channel = find_channel (self, label);
  if (!channel && self->channels->len < VM_PEER_CHANNELS_MAX)
    create_channel (self, label);
  return channel && channel->open;
}

void
vm_peer_channels_stop (VmPeer *self)
{
  vm_timer_clear (&self->ping);
  vm_timer_clear (&self->silence);
  vm_timer_clear (&self->quiet);
  for (guint i = 0; i < self->channels->len; i++)
    channel_free (g_ptr_array_index (self->channels, i), self->link);
  g_ptr_array_set_size (self->channels, 0);
}
