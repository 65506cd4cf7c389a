/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a user reads of a file that is on its way, and when it is over. */

#include "program.h"

#include <gst/videomeet/videomeet.h>
#include "cmd/transfer.h"
#include <glib/gstdio.h>
#include <string.h>

#define SIZE G_GUINT64_CONSTANT (3000000)

static GstStructure *
transfer_new (VmTransferState state, guint64 done)
{
  return gst_structure_new ("vm-transfer", "filename", G_TYPE_STRING, "a.iso",
      "size", G_TYPE_UINT64, SIZE, "done", G_TYPE_UINT64, done, "state",
      VM_TYPE_TRANSFER_STATE, state, NULL);
}

static void
check_result (const GstStructure *transfer, const gchar *start,
    const gchar *end, gboolean good)
{
  const VmtRate rate = { .since = g_get_monotonic_time () - G_USEC_PER_SEC };
  gboolean is_good;
  g_autofree gchar *text = vmt_transfer_result (transfer, &rate, &is_good);

  fail_unless (g_str_has_prefix (text, start), "%s", text);
  fail_unless (g_str_has_suffix (text, end), "%s", text);
  fail_unless_equals_int (is_good, good);
}

GST_START_TEST (test_lanes)
{
  static const gchar *const lanes[][2] = { { NULL, "/s)" }, { "wss", "/s)" },
    { "data-channel", "/s) over the call" }, { "link", "/s) over a link" },
    { "by pigeon", "/s)" } };

  for (guint i = 0; i < G_N_ELEMENTS (lanes); i++) {
    g_autoptr (GstStructure) s =
        transfer_new (VM_TRANSFER_STATE_COMPLETED, SIZE);

    if (lanes[i][0])
      gst_structure_set (s, "lane", G_TYPE_STRING, lanes[i][0], NULL);
    check_result (s, "a.iso: ", lanes[i][1], TRUE);
  }
}

GST_END_TEST;

GST_START_TEST (test_results)
{
  g_autoptr (GstStructure) same =
      transfer_new (VM_TRANSFER_STATE_COMPLETED, SIZE);
  g_autoptr (GstStructure) renamed = gst_structure_copy (same);
  g_autoptr (GstStructure) failed = transfer_new (VM_TRANSFER_STATE_FAILED, 1);
  g_autoptr (GstStructure) going =
      transfer_new (VM_TRANSFER_STATE_TRANSFERRING, 1);
  const VmtRate rate = { 0 };
  gboolean good = TRUE;

  gst_structure_set (same, "savedPath", G_TYPE_STRING, "a.iso", NULL);
  check_result (same, "a.iso: 3", "/s)", TRUE);
  gst_structure_set (renamed, "savedPath", G_TYPE_STRING, "a\033 (1).iso",
      "lane", G_TYPE_STRING, "wss", NULL);
  check_result (renamed, "a.iso: 3", "(1).iso", TRUE);
  gst_structure_set (
      failed, "message", G_TYPE_STRING, "The disk is gone", NULL);
  check_result (failed, "a.iso: The disk is gone", "The disk is gone", FALSE);
  fail_if (vmt_transfer_result (going, &rate, &good));
  fail_if (good);
}

GST_END_TEST;

/* A part that may be gone on with is told where it is, and no other. */
GST_START_TEST (test_what_is_kept)
{
  static const struct
  {
    VmTransferState state;
    const gchar *code;
    guint64 done;
    const gchar *text;
  } cases[] = {
    { VM_TRANSFER_STATE_FAILED, "DISCONNECTED", SIZE / 4,
        "; 25 % is kept for when it is sent again" },
    { VM_TRANSFER_STATE_FAILED, "TIMEOUT", SIZE,
        "; 100 % is kept for when it is sent again" },
    { VM_TRANSFER_STATE_FAILED, "TIMEOUT", 0, "" },
    { VM_TRANSFER_STATE_FAILED, "CANCELLED", SIZE / 4, "" },
    { VM_TRANSFER_STATE_FAILED, NULL, SIZE / 4, "" },
    { VM_TRANSFER_STATE_COMPLETED, NULL, SIZE, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GstStructure) s = transfer_new (cases[i].state, cases[i].done);
    g_autofree gchar *text = NULL;

    if (cases[i].code)
      gst_structure_set (s, "code", G_TYPE_STRING, cases[i].code, NULL);
    text = vmt_transfer_kept (s);
    fail_unless_equals_string (text, cases[i].text);
  }
}

