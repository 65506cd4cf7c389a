/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The participants of the meeting, in the cloud. */

#include "bridge/vmbridge-priv.h"

#include <string.h>

#define GST_CAT_DEFAULT vm_signal_debug

void
vm_bridge_publisher_free (gpointer data)
{
  VmBridgePublisher *publisher = data;

  g_free (publisher->id);
  g_free (publisher->user);
  gst_clear_object (&publisher->element);
  g_free (publisher);
}

void
vm_bridge_stream_free (gpointer data)
{
  VmBridgeStream *stream = data;

  g_free (stream->id);
  gst_caps_unref (stream->caps);
  gst_clear_object (&stream->output);
  gst_clear_object (&stream->sink);
  g_free (stream);
}

static gboolean
is_own (VmBridge *self, const VmBridgePublisher *publisher)
{
  return g_strcmp0 (publisher->id, self->id) == 0;
}

/* Streams */

/* With the lock held. */
static VmBridgeStream *
find_stream (VmBridge *self, const gchar *id, VmPeerStream number)
{
  for (guint i = 0; i < self->streams->len; i++) {
    VmBridgeStream *stream = self->streams->pdata[i];

    if (stream->stream == number && g_strcmp0 (stream->id, id) == 0)
      return stream;
  }
  return NULL;
}

typedef struct
{
  VmBridge *bridge;
  gchar *id;
  VmPeerStream stream;
} StreamRef;

static StreamRef *
stream_ref_new (VmBridge *self, const gchar *id, VmPeerStream stream)
{
  StreamRef *ref = g_new (StreamRef, 1);

  *ref = (StreamRef){ g_object_ref (self), g_strdup (id), stream };
  return ref;
}

static void
stream_ref_free (gpointer data)
{
  StreamRef *ref = data;

  g_object_unref (ref->bridge);
  g_free (ref->id);
  g_free (ref);
}

static VmBridgePublisher *
find (VmBridge *self, const gchar *id)
{
  for (guint i = 0; i < self->publishers->len; i++) {
    VmBridgePublisher *publisher = self->publishers->pdata[i];

    if (g_strcmp0 (publisher->id, id ? id : self->id) == 0)
      return publisher;
  }
  return NULL;
}

/* Takes the stream of the list away: (transfer full). */
static VmBridgeStream *
steal_stream (VmBridge *self, const gchar *id, VmPeerStream number)
{
  VmBridgeStream *stream;
  guint index;

  g_mutex_lock (&self->lock);
  stream = find_stream (self, id, number);
  if (stream && g_ptr_array_find (self->streams, stream, &index))
    g_ptr_array_steal_index (self->streams, index);
  g_mutex_unlock (&self->lock);
  return stream;
}

/* Its output goes, and the pad behind it. */
static void
end_stream (VmBridge *self, VmBridgeStream *stream, GstElement *publisher)
{
  g_autoptr (GstPad) src = NULL;

  if (stream->output) {
    vm_output_set_wanted (stream->output, FALSE);
    src = gst_element_get_static_pad (GST_ELEMENT (stream->output), "src");
    gst_pad_unlink (src, stream->sink);
    gst_element_set_locked_state (GST_ELEMENT (stream->output), TRUE);
    gst_element_set_state (GST_ELEMENT (stream->output), GST_STATE_NULL);
    gst_bin_remove (self->bin, GST_ELEMENT (stream->output));
    if (publisher)
      gst_element_release_request_pad (publisher, stream->sink);
  }
  vm_bridge_stream_free (stream);
}

static gboolean
on_new_stream (gpointer user_data)
{
  StreamRef *ref = user_data;
  VmBridge *self = ref->bridge;
  VmBridgePublisher *publisher = find (self, ref->id);

  if (publisher && !publisher->first)
    publisher->first = g_get_monotonic_time ();
  return G_SOURCE_REMOVE;
}

/* It comes in another codec now. */
static gboolean
on_other_codec (gpointer user_data)
{
  StreamRef *ref = user_data;
  VmBridge *self = ref->bridge;
  VmBridgePublisher *publisher = find (self, ref->id);
  VmBridgeStream *stream = steal_stream (self, ref->id, ref->stream);

  if (stream)
    end_stream (self, stream, publisher ? publisher->element : NULL);
  return G_SOURCE_REMOVE;
}

