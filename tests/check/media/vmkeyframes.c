/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Key frames of what is taken as it was encoded: a sender makes none but on
 * request. */

#include "program.h"
#include "elements/knownfaults.h"
#include "signal/signalside.h"

#include <gst/video/video.h>
#include <glib/gstdio.h>

#define ENCODED(settings)      \
  "decode=false " settings " " \
  "m.video_src_0 ! queue ! fakesink name=v sync=false async=false"

/* What came to the fakesink "v". */
typedef struct
{
  GMutex lock; /* of what follows */
  GCond cond;
  guint frames, keys;
} Frames;

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Frames *frames = user_data;

  g_mutex_lock (&frames->lock);
  frames->frames++;
  if (!GST_BUFFER_FLAG_IS_SET (
          GST_PAD_PROBE_INFO_BUFFER (info), GST_BUFFER_FLAG_DELTA_UNIT))
    frames->keys++;
  g_cond_broadcast (&frames->cond);
  g_mutex_unlock (&frames->lock);
  return GST_PAD_PROBE_OK;
}

static GstPad *
watch (GstElement *pipeline, Frames *frames)
{
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline), "v");
  GstPad *pad = gst_element_get_static_pad (sink, "sink");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, frames, NULL);
  return pad;
}

/* Until either number of them has come from now on. Returns: the key frames */
static guint
count_keys (Frames *frames, guint until_frames, guint until_keys)
{
  gint64 end = g_get_monotonic_time () + DEADLINE / GST_USECOND;
  guint keys;

  g_mutex_lock (&frames->lock);
  frames->frames = frames->keys = 0;
  while (frames->frames < until_frames && frames->keys < until_keys)
    fail_unless (g_cond_wait_until (&frames->cond, &frames->lock, end),
        "%u frames, %u of them key frames", frames->frames, frames->keys);
  keys = frames->keys;
  g_mutex_unlock (&frames->lock);
  return keys;
}

GST_START_TEST (test_linked_encoded)
{
  Frames frames = { 0 };
  Side a = host (VIDEO "m.video_sink_0"),
       b = join (ENCODED ("key-frame-interval=1000"));
  g_autoptr (GstPad) pad = watch (b.pipeline, &frames);

  fail_unless_equals_int (count_keys (&frames, 150, 4), 4);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_off_but_on_request)
{
  Frames frames = { 0 };
  Side a = host (VIDEO "m.video_sink_0"),
       b = join (ENCODED ("key-frame-interval=0"));
  g_autoptr (GstPad) pad = watch (b.pipeline, &frames);

  /* those of the beginning */
  count_keys (&frames, 30, G_MAXUINT);
  fail_unless_equals_int (count_keys (&frames, 50, G_MAXUINT), 0);
  fail_unless (
      gst_pad_push_event (pad, gst_video_event_new_upstream_force_key_unit (
                                   GST_CLOCK_TIME_NONE, TRUE, 0)));
  fail_unless_equals_int (count_keys (&frames, 50, 1), 1);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

/* Who shows the picture needs none, and has the sender make none. */
GST_START_TEST (test_decoded)
{
  Frames frames = { 0 };
  Side a = host (VIDEO "m.video_sink_0"), c,
       b = join ("key-frame-interval=500 " RECEIVE);
  Count *shown = count_on (&b, "v");
  g_autoptr (GstPad) pad = NULL;

  wait_count (shown, 10, FALSE);
  c = join (ENCODED ("key-frame-interval=0"));
  pad = watch (c.pipeline, &frames);
  count_keys (&frames, 30, G_MAXUINT);
  fail_unless_equals_int (count_keys (&frames, 50, G_MAXUINT), 0);
  side_free (&c);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

/* Returns: (transfer full): the file, finished */
static gchar *
record (const gchar *folder)
{
  g_autofree gchar *settings = g_strdup_printf (
      "record-dir=%s key-frame-interval=1000 " RECEIVE, folder);
  Side a = host (settings), b = join (BOTH);
  Count *video = count_on (&a, "v");
  gchar *location = NULL;

  wait_count (video, 75, FALSE);
  side_free (&b);
  while (!location) {
    g_autoptr (GstMessage) message = wait_for (&a, "vm-record");
    const GstStructure *s = gst_message_get_structure (message);

    if (g_strcmp0 (gst_structure_get_string (s, "event"), "finished") == 0)
      location = g_strdup (gst_structure_get_string (s, "location"));
  }
  side_free (&a);
  return location;
}

static void
wait_eos (GstBus *bus)
{
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
      bus, DEADLINE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

  fail_unless (
      message != NULL && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
}

/* Where its first frame stands after a seek to @position. */
static GstClockTime
seek_to (GstElement *player, GstClockTime position)
{
  gint64 at = -1;

  fail_unless (gst_element_seek_simple (player, GST_FORMAT_TIME,
      GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_KEY_UNIT | GST_SEEK_FLAG_SNAP_BEFORE,
      position));
  fail_unless_equals_int (gst_element_get_state (player, NULL, NULL, DEADLINE),
      GST_STATE_CHANGE_SUCCESS);
  fail_unless (gst_element_query_position (player, GST_FORMAT_TIME, &at));
  return at;
}

GST_START_TEST (test_recording_can_be_sought)
{
  Frames frames = { 0 };
  g_autofree gchar *folder = g_dir_make_tmp ("vm-keys-XXXXXX", NULL);
  g_autofree gchar *location = record (folder);
  g_autofree gchar *launch =
      g_strdup_printf ("filesrc location=%s ! matroskademux name=d "
                       "d.video_0 ! queue ! fakesink name=v sync=false "
                       "d.audio_0 ! queue ! fakesink sync=false",
          location);
  g_autoptr (GstElement) player = gst_parse_launch (launch, NULL);
  g_autoptr (GstPad) pad = watch (player, &frames);
  g_autoptr (GstBus) bus = gst_element_get_bus (player);

  gst_element_set_state (player, GST_STATE_PLAYING);
  wait_eos (bus);
  /* 75 frames are 5 s, less what was lost at the beginning */
  fail_unless (frames.keys >= 3, "%u of %u", frames.keys, frames.frames);
  gst_element_set_state (player, GST_STATE_PAUSED);
  fail_unless (seek_to (player, 3 * GST_SECOND) > GST_SECOND);
  gst_element_set_state (player, GST_STATE_NULL);
  g_unlink (location);
  g_rmdir (folder);
}

GST_END_TEST;

static Suite *
vmkeyframes_suite (void)
{
  Suite *suite = suite_create ("vmkeyframes");
  TCase *tc = tcase_create ("general");

  known_faults_pass ();
  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_linked_encoded);
  tcase_add_test (tc, test_off_but_on_request);
  tcase_add_test (tc, test_decoded);
  tcase_add_test (tc, test_recording_can_be_sought);
  return suite;
}

CHECK_PROGRAM (vmkeyframes)
