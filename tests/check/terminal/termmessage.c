/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include <gst/videomeet/terminal/termmessage.h>
#include <gst/videomeet/wire/p2p/reader.h>

#include <string.h>

static GBytes *
text (const gchar *body)
{
  return g_bytes_new (body, strlen (body));
}

static gboolean
reads_size (const gchar *json, VmTermSize *size)
{
  g_autoptr (GBytes) body = text (json);
  g_autoptr (GError) error = NULL;
  gboolean good = vm_term_size_read (size, body, &error);

  fail_unless (good == !error);
  return good;
}

GST_START_TEST (test_size_limits)
{
  VmTermSize size = { 0 };

  fail_unless (reads_size ("{\"cols\":1,\"rows\":1}", &size));
  fail_unless (reads_size ("{\"cols\":499,\"rows\":199}", &size));
  fail_unless (reads_size ("{\"rows\":200,\"cols\":500,\"x\":1}", &size));
  fail_unless_equals_int (size.cols, 500);
  fail_unless_equals_int (size.rows, 200);
  fail_if (reads_size ("{\"cols\":0,\"rows\":1}", &size));
  fail_if (reads_size ("{\"cols\":1,\"rows\":0}", &size));
  fail_if (reads_size ("{\"cols\":501,\"rows\":1}", &size));
  fail_if (reads_size ("{\"cols\":1,\"rows\":201}", &size));
  fail_if (reads_size ("{\"cols\":1}", &size));
  fail_if (reads_size ("{\"cols\":\"80\",\"rows\":24}", &size));
  fail_if (reads_size ("[80,24]", &size));
  fail_if (reads_size ("", &size));
  fail_unless (vm_term_size_is_valid (500, 200));
  fail_if (vm_term_size_is_valid (501, 200));
  fail_if (vm_term_size_is_valid (500, 201));
  fail_if (vm_term_size_is_valid (0, 1));
}
GST_END_TEST;

GST_START_TEST (test_size_is_read_back)
{
  VmTermSize size = { 132, 43 }, again = { 0 };
  g_autoptr (GBytes) body = vm_term_size_write (&size);

  fail_unless (vm_term_size_read (&again, body, NULL));
  fail_unless_equals_int (again.cols, 132);
  fail_unless_equals_int (again.rows, 43);
}
GST_END_TEST;

static GBytes *
filled (gsize size, gchar with)
{
  gchar *data = g_malloc (size + 1);

  memset (data, with, size);
  return g_bytes_new_take (data, size);
}

GST_START_TEST (test_output_limits)
{
  gsize sizes[] = { 0, VM_TERM_OUT_MAX - 1, VM_TERM_OUT_MAX };
  g_autoptr (GBytes) large = filled (VM_TERM_OUT_MAX + 1, 'a');
  g_autoptr (GBytes) broken = text ("ab\xc3");
  g_autoptr (GBytes) zero = g_bytes_new ("a\0b", 3);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (GBytes) body = filled (sizes[i], 'a');

    fail_unless (vm_term_out_check (body, NULL));
  }
  fail_if (vm_term_out_check (large, &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_TOO_LARGE));
  g_clear_error (&error);
  fail_if (vm_term_out_check (broken, &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE));
  fail_if (vm_term_out_check (zero, NULL));
}
GST_END_TEST;

GST_START_TEST (test_input_limits)
{
  gsize sizes[] = { 1, VM_TERM_IN_MAX - 1, VM_TERM_IN_MAX };
  g_autoptr (GBytes) none = filled (0, 'a');
  g_autoptr (GBytes) large = filled (VM_TERM_IN_MAX + 1, 'a');
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (GBytes) body = filled (sizes[i], '\xff');

    fail_unless (vm_term_in_check (body, NULL));
  }
  fail_if (vm_term_in_check (none, NULL));
  fail_if (vm_term_in_check (large, &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_TOO_LARGE));
}
GST_END_TEST;

static gboolean
reads_control (const gchar *json)
{
  g_autoptr (GBytes) body = text (json);
  g_auto (VmTermControl) control = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean good = vm_term_control_read (&control, body, &error);

  fail_unless (good == !error);
  return good;
}

GST_START_TEST (test_control)
{
  for (guint i = 0; i < VM_TERM_CONTROL_N_ACTIONS; i++) {
    VmTermControl control = { .action = i, .code = (gchar *) "CAP_REQUIRED" };
    g_auto (VmTermControl) again = { 0 };
    g_autoptr (GBytes) body = NULL;

    if (i == VM_TERM_CONTROL_TOKEN) {
      control.cap_token = (gchar *) "a.b.c";
      control.expires_in = 300;
    }
    body = vm_term_control_write (&control);
    fail_unless (vm_term_control_read (&again, body, NULL));
    fail_unless_equals_int (again.action, i);
    fail_unless_equals_string (again.code, "CAP_REQUIRED");
    fail_unless_equals_int (again.expires_in, control.expires_in);
    fail_unless_equals_string (again.cap_token ? again.cap_token : "",
        control.cap_token ? control.cap_token : "");
  }
  fail_unless (reads_control ("{\"action\":\"ask\"}"));
  fail_if (reads_control ("{\"action\":\"token\"}"));
  fail_if (reads_control ("{\"action\":\"denied\"}"));
  fail_if (reads_control ("{\"action\":\"shut-down\"}"));
  fail_if (reads_control ("{}"));
  fail_if (reads_control ("{\"action\":\"ask\",\"expires_in\":-1}"));
  fail_if (reads_control ("{\"action\":\"ask\",\"expires_in\":86401}"));
  fail_unless (reads_control ("{\"action\":\"ask\",\"expires_in\":86400}"));
  fail_if (reads_control ("{\"action\":\"ask\",\"message\":\"\\u001b[2J\"}"));
}
GST_END_TEST;

