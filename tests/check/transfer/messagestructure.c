/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages of a file transfer between elements: as structures, and on
 * buffers. */

#include "program.h"

#include <gst/videomeet/transfer/message/messagestructure.h>
#include <gst/videomeet/vmtransfermeta.h>
#include <string.h>

#define A "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
#define ID "\"transferId\":\"3d5f8f4e-0a1b-4c2d-8e3f-405162738495\""

/* One of each type, with all of its fields and with the fewest. */
static const gchar *const messages[] = {
  "{\"type\":\"FILE_OFFER\",\"filename\":\"a.iso\",\"size\":10223616,"
  "\"hash\":\"" A "\",\"id\":\"1\",\"mime\":\"text/plain\","
  "\"mtime\":\"2026-11-20T10:00:00.250Z\",\"encodings\":[\"json\",\"binary\"],"
  "\"chunkSize\":65536}",
  "{\"type\":\"FILE_OFFER\",\"filename\":\"b\",\"size\":0,\"hash\":\"\","
  "\"id\":\"1\"}",
  "{\"type\":\"FILE_RESPONSE\",\"accept\":true," ID ","
  "\"encoding\":\"binary\",\"have\":[0,10,12,3]}",
  "{\"type\":\"FILE_RESPONSE\",\"accept\":true," ID ",\"have\":[]}",
  "{\"type\":\"FILE_RESPONSE\",\"accept\":false,\"reason\":\"No\"}",
  "{\"type\":\"TRANSFER_START\"," ID ",\"chunkSize\":1024,"
  "\"totalChunks\":0}",
  "{\"type\":\"CHUNK_DATA\"," ID ",\"id\":9007199254740991,"
  "\"data\":\"YQ==\",\"hash\":\"" A "\"}",
  "{\"type\":\"CHUNK_ACK\"," ID ",\"id\":7,\"status\":\"corrupt\","
  "\"upTo\":5}",
  "{\"type\":\"TRANSFER_COMPLETE\"," ID ",\"totalChunks\":156,"
  "\"finalHash\":\"" A "\"}",
  "{\"type\":\"TRANSFER_VERIFIED\"," ID ",\"status\":\"verified\","
  "\"savedPath\":\"a.iso\"}",
  "{\"type\":\"TRANSFER_VERIFIED\"," ID ",\"status\":\"failed\","
  "\"reason\":\"Another hash\"}",
  "{\"type\":\"TRANSFER_PAUSE\"," ID ",\"reason\":\"full\"}",
  "{\"type\":\"TRANSFER_RESUME\"," ID "}",
  "{\"type\":\"TRANSFER_CANCEL\"," ID ",\"reason\":\"by the user\"}",
  "{\"type\":\"error\"," ID ",\"code\":\"BAD_MESSAGE\",\"message\":\"No\"}",
};

static VmTransferMessage *
read_message (const gchar *text)
{
  g_autoptr (GError) error = NULL;
  VmTransferMessage *message =
      vm_transfer_message_read (text, strlen (text), &error);

  fail_unless (message, "%s: %s", text, error ? error->message : "");
  return message;
}

GST_START_TEST (test_there_and_back)
{
  g_autoptr (VmTransferMessage) message = read_message (messages[__i__]);
  g_autoptr (GstStructure) s = vm_transfer_message_to_structure (message);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmTransferMessage) again =
      vm_transfer_message_from_structure (s, message->data, &error);
  g_autofree gchar *text = NULL;

  fail_unless (again, "%s", error ? error->message : "");
  text = vm_transfer_message_write (again);
  fail_unless_equals_string (text, messages[__i__]);
  fail_if (gst_structure_has_field (s, "data"));
}

GST_END_TEST;

/* The first message of that type with @field as @value, written as in a launch
 * line; NULL: without it. */
static GstStructure *
with_field (const gchar *type, const gchar *field, const gchar *value)
{
  for (guint i = 0; i < G_N_ELEMENTS (messages); i++) {
    g_autoptr (VmTransferMessage) message = read_message (messages[i]);
    g_autoptr (GstStructure) s = vm_transfer_message_to_structure (message);
    g_autofree gchar *text = g_strdup_printf ("x, x=%s", value);
    g_autoptr (GstStructure) x = gst_structure_new_from_string (text);

    if (!gst_structure_has_name (s, type))
      continue;
    gst_structure_remove_field (s, field);
    fail_unless (!value || x);
    if (value)
      gst_structure_set_value (s, field, gst_structure_get_value (x, "x"));
    return g_steal_pointer (&s);
  }
  fail ("no %s", type);
  return NULL;
}

