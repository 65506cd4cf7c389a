/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Peers that know only the base protocol, and peers that break it: the test
 * says what they say. */

#include "program.h"
#include "support/p2plink.h"

#include <gst/videomeet/trust/keys/transcript.h>

#include <glib/gstdio.h>
#include <string.h>

#define CHUNK 65536
#define SIZE (3 * CHUNK + 100)
#define ID "0d5e8a6c-2b1f-4c3d-9e7a-112233445566"

static P2pLink *pair;
static guint8 *data; /* of a file of SIZE bytes */
static gchar *path, *hash; /* of it */

static void
make (void)
{
  gsize size;

  pair = p2p_link_new ();
  path = p2p_link_make_file (pair, "a.bin", SIZE);
  fail_unless (g_file_get_contents (path, (gchar **) &data, &size, NULL));
  hash = g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, size);
  p2p_link_connect (pair);
}

static void
drop (void)
{
  g_clear_pointer (&pair, p2p_link_free);
  g_clear_pointer (&path, g_free);
  g_clear_pointer (&hash, g_free);
  g_clear_pointer (&data, g_free);
}

static void
check_list (const gchar *names)
{
  g_autofree gchar *there = p2p_link_list (pair);

  fail_unless_equals_string (there, names);
}

/* A sender that knows only the base protocol. */

static void
say_meta (guint64 size, const gchar *sum)
{
  g_autofree gchar *meta = g_strdup_printf (
      "{\"name\":\"a.bin\",\"size\":%" G_GUINT64_FORMAT ",\"hash\":\"%s\"}",
      size, sum);

  p2p_link_begin_receive (pair);
  p2p_say (pair->near, VM_P2P_FILE_META, meta);
}

static guint64
hear_ack (VmP2pPipe *pipe)
{
  g_autofree gchar *text = p2p_hear_json (pipe, VM_P2P_FILE_ACK);

  /* nothing else for who knows nothing else */
  fail_unless (g_str_has_prefix (text, "{\"last_offset\":"));
  fail_unless (strchr (text, ',') == NULL);
  return g_ascii_strtoull (text + strlen ("{\"last_offset\":"), NULL, 10);
}

static void
say_bytes (guint64 from, guint64 to, gsize step)
{
  for (guint64 at = from; at < to; at += step)
    p2p_say_chunk (
        pair->near, VM_P2P_FILE_CHUNK, at, data + at, MIN (step, to - at));
}

static void
say_done (const gchar *sum)
{
  g_autofree gchar *done = g_strdup_printf ("{\"hash\":\"%s\"}", sum);

  p2p_say (pair->near, VM_P2P_FILE_DONE, done);
}

static void
hear_acks (guint64 whole)
{
  guint64 last = 0;

  while (last < whole) {
    guint64 ack = hear_ack (pair->near);

    fail_unless (ack > last && ack <= whole);
    last = ack;
  }
}

static void
hear_verified (void)
{
  g_autofree gchar *done = p2p_hear_json (pair->near, VM_P2P_FILE_DONE);

  fail_unless (strstr (done, hash) != NULL);
}

static void
check_received (void)
{
  p2p_link_end (pair);
  g_assert_no_error (pair->receive_error);
  fail_unless (pair->received);
  p2p_link_check_file (pair, pair->saved_path, path);
}

GST_START_TEST (a_sender_may_cut_the_file_as_it_likes)
{
  const gsize steps[] = { CHUNK, 1000, 100000, SIZE };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
    p2p_link_connect (pair);
    say_meta (SIZE, hash);
    fail_unless_equals_uint64 (hear_ack (pair->near), 0);
    say_bytes (0, SIZE, steps[i]);
    hear_acks (SIZE);
    say_done (hash);
    hear_verified ();
    check_received ();
  }
}
GST_END_TEST;

GST_START_TEST (a_sender_need_not_wait_nor_know_the_hash)
{
  say_meta (SIZE, "");
  say_bytes (0, SIZE, CHUNK);
  say_done (hash);
  check_received ();
}
GST_END_TEST;

