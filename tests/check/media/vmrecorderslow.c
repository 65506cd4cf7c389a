/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What waits while a recording cannot go on, because the disk hangs or a stream
 * brings nothing: how much, what becomes of the rest, and how it goes on. */

#include "record/vmrecorder.h"
#include "record/vmrecordfile.h"

#include <glib/gstdio.h>
#include <gst/app/gstappsink.h>
#include <gst/base/gstbasesink.h>
#include "program.h"

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);

#define DEADLINE \
  (60 * GST_SECOND) /* of one step, where others take the cores */
#define FRAME (10 * GST_MSECOND)
#define FRAME_SIZE 777 /* bytes, as nothing else in the file has */

typedef enum
{
  AT_NOTHING,
  AT_OPENING,
  AT_WRITING
} Hang;

static GMutex lock; /* of what follows */
static GCond cond;
static Hang hang; /* where the disk does not answer */
static gboolean hangs;
static guint written, taken, key_units; /* frames; written: by the muxer */
static gchar *failure;
static GPtrArray *files; /* that were begun */
static gchar *folder;

static void
wait_for (const gboolean *flag, const guint *number, guint enough)
{
  gint64 end = g_get_monotonic_time () + DEADLINE / GST_USECOND;
  gboolean late = FALSE;

  g_mutex_lock (&lock);
  while (!late && !(flag && *flag) && !(number && *number >= enough))
    late = !g_cond_wait_until (&cond, &lock, end);
  g_mutex_unlock (&lock);
  fail_if (late, "%u written, %u taken", written, taken);
}

/* filesink on a disk that hangs while the test says so. */

static GstBaseSinkClass *filesink_class;

static void
reach (Hang place, GstBuffer *buffer)
{
  g_mutex_lock (&lock);
  if (buffer && gst_buffer_get_size (buffer) == FRAME_SIZE)
    written++;
  while (hang == place) {
    hangs = TRUE;
    g_cond_broadcast (&cond);
    g_cond_wait (&cond, &lock);
  }
  g_cond_broadcast (&cond);
  g_mutex_unlock (&lock);
}

static gboolean
slow_start (GstBaseSink *sink)
{
  reach (AT_OPENING, NULL);
  return filesink_class->start (sink);
}

static GstFlowReturn
slow_render (GstBaseSink *sink, GstBuffer *buffer)
{
  reach (AT_WRITING, buffer);
  return filesink_class->render (sink, buffer);
}

static GstFlowReturn
slow_render_list (GstBaseSink *sink, GstBufferList *list)
{
  for (guint i = 0; i < gst_buffer_list_length (list); i++)
    reach (AT_WRITING, gst_buffer_list_get (list, i));
  return filesink_class->render_list (sink, list);
}

static void
slow_class_init (gpointer klass, gpointer data)
{
  GstBaseSinkClass *sink_class = klass;

  filesink_class = g_type_class_peek_parent (klass);
  sink_class->start = slow_start;
  sink_class->render = slow_render;
  sink_class->render_list = slow_render_list;
}

static void
replace_filesink (void)
{
  g_autoptr (GstElement) real = gst_element_factory_make ("filesink", NULL);
  GTypeInfo info = { .class_init = slow_class_init };
  GTypeQuery query;

  g_type_query (G_OBJECT_TYPE (gst_object_ref_sink (real)), &query);
  info.class_size = query.class_size;
  info.instance_size = query.instance_size;
  fail_unless (gst_element_register (NULL, "filesink", GST_RANK_NONE,
      g_type_register_static (query.type, "VmSlowSink", &info, 0)));
}

static void
setup (void)
{
  /* not above: in a process that forks for each test this is done in each */
  if (!g_type_from_name ("VmSlowSink"))
    replace_filesink ();
  folder = g_dir_make_tmp ("vm-record-XXXXXX", NULL);
  hangs = FALSE;
  written = taken = key_units = 0;
  files = g_ptr_array_new_with_free_func (g_free);
}

static void
teardown (void)
{
  for (guint i = 0; i < files->len; i++)
    g_unlink (files->pdata[i]);
  g_clear_pointer (&files, g_ptr_array_unref);
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
  g_clear_pointer (&failure, g_free);
}

static void
on_event (gpointer user_data, const gchar *location, gboolean started,
    const GError *error)
{
  g_mutex_lock (&lock);
  if (started)
    g_ptr_array_add (files, g_strdup (location));
  if (error)
    failure = g_strdup (error->message);
  g_mutex_unlock (&lock);
}

