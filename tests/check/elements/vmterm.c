/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include <gst/videomeet/videomeet.h>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define DEADLINE (60 * GST_SECOND)

/* Until EOS or an error; which is returned, or NULL. *@code: of the command. */
static GError *
run (GstElement *pipeline, gint *code)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  GError *error = NULL;
  gboolean over = FALSE;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (!over) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus, DEADLINE,
        GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT);

    fail_unless (message != NULL, "it does not end");
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
      gst_message_parse_error (message, &error, NULL);
    if (gst_message_has_name (message, "vm-term-ended"))
      gst_structure_get_int (gst_message_get_structure (message), "code", code);
    over = GST_MESSAGE_TYPE (message) != GST_MESSAGE_ELEMENT;
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return error;
}

static GstElement *
make (const gchar *line)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  fail_unless (pipeline && !error);
  return pipeline;
}

/* What stands in a file is what was shown, without what is not allowed. */
GST_START_TEST (test_a_command_to_a_file)
{
  g_autofree gchar *path = NULL;
  gint fd = g_file_open_tmp ("vmterm-XXXXXX", &path, NULL), code = -1;
  g_autofree gchar *line = g_strdup_printf (
      "vmtermsrc command=\"sh -c 'printf \\\"WORD\\\\033]0;title\\\\007\\\"; "
      "exit 3'\" ! vmtermsink output-fd=%d",
      fd);
  g_autoptr (GstElement) pipeline = make (line);
  g_autofree gchar *text = NULL;

  fail_if (run (pipeline, &code));
  fail_unless_equals_int (code, 3);
  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  fail_unless (strstr (text, "WORD") != NULL);
  fail_if (strstr (text, "title") || strstr (text, "\033]"));
  close (fd);
  unlink (path);
}
GST_END_TEST;

GST_START_TEST (test_no_command)
{
  static const gchar *const lines[] = { "vmtermsrc ! fakesink",
    "vmtermsrc command=\"'\" ! fakesink",
    "vmtermsrc command=no-such-program-of-videomeet ! fakesink" };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_autoptr (GstElement) pipeline = make (lines[i]);
    gint code;
    g_autoptr (GError) error = run (pipeline, &code);

    fail_unless (g_error_matches (
        error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ));
  }
}
GST_END_TEST;

static gint
open_terminal (gint *other)
{
  struct termios raw;

  *other = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC);
  fail_unless (*other >= 0 && grantpt (*other) == 0 && unlockpt (*other) == 0);
  fail_unless (tcgetattr (*other, &raw) == 0);
  return open (ptsname (*other), O_RDWR | O_NOCTTY | O_CLOEXEC);
}

/* Reads what is shown until @text stands in it. */
static void
wait_for (gint fd, GString *shown, const gchar *text)
{
  gint64 deadline = g_get_monotonic_time () + DEADLINE / 1000;

  while (!strstr (shown->str, text)) {
    struct pollfd one = { .fd = fd, .events = POLLIN };
    gchar data[4096];
    gssize n;

    fail_unless (g_get_monotonic_time () < deadline, "no \"%s\"", text);
    if (poll (&one, 1, 1000) <= 0)
      continue;
    n = read (fd, data, sizeof data);
    fail_unless (n > 0);
    g_string_append_len (shown, data, n);
  }
}

static void
assert_same_settings (const struct termios *a, const struct termios *b)
{
  fail_unless_equals_int (a->c_lflag, b->c_lflag);
  fail_unless_equals_int (a->c_iflag, b->c_iflag);
  fail_unless_equals_int (a->c_oflag, b->c_oflag);
}

/* @line has two %d: the terminal of the sink. */
static void
check_typing (const gchar *input, const gchar *seen)
{
  gint other, local = open_terminal (&other);
  g_autofree gchar *line =
      g_strdup_printf ("vmtermsrc command=\"sh -c 'echo ready; exec cat'\" "
                       "input=%s ! vmtermsink name=sink input=true "
                       "output-fd=%d input-fd=%d",
          input, local, local);
  g_autoptr (GstElement) pipeline = make (line);
  g_autoptr (GString) shown = g_string_new (NULL);
  struct termios before, meanwhile, after;
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;

  tcgetattr (local, &before);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_for (other, shown, "ready");
  tcgetattr (local, &meanwhile);
  fail_if (meanwhile.c_lflag & (ECHO | ICANON | ISIG));
  fail_unless (write (other, "typed\n", 6) == 6);
  if (seen)
    wait_for (other, shown, seen);
  fail_unless (write (other, "\035", 1) == 1);
  message = gst_bus_timed_pop_filtered (
      bus, seen ? DEADLINE : GST_SECOND / 2, GST_MESSAGE_EOS);
  fail_unless (!message == !seen);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless (seen || !strstr (shown->str, "typed"));
  wait_for (other, shown, "\033[?1049l");
  tcgetattr (local, &after);
  assert_same_settings (&before, &after);
  close (local);
  close (other);
}

GST_START_TEST (test_typing)
{
  check_typing ("true", "typed");
}
GST_END_TEST;

/* The property is what lets it in, whatever the sink sends. */
GST_START_TEST (test_typing_is_not_let_in)
{
  check_typing ("false", NULL);
}
GST_END_TEST;

GST_START_TEST (test_resize)
{
  gint fd, code = -1;
  g_autofree gchar *path = NULL, *line = NULL, *text = NULL;
  g_autoptr (GstElement) pipeline = NULL;

  fd = g_file_open_tmp ("vmterm-XXXXXX", &path, NULL);
  line = g_strdup_printf ("vmtermsrc cols=132 rows=43 command=\"stty size\" ! "
                          "vmtermsink output-fd=%d",
      fd);
  pipeline = make (line);
  fail_if (run (pipeline, &code));
  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  fail_unless (strstr (text, "43") && strstr (text, "132"));
  close (fd);
  unlink (path);
}
GST_END_TEST;

/* Bytes that are no terminal end it with an error. */
GST_START_TEST (test_what_is_no_terminal)
{
  g_autofree gchar *path = NULL;
  gint fd = g_file_open_tmp ("vmterm-XXXXXX", &path, NULL), code;
  g_autofree gchar *line = NULL;
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GError) error = NULL;

  fail_unless (write (fd, "\0\0\0\2\041{}", 7) == 7);
  line = g_strdup_printf ("filesrc location=%s ! application/x-vm-term ! "
                          "vmtermsink output-fd=1",
      path);
  pipeline = make (line);
  error = run (pipeline, &code);
  fail_unless (
      g_error_matches (error, GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE));
  close (fd);
  unlink (path);
}
GST_END_TEST;

static Suite *
vmterm_suite (void)
{
  Suite *s = suite_create ("vmterm");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_a_command_to_a_file);
  tcase_add_test (tc, test_no_command);
  tcase_add_test (tc, test_typing);
  tcase_add_test (tc, test_typing_is_not_let_in);
  tcase_add_test (tc, test_resize);
  tcase_add_test (tc, test_what_is_no_terminal);
  return s;
}

CHECK_PROGRAM (vmterm)
