/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a user finds in the recording folder after a call. */

#include "record/vmrecorder.h"
#include "record/vmrecordfile.h"

#include <gst/app/gstappsink.h>
#include "program.h"

#include <gst/videomeet/videomeet.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#define DEADLINE \
  (60 * GST_SECOND) /* of one step, where others take the cores */

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);

static struct rlimit file_size; /* as it was */
static gchar *folder;
static GMutex lock; /* of what follows */
static GPtrArray *finished; /* locations, in order */
static gchar *failure;
static gboolean begun;
static GCond cond; /* signalled with begun */

static void
setup (void)
{
  folder = g_dir_make_tmp ("vm-record-XXXXXX", NULL);
  finished = g_ptr_array_new_with_free_func (g_free);
  begun = FALSE;
  fail_unless (getrlimit (RLIMIT_FSIZE, &file_size) == 0);
}

static void
remove_files (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree gchar *path = g_build_filename (folder, name, NULL);

    g_unlink (path);
  }
}

static void
teardown (void)
{
  /* whatever the test has set for the whole process */
  setrlimit (RLIMIT_FSIZE, &file_size);
  signal (SIGXFSZ, SIG_DFL);
  remove_files ();
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
  g_clear_pointer (&finished, g_ptr_array_unref);
  g_clear_pointer (&failure, g_free);
}

static void
on_event (gpointer user_data, const gchar *location, gboolean started,
    const GError *error)
{
  g_mutex_lock (&lock);
  /* told once, or a disk that is full fills the screen too */
  if (error) {
    fail_unless (failure == NULL, "a second time: %s", error->message);
    failure = g_strdup (error->message);
  }
  fail_unless (location != NULL);
  begun |= started;
  g_cond_signal (&cond);
  if (!error && !started)
    g_ptr_array_add (finished, g_strdup (location));
  g_mutex_unlock (&lock);
}

static void
on_need_key_unit (gpointer user_data, VmPeerStream stream)
{
}

static const VmRecorderFuncs funcs = { on_event, on_need_key_unit };

/* Samples of a launch line's stream, as a peer would hand them over. */
static GPtrArray *
samples_of (const gchar *launch)
{
  GPtrArray *samples =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_sample_unref);
  g_autofree gchar *line =
      g_strdup_printf ("%s ! appsink name=sink sync=false", launch);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstSample *sample;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (
      (sample = gst_app_sink_try_pull_sample (GST_APP_SINK (sink), DEADLINE))) {
    GstBuffer *buffer = gst_buffer_copy (gst_sample_get_buffer (sample));

    /* x264enc starts its time at 1000 hours, and its segment with it */
    GST_BUFFER_PTS (buffer) =
        gst_segment_to_running_time (gst_sample_get_segment (sample),
            GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
    g_ptr_array_add (samples,
        gst_sample_new (buffer, gst_sample_get_caps (sample), NULL, NULL));
    gst_buffer_unref (buffer);
    gst_sample_unref (sample);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless (samples->len > 0);
  return samples;
}

#define VP8(n, size)                                                   \
  "videotestsrc num-buffers=" #n " ! video/x-raw,framerate=30/1," size \
  " ! vp8enc deadline=1 cpu-used=8 keyframe-max-dist=30"
#define H264(n, size)                                                  \
  "videotestsrc num-buffers=" #n " ! video/x-raw,framerate=30/1," size \
  " ! x264enc tune=zerolatency speed-preset=ultrafast ! "              \
  "video/x-h264,profile=baseline ! h264parse ! "                       \
  "video/x-h264,stream-format=avc,alignment=au"
#define OPUS(n)                                             \
  "audiotestsrc num-buffers=" #n " samplesperbuffer=960 ! " \
  "audio/x-raw,rate=48000 ! opusenc"
#define SMALL "width=160,height=120"

static GstClockTime
pts (GstSample *sample)
{
  return GST_BUFFER_PTS (gst_sample_get_buffer (sample));
}

static void
push_moved (VmRecorder *recorder, VmPeerStream stream, GstSample *sample,
    GstClockTimeDiff offset)
{
  g_autoptr (GstBuffer) buffer =
      gst_buffer_copy (gst_sample_get_buffer (sample));
  g_autoptr (GstSample) moved = NULL;

  GST_BUFFER_PTS (buffer) += offset;
  moved = gst_sample_new (buffer, gst_sample_get_caps (sample), NULL, NULL);
  vm_recorder_push (recorder, stream, moved);
}

/* Both streams in the order of time, moved by @offset, as a call has them. */
static void
push_interleaved (VmRecorder *recorder, GPtrArray *video, GPtrArray *audio,
    GstClockTime offset)
{
  guint v = 0, a = 0;

  while (v < video->len || a < audio->len) {
    if (a == audio->len
        || (v < video->len && pts (video->pdata[v]) <= pts (audio->pdata[a])))
      push_moved (recorder, VM_PEER_VIDEO, video->pdata[v++], offset);
    else
      push_moved (recorder, VM_PEER_AUDIO, audio->pdata[a++], offset);
  }
}

static void
close_and_wait (VmRecorder *recorder)
{
  vm_recorder_close (recorder);
  fail_unless (vm_recorder_wait (recorder, DEADLINE));
  g_object_unref (recorder);
  fail_unless (failure == NULL, "%s", failure);
}

/* Plays @path to its end; counts decoded frames. */
static void
play (const gchar *path, guint *video, guint *audio, GstClockTime *length)
{
  g_autofree gchar *line = g_strdup_printf (
      "filesrc location=\"%s\" ! matroskademux name=d "
      "d.video_0 ! queue max-size-time=0 max-size-buffers=0 max-size-bytes=0 ! "
      "decodebin ! videoconvert ! appsink name=v sync=false "
      "d.audio_0 ! queue max-size-time=0 max-size-buffers=0 max-size-bytes=0 ! "
      "opusdec ! appsink name=a sync=false",
      path);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  gint64 duration = 0;
  const gchar *names[] = { "v", "a" };
  guint *counts[] = { video, audio };

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GstElement) sink =
        gst_bin_get_by_name (GST_BIN (pipeline), names[i]);
    GstSample *sample;

    *counts[i] = 0;
    while ((sample =
                gst_app_sink_try_pull_sample (GST_APP_SINK (sink), DEADLINE))) {
      (*counts[i])++;
      gst_sample_unref (sample);
    }
    fail_unless (gst_app_sink_is_eos (GST_APP_SINK (sink)),
        "%s does not play to its end", names[i]);
  }
  fail_unless (
      gst_element_query_duration (pipeline, GST_FORMAT_TIME, &duration));
  *length = duration;
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

