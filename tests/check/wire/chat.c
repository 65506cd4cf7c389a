/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is said on the data channel `chat`, and what is kept of it. */

#include "program.h"

#include <gst/videomeet/wire/chat.h>

#define NOW "2026-11-20T10:00:00Z"

static gboolean
parse (VmChatInput *input, const gchar *text, GError **error)
{
  g_autoptr (GDateTime) now = vm_chat_parse_time (NOW);

  return vm_chat_parse (input, text, "p002", "Bob", now, error);
}

static VmChatMessage *
only (const VmChatInput *input)
{
  fail_unless_equals_int (input->messages->len, 1);
  return g_ptr_array_index (input->messages, 0);
}

static VmChatMessage *
make (const gchar *id, const gchar *text)
{
  g_autoptr (GDateTime) now = vm_chat_parse_time (NOW);
  VmChatFields fields = { id, "p001", "Ann", text, now, FALSE, FALSE };

  return vm_chat_message_new (&fields);
}

GST_START_TEST (test_round_trip)
{
  g_autoptr (VmChatMessage) message = make ("u-1", "a \"b\"\n\tc");
  g_autofree gchar *text = vm_chat_format (message);
  g_auto (VmChatInput) input = { NULL };

  fail_unless_equals_string (text,
      "{\"type\":\"chat\",\"id\":\"u-1\",\"text\":\"a \\\"b\\\"\\n\\u0009c\","
      "\"time\":\"" NOW "\"}");
  fail_unless (parse (&input, text, NULL));
  fail_if (input.plain || input.history);
  fail_unless_equals_string (vm_chat_message_get_id (only (&input)), "u-1");
  fail_unless_equals_string (
      vm_chat_message_get_text (only (&input)), "a \"b\"\n\tc");
  /* whose channel it is says who speaks */
  fail_unless_equals_string (vm_chat_message_get_from (only (&input)), "p002");
  fail_unless_equals_string (vm_chat_message_get_user (only (&input)), "Bob");
  fail_if (vm_chat_message_get_confidential (only (&input)));
}

GST_END_TEST;

GST_START_TEST (test_plain_text)
{
  const gchar *texts[] = { "hello", "{", "{}", "{\"type\":\"news\"}", "[1]",
    "{\"type\":7}", "null", "\"chat\"" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_auto (VmChatInput) input = { NULL };
    g_autofree gchar *time = NULL;

    fail_unless (parse (&input, texts[i], NULL), "%s", texts[i]);
    fail_unless (input.plain);
    fail_unless_equals_string (
        vm_chat_message_get_text (only (&input)), texts[i]);
    time = vm_chat_format_time (vm_chat_message_get_time (only (&input)));
    fail_unless_equals_string (time, NOW);
  }
}

GST_END_TEST;

GST_START_TEST (test_little_said)
{
  g_auto (VmChatInput) input = { NULL };
  g_autofree gchar *time = NULL;

  fail_unless (parse (&input,
      "{\"type\":\"chat\",\"text\":\"x\",\"time\":\"soon\",\"from\":\"p001\","
      "\"private\":true}",
      NULL));
  fail_unless (g_uuid_string_is_valid (vm_chat_message_get_id (only (&input))));
  fail_unless_equals_string (vm_chat_message_get_from (only (&input)), "p002");
  fail_unless (vm_chat_message_get_confidential (only (&input)));
  time = vm_chat_format_time (vm_chat_message_get_time (only (&input)));
  fail_unless_equals_string (time, NOW);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  const gchar *bad[] = { "", "a\033[2Jb", "a\x7f", "{\"type\":\"chat\"}",
    "{\"type\":\"chat\",\"text\":\"\"}", "{\"type\":\"chat\",\"text\":1}",
    "{\"type\":\"chat\",\"text\":\"a\\u001bb\"}",
    "{\"type\":\"chat\",\"text\":\"a\",\"id\":\"a\\nb\"}",
    "{\"type\":\"chat\",\"text\":\"a\",\"private\":1}",
    "{\"type\":\"chat-history\"}", "{\"type\":\"chat-history\",\"messages\":1}",
    "{\"type\":\"chat-history\",\"messages\":[1]}",
    "{\"type\":\"chat-history\",\"messages\":[{\"id\":\"a\",\"text\":\"b\"}]}",
    "{\"type\":\"chat-history\",\"messages\":[{\"from\":\"a\",\"text\":\"b\"}"
    "]}" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_auto (VmChatInput) input = { NULL };
    g_autoptr (GError) error = NULL;

    fail_if (parse (&input, bad[i], &error), "%s", bad[i]);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  }
}

GST_END_TEST;

