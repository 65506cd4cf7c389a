/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a user of vmfilesrc sees: which files are sent, in which states, and how
 * it says that one is not. */

#include "program.h"
#include "filepipe.h"

#include <glib/gstdio.h>

#define STATES "pending transferring verifying completed"

static FilePipe pipe_;

static void
setup (void)
{
  file_pipe_setup (&pipe_);
}

static void
teardown (void)
{
  file_pipe_teardown (&pipe_);
}

static const gsize sizes[] = { 0, 1, FILE_PIPE_CHUNK - 1, FILE_PIPE_CHUNK,
  FILE_PIPE_CHUNK + 1, 156 * FILE_PIPE_CHUNK };

GST_START_TEST (test_sizes)
{
  file_pipe_write (&pipe_, "a.bin", sizes[__i__]);
  fail_unless (file_pipe_run (&pipe_, NULL, NULL));
  file_pipe_assert_received (&pipe_, "a.bin");
  /* a small file may be whole before its first state is told */
  fail_unless_equals_string (pipe_.sent->str, STATES);
  fail_unless_equals_string (pipe_.received->str, STATES);
  fail_unless_equals_string (
      gst_structure_get_string (pipe_.last_sent, "savedPath"), "a.bin");
}

GST_END_TEST;

static const guint chunk_sizes[] = { 0, 1, VM_FILE_CHUNK_SIZE_MIN, 100001,
  VM_FILE_CHUNK_SIZE_MAX };

GST_START_TEST (test_chunk_sizes)
{
  g_autofree gchar *set = g_strdup_printf ("chunk-size=%u", chunk_sizes[__i__]);

  file_pipe_write (&pipe_, "a.bin", 3 * 1024 * 1024 + 17);
  fail_unless (file_pipe_run (&pipe_, set, NULL));
  file_pipe_assert_received (&pipe_, "a.bin");
}

GST_END_TEST;

static gchar **
three_paths (const gchar *second)
{
  gchar **paths = g_new0 (gchar *, 4);

  file_pipe_write (&pipe_, "one", 100);
  paths[0] = g_strdup (pipe_.path);
  file_pipe_write (&pipe_, second, 70000);
  paths[1] = g_strdup (pipe_.path);
  file_pipe_write (&pipe_, "three", 5);
  paths[2] = g_strdup (pipe_.path);
  return paths;
}

GST_START_TEST (test_several_files)
{
  g_auto (GStrv) paths = three_paths ("two");

  file_pipe_make (&pipe_, NULL, NULL);
  g_object_set (pipe_.src, "locations", paths, NULL);
  file_pipe_play (&pipe_);
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  g_assert_no_error (pipe_.error);
  fail_unless_equals_int (file_pipe_count (&pipe_), 3);
  fail_unless_equals_string (pipe_.sent->str, STATES " " STATES " " STATES);
}

GST_END_TEST;

GST_START_TEST (test_one_of_several_is_missing)
{
  g_auto (GStrv) paths = three_paths ("two");

  g_unlink (paths[1]);
  file_pipe_make (&pipe_, NULL, NULL);
  g_object_set (pipe_.src, "locations", paths, NULL);
  file_pipe_play (&pipe_);
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  fail_unless_equals_int (pipe_.warnings, 1);
  fail_unless (strstr (pipe_.warning->message, "two") != NULL);
  fail_unless (
      strstr (pipe_.error->message, "1 of 3 files are not sent") != NULL);
  fail_unless_equals_int (file_pipe_count (&pipe_), 2);
}

GST_END_TEST;

GST_START_TEST (test_no_location)
{
  file_pipe_make (&pipe_, NULL, NULL);
  file_pipe_play (&pipe_);
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  fail_unless (g_error_matches (
      pipe_.error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND));
  fail_unless (strstr (pipe_.error->message, "location") != NULL);
  fail_unless_equals_string (pipe_.property, "location");
}

GST_END_TEST;

