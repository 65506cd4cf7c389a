/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who asks to be trusted, answered over HTTP by the page of this device. */

#include "program.h"
#include "support/trust/trusthost.h"

#include <string.h>

#define PAGE "/trust/page"
#define GUESS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define NOTHING "{\"question\":null}"

static gchar *
get_secret (void)
{
  g_autoptr (GError) error = NULL;
  gchar *secret = vm_server_make_approval_secret (server, &error);

  g_assert_no_error (error);
  return secret;
}

static gchar *
get_session (void)
{
  g_autofree gchar *secret = get_secret ();
  g_autofree gchar *body = g_strdup_printf ("{\"secret\":\"%s\"}", secret);
  g_autoptr (NetAnswer) answer = trust_ask (NULL, PAGE, body);
  const gchar *session;

  fail_unless (answer->status == 200, "%s", answer->text);
  session = strstr (answer->body, "\"session\":\"");
  fail_unless (session != NULL, "%s", answer->body);
  session += strlen ("\"session\":\"");
  return g_strndup (session, strcspn (session, "\""));
}

static gchar *
look (const gchar *session)
{
  g_autofree gchar *body = g_strdup_printf ("{\"session\":\"%s\"}", session);
  g_autoptr (NetAnswer) answer = trust_ask (NULL, PAGE "/question", body);

  fail_unless (answer->status == 200, "%s", answer->text);
  return g_strdup (answer->body);
}

/* Until the page shows a question, or none. */
static gchar *
look_for (const gchar *session, gboolean something)
{
  gint64 end = g_get_monotonic_time () + NET_SECONDS * G_TIME_SPAN_SECOND;
  gchar *shown = look (session);

  while ((strcmp (shown, NOTHING) != 0) != something) {
    fail_if (g_get_monotonic_time () > end, "%s", shown);
    g_free (shown);
    shown = look (session);
  }
  return shown;
}

static gchar *
answer_body (const gchar *session, const gchar *request_id, gboolean yes)
{
  return g_strdup_printf (
      "{\"session\":\"%s\",\"requestId\":\"%s\",\"approve\":%s}", session,
      request_id, yes ? "true" : "false");
}

GST_START_TEST (test_answer)
{
  gboolean yes = __i__;
  g_autofree gchar *session = get_session ();
  g_autofree gchar *before = look (session);
  g_autofree gchar *id = trust_reveal (f.bob, 1);
  g_autofree gchar *shown = look_for (session, TRUE);
  g_autofree gchar *body = answer_body (session, id, yes);
  g_autoptr (GIOStream) poll = trust_poll (f.bob, id);
  g_autoptr (NetAnswer) answer = NULL;
  g_autoptr (NetAnswer) polled = NULL;

  fail_unless_equals_string (before, NOTHING);
  fail_unless (strstr (shown, id) && strstr (shown, digits)
                   && strstr (shown, vm_identity_get_device_id (f.bob))
                   && strstr (shown, "\"name\":\"Bob\""),
      "%s", shown);
  answer = trust_ask (NULL, PAGE "/answer", body);
  fail_unless_equals_int (answer->status, 200);
  fail_unless_equals_string (answer->body, NOTHING);
  host_heard (yes ? "answered:yes" : "answered:no");
  polled = trust_polled (poll);
  fail_unless_equals_int (polled->status, yes ? 200 : 403);
  /* nobody says it twice */
  trust_refused (NULL, PAGE "/answer", body, VM_ERROR_NOT_FOUND);
}

GST_END_TEST;

/* Whoever answers first: the page asks no longer. */
GST_START_TEST (test_answered_elsewhere)
{
  g_autofree gchar *session = get_session ();
  g_autofree gchar *id = trust_reveal (f.bob, 1);
  g_autofree gchar *shown = look_for (session, TRUE);
  g_autofree gchar *body = answer_body (session, id, TRUE);
  g_autofree gchar *after = NULL;

  vm_pairing_service_answer (pairing, id, FALSE);
  host_heard ("answered:no");
  after = look_for (session, FALSE);
  trust_refused (NULL, PAGE "/answer", body, VM_ERROR_NOT_FOUND);
}

GST_END_TEST;

