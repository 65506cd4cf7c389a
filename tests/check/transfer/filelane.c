/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What goes over the data channels of one peer, without channels. */

#include "program.h"

#include <gst/videomeet/transfer/message/frame.h>
#include <gst/videomeet/transfer/objects/vmfilelane.h>
#include <gst/videomeet/videomeet.h>
#include <string.h>

#define ID "3d5f8f4e-0a1b-4c2d-8e3f-405162738495"
#define HASH "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"

static gboolean
put (VmFileLane *lane, const gchar *text, gsize size, VmError *code)
{
  g_autoptr (GstStructure) s = gst_structure_from_string (text, NULL);
  g_autoptr (GBytes) data =
      size ? g_bytes_new_take (g_malloc0 (size), size) : NULL;
  g_autoptr (GError) error = NULL;
  gboolean done;

  fail_unless (s != NULL, "%s", text);
  done = vm_file_lane_put (lane, s, data, &error);
  fail_unless (done == !error);
  if (code)
    *code = error ? (VmError) error->code : 0;
  return done;
}

static gboolean
offer (VmFileLane *lane, const gchar *id)
{
  g_autofree gchar *text = g_strdup_printf (
      "FILE_OFFER, id=(string)%s, filename=(string)f, size=(gint64)9, "
      "hash=(string)\"\"",
      id);

  return put (lane, text, 0, NULL);
}

static gboolean
put_chunk (VmFileLane *lane, gint64 index, gsize size, VmError *code)
{
  g_autofree gchar *text =
      g_strdup_printf ("CHUNK_DATA, transferId=(string)" ID
                       ", id=(gint64)%" G_GINT64_FORMAT ", hash=(string)" HASH,
          index);

  return put (lane, text, size, code);
}

static GstBuffer *
take_text (VmFileLane *lane, const gchar *text, GError **error)
{
  g_autoptr (GBytes) data = g_bytes_new (text, strlen (text));

  return vm_file_lane_take (lane, data, TRUE, error);
}

static const gchar *
name_of (GstBuffer *buffer)
{
  fail_unless (buffer != NULL);
  fail_unless_equals_string (
      vm_buffer_get_transfer_meta (buffer)->lane, "data-channel");
  return gst_structure_get_name (vm_buffer_get_transfer_meta (buffer)->message);
}

/* The receiver has said that it takes frames. */
static VmFileLane *
new_lane (const gchar *encoding)
{
  VmFileLane *lane = vm_file_lane_new ();
  g_autofree gchar *text = g_strdup_printf (
      "{\"type\":\"FILE_RESPONSE\",\"accept\":true,\"transferId\":\"" ID
      "\",\"encoding\":\"%s\"}",
      encoding);
  g_autoptr (GstBuffer) response = NULL;
  gboolean is_text;

  fail_unless (offer (lane, ID));
  g_bytes_unref (
      vm_file_lane_next (lane, VM_FILE_LANE_CONTROL, 0, FALSE, &is_text));
  response = take_text (lane, text, NULL);
  fail_unless_equals_string (name_of (response), "FILE_RESPONSE");
  return lane;
}

static GBytes *
next (VmFileLane *lane, const gchar *label, gboolean media, gboolean text)
{
  gboolean is_text;
  GBytes *packet = vm_file_lane_next (lane, label, 0, media, &is_text);

  if (packet)
    fail_unless_equals_int (is_text, text);
  return packet;
}

/* All packets to @to; how many, and the largest. */
static guint
carry (VmFileLane *from, VmFileLane *to, gboolean media, gsize *largest,
    GstBuffer **last)
{
  GBytes *packet;
  guint n = 0;

  *largest = 0;
  while ((packet = next (from, VM_FILE_LANE_DATA, media, FALSE))) {
    g_autoptr (GError) error = NULL;

    fail_unless (!*last);
    *largest = MAX (*largest, g_bytes_get_size (packet));
    *last = vm_file_lane_take (to, packet, FALSE, &error);
    g_assert_no_error (error);
    g_bytes_unref (packet);
    n++;
  }
  return n;
}

GST_START_TEST (test_chunk_in_frames)
{
  gboolean media = __i__;
  g_autoptr (VmFileLane) lane = new_lane ("binary");
  g_autoptr (VmFileLane) other = vm_file_lane_new ();
  g_autoptr (GstBuffer) chunk = NULL;
  gsize largest;
  guint n;

  fail_unless (put_chunk (lane, 3, 65536, NULL));
  n = carry (lane, other, media, &largest, &chunk);
  fail_unless_equals_int (n, media ? 5 : 2);
  fail_unless_equals_uint64 (largest, media ? 16384 : 65536);
  fail_unless_equals_string (name_of (chunk), "CHUNK_DATA");
  fail_unless_equals_uint64 (gst_buffer_get_size (chunk), 65536);
}

