/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Requests that could be read in two ways, over HTTP and TLS, whole and byte by
 * byte, with a request behind them and as the handshake of a WebSocket: each is
 * read exactly, or refused with 400 and the end of the connection. */

#include "support/net/netclient.h"

#include "program.h"

#include <string.h>

#define HOST "Host: localhost\r\n"
#define EVIL "Origin: https://evil.example\r\n"
#define LAST "GET /last HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"
#define LONG_VALUE 8000

static VmServer *plain, *secure;

static void
setup (void)
{
  VmServerConfig loopback = { .loopback_only = TRUE }, tls = { 0 };

  plain = net_server (&loopback, NULL);
  secure = net_server (&tls, NULL);
}

static void
teardown (void)
{
  vm_server_stop (plain);
  vm_server_stop (secure);
  g_clear_object (&plain);
  g_clear_object (&secure);
}

/* The statuses of all answers until the server has closed, "200 404". */
static gchar *
get_statuses (VmServer *server, const gchar *bytes, gsize size, gboolean split)
{
  g_autoptr (GIOStream) stream = net_connect (server);
  GInputStream *input = g_io_stream_get_input_stream (stream);
  GOutputStream *output = g_io_stream_get_output_stream (stream);
  g_autoptr (GString) all = g_string_new (NULL);
  GString *statuses = g_string_new (NULL);
  gchar buffer[4096];
  gssize got;

  for (gsize at = 0, piece = split ? 1 : size; at < size; at += piece) {
    if (!g_output_stream_write_all (
            output, bytes + at, piece, NULL, NULL, NULL))
      break;
  }
  while ((got = g_input_stream_read (input, buffer, sizeof buffer, NULL, NULL))
         > 0)
    g_string_append_len (all, buffer, got);
  fail_unless_equals_int (got, 0);
  for (const gchar *at = all->str; (at = strstr (at, "HTTP/1.")); at += 12)
    g_string_append_printf (statuses, "%s%.*s", statuses->len ? " " : "",
        at[7] == '1' ? 3 : 0, at + 9);
  return g_string_free (statuses, FALSE);
}

static void
check_bytes (const gchar *bytes, gsize size, const gchar *statuses)
{
  for (guint i = 0; i < 4; i++) {
    g_autofree gchar *seen =
        get_statuses (i & 1 ? secure : plain, bytes, size, i & 2);

    fail_unless (g_str_equal (seen, statuses), "%s, not %s, %s %s: %.200s",
        seen, statuses, i & 1 ? "over TLS" : "over HTTP",
        i & 2 ? "in bytes" : "whole", bytes);
  }
}

/* @status of a request with the lines @fields; a request behind it is answered
 * unless that is refused as unreadable, or @closes. */
static void
check_fields (const gchar *fields, guint status, gboolean closes)
{
  g_autofree gchar *request =
      g_strconcat ("GET /healthz HTTP/1.1\r\n" HOST, fields, "\r\n" LAST, NULL);
  g_autofree gchar *first =
      g_strconcat ("GET /healthz HTTP/1.1\r\n", fields, HOST "\r\n" LAST, NULL);
  g_autofree gchar *statuses = g_strdup_printf (
      closes || status == 400 || status == 411 ? "%u" : "%u 404", status);

  check_bytes (request, strlen (request), statuses);
  check_bytes (first, strlen (first), statuses);
}

/* The same of a WebSocket, with @fields in front of its own. */
static void
check_upgrade (const gchar *fields, guint status)
{
  VmServer *both[] = { plain, secure };

  for (guint i = 0; i < G_N_ELEMENTS (both); i++) {
    g_autoptr (NetAnswer) answer = NULL;
    g_autoptr (GIOStream) stream = NULL;

    if (status == 200) {
      g_autofree gchar *lines = g_strconcat (
          fields, "Sec-WebSocket-Protocol: videomeet.v2\r\n", NULL);

      stream = net_raw_upgrade (both[i], "/ws", lines);
      net_raw_send (stream, 0x88, "\x03\xe8", 2);
      fail_unless_equals_int (net_raw_close_code (stream), 1000);
      continue;
    }
    answer = net_ask (both[i],
        "GET /ws HTTP/1.1\r\n%s" HOST "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: videomeet.v2\r\n\r\n",
        fields);
    fail_unless (answer->status == status, "%s: %s", fields, answer->text);
    fail_unless (
        g_str_has_prefix (answer->text, "HTTP/1.1 "), "%s", answer->text);
  }
}