void
vm_bridge_hear (
    gpointer bridge, const gchar *id, VmPeerStream number, GstSample *sample)
{
  VmBridge *self = bridge;
  VmCodec codec = vm_codec_from_caps (gst_sample_get_caps (sample));
  g_autoptr (VmOutput) output = NULL;
  gboolean fresh = FALSE;
  VmBridgeStream *stream;

  if (codec == VM_CODEC_NONE)
    return;
  g_mutex_lock (&self->lock);
  stream = find_stream (self, id, number);
  if (!stream && !self->stopped) {
    stream = g_new0 (VmBridgeStream, 1);
    stream->id = g_strdup (id);
    stream->stream = number;
    stream->caps = gst_caps_ref (gst_sample_get_caps (sample));
    g_ptr_array_add (self->streams, stream);
    fresh = TRUE;
  }
  if (stream && stream->output)
    output = g_object_ref (stream->output);
  g_mutex_unlock (&self->lock);
  if (fresh)
    vm_mailbox_post (self->mailbox, on_new_stream,
        stream_ref_new (self, id, number), stream_ref_free);
  if (!output)
    return;
  if (vm_output_get_codec (output) == codec)
    vm_output_push (output, sample);
  else
    vm_mailbox_post (self->mailbox, on_other_codec,
        stream_ref_new (self, id, number), stream_ref_free);
}

static void
on_need_key_unit (gpointer user_data)
{
  StreamRef *ref = user_data;
  VmBridge *self = ref->bridge;

  self->funcs->request_key_unit (self->bin, ref->id, ref->stream);
}

/* Publishers */

static VmOutput *
make_output (VmBridge *self, VmBridgePublisher *publisher, VmPeerStream number,
    GstCaps *caps)
{
  static const gchar *const names[] = { "audio", "video", "screen" };
  const gchar *id = is_own (self, publisher) ? NULL : publisher->id;
  g_autofree gchar *name = g_strdup_printf (
      "bridge-%s-%s-%u", publisher->id, names[number], ++self->made);
  const VmOutputConfig config = { .codec = vm_codec_from_caps (caps),
    .participant_id = publisher->id,
    .stream_id = name,
    .title = publisher->user };
  g_autoptr (GError) error = NULL;
  VmOutput *output = vm_output_new (name, &config, on_need_key_unit,
      stream_ref_new (self, id, number), stream_ref_free, &error);

  if (!output)
    vm_bridge_tell (self, "warning", publisher->user, error->message,
        vm_error_get_code (error));
  return output;
}

typedef struct
{
  VmPeerStream stream;
  GstCaps *caps;
  VmOutput *output; /* owned, or NULL */
  GstPad *sink; /* owned, or NULL */
} Fresh;

static void
fresh_clear (gpointer data)
{
  Fresh *fresh = data;

  gst_caps_unref (fresh->caps);
  gst_clear_object (&fresh->output);
  gst_clear_object (&fresh->sink);
}

/* Those of @id that have no output. */
static GArray *
list_fresh (VmBridge *self, const gchar *id)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (Fresh));

  g_array_set_clear_func (all, fresh_clear);
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->streams->len; i++) {
    const VmBridgeStream *stream = self->streams->pdata[i];
    Fresh fresh = { stream->stream, stream->caps, NULL, NULL };

    if (stream->output || g_strcmp0 (stream->id, id) != 0)
      continue;
    gst_caps_ref (fresh.caps);
    g_array_append_val (all, fresh);
  }
  g_mutex_unlock (&self->lock);
  return all;
}

static void
make_element (VmBridge *self, VmBridgePublisher *publisher)
{
  g_autofree gchar *name = NULL;

  if (is_own (self, publisher)) {
    publisher->element = gst_object_ref (self->room);
    return;
  }
  name = vm_bridge_mark (self, publisher->user, publisher->id);
  publisher->element = gst_object_ref (vm_bridge_make (self, "publisher"));
  g_object_set (publisher->element, "uri", self->uri, "user", name, "pin",
      self->pin, "api-secret", self->api_secret, "cap-token", self->token,
      "receive", FALSE, NULL);
}

static void
link_stream (VmBridge *self, VmBridgePublisher *publisher, Fresh *fresh)
{
  static const gchar *const pads[] = { "audio_sink_0", "video_sink_0",
    "video_sink_1" };
  VmOutput *output = make_output (self, publisher, fresh->stream, fresh->caps);
  g_autoptr (GstPad) src = NULL;

  if (!output)
    return;
  fresh->output = g_object_ref (output);
  fresh->sink =
      gst_element_request_pad_simple (publisher->element, pads[fresh->stream]);
  gst_bin_add (self->bin, GST_ELEMENT (output));
  src = gst_element_get_static_pad (GST_ELEMENT (output), "src");
  gst_pad_link (src, fresh->sink);
}

