/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The messages of a file transfer: as protocol/files.md#base-messages draws
 * them, with all that protocol/files.md#file-messages adds, without each of
 * their fields, and at their limits. */

#include "program.h"

#include <gst/videomeet/transfer/message/message.h>
#include <string.h>

/* SHA-256 of nothing, and of "a" */
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define A "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
#define UUID "3d5f8f4e-0a1b-4c2d-8e3f-405162738495"
#define ID "\"transferId\":\"" UUID "\""

static VmTransferMessage *
read_message (const gchar *text)
{
  g_autoptr (GError) error = NULL;
  VmTransferMessage *message =
      vm_transfer_message_read (text, strlen (text), &error);

  fail_unless (message, "%s: %s", text, error ? error->message : "");
  fail_unless (!error);
  return message;
}

static void
check_refused (const gchar *text, const gchar *why)
{
  g_autoptr (GError) error = NULL;

  fail_if (vm_transfer_message_read (text, strlen (text), &error), "%s", text);
  fail_unless (
      g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE), "%s", text);
  fail_unless (strstr (error->message, why), "%s: %s, not %s", text,
      error->message, why);
}

static void
check_again (const gchar *text)
{
  g_autoptr (VmTransferMessage) message = read_message (text);
  g_autofree gchar *written = vm_transfer_message_write (message);

  fail_unless_equals_string (written, text);
}

/* What the base protocol draws, and nothing else. */
static const gchar *const of_the_seed[] = {
  "{\"type\":\"FILE_OFFER\",\"filename\":\"a.iso\",\"size\":10223616,"
  "\"hash\":\"" A "\",\"id\":\"" UUID "\"}",
  "{\"type\":\"FILE_RESPONSE\",\"accept\":true," ID "}",
  "{\"type\":\"TRANSFER_START\"," ID ",\"chunkSize\":65536,"
  "\"totalChunks\":156}",
  "{\"type\":\"CHUNK_DATA\"," ID ",\"id\":0,\"data\":\"YQ==\",\"hash\":\"" A
  "\"}",
  "{\"type\":\"CHUNK_ACK\"," ID ",\"id\":0,\"status\":\"received\"}",
  "{\"type\":\"TRANSFER_COMPLETE\"," ID ",\"totalChunks\":156,"
  "\"finalHash\":\"" A "\"}",
  "{\"type\":\"TRANSFER_VERIFIED\"," ID ",\"status\":\"verified\","
  "\"savedPath\":\"/path\"}",
};

/* What protocol/files.md#file-messages adds. */
static const gchar *const added[] = {
  "{\"type\":\"FILE_OFFER\",\"filename\":\"é\",\"size\":0,\"hash\":\"\","
  "\"id\":\"1\",\"mime\":\"text/plain\","
  "\"mtime\":\"2026-11-20T10:00:00.250Z\",\"encodings\":[\"json\",\"binary\"],"
  "\"chunkSize\":65536}",
  "{\"type\":\"FILE_OFFER\",\"filename\":\"é\",\"size\":0,\"hash\":\"\","
  "\"id\":\"1\",\"encodings\":[\"json\"],\"user\":\"Ann\"}",
  "{\"type\":\"FILE_RESPONSE\",\"accept\":true," ID ","
  "\"encoding\":\"binary\",\"have\":[0,10,12,3]}",
  "{\"type\":\"FILE_RESPONSE\",\"accept\":true," ID ","
  "\"encoding\":\"binary\",\"port\":8080}",
  "{\"type\":\"FILE_RESPONSE\",\"accept\":true," ID ","
  "\"encoding\":\"json\",\"chunkSize\":32768}",
  "{\"type\":\"FILE_RESPONSE\",\"accept\":false," ID ","
  "\"reason\":\"The name is taken\"}",
  "{\"type\":\"CHUNK_ACK\"," ID ",\"id\":7,\"status\":\"corrupt\","
  "\"upTo\":5}",
  "{\"type\":\"CHUNK_ACK\"," ID ",\"id\":7,\"status\":\"full\"}",
  "{\"type\":\"TRANSFER_VERIFIED\"," ID ",\"status\":\"failed\","
  "\"reason\":\"Another hash\"}",
  "{\"type\":\"TRANSFER_PAUSE\"," ID ",\"reason\":\"full\"}",
  "{\"type\":\"TRANSFER_RESUME\"," ID "}",
  "{\"type\":\"TRANSFER_CANCEL\"," ID ",\"reason\":\"The file changed\"}",
  "{\"type\":\"error\"," ID ",\"code\":\"NOT_FOUND\",\"message\":\"None\"}",
};

GST_START_TEST (test_written_as_read)
{
  for (guint i = 0; i < G_N_ELEMENTS (of_the_seed); i++)
    check_again (of_the_seed[i]);
  for (guint i = 0; i < G_N_ELEMENTS (added); i++)
    check_again (added[i]);
}

