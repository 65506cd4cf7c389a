/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sink pads of vmsignalbin, asked for by name, and an input behind each. */

#include "bin/vmsignalbin-priv.h"

#include <string.h>

#define AUDIO "audio/x-raw; audio/x-opus"
#define VIDEO "video/x-raw(ANY); video/x-vp8; video/x-h264; video/x-vp9"
#define FILES_MAX 16 /* pads file_sink_N */

VmInput *
vm_signal_bin_get_input (VmSignalBin *self, VmPeerStream stream)
{
  VmInput *input;

  GST_OBJECT_LOCK (self);
  input = self->inputs[stream] ? g_object_ref (self->inputs[stream]) : NULL;
  GST_OBJECT_UNLOCK (self);
  return input;
}

gboolean
vm_signal_bin_inputs_ready (VmSignalBin *self)
{
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    g_autoptr (VmInput) input = vm_signal_bin_get_input (self, i);

    if (input && !vm_input_has_caps (input) && !vm_input_is_eos (input))
      return FALSE;
  }
  return TRUE;
}

GPtrArray *
vm_signal_bin_list_file_pads (VmSignalBin *self)
{
  GPtrArray *pads;

  GST_OBJECT_LOCK (self);
  pads = g_ptr_array_copy (self->file_pads, (GCopyFunc) gst_object_ref, NULL);
  GST_OBJECT_UNLOCK (self);
  g_ptr_array_set_free_func (pads, gst_object_unref);
  return pads;
}

void
vm_signal_bin_ended (VmSignalBin *self)
{
  if (g_atomic_int_compare_and_exchange (&self->ended, FALSE, TRUE))
    gst_element_post_message (
        GST_ELEMENT (self), gst_message_new_eos (GST_OBJECT (self)));
}

void
vm_signal_bin_not_ended (VmSignalBin *self)
{
  g_atomic_int_set (&self->ended, FALSE);
}

/* With the last of what is sent the element is at its end; one that sends
 * nothing is not for that. */
static void
check_ended (VmSignalBin *self)
{
  g_autoptr (GPtrArray) pads = vm_signal_bin_list_file_pads (self);
  guint sent = pads->len, over = 0;

  for (guint i = 0; i < pads->len; i++)
    over += vm_file_pad_is_eos (pads->pdata[i]);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    g_autoptr (VmInput) input = vm_signal_bin_get_input (self, i);

    sent += input != NULL;
    over += input && vm_input_is_eos (input);
  }
  if (over < sent)
    vm_signal_bin_not_ended (self);
  else if (sent)
    vm_signal_bin_ended (self);
}

static void
on_input_sample (
    gpointer user_data, VmPeerStream stream, VmCodec codec, GstSample *sample)
{
  g_autoptr (VmController) controller =
      vm_signal_bin_ref_controller (user_data);

  if (controller)
    vm_controller_push (controller, stream, codec, sample);
}

static void
on_input_changed (gpointer user_data, VmPeerStream stream)
{
  VmSignalBin *self = user_data;
  g_autoptr (VmController) controller = vm_signal_bin_ref_controller (self);

  if (controller)
    vm_controller_inputs_changed (controller);
  check_ended (self);
}

static void
on_input_failed (
    gpointer user_data, VmPeerStream stream, VmCodec codec, const gchar *why)
{
  VmSignalBin *self = user_data;
  g_autoptr (VmController) controller = vm_signal_bin_ref_controller (self);

  if (controller)
    vm_controller_input_failed (controller, stream, codec, why);
}

static gboolean
stream_from_name (const gchar *name, gboolean audio, VmPeerStream *stream)
{
  if (audio && g_strcmp0 (name, "audio_sink_0") == 0)
    *stream = VM_PEER_AUDIO;
  else if (!audio && g_strcmp0 (name, "video_sink_0") == 0)
    *stream = VM_PEER_VIDEO;
  else if (!audio && g_strcmp0 (name, "video_sink_1") == 0)
    *stream = VM_PEER_SCREEN;
  else
    return FALSE;
  return TRUE;
}

static const gchar *const sink_names[] = { "audio_sink_0", "video_sink_0",
  "video_sink_1" };

static VmPeerStream
first_free_picture (VmSignalBin *self)
{
  g_autoptr (VmInput) camera = vm_signal_bin_get_input (self, VM_PEER_VIDEO);

  return camera ? VM_PEER_SCREEN : VM_PEER_VIDEO;
}

/* What the properties say of a stream. */
static void
read_settings (
    VmSignalBin *self, VmPeerStream stream, guint *bitrate, gboolean *mute)
{
  gboolean audio = stream == VM_PEER_AUDIO;

  GST_OBJECT_LOCK (self);
  *bitrate = audio ? 0 : self->start_bitrate;
  *mute = audio ? self->mute_audio : self->mute_video;
  GST_OBJECT_UNLOCK (self);
}

