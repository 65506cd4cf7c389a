/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "media/vminput-priv.h"
#include "media/vmturns.h"

#include <gst/video/video-event.h>
#include <gst/videomeet/base/vmthread-priv.h>
#include <gst/videomeet/videomeet.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);
#define GST_CAT_DEFAULT vm_signal_debug

/* webrtcbin.md#key-frame-storms */
#define KEY_UNIT_INTERVAL_US (500 * G_TIME_SPAN_MILLISECOND)
G_DEFINE_FINAL_TYPE (VmInput, vm_input, GST_TYPE_BIN)

static void
vm_input_finalize (GObject *object)
{
  VmInput *self = VM_INPUT (object);

  for (guint i = 0; i < VM_CODEC_N; i++)
    g_free (self->branches[i]);
  gst_clear_caps (&self->encoded);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (vm_input_parent_class)->finalize (object);
}

static void
vm_input_handle_message (GstBin *bin, GstMessage *message)
{
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_STREAM_STATUS)
    vm_turns_follow (message, VM_INPUT (bin)->stream == VM_PEER_AUDIO);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR
      && vm_input_branch_take_error (VM_INPUT (bin), message)) {
    gst_message_unref (message);
    return;
  }
  GST_BIN_CLASS (vm_input_parent_class)->handle_message (bin, message);
}

static void
vm_input_class_init (VmInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_input_finalize;
  GST_BIN_CLASS (klass)->handle_message = vm_input_handle_message;
}

static void
vm_input_init (VmInput *self)
{
  g_mutex_init (&self->lock);
  self->codec = VM_CODEC_NONE;
  self->loudest = -1;
  vm_sound_settings_init (&self->sound, VM_AUDIO_PROFILE_VOICE);
}

static void
vm_input_flag_eos (VmInput *self, gboolean eos)
{
  gboolean news;

  g_mutex_lock (&self->lock);
  news = self->eos != eos;
  self->eos = eos;
  g_mutex_unlock (&self->lock);
  if (news)
    self->funcs.changed (self->user_data, self->stream);
}

void
vm_input_fail (VmInput *self, const GError *error, const GstCaps *caps)
{
  const gchar *code = vm_error_get_code (error);
  g_autofree gchar *text = gst_caps_to_string (caps);

  GST_ELEMENT_ERROR_WITH_DETAILS (self, STREAM, FORMAT, ("%s", error->message),
      ("%s", text), ("code", G_TYPE_STRING, code, NULL));
}

/* The thread is the application's; but what it brings late is heard late, and
 * in a browser all that follows is, too. */
static GstPadProbeReturn
on_live_sound (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  vm_thread_go_first ();
  return GST_PAD_PROBE_OK;
}

/* Decides on the first CAPS whether this input is raw or encoded and links
 * what follows before the event travels on. */
static void
on_first_caps (VmInput *self, const GstCaps *caps)
{
  VmCodec codec = vm_codec_from_caps (caps);
  GstElement *head = self->tee, *volume = NULL;
  g_autoptr (GstQuery) latency = gst_query_new_latency ();
  g_autoptr (GstPad) sink =
      gst_element_get_static_pad (self->clocksync, "sink");
  gboolean live = FALSE;
  g_autoptr (GError) error = NULL;
  VmInputBranch *branch = NULL;

  if (gst_pad_peer_query (sink, latency))
    gst_query_parse_latency (latency, &live, NULL, NULL);
  GST_INFO_OBJECT (
      self, "%s input %" GST_PTR_FORMAT, live ? "live" : "not live,", caps);
  /* A file would otherwise be sent as fast as it can be read. */
  g_object_set (self->clocksync, "sync", !live, NULL);
  if (live && self->stream == VM_PEER_AUDIO)
    gst_pad_add_probe (
        sink, GST_PAD_PROBE_TYPE_BUFFER, on_live_sound, NULL, NULL);
  if (codec == VM_CODEC_NONE)
    head = self->stream == VM_PEER_AUDIO
               ? vm_input_add_raw_audio (self, &volume)
               : vm_input_add_raw_video (self);
  if (codec != VM_CODEC_NONE) {
    branch = vm_input_branch_new (self, codec, FALSE, &error);
    if (!branch)
      vm_input_fail (self, error, caps);
  }
  gst_element_link (self->clocksync, head);

  g_mutex_lock (&self->lock);
  self->raw = codec == VM_CODEC_NONE;
  self->codec = codec;
  self->encoded = self->raw ? NULL : gst_caps_copy (caps);
  self->volume = volume;
  self->have_caps = TRUE;
  if (branch)
    self->branches[codec] = branch;
  g_mutex_unlock (&self->lock);
}