/* What a track of @path has, in the order of the file. */
static GPtrArray *
samples_in (const gchar *path, const gchar *track)
{
  g_autofree gchar *line = g_strdup_printf (
      "filesrc location=\"%s\" ! matroskademux name=d d.%s", path, track);

  return samples_of (line);
}

static void
fail_unless_growing (GPtrArray *samples)
{
  for (guint i = 1; i < samples->len; i++)
    fail_unless (
        pts (samples->pdata[i]) >= pts (samples->pdata[i - 1]) + VM_RECORD_TICK,
        "%u: %" GST_TIME_FORMAT " after %" GST_TIME_FORMAT, i,
        GST_TIME_ARGS (pts (samples->pdata[i])),
        GST_TIME_ARGS (pts (samples->pdata[i - 1])));
}

static gsize
size_of (GstSample *sample)
{
  return gst_buffer_get_size (gst_sample_get_buffer (sample));
}

static void
check_recording (GPtrArray *video, GPtrArray *audio)
{
  VmRecorder *recorder = vm_recorder_new (folder, "call", &funcs, NULL, NULL);
  guint n_video, n_audio;
  GstClockTime length;

  push_interleaved (recorder, video, audio, 3600 * GST_SECOND);
  close_and_wait (recorder);
  fail_unless_equals_int (finished->len, 1);
  play (finished->pdata[0], &n_video, &n_audio, &length);
  fail_unless_equals_int (n_video, video->len);
  fail_unless (n_audio >= audio->len - 1);
  fail_unless (length > 1900 * GST_MSECOND && length < 2100 * GST_MSECOND,
      "%" GST_TIME_FORMAT, GST_TIME_ARGS (length));
}

GST_START_TEST (test_vp8_plays_from_start_to_end)
{
  g_autoptr (GPtrArray) video = samples_of (VP8 (60, SMALL));
  g_autoptr (GPtrArray) audio = samples_of (OPUS (100));

  check_recording (video, audio);
}

GST_END_TEST;

GST_START_TEST (test_h264_plays_from_start_to_end)
{
  g_autoptr (GPtrArray) video = samples_of (H264 (60, SMALL));
  g_autoptr (GPtrArray) audio = samples_of (OPUS (100));

  check_recording (video, audio);
}

GST_END_TEST;