static void
on_need_key_unit (gpointer user_data, VmPeerStream stream)
{
  fail_unless_equals_int (stream, VM_PEER_VIDEO);
  g_mutex_lock (&lock);
  key_units++;
  g_mutex_unlock (&lock);
}

static void
on_taken (gpointer data, GstMiniObject *sample)
{
  g_mutex_lock (&lock);
  taken++;
  g_cond_broadcast (&cond);
  g_mutex_unlock (&lock);
}

/* The frame of the @n-th moment. */
static void
push (VmRecorder *recorder, VmPeerStream stream, guint n, gboolean key)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (
      stream == VM_PEER_AUDIO
          ? "audio/x-opus, rate=48000, channels=2, "
            "channel-mapping-family=(int)0, stream-count=1, coupled-count=1"
          : "video/x-vp8, width=160, height=120, framerate=100/1");
  g_autoptr (GstBuffer) buffer =
      gst_buffer_new_allocate (NULL, FRAME_SIZE, NULL);
  g_autoptr (GstSample) sample = NULL;

  gst_buffer_memset (buffer, 0, 0, FRAME_SIZE);
  GST_BUFFER_PTS (buffer) = n * FRAME;
  if (!key)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  sample = gst_sample_new (buffer, caps, NULL, NULL);
  gst_mini_object_weak_ref (GST_MINI_OBJECT (sample), on_taken, NULL);
  vm_recorder_push (recorder, stream, sample);
}

/* A recording whose disk hangs, if at all, from its first sound and picture
 * on. */
static VmRecorder *
start (Hang place)
{
  static const VmRecorderFuncs funcs = { on_event, on_need_key_unit };
  VmRecorder *recorder;

  hang = place;
  recorder = vm_recorder_new (folder, "call", &funcs, NULL, NULL);
  push (recorder, VM_PEER_AUDIO, 0, TRUE);
  push (recorder, VM_PEER_VIDEO, 0, TRUE);
  if (place != AT_NOTHING)
    wait_for (&hangs, NULL, 0);
  return recorder;
}

static void
let_go (void)
{
  g_mutex_lock (&lock);
  hang = AT_NOTHING;
  g_cond_broadcast (&cond);
  g_mutex_unlock (&lock);
}

static void
finish (VmRecorder *recorder)
{
  vm_recorder_close (recorder);
  fail_unless (vm_recorder_wait (recorder, DEADLINE));
  g_object_unref (recorder);
  fail_unless (failure == NULL, "%s", failure);
}

/* The frames of a track, as their moments, in order. */
static GArray *
read_track (guint file, const gchar *track)
{
  GArray *moments = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree gchar *line =
      g_strdup_printf ("filesrc location=\"%s\" ! matroskademux name=d d.%s ! "
                       "appsink name=sink sync=false",
          (gchar *) files->pdata[file], track);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstSample *sample;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (
      (sample = gst_app_sink_try_pull_sample (GST_APP_SINK (sink), DEADLINE))) {
    GstBuffer *buffer = gst_sample_get_buffer (sample);
    guint moment = (GST_BUFFER_PTS (buffer) + FRAME / 2) / FRAME;

    g_array_append_val (moments, moment);
    gst_sample_unref (sample);
  }
  fail_unless (gst_app_sink_is_eos (GST_APP_SINK (sink)));
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return moments;
}

/* That the first @n frames of @track are the first @n that were pushed. */
static void
check_track (const GArray *track, guint n)
{
  fail_unless (track->len >= n, "%u of %u", track->len, n);
  for (guint i = 0; i < n; i++)
    fail_unless_equals_int (g_array_index (track, guint, i), i);
}

/* While the file cannot be opened all waits in front of the recorder's thread,
 * which has taken the first two. */
GST_START_TEST (test_below_at_and_above_the_limit_while_opening)
{
  guint most = VM_RECORDER_QUEUE_MAX, n = most - 1 + __i__;
  VmRecorder *recorder = start (AT_OPENING);
  g_autoptr (GArray) video = NULL;
  g_autoptr (GArray) audio = NULL;

  for (guint i = 0; i < n; i++)
    push (
        recorder, i % 2 ? VM_PEER_VIDEO : VM_PEER_AUDIO, 1 + i / 2, i % 2 == 0);
  let_go ();
  finish (recorder);
  video = read_track (0, "video_0");
  audio = read_track (0, "audio_0");
  fail_unless_equals_int (video->len + audio->len, 2 + MIN (n, most));
  check_track (video, video->len);
  check_track (audio, audio->len);
}

GST_END_TEST;