static GstPadProbeReturn
on_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmInput *self = user_data;
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  GstCaps *caps;

  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
    vm_input_name_channels (info);
    event = GST_PAD_PROBE_INFO_EVENT (info);
    gst_event_parse_caps (event, &caps);
    if (!vm_input_can_mix (caps)) {
      g_autoptr (GError) error = g_error_new (VM_ERROR, VM_ERROR_CODEC,
          "Sound of so many channels cannot be mixed");

      vm_input_fail (self, error, caps);
      return GST_PAD_PROBE_DROP;
    }
    if (!vm_input_has_caps (self)) {
      on_first_caps (self, caps);
      self->funcs.changed (self->user_data, self->stream);
    } else if (vm_codec_from_caps (caps) != vm_input_get_codec (self)) {
      g_autoptr (GError) error = g_error_new (VM_ERROR, VM_ERROR_CODEC,
          "The stream changed from %s to %s; that needs a new pad",
          vm_codec_get_name (vm_input_get_codec (self)),
          vm_codec_get_name (vm_codec_from_caps (caps)));

      vm_input_fail (self, error, caps);
      return GST_PAD_PROBE_DROP;
    }
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    if (self->stream == VM_PEER_AUDIO)
      vm_thread_go_along ();
    vm_input_flag_eos (self, TRUE);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT
             || GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP) {
    /* after a seek, or the way over READY, it begins again */
    vm_input_flag_eos (self, FALSE);
  }
  return GST_PAD_PROBE_OK;
}

/* What comes encoded is taken as well, whatever raw frames pass. */
static void
add_encoded (VmInput *self, GstQuery *query)
{
  g_autoptr (GstCaps) all = NULL;
  GstCaps *caps, *filter;

  gst_query_parse_caps_result (query, &caps);
  if (!caps)
    return;
  all = gst_caps_merge (gst_caps_copy (caps),
      gst_caps_from_string (self->stream == VM_PEER_AUDIO
                                ? "audio/x-opus"
                                : "video/x-vp8; video/x-h264; video/x-vp9"));
  gst_query_parse_caps (query, &filter);
  if (filter)
    gst_caps_take (
        &all, gst_caps_intersect_full (filter, all, GST_CAPS_INTERSECT_FIRST));
  gst_query_set_caps_result (query, all);
}

/* What is not taken is said by on_event(), in words. */
static GstPadProbeReturn
on_query (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY (info);

  if (GST_QUERY_TYPE (query) == GST_QUERY_ACCEPT_CAPS) {
    gst_query_set_accept_caps_result (query, TRUE);
    return GST_PAD_PROBE_HANDLED;
  }
  /* once it was answered */
  if (GST_QUERY_TYPE (query) == GST_QUERY_CAPS
      && info->type & GST_PAD_PROBE_TYPE_PULL)
    add_encoded (user_data, query);
  return GST_PAD_PROBE_OK;
}

VmInput *
vm_input_new (VmPeerStream stream, const gchar *name, const VmInputFuncs *funcs,
    gpointer user_data)
{
  VmInput *self = g_object_new (VM_TYPE_INPUT, "name", name, NULL);
  g_autoptr (GstPad) sink = NULL;
  g_autoptr (GstPad) src = NULL;

  self->stream = stream;
  self->funcs = *funcs;
  self->user_data = user_data;
  self->bitrate = stream == VM_PEER_AUDIO ? self->sound.bitrate : 1000000;
  self->clocksync = gst_element_factory_make ("clocksync", NULL);
  self->tee = gst_element_factory_make ("tee", NULL);
  g_object_set (self->tee, "allow-not-linked", TRUE, NULL);
  gst_bin_add_many (GST_BIN (self), self->clocksync, self->tee, NULL);
  src = gst_element_get_static_pad (self->clocksync, "src");
  gst_pad_add_probe (
      src, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, on_query, self, NULL);
  gst_pad_add_probe (src,
      GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_EVENT_FLUSH,
      on_event, self, NULL);
  sink = gst_element_get_static_pad (self->clocksync, "sink");
  gst_element_add_pad (GST_ELEMENT (self), gst_ghost_pad_new ("sink", sink));
  return self;
}

gboolean
vm_input_has_caps (VmInput *self)
{
  gboolean has;

  g_mutex_lock (&self->lock);
  has = self->have_caps;
  g_mutex_unlock (&self->lock);
  return has;
}