GST_END_TEST;

/* A rate is said of what took long enough to have one, and where it was gone on
 * with. */
GST_START_TEST (test_times)
{
  static const struct
  {
    gint64 passed; /* µs */
    guint64 before;
    const gchar *end;
  } cases[] = {
    { 0, 0, "verified, in less than a second" },
    { 3 * G_USEC_PER_SEC, 0, "/s)" },
    { 3 * G_USEC_PER_SEC, SIZE / 2, "/s), resumed at 50 %" },
  };
  g_autoptr (GstStructure) s = transfer_new (VM_TRANSFER_STATE_COMPLETED, SIZE);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const VmtRate rate = {
      .since = cases[i].passed ? g_get_monotonic_time () - cases[i].passed : 0,
      .before = cases[i].before
    };
    gboolean good;
    g_autofree gchar *text = vmt_transfer_result (s, &rate, &good);

    fail_unless (good && g_str_has_suffix (text, cases[i].end), "%s", text);
  }
}

GST_END_TEST;

GST_START_TEST (test_progress)
{
  static const struct
  {
    VmTransferState state;
    const gchar *reason, *end;
    const gchar *direction; /* NULL: either */
  } cases[] = {
    { VM_TRANSFER_STATE_PENDING, NULL, "waits for an answer" },
    { VM_TRANSFER_STATE_TRANSFERRING, NULL, "--:-- left" },
    { VM_TRANSFER_STATE_PAUSED, NULL, " 50 %  paused" },
    { VM_TRANSFER_STATE_PAUSED, "full", " 50 %  the disk is full", "receive" },
    { VM_TRANSFER_STATE_PAUSED, "full", " 50 %  the disk there is full",
        "send" },
    { VM_TRANSFER_STATE_VERIFYING, NULL, " 50 %  is verified" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GstStructure) s = transfer_new (cases[i].state, SIZE / 2);
    g_autofree gchar *text = NULL;
    VmtRate rate = { 0 };

    if (cases[i].reason)
      gst_structure_set (s, "reason", G_TYPE_STRING, cases[i].reason, NULL);
    if (cases[i].direction)
      gst_structure_set (
          s, "direction", G_TYPE_STRING, cases[i].direction, NULL);
    text = vmt_transfer_progress (s, &rate);
    fail_unless (g_str_has_prefix (text, "a.iso  "), "%s", text);
    fail_unless (g_str_has_suffix (text, cases[i].end), "%s", text);
  }
}

GST_END_TEST;

/* Of a connection: a rate of before says nothing any more, and the clock
 * stands. */
