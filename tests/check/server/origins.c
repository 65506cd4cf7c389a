/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pages of other origins: which are admitted, to what, and what they are told
 * (security.md#http-server; Fetch, "CORS protocol"). */

#include "support/net/netclient.h"

#include "program.h"

#include <gst/videomeet/base/hostcheck.h>
#include <string.h>

static VmServer *server;

static void
setup (void)
{
  const gchar *origins[] = { "https://pages.example:8443/",
    "HTTP://Pages.Example", NULL };
  VmServerConfig config = { .loopback_only = TRUE, .origins = origins };

  server = net_server (&config, NULL);
}

static void
teardown (void)
{
  vm_server_stop (server);
  g_clear_object (&server);
}

GST_START_TEST (test_what_is_an_origin)
{
  const gchar *good[][2] = {
    { "https://example.org", "https://example.org" },
    { "https://Example.org/", "https://example.org" },
    { "https://example.org:443", "https://example.org" },
    { "http://example.org:80/", "http://example.org" },
    { "http://example.org:443", "http://example.org:443" },
    { "http://127.0.0.1:3000", "http://127.0.0.1:3000" },
    { "https://[::1]:3000", "https://[::1]:3000" },
  };
  const gchar *bad[] = { "", "*", "null", "example.org", "example.org:80",
    "ftp://example.org", "https://", "https:///", "https://example.org/page",
    "https://example.org?x", "https://example.org#x", "https://ann@example.org",
    "https://a b", "file:///tmp" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autofree gchar *origin = vm_origin_from_text (good[i][0]);

    fail_unless_equals_string (origin, good[i][1]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree gchar *origin = vm_origin_from_text (bad[i]);

    fail_unless (origin == NULL, "%s", bad[i]);
  }
}

GST_END_TEST;

GST_START_TEST (test_no_origin_no_server)
{
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, NULL);
  g_autoptr (VmServer) other = vm_server_new (identity);
  const gchar *origins[] = { "https://example.org", "example.org", NULL };
  VmServerConfig config = { .loopback_only = TRUE, .origins = origins };
  g_autoptr (GError) error = NULL;

  fail_if (vm_server_start (other, &config, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
}

GST_END_TEST;

static NetAnswer *
get (const gchar *origin, const gchar *method, const gchar *path)
{
  return net_ask (server, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n",
      method, path, origin ? "Origin: " : "", origin ? origin : "",
      origin ? "\r\n" : "");
}

GST_START_TEST (test_pages_that_are_admitted)
{
  const gchar *listed[] = { "https://pages.example:8443",
    "http://pages.example" };

  for (guint i = 0; i < G_N_ELEMENTS (listed); i++) {
    g_autoptr (NetAnswer) answer = get (listed[i], "GET", "/status");
    g_autoptr (NetAnswer) refused = get (listed[i], "GET", "/nothing");
    g_autofree gchar *allow =
        g_strdup_printf ("\r\naccess-control-allow-origin: %s\r\n", listed[i]);

    fail_unless_equals_int (answer->status, 200);
    fail_unless (strstr (answer->text, allow) != NULL, "%s", answer->text);
    fail_unless (strstr (answer->text, "\r\nvary: origin\r\n") != NULL);
    fail_unless (strstr (answer->text, "-methods") == NULL);
    /* it may read why not */
    fail_unless_equals_int (refused->status, 404);
    fail_unless (strstr (refused->text, allow) != NULL);
  }
}

GST_END_TEST;

GST_START_TEST (test_pages_that_are_not)
{
  const gchar *others[] = { "https://pages.example", "http://pages.example:81",
    "https://pages.example:8443.evil.example", "https://evil.example", "null",
    "https://pages.example:8443/" };
  g_autoptr (NetAnswer) own = get (NULL, "GET", "/status");

  fail_unless_equals_int (own->status, 200);
  fail_unless (strstr (own->text, "access-control") == NULL);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autoptr (NetAnswer) answer = get (others[i], "GET", "/status");
    g_autoptr (NetAnswer) before = get (others[i], "OPTIONS", "/meetings/join");

    fail_unless_equals_int (answer->status, 403);
    fail_unless (strstr (answer->text, "access-control") == NULL);
    fail_unless (strstr (answer->body, "WRONG_ORIGIN") != NULL);
    fail_unless_equals_int (before->status, 403);
  }
}

GST_END_TEST;

GST_START_TEST (test_preflight)
{
  g_autoptr (NetAnswer) answer =
      get ("http://pages.example", "OPTIONS", "/meetings/join");
  g_autoptr (NetAnswer) own = get (NULL, "OPTIONS", "/meetings/join");

  fail_unless_equals_int (answer->status, 200);
  fail_unless (
      strstr (answer->text, "\r\naccess-control-allow-methods: GET, POST\r\n")
      != NULL);
  fail_unless (
      strstr (answer->text,
          "\r\naccess-control-allow-headers: authorization, content-type\r\n")
      != NULL);
  fail_unless_equals_int (own->status, 405);
}

GST_END_TEST;

static guint
upgrade (const gchar *origin)
{
  g_autoptr (GIOStream) stream = net_connect (server);
  g_autofree gchar *request = g_strdup_printf (
      "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nOrigin: %s\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      origin);
  GInputStream *input = g_io_stream_get_input_stream (stream);
  gchar line[16] = "";

  g_output_stream_write_all (g_io_stream_get_output_stream (stream), request,
      strlen (request), NULL, NULL, NULL);
  g_input_stream_read_all (input, line, 12, NULL, NULL, NULL);
  return (guint) strtoul (line + strlen ("HTTP/1.1 "), NULL, 10);
}

GST_START_TEST (test_web_socket)
{
  fail_unless_equals_int (upgrade ("http://pages.example"), 101);
  fail_unless_equals_int (upgrade ("http://localhost"), 101);
  fail_unless_equals_int (upgrade ("http://evil.example"), 403);
}

GST_END_TEST;

static void
check_group (const gchar *address, const gchar *own, const gchar *group)
{
  g_autoptr (GInetAddress) from = g_inet_address_new_from_string (address);
  g_autolist (GInetAddress) list =
      g_list_append (NULL, g_inet_address_new_from_string ("10.0.0.1"));
  g_autofree gchar *got = NULL;

  list = g_list_append (list, g_inet_address_new_from_string (own));
  got = vm_address_group (from, list);
  fail_unless_equals_string (got, group);
}

/* By what limits count: neighbours each by themselves, others by network. */
GST_START_TEST (test_groups)
{
  check_group ("10.0.0.2", "2001:db8::1", "10.0.0.2");
  check_group ("127.0.0.1", "2001:db8::1", "127.0.0.1");
  check_group ("::1", "2001:db8::1", "::1");
  check_group ("fe80::2", "2001:db8::1", "fe80::2");
  check_group ("fe80:1:2:3::4", "2001:db8::1", "fe80:1:2:3::4");
  check_group ("febf::2", "2001:db8::1", "febf::2");
  check_group ("fec0::2", "2001:db8::1", "fec0:0000:0000:0000::/64");
  check_group ("2001:db8::2", "2001:db8::1", "2001:db8::2");
  check_group ("2001:db8::ffff:2", "2001:db8::1", "2001:db8::ffff:2");
  check_group ("fd00::2", "fd00::1", "fd00::2");
  /* the last bit of the network */
  check_group ("2001:db8:0:1::2", "2001:db8::1", "2001:0db8:0000:0001::/64");
  check_group ("2001:db8::2", "10.0.0.9", "2001:0db8:0000:0000::/64");
}

GST_END_TEST;

static Suite *
origins_suite (void)
{
  Suite *s = suite_create ("origins");
  TCase *tc = tcase_create ("origins");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 40);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_what_is_an_origin);
  tcase_add_test (tc, test_no_origin_no_server);
  tcase_add_test (tc, test_pages_that_are_admitted);
  tcase_add_test (tc, test_pages_that_are_not);
  tcase_add_test (tc, test_preflight);
  tcase_add_test (tc, test_web_socket);
  tcase_add_test (tc, test_groups);
  return s;
}

CHECK_PROGRAM (origins)
