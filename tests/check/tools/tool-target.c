/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include "cmd/target.h"

GST_START_TEST (test_meetings)
{
  static const struct
  {
    const gchar *text, *meeting, *uri;
  } cases[] = {
    { "standup", "standup", NULL },
    { "Ann's meeting: today", "Ann's meeting: today", NULL },
    { "videomeet://10.0.0.1:9000/standup", NULL,
        "videomeet://10.0.0.1:9000/standup" },
    { "videomeet://10.0.0.1/standup", NULL,
        "videomeet://10.0.0.1:8080/standup" },
    { "videomeet://host.local/stand%20up", NULL,
        "videomeet://host.local:8080/stand%20up" },
    { "https://10.0.0.1:8080/?meeting=stand%20up", NULL,
        "videomeet://10.0.0.1:8080/stand%20up" },
    { "https://[fd00::1]:8081/?meeting=a+b%2Fc", NULL,
        "videomeet://[fd00::1]:8081/a%20b%2Fc" },
    { "https://[fe80::1%25eth0]:8080/?meeting=x", NULL,
        "videomeet://[fe80::1%25eth0]:8080/x" },
    /* what a name may hold is decoded once, and stays where it is */
    { "https://10.0.0.1:8080/?meeting=100%25%26a%2Bb%3D", NULL,
        "videomeet://10.0.0.1:8080/100%25%26a%2Bb%3D" },
    { "https://10.0.0.1:8080/?meeting=%2525", NULL,
        "videomeet://10.0.0.1:8080/%2525" },
    { "https://10.0.0.1:8080/?meeting=..", NULL,
        "videomeet://10.0.0.1:8080/.." },
    { "https://10.0.0.1:8080/?meeting=..%2Fa#key=x", NULL,
        "videomeet://10.0.0.1:8080/..%2Fa" },
    { "videomeet://10.0.0.1:9000/..", NULL, "videomeet://10.0.0.1:9000/.." },
    { "videomeet://10.0.0.1:9000/100%25%26a%2Bb%2F..%2Fc", NULL,
        "videomeet://10.0.0.1:9000/100%25%26a%2Bb%2F..%2Fc" },
    /* a server behind a proxy; the port as a browser has it */
    { "https://example.org/some/meet/?meeting=x", NULL,
        "videomeet://example.org:443/some/meet/x" },
    { "http://example.org/?meeting=x", NULL, "videomeet://example.org:80/x" },
    { "videomeet://example.org/some/meet/x", NULL,
        "videomeet://example.org:8080/some/meet/x" },
    { "ws://10.0.0.1:3000/room-123", NULL, "ws://10.0.0.1:3000/room-123" },
    { "wss://example.org/signal/room-123?pin=123456", NULL,
        "wss://example.org/signal/room-123?pin=123456" },
    { "janus+ws://10.0.0.1:8188/1234", NULL, "janus+ws://10.0.0.1:8188/1234" },
    { "janus+wss://example.org/janus/1234", NULL,
        "janus+wss://example.org/janus/1234" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *meeting = NULL, *uri = NULL;

    fail_unless (
        vmt_target_parse_meeting (cases[i].text, &meeting, &uri, NULL));
    fail_unless (g_strcmp0 (meeting, cases[i].meeting) == 0, "%s: %s",
        cases[i].text, meeting);
    fail_unless (
        g_strcmp0 (uri, cases[i].uri) == 0, "%s: %s", cases[i].text, uri);
  }
}

GST_END_TEST;

GST_START_TEST (test_bad_meetings)
{
  static const gchar *const bad[] = { "videomeet://", "videomeet:///x",
    "videomeet://10.0.0.1", "videomeet://10.0.0.1/", "ftp://10.0.0.1/standup",
    "https://10.0.0.1:8080/", "ws://10.0.0.1:3000", "wss://10.0.0.1/",
    "ws:///room", "wss://10.0.0.1:8080/ws", "ws://10.0.0.1/ws?ticket=x",
    "janus+ws://10.0.0.1:8188", "janus+ws://10.0.0.1:8188/lobby",
    "https://10.0.0.1:8080/?meeting=", "videomeet://10.0.0.1:99999/x",
    "videomeet://a b/x" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree gchar *meeting = NULL, *uri = NULL;
    g_autoptr (GError) error = NULL;

    fail_if (vmt_target_parse_meeting (bad[i], &meeting, &uri, &error), "%s",
        bad[i]);
    fail_unless (error && strstr (error->message, bad[i]));
    fail_unless (meeting == NULL && uri == NULL);
  }
}

GST_END_TEST;

/* An address that carries a secret is refused, and the refusal keeps it. */
GST_START_TEST (test_secrets_in_addresses)
{
  static const struct
  {
    const gchar *text, *secret;
  } cases[] = {
    { "janus+ws://10.0.0.1:8188/1234?pin=234567", "234567" },
    { "janus+ws://ann:swordfish@10.0.0.1:8188/1234", "swordfish" },
    { "janus+ws://10.0.0.1:8188/1234#swordfish", "swordfish" },
    { "janus+wss://example.org/1234?apisecret=swordfish", "swordfish" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *meeting = NULL, *uri = NULL;
    g_autoptr (GError) error = NULL;

    fail_if (vmt_target_parse_meeting (cases[i].text, &meeting, &uri, &error),
        "%s", cases[i].text);
    fail_unless (error && !strstr (error->message, cases[i].secret), "%s",
        cases[i].text);
    fail_unless (meeting == NULL && uri == NULL);
  }
}

GST_END_TEST;

/* Who pastes what a program connects to is told what a person types. */
GST_START_TEST (test_host_keys)
{
  static const struct
  {
    const gchar *text, *key;
  } cases[] = {
    { "standup", NULL },
    { "https://10.0.0.1:8080/?meeting=x", NULL },
    { "https://10.0.0.1:8080/?meeting=x#key=ABCD-EFGH", "ABCD-EFGH" },
    { "https://10.0.0.1:8080/?meeting=x#invitation=a&key=ABCD", "ABCD" },
    { "videomeet://10.0.0.1/x#key=ABCD", "ABCD" },
    { "https://10.0.0.1:8080/?meeting=x#invitation=a", NULL },
    { "wss://10.0.0.1/room#key=ABCD", NULL },
  };
  g_autofree gchar *link =
      vmt_target_with_host_key (cases[1].text, "ABCD-EFGH");

  fail_unless_equals_string (link, cases[2].text);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *key = vmt_target_get_host_key (cases[i].text);

    fail_unless (
        g_strcmp0 (key, cases[i].key) == 0, "%s: %s", cases[i].text, key);
  }
}

GST_END_TEST;

GST_START_TEST (test_web_socket_of_a_device)
{
  static const gchar *const cases[][2] = {
    { "wss://10.0.0.1:9000/ws?ticket=x", "videomeet://10.0.0.1:9000/NAME" },
    { "ws://[fd00::1]/stand%20up", "videomeet://[fd00::1]:8080/stand%20up" },
    { "wss://host.local/a/b", "videomeet://host.local:8080/b" },
    { "wss://host.local", "videomeet://host.local:8080/NAME" },
    { "videomeet://host.local/a", NULL },
    { "wss://", NULL },
  };
  g_autofree gchar *meeting = NULL, *uri = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *native = vmt_target_as_native (cases[i][0]);

    fail_unless (
        g_strcmp0 (native, cases[i][1]) == 0, "%s: %s", cases[i][0], native);
  }
  fail_if (vmt_target_parse_meeting (
      "wss://10.0.0.1:9000/ws", &meeting, &uri, &error));
  fail_unless (strstr (error->message,
                   "'videomeet join videomeet://10.0.0.1:9000/NAME'"),
      "%s", error->message);
}