gboolean
vm_input_is_eos (VmInput *self)
{
  gboolean eos;

  g_mutex_lock (&self->lock);
  eos = self->eos;
  g_mutex_unlock (&self->lock);
  return eos;
}

void
vm_input_begin (VmInput *self)
{
  g_mutex_lock (&self->lock);
  self->eos = FALSE;
  for (guint i = 0; i < VM_CODEC_N; i++) {
    if (self->branches[i])
      g_atomic_int_set (&self->branches[i]->failed, FALSE);
  }
  g_mutex_unlock (&self->lock);
}

VmCodec
vm_input_get_codec (VmInput *self)
{
  VmCodec codec;

  g_mutex_lock (&self->lock);
  codec = self->codec;
  g_mutex_unlock (&self->lock);
  return codec;
}

GstCaps *
vm_input_make_caps (VmInput *self, VmCodec codec)
{
  static const gchar *const fields[] = { "profile", "level" };
  GstCaps *caps = vm_codec_get_caps (codec);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    const gchar *value =
        self->codec == codec && self->encoded ? gst_structure_get_string (
            gst_caps_get_structure (self->encoded, 0), fields[i])
                                              : NULL;

    if (value)
      gst_caps_set_simple (caps, fields[i], G_TYPE_STRING, value, NULL);
  }
  g_mutex_unlock (&self->lock);
  return caps;
}

static VmInputBranch *
vm_input_get_branch (VmInput *self, VmCodec codec, gboolean *raw)
{
  VmInputBranch *branch;

  g_mutex_lock (&self->lock);
  branch = self->branches[codec];
  *raw = self->raw;
  g_mutex_unlock (&self->lock);
  return branch;
}

gboolean
vm_input_acquire (VmInput *self, VmCodec codec, GError **error)
{
  gboolean raw;
  VmInputBranch *branch = vm_input_get_branch (self, codec, &raw);

  if (!branch && raw
      && vm_codec_is_audio (codec) == (self->stream == VM_PEER_AUDIO)) {
    branch = vm_input_branch_new (self, codec, TRUE, error);
    if (!branch)
      return FALSE;
    g_mutex_lock (&self->lock);
    self->branches[codec] = branch;
    g_mutex_unlock (&self->lock);
  }
  if (branch && g_atomic_int_get (&branch->failed)) {
    g_set_error (error, VM_ERROR, VM_ERROR_CODEC,
        "What this pad brings cannot be encoded as %s",
        vm_codec_get_name (codec));
    return FALSE;
  }
  if (!branch) {
    g_set_error (error, VM_ERROR, VM_ERROR_CODEC,
        "The peer wants %s, but the pad's input is already encoded as %s",
        vm_codec_get_name (codec), vm_codec_get_name (self->codec));
    return FALSE;
  }
  g_atomic_int_inc (&branch->consumers);
  return TRUE;
}

void
vm_input_release (VmInput *self, VmCodec codec)
{
  gboolean raw;
  VmInputBranch *branch = vm_input_get_branch (self, codec, &raw);

  if (branch)
    g_atomic_int_add (&branch->consumers, -1);
}

gboolean
vm_input_has_failed (VmInput *self, VmCodec codec)
{
  gboolean raw;
  VmInputBranch *branch = vm_input_get_branch (self, codec, &raw);

  return branch && g_atomic_int_get (&branch->failed);
}

static void
send_key_unit (VmInput *self, VmInputBranch *branch)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (branch->appsink, "sink");

  GST_DEBUG_OBJECT (self, "asking for a key frame");
  gst_pad_push_event (pad, gst_video_event_new_upstream_force_key_unit (
                               GST_CLOCK_TIME_NONE, TRUE, 0));
}

static void
send_key_unit_later (GstElement *element, gpointer user_data)
{
  VmInput *self = VM_INPUT (element);
  VmCodec codec = GPOINTER_TO_INT (user_data);
  gboolean raw;
  VmInputBranch *branch = vm_input_get_branch (self, codec, &raw);

  g_mutex_lock (&self->lock);
  self->key_unit_pending[codec] = FALSE;
  self->key_unit_at[codec] = g_get_monotonic_time ();
  g_mutex_unlock (&self->lock);
  send_key_unit (self, branch);
}

typedef struct
{
  GWeakRef input;
  VmCodec codec;
} KeyUnit;

static gboolean
key_unit_due (
    GstClock *clock, GstClockTime time, GstClockID id, gpointer user_data)
{
  KeyUnit *due = user_data;
  g_autoptr (VmInput) self = g_weak_ref_get (&due->input);

  if (self)
    gst_element_call_async (GST_ELEMENT (self), send_key_unit_later,
        GINT_TO_POINTER (due->codec), NULL);
  return TRUE;
}