GST_START_TEST (test_new_size_begins_a_new_file)
{
  g_autoptr (GPtrArray) small = samples_of (H264 (30, SMALL));
  g_autoptr (GPtrArray) large = samples_of (H264 (30, "width=320,height=240"));
  g_autoptr (GPtrArray) audio = samples_of (OPUS (50));
  VmRecorder *recorder = vm_recorder_new (folder, "call", &funcs, NULL, NULL);
  guint n_video, n_audio;
  GstClockTime length;

  push_interleaved (recorder, small, audio, 0);
  push_interleaved (recorder, large, audio, GST_SECOND);
  close_and_wait (recorder);
  fail_unless_equals_int (finished->len, 2);
  for (guint i = 0; i < 2; i++) {
    play (finished->pdata[i], &n_video, &n_audio, &length);
    fail_unless_equals_int (n_video, 30);
  }
}

GST_END_TEST;

/* After a pause times may be earlier than those in it. */
GST_START_TEST (test_nothing_is_taken_while_it_is_held)
{
  g_autoptr (GPtrArray) video = samples_of (VP8 (30, SMALL));
  g_autoptr (GPtrArray) audio = samples_of (OPUS (50));
  VmRecorder *recorder = vm_recorder_new (folder, "call", &funcs, NULL, NULL);
  guint n_video, n_audio;
  GstClockTime length;

  push_interleaved (recorder, video, audio, 0);
  vm_recorder_hold (recorder, TRUE);
  push_interleaved (recorder, video, audio, 40 * GST_SECOND);
  vm_recorder_hold (recorder, FALSE);
  push_interleaved (recorder, video, audio, GST_SECOND / 2);
  close_and_wait (recorder);
  fail_unless_equals_int (finished->len, 2);
  for (guint i = 0; i < 2; i++) {
    play (finished->pdata[i], &n_video, &n_audio, &length);
    fail_unless_equals_int (n_video, 30);
    fail_unless (n_audio >= 49);
    fail_unless (length < 1200 * GST_MSECOND);
  }
}

GST_END_TEST;

/* A participant whose process stood still has another clock afterwards: no time
 * of a track is that of another or earlier, also not while the file has not
 * begun (__i__ 0), and no picture that the next ones refer to is left out or
 * comes behind them. */
GST_START_TEST (test_times_never_go_back)
{
  g_autoptr (GPtrArray) video = samples_of (VP8 (30, SMALL));
  g_autoptr (GPtrArray) audio = samples_of (OPUS (50));
  VmRecorder *recorder = vm_recorder_new (folder, "call", &funcs, NULL, NULL);
  g_autoptr (GPtrArray) pictures = NULL;
  g_autoptr (GPtrArray) sound = NULL;
  guint n_video, n_audio;
  GstClockTime length;

  if (__i__)
    push_moved (recorder, VM_PEER_AUDIO, audio->pdata[0], GST_SECOND);
  for (guint i = 0; i < video->len; i++)
    push_moved (recorder, VM_PEER_VIDEO, video->pdata[i],
        GST_SECOND - (i < 20 ? 0 : 500 * GST_MSECOND));
  for (guint i = 0; i < audio->len; i++)
    push_moved (recorder, VM_PEER_AUDIO, audio->pdata[i],
        GST_SECOND - (i < 20 ? 0 : 200 * GST_MSECOND));
  close_and_wait (recorder);
  fail_unless_equals_int (finished->len, 1);
  play (finished->pdata[0], &n_video, &n_audio, &length);
  fail_unless_equals_int (n_video, video->len);
  pictures = samples_in (finished->pdata[0], "video_0");
  sound = samples_in (finished->pdata[0], "audio_0");
  fail_unless_growing (pictures);
  fail_unless_growing (sound);
  fail_unless_equals_int (pictures->len, video->len);
  for (guint i = 0; i < video->len; i++)
    fail_unless_equals_uint64 (
        size_of (pictures->pdata[i]), size_of (video->pdata[i]));
  /* the ten that went back to what there is */
  fail_unless_equals_int (sound->len, audio->len - 10);
}

GST_END_TEST;