/* As many pictures, while those before do not get onto the disk. */
static VmRecorder *
push_pictures (guint n)
{
  VmRecorder *recorder = start (AT_WRITING);

  for (guint i = 1; i <= n; i++) {
    push (recorder, VM_PEER_VIDEO, i, FALSE);
    /* the queue in front of the thread is not the one that is tried */
    wait_for (NULL, &taken, 2 + i);
  }
  return recorder;
}

GST_START_TEST (test_below_and_at_the_limit_while_writing)
{
  guint n = VM_RECORD_TRACK_MAX - 1 + __i__;
  VmRecorder *recorder = push_pictures (n);
  g_autoptr (GArray) video = NULL;

  let_go ();
  finish (recorder);
  video = read_track (0, "video_0");
  fail_unless_equals_int (video->len, 1 + n);
  check_track (video, 1 + n);
}

GST_END_TEST;

/* Beyond it, and one or two that are on their way from one queue to the next:
 * nothing up to a key frame, with which the file goes on. */
GST_START_TEST (test_above_the_limit_while_writing)
{
  const guint most = VM_RECORD_TRACK_MAX, n = 2 * most;
  VmRecorder *recorder = push_pictures (n);
  g_autoptr (GArray) video = NULL;

  let_go ();
  wait_for (NULL, &written, most / 2);
  push (recorder, VM_PEER_VIDEO, n + 1, FALSE);
  push (recorder, VM_PEER_VIDEO, n + 2, TRUE);
  push (recorder, VM_PEER_VIDEO, n + 3, FALSE);
  finish (recorder);
  video = read_track (0, "video_0");
  check_track (video, 1 + most);
  fail_unless (video->len <= 1 + most + 2 + 2, "%u", video->len);
  fail_unless_equals_int (g_array_index (video, guint, video->len - 2), n + 2);
  fail_unless_equals_int (g_array_index (video, guint, video->len - 1), n + 3);
  fail_if (g_array_index (video, guint, video->len - 3) > n);
}

GST_END_TEST;

/* The muxer waits for all its tracks: behind a camera that is off, sound must
 * not. Then it comes back: nothing of it fits without a key frame, which is
 * asked for and begins another file. */
GST_START_TEST (test_silent_stream_holds_nothing_up)
{
  const guint n = 4 * VM_RECORD_TRACK_MAX;
  VmRecorder *recorder = start (AT_NOTHING);
  g_autoptr (GArray) before = NULL;
  g_autoptr (GArray) sound = NULL;
  g_autoptr (GArray) video = NULL;

  push (recorder, VM_PEER_VIDEO, 1, FALSE);
  for (guint i = 1; i <= n; i++) {
    push (recorder, VM_PEER_AUDIO, i, TRUE);
    /* never more than half of what may wait */
    if (i > VM_RECORD_TRACK_MAX / 2)
      wait_for (NULL, &written, i - VM_RECORD_TRACK_MAX / 2);
  }
  fail_unless_equals_int (key_units, 0);
  push (recorder, VM_PEER_VIDEO, n + 1, FALSE);
  wait_for (NULL, &taken, 2 + 1 + n + 1);
  fail_unless_equals_int (key_units, 1);
  fail_unless_equals_int (files->len, 1);
  push (recorder, VM_PEER_VIDEO, n + 1, TRUE);
  push (recorder, VM_PEER_AUDIO, n + 1, TRUE);
  push (recorder, VM_PEER_VIDEO, n + 2, FALSE);
  finish (recorder);
  fail_unless_equals_int (files->len, 2);
  fail_unless_equals_int (key_units, 1);
  before = read_track (0, "video_0");
  sound = read_track (0, "audio_0");
  video = read_track (1, "video_0");
  fail_unless_equals_int (before->len, 2);
  check_track (sound, 1 + n);
  fail_unless_equals_int (video->len, 2);
}

GST_END_TEST;

static Suite *
vmrecorderslow_suite (void)
{
  Suite *s = suite_create ("vmrecorderslow");
  TCase *tc = tcase_create ("vmrecorderslow");

  GST_DEBUG_CATEGORY_INIT (vm_signal_debug, "vmsignalbin", 0, "under test");
  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 180);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (
      tc, test_below_at_and_above_the_limit_while_opening, 0, 3);
  tcase_add_loop_test (tc, test_below_and_at_the_limit_while_writing, 0, 2);
  tcase_add_test (tc, test_above_the_limit_while_writing);
  tcase_add_test (tc, test_silent_stream_holds_nothing_up);
  return s;
}

CHECK_PROGRAM (vmrecorderslow)
