/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* To whom a PIN is shown: a host whose key is known, or was confirmed. */

#include "program.h"
#include "support/meetingdevice.h"

#include <gst/videomeet/client/admission.h>
#include <gst/videomeet/meeting/vmmeeting-priv.h>

#define PIN "123456"

static guint asked;
static gboolean answer; /* given at once */

static void
on_host_unknown (VmMeeting *meeting, const gchar *device_id, const gchar *user,
    const gchar *device)
{
  g_autoptr (GError) error = NULL;

  asked++;
  fail_unless_equals_string (
      device_id, vm_identity_get_device_id (key_of (&a)));
  /* who has a PIN tells strangers no names, unless it was told to */
  fail_unless (!user || !*user || g_str_equal (user, "Ann"));
  fail_unless (vm_meeting_confirm_host (meeting, device_id, answer, &error));
  g_assert_no_error (error);
}

static void
host_with_pin (const gchar *pin)
{
  device_open (&a, VM_MEETING_MODE_HOST);
  g_object_set (a.meeting, "pin", pin, NULL);
  start (&a);
  WAIT_FOR (has (&a, "announced"));
}

static void
prepare (const gchar *host_key)
{
  asked = 0;
  device_open (&b, VM_MEETING_MODE_JOIN);
  g_object_set (b.meeting, "pin", PIN, "host-key", host_key, NULL);
  g_signal_connect (
      b.meeting, "host-unknown", G_CALLBACK (on_host_unknown), NULL);
}

static void
join (const gchar *host_key)
{
  prepare (host_key);
  use_uri (&b, "standup");
  start (&b);
}

/* Nothing of it has reached the host. */
static void
is_refused (void)
{
  WAIT_FOR (has (&b, "ended"));
  g_assert_error (b.error, VM_ERROR, VM_ERROR_HOST_UNKNOWN);
  heard (&b, "failed ended");
  heard (&a, "joined:p001 announced");
}

static void
is_inside (void)
{
  WAIT_FOR (has (&a, "active") && has (&b, "active"));
}

GST_START_TEST (test_nobody_is_asked)
{
  g_autofree gchar *id = NULL;

  host_with_pin (PIN);
  join (NULL);
  is_refused ();
  fail_unless_equals_int (asked, 0);
  id = g_strdup (vm_identity_get_device_id (key_of (&a)));
  fail_unless (strstr (b.error->message, id) != NULL);
}

GST_END_TEST;

GST_START_TEST (test_key_given)
{
  host_with_pin (PIN);
  join (vm_identity_get_device_id (key_of (&a)));
  is_inside ();
}

GST_END_TEST;

GST_START_TEST (test_key_of_another)
{
  host_with_pin (PIN);
  join (vm_identity_get_device_id (key_of (&b)));
  is_refused ();
}

GST_END_TEST;

GST_START_TEST (test_no_key)
{
  const gchar *keys[] = { "AAAA", "0000-0000" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autoptr (GError) error = NULL;

    prepare (keys[i]);
    fail_if (vm_meeting_start (b.meeting, &error), "%s", keys[i]);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
    g_clear_object (&b.meeting);
  }
}

GST_END_TEST;

GST_START_TEST (test_known_from_before)
{
  host_with_pin (NULL);
  device_open (&b, VM_MEETING_MODE_JOIN);
  use_uri (&b, "standup");
  start (&b);
  is_inside ();
  g_clear_object (&b.meeting);
  g_clear_object (&a.meeting);
  host_with_pin (PIN);
  join (NULL);
  is_inside ();
}

GST_END_TEST;

GST_START_TEST (test_asked)
{
  answer = __i__;
  host_with_pin (PIN);
  prepare (NULL);
  g_object_set (b.meeting, "ask-host", TRUE, NULL);
  use_uri (&b, "standup");
  start (&b);
  if (answer)
    is_inside ();
  else
    is_refused ();
  fail_unless_equals_int (asked, 1);
}

GST_END_TEST;

