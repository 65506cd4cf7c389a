/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vmrecorder.h"

#include <errno.h>
#include <string.h>
#include <gst/app/gstappsrc.h>
#include <gst/videomeet/videomeet.h>
#include <glib/gstdio.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);
#define GST_CAT_DEFAULT vm_signal_debug

/* Bytes of meeting, user and id in a file's name, of the 255 it may have. */
#define RECORD_WHO_MAX 220
/* Samples between the streaming threads and the recorder's thread, and buffers
 * of a track between that thread and the disk: some 10 s of a call; a disk that
 * is further behind loses frames. */
#define RECORD_QUEUE_MAX 1024
/* How long a file waits for the second stream before it begins with one. */
#define RECORD_SETTLE_US (2 * G_TIME_SPAN_SECOND)
/* A track without data for this long is silent. */
#define RECORD_SILENT (1 * GST_SECOND)
#define RECORD_FINISH_TIMEOUT (5 * GST_SECOND)

typedef struct
{
  VmPeerStream stream; /* VM_PEER_N_STREAMS: end */
  GstSample *sample;
} Item;

typedef struct
{
  GstElement *appsrc, *queue; /* queue: belongs to the pipeline */
  GstCaps *caps;
  gboolean started; /* a key frame went in */
  gboolean behind; /* the disk is too slow, and that was said */
  GstClockTime end; /* up to here the track is written, from base */
} Track;

struct _VmRecorder
{
  GObject parent;

  gchar *directory, *stem;
  VmRecorderFunc func;
  gpointer user_data;
  GDestroyNotify notify;
  GAsyncQueue *queue;
  gint closed, dropping; /* atomic */

  GMutex lock; /* guards done */
  GCond cond;
  gboolean done;

  /* the recorder's thread only */
  gboolean failed; /* what is still queued goes nowhere */
  GQueue waiting; /* Items before the file begins */
  gint64 waiting_since;
  GstElement *pipeline;
  gchar *location;
  guint segment;
  GstClockTime base; /* PTS at which the file begins */
  Track tracks[VM_PEER_N_STREAMS];
};

G_DEFINE_FINAL_TYPE (VmRecorder, vm_recorder, G_TYPE_OBJECT)

static void
item_free (Item *item)
{
  g_clear_pointer (&item->sample, gst_sample_unref);
  g_free (item);
}

static void
vm_recorder_finalize (GObject *object)
{
  VmRecorder *self = VM_RECORDER (object);

  g_free (self->directory);
  g_free (self->stem);
  g_free (self->location);
  g_async_queue_unref (self->queue);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  if (self->notify)
    self->notify (self->user_data);
  G_OBJECT_CLASS (vm_recorder_parent_class)->finalize (object);
}

static void
vm_recorder_class_init (VmRecorderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_recorder_finalize;
}

static void
vm_recorder_init (VmRecorder *self)
{
  self->queue = g_async_queue_new_full ((GDestroyNotify) item_free);
  g_queue_init (&self->waiting);
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
}

/* The name of the next file that does not exist yet. */
static gchar *
next_location (VmRecorder *self)
{
  for (;;) {
    g_autofree gchar *name =
        self->segment == 0
            ? g_strdup_printf ("%s.mkv", self->stem)
            : g_strdup_printf ("%s-%u.mkv", self->stem, self->segment);
    gchar *path = g_build_filename (self->directory, name, NULL);

    self->segment++;
    if (!g_file_test (path, G_FILE_TEST_EXISTS))
      return path;
    g_free (path);
  }
}

static gboolean
take_bus_error (
    VmRecorder *self, GstClockTime timeout, GstMessageType more, GError **error)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, timeout, GST_MESSAGE_ERROR | more);

  if (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, error, NULL);
    return TRUE;
  }
  if (!message && more) {
    g_set_error (error, VM_ERROR, VM_ERROR_TIMEOUT,
        "The recording could not be finished within %u s",
        (guint) (RECORD_FINISH_TIMEOUT / GST_SECOND));
    return TRUE;
  }
  return FALSE;
}

