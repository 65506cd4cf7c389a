/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a participant may say to Janus through a server, and under which name
 * (protocol/cloud.md#requests). */

#include "program.h"

#include <gst/videomeet/wire/janus/janusfilter.h>
#include <string.h>

#define MEETING "0f8fad5b-d9cb-469f-a165-70867728950e"
#define NAME "Ann \xe2\x9f\xa8" MEETING ":p003\xe2\x9f\xa9"

static VmJanusFilter *filter;
static gint64 now;

static void
begin (const gchar *api_secret)
{
  const VmJanusFilterConfig config = {
    .room = 4711, .display = NAME, .pin = "234567", .api_secret = api_secret
  };

  filter = vm_janus_filter_new (&config);
  now = G_USEC_PER_SEC;
}

static void
set_up (void)
{
  begin ("s3");
}

static void
tear_down (void)
{
  g_clear_pointer (&filter, vm_janus_filter_free);
}

static gchar *
ask (const gchar *text)
{
  g_autofree gchar *answer = NULL;
  gchar *request =
      vm_janus_filter_request (filter, text, strlen (text), now, &answer);

  fail_unless (!request == !!answer);
  return request;
}

static void
passes (const gchar *text, const gchar *wanted)
{
  g_autofree gchar *request = ask (text);

  fail_unless_equals_string (request, wanted);
}

static void
is_refused (const gchar *text)
{
  g_autofree gchar *answer = NULL;
  g_autofree gchar *request =
      vm_janus_filter_request (filter, text, strlen (text), now, &answer);
  g_autoptr (VmJanusMessage) message = NULL;

  fail_unless (request == NULL, "%s passes", text);
  message = vm_janus_message_read (answer, strlen (answer), NULL);
  fail_unless (message != NULL, "%s", answer);
  fail_unless_equals_int (message->type, VM_JANUS_ERROR);
  fail_unless_equals_int64 (message->code, 403);
  fail_unless (message->text != NULL);
}

static gboolean
reply (const gchar *text)
{
  return vm_janus_filter_reply (filter, text, strlen (text));
}

/* The session 7 and its handle 8. */
static void
have_session (void)
{
  g_free (ask ("{\"janus\":\"create\",\"transaction\":\"1\"}"));
  g_free (vm_janus_filter_take_end (filter));
  fail_unless (
      reply ("{\"janus\":\"success\",\"transaction\":\"1\",\"data\":{\"id\":7}"
             "}"));
  fail_unless (reply ("{\"janus\":\"success\",\"session_id\":7,"
                      "\"transaction\":\"2\",\"data\":{\"id\":8}}"));
}

#define HEAD(type)                                                  \
  "{\"janus\":\"" type "\",\"transaction\":\"t\",\"session_id\":7," \
  "\"handle_id\":8"
#define SHOWN ",\"apisecret\":\"s3\""
#define MESSAGE(body) HEAD ("message") ",\"body\":{" body "}}"
#define PASSED(body) HEAD ("message") SHOWN ",\"body\":{" body "}}"

GST_START_TEST (test_session)
{
  is_refused ("{\"janus\":\"attach\",\"transaction\":\"t\",\"session_id\":7,"
              "\"plugin\":\"janus.plugin.videoroom\"}");
  passes ("{\"janus\":\"create\",\"transaction\":\"t\",\"id\":5,"
          "\"apisecret\":\"guess\",\"token\":\"x\"}",
      "{\"janus\":\"create\",\"transaction\":\"t\",\"apisecret\":\"s3\"}");
  vm_janus_filter_reconnect (filter);
  have_session ();
  passes ("{\"janus\":\"attach\",\"transaction\":\"t\",\"session_id\":7,"
          "\"opaque_id\":\"me\",\"plugin\":\"janus.plugin.videoroom\"}",
      "{\"janus\":\"attach\",\"transaction\":\"t\",\"session_id\":7,"
      "\"apisecret\":\"s3\",\"plugin\":\"janus.plugin.videoroom\"}");
  passes ("{\"janus\":\"keepalive\",\"transaction\":\"t\",\"session_id\":7}",
      "{\"janus\":\"keepalive\",\"transaction\":\"t\",\"session_id\":7,"
      "\"apisecret\":\"s3\"}");
  passes ("{\"janus\":\"claim\",\"transaction\":\"t\",\"session_id\":7}",
      "{\"janus\":\"claim\",\"transaction\":\"t\",\"session_id\":7,"
      "\"apisecret\":\"s3\"}");
  is_refused ("{\"janus\":\"claim\",\"transaction\":\"t\",\"session_id\":9}");
  passes (HEAD ("trickle") ",\"candidate\":{\"completed\" : true}}",
      HEAD ("trickle") SHOWN ",\"candidate\":{\"completed\" : true}}");
  passes (HEAD ("trickle") ",\"candidates\":[{}]}",
      HEAD ("trickle") SHOWN ",\"candidates\":[{}]}");
  passes (HEAD ("detach") "}", HEAD ("detach") SHOWN "}");
  passes ("{\"janus\":\"destroy\",\"transaction\":\"t\",\"session_id\":7}",
      "{\"janus\":\"destroy\",\"transaction\":\"t\",\"session_id\":7,"
      "\"apisecret\":\"s3\"}");
  is_refused (
      "{\"janus\":\"keepalive\",\"transaction\":\"t\",\"session_id\":7}");
}

GST_END_TEST;

GST_START_TEST (test_without_a_secret)
{
  tear_down ();
  begin (NULL);
  passes ("{\"janus\":\"create\",\"transaction\":\"t\",\"apisecret\":\"x\"}",
      "{\"janus\":\"create\",\"transaction\":\"t\"}");
}

GST_END_TEST;

static const struct
{
  const gchar *said, *passed;
} bodies[] = {
  /* nobody speaks as another, whatever name it gives itself */
  { MESSAGE ("\"request\":\"join\",\"ptype\":\"publisher\",\"room\":4711,"
             "\"display\":\"Bob\",\"pin\":\"000000\",\"id\":5,"
             "\"token\":\"x\",\"metadata\":{}"),
      PASSED ("\"request\":\"join\",\"room\":4711,\"display\":\"" NAME
              "\",\"ptype\":\"publisher\",\"pin\":\"234567\"") },
  { MESSAGE ("\"request\":\"join\",\"ptype\":\"subscriber\",\"room\":4711,"
             "\"private_id\":9,\"autoupdate\":false,"
             "\"streams\":[{\"feed\":31,\"mid\":\"0\"}]"),
      PASSED ("\"request\":\"join\",\"room\":4711,\"ptype\":\"subscriber\","
              "\"pin\":\"234567\",\"private_id\":9,\"autoupdate\":false,"
              "\"streams\":[{\"feed\":31,\"mid\":\"0\"}]") },
  { MESSAGE ("\"request\":\"publish\",\"display\":\"Bob\",\"record\":true,"
             "\"filename\":\"/etc/x\",\"descriptions\":[{\"mid\":\"1\"}]"),
      PASSED ("\"request\":\"publish\",\"descriptions\":[{\"mid\":\"1\"}]") },
  { MESSAGE ("\"request\":\"configure\",\"display\":\"Bob\",\"record\":true,"
             "\"restart\":true,\"keyframe\":true,\"secret\":\"x\","
             "\"streams\":[{\"mid\":\"0\",\"send\":true}]"),
      PASSED ("\"request\":\"configure\","
              "\"streams\":[{\"mid\":\"0\",\"send\":true}],"
              "\"restart\":true,\"keyframe\":true") },
  { MESSAGE ("\"request\":\"unpublish\",\"room\":1"),
      PASSED ("\"request\":\"unpublish\"") },
  { MESSAGE ("\"request\":\"subscribe\",\"streams\":[]"),
      PASSED ("\"request\":\"subscribe\",\"streams\":[]") },
  { MESSAGE ("\"request\":\"unsubscribe\",\"streams\":[]"),
      PASSED ("\"request\":\"unsubscribe\",\"streams\":[]") },
  { MESSAGE ("\"request\":\"update\",\"subscribe\":[1],\"unsubscribe\":[2]"),
      PASSED ("\"request\":\"update\",\"subscribe\":[1],\"unsubscribe\":[2]") },
  { MESSAGE ("\"request\":\"start\""), PASSED ("\"request\":\"start\"") },
  { MESSAGE ("\"request\":\"leave\""), PASSED ("\"request\":\"leave\"") },
  { MESSAGE ("\"request\":\"listparticipants\",\"room\":4711"),
      PASSED ("\"request\":\"listparticipants\",\"room\":4711") },
  /* the last of two counts, and only that reaches Janus */
  { MESSAGE ("\"request\":\"kick\",\"request\":\"leave\""),
      PASSED ("\"request\":\"leave\"") },
};

GST_START_TEST (test_bodies)
{
  have_session ();
  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    passes (bodies[i].said, bodies[i].passed);
}

GST_END_TEST;

GST_START_TEST (test_description)
{
  have_session ();
  passes (HEAD ("message") ",\"body\":{\"request\":\"publish\"},"
                           "\"jsep\":{\"type\":\"offer\",\"sdp\":\"v=0\\r\"}}",
      HEAD ("message") SHOWN ",\"body\":{\"request\":\"publish\"},"
                             "\"jsep\":{\"type\":\"offer\",\"sdp\":\"v=0\\r\"}"
                             "}");
}

GST_END_TEST;

static const gchar *const refused[] = {
  "",
  "[]",
  "{",
  "{\"janus\":\"create\"}",
  "{\"janus\":\"create\",\"transaction\":\"\"}",
  "{\"janus\":\"create\",\"transaction\":\"the server's own\"}",
  "{\"janus\":\"create\",\"transaction\":1}",
  "{\"janus\":\"create\",\"transaction\":"
  "\"123456789012345678901234567890123\"}",
  "{\"transaction\":\"t\"}",
  "{\"janus\":\"info\",\"transaction\":\"t\"}",
  "{\"janus\":\"ping\",\"transaction\":\"t\"}",
  "{\"janus\":\"message_session\",\"transaction\":\"t\",\"session_id\":7}",
  "{\"janus\":\"hangup\",\"transaction\":\"t\",\"session_id\":7,"
  "\"handle_id\":8}",
  "{\"janus\":\"attach\",\"transaction\":\"t\",\"session_id\":7}",
  "{\"janus\":\"attach\",\"transaction\":\"t\",\"session_id\":7,"
  "\"plugin\":\"janus.plugin.streaming\"}",
  "{\"janus\":\"message\",\"transaction\":\"t\",\"session_id\":7,"
  "\"body\":{\"request\":\"leave\"}}",
  HEAD ("message") "}",
  HEAD ("message") ",\"body\":\"leave\"}",
  HEAD ("message") ",\"body\":{\"request\":\"leave\"},\"jsep\":\"v=0\"}",
  HEAD ("trickle") ",\"candidate\":\"a\"}",
  MESSAGE ("\"request\":5"),
  MESSAGE ("\"request\":\"create\",\"room\":4711"),
  MESSAGE ("\"request\":\"destroy\",\"room\":4711"),
  MESSAGE ("\"request\":\"edit\",\"room\":4711"),
  MESSAGE ("\"request\":\"list\""),
  MESSAGE ("\"request\":\"exists\",\"room\":4711"),
  MESSAGE ("\"request\":\"allowed\",\"room\":4711"),
  MESSAGE ("\"request\":\"kick\",\"room\":4711,\"id\":5"),
  MESSAGE ("\"request\":\"moderate\",\"room\":4711"),
  MESSAGE ("\"request\":\"rtp_forward\",\"room\":4711"),
  MESSAGE ("\"request\":\"enable_recording\",\"room\":4711"),
  MESSAGE ("\"request\":\"publish_remotely\",\"room\":4711"),
  MESSAGE ("\"request\":\"joinandconfigure\",\"room\":4711,"
           "\"ptype\":\"publisher\",\"display\":\"Bob\""),
  MESSAGE ("\"request\":\"join\",\"ptype\":\"publisher\""),
  MESSAGE ("\"request\":\"join\",\"ptype\":\"publisher\",\"room\":4712"),
  MESSAGE ("\"request\":\"join\",\"ptype\":\"publisher\",\"room\":\"4711\""),
  MESSAGE ("\"request\":\"join\",\"ptype\":\"subscriber\",\"room\":4712"),
  MESSAGE ("\"request\":\"join\",\"ptype\":\"listener\",\"room\":4711"),
  MESSAGE ("\"request\":\"join\",\"room\":4711"),
  MESSAGE ("\"request\":\"listparticipants\",\"room\":4712"),
  MESSAGE ("\"request\":\"update\",\"subscribe\":{}"),
  MESSAGE ("\"request\":\"configure\",\"streams\":\"all\""),
};

GST_START_TEST (test_refused)
{
  have_session ();
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    is_refused (refused[i]);
}

GST_END_TEST;

GST_START_TEST (test_answer_names_the_request)
{
  static const gchar text[] =
      "{\"janus\":\"info\",\"transaction\":\"t\",\"session_id\":7}";
  g_autofree gchar *answer = NULL;

  fail_unless (
      vm_janus_filter_request (filter, text, strlen (text), now, &answer)
      == NULL);
  fail_unless_equals_string (answer,
      "{\"janus\":\"error\",\"session_id\":7,\"transaction\":\"t\","
      "\"error\":{\"code\":403,"
      "\"reason\":\"This request is not for participants\"}}");
}

GST_END_TEST;

static gchar *
sized (gsize size)
{
  g_autofree gchar *head = g_strdup (HEAD ("message") ",\"body\":{"
                                                      "\"request\":\"start\"},"
                                                      "\"jsep\":{\"sdp\":\"");
  g_autofree gchar *fill = g_strnfill (size - strlen (head) - 3, 'v');

  return g_strconcat (head, fill, "\"}}", NULL);
}

GST_START_TEST (test_size)
{
  for (gint beyond = -1; beyond <= 1; beyond++) {
    g_autofree gchar *text = sized (VM_JANUS_FILTER_REQUEST_MAX + beyond);
    g_autofree gchar *request = NULL;

    have_session ();
    request = ask (text);
    fail_unless (!request == (beyond > 0), "%d", beyond);
  }
}

GST_END_TEST;

static gboolean
creates (void)
{
  g_autofree gchar *request =
      ask ("{\"janus\":\"create\",\"transaction\":\"t\"}");

  vm_janus_filter_reconnect (filter);
  return request != NULL;
}

GST_START_TEST (test_begins)
{
  for (guint i = 0; i < VM_JANUS_FILTER_BURST; i++)
    fail_unless (creates ());
  fail_if (creates ());
  now += (gint64) (G_USEC_PER_SEC / VM_JANUS_FILTER_PER_SECOND) - 1000;
  fail_if (creates ());
  now += 2000;
  fail_unless (creates ());
  fail_if (creates ());
}

GST_END_TEST;

static gboolean
attaches (gint64 session)
{
  g_autofree gchar *text = g_strdup_printf (
      "{\"janus\":\"attach\",\"transaction\":\"t\",\"session_id\":"
      "%" G_GINT64_FORMAT ",\"plugin\":\"janus.plugin.videoroom\"}",
      session);
  g_autofree gchar *request = NULL;

  now += 10 * G_USEC_PER_SEC;
  request = ask (text);
  return request != NULL;
}

static void
attached (gint64 session, guint handle)
{
  g_autofree gchar *text =
      g_strdup_printf ("{\"janus\":\"success\",\"session_id\":%" G_GINT64_FORMAT
                       ",\"transaction\":\"t\",\"data\":{\"id\":%u}}",
          session, handle);

  fail_unless (reply (text));
}

GST_START_TEST (test_handles)
{
  have_session (); /* has one */
  for (guint i = 1; i < VM_JANUS_FILTER_HANDLES; i++) {
    fail_unless (attaches (7));
    attached (7, 100 + i);
  }
  fail_if (attaches (7));
  /* one that it does not have makes no room */
  g_free (ask ("{\"janus\":\"detach\",\"transaction\":\"t\",\"session_id\":7,"
               "\"handle_id\":99}"));
  fail_if (attaches (7));
  g_free (ask (HEAD ("detach") "}"));
  fail_unless (attaches (7));
  attached (7, 200);
  fail_if (attaches (7));
  reply ("{\"janus\":\"detached\",\"session_id\":7,\"sender\":200}");
  fail_unless (attaches (7));
}

GST_END_TEST;

static void
created (const gchar *rest)
{
  g_autofree gchar *text = g_strdup_printf ("{\"transaction\":\"t\",%s}", rest);

  now += 10 * G_USEC_PER_SEC;
  g_free (ask ("{\"janus\":\"create\",\"transaction\":\"t\"}"));
  /* another one before the answer */
  is_refused ("{\"janus\":\"create\",\"transaction\":\"t\"}");
  fail_unless (reply (text));
}

static void
ends (const gchar *wanted)
{
  g_autofree gchar *end = vm_janus_filter_take_end (filter);
  g_autofree gchar *more = vm_janus_filter_take_end (filter);

  fail_unless_equals_string (end, wanted);
  fail_unless (more == NULL);
}

/* It has one; another one ends it. */
GST_START_TEST (test_sessions)
{
  /* nobody has asked for that */
  reply ("{\"janus\":\"success\",\"transaction\":\"t\",\"data\":{\"id\":1}}");
  fail_if (attaches (1));
  created ("\"janus\":\"success\",\"data\":{\"id\":1}");
  ends (NULL);
  fail_unless (attaches (1));
  created ("\"janus\":\"success\",\"data\":{\"id\":2}");
  ends ("{\"janus\":\"destroy\",\"transaction\":\"the server's own\","
        "\"session_id\":1" SHOWN "}");
  fail_if (attaches (1));
  fail_unless (attaches (2));
  /* the answer to that is the server's */
  fail_if (reply ("{\"janus\":\"success\",\"session_id\":1,"
                  "\"transaction\":\"the server's own\"}"));
  reply ("{\"janus\":\"timeout\",\"session_id\":2}");
  fail_if (attaches (2));
  created ("\"janus\":\"error\",\"error\":{\"code\":403}");
  created ("\"janus\":\"success\",\"data\":{\"id\":3}");
  fail_unless (attaches (3));
}

GST_END_TEST;

#define JOIN(handle)                                               \
  "{\"janus\":\"message\",\"transaction\":\"t\",\"session_id\":7," \
  "\"handle_id\":" handle ",\"body\":{\"request\":\"join\","       \
  "\"ptype\":\"publisher\",\"room\":4711}}"

/* It is in the room once, by whatever handle it has joined last. */
GST_START_TEST (test_publishes_once)
{
  have_session ();
  attached (7, 9);
  g_free (ask (JOIN ("8")));
  ends (NULL);
  g_free (ask (JOIN ("8")));
  ends (NULL);
  g_free (ask (JOIN ("9")));
  ends ("{\"janus\":\"detach\",\"transaction\":\"the server's own\","
        "\"session_id\":7,\"handle_id\":8" SHOWN "}");
  g_free (ask ("{\"janus\":\"detach\",\"transaction\":\"t\",\"session_id\":7,"
               "\"handle_id\":9}"));
  g_free (ask (JOIN ("8")));
  ends (NULL);
}

GST_END_TEST;

GST_START_TEST (test_replies)
{
  fail_unless (reply ("{\"janus\":\"ack\",\"session_id\":7}"));
  fail_unless (reply ("{\"janus\":\"event\",\"plugindata\":{\"data\":{"
                      "\"videoroom\":\"event\",\"display\":\"pin\"}}}"));
  fail_if (reply ("{\"janus\":\"event\",\"plugindata\":{\"data\":{"
                  "\"videoroom\":\"created\",\"pin\":\"234567\"}}}"));
  fail_if (reply ("{\"janus\":\"event\",\"plugindata\":{\"data\":{"
                  "\"videoroom\":\"created\",\"secret\":\"x\"}}}"));
  fail_if (reply ("{\"janus\":\"ack\",\"apisecret\":\"s3\"}"));
  fail_if (reply ("{\"session_id\":7}"));
  fail_if (reply ("nothing"));
}

GST_END_TEST;

static void
is_server (const gchar *uri, const gchar *wanted)
{
  g_autofree gchar *host = NULL, *path = NULL, *found = NULL;
  g_autoptr (GError) error = NULL;
  guint16 port = 0;

  if (vm_janus_server_uri_parse (uri, &host, &port, &path, &error))
    found = g_strdup_printf ("%s %u %s", host, port, path);
  else
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  fail_unless_equals_string (found, wanted);
}

GST_START_TEST (test_server_addresses)
{
  is_server ("janus+ws://10.0.0.1:8188/", "10.0.0.1 8188 /");
  is_server ("janus+ws://10.0.0.1:8188", "10.0.0.1 8188 /");
  is_server ("janus+ws://[::1]:8188/a/b", "::1 8188 /a/b");
  is_server ("janus+ws://sfu.example.org", "sfu.example.org 80 /");
  is_server ("janus+wss://10.0.0.1:8188/", NULL);
  is_server ("ws://10.0.0.1:8188/", NULL);
  is_server ("janus+ws://", NULL);
  is_server ("janus+ws://ann:x@10.0.0.1/", NULL);
  is_server ("janus+ws://10.0.0.1/?apisecret=x", NULL);
  is_server ("janus+ws://10.0.0.1:99999/", NULL);
}

GST_END_TEST;

static Suite *
janusfilter_suite (void)
{
  Suite *s = suite_create ("janusfilter");
  TCase *tc = tcase_create ("general");

  tcase_add_checked_fixture (tc, set_up, tear_down);
  tcase_add_test (tc, test_session);
  tcase_add_test (tc, test_without_a_secret);
  tcase_add_test (tc, test_bodies);
  tcase_add_test (tc, test_description);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_answer_names_the_request);
  tcase_add_test (tc, test_size);
  tcase_add_test (tc, test_begins);
  tcase_add_test (tc, test_handles);
  tcase_add_test (tc, test_sessions);
  tcase_add_test (tc, test_publishes_once);
  tcase_add_test (tc, test_replies);
  tcase_add_test (tc, test_server_addresses);
  suite_add_tcase (s, tc);
  return s;
}

CHECK_PROGRAM (janusfilter)