/* Below, at and above a tick. */
GST_START_TEST (test_times_of_a_tick)
{
  static const GstClockTime apart[] = { VM_RECORD_TICK - 1, VM_RECORD_TICK,
    VM_RECORD_TICK + 1 };
  g_autoptr (GPtrArray) video = samples_of (VP8 (3, SMALL));
  g_autoptr (GPtrArray) audio = samples_of (OPUS (3));
  VmRecorder *recorder = vm_recorder_new (folder, "call", &funcs, NULL, NULL);
  const GstClockTime times[] = { 0, GST_SECOND, GST_SECOND + apart[__i__] };
  g_autoptr (GPtrArray) pictures = NULL;
  g_autoptr (GPtrArray) sound = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (times); i++) {
    push_moved (recorder, VM_PEER_AUDIO, audio->pdata[i],
        GST_CLOCK_DIFF (pts (audio->pdata[i]), times[i]));
    push_moved (recorder, VM_PEER_VIDEO, video->pdata[i],
        GST_CLOCK_DIFF (pts (video->pdata[i]), times[i]));
  }
  close_and_wait (recorder);
  fail_unless_equals_int (finished->len, 1);
  sound = samples_in (finished->pdata[0], "audio_0");
  pictures = samples_in (finished->pdata[0], "video_0");
  fail_unless_growing (pictures);
  fail_unless_growing (sound);
  fail_unless_equals_int (pictures->len, 3);
  fail_unless_equals_int (sound->len, apart[__i__] < VM_RECORD_TICK ? 2 : 3);
}

GST_END_TEST;

GST_START_TEST (test_muted_video_does_not_hold_sound_back)
{
  g_autoptr (GPtrArray) video = samples_of (VP8 (15, SMALL));
  g_autoptr (GPtrArray) audio = samples_of (OPUS (500));
  VmRecorder *recorder = vm_recorder_new (folder, "call", &funcs, NULL, NULL);
  guint n_video, n_audio;
  GstClockTime length;

  push_interleaved (recorder, video, audio, 0);
  close_and_wait (recorder);
  fail_unless_equals_int (finished->len, 1);
  play (finished->pdata[0], &n_video, &n_audio, &length);
  fail_unless_equals_int (n_video, 15);
  fail_unless (n_audio >= 499);
  fail_unless (length > 9900 * GST_MSECOND);
}

GST_END_TEST;

GST_START_TEST (test_nothing_is_overwritten)
{
  g_autoptr (GPtrArray) video = samples_of (VP8 (15, SMALL));
  g_autoptr (GPtrArray) audio = samples_of (OPUS (25));
  GStatBuf st;

  for (guint i = 0; i < 2; i++) {
    VmRecorder *recorder = vm_recorder_new (folder, "call", &funcs, NULL, NULL);

    push_interleaved (recorder, video, audio, 0);
    close_and_wait (recorder);
  }
  fail_unless_equals_int (finished->len, 2);
  fail_if (g_strcmp0 (finished->pdata[0], finished->pdata[1]) == 0);
  /* what was said there is not for everybody */
  for (guint i = 0; i < 2; i++) {
    fail_unless (g_stat (finished->pdata[i], &st) == 0);
    fail_unless_equals_int (st.st_mode & 07777, 0600);
  }
}

GST_END_TEST;

/* A name that leads elsewhere is taken, whether something is there or not. */
GST_START_TEST (test_link_is_not_followed)
{
  g_autoptr (GPtrArray) video = samples_of (VP8 (15, SMALL));
  g_autoptr (GPtrArray) audio = samples_of (OPUS (25));
  g_autofree gchar *name = g_build_filename (folder, "call.mkv", NULL);
  g_autofree gchar *elsewhere = g_build_filename (folder, "elsewhere", NULL);
  VmRecorder *recorder = vm_recorder_new (folder, "call", &funcs, NULL, NULL);

  fail_unless_equals_int (symlink (elsewhere, name), 0);
  push_interleaved (recorder, video, audio, 0);
  close_and_wait (recorder);
  fail_unless_equals_int (finished->len, 1);
  fail_unless (g_str_has_suffix (finished->pdata[0], "/call-1.mkv"), "%s",
      (gchar *) finished->pdata[0]);
  fail_if (g_file_test (elsewhere, G_FILE_TEST_EXISTS));
}

GST_END_TEST;

GST_START_TEST (test_folder_that_cannot_be_written)
{
  g_autoptr (GPtrArray) video = samples_of (VP8 (15, SMALL));
  g_autoptr (GPtrArray) audio = samples_of (OPUS (25));
  g_autofree gchar *missing = g_build_filename (folder, "missing", NULL);
  VmRecorder *recorder = vm_recorder_new (missing, "call", &funcs, NULL, NULL);

  push_interleaved (recorder, video, audio, 0);
  vm_recorder_close (recorder);
  fail_unless (vm_recorder_wait (recorder, DEADLINE));
  g_object_unref (recorder);
  fail_unless (failure != NULL);
  fail_unless_equals_int (finished->len, 0);
}

GST_END_TEST;