static void
finish_file (VmRecorder *self, const GError *why)
{
  g_autoptr (GError) error = why ? g_error_copy (why) : NULL;

  if (!self->pipeline)
    return;
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    if (self->tracks[i].appsrc)
      gst_app_src_end_of_stream (GST_APP_SRC (self->tracks[i].appsrc));
  }
  if (!error)
    take_bus_error (self, RECORD_FINISH_TIMEOUT, GST_MESSAGE_EOS, &error);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  /* what is written to an unlinked file is lost without an error */
  if (!error && !g_file_test (self->location, G_FILE_TEST_EXISTS))
    g_set_error (&error, VM_ERROR, VM_ERROR_FAILED,
        "The file or its folder was removed meanwhile");
  gst_clear_object (&self->pipeline);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    gst_clear_caps (&self->tracks[i].caps);
    self->tracks[i] = (Track){ NULL };
  }
  self->func (self->user_data, self->location, FALSE, error);
  g_clear_pointer (&self->location, g_free);
}

static void
add_track (
    VmRecorder *self, GstElement *mux, VmPeerStream stream, GstCaps *caps)
{
  const gchar *name = gst_structure_get_name (gst_caps_get_structure (caps, 0));
  gboolean h264 = g_str_equal (name, "video/x-h264");
  GstElement *appsrc = gst_element_factory_make ("appsrc", NULL);
  GstElement *queue = gst_element_factory_make ("queue", NULL);
  GstElement *parse =
      gst_element_factory_make (h264 ? "h264parse" : "identity", NULL);

  g_object_set (appsrc, "format", GST_FORMAT_TIME, "caps", caps, "max-bytes",
      (guint64) 0, "block", FALSE, NULL);
  g_object_set (queue, "max-size-buffers", 0, "max-size-bytes", 0,
      "max-size-time", (guint64) 0, NULL);
  gst_bin_add_many (GST_BIN (self->pipeline), appsrc, queue, parse, NULL);
  gst_element_link_many (appsrc, queue, parse, NULL);
  gst_element_link_pads (
      parse, "src", mux, stream == VM_PEER_AUDIO ? "audio_%u" : "video_%u");
  self->tracks[stream].appsrc = appsrc;
  self->tracks[stream].queue = queue;
  self->tracks[stream].caps = gst_caps_ref (caps);
  self->tracks[stream].started = FALSE;
}

/* Begins a file with a track for each stream that is waiting. */
static gboolean
begin_file (VmRecorder *self, GError **error)
{
  GstElement *mux = gst_element_factory_make ("matroskamux", NULL);
  GstElement *sink = gst_element_factory_make ("filesink", NULL);

  self->location = next_location (self);
  if (!mux || !sink) {
    gst_clear_object (&mux);
    gst_clear_object (&sink);
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "Recording needs matroskamux (gst-plugins-good)");
    return FALSE;
  }
  self->pipeline = gst_pipeline_new (NULL);
  self->base = GST_CLOCK_TIME_NONE;
  g_object_set (mux, "writing-app", "gst-videomeet", NULL);
  g_object_set (sink, "location", self->location, "async", FALSE, NULL);
  gst_bin_add_many (GST_BIN (self->pipeline), mux, sink, NULL);
  gst_element_link (mux, sink);
  for (GList *l = self->waiting.head; l; l = l->next) {
    Item *item = l->data;
    GstCaps *caps = gst_sample_get_caps (item->sample);

    if (!self->tracks[item->stream].appsrc)
      add_track (self, mux, item->stream, caps);
  }
  if (gst_element_set_state (self->pipeline, GST_STATE_PLAYING)
          == GST_STATE_CHANGE_FAILURE
      && take_bus_error (self, 0, 0, error))
    return FALSE;
  GST_INFO_OBJECT (self, "recording to %s", self->location);
  self->func (self->user_data, self->location, TRUE, NULL);
  return TRUE;
}

/* The muxer waits for all tracks: one that is silent (muted, lost) is told to
 * move on, or the others would pile up in memory. */
static void
move_silent_tracks (VmRecorder *self, GstClockTime now)
{
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    Track *track = &self->tracks[i];

    if (!track->appsrc || track->end + RECORD_SILENT > now)
      continue;
    gst_element_send_event (track->appsrc,
        gst_event_new_gap (track->end, now - RECORD_SILENT / 2 - track->end));
    track->end = now - RECORD_SILENT / 2;
  }
}

/* The queue itself is not bounded: a full one would hold up the recorder's
 * thread in a muxer that waits for the other track. */
static gboolean
is_behind (VmRecorder *self, Track *track)
{
  guint buffers = 0;

  g_object_get (track->queue, "current-level-buffers", &buffers, NULL);
  if (buffers < RECORD_QUEUE_MAX) {
    track->behind = FALSE;
    return FALSE;
  }
  if (!track->behind)
    GST_WARNING_OBJECT (self, "the disk is too slow: frames are lost");
  track->behind = TRUE;
  return TRUE;
}