/* The one who asks is gone: it is over here as well. */
GST_START_TEST (test_asked_anew)
{
  g_autofree gchar *session = get_session ();
  g_autofree gchar *first = trust_reveal (f.bob, 1);
  g_autofree gchar *shown = look_for (session, TRUE);
  g_autofree gchar *second = trust_request (f.bob, 2);
  g_autofree gchar *after = NULL;

  host_heard ("failed:Bob:DISCONNECTED");
  after = look_for (session, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  g_autofree gchar *session = get_session ();
  g_autofree gchar *id = trust_reveal (f.bob, 1);
  g_autofree gchar *shown = look_for (session, TRUE);
  g_autofree gchar *guessed = answer_body (GUESS, id, TRUE);
  g_autofree gchar *undecided = g_strdup_printf (
      "{\"session\":\"%s\",\"requestId\":\"%s\"}", session, id);
  g_autofree gchar *nameless =
      g_strdup_printf ("{\"session\":\"%s\",\"approve\":true}", session);
  g_autofree gchar *again = NULL;

  trust_refused (NULL, PAGE "/answer", guessed, VM_ERROR_NOT_TRUSTED);
  trust_refused (NULL, PAGE "/answer", undecided, VM_ERROR_BAD_REQUEST);
  trust_refused (NULL, PAGE "/answer", nameless, VM_ERROR_BAD_REQUEST);
  trust_refused (NULL, PAGE "/question", "{}", VM_ERROR_BAD_REQUEST);
  trust_refused (NULL, PAGE, "{}", VM_ERROR_BAD_REQUEST);
  trust_refused (NULL, PAGE, "{\"secret\":1}", VM_ERROR_BAD_MESSAGE);
  trust_refused (NULL, PAGE "/else", "{}", VM_ERROR_NOT_FOUND);
  trust_refused (
      NULL, PAGE, "{\"secret\":\"" GUESS "\"}", VM_ERROR_NOT_TRUSTED);
  again = look (session);
  fail_unless_equals_string (again, shown);
}

GST_END_TEST;

static gchar *
join_body (const gchar *session)
{
  return g_strdup_printf ("{\"meeting\":\"standup\",\"user\":\"Ann\","
                          "\"session\":\"%s\"}",
      session);
}

/* The same page joins as the meeting's moderator; another with no session, or
 * with that of an older page, does not. */
GST_START_TEST (test_join)
{
  g_autofree gchar *old = get_session ();
  g_autofree gchar *session = get_session ();
  g_autofree gchar *guessed = join_body (GUESS);
  g_autofree gchar *closed = join_body (old);
  g_autofree gchar *body = join_body (session);
  g_autoptr (NetAnswer) answer = NULL;

  trust_refused (NULL, "/meetings/join", guessed, VM_ERROR_NOT_TRUSTED);
  trust_refused (NULL, "/meetings/join", closed, VM_ERROR_NOT_TRUSTED);
  answer = trust_ask (NULL, "/meetings/join", body);
  /* no meeting is hosted here: it was let as far as that */
  fail_unless (
      answer->status == 404 && strstr (answer->body, "MEETING_NOT_FOUND"), "%s",
      answer->text);
}

GST_END_TEST;

/* Pages that may join meetings here, and come from elsewhere, may not. */
GST_START_TEST (test_another_origin)
{
  static const gchar *const origins[] = { "https://friend.example", NULL };
  g_autofree gchar *secret = NULL;
  g_autofree gchar *body = NULL;
  g_autoptr (NetAnswer) answer = NULL;
  g_autoptr (NetAnswer) own = NULL;

  host_reopen ((VmServerConfig){ .origins = origins }, NULL);
  secret = get_secret ();
  body = g_strdup_printf ("{\"secret\":\"%s\"}", secret);
  net_use_identity (NULL);
  answer = net_ask (server,
      "POST %s HTTP/1.1\r\nHost: localhost\r\nOrigin: %s\r\n"
      "Content-Type: application/json\r\nContent-Length: %u\r\n\r\n%s",
      PAGE, origins[0], (guint) strlen (body), body);
  fail_unless (answer->status == 403 && strstr (answer->body, "NOT_TRUSTED"),
      "%s", answer->text);
  own = trust_ask (NULL, PAGE, body);
  fail_unless_equals_int (own->status, 200);
}

GST_END_TEST;

static Suite *
approval_suite (void)
{
  Suite *s = suite_create ("approval");
  TCase *tc = tcase_create ("page");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, host_setup, host_teardown);
  tcase_add_loop_test (tc, test_answer, 0, 2);
  tcase_add_test (tc, test_answered_elsewhere);
  tcase_add_test (tc, test_asked_anew);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_join);
  tcase_add_test (tc, test_another_origin);
  return s;
}

CHECK_PROGRAM (approval)