GST_START_TEST (test_missing_file)
{
  file_pipe_write (&pipe_, "gone.bin", 10);
  g_unlink (pipe_.path);
  fail_unless (!file_pipe_run (&pipe_, NULL, NULL));
  fail_unless (g_error_matches (
      pipe_.error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND));
  fail_unless (strstr (pipe_.error->message, "gone.bin") != NULL);
  fail_unless_equals_string (pipe_.code, "NOT_FOUND");
  file_pipe_assert_empty (&pipe_);
}

GST_END_TEST;

GST_START_TEST (test_folder_is_no_file)
{
  file_pipe_write (&pipe_, "x", 10);
  g_unlink (pipe_.path);
  fail_unless_equals_int (g_mkdir (pipe_.path, 0700), 0);
  fail_unless (!file_pipe_run (&pipe_, NULL, NULL));
  fail_unless_equals_string (pipe_.code, "BAD_REQUEST");
}

GST_END_TEST;

/* Nobody could write it down. */
GST_START_TEST (test_name_that_no_receiver_takes)
{
  file_pipe_write (&pipe_, "turn\xe2\x80\xaetxt.exe", 10);
  fail_unless (!file_pipe_run (&pipe_, NULL, NULL));
  fail_unless_equals_string (pipe_.code, "BAD_MESSAGE");
}

GST_END_TEST;

GST_START_TEST (test_declined)
{
  file_pipe_write (&pipe_, "a.bin", 10);
  fail_unless (!file_pipe_run (&pipe_, NULL, "accept=never"));
  fail_unless_equals_string (pipe_.code, "DECLINED");
  fail_unless_equals_string (pipe_.sent->str, "pending failed");
  file_pipe_assert_empty (&pipe_);
}

GST_END_TEST;

GST_START_TEST (test_cancelled_by_the_sender)
{
  file_pipe_write (&pipe_, "a.bin", 4 * 1024 * 1024);
  file_pipe_make (&pipe_, "paused=true", NULL);
  file_pipe_play (&pipe_);
  file_pipe_wait_state (&pipe_, "paused", "paused");
  g_signal_emit_by_name (pipe_.src, "cancel");
  file_pipe_wait_state (&pipe_, NULL, "failed");
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  fail_unless_equals_string (pipe_.code, "CANCELLED");
  file_pipe_assert_empty (&pipe_);
}

GST_END_TEST;

GST_START_TEST (test_paused_and_resumed)
{
  gdouble progress;

  file_pipe_write (&pipe_, "a.bin", 4 * 1024 * 1024);
  file_pipe_make (&pipe_, "paused=true", NULL);
  file_pipe_play (&pipe_);
  file_pipe_wait_state (&pipe_, "paused", "paused");
  g_object_get (pipe_.src, "progress", &progress, NULL);
  fail_unless (progress < 1);
  g_object_set (pipe_.src, "paused", FALSE, NULL);
  file_pipe_wait (&pipe_);
  g_assert_no_error (pipe_.error);
  g_object_get (pipe_.src, "progress", &progress, NULL);
  file_pipe_stop (&pipe_);
  fail_unless_equals_float (progress, 1);
  file_pipe_assert_received (&pipe_, "a.bin");
  fail_unless_equals_string (pipe_.sent->str,
      "pending transferring paused transferring verifying completed");
}

GST_END_TEST;

/* Half a second's worth takes that long, the first burst not counted. */
GST_START_TEST (test_max_bitrate)
{
  gint64 begun = g_get_monotonic_time ();

  file_pipe_write (&pipe_, "a.bin", 1024 * 1024);
  fail_unless (file_pipe_run (&pipe_, "max-bitrate=16777216", NULL));
  fail_unless (g_get_monotonic_time () - begun > 400000);
  file_pipe_assert_received (&pipe_, "a.bin");
}

GST_END_TEST;

/* So slow that it would take a week; lifted, it goes on at once. */
GST_START_TEST (test_max_bitrate_is_lifted)
{
  file_pipe_write (&pipe_, "a.bin", 1024 * 1024);
  file_pipe_make (&pipe_, "max-bitrate=10", NULL);
  file_pipe_play (&pipe_);
  file_pipe_wait_state (&pipe_, "transferring", "transferring");
  g_object_set (pipe_.src, "max-bitrate", G_GUINT64_CONSTANT (0), NULL);
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  g_assert_no_error (pipe_.error);
  file_pipe_assert_received (&pipe_, "a.bin");
}

