/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a vmsignalbin records of a call while its pipeline is paused and plays
 * again. What is in the files otherwise: media/vmrecorder.c. */

#include "program.h"
#include "elements/knownfaults.h"
#include "signalside.h"

#include <glib/gstdio.h>

#define PLAY (2 * GST_SECOND)
#define PAUSE (3 * GST_SECOND)

/* Much less than PAUSE, and more than the network's delays vary on a machine
 * that is busy. */
#define JUMP (GST_SECOND / 2)

static gchar *folder;

static void
setup_folder (void)
{
  setup ();
  folder = g_dir_make_tmp ("vm-record-XXXXXX", NULL);
}

static void
teardown_folder (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const gchar *name;

  teardown ();
  while ((name = g_dir_read_name (dir))) {
    g_autofree gchar *path = g_build_filename (folder, name, NULL);

    g_unlink (path);
  }
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
}

/* What a file has, of all its tracks. */
typedef struct
{
  GstElement *pipeline;
  GMutex lock; /* of what follows */
  GstClockTime end; /* of the last frame */
  guint backwards; /* frames that are JUMP and more before the one before */
} Content;

typedef struct
{
  Content *content;
  GstClockTime last;
} Track;

static GstPadProbeReturn
on_frame (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Track *track = user_data;
  Content *content = track->content;
  GstClockTime pts = GST_BUFFER_PTS (GST_PAD_PROBE_INFO_BUFFER (info));

  g_mutex_lock (&content->lock);
  content->backwards += pts + JUMP < track->last;
  content->end = MAX (content->end, pts);
  g_mutex_unlock (&content->lock);
  track->last = pts;
  return GST_PAD_PROBE_OK;
}

static void
on_track (GstElement *demux, GstPad *pad, Content *content)
{
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (GstPad) to = gst_element_get_static_pad (sink, "sink");
  Track *track = g_new0 (Track, 1);

  track->content = content;
  g_object_set (sink, "async", FALSE, NULL);
  gst_bin_add (GST_BIN (content->pipeline), sink);
  gst_element_sync_state_with_parent (sink);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, track, g_free);
  fail_unless (gst_pad_link (pad, to) == GST_PAD_LINK_OK);
}

/* From its start to its end. */
static void
read_file (const gchar *path, Content *content)
{
  g_autofree gchar *line =
      g_strdup_printf ("filesrc location=%s ! matroskademux name=d", path);
  g_autoptr (GstElement) demux = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;

  *content = (Content){ gst_parse_launch (line, NULL) };
  g_mutex_init (&content->lock);
  demux = gst_bin_get_by_name (GST_BIN (content->pipeline), "d");
  g_signal_connect (demux, "pad-added", G_CALLBACK (on_track), content);
  bus = gst_element_get_bus (content->pipeline);
  gst_element_set_state (content->pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, DEADLINE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS,
      "%s is not whole", path);
  gst_element_set_state (content->pipeline, GST_STATE_NULL);
  gst_object_unref (content->pipeline);
  g_mutex_clear (&content->lock);
}

static void
wait_started (Side *side)
{
  g_autoptr (GstMessage) message = wait_for (side, "vm-record");

  fail_unless_equals_string (
      gst_structure_get_string (gst_message_get_structure (message), "event"),
      "started");
}

static void
set_state (Side *side, GstState state)
{
  fail_unless (gst_element_set_state (side->pipeline, state)
               != GST_STATE_CHANGE_FAILURE);
}

/* What happens meanwhile is no error. */
static void
wait_while (Side *side, GstClockTime time)
{
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
      side->bus, time, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);

  fail_if (message != NULL);
}

/* Nothing of it is in the files, and what comes afterwards is in another one,
 * as for other caps. */
GST_START_TEST (test_pause)
{
  g_autofree gchar *rest = g_strdup_printf ("record-dir=%s " BOTH, folder);
  GstClockTime began = gst_util_get_timestamp (), played, length = 0;
  Side a = host (rest), b = join (BOTH);
  g_autoptr (GDir) dir = NULL;
  const gchar *name;
  guint files = 0;

  wait_started (&a);
  wait_while (&a, PLAY);
  set_state (&a, GST_STATE_PAUSED);
  wait_while (&a, PAUSE);
  set_state (&a, GST_STATE_PLAYING);
  wait_while (&a, PLAY);
  played = gst_util_get_timestamp () - began - PAUSE;
  side_free (&a);
  side_free (&b);
  dir = g_dir_open (folder, 0, NULL);
  while ((name = g_dir_read_name (dir))) {
    g_autofree gchar *path = g_build_filename (folder, name, NULL);
    Content content;

    read_file (path, &content);
    fail_unless_equals_int (content.backwards, 0);
    length += content.end;
    files++;
  }
  fail_unless (length > PLAY && length < played,
      "%" GST_TIME_FORMAT " of %" GST_TIME_FORMAT, GST_TIME_ARGS (length),
      GST_TIME_ARGS (played));
  fail_unless (files > 1);
}

GST_END_TEST;

static Suite *
vmsignalrecord_suite (void)
{
  Suite *suite = suite_create ("vmsignalrecord");
  TCase *tc = tcase_create ("general");

  known_faults_pass ();
  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_folder, teardown_folder);
  tcase_add_test (tc, test_pause);
  return suite;
}

CHECK_PROGRAM (vmsignalrecord)