static const struct
{
  const gchar *type, *field, *value;
} bad[] = {
  { "FILE_OFFER", "filename", NULL },
  { "FILE_OFFER", "filename", "(int)1" },
  { "FILE_OFFER", "size", "(gint64)-1" },
  { "FILE_OFFER", "size", "(gint64)9007199254740992" },
  { "FILE_OFFER", "size", "(int)5" },
  { "FILE_OFFER", "hash", "(string)abc" },
  { "FILE_OFFER", "id", "(string)\"../x\"" },
  { "FILE_OFFER", "chunkSize", "(gint64)1023" },
  { "FILE_OFFER", "encodings", "(string)json" },
  { "FILE_RESPONSE", "accept", "(string)maybe" },
  { "FILE_RESPONSE", "encoding", "(string)morse" },
  { "FILE_RESPONSE", "port", "(gint64)65536" },
  { "FILE_RESPONSE", "have", "<(guint64)1>" },
  { "FILE_RESPONSE", "have", "<(guint64)1,(guint64)0>" },
  { "FILE_RESPONSE", "have", "<(guint64)1,(guint64)2,(guint64)3,(guint64)1>" },
  { "FILE_RESPONSE", "have", "<(int)1,(int)2>" },
  { "CHUNK_DATA", "hash", "(string)\"\"" },
  { "TRANSFER_COMPLETE", "finalHash", NULL },
};

GST_START_TEST (test_refused)
{
  g_autoptr (GstStructure) s =
      with_field (bad[__i__].type, bad[__i__].field, bad[__i__].value);
  g_autoptr (GBytes) data = g_bytes_new_static ("a", 1);
  g_autoptr (GError) error = NULL;

  fail_if (vm_transfer_message_from_structure (s, data, &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE));
  fail_unless (strstr (error->message, bad[__i__].field), "%s says %s",
      bad[__i__].field, error->message);
}

GST_END_TEST;

static gboolean
is_taken (gsize size)
{
  g_autoptr (GstStructure) s = with_field ("CHUNK_DATA", "id", "(gint64)0");
  g_autoptr (GBytes) data =
      size ? g_bytes_new_take (g_malloc0 (size), size) : NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmTransferMessage) message =
      vm_transfer_message_from_structure (s, data, &error);

  fail_unless (!message == !!error);
  return message != NULL;
}

GST_START_TEST (test_chunk_size)
{
  fail_if (is_taken (0));
  fail_unless (is_taken (1));
  fail_unless (is_taken (VM_CHUNK_SIZE_MAX - 1));
  fail_unless (is_taken (VM_CHUNK_SIZE_MAX));
  fail_if (is_taken (VM_CHUNK_SIZE_MAX + 1));
}

GST_END_TEST;

GST_START_TEST (test_no_message)
{
  g_autoptr (GstStructure) s = gst_structure_new_empty ("FILE_GIFT");
  g_autoptr (GError) error = NULL;

  fail_if (vm_transfer_message_from_structure (s, NULL, &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE));
  fail_unless (strstr (error->message, "FILE_GIFT") != NULL);
}

GST_END_TEST;

/* gst_buffer_copy() and what tee and queue make of a buffer keep the
 * message. */
GST_START_TEST (test_meta_is_copied)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new_and_alloc (16);
  g_autoptr (GstBuffer) copy = NULL, part = NULL;
  g_autoptr (GstBuffer) plain = gst_buffer_new ();
  VmTransferMeta *meta;

  vm_buffer_add_transfer_meta (buffer,
      gst_structure_new ("CHUNK_DATA", "id", G_TYPE_INT64, (gint64) 7, NULL))
      ->lane = "wss";
  copy = gst_buffer_copy (buffer);
  part = gst_buffer_copy_region (
      buffer, GST_BUFFER_COPY_MEMORY | GST_BUFFER_COPY_META, 4, 4);
  meta = vm_buffer_get_transfer_meta (copy);
  fail_unless (meta != NULL);
  fail_if (meta->message == vm_buffer_get_transfer_meta (buffer)->message);
  fail_unless_equals_string (meta->lane, "wss");
  fail_unless (gst_structure_is_equal (
      meta->message, vm_buffer_get_transfer_meta (buffer)->message));
  fail_unless (vm_buffer_get_transfer_meta (part) != NULL);
  fail_unless (vm_buffer_get_transfer_meta (plain) == NULL);
}

GST_END_TEST;

static Suite *
messagestructure_suite (void)
{
  Suite *s = suite_create ("messagestructure");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_there_and_back, 0, G_N_ELEMENTS (messages));
  tcase_add_loop_test (tc, test_refused, 0, G_N_ELEMENTS (bad));
  tcase_add_test (tc, test_chunk_size);
  tcase_add_test (tc, test_no_message);
  tcase_add_test (tc, test_meta_is_copied);
  return s;
}

CHECK_PROGRAM (messagestructure)