GST_END_TEST;

GST_START_TEST (test_addresses)
{
  static const gchar *const cases[][2] = {
    { "10.0.0.1", "https://10.0.0.1:8080" },
    { "10.0.0.1:9000", "https://10.0.0.1:9000" },
    { "host.local", "https://host.local:8080" },
    { "fd00::1", "https://[fd00::1]:8080" },
    { "fe80::1%eth0", "https://[fe80::1%25eth0]:8080" },
    { "[fe80::1%eth0]:9000", "https://[fe80::1%25eth0]:9000" },
    { "[fe80::1%25eth0]:9000", "https://[fe80::1%25eth0]:9000" },
    { "[fd00::1]", "https://[fd00::1]:8080" },
    { "[fd00::1]:9000", "https://[fd00::1]:9000" },
    { "https://10.0.0.1:9000/?meeting=x", "https://10.0.0.1:9000" },
    { "videomeet://10.0.0.1/x", "https://10.0.0.1:8080" },
    { "https://example.org/some/meet/?meeting=x",
        "https://example.org:443/some/meet" },
  };
  g_autofree gchar *plain = vmt_target_parse_address ("127.0.0.1", TRUE, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *base =
        vmt_target_parse_address (cases[i][0], FALSE, NULL);

    fail_unless (
        g_strcmp0 (base, cases[i][1]) == 0, "%s: %s", cases[i][0], base);
  }
  fail_unless_equals_string (plain, "http://127.0.0.1:8080");
}