GST_END_TEST;

/* Of the two sizes one fits into a message as JSON. */
GST_START_TEST (test_chunk_as_json)
{
  g_autoptr (VmFileLane) lane = new_lane ("json");
  g_autoptr (VmFileLane) other = vm_file_lane_new ();
  g_autoptr (GBytes) packet = NULL;
  g_autoptr (GstBuffer) chunk = NULL;
  VmError code;

  fail_if (put_chunk (lane, 0, VM_FILE_LANE_JSON_CHUNK_MAX + 1, &code));
  fail_unless_equals_int (code, VM_ERROR_TOO_LARGE);
  fail_unless (put_chunk (lane, 0, VM_FILE_LANE_JSON_CHUNK_MAX, NULL));
  packet = next (lane, VM_FILE_LANE_DATA, FALSE, TRUE);
  fail_unless (g_bytes_get_size (packet) <= VM_FRAME_CHANNEL_MAX);
  chunk = vm_file_lane_take (other, packet, TRUE, NULL);
  fail_unless_equals_uint64 (
      gst_buffer_get_size (chunk), VM_FILE_LANE_JSON_CHUNK_MAX);
}

GST_END_TEST;

/* Chunks wait up to the limit; control passes them by. */
GST_START_TEST (test_room)
{
  g_autoptr (VmFileLane) lane = new_lane ("binary");
  g_autoptr (GBytes) control = NULL;
  guint n = VM_FILE_LANE_WAITING_MAX / 65536;
  VmError code;

  for (guint i = 0; i < n; i++) {
    fail_unless (vm_file_lane_has_room (lane));
    fail_unless (put_chunk (lane, i, i + 1 < n ? 65536 : 65535, NULL));
  }
  fail_unless (vm_file_lane_has_room (lane));
  fail_unless (put_chunk (lane, n, 1, NULL));
  fail_if (vm_file_lane_has_room (lane));
  fail_if (put_chunk (lane, n + 1, 1, &code));
  fail_unless_equals_int (code, VM_ERROR_RATE_LIMITED);
  fail_unless (put (lane, "TRANSFER_PAUSE, transferId=(string)" ID, 0, NULL));
  control = next (lane, VM_FILE_LANE_CONTROL, FALSE, TRUE);
  fail_unless (control != NULL);
}

GST_END_TEST;

