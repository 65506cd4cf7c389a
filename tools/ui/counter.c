/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ui/counter.h"

struct _VmtCounter
{
  gatomicrefcount ref_count;
  GMutex lock; /* protects counts */
  VmtCounts counts;
};

VmtCounter *
vmt_counter_new (void)
{
  VmtCounter *self = g_new0 (VmtCounter, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  return self;
}

VmtCounter *
vmt_counter_ref (VmtCounter *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
vmt_counter_unref (VmtCounter *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* What one pad feeds; @info belongs to the pad's streaming thread. */
typedef struct
{
  VmtCounter *counter;
  gboolean video;
  gboolean have_info;
  GstVideoInfo info;
} Feed;

static void
feed_free (gpointer data)
{
  Feed *feed = data;

  vmt_counter_unref (feed->counter);
  g_free (feed);
}

static void
feed_take_caps (Feed *feed, GstCaps *caps)
{
  GstStructure *structure = gst_caps_get_structure (caps, 0);

  feed->have_info = FALSE;
  if (!feed->video)
    return;
  if (gst_structure_has_name (structure, "video/x-raw")
      && gst_video_info_from_caps (&feed->info, caps))
    feed->have_info = TRUE;
  g_mutex_lock (&feed->counter->lock);
  gst_structure_get_int (structure, "width", &feed->counter->counts.width);
  gst_structure_get_int (structure, "height", &feed->counter->counts.height);
  g_mutex_unlock (&feed->counter->lock);
}

static void
feed_take_frame (Feed *feed, GstBuffer *buffer)
{
  VmtCounts *counts = &feed->counter->counts;
  gboolean stamped = FALSE;
  guint32 stamp = 0;
  GstVideoFrame frame;

  if (feed->have_info
      && gst_video_frame_map (&frame, &feed->info, buffer, GST_MAP_READ)) {
    stamped = vmt_stamp_read (&frame, &stamp);
    gst_video_frame_unmap (&frame);
  }
  g_mutex_lock (&feed->counter->lock);
  if (counts->video_frames++ == 0)
    counts->first_frame_us = g_get_monotonic_time ();
  if (stamped)
    vmt_stamp_row_add (&counts->stamps, stamp);
  else
    vmt_stamp_row_add_unreadable (&counts->stamps);
  g_mutex_unlock (&feed->counter->lock);
}

static GstPadProbeReturn
feed_probe (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Feed *feed = user_data;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    if (feed->video)
      feed_take_frame (feed, GST_PAD_PROBE_INFO_BUFFER (info));
    else {
      g_mutex_lock (&feed->counter->lock);
      feed->counter->counts.audio_buffers++;
      g_mutex_unlock (&feed->counter->lock);
    }
  } else if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info))
             == GST_EVENT_CAPS) {
    GstCaps *caps;

    gst_event_parse_caps (GST_PAD_PROBE_INFO_EVENT (info), &caps);
    feed_take_caps (feed, caps);
  }
  return GST_PAD_PROBE_OK;
}

void
vmt_counter_attach (VmtCounter *self, GstPad *pad, gboolean video)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  Feed *feed = g_new0 (Feed, 1);

  feed->counter = vmt_counter_ref (self);
  feed->video = video;
  /* a pad that comes with its caps sends them again when it is linked, but a
   * probe on it would have missed them */
  if (caps)
    feed_take_caps (feed, caps);
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      feed_probe, feed, feed_free);
}

VmtCounts
vmt_counter_get (VmtCounter *self)
{
  VmtCounts counts;

  g_mutex_lock (&self->lock);
  counts = self->counts;
  g_mutex_unlock (&self->lock);
  return counts;
}
