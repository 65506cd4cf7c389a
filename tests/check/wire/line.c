/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Both ends of a line over sockets that a test imagines: what is kept, what is
 * sent again, and that nothing comes twice (protocol/signalling.md#resume). */

#include "program.h"

#include <gst/videomeet/wire/line.h>
#include <string.h>

static VmLine *one, *other;

static void
setup (void)
{
  one = vm_line_new (&vm_dialect_native);
  other = vm_line_new (&vm_dialect_native);
}

static void
teardown (void)
{
  vm_line_free (one);
  vm_line_free (other);
}

static GBytes *
say (VmLine *line, const gchar *text)
{
  g_autoptr (VmSignal) chat = vm_signal_new (VM_SIGNAL_CHAT);

  chat->text = g_strdup (text);
  return vm_line_format (line, chat);
}

static GBytes *
acknowledge (VmLine *line)
{
  g_autoptr (VmSignal) ack = vm_signal_new (VM_SIGNAL_ACK);

  return vm_line_format (line, ack);
}

/* Whether it is handed over. */
static gboolean
hear (VmLine *line, GBytes *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) signal = vm_line_parse (line, message, &error);

  g_assert_no_error (error);
  return signal != NULL;
}

/* How many messages @line would send again. */
static guint
missed (VmLine *line, gint64 last_seq)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) again = vm_line_resume (line, last_seq, &error);

  g_assert_no_error (error);
  return again->len;
}

static void
resume_fails (VmLine *line, gint64 last_seq)
{
  g_autoptr (GError) error = NULL;

  fail_unless (vm_line_resume (line, last_seq, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_RESUME_FAILED);
}

GST_START_TEST (test_again_and_once)
{
  GBytes *sent[4];
  g_autoptr (GPtrArray) again = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (sent); i++)
    sent[i] = say (one, "hi");
  fail_unless (hear (other, sent[0]));
  fail_unless (hear (other, sent[1]));
  /* the socket is cut; the third never came, or its ack did not */
  again = vm_line_resume (one, 1, NULL);
  fail_unless_equals_int (again->len, 3);
  fail_unless (g_bytes_equal (again->pdata[0], sent[1]));
  fail_if (hear (other, again->pdata[0]));
  fail_unless (hear (other, again->pdata[1]));
  fail_unless (hear (other, again->pdata[2]));
  fail_if (vm_line_has_gap (other));
  fail_unless_equals_int64 (vm_line_get_received (other), 4);
  for (guint i = 0; i < G_N_ELEMENTS (sent); i++)
    g_bytes_unref (sent[i]);
}

GST_END_TEST;

GST_START_TEST (test_acks_let_go)
{
  g_autoptr (GBytes) first_said = say (one, "1");
  g_autoptr (GBytes) second_said = say (one, "2");
  g_autoptr (GBytes) answer = NULL, ack = NULL;

  hear (other, first_said);
  answer = say (other, "yes");
  fail_unless (hear (one, answer));
  fail_unless_equals_int (missed (one, 0), 1);
  hear (other, second_said);
  ack = acknowledge (other);
  fail_if (hear (one, ack));
  fail_unless_equals_int (missed (one, 0), 0);
  /* an ack has no number and is not kept */
  fail_unless_equals_int (missed (other, 0), 1);
}

GST_END_TEST;

GST_START_TEST (test_last_seq)
{
  for (guint i = 0; i < 3; i++)
    g_bytes_unref (say (one, "hi"));
  fail_unless_equals_int (missed (one, 0), 3);
  fail_unless_equals_int (missed (one, 3), 0);
  resume_fails (one, 4);
}

GST_END_TEST;

GST_START_TEST (test_messages_kept)
{
  for (guint i = 0; i < VM_LINE_MESSAGES; i++)
    g_bytes_unref (say (one, "hi"));
  fail_unless_equals_int (missed (one, 0), VM_LINE_MESSAGES);
  g_bytes_unref (say (one, "one too many"));
  resume_fails (one, 0);
  fail_unless_equals_int (missed (one, 1), VM_LINE_MESSAGES);
}

GST_END_TEST;

/* @n messages whose size is VM_LINE_BYTES and @more. */
static void
fill (guint n, gint more)
{
  g_autofree gchar *text = NULL;
  g_autoptr (GBytes) plain = say (other, "");
  gsize each = VM_LINE_BYTES / n;
  gsize total = 0;

  for (guint i = 0; i < n; i++) {
    g_autoptr (GBytes) bytes = NULL;
    gsize size = each - g_bytes_get_size (plain) + (i + 1 < n ? 0 : more);

    g_free (text);
    text = g_strnfill (size, 'x');
    bytes = say (one, text);
    total += g_bytes_get_size (bytes);
  }
  fail_unless_equals_uint64 (total, VM_LINE_BYTES + more);
}

GST_START_TEST (test_bytes_kept)
{
  fill (8, -1);
  fail_unless_equals_int (missed (one, 0), 8);
  teardown ();
  setup ();
  fill (8, 0);
  fail_unless_equals_int (missed (one, 0), 8);
  teardown ();
  setup ();
  fill (8, 1);
  resume_fails (one, 0);
  fail_unless_equals_int (missed (one, 1), 7);
}

GST_END_TEST;

GST_START_TEST (test_when_an_ack_is_due)
{
  g_autofree gchar *text = g_strnfill (VM_LINE_ACK_BYTES / 2, 'x');

  for (guint i = 1; i <= VM_LINE_ACK_MESSAGES; i++) {
    g_autoptr (GBytes) bytes = say (one, "hi");

    fail_if (vm_line_wants_ack (other));
    hear (other, bytes);
    /* what comes twice is no more than what came once */
    hear (other, bytes);
  }
  fail_unless (vm_line_wants_ack (other));
  g_bytes_unref (acknowledge (other));
  fail_if (vm_line_wants_ack (other));

  for (guint i = 0; i < 2; i++) {
    g_autoptr (VmSignal) offer = vm_signal_new (VM_SIGNAL_OFFER);
    g_autoptr (GBytes) bytes = NULL;

    fail_if (vm_line_wants_ack (other));
    vm_signal_set_text (offer, &offer->sdp, text);
    bytes = vm_line_format (one, offer);
    fail_unless (hear (other, bytes));
  }
  fail_unless (vm_line_wants_ack (other));
}

GST_END_TEST;

GST_START_TEST (test_gap)
{
  GBytes *sent[3];

  for (guint i = 0; i < G_N_ELEMENTS (sent); i++)
    sent[i] = say (one, "hi");
  hear (other, sent[0]);
  fail_if (vm_line_has_gap (other));
  hear (other, sent[2]);
  fail_unless (vm_line_has_gap (other));
  for (guint i = 0; i < G_N_ELEMENTS (sent); i++)
    g_bytes_unref (sent[i]);
}

GST_END_TEST;

static Suite *
line_suite (void)
{
  Suite *s = suite_create ("line");
  TCase *tc = tcase_create ("line");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_again_and_once);
  tcase_add_test (tc, test_acks_let_go);
  tcase_add_test (tc, test_last_seq);
  tcase_add_test (tc, test_messages_kept);
  tcase_add_test (tc, test_bytes_kept);
  tcase_add_test (tc, test_when_an_ack_is_due);
  tcase_add_test (tc, test_gap);
  return s;
}

CHECK_PROGRAM (line)