static gboolean
says (guint bytes, gboolean json)
{
  g_autofree gchar *said = g_strnfill (bytes, 'x');
  g_autofree gchar *text =
      json ? g_strdup_printf ("{\"type\":\"chat\",\"text\":\"%s\"}", said)
           : g_strdup (said);
  g_auto (VmChatInput) input = { NULL };

  return parse (&input, text, NULL);
}

GST_START_TEST (test_text_limit)
{
  for (guint json = 0; json < 2; json++) {
    fail_unless (says (VM_SIGNAL_CHAT_MAX - 1, json));
    fail_unless (says (VM_SIGNAL_CHAT_MAX, json));
    fail_if (says (VM_SIGNAL_CHAT_MAX + 1, json));
  }
}

GST_END_TEST;

static void
fill (VmChatLog *log, guint n, const gchar *text)
{
  for (guint i = 0; i < n; i++) {
    g_autofree gchar *id = g_strdup_printf ("u-%u", i);
    g_autoptr (VmChatMessage) message = make (id, text);

    fail_unless (vm_chat_log_add (log, message));
  }
}

static guint
count_told (VmChatLog *log, VmChatInput *input)
{
  g_autofree gchar *text = vm_chat_log_format (log);
  g_autoptr (GError) error = NULL;

  fail_unless (strlen (text) <= VM_CHAT_HISTORY_BYTES);
  fail_unless (parse (input, text, &error), "%s", text);
  g_assert_no_error (error);
  fail_unless (input->history);
  return input->messages->len;
}

GST_START_TEST (test_history)
{
  g_autoptr (VmChatLog) log = vm_chat_log_new ();
  g_auto (VmChatInput) input = { NULL };
  GList *list;
  VmChatMessage *oldest;

  fail_unless (vm_chat_log_format (log) == NULL);
  fail_unless (vm_chat_log_list (log) == NULL);
  fill (log, 2, "\"quoted\"\nlines");
  fail_unless_equals_int (count_told (log, &input), 2);
  oldest = g_ptr_array_index (input.messages, 0);
  fail_unless_equals_string (vm_chat_message_get_id (oldest), "u-0");
  fail_unless_equals_string (vm_chat_message_get_from (oldest), "p001");
  fail_unless_equals_string (vm_chat_message_get_user (oldest), "Ann");
  fail_unless_equals_string (
      vm_chat_message_get_text (oldest), "\"quoted\"\nlines");
  fail_unless (vm_chat_message_get_old (oldest));
  list = vm_chat_log_list (log);
  fail_unless_equals_int (g_list_length (list), 2);
  fail_unless_equals_string (vm_chat_message_get_id (list->data), "u-0");
  g_list_free_full (list, g_object_unref);
}

GST_END_TEST;

GST_START_TEST (test_history_limit)
{
  const guint counts[] = { VM_CHAT_HISTORY_MAX - 1, VM_CHAT_HISTORY_MAX,
    VM_CHAT_HISTORY_MAX + 1 };

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++) {
    g_autoptr (VmChatLog) log = vm_chat_log_new ();
    g_auto (VmChatInput) input = { NULL };

    fill (log, counts[i], "x");
    fail_unless_equals_int (
        count_told (log, &input), MIN (counts[i], VM_CHAT_HISTORY_MAX));
    fail_unless_equals_string (
        vm_chat_message_get_id (g_ptr_array_index (input.messages, 0)),
        counts[i] > VM_CHAT_HISTORY_MAX ? "u-1" : "u-0");
  }
}

GST_END_TEST;

/* The size of the history when it has @n messages and the last of @last bytes
 * more. */
static gsize
size_of (guint n, guint last, guint *told)
{
  g_autoptr (VmChatLog) log = vm_chat_log_new ();
  g_auto (VmChatInput) input = { NULL };
  g_autofree gchar *long_text = g_strnfill (4090, 'y');
  g_autofree gchar *last_text = g_strnfill (last, 'z');
  g_autoptr (VmChatMessage) message = make ("u-last", last_text);
  g_autofree gchar *text = NULL;

  fill (log, n, long_text);
  fail_unless (vm_chat_log_add (log, message));
  *told = count_told (log, &input);
  text = vm_chat_log_format (log);
  return strlen (text);
}

GST_START_TEST (test_history_bytes)
{
  guint told, rest;
  gsize size = size_of (11, 1, &told);

  fail_unless_equals_int (told, 12);
  rest = VM_CHAT_HISTORY_BYTES - size;
  fail_unless (rest > 1 && rest < 4000, "%u", rest);
  fail_unless_equals_int64 (
      size_of (11, rest, &told), VM_CHAT_HISTORY_BYTES - 1);
  fail_unless_equals_int (told, 12);
  fail_unless_equals_int64 (
      size_of (11, rest + 1, &told), VM_CHAT_HISTORY_BYTES);
  fail_unless_equals_int (told, 12);
  fail_unless (size_of (11, rest + 2, &told) < VM_CHAT_HISTORY_BYTES);
  fail_unless_equals_int (told, 11);
}