GST_START_TEST (an_empty_file_has_no_chunk)
{
  g_autofree gchar *none =
      g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) "", 0);

  say_meta (0, none);
  fail_unless_equals_uint64 (hear_ack (pair->near), 0);
  say_done (none);
  p2p_link_end (pair);
  g_assert_no_error (pair->receive_error);
  check_list ("a.bin");
}
GST_END_TEST;

GST_START_TEST (a_sender_that_comes_back_is_told_where_to_go_on)
{
  say_meta (SIZE, hash);
  fail_unless_equals_uint64 (hear_ack (pair->near), 0);
  say_bytes (0, 2 * CHUNK + 10, CHUNK);
  hear_acks (2 * CHUNK);
  vm_p2p_pipe_close (pair->near, NULL);
  p2p_link_end (pair);
  fail_if (pair->received);
  p2p_link_connect (pair);
  say_meta (SIZE, hash);
  fail_unless_equals_uint64 (hear_ack (pair->near), 2 * CHUNK);
  say_bytes (2 * CHUNK, SIZE, CHUNK);
  say_done (hash);
  check_received ();
  check_list ("a.bin");
}
GST_END_TEST;

GST_START_TEST (bytes_that_come_again_are_passed_over)
{
  g_autofree guint8 *other = g_malloc0 (CHUNK);

  say_meta (SIZE, hash);
  say_bytes (0, 2 * CHUNK, CHUNK);
  p2p_say_chunk (pair->near, VM_P2P_FILE_CHUNK, 0, other, CHUNK);
  say_bytes (CHUNK - 5, SIZE, CHUNK);
  say_done (hash);
  check_received ();
}
GST_END_TEST;

/* What the receiver says of it, and that nothing is there. */
static void
check_refused (VmError code)
{
  p2p_link_end (pair);
  fail_if (pair->received);
  g_assert_error (pair->receive_error, VM_ERROR, code);
  fail_if (pair->saved_path);
}

GST_START_TEST (another_final_hash_leaves_nothing)
{
  g_autofree gchar *other = g_strdup (hash);

  other[0] = other[0] == '0' ? '1' : '0';
  say_meta (SIZE, hash);
  say_bytes (0, SIZE, CHUNK);
  say_done (other);
  check_refused (VM_ERROR_BAD_MESSAGE);
  check_list ("");
}
GST_END_TEST;

GST_START_TEST (a_sender_that_gives_up_leaves_nothing)
{
  say_meta (SIZE, hash);
  say_bytes (0, CHUNK, CHUNK);
  say_done ("");
  check_refused (VM_ERROR_CANCELLED);
  check_list ("");
}
GST_END_TEST;