static void
write_item (VmRecorder *self, Item *item)
{
  Track *track = &self->tracks[item->stream];
  GstBuffer *buffer = gst_sample_get_buffer (item->sample);
  gboolean key = !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);

  if (!GST_BUFFER_PTS_IS_VALID (buffer))
    return;
  if (!GST_CLOCK_TIME_IS_VALID (self->base))
    self->base = GST_BUFFER_PTS (buffer);
  if ((!track->started && item->stream != VM_PEER_AUDIO && !key)
      || GST_BUFFER_PTS (buffer) < self->base)
    return;
  if (is_behind (self, track)) {
    /* what follows refers to what is lost: until the next key frame */
    track->started = FALSE;
    return;
  }
  track->started = TRUE;
  buffer = gst_buffer_copy (buffer);
  GST_BUFFER_PTS (buffer) -= self->base;
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  track->end = MAX (track->end, GST_BUFFER_PTS (buffer));
  move_silent_tracks (self, track->end);
  gst_app_src_push_buffer (GST_APP_SRC (track->appsrc), buffer);
}

static gint
compare_pts (gconstpointer a, gconstpointer b, gpointer user_data)
{
  GstClockTime x =
      GST_BUFFER_PTS (gst_sample_get_buffer (((const Item *) a)->sample));
  GstClockTime y =
      GST_BUFFER_PTS (gst_sample_get_buffer (((const Item *) b)->sample));

  return x < y ? -1 : x > y;
}

static void
flush_waiting (VmRecorder *self)
{
  Item *item;

  g_queue_sort (&self->waiting, compare_pts, NULL);
  while ((item = g_queue_pop_head (&self->waiting))) {
    write_item (self, item);
    item_free (item);
  }
}

/* A file begins once sound and a key frame of a picture are there, or one of
 * them has been alone for RECORD_SETTLE_US. */
static gboolean
ready_to_begin (VmRecorder *self)
{
  gboolean audio = FALSE, video = FALSE;

  if (g_queue_is_empty (&self->waiting))
    return FALSE;
  for (GList *l = self->waiting.head; l; l = l->next) {
    Item *item = l->data;

    audio |= item->stream == VM_PEER_AUDIO;
    video |= item->stream == VM_PEER_VIDEO;
  }
  return (audio && video)
         || g_get_monotonic_time () - self->waiting_since > RECORD_SETTLE_US;
}

static gboolean
fits_file (VmRecorder *self, Item *item)
{
  Track *track = &self->tracks[item->stream];

  return track->appsrc
         && gst_caps_is_equal (track->caps, gst_sample_get_caps (item->sample));
}

static gboolean
is_waited_key (VmRecorder *self, Item *item)
{
  if (item->stream == VM_PEER_AUDIO)
    return TRUE;
  for (GList *l = self->waiting.head; l; l = l->next) {
    if (((Item *) l->data)->stream == item->stream)
      return TRUE;
  }
  return !GST_BUFFER_FLAG_IS_SET (
      gst_sample_get_buffer (item->sample), GST_BUFFER_FLAG_DELTA_UNIT);
}

static void
give_up (VmRecorder *self, GError *error)
{
  GST_WARNING_OBJECT (self, "recording failed: %s", error->message);
  g_atomic_int_set (&self->closed, TRUE);
  self->failed = TRUE;
  if (self->pipeline)
    finish_file (self, error);
  else
    self->func (self->user_data, self->location, FALSE, error);
  g_clear_pointer (&self->location, g_free);
  g_queue_clear_full (&self->waiting, (GDestroyNotify) item_free);
}

static void
take_item (VmRecorder *self, Item *item)
{
  g_autoptr (GError) error = NULL;

  if (self->failed) {
    item_free (item);
    return;
  }
  if (self->pipeline && !fits_file (self, item))
    finish_file (self, NULL);
  if (self->pipeline) {
    write_item (self, item);
    item_free (item);
    if (take_bus_error (self, 0, 0, &error))
      give_up (self, error);
    return;
  }
  if (!is_waited_key (self, item)) {
    item_free (item);
    return;
  }
  if (g_queue_is_empty (&self->waiting))
    self->waiting_since = g_get_monotonic_time ();
  g_queue_push_tail (&self->waiting, item);
}