static gboolean
reads_token_of (gsize size)
{
  g_autofree gchar *token = g_strnfill (size, 'a');
  g_autofree gchar *json =
      g_strdup_printf ("{\"action\":\"token\",\"cap_token\":\"%s\"}", token);

  return reads_control (json);
}

GST_START_TEST (test_token_limit)
{
  fail_unless (reads_token_of (VM_TERM_TOKEN_MAX - 1));
  fail_unless (reads_token_of (VM_TERM_TOKEN_MAX));
  fail_if (reads_token_of (VM_TERM_TOKEN_MAX + 1));
}
GST_END_TEST;

static gboolean
reads_viewers (guint n, gsize size)
{
  g_autofree gchar *name = g_strnfill (size, 'n');
  g_autoptr (GString) json = g_string_new ("{\"viewers\":[");
  g_autoptr (GBytes) body = NULL;
  g_auto (VmTermStatus) status = { 0 };
  gboolean good;

  for (guint i = 0; i < n; i++)
    g_string_append_printf (json, "%s\"%s\"", i ? "," : "", name);
  g_string_append (json, "]}");
  body = text (json->str);
  good = vm_term_status_read (&status, body, NULL);
  if (good)
    fail_unless_equals_int (g_strv_length (status.viewers), n);
  return good;
}

GST_START_TEST (test_status_limits)
{
  fail_unless (reads_viewers (0, 1));
  fail_unless (reads_viewers (VM_TERM_VIEWERS_MAX - 1, VM_TERM_NAME_MAX - 1));
  fail_unless (reads_viewers (VM_TERM_VIEWERS_MAX, VM_TERM_NAME_MAX));
  fail_if (reads_viewers (VM_TERM_VIEWERS_MAX + 1, 1));
  fail_if (reads_viewers (1, VM_TERM_NAME_MAX + 1));
}
GST_END_TEST;

GST_START_TEST (test_status_is_read_back)
{
  const gchar *names[VM_TERM_VIEWERS_MAX + 2] = { NULL };
  VmTermStatus status = { .viewers = (GStrv) names,
    .controller = (gchar *) "Ann\033[2J",
    .ended = TRUE,
    .code = 130 };
  g_autofree gchar *command = g_strnfill (2 * VM_TERM_COMMAND_MAX, 'c');
  g_auto (VmTermStatus) again = { 0 };
  g_autoptr (GBytes) body = NULL;

  for (guint i = 0; i <= VM_TERM_VIEWERS_MAX; i++)
    names[i] = "Bob";
  status.command = command;
  body = vm_term_status_write (&status);
  fail_unless (vm_term_status_read (&again, body, NULL));
  fail_unless_equals_int (g_strv_length (again.viewers), VM_TERM_VIEWERS_MAX);
  fail_unless_equals_string (again.controller, "Ann [2J");
  fail_unless_equals_int (strlen (again.command), VM_TERM_COMMAND_MAX);
  fail_unless (again.ended);
  fail_unless_equals_int (again.code, 130);
}
GST_END_TEST;

/* As vmquicsink and a viewer take it apart. */
GST_START_TEST (test_a_message_is_framed)
{
  g_autoptr (GBytes) body = text ("hello");
  g_autoptr (GBytes) message = vm_term_message_new (VM_P2P_TERM_OUT, body);
  g_autoptr (VmP2pReader) reader = vm_p2p_reader_new (FALSE);
  g_autoptr (GBytes) again = NULL;
  guint8 type = 0;

  fail_unless (vm_p2p_reader_take (reader, g_bytes_get_data (message, NULL),
      g_bytes_get_size (message), NULL));
  again = vm_p2p_reader_pop (reader, &type);
  fail_unless_equals_int (type, VM_P2P_TERM_OUT);
  fail_unless (again && g_bytes_equal (again, body));
}
GST_END_TEST;

static Suite *
termmessage_suite (void)
{
  Suite *s = suite_create ("termmessage");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_size_limits);
  tcase_add_test (tc, test_size_is_read_back);
  tcase_add_test (tc, test_output_limits);
  tcase_add_test (tc, test_input_limits);
  tcase_add_test (tc, test_control);
  tcase_add_test (tc, test_token_limit);
  tcase_add_test (tc, test_status_limits);
  tcase_add_test (tc, test_status_is_read_back);
  tcase_add_test (tc, test_a_message_is_framed);
  return s;
}

CHECK_PROGRAM (termmessage)
