/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a link does with frames: to the peer, from the peer to the outputs, and
 * into the recording. */

#include "link/vmlink-priv.h"
#include "plugin/plugin.h"

#include <string.h>

#define GST_CAT_DEFAULT vm_signal_debug

void
vm_link_push (
    VmLink *self, VmPeerStream stream, VmCodec codec, GstSample *sample)
{
  g_autoptr (VmPeer) peer = NULL;

  g_mutex_lock (&self->lock);
  if (self->sending && self->sending->codecs[stream] == codec)
    peer = g_object_ref (self->sending->peer);
  g_mutex_unlock (&self->lock);
  if (peer)
    vm_peer_push (peer, stream, sample);
}

typedef struct
{
  VmLink *link;
  VmPeerStream stream;
} StreamRef;

static void
stream_ref_free (gpointer data)
{
  StreamRef *ref = data;

  g_object_unref (ref->link);
  g_free (ref);
}

static StreamRef *
stream_ref_new (VmLink *self, VmPeerStream stream)
{
  StreamRef *ref = g_new0 (StreamRef, 1);

  ref->link = g_object_ref (self);
  ref->stream = stream;
  return ref;
}

void
vm_link_request_key_unit (VmLink *self, VmPeerStream stream)
{
  g_autoptr (VmPeer) peer = NULL;

  g_mutex_lock (&self->lock);
  peer = self->sending ? g_object_ref (self->sending->peer) : NULL;
  g_mutex_unlock (&self->lock);
  if (vm_link_is_served_stream (self, stream) || !peer)
    self->owner->request_key_unit (self->controller, self, stream);
  else
    vm_peer_request_key_unit (peer, stream);
}

static void
on_need_key_unit (gpointer user_data)
{
  StreamRef *ref = user_data;

  vm_link_request_key_unit (ref->link, ref->stream);
}

static const gchar *
stream_name (VmPeerStream stream)
{
  static const gchar *names[] = { "audio", "video", "screen" };

  return names[stream];
}

typedef struct
{
  StreamRef *ref;
  GstCaps *caps;
} NewOutput;

static void
new_output_free (gpointer data)
{
  NewOutput *new_output = data;

  stream_ref_free (new_output->ref);
  gst_caps_unref (new_output->caps);
  g_free (new_output);
}

/* Gives the output what came while it was made, and then all that comes. What
 * comes in between is kept behind it. Takes @output and @pad. */
static void
hand_over (VmLink *self, VmPeerStream stream, VmOutput *output, GstPad *pad)
{
  VmPending *pending = &self->pending[stream];

  for (;;) {
    g_autoptr (GstSample) sample = NULL;

    g_mutex_lock (&self->lock);
    sample = vm_pending_take (pending);
    if (!sample) {
      if (!pending->whole)
        vm_output_wait_key (output);
      self->outputs[stream] = output;
      self->pads[stream] = pad;
    }
    g_mutex_unlock (&self->lock);
    if (!sample)
      return;
    vm_output_push_kept (output, sample);
  }
}

/* Whichever of camera and screen comes first has the number of the sound. */
static guint
choose_slot (VmLink *self, VmPeerStream stream)
{
  VmPeerStream other = stream == VM_PEER_VIDEO ? VM_PEER_SCREEN : VM_PEER_VIDEO;

  if (stream == VM_PEER_AUDIO || !self->outputs[other]
      || self->slots[other] != self->slot)
    return self->slot;
  if (self->second_slot == VM_SLOT_NONE)
    self->second_slot = self->owner->take_slot (self->controller);
  return self->second_slot;
}

/* Control thread, which alone makes and ends outputs. */
void
vm_link_get_sound (VmLink *self, VmOutputSound *sound)
{
  *sound = (VmOutputSound){ 0 };
  if (self->outputs[VM_PEER_AUDIO])
    vm_output_get_sound (self->outputs[VM_PEER_AUDIO], sound);
  sound->recovered += self->sound_before.recovered;
  sound->concealed += self->sound_before.concealed;
}

static void
end_output (VmLink *self, VmPeerStream stream)
{
  VmOutputSound sound;
  VmOutput *output;
  GstPad *pad;

  if (stream == VM_PEER_AUDIO) {
    vm_link_get_sound (self, &sound);
    self->sound_before = sound;
  }
  g_mutex_lock (&self->lock);
  output = g_steal_pointer (&self->outputs[stream]);
  pad = g_steal_pointer (&self->pads[stream]);
  g_mutex_unlock (&self->lock);
  if (output)
    self->bin_funcs->end_output (
        self->bin, pad, GST_ELEMENT (output), self->context);
  g_clear_object (&output);
  gst_clear_object (&pad);
}