static void
try_begin (VmRecorder *self, gboolean now)
{
  g_autoptr (GError) error = NULL;

  if (self->pipeline || g_queue_is_empty (&self->waiting)
      || !(now || ready_to_begin (self)))
    return;
  if (begin_file (self, &error))
    flush_waiting (self);
  else
    give_up (self, error);
}

static gpointer
recorder_thread (gpointer user_data)
{
  g_autoptr (VmRecorder) self = user_data;
  Item *item;
  gboolean ended = FALSE;

  while (!ended) {
    item = g_async_queue_timeout_pop (self->queue, RECORD_SETTLE_US / 8);
    if (item && item->stream == VM_PEER_N_STREAMS) {
      ended = TRUE;
      item_free (item);
    } else if (item) {
      take_item (self, item);
    }
    try_begin (self, ended);
  }
  finish_file (self, NULL);
  g_queue_clear_full (&self->waiting, (GDestroyNotify) item_free);

  g_mutex_lock (&self->lock);
  self->done = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  return NULL;
}

gchar *
vm_recorder_make_stem (const gchar *meeting, const gchar *user, const gchar *id)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree gchar *time = g_date_time_format (now, "%Y%m%d-%H%M%S");
  g_autofree gchar *who =
      g_strdup_printf ("%s-%s-%s", meeting ? meeting : "meeting", user, id);
  g_autoptr (GString) safe = NULL;

  if (strlen (who) > RECORD_WHO_MAX)
    *g_utf8_find_prev_char (who, who + RECORD_WHO_MAX) = '\0';
  /* what a name holds is the sender's choice, what a file is called is not: a
   * dash in front would make it an option of whatever it is given to */
  safe = g_string_new (NULL);
  for (const gchar *p = who; *p; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    gboolean fits = g_unichar_isalnum (c) || g_unichar_ismark (c)
                    || (safe->len && c == '-');

    g_string_append_unichar (safe, fits ? c : '_');
  }
  return g_strdup_printf ("%s-%s", safe->str, time);
}

VmRecorder *
vm_recorder_new (const gchar *directory, const gchar *stem, VmRecorderFunc func,
    gpointer user_data, GDestroyNotify notify)
{
  VmRecorder *self = g_object_new (VM_TYPE_RECORDER, NULL);

  self->directory = g_strdup (directory);
  self->stem = g_strdup (stem);
  self->func = func;
  self->user_data = user_data;
  self->notify = notify;
  g_thread_unref (
      g_thread_new ("vm-record", recorder_thread, g_object_ref (self)));
  return self;
}

void
vm_recorder_push (VmRecorder *self, VmPeerStream stream, GstSample *sample)
{
  Item *item;

  if (g_atomic_int_get (&self->closed))
    return;
  if (g_async_queue_length (self->queue) >= RECORD_QUEUE_MAX) {
    if (g_atomic_int_compare_and_exchange (&self->dropping, 0, 1))
      GST_WARNING_OBJECT (self, "the disk is too slow: frames are lost");
    return;
  }
  g_atomic_int_set (&self->dropping, 0);
  item = g_new0 (Item, 1);
  item->stream = stream;
  item->sample = gst_sample_ref (sample);
  g_async_queue_push (self->queue, item);
}

void
vm_recorder_close (VmRecorder *self)
{
  Item *item = g_new0 (Item, 1);

  g_atomic_int_set (&self->closed, TRUE);
  item->stream = VM_PEER_N_STREAMS;
  g_async_queue_push (self->queue, item);
}

gboolean
vm_recorder_wait (VmRecorder *self, GstClockTime timeout)
{
  gint64 end = g_get_monotonic_time () + timeout / GST_USECOND;
  gboolean done;

  g_mutex_lock (&self->lock);
  while (!self->done && g_cond_wait_until (&self->cond, &self->lock, end))
    continue;
  done = self->done;
  g_mutex_unlock (&self->lock);
  return done;
}

void
vm_recorder_abandon (VmRecorder *self)
{
  g_autofree gchar *name = g_strconcat (self->stem, ".mkv", NULL);
  g_autofree gchar *location = g_build_filename (self->directory, name, NULL);
  g_autoptr (GError) error = NULL;

  g_set_error (&error, VM_ERROR, VM_ERROR_TIMEOUT,
      "The file was not closed in time, and its end may be missing");
  self->func (self->user_data, location, FALSE, error);
}