GST_END_TEST;

GST_START_TEST (test_names)
{
  static const gchar *const cases[][2] = {
    { "videomeet://10.0.0.1:8080/standup", "standup" },
    { "videomeet://[fe80::1%25eth0]:8080/a%20b%2Fc", "a b/c" },
    { "wss://example.org/signal/room-123?pin=123456", "room-123" },
    { "nothing", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *name = vmt_target_get_name (cases[i][0]);

    fail_unless_equals_string (name, cases[i][1]);
  }
}

GST_END_TEST;

GST_START_TEST (test_bad_addresses)
{
  static const gchar *const bad[] = { "", ":8080", "a b", "10.0.0.1:0",
    "10.0.0.1:65536", "10.0.0.1:x", "[fd00::1", "a:b:c" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *base = vmt_target_parse_address (bad[i], FALSE, &error);

    fail_unless (base == NULL, "%s: %s", bad[i], base);
    fail_unless (error != NULL);
  }
}

GST_END_TEST;

GST_START_TEST (test_dialects)
{
  static const gchar *const cases[][3] = {
    { NULL, NULL, "native" },
    { NULL, "native", "native" },
    { NULL, "room", NULL },
    { "videomeet://a/b", "room", NULL },
    { "videomeet://a/b", NULL, "native" },
    { "ws://a/b", NULL, "room" },
    { "WSS://a/b", "room", "room" },
    { "wss://a/b", "socketio", "socketio" },
    { "ws://a/b", "mesh", "mesh" },
    { "janus+ws://a/1", NULL, "janus" },
    { "videomeet://a/b", "socketio", NULL },
    { NULL, "socketio", NULL },
    { "wss://a/b", "native", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    const gchar *dialect =
        vmt_target_choose_dialect (cases[i][0], cases[i][1], &error);

    fail_unless (g_strcmp0 (dialect, cases[i][2]) == 0, "%u: %s", i, dialect);
    fail_unless (!dialect == (error != NULL));
  }
}

GST_END_TEST;

GST_START_TEST (test_servers_of_calls)
{
  static const gchar *const good[][2] = {
    { "ws://a", "ws://a/Ann%20B%2FC" },
    { "wss://a:1/", "wss://a:1/Ann%20B%2FC" },
    { "WS://[fd00::1]:1/x", "WS://[fd00::1]:1/x/Ann%20B%2FC" },
  };
  static const gchar *const bad[] = { "", "a:1", "http://a", "videomeet://a",
    "ws://", "ws:///x", "ws://a b", "ws://a/?x=1", "ws://a/#x" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *uri = vmt_target_of_user (good[i][0], "Ann B/C");

    fail_unless (
        vmt_target_check_server (good[i][0], &error), "%s", good[i][0]);
    fail_unless_equals_string (uri, good[i][1]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    fail_if (vmt_target_check_server (bad[i], &error), "%s", bad[i]);
    fail_unless (error != NULL);
  }
}

GST_END_TEST;

GST_START_TEST (test_schemes)
{
  static const gchar *const cases[][3] = {
    /* given, as a WebSocket, over HTTP */
    { "ws://a/x", "ws://a/x", "http://a/x" },
    { "wss://a", "wss://a", "https://a" },
    { "http://a:1", "ws://a:1", "http://a:1" },
    { "HTTPS://a", "wss://a", "HTTPS://a" },
    { "ftp://a", "ftp://a", "ftp://a" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *socket = g_strdup (cases[i][0]);
    g_autofree gchar *http = g_strdup (cases[i][0]);

    vmt_target_set_scheme (&socket, TRUE);
    vmt_target_set_scheme (&http, FALSE);
    fail_unless_equals_string (socket, cases[i][1]);
    fail_unless_equals_string (http, cases[i][2]);
  }
}

GST_END_TEST;

static Suite *
tool_target_suite (void)
{
  Suite *s = suite_create ("tool-target");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_meetings);
  tcase_add_test (tc, test_bad_meetings);
  tcase_add_test (tc, test_secrets_in_addresses);
  tcase_add_test (tc, test_dialects);
  tcase_add_test (tc, test_servers_of_calls);
  tcase_add_test (tc, test_schemes);
  tcase_add_test (tc, test_web_socket_of_a_device);
  tcase_add_test (tc, test_host_keys);
  tcase_add_test (tc, test_addresses);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_bad_addresses);
  return s;
}

CHECK_PROGRAM (tool_target)
