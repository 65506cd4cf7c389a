/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "record/vmrecordfile.h"

#include <gst/app/gstappsrc.h>
#include <gst/videomeet/videomeet.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);
#define GST_CAT_DEFAULT vm_signal_debug

#define RECORD_FINISH_TIMEOUT (5 * GST_SECOND)

typedef struct
{
  GstElement *appsrc; /* belongs to the pipeline */
  GstCaps *caps;
  guint came; /* buffers; it wraps, as the next does */
  gint left; /* atomic: those that the muxer was given */
  GstClockTime next; /* the earliest PTS that may be written */
  gboolean started; /* a key frame went in */
  gboolean behind; /* the disk is too slow, and that was said */
  gboolean ended;
} Track;

struct _VmRecordFile
{
  GstElement *pipeline;
  gchar *location;
  GstClockTime base; /* PTS at which the file begins */
  Track tracks[VM_PEER_N_STREAMS];
};

static void
record_file_free (VmRecordFile *self)
{
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->pipeline);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    gst_clear_caps (&self->tracks[i].caps);
  g_free (self->location);
  g_free (self);
}

static gboolean
take_bus_error (VmRecordFile *self, GstClockTime timeout, GstMessageType more,
    GError **error)
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

static GstPadProbeReturn
count_left (GstPad *pad, GstPadProbeInfo *info, gpointer left)
{
  g_atomic_int_inc ((gint *) left);
  return GST_PAD_PROBE_OK;
}

static void
add_track (
    VmRecordFile *self, GstElement *mux, VmPeerStream stream, GstCaps *caps)
{
  const gchar *name = gst_structure_get_name (gst_caps_get_structure (caps, 0));
  gboolean h264 = g_str_equal (name, "video/x-h264");
  GstElement *appsrc = gst_element_factory_make ("appsrc", NULL);
  GstElement *queue = gst_element_factory_make ("queue", NULL);
  GstElement *parse =
      gst_element_factory_make (h264 ? "h264parse" : "identity", NULL);
  g_autoptr (GstPad) end = gst_element_get_static_pad (queue, "src");

  g_object_set (appsrc, "format", GST_FORMAT_TIME, "caps", caps, "max-bytes",
      (guint64) 0, "block", FALSE, NULL);
  g_object_set (queue, "max-size-buffers", 0, "max-size-bytes", 0,
      "max-size-time", (guint64) 0, NULL);
  gst_bin_add_many (GST_BIN (self->pipeline), appsrc, queue, parse, NULL);
  gst_element_link_many (appsrc, queue, parse, NULL);
  gst_element_link_pads (
      parse, "src", mux, stream == VM_PEER_AUDIO ? "audio_%u" : "video_%u");
  gst_pad_add_probe (end, GST_PAD_PROBE_TYPE_BUFFER, count_left,
      &self->tracks[stream].left, NULL);
  self->tracks[stream].appsrc = appsrc;
  self->tracks[stream].next = self->base;
  self->tracks[stream].caps = gst_caps_ref (caps);
}

VmRecordFile *
vm_record_file_new (const gchar *location,
    GstCaps *const caps[VM_PEER_N_STREAMS], GstClockTime base, GError **error)
{
  GstElement *mux = gst_element_factory_make ("matroskamux", NULL);
  GstElement *sink = gst_element_factory_make ("filesink", NULL);
  VmRecordFile *self;

  if (!mux || !sink) {
    gst_clear_object (&mux);
    gst_clear_object (&sink);
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "Recording needs matroskamux (gst-plugins-good)");
    return NULL;
  }
  self = g_new0 (VmRecordFile, 1);
  self->location = g_strdup (location);
  self->pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  self->base = base;
  g_object_set (mux, "writing-app", "gst-videomeet", NULL);
  g_object_set (sink, "location", location, "async", FALSE, NULL);
  gst_bin_add_many (GST_BIN (self->pipeline), mux, sink, NULL);
  gst_element_link (mux, sink);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    if (caps[i])
      add_track (self, mux, i, caps[i]);
  }
  if (gst_element_set_state (self->pipeline, GST_STATE_PLAYING)
          == GST_STATE_CHANGE_FAILURE
      && take_bus_error (self, 0, 0, error)) {
    record_file_free (self);
    return NULL;
  }
  GST_INFO ("recording to %s", location);
  return self;
}