GST_END_TEST;

GST_START_TEST (test_too_long_a_history)
{
  for (gint n = VM_CHAT_HISTORY_MAX; n <= VM_CHAT_HISTORY_MAX + 1; n++) {
    GString *text = g_string_new ("{\"type\":\"chat-history\",\"messages\":[");
    g_auto (VmChatInput) input = { NULL };

    for (gint i = 0; i < n; i++)
      g_string_append_printf (text,
          "%s{\"id\":\"%d\",\"from\":\"p001\",\"user\":\"\",\"text\":\"x\","
          "\"time\":\"" NOW "\"}",
          i ? "," : "", i);
    g_string_append (text, "]}");
    fail_unless_equals_int (
        parse (&input, text->str, NULL), n <= VM_CHAT_HISTORY_MAX);
    g_string_free (text, TRUE);
  }
}

GST_END_TEST;

GST_START_TEST (test_told_once)
{
  g_autoptr (VmChatLog) log = vm_chat_log_new ();
  g_autoptr (VmChatMessage) message = make ("u-0", "again");
  g_autoptr (GDateTime) now = vm_chat_parse_time (NOW);
  VmChatFields other = { "u-0", "p003", "Eve", "mine", now, FALSE, FALSE };
  g_autoptr (VmChatMessage) of_eve = vm_chat_message_new (&other);

  fill (log, 1, "x");
  fail_if (vm_chat_log_add (log, message));
  /* an id of somebody else's takes nothing away */
  fail_unless (vm_chat_log_add (log, of_eve));
  fail_if (vm_chat_log_add (log, of_eve));
}

GST_END_TEST;

GST_START_TEST (test_known_limit)
{
  for (guint n = VM_CHAT_KNOWN_MAX - 1; n <= VM_CHAT_KNOWN_MAX + 1; n++) {
    g_autoptr (VmChatLog) log = vm_chat_log_new ();
    g_autoptr (VmChatMessage) oldest = make ("u-0", "x");

    fill (log, n, "x");
    fail_unless_equals_int (
        vm_chat_log_add (log, oldest), n > VM_CHAT_KNOWN_MAX);
  }
}

GST_END_TEST;

GST_START_TEST (test_confidential)
{
  g_autoptr (VmChatLog) log = vm_chat_log_new ();
  g_autoptr (GDateTime) now = vm_chat_parse_time (NOW);
  VmChatFields fields = { "u-0", "p002", "Bob", "psst", now, TRUE, FALSE };
  g_autoptr (VmChatMessage) message = vm_chat_message_new (&fields);

  fail_unless (vm_chat_log_add (log, message));
  fail_if (vm_chat_log_add (log, message));
  fail_unless (vm_chat_log_format (log) == NULL);
}

GST_END_TEST;

GST_START_TEST (test_rate)
{
  VmChatRate rate = { 0 };
  gint64 now = 1000 * G_USEC_PER_SEC;

  for (guint i = 0; i < VM_CHAT_BURST; i++)
    fail_unless (vm_chat_rate_take (&rate, now));
  fail_if (vm_chat_rate_take (&rate, now));
  now += G_USEC_PER_SEC / VM_CHAT_RATE;
  fail_unless (vm_chat_rate_take (&rate, now));
  fail_if (vm_chat_rate_take (&rate, now));
  /* at the rate itself for ever */
  for (guint i = 0; i < 1000; i++) {
    now += G_USEC_PER_SEC / VM_CHAT_RATE;
    fail_unless (vm_chat_rate_take (&rate, now));
  }
}

GST_END_TEST;

static Suite *
chat_suite (void)
{
  Suite *s = suite_create ("chat");
  TCase *tc = tcase_create ("chat");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_round_trip);
  tcase_add_test (tc, test_plain_text);
  tcase_add_test (tc, test_little_said);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_text_limit);
  tcase_add_test (tc, test_history);
  tcase_add_test (tc, test_history_limit);
  tcase_add_test (tc, test_history_bytes);
  tcase_add_test (tc, test_too_long_a_history);
  tcase_add_test (tc, test_told_once);
  tcase_add_test (tc, test_known_limit);
  tcase_add_test (tc, test_confidential);
  tcase_add_test (tc, test_rate);
  return s;
}

CHECK_PROGRAM (chat)