static void
key_unit_free (gpointer user_data)
{
  KeyUnit *due = user_data;

  g_weak_ref_clear (&due->input);
  g_free (due);
}

/* A clock callback rather than a source: the input has no main context. */
static void
schedule_key_unit (VmInput *self, VmCodec codec, gint64 wait_us)
{
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();
  GstClockID id = gst_clock_new_single_shot_id (
      clock, gst_clock_get_time (clock) + wait_us * GST_USECOND);
  KeyUnit *due = g_new0 (KeyUnit, 1);

  g_weak_ref_init (&due->input, self);
  due->codec = codec;
  gst_clock_id_wait_async (id, key_unit_due, due, key_unit_free);
  gst_clock_id_unref (id);
}

void
vm_input_request_key_unit (VmInput *self, VmCodec codec)
{
  gint64 now = g_get_monotonic_time (), wait = 0;
  gboolean raw, pending;
  VmInputBranch *branch = vm_input_get_branch (self, codec, &raw);

  if (!branch || self->stream == VM_PEER_AUDIO)
    return;
  g_mutex_lock (&self->lock);
  pending = self->key_unit_pending[codec];
  if (!pending && self->key_unit_at[codec])
    wait = self->key_unit_at[codec] + KEY_UNIT_INTERVAL_US - now;
  if (!pending && wait > 0)
    self->key_unit_pending[codec] = TRUE;
  else if (!pending)
    self->key_unit_at[codec] = now;
  g_mutex_unlock (&self->lock);
  if (pending)
    return;
  if (wait > 0)
    schedule_key_unit (self, codec, wait);
  else
    send_key_unit (self, branch);
}

void
vm_input_set_mute (VmInput *self, gboolean mute)
{
  GstElement *volume;

  g_atomic_int_set (&self->mute, mute);
  g_mutex_lock (&self->lock);
  volume = self->volume;
  g_mutex_unlock (&self->lock);
  if (volume)
    g_object_set (volume, "mute", mute, NULL);
  for (gint codec = 0; !mute && codec < VM_CODEC_N; codec++)
    vm_input_request_key_unit (self, codec);
}

guint
vm_input_get_bitrate (VmInput *self)
{
  guint bitrate;

  g_mutex_lock (&self->lock);
  bitrate = self->limit ? MIN (self->bitrate, self->limit) : self->bitrate;
  g_mutex_unlock (&self->lock);
  return bitrate;
}

static void
apply_bitrate (VmInput *self)
{
  guint bitrate = vm_input_get_bitrate (self);
  gboolean raw;

  for (gint codec = 0; codec < VM_CODEC_N; codec++) {
    VmInputBranch *branch = vm_input_get_branch (self, codec, &raw);

    if (branch && raw)
      vm_codec_set_bitrate (branch->bin, codec, bitrate);
  }
}

void
vm_input_get_sound (VmInput *self, VmSoundSettings *settings)
{
  g_mutex_lock (&self->lock);
  *settings = self->sound;
  g_mutex_unlock (&self->lock);
}

void
vm_input_set_sound (VmInput *self, const VmSoundSettings *settings)
{
  VmInputBranch *branch;
  gboolean news, raw;

  g_mutex_lock (&self->lock);
  news = !vm_sound_settings_equal (&self->sound, settings);
  self->sound = *settings;
  self->bitrate = settings->bitrate;
  g_mutex_unlock (&self->lock);
  branch = vm_input_get_branch (self, VM_CODEC_OPUS, &raw);
  if (!news || !branch || !raw)
    return;
  vm_codec_set_sound (branch->bin, settings);
  apply_bitrate (self);
}

gint
vm_input_take_audio_level (VmInput *self)
{
  gint level;

  do
    level = g_atomic_int_get (&self->loudest);
  while (!g_atomic_int_compare_and_exchange (&self->loudest, level, -1));
  return level;
}

void
vm_input_set_bitrate (VmInput *self, guint bitrate)
{
  g_mutex_lock (&self->lock);
  self->bitrate = bitrate;
  g_mutex_unlock (&self->lock);
  apply_bitrate (self);
}

void
vm_input_set_bitrate_limit (VmInput *self, guint limit)
{
  gboolean news;

  g_mutex_lock (&self->lock);
  news = self->limit != limit;
  self->limit = limit;
  g_mutex_unlock (&self->lock);
  if (news)
    apply_bitrate (self);
}