static const struct
{
  const gchar *fields;
  guint status;
  gboolean closes;
} rows[] = {
  { "X: 1\r\n", 200 },
  { "X:\r\n", 200 },
  { "X: \t \r\n", 200 },
  { "X:1\r\nAcc: a:b\r\nHos: x\r\nContent-Len: 1\r\n", 200 },
  { "Content-Length: 0\r\n", 200 },
  { "Accept: a\r\nAccept: b\r\n", 200 },
  /* what follows the beginning of a known name is read */
  { EVIL, 403 },
  { "X: 1\r\n" EVIL, 403 },
  { "x: 1\r\n" EVIL, 403 },
  { "X:1\r\n" EVIL, 403 },
  { "X:\r\n" EVIL, 403 },
  { "X: \t \r\n" EVIL, 403 },
  { "X: a:b\r\n" EVIL, 403 },
  { "C: 1\r\n" EVIL, 403 },
  { "Co: 1\r\n" EVIL, 403 },
  { "H: 1\r\n" EVIL, 403 },
  { "Hos: 1\r\n" EVIL, 403 },
  { "HOS: 1\r\n" EVIL, 403 },
  { "O: 1\r\n" EVIL, 403 },
  { "Origi: 1\r\n" EVIL, 403 },
  { "Origins: 1\r\n" EVIL, 403 },
  { "Content-Lengt: 1\r\n" EVIL, 403 },
  { "Sec-WebSocket-: 1\r\n" EVIL, 403 },
  { "X: 1\r\nC: 1\r\nHos: 1\r\n" EVIL, 403 },
  { EVIL "X: 1\r\n", 403 },
  { "X: 1\r\nConnection: close\r\n", 200, TRUE },
  { "C: 1\r\nCONNECTION: Close\r\n", 200, TRUE },
  { "X: 1\r\nTransfer-Encoding: chunked\r\n", 411 },
  { "Content-Length: 2\r\nX: 1\r\nTransfer-Encoding: chunked\r\n", 400 },
  /* what has two readings has none */
  { "X: 1\r\n Origin: https://evil.example\r\n", 400 },
  { "X: 1\r\n\tOrigin: https://evil.example\r\n", 400 },
  { " X: 1\r\n", 400 },
  { "Origin : https://evil.example\r\n", 400 },
  { "Origin\t: https://evil.example\r\n", 400 },
  { ": 1\r\n", 400 },
  { "X 1\r\n", 400 },
  { "X\r\n", 400 },
  { "X(: 1\r\n", 400 },
  { "\xc3\xa4: 1\r\n", 400 },
  { "X: 1\n" EVIL, 400 },
  { "X: 1\rOrigin: https://evil.example\r\n", 400 },
  { "X: 1\r\r\n", 400 },
  { "X: a\x01"
    "b\r\n",
      400 },
  { "X: a\x7f"
    "b\r\n",
      400 },
  { "Host: localhost\r\n", 400 },
  { "Origin: http://localhost\r\n" EVIL, 400 },
  { "Content-Length: 0\r\nContent-Length: 0\r\n", 400 },
  { "Content-Length:\r\n", 400 },
  { "Content-Length: +0\r\n", 400 },
  { "Content-Length: -0\r\n", 400 },
  { "Content-Length: 0x0\r\n", 400 },
  { "Content-Length: 0, 0\r\n", 400 },
  { "Content-Length: 0 0\r\n", 400 },
  { "Content-Length: 18446744073709551616\r\n", 400 },
  { "Content-Length: 9223372036854775808\r\n", 400 },
  { "Content-Length: 9223372036854775807\r\n", 400 },
};

GST_START_TEST (test_fields)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    check_fields (rows[i].fields, rows[i].status, rows[i].closes);
}

GST_END_TEST;

GST_START_TEST (test_fields_of_an_upgrade)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    check_upgrade (rows[i].fields, rows[i].status);
}

GST_END_TEST;