/* Takes @input as that of @stream, with the settings that it has then. The
 * input is called without the lock, so that a property may be set meanwhile:
 * then once more. FALSE when there is one already. */
static gboolean
adopt_input (VmSignalBin *self, VmPeerStream stream, VmInput *input)
{
  guint bitrate, bitrate_now;
  gboolean mute, mute_now, taken;

  GST_OBJECT_LOCK (self);
  taken = self->inputs[stream] != NULL;
  if (!taken)
    self->inputs[stream] = gst_object_ref (input);
  GST_OBJECT_UNLOCK (self);
  if (taken)
    return FALSE;
  read_settings (self, stream, &bitrate_now, &mute_now);
  do {
    bitrate = bitrate_now;
    mute = mute_now;
    if (bitrate)
      vm_input_set_bitrate (input, bitrate);
    vm_input_set_mute (input, mute);
    read_settings (self, stream, &bitrate_now, &mute_now);
  } while (bitrate != bitrate_now || mute != mute_now);
  return TRUE;
}

/* A pad for files has something for the participants, or is at its end. */
static void
on_file_changed (gpointer user_data)
{
  VmSignalBin *self = user_data;
  g_autoptr (VmController) controller = vm_signal_bin_ref_controller (self);

  if (controller)
    vm_controller_files_changed (controller);
  check_ended (self);
}

/* The lowest that is free, or what @name says. Called with the object lock. */
static gchar *
choose_file_name (VmSignalBin *self, const gchar *name)
{
  for (guint n = 0; n < FILES_MAX; n++) {
    g_autofree gchar *own = g_strdup_printf ("file_sink_%u", n);
    gboolean taken = FALSE;

    for (guint i = 0; i < self->file_pads->len; i++)
      taken |= g_str_equal (GST_OBJECT_NAME (self->file_pads->pdata[i]), own);
    if (!taken && (!name || g_str_equal (name, own)))
      return g_steal_pointer (&own);
  }
  return NULL;
}

static GstPad *
request_file_pad (VmSignalBin *self, GstPadTemplate *templ, const gchar *name)
{
  g_autofree gchar *own = NULL;
  VmFilePad *pad = NULL;

  GST_OBJECT_LOCK (self);
  if ((own = choose_file_name (self, name))) {
    pad = vm_file_pad_new (own, templ, on_file_changed, self);
    g_ptr_array_add (self->file_pads, gst_object_ref_sink (pad));
  }
  GST_OBJECT_UNLOCK (self);
  if (!pad) {
    g_warning ("%s: there is no pad %s, or it is taken; ask for file_sink_0 to "
               "file_sink_%u",
        GST_OBJECT_NAME (self), name ? name : "for files", FILES_MAX - 1);
    return NULL;
  }
  gst_pad_set_active (GST_PAD (pad), TRUE);
  gst_element_add_pad (GST_ELEMENT (self), GST_PAD (pad));
  gst_child_proxy_child_added (
      GST_CHILD_PROXY (self), G_OBJECT (pad), GST_OBJECT_NAME (pad));
  return GST_PAD (pad);
}

static void
release_file_pad (VmSignalBin *self, GstPad *pad)
{
  g_autoptr (VmController) controller = vm_signal_bin_ref_controller (self);

  gst_pad_set_active (pad, FALSE);
  GST_OBJECT_LOCK (self);
  g_ptr_array_remove (self->file_pads, pad);
  GST_OBJECT_UNLOCK (self);
  gst_child_proxy_child_removed (
      GST_CHILD_PROXY (self), G_OBJECT (pad), GST_OBJECT_NAME (pad));
  if (controller)
    vm_controller_drop_file_pad (controller, VM_FILE_PAD (pad));
  gst_element_remove_pad (GST_ELEMENT (self), pad);
  check_ended (self);
}

/* So that a launch line can say file_sink_0::to=NAME. */
GObject *
vm_signal_bin_find_child (GstChildProxy *proxy, const gchar *name)
{
  GstChildProxyInterface *parent =
      g_type_interface_peek_parent (GST_CHILD_PROXY_GET_INTERFACE (proxy));
  GstPad *pad = g_str_has_prefix (name, "file_sink_")
                    ? gst_element_get_static_pad (GST_ELEMENT (proxy), name)
                    : NULL;

  return pad ? G_OBJECT (pad) : parent->get_child_by_name (proxy, name);
}