GST_END_TEST;

/* Nobody answers the offer; the user has enough. */
GST_START_TEST (test_stopped_while_it_waits)
{
  file_pipe_write (&pipe_, "a.bin", 10);
  file_pipe_make (&pipe_, NULL, "accept=ask");
  file_pipe_play (&pipe_);
  file_pipe_wait_state (&pipe_, "pending", "pending");
  file_pipe_stop (&pipe_);
  file_pipe_assert_empty (&pipe_);
}

GST_END_TEST;

static GstPadProbeReturn
change_file (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (g_strcmp0 (file_pipe_message_name (info), "TRANSFER_START") == 0)
    fail_unless (g_file_set_contents (pipe_.path, user_data, -1, NULL));
  return GST_PAD_PROBE_OK;
}

/* g_file_set_contents() puts another file in its place: what was opened is
 * sent. */
GST_START_TEST (test_another_file_takes_its_place)
{
  file_pipe_write (&pipe_, "a.bin", 1024 * 1024);
  file_pipe_make (&pipe_, NULL, NULL);
  file_pipe_probe (
      &pipe_, GST_PAD_PROBE_TYPE_BUFFER, change_file, (gpointer) "other");
  file_pipe_play (&pipe_);
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  g_assert_no_error (pipe_.error);
  file_pipe_assert_received (&pipe_, "a.bin");
}

GST_END_TEST;

static GstPadProbeReturn
cut_file (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (g_strcmp0 (file_pipe_message_name (info), "TRANSFER_START") == 0)
    fail_unless_equals_int (truncate (pipe_.path, 100), 0);
  return GST_PAD_PROBE_OK;
}

GST_START_TEST (test_truncated_while_it_is_read)
{
  file_pipe_write (&pipe_, "a.bin", 1024 * 1024);
  file_pipe_make (&pipe_, NULL, NULL);
  file_pipe_probe (&pipe_, GST_PAD_PROBE_TYPE_BUFFER, cut_file, NULL);
  file_pipe_play (&pipe_);
  file_pipe_wait_state (&pipe_, NULL, "failed");
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  fail_unless (pipe_.error != NULL);
  fail_unless (strstr (pipe_.error->message, "was cut") != NULL, "%s",
      pipe_.error->message);
  file_pipe_assert_absent (&pipe_, "a.bin");
}

GST_END_TEST;

#define CHUNKS 64
static guint at; /* chunks that pass; those behind them are dropped */
static guint seen;