/* Only when the publisher runs: its pads refuse a buffer before, and an output
 * that was refused one sends no other. */
static void
start_stream (VmBridge *self, VmBridgePublisher *publisher, Fresh *fresh)
{
  const gchar *id = is_own (self, publisher) ? NULL : publisher->id;
  VmBridgeStream *stream;

  if (!fresh->output)
    return;
  gst_element_sync_state_with_parent (GST_ELEMENT (fresh->output));
  vm_output_set_wanted (fresh->output, TRUE);
  g_mutex_lock (&self->lock);
  stream = find_stream (self, id, fresh->stream);
  if (stream) {
    stream->output = g_steal_pointer (&fresh->output);
    stream->sink = g_steal_pointer (&fresh->sink);
  }
  g_mutex_unlock (&self->lock);
}

static void
publish (VmBridge *self, VmBridgePublisher *publisher)
{
  g_autoptr (GArray) fresh =
      list_fresh (self, is_own (self, publisher) ? NULL : publisher->id);
  gboolean made = !publisher->element;

  publisher->first = publisher->again = 0;
  if (!fresh->len)
    return;
  if (made)
    make_element (self, publisher);
  for (guint i = 0; i < fresh->len; i++)
    link_stream (self, publisher, &g_array_index (fresh, Fresh, i));
  if (made && !is_own (self, publisher))
    vm_bridge_run (self, publisher->element);
  for (guint i = 0; i < fresh->len; i++)
    start_stream (self, publisher, &g_array_index (fresh, Fresh, i));
}

void
vm_bridge_add_publisher (VmBridge *self, const gchar *id, const gchar *user)
{
  VmBridgePublisher *publisher;

  if (find (self, id))
    return;
  publisher = g_new0 (VmBridgePublisher, 1);
  publisher->id = g_strdup (id);
  publisher->user = g_strdup (user ? user : "");
  g_ptr_array_add (self->publishers, publisher);
}

static void
stop (VmBridge *self, VmBridgePublisher *publisher)
{
  const gchar *id = is_own (self, publisher) ? NULL : publisher->id;

  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    VmBridgeStream *stream = steal_stream (self, id, i);

    if (stream)
      end_stream (self, stream, publisher->element);
  }
  publisher->first = 0;
  if (is_own (self, publisher))
    gst_clear_object (&publisher->element);
  else
    vm_bridge_close_element (self, &publisher->element);
}

void
vm_bridge_remove_publisher (VmBridge *self, const gchar *id)
{
  VmBridgePublisher *publisher = find (self, id);

  if (!publisher)
    return;
  stop (self, publisher);
  g_ptr_array_remove (self->publishers, publisher);
}

void
vm_bridge_drop_publishers (VmBridge *self)
{
  for (guint i = 0; i < self->publishers->len; i++)
    stop (self, self->publishers->pdata[i]);
}

gboolean
vm_bridge_fail_publisher (
    VmBridge *self, GstElement *element, const GError *error)
{
  for (guint i = 0; i < self->publishers->len; i++) {
    VmBridgePublisher *publisher = self->publishers->pdata[i];

    if (publisher->element != element)
      continue;
    vm_bridge_tell (
        self, "publisher-failed", publisher->user, error->message, NULL);
    stop (self, publisher);
    publisher->again =
        g_get_monotonic_time () + VM_BRIDGE_AGAIN_MS * G_TIME_SPAN_MILLISECOND;
    return TRUE;
  }
  return FALSE;
}

static gboolean
is_gathered (VmBridge *self, VmBridgePublisher *publisher, gint64 now)
{
  const gchar *id = is_own (self, publisher) ? NULL : publisher->id;
  gboolean sound, picture;

  if (!publisher->first)
    return FALSE;
  g_mutex_lock (&self->lock);
  sound = find_stream (self, id, VM_PEER_AUDIO) != NULL;
  picture = find_stream (self, id, VM_PEER_VIDEO)
            || find_stream (self, id, VM_PEER_SCREEN);
  g_mutex_unlock (&self->lock);
  return vm_bridge_is_gathered (now - publisher->first, sound, picture);
}

void
vm_bridge_try_publishers (VmBridge *self, gint64 now)
{
  for (guint i = 0; i < self->publishers->len; i++) {
    VmBridgePublisher *publisher = self->publishers->pdata[i];

    if (now >= publisher->again && is_gathered (self, publisher, now))
      publish (self, publisher);
  }
}
