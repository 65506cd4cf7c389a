/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The first words of a connection, and the framing of its streams. */

#include "program.h"

#include <gst/videomeet/wire/p2p/hello.h>
#include <gst/videomeet/wire/p2p/reader.h>

#include <string.h>

static gchar *
repeat (gchar c, gsize n)
{
  gchar *text = g_malloc0 (n + 1);

  memset (text, c, n);
  return text;
}

static VmP2pHello *
read_text (const gchar *text, VmError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  VmP2pHello *hello = vm_p2p_hello_read (bytes, &error);

  if (!hello)
    g_assert_error (error, VM_ERROR, code);
  return hello;
}

GST_START_TEST (test_hello_as_written)
{
  VmP2pHello said = { (gchar *) "0b5c", (gchar *) "t\"ok", (gchar *) "ABCD" };
  g_autoptr (GBytes) text = vm_p2p_hello_write (&said);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmP2pHello) heard = vm_p2p_hello_read (text, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (heard->session_id, ==, said.session_id);
  g_assert_cmpstr (heard->session_token, ==, said.session_token);
  g_assert_cmpstr (heard->from_device_id, ==, said.from_device_id);
}

GST_END_TEST;

GST_START_TEST (test_hello_with_less)
{
  static const gchar *const bad[] = { "", "{}", "[]", "{\"t\":\"P2P_OK\"}",
    "{\"t\":\"P2P_HELLO\"}",
    "{\"t\":\"P2P_HELLO\",\"session_id\":\"a\",\"session_token\":\"b\"}",
    "{\"t\":\"P2P_HELLO\",\"session_id\":\"\",\"session_token\":\"b\","
    "\"from_device_id\":\"c\"}",
    "{\"t\":\"P2P_HELLO\",\"session_id\":1,\"session_token\":\"b\","
    "\"from_device_id\":\"c\"}" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_null (read_text (bad[i], VM_ERROR_BAD_MESSAGE));
}

GST_END_TEST;

/* Of each member as much as is allowed, and a byte more. */
GST_START_TEST (test_hello_members_at_most)
{
  static const gsize max[] = { VM_P2P_SESSION_ID_MAX, VM_P2P_TOKEN_MAX,
    VM_P2P_DEVICE_ID_MAX };

  for (guint which = 0; which < 3; which++) {
    for (gint more = -1; more <= 1; more++) {
      g_autofree gchar *longest = repeat ('x', max[which] + more);
      gchar *short_one = (gchar *) "x";
      VmP2pHello said = { which == 0 ? longest : short_one,
        which == 1 ? longest : short_one, which == 2 ? longest : short_one };
      g_autoptr (GBytes) text = vm_p2p_hello_write (&said);
      VmP2pHello *heard = vm_p2p_hello_read (text, NULL);

      g_assert_true (!heard == (more > 0));
      g_clear_pointer (&heard, vm_p2p_hello_free);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_hello_at_most)
{
  static const gchar head[] = "{\"t\":\"P2P_HELLO\",\"session_id\":\"a\","
                              "\"session_token\":\"b\",\"from_device_id\":"
                              "\"c\",\"x\":\"";

  for (gint more = -1; more <= 1; more++) {
    gsize n = VM_P2P_HELLO_MAX - strlen (head) - 2 + more;
    g_autofree gchar *rest = repeat ('y', n);
    g_autofree gchar *text = g_strdup_printf ("%s%s\"}", head, rest);
    VmP2pHello *heard = read_text (text, VM_ERROR_TOO_LARGE);

    g_assert_true (!heard == (more > 0));
    g_clear_pointer (&heard, vm_p2p_hello_free);
  }
}

GST_END_TEST;

GST_START_TEST (test_answers)
{
  g_autoptr (GError) why =
      g_error_new (VM_ERROR, VM_ERROR_CAP_EXPIRED, "Too late");
  g_autoptr (GBytes) ok = vm_p2p_ok_write ();
  g_autoptr (GBytes) deny = vm_p2p_deny_write (why);
  static const gchar other[] = "{\"t\":\"P2P_DENY\",\"code\":\"WHO\"}";
  g_autoptr (GBytes) unknown = g_bytes_new_static (other, sizeof other - 1);
  g_autoptr (GError) error = NULL;

  g_assert_true (vm_p2p_answer_read (ok, &error));
  g_assert_no_error (error);
  g_assert_false (vm_p2p_answer_read (deny, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_CAP_EXPIRED);
  g_assert_cmpstr (error->message, ==, "Too late");
  g_clear_error (&error);
  g_assert_false (vm_p2p_answer_read (unknown, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_P2P_SESSION_DENIED);
}

GST_END_TEST;

/* A denial of any length can be read. */
GST_START_TEST (test_long_denial)
{
  g_autofree gchar *text = repeat ('z', 3 * VM_P2P_REASON_MAX);
  g_autoptr (GError) why =
      g_error_new_literal (VM_ERROR, VM_ERROR_CAP_INVALID, text);
  g_autoptr (GBytes) deny = vm_p2p_deny_write (why);
  g_autoptr (GError) error = NULL;

  g_assert_false (vm_p2p_answer_read (deny, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_CAP_INVALID);
  g_assert_cmpuint (strlen (error->message), ==, VM_P2P_REASON_MAX);
}

GST_END_TEST;

/* Framing */

static GByteArray *
write_messages (void)
{
  GByteArray *stream = g_byte_array_new ();
  guint8 header[VM_P2P_HEADER_SIZE];

  g_byte_array_append (stream, (const guint8 *) "\0\0\0\2{}", 6);
  for (guint i = 0; i < 3; i++) {
    vm_p2p_header_write (header, VM_P2P_FILE_CHUNK + i, i);
    g_byte_array_append (stream, header, sizeof header);
    g_byte_array_append (stream, (const guint8 *) "abc", i);
  }
  return stream;
}

/* In pieces of every size. */
GST_START_TEST (test_stream_in_pieces)
{
  g_autoptr (GByteArray) stream = write_messages ();

  for (guint piece = 1; piece <= stream->len; piece++) {
    g_autoptr (VmP2pReader) reader = vm_p2p_reader_new (TRUE);
    g_autoptr (GError) error = NULL;
    guint8 type;

    for (guint at = 0; at < stream->len; at += piece)
      g_assert_true (vm_p2p_reader_take (
          reader, stream->data + at, MIN (piece, stream->len - at), &error));
    for (guint i = 0; i < 4; i++) {
      g_autoptr (GBytes) body = vm_p2p_reader_pop (reader, &type);

      g_assert_cmpuint (
          type, ==, i ? VM_P2P_FILE_CHUNK + i - 1 : VM_P2P_GREETING);
      g_assert_cmpmem (g_bytes_get_data (body, NULL), g_bytes_get_size (body),
          i ? "abc" : "{}", i ? i - 1 : 2);
    }
    g_assert_null (vm_p2p_reader_pop (reader, &type));
    g_assert_true (vm_p2p_reader_is_between (reader));
  }
}

GST_END_TEST;

static gboolean
takes (gboolean greeting, guint8 type, guint32 size)
{
  g_autoptr (VmP2pReader) reader = vm_p2p_reader_new (greeting);
  g_autoptr (GError) error = NULL;
  guint8 header[VM_P2P_HEADER_SIZE];
  gboolean taken;

  vm_p2p_header_write (header, type, size);
  taken = vm_p2p_reader_take (reader, header,
      greeting ? VM_P2P_LENGTH_SIZE : VM_P2P_HEADER_SIZE, &error);
  if (!taken) {
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
    g_clear_error (&error);
    g_assert_false (vm_p2p_reader_take (reader, header, 1, &error));
  }
  g_assert_true (!taken == !!error);
  return taken;
}

GST_START_TEST (test_stream_limits)
{
  g_assert_true (takes (FALSE, VM_P2P_FILE_CHUNK, VM_P2P_BODY_MAX - 1));
  g_assert_true (takes (FALSE, VM_P2P_FILE_CHUNK, VM_P2P_BODY_MAX));
  g_assert_false (takes (FALSE, VM_P2P_FILE_CHUNK, VM_P2P_BODY_MAX + 1));
  g_assert_false (takes (FALSE, VM_P2P_FILE_CHUNK, G_MAXUINT32));
  g_assert_true (takes (TRUE, 0, VM_P2P_HELLO_MAX - 1));
  g_assert_true (takes (TRUE, 0, VM_P2P_HELLO_MAX));
  g_assert_false (takes (TRUE, 0, VM_P2P_HELLO_MAX + 1));
  g_assert_false (takes (FALSE, VM_P2P_GREETING, 0));
  g_assert_true (takes (FALSE, 200, 0)); /* the handler judges it */
}

GST_END_TEST;

static Suite *
p2phello_suite (void)
{
  Suite *s = suite_create ("p2phello");
  TCase *tc = tcase_create ("p2phello");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_hello_as_written);
  tcase_add_test (tc, test_hello_with_less);
  tcase_add_test (tc, test_hello_members_at_most);
  tcase_add_test (tc, test_hello_at_most);
  tcase_add_test (tc, test_answers);
  tcase_add_test (tc, test_long_denial);
  tcase_add_test (tc, test_stream_in_pieces);
  tcase_add_test (tc, test_stream_limits);
  return s;
}

CHECK_PROGRAM (p2phello)