GST_START_TEST (test_long_value)
{
  g_autofree gchar *value = g_strnfill (LONG_VALUE, 'a');
  g_autofree gchar *good = g_strdup_printf ("X: %s\r\n", value);
  g_autofree gchar *evil = g_strconcat (good, EVIL, NULL);

  check_fields (good, 200, FALSE);
  check_fields (evil, 403, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_request_line)
{
  static const struct
  {
    const gchar *start, *statuses;
  } lines[] = {
    { "GET /healthz HTTP/1.1\r\n", "200 404" },
    { "GET /%68ealthz?a=%2f HTTP/1.1\r\n", "200 404" },
    { "get /healthz HTTP/1.1\r\n", "405 404" },
    { "PUT /healthz HTTP/1.1\r\n", "405 404" },
    { "GET /healthz HTTP/1.0\r\n", "200" },
    { "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n", "200 404" },
    { "GET /healthz HTTP/1.0\r\nConnection: origin\r\n"
      "Origin: https://evil.example\r\n",
        "403" },
    { "\r\nGET /healthz HTTP/1.1\r\n", "400" },
    { "GET http://localhost/healthz HTTP/1.1\r\n", "400" },
    { "GET http://evil.example/ HTTP/1.1\r\n", "400" },
    { "CONNECT localhost:1 HTTP/1.1\r\n", "400" },
    { "OPTIONS * HTTP/1.1\r\n", "400" },
    { "GET  /healthz HTTP/1.1\r\n", "400" },
    { "GET /healthz  HTTP/1.1\r\n", "400" },
    { "GET\t/healthz HTTP/1.1\r\n", "400" },
    { " GET /healthz HTTP/1.1\r\n", "400" },
    { "GET /healthz HTTP/1.1 \r\n", "400" },
    { "GET /healthz a HTTP/1.1\r\n", "400" },
    { "GET /healthz HTTP/1.1\n", "400" },
    { "GET /healthz http/1.1\r\n", "400" },
    { "GET /healthz HTTP/1.2\r\n", "400" },
    { "GET /healthz HTTP/01.1\r\n", "400" },
    { "GET /healthz\r\n", "400" },
    { "GET\r\n", "400" },
    { "/healthz HTTP/1.1\r\n", "400" },
    { "G(T /healthz HTTP/1.1\r\n", "400" },
    { "GET /healthz#a HTTP/1.1\r\n", "400" },
    { "GET /%09 HTTP/1.1\r\n", "404 404" },
    { "GET /%00 HTTP/1.1\r\n", "400" },
    { "GET /%0aHost: HTTP/1.1\r\n", "400" },
    { "GET /?%0d HTTP/1.1\r\n", "400" },
    { "GET /% HTTP/1.1\r\n", "400" },
    { "GET /%2 HTTP/1.1\r\n", "400" },
    { "GET /%zz HTTP/1.1\r\n", "400" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_autofree gchar *bytes =
        g_strconcat (lines[i].start, HOST "\r\n" LAST, NULL);

    check_bytes (bytes, strlen (bytes), lines[i].statuses);
  }
}

GST_END_TEST;

GST_START_TEST (test_nul)
{
  static const gchar field[] =
      "GET /healthz HTTP/1.1\r\n" HOST "X: a\0" EVIL "\r\n";
  static const gchar line[] = "GET /healthz\0 HTTP/1.1\r\n" HOST "\r\n";

  check_bytes (field, sizeof field - 1, "400");
  check_bytes (line, sizeof line - 1, "400");
}

GST_END_TEST;

/* A body is no request, whatever stands before its length. */
GST_START_TEST (test_body)
{
  static const gchar body[] = "GET /healthz HTTP/1.1\r\n" HOST "\r\n";
  static const gchar *const before[] = { "", "X: 1\r\n", "C: 1\r\n",
    "Content-Lengt: 1\r\n", "Hos: x\r\n" };

  for (guint i = 0; i < G_N_ELEMENTS (before); i++) {
    g_autofree gchar *bytes = g_strdup_printf (
        "POST /nothing HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n"
        "%sContent-Length: %u\r\n\r\n%s" LAST,
        before[i], (guint) strlen (body), body);
    g_autofree gchar *last = g_strdup_printf (
        "POST /nothing HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n"
        "Content-Length: %u\r\n%s\r\n%s" LAST,
        (guint) strlen (body), before[i], body);

    check_bytes (bytes, strlen (bytes), "404 404");
    check_bytes (last, strlen (last), "404 404");
  }
}

GST_END_TEST;

static Suite *
requests_suite (void)
{
  Suite *s = suite_create ("requests");
  TCase *tc = tcase_create ("requests");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_fields);
  tcase_add_test (tc, test_fields_of_an_upgrade);
  tcase_add_test (tc, test_long_value);
  tcase_add_test (tc, test_request_line);
  tcase_add_test (tc, test_nul);
  tcase_add_test (tc, test_body);
  return s;
}

CHECK_PROGRAM (requests)