GST_END_TEST;

GST_START_TEST (test_fields)
{
  g_autoptr (VmTransferMessage) offer = read_message (of_the_seed[0]);
  g_autoptr (VmTransferMessage) chunk = read_message (of_the_seed[3]);
  g_autoptr (VmTransferMessage) full = read_message (added[0]);
  g_autoptr (VmTransferMessage) have = read_message (added[2]);
  guint8 hash[VM_SHA256_SIZE];
  gsize size;

  vm_sha256 ("a", 1, hash);
  fail_unless_equals_int (offer->type, VM_TRANSFER_FILE_OFFER);
  fail_unless_equals_string (offer->filename, "a.iso");
  fail_unless_equals_string (offer->id, UUID);
  fail_unless_equals_int64 (offer->size, 10223616);
  fail_unless (offer->has_hash && memcmp (offer->hash, hash, 32) == 0);
  fail_unless_equals_int (offer->encodings, VM_TRANSFER_ENCODING_NONE);
  fail_unless_equals_int64 (offer->mtime, 0);
  fail_unless_equals_int64 (offer->chunk_size, -1);

  fail_unless_equals_int64 (chunk->index, 0);
  fail_unless (memcmp (g_bytes_get_data (chunk->data, &size), "a", 1) == 0);
  fail_unless_equals_int (size, 1);
  fail_unless (memcmp (chunk->hash, hash, 32) == 0);

  fail_if (full->has_hash);
  fail_unless_equals_int64 (full->mtime, 1795168800250);
  fail_unless_equals_int (
      full->encodings, VM_TRANSFER_ENCODING_JSON | VM_TRANSFER_ENCODING_BINARY);

  fail_unless_equals_int (have->encoding, VM_TRANSFER_ENCODING_BINARY);
  fail_unless (vm_chunk_set_has (have->have, 12));
  fail_if (vm_chunk_set_has (have->have, 10));
}

GST_END_TEST;

/* A legacy peer may leave transferId out, and has fields of its own. */
GST_START_TEST (test_strangers)
{
  g_autoptr (VmTransferMessage) bare = read_message (
      "{\"type\":\"CHUNK_ACK\",\"id\":3,\"status\":\"received\",\"x\":[{}]}");
  g_autoptr (VmTransferMessage) word = read_message (
      "{\"type\":\"CHUNK_ACK\",\"id\":3,\"status\":\"bad-hash\"}");
  g_autoptr (VmTransferMessage) over = read_message (
      "{\"type\":\"TRANSFER_VERIFIED\",\"status\":\"hash-mismatch\"}");
  g_autoptr (VmTransferMessage) later = read_message (
      "{\"type\":\"FILE_OFFER\",\"filename\":\"a\",\"size\":1,\"hash\":\"\","
      "\"id\":\"1\",\"encodings\":[\"cbor\",7],\"mtime\":null}");

  fail_unless (!bare->id);
  fail_unless_equals_int64 (bare->up_to, -1);
  fail_unless_equals_int (bare->status, VM_CHUNK_RECEIVED);
  fail_unless_equals_int (word->status, VM_CHUNK_CORRUPT);
  fail_if (over->verified);
  fail_unless_equals_int (later->encodings, VM_TRANSFER_ENCODING_JSON);
}

GST_END_TEST;

/* Each required field is missed, and each is refused as null. */
GST_START_TEST (test_missing)
{
  guint refused = 0;

  for (guint i = 0; i < G_N_ELEMENTS (of_the_seed); i++) {
    g_auto (GStrv) members = g_strsplit (of_the_seed[i], ",\"", -1);

    for (guint j = 1; members[j]; j++) {
      g_autofree gchar *key =
          g_strndup (members[j], strcspn (members[j], "\""));
      g_autofree gchar *null =
          g_strdup_printf ("%s\":null%s", key, members[j + 1] ? "" : "}");
      gchar *member = members[j];
      g_autofree gchar *text = NULL;

      members[j] = null;
      text = g_strjoinv (",\"", members);
      members[j] = member;
      if (strcmp (key, "transferId") == 0 || strcmp (key, "savedPath") == 0) {
        vm_transfer_message_free (read_message (text));
        continue;
      }
      check_refused (text, "is missing");
      check_refused (text, key);
      refused++;
    }
  }
  fail_unless_equals_int (refused, 15);
}

GST_END_TEST;

#define OFFER(filename, size, hash, id, more)                         \
  "{\"type\":\"FILE_OFFER\",\"filename\":" filename ",\"size\":" size \
  ",\"hash\":\"" hash "\",\"id\":" id more "}"