GST_START_TEST (bytes_beyond_the_size_are_refused)
{
  say_meta (SIZE - 1, hash);
  say_bytes (0, SIZE, CHUNK);
  check_refused (VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

GST_START_TEST (bytes_that_are_left_out_are_refused)
{
  say_meta (SIZE, hash);
  say_bytes (CHUNK, 2 * CHUNK, CHUNK);
  check_refused (VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

GST_START_TEST (an_end_before_the_last_byte_is_refused)
{
  say_meta (SIZE, hash);
  say_bytes (0, SIZE - 1, CHUNK);
  say_done (hash);
  check_refused (VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

/* It would not be read on, and so not hear of its end. */
GST_START_TEST (a_sender_of_the_base_protocol_cannot_pause)
{
  say_meta (SIZE, hash);
  say_bytes (0, CHUNK, CHUNK);
  p2p_say (pair->near, VM_P2P_FILE_CONTROL, "{\"action\":\"pause\"}");
  check_refused (VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

/* At 1 byte/s the next chunk would be read a day later. */
GST_START_TEST (a_sender_that_leaves_is_not_waited_for)
{
  gint64 from = g_get_monotonic_time ();

  pair->receive.max_rate = 1;
  say_meta (SIZE, hash);
  fail_unless_equals_uint64 (hear_ack (pair->near), 0);
  say_bytes (0, CHUNK, CHUNK);
  hear_acks (CHUNK);
  vm_p2p_pipe_close (pair->near, NULL);
  p2p_link_end (pair);
  fail_if (pair->received);
  fail_unless (g_get_monotonic_time () - from < P2P_WAIT);
}
GST_END_TEST;

static void
check_no_offset (guint64 offset)
{
  p2p_link_connect (pair);
  say_meta (SIZE, hash);
  p2p_say_chunk (pair->near, VM_P2P_FILE_CHUNK, offset, data, CHUNK);
  check_refused (VM_ERROR_BAD_MESSAGE);
}

GST_START_TEST (offsets_that_overflow_are_refused)
{
  check_no_offset (G_MAXUINT64);
  check_no_offset (G_MAXUINT64 - CHUNK + 1);
  check_no_offset (SIZE);
  check_no_offset (G_MAXINT64);
}
GST_END_TEST;

static void
check_no_meta (const gchar *meta, VmError code)
{
  p2p_link_connect (pair);
  p2p_link_begin_receive (pair);
  p2p_say (pair->near, VM_P2P_FILE_META, meta);
  check_refused (code);
  check_list ("");
}

GST_START_TEST (what_is_no_announcement_is_refused)
{
  check_no_meta ("", VM_ERROR_BAD_MESSAGE);
  check_no_meta ("[]", VM_ERROR_BAD_MESSAGE);
  check_no_meta ("{\"size\":1}", VM_ERROR_BAD_MESSAGE);
  check_no_meta ("{\"name\":\"a\"}", VM_ERROR_BAD_MESSAGE);
  check_no_meta ("{\"name\":\"a\",\"size\":-1}", VM_ERROR_BAD_MESSAGE);
  check_no_meta (
      "{\"name\":\"a\",\"size\":18446744073709551615}", VM_ERROR_BAD_MESSAGE);
  check_no_meta (
      "{\"name\":\"a\",\"size\":1,\"hash\":\"x\"}", VM_ERROR_BAD_MESSAGE);
  check_no_meta ("{\"name\":\"../a\",\"size\":1}", VM_ERROR_BAD_MESSAGE);
  check_no_meta ("{\"name\":\"/a\",\"size\":1}", VM_ERROR_BAD_MESSAGE);
  check_no_meta ("{\"name\":\"con\",\"size\":1}", VM_ERROR_BAD_MESSAGE);
  check_no_meta (
      "{\"name\":\"a\",\"size\":9007199254740991}", VM_ERROR_TOO_LARGE);
}
GST_END_TEST;

GST_START_TEST (a_stream_that_begins_otherwise_is_refused)
{
  p2p_link_begin_receive (pair);
  p2p_say (pair->near, VM_P2P_FILE_DONE, "{\"hash\":\"\"}");
  check_refused (VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

/* A sender of this project's kind that breaks the rules. */

static void
say_native (void)
{
  g_autofree gchar *meta = g_strdup_printf (
      "{\"name\":\"a.bin\",\"size\":%d,\"hash\":\"\",\"id\":\"" ID
      "\",\"chunkSize\":%d,\"hashes\":true}",
      SIZE, CHUNK);
  g_autofree gchar *wait = NULL, *ack = NULL;

  p2p_link_connect (pair);
  p2p_link_begin_receive (pair);
  p2p_say (pair->near, VM_P2P_FILE_META, meta);
  wait = p2p_hear_json (pair->near, VM_P2P_FILE_CONTROL);
  fail_unless_equals_string (wait, "{\"action\":\"wait\"}");
  ack = p2p_hear_json (pair->near, VM_P2P_FILE_ACK);
  fail_unless (strstr (ack, "\"accept\":true") != NULL);
}

static void
say_hashed (guint64 offset, const guint8 *bytes, gsize size)
{
  g_autofree guint8 *body = g_malloc (32 + size);

  vm_sha256 (bytes, size, body);
  memcpy (body + 32, bytes, size);
  p2p_say_chunk (pair->near, VM_P2P_FILE_CHUNK_HASHED, offset, body, 32 + size);
}

GST_START_TEST (a_chunk_that_the_file_does_not_have_is_refused)
{
  const guint64 offsets[] = { 1, CHUNK - 1, 4 * CHUNK, G_MAXUINT64,
    G_MAXUINT64 - CHUNK + 1 };

  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++) {
    say_native ();
    say_hashed (offsets[i], data, CHUNK);
    check_refused (VM_ERROR_BAD_MESSAGE);
  }
  say_native ();
  say_hashed (0, data, CHUNK - 1);
  check_refused (VM_ERROR_BAD_MESSAGE);
  say_native ();
  say_hashed (3 * CHUNK, data, CHUNK);
  check_refused (VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

GST_START_TEST (a_chunk_that_is_replayed_changes_nothing)
{
  g_autofree guint8 *other = g_malloc0 (CHUNK);

  say_native ();
  for (guint i = 0; i < 3; i++)
    say_hashed (i * CHUNK, data + i * CHUNK, CHUNK);
  say_hashed (0, other, CHUNK);
  say_hashed (CHUNK, data + CHUNK, CHUNK);
  say_hashed (3 * CHUNK, data + 3 * CHUNK, SIZE - 3 * CHUNK);
  say_done (hash);
  check_received ();
}
GST_END_TEST;

/* A receiver that knows only the base protocol. */

static GByteArray *
hear_file (guint64 from)
{
  GByteArray *got = g_byte_array_new ();

  while (from + got->len < SIZE) {
    g_autoptr (GBytes) body = p2p_hear (pair->far, VM_P2P_FILE_CHUNK);
    gsize size;
    const guint8 *bytes = g_bytes_get_data (body, &size);

    fail_unless_equals_uint64 (p2p_chunk_offset (body), from + got->len);
    g_byte_array_append (got, bytes + 8, size - 8);
  }
  return got;
}

static void
check_heard (guint64 from)
{
  g_autoptr (GByteArray) got = hear_file (from);
  g_autofree gchar *done = p2p_hear_json (pair->far, VM_P2P_FILE_DONE);

  fail_unless_equals_int (got->len, SIZE - from);
  fail_unless (got->len == 0 || memcmp (got->data, data + from, got->len) == 0);
  fail_unless (strstr (done, hash) != NULL);
}

static void
hear_meta (void)
{
  g_autofree gchar *meta = NULL;

  p2p_link_begin_send (pair, path);
  meta = p2p_hear_json (pair->far, VM_P2P_FILE_META);
  fail_unless (strstr (meta, "\"name\":\"a.bin\"") != NULL);
  fail_unless (strstr (meta, hash) != NULL);
}

static void
say_ack (guint64 offset)
{
  g_autofree gchar *ack =
      g_strdup_printf ("{\"last_offset\":%" G_GUINT64_FORMAT "}", offset);

  p2p_say (pair->far, VM_P2P_FILE_ACK, ack);
}

static void
check_sent (void)
{
  p2p_link_end (pair);
  g_assert_no_error (pair->send_error);
  fail_unless (pair->sent);
}

GST_START_TEST (a_receiver_gets_what_it_does_not_have)
{
  const guint64 offsets[] = { 0, 1, CHUNK, 2 * CHUNK + 7, SIZE - 1, SIZE };

  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++) {
    p2p_link_connect (pair);
    hear_meta ();
    say_ack (offsets[i]);
    check_heard (offsets[i]);
    say_ack (SIZE);
    check_sent ();
    fail_unless_equals_uint64 (pair->carried, SIZE - offsets[i]);
  }
}
GST_END_TEST;

GST_START_TEST (a_receiver_may_end_it_with_the_hash)
{
  g_autofree gchar *done = g_strdup_printf ("{\"hash\":\"%s\"}", hash);

  hear_meta ();
  say_ack (0);
  check_heard (0);
  p2p_say (pair->far, VM_P2P_FILE_DONE, done);
  check_sent ();
}
GST_END_TEST;

GST_START_TEST (a_receiver_that_says_nothing_first_gets_all)
{
  hear_meta ();
  check_heard (0);
  say_ack (SIZE);
  check_sent ();
}
GST_END_TEST;

static void
check_send_fails (VmError code)
{
  p2p_link_end (pair);
  fail_if (pair->sent);
  g_assert_error (pair->send_error, VM_ERROR, code);
}

GST_START_TEST (a_receiver_that_refuses_gets_nothing)
{
  hear_meta ();
  p2p_say (pair->far, VM_P2P_FILE_DONE, "{\"hash\":\"\"}");
  check_send_fails (VM_ERROR_DECLINED);
  fail_unless_equals_uint64 (pair->carried, 0);
}
GST_END_TEST;

GST_START_TEST (a_receiver_with_another_hash_has_not_got_it)
{
  hear_meta ();
  say_ack (0);
  check_heard (0);
  p2p_say (pair->far, VM_P2P_FILE_DONE,
      "{\"hash\":\"0000000000000000000000000000000000000000000000000000000000"
      "000000\"}");
  check_send_fails (VM_ERROR_FAILED);
}
GST_END_TEST;

GST_START_TEST (an_acknowledgement_beyond_the_file_is_refused)
{
  hear_meta ();
  say_ack (SIZE + 1);
  check_send_fails (VM_ERROR_BAD_MESSAGE);
  p2p_link_connect (pair);
  hear_meta ();
  p2p_say (pair->far, VM_P2P_FILE_ACK, "{}");
  check_send_fails (VM_ERROR_BAD_MESSAGE);
  p2p_link_connect (pair);
  hear_meta ();
  p2p_say (pair->far, VM_P2P_ZIP_META, "{}");
  check_send_fails (VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

static Suite *
p2pseed_suite (void)
{
  Suite *suite = suite_create ("p2pseed");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, make, drop);
  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, a_sender_may_cut_the_file_as_it_likes);
  tcase_add_test (tc, a_sender_need_not_wait_nor_know_the_hash);
  tcase_add_test (tc, an_empty_file_has_no_chunk);
  tcase_add_test (tc, a_sender_that_comes_back_is_told_where_to_go_on);
  tcase_add_test (tc, bytes_that_come_again_are_passed_over);
  tcase_add_test (tc, another_final_hash_leaves_nothing);
  tcase_add_test (tc, a_sender_that_gives_up_leaves_nothing);
  tcase_add_test (tc, bytes_beyond_the_size_are_refused);
  tcase_add_test (tc, bytes_that_are_left_out_are_refused);
  tcase_add_test (tc, an_end_before_the_last_byte_is_refused);
  tcase_add_test (tc, a_sender_of_the_base_protocol_cannot_pause);
  tcase_add_test (tc, a_sender_that_leaves_is_not_waited_for);
  tcase_add_test (tc, offsets_that_overflow_are_refused);
  tcase_add_test (tc, what_is_no_announcement_is_refused);
  tcase_add_test (tc, a_stream_that_begins_otherwise_is_refused);
  tcase_add_test (tc, a_chunk_that_the_file_does_not_have_is_refused);
  tcase_add_test (tc, a_chunk_that_is_replayed_changes_nothing);
  tcase_add_test (tc, a_receiver_gets_what_it_does_not_have);
  tcase_add_test (tc, a_receiver_may_end_it_with_the_hash);
  tcase_add_test (tc, a_receiver_that_says_nothing_first_gets_all);
  tcase_add_test (tc, a_receiver_that_refuses_gets_nothing);
  tcase_add_test (tc, a_receiver_with_another_hash_has_not_got_it);
  tcase_add_test (tc, an_acknowledgement_beyond_the_file_is_refused);
  return suite;
}

CHECK_PROGRAM (p2pseed)