void
vm_link_end_stream (VmLink *self, VmPeerStream stream)
{
  g_mutex_lock (&self->lock);
  self->asked[stream] = FALSE;
  vm_pending_clear (&self->pending[stream]);
  g_mutex_unlock (&self->lock);
  end_output (self, stream);
}

void
vm_link_end_outputs (VmLink *self)
{
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    vm_link_end_stream (self, i);
}

static void
tell_not_shown (VmLink *self, VmPeerStream stream, const gchar *why)
{
  GST_ELEMENT_WARNING_WITH_DETAILS (self->bin, STREAM, DECODE,
      ("%s's %s cannot be shown: %s",
          vm_participant_get_user (self->participant), stream_name (stream),
          why),
      (NULL),
      ("participant-id", G_TYPE_STRING,
          vm_participant_get_id (self->participant), NULL));
}

/* The stream may have ended since. What plays no more is asked for again when
 * it does. */
static gboolean
look_whether_asked (VmLink *self, VmPeerStream stream)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (!self->owner->is_playing (self->controller)) {
    self->asked[stream] = FALSE;
    vm_pending_clear (&self->pending[stream]);
  }
  return self->asked[stream];
}

/* Control thread: the first frame of a stream was seen. */
static gboolean
make_output (gpointer user_data)
{
  NewOutput *data = user_data;
  VmLink *self = data->ref->link;
  VmPeerStream stream = data->ref->stream;
  const VmLinkConfig *config = self->config;
  g_autofree gchar *name = NULL;
  g_autofree gchar *stream_id = NULL;
  g_autoptr (GError) error = NULL;
  VmOutput *output;
  VmOutputConfig out = { .codec = vm_codec_from_caps (data->caps) };
  guint slot;
  GstPad *pad;

  if (self->closed || !look_whether_asked (self, stream)
      || out.codec == VM_CODEC_NONE)
    return G_SOURCE_REMOVE;
  if (self->outputs[stream]) {
    if (vm_output_get_codec (self->outputs[stream]) == out.codec)
      return G_SOURCE_REMOVE;
    /* the other side sends in another codec now: another pad of that name */
    end_output (self, stream);
  } else {
    self->slots[stream] = choose_slot (self, stream);
  }
  slot = self->slots[stream];
  if (slot == VM_SLOT_NONE) {
    tell_not_shown (self, stream, "no number is left for its pad");
    return G_SOURCE_REMOVE;
  }
  name = g_strdup_printf ("%s-%s-%u", vm_participant_get_id (self->participant),
      stream_name (stream), slot);
  stream_id = g_strdup_printf (
      "%s/%s", vm_participant_get_id (self->participant), stream_name (stream));
  out.decode = config->decode;
  out.latency = MAX (config->latency_ms, 0) * GST_MSECOND;
  out.playout = self->playout;
  out.stream = stream;
  out.participant_id = vm_participant_get_id (self->participant);
  out.stream_id = stream_id;
  out.title = vm_participant_get_user (self->participant);
  output = vm_output_new (name, &out, on_need_key_unit,
      stream_ref_new (self, stream), stream_ref_free, &error);
  if (!output) {
    tell_not_shown (self, stream, error->message);
    return G_SOURCE_REMOVE;
  }
  g_object_ref (output);
  pad = self->bin_funcs->add_output (self->bin, GST_ELEMENT (output),
      stream == VM_PEER_AUDIO ? "audio" : "video", slot, self->participant);
  hand_over (self, stream, output, pad);
  return G_SOURCE_REMOVE;
}

/* With the lock held. A picture that stands still, as a muted one does, needs
 * none. */
static gboolean
is_key_frame_due (
    VmLink *self, VmPeerStream stream, gint64 interval_us, gint64 now)
{
  VmOutput *output = self->outputs[stream];

  return (self->recorder || (output && vm_output_is_encoded (output)))
         && self->frames[stream] > self->key_frames[stream]
         && now - self->key_at[stream] >= interval_us;
}

/* A sender makes key frames only when somebody asks: who records, or cuts the
 * stream into segments, could begin nowhere else. */