GST_START_TEST (test_buffered)
{
  static const gchar *const labels[] = { VM_FILE_LANE_CONTROL,
    VM_FILE_LANE_DATA };
  g_autoptr (VmFileLane) lane = new_lane ("binary");
  gboolean text;

  fail_unless (put_chunk (lane, 0, 10, NULL));
  fail_unless (put (lane, "TRANSFER_PAUSE, transferId=(string)" ID, 0, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (labels); i++) {
    g_autoptr (GBytes) packet = NULL;

    fail_unless (!vm_file_lane_next (
        lane, labels[i], VM_FILE_LANE_BUFFERED_MAX, FALSE, &text));
    fail_unless (!vm_file_lane_next (
        lane, labels[i], VM_FILE_LANE_BUFFERED_MAX + 1, FALSE, &text));
    packet = vm_file_lane_next (
        lane, labels[i], VM_FILE_LANE_BUFFERED_MAX - 1, FALSE, &text);
    fail_unless (packet != NULL);
  }
}

GST_END_TEST;

GST_START_TEST (test_control_is_bounded)
{
  g_autoptr (VmFileLane) lane = new_lane ("binary");
  const gchar *pause = "TRANSFER_PAUSE, transferId=(string)" ID;
  g_autoptr (GBytes) packet = NULL;
  VmError code;

  for (guint i = 0; i < VM_FILE_LANE_CONTROL_MAX; i++)
    fail_unless (put (lane, pause, 0, NULL));
  fail_if (put (lane, pause, 0, &code));
  fail_unless_equals_int (code, VM_ERROR_RATE_LIMITED);
  packet = next (lane, VM_FILE_LANE_CONTROL, FALSE, TRUE);
  fail_unless (put (lane, pause, 0, NULL));
}

GST_END_TEST;

GST_START_TEST (test_offers_are_bounded)
{
  g_autoptr (VmFileLane) lane = vm_file_lane_new ();
  g_autoptr (GstBuffer) end = NULL;

  for (guint i = 0; i < VM_FILE_LANE_TRANSFERS_MAX; i++) {
    g_autofree gchar *id = g_strdup_printf ("f-%u", i);

    fail_unless (offer (lane, id));
  }
  fail_unless (offer (lane, "f-0"), "again");
  fail_if (offer (lane, "one-more"));
  end = take_text (lane,
      "{\"type\":\"FILE_RESPONSE\",\"accept\":false,\"transferId\":\"f-7\"}",
      NULL);
  fail_unless (end != NULL);
  fail_unless (offer (lane, "one-more"));
}

GST_END_TEST;

/* Whoever ends a transfer wants no more of its chunks, those cut already
 * neither; others' go on. */
GST_START_TEST (test_an_end_drops_chunks)
{
  static const gchar *const ends[] = {
    "{\"type\":\"TRANSFER_CANCEL\",\"transferId\":\"" ID "\"}",
    "{\"type\":\"error\",\"transferId\":\"" ID "\",\"code\":\"FAILED\"}",
    NULL,
  };
  g_autoptr (VmFileLane) lane = new_lane ("binary");
  g_autoptr (GBytes) first = NULL, other = NULL;
  g_autoptr (GstBuffer) end = NULL;

  fail_unless (put_chunk (lane, 0, 65536, NULL));
  fail_unless (put_chunk (lane, 1, 65536, NULL));
  fail_unless (put (lane,
      "CHUNK_DATA, transferId=(string)g, id=(gint64)0, hash=(string)" HASH, 9,
      NULL));
  first = next (lane, VM_FILE_LANE_DATA, TRUE, FALSE);
  if (ends[__i__])
    end = take_text (lane, ends[__i__], NULL);
  else
    fail_unless (
        put (lane, "TRANSFER_CANCEL, transferId=(string)" ID, 0, NULL));
  other = next (lane, VM_FILE_LANE_DATA, TRUE, TRUE);
  fail_unless (other != NULL);
  fail_unless (!next (lane, VM_FILE_LANE_DATA, TRUE, FALSE));
}

GST_END_TEST;

GST_START_TEST (test_garbage)
{
  static const gchar *const texts[] = { "", "{}", "hello",
    "{\"type\":\"CHUNK_ACK\"}", "VMF1" };
  g_autoptr (VmFileLane) lane = vm_file_lane_new ();

  for (guint i = 0; i < 2 * G_N_ELEMENTS (texts); i++) {
    const gchar *text = texts[i / 2];
    g_autoptr (GBytes) data = g_bytes_new (text, strlen (text));
    g_autoptr (GError) error = NULL;

    fail_unless (!vm_file_lane_take (lane, data, i % 2, &error));
    fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE));
  }
}

GST_END_TEST;

/* Another connection: what was cut for the last one is not for this one. */
GST_START_TEST (test_clear)
{
  g_autoptr (VmFileLane) lane = new_lane ("binary");
  g_autoptr (GBytes) first = NULL, again = NULL;

  fail_unless (put_chunk (lane, 0, 65536, NULL));
  fail_unless (put (lane, "TRANSFER_PAUSE, transferId=(string)" ID, 0, NULL));
  first = next (lane, VM_FILE_LANE_DATA, FALSE, FALSE);
  vm_file_lane_clear (lane);
  fail_unless (!next (lane, VM_FILE_LANE_DATA, FALSE, FALSE));
  fail_unless (!next (lane, VM_FILE_LANE_CONTROL, FALSE, TRUE));
  fail_unless (put_chunk (lane, 0, 65536, NULL));
  again = next (lane, VM_FILE_LANE_DATA, FALSE, FALSE);
  fail_unless (g_bytes_equal (again, first));
}

GST_END_TEST;

static Suite *
filelane_suite (void)
{
  Suite *s = suite_create ("filelane");
  TCase *tc = tcase_create ("filelane");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_chunk_in_frames, 0, 2);
  tcase_add_test (tc, test_chunk_as_json);
  tcase_add_test (tc, test_room);
  tcase_add_test (tc, test_buffered);
  tcase_add_test (tc, test_control_is_bounded);
  tcase_add_test (tc, test_offers_are_bounded);
  tcase_add_loop_test (tc, test_an_end_drops_chunks, 0, 3);
  tcase_add_test (tc, test_garbage);
  tcase_add_test (tc, test_clear);
  return s;
}

CHECK_PROGRAM (filelane)