static GstPadProbeReturn
drop_from (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (g_strcmp0 (file_pipe_message_name (info), "CHUNK_DATA") != 0)
    return GST_PAD_PROBE_OK;
  return seen++ < at ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

/* Each chunk once: what a slow disk is late with is sent again. */
static GstPadProbeReturn
count (GstPad *pad, GstPadProbeInfo *info, gpointer sent)
{
  VmTransferMeta *meta =
      vm_buffer_get_transfer_meta (GST_PAD_PROBE_INFO_BUFFER (info));
  gint64 id;

  if (g_strcmp0 (file_pipe_message_name (info), "CHUNK_DATA") == 0
      && gst_structure_get_int64 (meta->message, "id", &id))
    g_hash_table_add (sent, GSIZE_TO_POINTER ((gsize) id));
  return GST_PAD_PROBE_OK;
}

/* Until the receiver has verified half of the file, and gets no more. */
static void
play_half (void)
{
  guint64 done = 0;

  at = CHUNKS / 2;
  seen = 0;
  file_pipe_write (&pipe_, "a.bin", CHUNKS * FILE_PIPE_CHUNK);
  file_pipe_make (&pipe_, NULL, NULL);
  file_pipe_probe (&pipe_, GST_PAD_PROBE_TYPE_BUFFER, drop_from, NULL);
  file_pipe_play (&pipe_);
  while (done < at * FILE_PIPE_CHUNK) {
    file_pipe_wait_message (&pipe_);
    if (pipe_.last_sent)
      gst_structure_get_uint64 (pipe_.last_sent, "done", &done);
  }
}

static void
assert_not_whole (void)
{
  fail_unless (pipe_.error != NULL);
  fail_unless_equals_string (pipe_.code, "DISCONNECTED");
  fail_unless (
      strstr (pipe_.error->message, "\"a.bin\" is not whole there") != NULL,
      "%s", pipe_.error->message);
  file_pipe_assert_absent (&pipe_, "a.bin");
}

/* To the pipeline, as gst-launch does, or to the element. */
GST_START_TEST (test_eos_in_mid_file)
{
  g_autoptr (GHashTable) sent = g_hash_table_new (NULL, NULL);

  play_half ();
  fail_unless (gst_element_send_event (
      __i__ ? pipe_.src : pipe_.pipeline, gst_event_new_eos ()));
  file_pipe_wait (&pipe_);
  fail_unless (!pipe_.eos);
  while (!pipe_.eos)
    file_pipe_wait_message (&pipe_);
  file_pipe_stop (&pipe_);
  assert_not_whole ();
  fail_unless_equals_string (pipe_.sent->str, "pending transferring failed");
  fail_unless_equals_string (
      pipe_.received->str, "pending transferring failed");
  fail_unless_equals_string (
      gst_structure_get_string (pipe_.last_received, "code"), "DISCONNECTED");

  file_pipe_make (&pipe_, NULL, NULL);
  file_pipe_probe (&pipe_, GST_PAD_PROBE_TYPE_BUFFER, count, sent);
  file_pipe_play (&pipe_);
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  g_assert_no_error (pipe_.error);
  file_pipe_assert_received (&pipe_, "a.bin");
  fail_unless_equals_int (g_hash_table_size (sent), CHUNKS - at);
}

GST_END_TEST;

/* The offer stands in the sink until PLAYING: nobody waits for that. */
GST_START_TEST (test_eos_in_paused)
{
  file_pipe_write (&pipe_, "a.bin", 10);
  file_pipe_make (&pipe_, NULL, NULL);
  gst_element_set_state (pipe_.pipeline, GST_STATE_PAUSED);
  file_pipe_wait_state (&pipe_, "pending", NULL);
  fail_unless (gst_element_send_event (pipe_.pipeline, gst_event_new_eos ()));
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  assert_not_whole ();
  file_pipe_assert_empty (&pipe_);
}

GST_END_TEST;

GST_START_TEST (test_eos_in_mid_file_in_paused)
{
  play_half ();
  gst_element_set_state (pipe_.pipeline, GST_STATE_PAUSED);
  fail_unless (gst_element_send_event (pipe_.pipeline, gst_event_new_eos ()));
  file_pipe_wait (&pipe_);
  fail_unless (!pipe_.eos);
  file_pipe_play (&pipe_);
  while (!pipe_.eos)
    file_pipe_wait_message (&pipe_);
  file_pipe_stop (&pipe_);
  assert_not_whole ();
}

GST_END_TEST;

/* The first is there, the second is on its way, the third has not begun. */
GST_START_TEST (test_eos_in_several_files)
{
  g_auto (GStrv) paths = three_paths ("two");

  at = 1;
  seen = 0;
  file_pipe_make (&pipe_, NULL, NULL);
  file_pipe_probe (&pipe_, GST_PAD_PROBE_TYPE_BUFFER, drop_from, NULL);
  g_object_set (pipe_.src, "locations", paths, NULL);
  file_pipe_play (&pipe_);
  file_pipe_wait_state (&pipe_, STATES " pending transferring", NULL);
  fail_unless (gst_element_send_event (pipe_.pipeline, gst_event_new_eos ()));
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  fail_unless (pipe_.error != NULL);
  fail_unless (
      strstr (pipe_.error->message, "2 of 3 files are not sent") != NULL, "%s",
      pipe_.error->message);
  fail_unless_equals_string (pipe_.code, "DISCONNECTED");
  file_pipe_assert_absent (&pipe_, "two");
  file_pipe_assert_absent (&pipe_, "three");
}

GST_END_TEST;

static GstPadProbeReturn
end_it (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (g_strcmp0 (file_pipe_message_name (info), "TRANSFER_COMPLETE") == 0)
    gst_element_send_event (pipe_.src, gst_event_new_eos ());
  return GST_PAD_PROBE_OK;
}

/* What has all its bytes there gets its name. */
GST_START_TEST (test_eos_while_it_is_verified)
{
  file_pipe_write (&pipe_, "a.bin", 1024 * 1024);
  file_pipe_make (&pipe_, NULL, NULL);
  file_pipe_probe (&pipe_, GST_PAD_PROBE_TYPE_BUFFER, end_it, NULL);
  file_pipe_play (&pipe_);
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  g_assert_no_error (pipe_.error);
  fail_unless_equals_string (pipe_.sent->str, STATES);
  file_pipe_assert_received (&pipe_, "a.bin");
}

GST_END_TEST;

GST_START_TEST (test_eos_after_the_end)
{
  file_pipe_write (&pipe_, "a.bin", 10);
  file_pipe_make (&pipe_, NULL, NULL);
  file_pipe_play (&pipe_);
  file_pipe_wait (&pipe_);
  gst_element_send_event (pipe_.pipeline, gst_event_new_eos ());
  file_pipe_stop (&pipe_);
  g_assert_no_error (pipe_.error);
  fail_unless_equals_string (pipe_.sent->str, STATES);
  file_pipe_assert_received (&pipe_, "a.bin");
}

GST_END_TEST;

/* It is at its end when it begins, as any source; and then only once. */
GST_START_TEST (test_eos_before_it_begins)
{
  file_pipe_write (&pipe_, "a.bin", 10);
  file_pipe_make (&pipe_, NULL, NULL);
  gst_element_set_state (pipe_.pipeline, GST_STATE_READY);
  gst_element_send_event (pipe_.src, gst_event_new_eos ());
  file_pipe_play (&pipe_);
  file_pipe_wait (&pipe_);
  g_assert_no_error (pipe_.error);
  gst_element_set_state (pipe_.pipeline, GST_STATE_READY);
  file_pipe_assert_empty (&pipe_);
  pipe_.eos = FALSE;
  file_pipe_play (&pipe_);
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  g_assert_no_error (pipe_.error);
  file_pipe_assert_received (&pipe_, "a.bin");
}

GST_END_TEST;

static Suite *
vmfilesrc_suite (void)
{
  Suite *s = suite_create ("vmfilesrc");
  TCase *tc = tcase_create ("vmfilesrc");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_sizes, 0, G_N_ELEMENTS (sizes));
  tcase_add_loop_test (tc, test_chunk_sizes, 0, G_N_ELEMENTS (chunk_sizes));
  tcase_add_test (tc, test_several_files);
  tcase_add_test (tc, test_one_of_several_is_missing);
  tcase_add_test (tc, test_no_location);
  tcase_add_test (tc, test_missing_file);
  tcase_add_test (tc, test_folder_is_no_file);
  tcase_add_test (tc, test_name_that_no_receiver_takes);
  tcase_add_test (tc, test_declined);
  tcase_add_test (tc, test_cancelled_by_the_sender);
  tcase_add_test (tc, test_paused_and_resumed);
  tcase_add_test (tc, test_max_bitrate);
  tcase_add_test (tc, test_max_bitrate_is_lifted);
  tcase_add_test (tc, test_stopped_while_it_waits);
  tcase_add_test (tc, test_another_file_takes_its_place);
  tcase_add_test (tc, test_truncated_while_it_is_read);
  tcase_add_loop_test (tc, test_eos_in_mid_file, 0, 2);
  tcase_add_test (tc, test_eos_in_paused);
  tcase_add_test (tc, test_eos_in_mid_file_in_paused);
  tcase_add_test (tc, test_eos_in_several_files);
  tcase_add_test (tc, test_eos_while_it_is_verified);
  tcase_add_test (tc, test_eos_after_the_end);
  tcase_add_test (tc, test_eos_before_it_begins);
  return s;
}

CHECK_PROGRAM (vmfilesrc)