#define CHUNK(index, data, hash)                             \
  "{\"type\":\"CHUNK_DATA\",\"id\":" index ",\"data\":" data \
  ",\"hash\":\"" hash "\"}"

GST_START_TEST (test_refused)
{
  static const struct
  {
    const gchar *text;
    const gchar *why;
  } cases[] = {
    { "", "JSON" },
    { "[]", "\"type\"" },
    { "{}", "\"type\"" },
    { "{\"type\":7}", "\"type\"" },
    { "{\"type\":\"FILE_DELETE\"}", "no message of a file transfer" },
    { "{\"type\":\"file_offer\"}", "no message of a file transfer" },
    { OFFER ("7", "1", "", "\"1\"", ""), "filename" },
    { OFFER ("\"a\\nb\"", "1", "", "\"1\"", ""), "filename" },
    { OFFER ("\"a\"", "-1", "", "\"1\"", ""), "size" },
    { OFFER ("\"a\"", "1.5", "", "\"1\"", ""), "size" },
    { OFFER ("\"a\"", "9007199254740992", "", "\"1\"", ""), "size" },
    { OFFER ("\"a\"", "99999999999999999999999", "", "\"1\"", ""), "size" },
    { OFFER ("\"a\"", "\"1\"", "", "\"1\"", ""), "size" },
    { OFFER ("\"a\"", "1", "abc", "\"1\"", ""), "hash" },
    { OFFER ("\"a\"", "1", A "0", "\"1\"", ""), "hash" },
    { OFFER ("\"a\"", "1", "CA" EMPTY, "\"1\"", ""), "hash" },
    { OFFER ("\"a\"", "1", "", "\"\"", ""), "\"id\"" },
    { OFFER ("\"a\"", "1", "", "1", ""), "\"id\"" },
    { OFFER ("\"a\"", "1", "", "\"../x\"", ""), "\"id\"" },
    { OFFER ("\"a\"", "1", "", "\"1\"", ",\"mtime\":\"soon\""), "mtime" },
    { OFFER ("\"a\"", "1", "", "\"1\"", ",\"mtime\":7"), "mtime" },
    { OFFER ("\"a\"", "1", "", "\"1\"", ",\"encodings\":\"json\""),
        "encodings" },
    { OFFER ("\"a\"", "1", "", "\"1\"", ",\"chunkSize\":0"), "chunkSize" },
    { CHUNK ("0", "\"\"", A), "data" },
    { CHUNK ("0", "\"YQ\"", A), "data" },
    { CHUNK ("0", "\"YR==\"", A), "data" },
    { CHUNK ("0", "\"Y===\"", A), "data" },
    { CHUNK ("0", "\"====\"", A), "data" },
    { CHUNK ("0", "\" YQ==\"", A), "data" },
    { CHUNK ("0", "\"Y-_=\"", A), "data" },
    { CHUNK ("0", "7", A), "data" },
    { CHUNK ("0", "\"YQ==\"", ""), "hash" },
    { CHUNK ("-1", "\"YQ==\"", A), "\"id\"" },
    { CHUNK ("\"0\"", "\"YQ==\"", A), "\"id\"" },
    { "{\"type\":\"FILE_RESPONSE\",\"accept\":1}", "accept" },
    { "{\"type\":\"FILE_RESPONSE\",\"accept\":true,\"encoding\":\"zip\"}",
        "encoding" },
    { "{\"type\":\"FILE_RESPONSE\",\"accept\":true,\"have\":[3,0]}", "have" },
    { "{\"type\":\"FILE_RESPONSE\",\"accept\":true,\"have\":{}}", "have" },
    { "{\"type\":\"TRANSFER_START\",\"chunkSize\":\"64KB\",\"totalChunks\":1}",
        "chunkSize" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check_refused (cases[i].text, cases[i].why);
}

GST_END_TEST;

static gchar *
repeat (gchar c, gsize n)
{
  gchar *text = g_malloc (n + 1);

  memset (text, c, n);
  text[n] = '\0';
  return text;
}

/* A text field at its limit and one above. */
static void
check_text (const gchar *before, gsize max, const gchar *after)
{
  g_autofree gchar *fits = repeat ('a', max);
  g_autofree gchar *good = g_strconcat (before, fits, after, NULL);
  g_autofree gchar *bad = g_strconcat (before, fits, "a", after, NULL);

  check_again (good);
  check_refused (bad, "is not what it may be");
}

GST_START_TEST (test_limits)
{
  check_text ("{\"type\":\"FILE_OFFER\",\"filename\":\"", VM_FILENAME_INPUT_MAX,
      "\",\"size\":1,\"hash\":\"\",\"id\":\"1\"}");
  check_text ("{\"type\":\"FILE_OFFER\",\"filename\":\"a\",\"size\":1,"
              "\"hash\":\"\",\"id\":\"",
      VM_TRANSFER_ID_MAX, "\"}");
  check_text ("{\"type\":\"FILE_OFFER\",\"filename\":\"a\",\"size\":1,"
              "\"hash\":\"\",\"id\":\"1\",\"mime\":\"",
      VM_TRANSFER_MIME_MAX, "\"}");
  check_text ("{\"type\":\"FILE_OFFER\",\"filename\":\"a\",\"size\":1,"
              "\"hash\":\"\",\"id\":\"1\",\"user\":\"",
      VM_TRANSFER_USER_MAX, "\"}");
  check_text ("{\"type\":\"TRANSFER_VERIFIED\",\"status\":\"verified\","
              "\"savedPath\":\"",
      VM_TRANSFER_PATH_MAX, "\"}");
  check_text ("{\"type\":\"TRANSFER_CANCEL\",\"reason\":\"",
      VM_TRANSFER_REASON_MAX, "\"}");
  check_text ("{\"type\":\"error\",\"code\":\"", VM_TRANSFER_CODE_MAX, "\"}");
  check_again ("{\"type\":\"TRANSFER_START\",\"chunkSize\":1024,"
               "\"totalChunks\":9007199254740991}");
  check_refused (
      "{\"type\":\"TRANSFER_START\",\"chunkSize\":1023,\"totalChunks\":1}",
      "chunkSize");
  check_again (
      "{\"type\":\"TRANSFER_START\",\"chunkSize\":1048576,\"totalChunks\":1}");
  check_refused (
      "{\"type\":\"TRANSFER_START\",\"chunkSize\":1048577,\"totalChunks\":1}",
      "chunkSize");
  check_again ("{\"type\":\"FILE_RESPONSE\",\"accept\":true,\"port\":65535}");
  check_refused (
      "{\"type\":\"FILE_RESPONSE\",\"accept\":true,\"port\":65536}", "port");
}

GST_END_TEST;

GST_START_TEST (test_largest_chunk)
{
  for (gsize size = VM_TRANSFER_JSON_CHUNK_MAX;
       size <= VM_TRANSFER_JSON_CHUNK_MAX + 1; size++) {
    g_autoptr (VmTransferMessage) chunk =
        vm_transfer_message_new (VM_TRANSFER_CHUNK_DATA, UUID);
    g_autoptr (VmTransferMessage) again = NULL;
    g_autofree gchar *text = NULL;

    chunk->index = 0;
    chunk->has_hash = TRUE;
    chunk->data = g_bytes_new_take (repeat ('b', size), size);
    text = vm_transfer_message_write (chunk);
    if (size > VM_TRANSFER_JSON_CHUNK_MAX) {
      check_refused (text, "data");
      return;
    }
    again = read_message (text);
    fail_unless (g_bytes_equal (chunk->data, again->data));
  }
}

GST_END_TEST;

GST_START_TEST (test_times)
{
  static const struct
  {
    const gchar *text;
    gint64 ms;
    const gchar *written;
  } cases[] = {
    { "2026-11-20T10:00:00Z", 1795168800000, "2026-11-20T10:00:00.000Z" },
    { "2026-11-20T12:00:00.5+02:00", 1795168800500,
        "2026-11-20T10:00:00.500Z" },
    { "1969-12-31T23:59:59.999Z", -1, "1969-12-31T23:59:59.999Z" },
    { "0001-01-01T00:00:00Z", -62135596800000, "0001-01-01T00:00:00.000Z" },
    { "9999-12-31T23:59:59.999Z", 253402300799999, "9999-12-31T23:59:59.999Z" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = g_strdup_printf (
        OFFER ("\"a\"", "1", "", "\"1\"", ",\"mtime\":\"%s\""), cases[i].text);
    g_autoptr (VmTransferMessage) offer = read_message (text);
    g_autofree gchar *written = vm_transfer_message_write (offer);

    fail_unless_equals_int64 (offer->mtime, cases[i].ms);
    fail_unless (strstr (written, cases[i].written), "%s", written);
  }
  {
    g_autoptr (VmTransferMessage) offer = read_message (of_the_seed[0]);
    g_autofree gchar *written = NULL;

    offer->mtime = G_MAXINT64;
    written = vm_transfer_message_write (offer);
    fail_unless_equals_string (written, of_the_seed[0]);
  }
}

GST_END_TEST;

static Suite *
message_suite (void)
{
  Suite *s = suite_create ("message");
  TCase *tc = tcase_create ("message");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_written_as_read);
  tcase_add_test (tc, test_fields);
  tcase_add_test (tc, test_strangers);
  tcase_add_test (tc, test_missing);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_limits);
  tcase_add_test (tc, test_largest_chunk);
  tcase_add_test (tc, test_times);
  return s;
}

CHECK_PROGRAM (message)