void
vm_link_check_key_frames (VmLink *self, gint64 now)
{
  gint64 interval_us =
      self->config->key_frame_interval_ms * G_TIME_SPAN_MILLISECOND;

  for (guint i = VM_PEER_VIDEO; interval_us && i < VM_PEER_N_STREAMS; i++) {
    gboolean due;

    g_mutex_lock (&self->lock);
    due = is_key_frame_due (self, i, interval_us, now);
    if (due) {
      self->key_at[i] = now;
      self->key_frames[i] = self->frames[i];
    }
    g_mutex_unlock (&self->lock);
    if (due)
      vm_link_request_key_unit (self, i);
  }
}

/* Neither cut nor about to be. */
static gboolean
is_up (VmLink *self)
{
  return vm_link_is_connected (self) && !self->unsteady;
}

/* Whether its user means to send it. A participant that has not told counts by
 * what it has sent so far: pages of other makers offer what they never send. */
static gboolean
is_due (VmLink *self, VmPeerStream stream)
{
  VmParticipant *from = self->participant;
  gint sends = stream == VM_PEER_AUDIO
                   ? VM_PLUGIN (vm_participant_get_audio) (from)
                   : VM_PLUGIN (vm_participant_get_video) (from);

  if (!is_up (self) || !vm_peer_receives (self->now->peer, stream))
    return FALSE;
  return sends < 0 ? self->heard[stream] > 0 : sends;
}

static void
count_packets (VmLink *self, gint64 *lost, guint64 *received)
{
  g_autoptr (GstStructure) stats =
      self->now ? vm_peer_get_stats (self->now->peer) : NULL;

  *lost = 0;
  *received = 0;
  if (!stats)
    return;
  gst_structure_get_int64 (stats, "packets-lost", lost);
  gst_structure_get_uint64 (stats, "packets-received", received);
}

/* Percent of the packets since something is quiet; 0: less than
 * VM_LINK_LOSSY. */
static gint64
get_loss (VmLink *self)
{
  guint64 received;
  gint64 lost, all;

  count_packets (self, &lost, &received);
  lost -= self->quiet_lost;
  all = lost + (gint64) (received - self->quiet_received);
  return all > 0 && lost * 100 >= all * VM_LINK_LOSSY ? lost * 100 / all : 0;
}

static void
tell_missing (VmLink *self)
{
  const gchar *user = vm_participant_get_user (self->participant);
  gboolean audio = self->missing[VM_PEER_AUDIO];
  gboolean video = self->missing[VM_PEER_VIDEO];
  const gchar *why = audio && video ? "a firewall may block UDP"
                     : audio        ? "its microphone may not work"
                                    : "its camera may not work";
  gint64 loss = get_loss (self);
  g_autofree gchar *lost =
      loss ? g_strdup_printf (
          "the network loses %" G_GINT64_FORMAT " %% of the packets", loss)
           : NULL;
  g_autofree gchar *message = NULL;

  if (audio && video)
    message =
        g_strdup_printf ("Connected to %s, but no picture or sound arrives: %s",
            user, lost ? lost : why);
  else if (audio || video)
    message = g_strdup_printf ("No %s of %s arrives: %s",
        audio ? "sound" : "picture", user, lost ? lost : why);
  self->bin_funcs->post (self->bin,
      gst_structure_new ("vm-media-missing", "id", G_TYPE_STRING,
          vm_participant_get_id (self->participant), "user", G_TYPE_STRING,
          user, "audio", G_TYPE_BOOLEAN, audio, "video", G_TYPE_BOOLEAN, video,
          "message", G_TYPE_STRING, message, NULL));
}

/* For how long it has not come, µs. */
static gint64
get_quiet_time (VmLink *self, VmPeerStream stream, gint64 now)
{
  gint64 last;

  /* a link that is down is no news of what was missing before */
  if (self->missing[stream] && !is_up (self))
    return VM_LINK_MISSING_US;
  if (!is_due (self, stream)) {
    self->due_since[stream] = 0;
    return 0;
  }
  if (!self->due_since[stream])
    self->due_since[stream] = now;
  g_mutex_lock (&self->lock);
  last = self->came_at[stream];
  g_mutex_unlock (&self->lock);
  return now - MAX (last, self->due_since[stream]);
}

void
vm_link_check_missing (VmLink *self, gint64 now)
{
  gint64 audio_us = get_quiet_time (self, VM_PEER_AUDIO, now);
  gint64 video_us = get_quiet_time (self, VM_PEER_VIDEO, now);
  gboolean quiet = MAX (audio_us, video_us) >= VM_LINK_QUIET_US;
  gboolean audio = audio_us >= VM_LINK_MISSING_US;
  gboolean video = video_us >= VM_LINK_MISSING_US;

  if (quiet && !self->quiet)
    count_packets (self, &self->quiet_lost, &self->quiet_received);
  self->quiet = quiet;
  if (audio == self->missing[VM_PEER_AUDIO]
      && video == self->missing[VM_PEER_VIDEO])
    return;
  self->missing[VM_PEER_AUDIO] = audio;
  self->missing[VM_PEER_VIDEO] = video;
  tell_missing (self);
}