const gchar *
vm_record_file_get_location (VmRecordFile *self)
{
  return self->location;
}

gboolean
vm_record_file_fits (
    VmRecordFile *self, VmPeerStream stream, const GstCaps *caps)
{
  Track *track = &self->tracks[stream];

  return track->appsrc && !track->ended
         && gst_caps_is_equal (track->caps, caps);
}

/* The queue itself is not bounded: a full one would hold up the recorder's
 * thread in a muxer that waits for the other track. Nor is it asked: what is on
 * its way to it would be counted in neither place, or in both. */
static guint
count_waiting (const Track *track)
{
  return track->came - (guint) g_atomic_int_get (&track->left);
}

static void
end_track (Track *track)
{
  gst_app_src_end_of_stream (GST_APP_SRC (track->appsrc));
  track->ended = TRUE;
}

/* The muxer waits for all tracks, so that others pile up behind one that brings
 * nothing (muted, lost). A gap does not move it: gstmatroskamux.c (1.22) has
 * all its pads locked in waiting. */
static void
end_silent_tracks (VmRecordFile *self, const Track *loud)
{
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    Track *track = &self->tracks[i];

    /* Everything may have been written out since the loud one was counted: so
     * it is counted once more, behind this one. Nobody else brings anything
     * meanwhile. */
    if (track == loud || !track->appsrc || track->ended
        || count_waiting (track) > 0
        || count_waiting (loud) < VM_RECORD_SILENT_MAX)
      continue;
    GST_INFO ("%s: stream %u is silent, its track ends", self->location, i);
    end_track (track);
  }
}

static gboolean
is_behind (VmRecordFile *self, Track *track)
{
  guint waiting = count_waiting (track);

  if (waiting >= VM_RECORD_SILENT_MAX)
    end_silent_tracks (self, track);
  if (waiting < VM_RECORD_TRACK_MAX) {
    track->behind = FALSE;
    return FALSE;
  }
  if (!track->behind)
    GST_WARNING ("%s: the disk is too slow: frames are lost", self->location);
  track->behind = TRUE;
  return TRUE;
}

gboolean
vm_record_file_write (
    VmRecordFile *self, VmPeerStream stream, GstBuffer *buffer)
{
  Track *track = &self->tracks[stream];
  gboolean sound = stream == VM_PEER_AUDIO;
  gboolean key =
      sound || !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  GstClockTime time = GST_BUFFER_PTS (buffer);

  if (!track->started && !key)
    return FALSE;
  if (time < track->next) {
    if (sound || !track->started)
      return TRUE;
    time = track->next;
  }
  if (is_behind (self, track)) {
    /* what follows refers to what is lost: until the next key frame */
    track->started = FALSE;
    return TRUE;
  }
  track->started = TRUE;
  buffer = gst_buffer_copy (buffer);
  GST_BUFFER_PTS (buffer) = time - self->base;
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  track->next = time + VM_RECORD_TICK;
  track->came++;
  gst_app_src_push_buffer (GST_APP_SRC (track->appsrc), buffer);
  return TRUE;
}

gboolean
vm_record_file_check (VmRecordFile *self, GError **error)
{
  return !take_bus_error (self, 0, 0, error);
}

gboolean
vm_record_file_close (VmRecordFile *self, const GError *why, GError **error)
{
  g_autoptr (GError) reason = why ? g_error_copy (why) : NULL;

  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    if (self->tracks[i].appsrc && !self->tracks[i].ended)
      end_track (&self->tracks[i]);
  }
  if (!reason)
    take_bus_error (self, RECORD_FINISH_TIMEOUT, GST_MESSAGE_EOS, &reason);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  /* what is written to an unlinked file is lost without an error */
  if (!reason && !g_file_test (self->location, G_FILE_TEST_EXISTS))
    g_set_error (&reason, VM_ERROR, VM_ERROR_FAILED,
        "The file or its folder was removed meanwhile");
  record_file_free (self);
  if (!reason)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}
