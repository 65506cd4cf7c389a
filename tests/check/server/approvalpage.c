/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who may answer in the page, and what: secrets, sessions, the question. */

#include "program.h"

#include <gst/videomeet/server/http/approvalpage.h>
#include <gst/videomeet/vmerror.h>

#include <string.h>

#define NOW (1000 * G_USEC_PER_SEC)
#define GROUP "127.0.0.1"
#define GUESS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static VmApprovalPage *page;
static guint64 drawn;

static void
count_up (guint8 *bytes, gsize size, gpointer user_data)
{
  drawn++;
  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8) (drawn >> (8 * (i % 8)));
}

static void
setup (void)
{
  drawn = 0;
  page = vm_approval_page_new (count_up, NULL);
}

static void
teardown (void)
{
  g_clear_pointer (&page, vm_approval_page_free);
}

static gchar *
open_with (const gchar *secret, gint64 now)
{
  g_autoptr (GError) error = NULL;
  gchar *session = vm_approval_page_open (page, secret, GROUP, now, &error);

  g_assert_no_error (error);
  fail_unless_equals_int (strlen (session), VM_APPROVAL_SESSION_LENGTH);
  return session;
}

static void
refused (const gchar *secret, gint64 now, VmError code)
{
  g_autoptr (GError) error = NULL;

  fail_if (vm_approval_page_open (page, secret, GROUP, now, &error));
  g_assert_error (error, VM_ERROR, code);
}

static gboolean
answers (const gchar *session)
{
  g_autoptr (GError) error = NULL;
  gboolean good = vm_approval_page_check (page, session, &error);

  if (!good)
    g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  return good;
}

GST_START_TEST (test_once)
{
  g_autofree gchar *secret = vm_approval_page_make_secret (page, NOW);
  g_autofree gchar *session = NULL;

  fail_unless_equals_int (strlen (secret), VM_INVITATION_LENGTH);
  fail_if (answers (secret));
  session = open_with (secret, NOW);
  fail_if (strcmp (session, secret) == 0);
  fail_unless (answers (session));
  fail_if (answers (secret) || answers ("") || answers (GUESS));
  refused (secret, NOW, VM_ERROR_NOT_TRUSTED);
  fail_unless (answers (session));
}

GST_END_TEST;

/* Below, at and above the time that a secret lives. */
GST_START_TEST (test_secret_grows_old)
{
  g_autofree gchar *secret = vm_approval_page_make_secret (page, NOW);
  gint64 when = NOW + VM_APPROVAL_SECRET_TIME - 1 + __i__;
  g_autofree gchar *session = NULL;

  if (__i__ < 2)
    session = open_with (secret, when);
  else
    refused (secret, when, VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

GST_START_TEST (test_the_newer_counts)
{
  g_autofree gchar *older = vm_approval_page_make_secret (page, NOW);
  g_autofree gchar *newer = vm_approval_page_make_secret (page, NOW);
  g_autofree gchar *first = NULL, *another = NULL, *second = NULL;

  refused (older, NOW, VM_ERROR_NOT_TRUSTED);
  /* who was wrong waits a little */
  first = open_with (newer, NOW + G_USEC_PER_SEC);
  another = vm_approval_page_make_secret (page, NOW);
  fail_unless (answers (first));
  second = open_with (another, NOW + G_USEC_PER_SEC);
  fail_unless (answers (second));
  fail_if (answers (first));
}

GST_END_TEST;

GST_START_TEST (test_guesses)
{
  g_autofree gchar *secret = vm_approval_page_make_secret (page, NOW);
  g_autofree gchar *session = NULL;

  refused (GUESS, NOW, VM_ERROR_NOT_TRUSTED);
  refused (secret, NOW, VM_ERROR_RATE_LIMITED);
  refused ("", NOW + G_USEC_PER_SEC, VM_ERROR_NOT_TRUSTED);
  session = open_with (secret, NOW + 2 * G_USEC_PER_SEC);
}

GST_END_TEST;

static void
shows (const gchar *wanted)
{
  g_autoptr (GBytes) json = vm_approval_page_describe (page);
  gsize size;
  const gchar *text = g_bytes_get_data (json, &size);
  g_autofree gchar *is = g_strndup (text, size);

  fail_unless_equals_string (is, wanted);
}

#define NOTHING "{\"question\":null}"
#define QUESTION(id, name)             \
  "{\"question\":{\"requestId\":\"" id \
  "\",\"deviceId\":\"D\",\"name\":\"" name "\",\"digits\":\"123456\"}}"

GST_START_TEST (test_question)
{
  g_autoptr (GError) error = NULL;

  shows (NOTHING);
  vm_approval_page_ask (page, "one", "D", "Bob \"B\"", "123456");
  shows (QUESTION ("one", "Bob \\\"B\\\""));
  vm_approval_page_withdraw (page, "two");
  shows (QUESTION ("one", "Bob \\\"B\\\""));
  vm_approval_page_ask (page, "two", "D", "Carl", "123456");
  shows (QUESTION ("two", "Carl"));
  /* what was shown before is answered too late */
  fail_if (vm_approval_page_answer (page, "one", &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_FOUND);
  shows (QUESTION ("two", "Carl"));
  fail_unless (vm_approval_page_answer (page, "two", NULL));
  shows (NOTHING);
  fail_if (vm_approval_page_answer (page, "two", NULL));
  vm_approval_page_ask (page, "three", "D", "Dan", "123456");
  vm_approval_page_withdraw (page, "three");
  shows (NOTHING);
}

GST_END_TEST;

static Suite *
approvalpage_suite (void)
{
  Suite *s = suite_create ("approvalpage");
  TCase *tc = tcase_create ("page");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_once);
  tcase_add_loop_test (tc, test_secret_grows_old, 0, 3);
  tcase_add_test (tc, test_the_newer_counts);
  tcase_add_test (tc, test_guesses);
  tcase_add_test (tc, test_question);
  return s;
}

CHECK_PROGRAM (approvalpage)
