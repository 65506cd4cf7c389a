/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The two ends of a stream in memory, as two threads use them. */

#include "program.h"

#include <gst/videomeet/wire/p2p/pipe.h>

#include <string.h>

#define SECOND G_USEC_PER_SEC

static VmP2pPipe *a, *b;

static void
make (void)
{
  vm_p2p_pipe_new_pair (8, &a, &b);
}

static void
drop (void)
{
  g_clear_pointer (&a, vm_p2p_pipe_free);
  g_clear_pointer (&b, vm_p2p_pipe_free);
}

static void
say (VmP2pPipe *from, const gchar *text)
{
  g_autoptr (GBytes) body = g_bytes_new (text, strlen (text));

  fail_unless (vm_p2p_pipe_send (
      from, VM_P2P_FILE_META, NULL, 0, body, 10 * SECOND, NULL));
}

static void
hears (VmP2pPipe *at, const gchar *text)
{
  guint8 type = 0;
  g_autoptr (GBytes) body = vm_p2p_pipe_receive (at, 10 * SECOND, &type, NULL);
  gsize size;
  const gchar *data;

  fail_unless (body != NULL);
  fail_unless_equals_int (type, VM_P2P_FILE_META);
  data = g_bytes_get_data (body, &size);
  fail_unless_equals_int (size, strlen (text));
  fail_unless (memcmp (data, text, size) == 0);
}

static void
fails_to_hear (VmP2pPipe *at, gint code)
{
  g_autoptr (GError) error = NULL;
  guint8 type;

  fail_unless (vm_p2p_pipe_receive (at, 0, &type, &error) == NULL);
  fail_unless (g_error_matches (error, VM_ERROR, code));
}

GST_START_TEST (test_both_directions_in_order)
{
  say (a, "one");
  say (a, "two");
  say (b, "three");
  hears (b, "one");
  hears (b, "two");
  hears (a, "three");
  fails_to_hear (a, VM_ERROR_TIMEOUT);
}

GST_END_TEST;

GST_START_TEST (test_head_and_body_are_one)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("def", 3);

  fail_unless (
      vm_p2p_pipe_send (a, VM_P2P_FILE_META, "abc", 3, body, SECOND, NULL));
  hears (b, "abcdef");
}

GST_END_TEST;

static gpointer
say_later (gpointer data)
{
  say (a, "ijkl");
  return NULL;
}

GST_START_TEST (test_a_full_stream_blocks)
{
  g_autoptr (GError) error = NULL;
  GThread *thread;

  say (a, "abcd");
  say (a, "efgh");
  fail_if (vm_p2p_pipe_send (a, VM_P2P_FILE_META, "i", 1, NULL, 0, &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_TIMEOUT));
  thread = g_thread_new ("sender", say_later, NULL);
  hears (b, "abcd");
  hears (b, "efgh");
  hears (b, "ijkl");
  g_thread_join (thread);
}

GST_END_TEST;

GST_START_TEST (test_the_largest_message)
{
  g_autofree guint8 *large = g_malloc0 (VM_P2P_BODY_MAX);
  g_autoptr (GBytes) all = g_bytes_new_static (large, VM_P2P_BODY_MAX);
  g_autoptr (GBytes) heard = NULL;
  g_autoptr (GError) error = NULL;
  guint8 type;

  fail_unless (vm_p2p_pipe_send (a, VM_P2P_FILE_CHUNK, NULL, 0, all, 0, NULL));
  heard = vm_p2p_pipe_receive (b, 0, &type, NULL);
  fail_unless (heard && g_bytes_equal (heard, all));
  fail_if (vm_p2p_pipe_send (a, VM_P2P_FILE_CHUNK, "x", 1, all, 0, &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_TOO_LARGE));
}

GST_END_TEST;

GST_START_TEST (test_an_end_lets_what_was_sent_arrive)
{
  g_autoptr (GError) error = NULL;

  say (a, "last");
  vm_p2p_pipe_end (a);
  fail_if (vm_p2p_pipe_send (a, VM_P2P_FILE_META, "x", 1, NULL, 0, &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_DISCONNECTED));
  hears (b, "last");
  fails_to_hear (b, VM_ERROR_DISCONNECTED);
  say (b, "reply");
  hears (a, "reply");
}

GST_END_TEST;

static gpointer
wait_for_close (gpointer data)
{
  GError **error = data;
  guint8 type;

  fail_unless (vm_p2p_pipe_receive (b, 10 * SECOND, &type, error) == NULL);
  return NULL;
}

GST_START_TEST (test_a_close_wakes_and_says_why)
{
  g_autoptr (GError) why = g_error_new (VM_ERROR, VM_ERROR_CAP_EXPIRED, "late");
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("receiver", wait_for_close, &error);

  vm_p2p_pipe_close (a, why);
  g_thread_join (thread);
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_CAP_EXPIRED));
  g_clear_pointer (&a, vm_p2p_pipe_free);
  fails_to_hear (b, VM_ERROR_CAP_EXPIRED);
}

GST_END_TEST;

/* An agent can be written from the page: it has each type, and no other. */
GST_START_TEST (test_the_page_numbers_the_messages)
{
  g_autofree gchar *path = g_build_filename (
      g_getenv ("VM_SOURCE_ROOT"), "docs/protocol/agents.md", NULL);
  g_autofree gchar *text = NULL;
  gchar *table, *end;

  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  table = strstr (text, "<a id=\"types\">");
  fail_unless (table && (end = strstr (table, "\n## ")));
  *end = '\0';
  for (guint type = 0; type < 256; type++) {
    const gchar *name = vm_p2p_type_to_string (type);
    g_autofree gchar *number = g_strdup_printf ("\n| %u | `", type);
    g_autofree gchar *row = g_strconcat (number, name ? name : "", "` |", NULL);

    fail_unless (
        name ? strstr (table, row) != NULL : strstr (table, number) == NULL,
        "type %u: %s", type, name ? name : "there is none");
  }
}

GST_END_TEST;

static Suite *
p2ppipe_suite (void)
{
  Suite *suite = suite_create ("p2ppipe");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, make, drop);
  tcase_add_test (tcase, test_both_directions_in_order);
  tcase_add_test (tcase, test_head_and_body_are_one);
  tcase_add_test (tcase, test_a_full_stream_blocks);
  tcase_add_test (tcase, test_the_largest_message);
  tcase_add_test (tcase, test_an_end_lets_what_was_sent_arrive);
  tcase_add_test (tcase, test_a_close_wakes_and_says_why);
  tcase_add_test (tcase, test_the_page_numbers_the_messages);
  return suite;
}

CHECK_PROGRAM (p2ppipe)