typedef struct
{
  VmLink *link;
  guint number; /* of the connection */
} Hearing;

gpointer
vm_link_hearing_new (VmLink *self, guint number)
{
  Hearing *hearing = g_new (Hearing, 1);

  *hearing = (Hearing){ g_object_ref (self), number };
  return hearing;
}

void
vm_link_hearing_free (gpointer data)
{
  Hearing *hearing = data;

  g_object_unref (hearing->link);
  g_free (hearing);
}

static gboolean
is_delta (GstSample *sample)
{
  return GST_BUFFER_FLAG_IS_SET (
      gst_sample_get_buffer (sample), GST_BUFFER_FLAG_DELTA_UNIT);
}

/* With the lock held. Of the way by the server and that by a connection the one
 * that is preferred is heard, and of two of one kind the newer one, from the
 * first frame on that needs no other. */
static gboolean
hear (VmLink *self, VmPeerStream stream, guint number, GstSample *sample)
{
  guint heard = self->heard[stream];
  gboolean by_server = (number & VM_LINK_BY_SERVER) != 0;

  if (number == heard)
    return TRUE;
  if (number == self->ended[stream])
    return FALSE;
  if (heard && by_server != ((heard & VM_LINK_BY_SERVER) != 0)
          ? by_server != self->by_server
          : number < heard)
    return FALSE;
  if ((self->heard[stream] || self->outputs[stream]) && stream != VM_PEER_AUDIO
      && is_delta (sample))
    return FALSE;
  self->heard[stream] = number;
  return TRUE;
}

/* A streaming thread of the peer. */
void
vm_link_on_sample (gpointer user_data, VmPeerStream stream, GstSample *sample)
{
  Hearing *hearing = user_data;

  vm_link_hear (hearing->link, hearing->number, stream, sample);
}

/* It is not heard: with the time that it has, it would be shown only when that
 * has come. */
static void
skip (VmLink *self, VmPeerStream stream)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->outputs[stream])
    vm_output_wait_key (self->outputs[stream]);
}

void
vm_link_hear (
    VmLink *self, guint number, VmPeerStream stream, GstSample *sample)
{
  VmCodec codec = vm_codec_from_caps (gst_sample_get_caps (sample));
  g_autoptr (VmOutput) output = NULL;
  g_autoptr (VmRecorder) recorder = NULL;
  gboolean ask = FALSE, other;

  if (self->owner->is_stale (
          self->controller, GST_BUFFER_PTS (gst_sample_get_buffer (sample)))) {
    skip (self, stream);
    return;
  }
  g_mutex_lock (&self->lock);
  if (!hear (self, stream, number, sample)) {
    g_mutex_unlock (&self->lock);
    return;
  }
  other = self->outputs[stream]
          && vm_output_get_codec (self->outputs[stream]) != codec;
  /* once: until it is made, what comes waits */
  if (other && !self->renewed[stream])
    self->asked[stream] = FALSE;
  self->renewed[stream] = other;
  if (self->outputs[stream] && !other)
    output = g_object_ref (self->outputs[stream]);
  else if (self->owner->is_playing (self->controller)) {
    ask = !self->asked[stream];
    self->asked[stream] = TRUE;
    vm_pending_keep (&self->pending[stream], sample, stream != VM_PEER_AUDIO);
  } else {
    vm_pending_clear (&self->pending[stream]);
  }
  if (self->recorder)
    recorder = g_object_ref (self->recorder);
  self->frames[stream]++;
  self->came_at[stream] = g_get_monotonic_time ();
  if (!is_delta (sample)) {
    self->key_at[stream] = g_get_monotonic_time ();
    self->key_frames[stream] = self->frames[stream];
  }
  g_mutex_unlock (&self->lock);
  self->owner->heard (self->controller, self->participant, stream, sample);
  if (recorder)
    vm_recorder_push (recorder, stream, sample);
  if (output)
    vm_output_push (output, sample);
  if (ask) {
    NewOutput *data = g_new0 (NewOutput, 1);

    data->ref = stream_ref_new (self, stream);
    data->caps = gst_caps_ref (gst_sample_get_caps (sample));
    self->owner->invoke (self->controller, make_output, data, new_output_free);
  }
}