GST_START_TEST (test_lost)
{
  static const struct
  {
    VmTransferState state;
    const gchar *direction, *end;
  } cases[] = {
    { VM_TRANSFER_STATE_PENDING, "send", "  the device does not answer" },
    { VM_TRANSFER_STATE_TRANSFERRING, "send",
        " 50 %  the device does not answer" },
    { VM_TRANSFER_STATE_PAUSED, "send", " 50 %  the device does not answer" },
    { VM_TRANSFER_STATE_TRANSFERRING, "receive", " 50 %  the sender is gone" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VmtRate rate = { .since = g_get_monotonic_time () - G_USEC_PER_SEC,
      .speed = 1e6 };
    g_autoptr (GstStructure) s = transfer_new (cases[i].state, SIZE / 2);
    g_autofree gchar *text = NULL;
    JsonObject *event;

    gst_structure_set (s, "direction", G_TYPE_STRING, cases[i].direction,
        "lost", G_TYPE_BOOLEAN, TRUE, NULL);
    text = vmt_transfer_progress (s, &rate);
    fail_unless (g_str_has_suffix (text, cases[i].end), "%s", text);
    fail_unless (rate.stands != 0);
    event = vmt_transfer_event (s);
    fail_unless (json_object_get_boolean_member (event, "lost"));
    json_object_unref (event);
  }
}

GST_END_TEST;

/* Of a queue, which connects for each file, it is told how far that is. */
GST_START_TEST (test_before_it_begins)
{
  static const struct
  {
    const gchar *queue, *lane, *text;
  } cases[] = {
    { NULL, NULL, "a.iso  waits for an answer" },
    { "active", NULL, "a.iso  connects" },
    { "active", "wss", "a.iso  waits for an answer" },
    { "resting", NULL, "a.iso  is begun again" },
    { "resting", "wss", "a.iso  is begun again" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GstStructure) s = transfer_new (VM_TRANSFER_STATE_PENDING, 0);
    g_autofree gchar *text = NULL;
    VmtRate rate = { 0 };

    if (cases[i].queue)
      gst_structure_set (s, "queue", G_TYPE_STRING, cases[i].queue, NULL);
    if (cases[i].lane)
      gst_structure_set (s, "lane", G_TYPE_STRING, cases[i].lane, NULL);
    text = vmt_transfer_progress (s, &rate);
    fail_unless_equals_string (text, cases[i].text);
  }
}

GST_END_TEST;

/* Each time a disk becomes full, and not as often as that is told. */
GST_START_TEST (test_full_is_warned_of_once)
{
  g_autoptr (GstStructure) full =
      transfer_new (VM_TRANSFER_STATE_PAUSED, SIZE / 2);
  g_autoptr (GstStructure) paused = gst_structure_copy (full);
  g_autoptr (GstStructure) going =
      transfer_new (VM_TRANSFER_STATE_TRANSFERRING, SIZE / 2);
  VmtRate rate = { 0 };

  gst_structure_set (full, "direction", G_TYPE_STRING, "receive", "reason",
      G_TYPE_STRING, "full", NULL);
  fail_if (vmt_transfer_warning (paused, &rate));
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *text = vmt_transfer_warning (full, &rate);

    fail_unless_equals_string (text, "a.iso waits for room: the disk is full.");
    fail_if (vmt_transfer_warning (full, &rate));
    vmt_transfer_follow (going, &rate);
  }
}

GST_END_TEST;

/* Whatever the names and figures: a terminal has 80 columns. */
GST_START_TEST (test_progress_fits)
{
  VmtRate rate = { .speed = 999.9e6, .since = 1, .looked = G_MAXINT64 };
  g_autofree gchar *name = g_strnfill (200, 'n');
  g_autoptr (GstStructure) s = gst_structure_new ("vm-transfer", "filename",
      G_TYPE_STRING, name, "size", G_TYPE_UINT64,
      (guint64) (999.9e6 * 3600 * 99), "done", G_TYPE_UINT64, (guint64) 1,
      "state", VM_TYPE_TRANSFER_STATE, VM_TRANSFER_STATE_TRANSFERRING, NULL);
  g_autofree gchar *text = vmt_transfer_progress (s, &rate);

  fail_unless (g_utf8_strlen (text, -1) <= 79, "%s", text);
  fail_unless (
      strstr (text, "MB/s") && g_str_has_suffix (text, " left"), "%s", text);
}

GST_END_TEST;