static GstPad *
vm_signal_bin_request_new_pad (GstElement *element, GstPadTemplate *templ,
    const gchar *name, const GstCaps *caps)
{
  static const VmInputFuncs funcs = { on_input_sample, on_input_changed,
    on_input_failed };
  VmSignalBin *self = VM_SIGNAL_BIN (element);
  gboolean audio = g_str_has_prefix (templ->name_template, "audio");
  VmPeerStream stream;
  g_autoptr (VmInput) input = NULL;
  g_autoptr (VmController) controller = NULL;
  g_autoptr (GstPad) target = NULL;
  GstPad *pad;

  if (g_str_has_prefix (templ->name_template, "file"))
    return request_file_pad (self, templ, name);
  if (!name) {
    stream = audio ? VM_PEER_AUDIO : first_free_picture (self);
  } else if (!stream_from_name (name, audio, &stream)) {
    g_warning ("%s: there is no pad %s; ask for audio_sink_0, video_sink_0 "
               "(camera) or video_sink_1 (screen)",
        GST_OBJECT_NAME (self), name);
    return NULL;
  }
  input = gst_object_ref_sink (
      vm_input_new (stream, sink_names[stream], &funcs, self));
  if (!adopt_input (self, stream, input)) {
    g_warning ("%s: %s is taken", GST_OBJECT_NAME (self), sink_names[stream]);
    return NULL;
  }
  gst_bin_add (GST_BIN (self), GST_ELEMENT (input));
  gst_element_sync_state_with_parent (GST_ELEMENT (input));
  target = gst_element_get_static_pad (GST_ELEMENT (input), "sink");
  pad = gst_ghost_pad_new_from_template (sink_names[stream], target, templ);
  gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (element, pad);
  if ((controller = vm_signal_bin_ref_controller (self)))
    vm_controller_presence_changed (controller);
  return pad;
}

static void
vm_signal_bin_release_pad (GstElement *element, GstPad *pad)
{
  VmSignalBin *self = VM_SIGNAL_BIN (element);
  g_autoptr (VmController) controller = NULL;
  g_autoptr (VmInput) input = NULL;
  guint stream = 0;

  if (VM_IS_FILE_PAD (pad)) {
    release_file_pad (self, pad);
    return;
  }
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    if (g_strcmp0 (sink_names[i], GST_OBJECT_NAME (pad)) != 0)
      continue;
    stream = i;
    input = vm_signal_bin_get_input (self, i);
  }
  /* Frees a streaming thread that waits in it for the clock, before one waits
   * for that. When the element itself goes, its children have gone before its
   * pads. */
  if (input
      && gst_object_has_as_parent (GST_OBJECT (input), GST_OBJECT (self))) {
    gst_element_set_locked_state (GST_ELEMENT (input), TRUE);
    gst_element_set_state (GST_ELEMENT (input), GST_STATE_NULL);
  }
  gst_pad_set_active (pad, FALSE);
  gst_element_remove_pad (element, pad);
  if (!input)
    return;
  GST_OBJECT_LOCK (self);
  g_clear_pointer (&self->inputs[stream], gst_object_unref);
  GST_OBJECT_UNLOCK (self);
  if (gst_object_has_as_parent (GST_OBJECT (input), GST_OBJECT (self)))
    gst_bin_remove (GST_BIN (self), GST_ELEMENT (input));
  if ((controller = vm_signal_bin_ref_controller (self)))
    vm_controller_inputs_changed (controller);
  check_ended (self);
}

static GstStaticCaps file_caps = GST_STATIC_CAPS (VM_TRANSFER_CAPS);

static void
add_template (
    GstElementClass *element_class, const gchar *name, const gchar *formats)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (formats);
  gboolean sink = strstr (name, "_sink_") != NULL;

  gst_element_class_add_pad_template (element_class,
      gst_pad_template_new (name, sink ? GST_PAD_SINK : GST_PAD_SRC,
          sink ? GST_PAD_REQUEST : GST_PAD_SOMETIMES, caps));
}

void
vm_signal_bin_install_pads (GstElementClass *element_class)
{
  element_class->request_new_pad = vm_signal_bin_request_new_pad;
  element_class->release_pad = vm_signal_bin_release_pad;
  add_template (element_class, "audio_sink_%u", AUDIO);
  add_template (element_class, "video_sink_%u", VIDEO);
  gst_element_class_add_pad_template (element_class,
      gst_pad_template_new_with_gtype ("file_sink_%u", GST_PAD_SINK,
          GST_PAD_REQUEST, gst_static_caps_get (&file_caps), VM_TYPE_FILE_PAD));
  add_template (element_class, "audio_src_%u", AUDIO);
  add_template (element_class, "video_src_%u", VIDEO);
  add_template (element_class, "file_src_%u", VM_TRANSFER_CAPS);
}