/* Recording */

typedef struct
{
  const VmLinkOwner *owner;
  VmController *controller; /* owned */
  const VmLinkBin *bin_funcs;
  VmSignalBin *bin; /* the controller's */
  GWeakRef link;
  gchar *id, *user;
} RecordRef;

static void
record_ref_free (gpointer data)
{
  RecordRef *ref = data;

  ref->owner->unref (ref->controller);
  g_weak_ref_clear (&ref->link);
  g_free (ref->id);
  g_free (ref->user);
  g_free (ref);
}

typedef struct
{
  const VmLinkBin *bin_funcs;
  VmSignalBin *bin;
  GstStructure *message;
} Recorded;

static void
recorded_free (gpointer data)
{
  Recorded *recorded = data;

  gst_structure_free (recorded->message);
  g_free (recorded);
}

static gboolean
tell_recorded (gpointer user_data)
{
  const Recorded *recorded = user_data;
  const GstStructure *s = recorded->message;
  const gchar *id = gst_structure_get_string (s, "id");
  const gchar *why = gst_structure_get_string (s, "message");

  recorded->bin_funcs->post (recorded->bin, gst_structure_copy (s));
  if (why)
    GST_ELEMENT_WARNING_WITH_DETAILS (recorded->bin, RESOURCE, WRITE,
        ("The recording of %s (%s) into %s failed: %s",
            gst_structure_get_string (s, "user"), id,
            gst_structure_get_string (s, "location"), why),
        (NULL), ("participant-id", G_TYPE_STRING, id, NULL));
  return G_SOURCE_REMOVE;
}

/* Told on the control thread: whoever is told may stop the element, which waits
 * for the recorder's. */
static void
on_record (gpointer user_data, const gchar *location, gboolean started,
    const GError *error)
{
  RecordRef *ref = user_data;
  Recorded *recorded = g_new (Recorded, 1);
  GstStructure *s = gst_structure_new ("vm-record", "id", G_TYPE_STRING,
      ref->id, "user", G_TYPE_STRING, ref->user, "location", G_TYPE_STRING,
      location, "event", G_TYPE_STRING,
      error     ? "failed"
      : started ? "started"
                : "finished",
      NULL);

  if (error)
    gst_structure_set (s, "message", G_TYPE_STRING, error->message, NULL);
  *recorded = (Recorded){ ref->bin_funcs, ref->bin, s };
  ref->owner->invoke (ref->controller, tell_recorded, recorded, recorded_free);
}

static void
on_record_needs_key_unit (gpointer user_data, VmPeerStream stream)
{
  RecordRef *ref = user_data;
  g_autoptr (VmLink) link = g_weak_ref_get (&ref->link);

  if (link)
    vm_link_request_key_unit (link, stream);
}

void
vm_link_start_recording (VmLink *self)
{
  static const VmRecorderFuncs funcs = { on_record, on_record_needs_key_unit };
  const VmLinkConfig *config = self->config;
  g_autofree gchar *meeting = NULL;
  g_autofree gchar *stem = NULL;
  RecordRef *ref;
  VmRecorder *recorder;

  if (!config->record_dir || self->recorder)
    return;
  g_object_get (vm_link_get_meeting (self), "name", &meeting, NULL);
  stem = vm_recorder_make_stem (meeting,
      vm_participant_get_user (self->participant),
      vm_participant_get_id (self->participant));
  ref = g_new0 (RecordRef, 1);
  ref->owner = self->owner;
  ref->controller = self->owner->ref (self->controller);
  ref->bin_funcs = self->bin_funcs;
  ref->bin = self->bin;
  g_weak_ref_init (&ref->link, self);
  ref->id = g_strdup (vm_participant_get_id (self->participant));
  ref->user = g_strdup (vm_participant_get_user (self->participant));
  recorder =
      vm_recorder_new (config->record_dir, stem, &funcs, ref, record_ref_free);
  if (!self->owner->is_playing (self->controller))
    vm_recorder_hold (recorder, TRUE);
  g_mutex_lock (&self->lock);
  self->recorder = recorder;
  g_mutex_unlock (&self->lock);
}

void
vm_link_stop_recording (VmLink *self)
{
  VmRecorder *recorder;

  g_mutex_lock (&self->lock);
  recorder = g_steal_pointer (&self->recorder);
  g_mutex_unlock (&self->lock);
  if (!recorder)
    return;
  vm_recorder_close (recorder);
  self->owner->adopt_recorder (self->controller, recorder);
}