/* While it is paused its clock stands; behind that it is as fast as before. */
GST_START_TEST (test_pause)
{
  gint64 now = g_get_monotonic_time ();
  VmtRate rate = { .since = now - 10 * G_USEC_PER_SEC,
    .stands = now - 6 * G_USEC_PER_SEC,
    .looked = now - 6 * G_USEC_PER_SEC,
    .speed = 1e6 };
  g_autoptr (GstStructure) paused =
      transfer_new (VM_TRANSFER_STATE_PAUSED, SIZE / 2);
  g_autoptr (GstStructure) going =
      transfer_new (VM_TRANSFER_STATE_TRANSFERRING, SIZE / 2);
  g_autoptr (GstStructure) done =
      transfer_new (VM_TRANSFER_STATE_COMPLETED, SIZE);
  gboolean good;
  g_autofree gchar *progress = NULL, *result = NULL;

  vmt_transfer_follow (paused, &rate);
  fail_unless_equals_int64 (rate.stands, now - 6 * G_USEC_PER_SEC);
  progress = vmt_transfer_progress (going, &rate);
  fail_unless (strstr (progress, "1.0"), "%s", progress);
  fail_unless (g_str_has_suffix (progress, "00:01 left"), "%s", progress);
  vmt_transfer_follow (done, &rate);
  result = vmt_transfer_result (done, &rate, &good);
  fail_unless (strstr (result, "in 00:04 ("), "%s", result);
}

GST_END_TEST;

/* Two files of one name to two people are told apart. */
GST_START_TEST (test_event_of_a_queue)
{
  g_autoptr (GstStructure) s =
      transfer_new (VM_TRANSFER_STATE_TRANSFERRING, SIZE / 2);
  JsonObject *event = vmt_transfer_event (s);

  fail_if (json_object_has_member (event, "number"));
  json_object_unref (event);
  gst_structure_set (s, "entry", G_TYPE_UINT, 3, NULL);
  event = vmt_transfer_event (s);
  fail_unless_equals_int (json_object_get_int_member (event, "number"), 3);
  fail_unless_equals_string (
      json_object_get_string_member (event, "filename"), "a.iso");
  fail_unless_equals_int (json_object_get_int_member (event, "done"), SIZE / 2);
  json_object_unref (event);
}

GST_END_TEST;

/* What is received is for nobody else to see, whatever the umask says. */
GST_START_TEST (test_folder)
{
  g_autofree gchar *top = g_dir_make_tmp ("vm-receive-XXXXXX", NULL);
  g_autofree gchar *middle = g_build_filename (top, "from", NULL);
  g_autofree gchar *folder = g_build_filename (middle, "ann", NULL);
  g_autoptr (GError) error = NULL;
  GStatBuf st;

  fail_unless (vmt_transfer_make_folder (folder, &error));
  g_assert_no_error (error);
  fail_unless (g_stat (folder, &st) == 0);
  fail_unless_equals_int (st.st_mode & 07777, 0700);
  fail_unless (g_stat (middle, &st) == 0);
  fail_unless_equals_int (st.st_mode & 07777, 0700);
  /* one that was there is as its user wants it */
  fail_unless (g_chmod (folder, 0755) == 0);
  fail_unless (vmt_transfer_make_folder (folder, NULL));
  fail_unless (g_stat (folder, &st) == 0);
  fail_unless_equals_int (st.st_mode & 07777, 0755);
  g_rmdir (folder);
  g_rmdir (middle);
  g_rmdir (top);
}

GST_END_TEST;

static Suite *
tool_transfer_suite (void)
{
  Suite *s = suite_create ("tool-transfer");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_lanes);
  tcase_add_test (tc, test_results);
  tcase_add_test (tc, test_what_is_kept);
  tcase_add_test (tc, test_times);
  tcase_add_test (tc, test_progress);
  tcase_add_test (tc, test_lost);
  tcase_add_test (tc, test_before_it_begins);
  tcase_add_test (tc, test_full_is_warned_of_once);
  tcase_add_test (tc, test_progress_fits);
  tcase_add_test (tc, test_pause);
  tcase_add_test (tc, test_event_of_a_queue);
  tcase_add_test (tc, test_folder);
  return s;
}

CHECK_PROGRAM (tool_transfer)