/* What is left of a disk that is full: here the size a file may have. */
GST_START_TEST (test_disk_is_full)
{
  g_autoptr (GPtrArray) video = samples_of (VP8 (60, SMALL));
  g_autoptr (GPtrArray) audio = samples_of (OPUS (100));
  VmRecorder *recorder = vm_recorder_new (folder, "call", &funcs, NULL, NULL);
  struct rlimit little = { 4096, file_size.rlim_max };

  signal (SIGXFSZ, SIG_IGN);
  fail_unless (setrlimit (RLIMIT_FSIZE, &little) == 0);
  push_interleaved (recorder, video, audio, 0);
  vm_recorder_close (recorder);
  fail_unless (vm_recorder_wait (recorder, 10 * GST_SECOND));
  g_object_unref (recorder);
  fail_unless (failure != NULL);
  fail_unless_equals_int (finished->len, 0);
}

GST_END_TEST;

/* Writing to a file that has no name any more never fails. */
GST_START_TEST (test_file_is_removed)
{
  g_autoptr (GPtrArray) video = samples_of (VP8 (15, SMALL));
  g_autoptr (GPtrArray) audio = samples_of (OPUS (25));
  VmRecorder *recorder = vm_recorder_new (folder, "call", &funcs, NULL, NULL);
  gint64 deadline = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;

  push_interleaved (recorder, video, audio, 0);
  g_mutex_lock (&lock);
  while (!begun && g_cond_wait_until (&cond, &lock, deadline))
    continue;
  g_mutex_unlock (&lock);
  fail_unless (begun);
  remove_files ();
  vm_recorder_close (recorder);
  fail_unless (vm_recorder_wait (recorder, 10 * GST_SECOND));
  g_object_unref (recorder);
  fail_unless (failure != NULL && strstr (failure, "removed"), "%s", failure);
  fail_unless_equals_int (finished->len, 0);
}

GST_END_TEST;

GST_START_TEST (test_given_up_in_the_end)
{
  g_autoptr (VmRecorder) recorder =
      vm_recorder_new (folder, "call", &funcs, NULL, NULL);

  vm_recorder_abandon (recorder);
  vm_recorder_close (recorder);
  fail_unless (vm_recorder_wait (recorder, 10 * GST_SECOND));
  fail_unless (failure != NULL);
}

GST_END_TEST;

GST_START_TEST (test_names_stay_in_the_folder)
{
  g_autofree gchar *longest = g_strnfill (128, 'u');
  const struct
  {
    const gchar *meeting, *user, *id, *start;
  } cases[] = { { "standup", "Ann", "p001", "standup-Ann-p001-" },
    { "stand up", "J\xc3\xb6rg", "p001", "stand_up-J\xc3\xb6rg-p001-" },
    { "../a", "/etc", "../../b", "___a-_etc-______b-" },
    { NULL, ".", "..", "meeting-_-__-" }, { "", "\n", "a\\b", "__-a_b-" },
    { "-rf", "a\xe2\x80\xaegpj", "p001", "_rf-a_gpj-p001-" },
    { "m", "\xc2\x9bx\xe2\x80\xa8", "p001", "m-_x_-p001-" },

    { longest, longest, longest, "uuu" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *stem =
        vm_recorder_make_stem (cases[i].meeting, cases[i].user, cases[i].id);

    fail_unless (g_str_has_prefix (stem, cases[i].start), "%s", stem);
    fail_unless (strpbrk (stem, "/\\.\n") == NULL, "%s", stem);
    fail_unless (strlen (stem) < 250);
  }
}

GST_END_TEST;

static Suite *
vmrecorder_suite (void)
{
  Suite *s = suite_create ("vmrecorder");
  TCase *tc = tcase_create ("files");

  GST_DEBUG_CATEGORY_INIT (vm_signal_debug, "vmsignalbin", 0, "recorder");
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_vp8_plays_from_start_to_end);
  tcase_add_test (tc, test_h264_plays_from_start_to_end);
  tcase_add_test (tc, test_new_size_begins_a_new_file);
  tcase_add_test (tc, test_nothing_is_taken_while_it_is_held);
  tcase_add_loop_test (tc, test_times_never_go_back, 0, 2);
  tcase_add_loop_test (tc, test_times_of_a_tick, 0, 3);
  tcase_add_test (tc, test_muted_video_does_not_hold_sound_back);
  tcase_add_test (tc, test_nothing_is_overwritten);
  tcase_add_test (tc, test_link_is_not_followed);
  tcase_add_test (tc, test_folder_that_cannot_be_written);
  tcase_add_test (tc, test_disk_is_full);
  tcase_add_test (tc, test_file_is_removed);
  tcase_add_test (tc, test_given_up_in_the_end);
  tcase_add_test (tc, test_names_stay_in_the_folder);
  return s;
}

CHECK_PROGRAM (vmrecorder)