GST_START_TEST (test_answer_to_no_question)
{
  g_autoptr (GError) error = NULL;

  host_with_pin (PIN);
  join (vm_identity_get_device_id (key_of (&a)));
  is_inside ();
  fail_if (vm_meeting_confirm_host (
      b.meeting, vm_identity_get_device_id (key_of (&a)), TRUE, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
}

GST_END_TEST;

/* A host that says that it has a private meeting, and one that names it, are
 * told neither its name nor the PIN. */
GST_START_TEST (test_found)
{
  answer = TRUE;
  g_object_set (a.node, "announce",
      __i__ & 1 ? VM_ANNOUNCE_FULL : VM_ANNOUNCE_MINIMAL, NULL);
  host_with_pin (PIN);
  know (&b, &a);
  prepare (NULL);
  g_object_set (b.meeting, "ask-host", __i__ >= 2, "join-timeout",
      __i__ >= 2 ? 10 * WAIT_SECONDS * 1000 : 3000, NULL);
  start (&b);
  if (__i__ >= 2)
    is_inside ();
  else
    is_refused ();
  fail_unless_equals_int (asked, __i__ >= 2);
}

GST_END_TEST;

static void
count_hosts (VmMeeting *meeting, const gchar *device_id, const gchar *user,
    const gchar *device, guint *hosts)
{
  ++*hosts;
}

GST_START_TEST (test_questions_below_at_and_above_the_limit)
{
  guint hosts = 0;
  GSource *timer = NULL;

  device_open (&b, VM_MEETING_MODE_JOIN);
  use_uri (&b, "standup");
  start (&b);
  g_signal_connect (
      b.meeting, "host-unknown", G_CALLBACK (count_hosts), &hosts);
  for (guint i = 0; i <= VM_MEETING_STRANGERS_MAX; i++) {
    g_autofree gchar *id = g_strdup_printf ("key %u", i);
    VmHostNames names = { .device_id = id };

    vm_meeting_ask_about (b.meeting, g_new0 (VmMeetingEndpoint, 1), &names);
    fail_unless_equals_int (hosts, MIN (i + 1, VM_MEETING_STRANGERS_MAX));
    /* the first alone sets until when there is time to answer */
    if (i == 0)
      timer = b.meeting->join_timer;
    fail_unless (b.meeting->join_timer == timer);
  }
  fail_unless (vm_meeting_confirm_host (b.meeting, "key 0", FALSE, NULL));
  fail_if (vm_meeting_confirm_host (b.meeting, "key 16", FALSE, NULL));
}

GST_END_TEST;

static void
on_asked (GObject *http, GAsyncResult *result, gpointer data)
{
  GError **error = data;

  fail_if (vm_admission_ask_finish (VM_HTTP_CLIENT (http), result, error));
}

GST_START_TEST (test_no_key_over_plain_http)
{
  g_autoptr (VmHttpClient) http = vm_http_client_new (key_of (&b));
  g_autoptr (GError) error = NULL;
  VmSignalClientConfig config = { .base_uri = "http://192.0.2.1:8080",
    .meeting = "standup",
    .user = "Bob",
    .device = "b",
    .pin = PIN,
    .timeout_ms = 1000 };

  vm_admission_ask_async (http, key_of (&b), &config, NULL, on_asked, &error);
  WAIT_FOR (error);
  g_assert_error (error, VM_ERROR, VM_ERROR_HOST_UNKNOWN);
}

GST_END_TEST;

static Suite *
hostkey_suite (void)
{
  Suite *suite = suite_create ("hostkey");
  TCase *tests = tcase_create ("hostkey");

  tcase_add_checked_fixture (tests, setup_keys, teardown_three);
  tcase_add_test (tests, test_nobody_is_asked);
  tcase_add_test (tests, test_key_given);
  tcase_add_test (tests, test_key_of_another);
  tcase_add_test (tests, test_no_key);
  tcase_add_test (tests, test_known_from_before);
  tcase_add_loop_test (tests, test_asked, 0, 2);
  tcase_add_test (tests, test_answer_to_no_question);
  tcase_add_loop_test (tests, test_found, 0, 4);
  tcase_add_test (tests, test_questions_below_at_and_above_the_limit);
  tcase_add_test (tests, test_no_key_over_plain_http);
  suite_add_tcase (suite, tests);
  return suite;
}

CHECK_PROGRAM (hostkey)
