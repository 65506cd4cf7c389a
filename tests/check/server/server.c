/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The server over real loopback sockets: its start and stop, its HTTP, and
 * every refusal of security.md#http-server and security.md#limits. */

#include "support/net/netclient.h"
#include "trust/keys/vmidentity-priv.h"

#include "program.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

static VmServer *server;

static void
setup (void)
{
  VmServerConfig config = { .loopback_only = TRUE };

  server = net_server (&config, NULL);
}

static void
teardown (void)
{
  vm_server_stop (server);
  g_clear_object (&server);
}

static void
check (NetAnswer *answer, guint status, const gchar *code)
{
  g_autofree gchar *wanted = g_strdup_printf ("\"code\":\"%s\"", code);

  fail_unless (answer->status == status, "not %u: %s", status, answer->text);
  fail_unless (strstr (answer->body, wanted) != NULL, "%s", answer->text);
  fail_unless (strstr (answer->text, "application/json") != NULL);
}

GST_START_TEST (test_status)
{
  g_autoptr (NetAnswer) answer =
      net_ask (server, "GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  g_autoptr (GError) error = NULL;
  g_autoptr (VmDeviceInfo) info = NULL;

  fail_unless_equals_int (answer->status, 200);
  info =
      vm_device_info_from_status (answer->body, strlen (answer->body), &error);
  g_assert_no_error (error);
  fail_unless_equals_string (info->user, "Ann");
  fail_if (info->secure);
  fail_unless (strstr (answer->text, "default-src 'self'") != NULL);
  fail_unless (strstr (answer->text, "nosniff") != NULL);
}

GST_END_TEST;

GST_START_TEST (test_secure)
{
  VmServerConfig config = { 0 };
  VmServer *secure = net_server (&config, NULL);
  g_autoptr (GIOStream) stream = net_connect (secure);
  g_autoptr (GIOStream) base = NULL;
  const gchar *request = "GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, NULL);
  g_autofree gchar *hash = NULL;

  fail_unless (vm_server_get_secure (secure));
  for (guint i = 0; i < 3; i++) {
    g_autoptr (NetAnswer) answer =
        net_ask_on (stream, request, strlen (request));

    fail_unless_equals_int (answer->status, 200);
    fail_unless (strstr (answer->body, "\"secure\":true") != NULL);
  }
  g_object_get (stream, "base-io-stream", &base, NULL);
  hash = vm_key_hash_from_certificate (
      g_tls_connection_get_peer_certificate (G_TLS_CONNECTION (base)));
  fail_unless_equals_string (hash, vm_identity_get_key_hash (identity));
  g_io_stream_close (stream, NULL, NULL);
  vm_server_stop (secure);
  g_object_unref (secure);
}

GST_END_TEST;

/* What the page of this machine makes links for others from. */
GST_START_TEST (test_address)
{
  const gchar *addresses[] = { "10.0.0.1", "fd00::1", "fe80::1%eth0" };
  const gchar *hosts[] = { "10.0.0.1", "[fd00::1]", NULL };
  VmServerConfig config = { .insecure = TRUE };
  VmServer *open = net_server (&config, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++) {
    g_autofree gchar *member = hosts[i]
                                   ? g_strdup_printf ("\"address\":\"%s:%u\"",
                                       hosts[i], vm_server_get_port (open))
                                   : g_strdup ("\"address\":null");
    g_autoptr (NetAnswer) here = NULL, behind = NULL;

    vm_server_set_address (open, addresses[i]);
    here = net_ask (open, "GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n");
    fail_unless (strstr (here->body, member) != NULL, "%s", here->body);
    /* of a proxy on this machine */
    behind = net_ask (open, "GET /status HTTP/1.1\r\nHost: localhost\r\n"
                            "X-Forwarded-For: 10.0.0.9\r\n\r\n");
    fail_unless (
        strstr (behind->body, "\"address\"") == NULL, "%s", behind->body);
  }
  vm_server_stop (open);
  g_object_unref (open);
}

GST_END_TEST;

/* Nobody else reaches it. */
GST_START_TEST (test_address_of_loopback)
{
  g_autoptr (NetAnswer) answer = NULL;

  vm_server_set_address (server, "10.0.0.1");
  answer = net_ask (server, "GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  fail_unless (
      strstr (answer->body, "\"address\":null") != NULL, "%s", answer->body);
}

GST_END_TEST;

GST_START_TEST (test_start_stop)
{
  for (guint i = 0; i < 10; i++) {
    VmServerConfig config = { .loopback_only = i % 2, .insecure = i % 3 == 0 };
    VmServer *again = net_server (&config, NULL);
    g_autoptr (GIOStream) open = net_connect (again);

    fail_unless (vm_server_get_port (again) > 0);
    vm_server_stop (again);
    fail_unless_equals_int (vm_server_get_port (again), 0);
    g_object_unref (again);
  }
}

GST_END_TEST;

/* A start that is given up is followed by a stop, which comes before there is
 * anything to be stopped. */
GST_START_TEST (test_start_given_up)
{
  const VmServerTimes no_time = { .request = G_TIME_SPAN_SECOND };
  const VmServerTimes enough = { .start = NET_SECONDS * G_TIME_SPAN_SECOND,
    .request = G_TIME_SPAN_SECOND };
  VmServerConfig config = { 0 };
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, NULL);
  VmServer *other = vm_server_new (identity);

  for (guint i = 0; i < 5; i++) {
    g_autoptr (GError) error = NULL;

    vm_server_set_times (other, &no_time);
    /* unless the thread won the race */
    if (!vm_server_start (other, &config, &error))
      g_assert_error (error, VM_ERROR, VM_ERROR_TIMEOUT);
    vm_server_stop (other);
  }
  vm_server_set_times (other, &enough);
  fail_unless (vm_server_start (other, &config, NULL));
  vm_server_stop (other);
  g_object_unref (other);
}

GST_END_TEST;

GST_START_TEST (test_port_taken)
{
  guint16 port = vm_server_get_port (server);
  VmServerConfig config = { .port = port, .loopback_only = TRUE };
  VmServer *other = net_server (&config, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = g_strdup_printf ("%u", port);

  fail_unless (vm_server_get_port (other) > port);
  vm_server_stop (other);
  config.port_explicit = TRUE;
  fail_if (vm_server_start (other, &config, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_PORT_IN_USE);
  fail_unless (strstr (error->message, text) != NULL);
  g_object_unref (other);
}

GST_END_TEST;

GST_START_TEST (test_signals_are_left_alone)
{
  const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGSEGV, SIGFPE };
  struct sigaction before[G_N_ELEMENTS (numbers)], after;
  VmServerConfig config = { .loopback_only = TRUE };
  VmServer *other;

  vm_server_stop (server);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    sigaction (numbers[i], NULL, &before[i]);
  other = net_server (&config, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    sigaction (numbers[i], NULL, &after);
    fail_unless (after.sa_handler == before[i].sa_handler);
  }
  vm_server_stop (other);
  g_object_unref (other);
}

GST_END_TEST;

GST_START_TEST (test_host)
{
  const gchar *good[] = { "localhost", "LOCALHOST:8080", "127.0.0.1",
    "127.0.0.1:1", "[::1]", "[::1]:8080", "localhost." };
  const gchar *bad[] = { "evil.example", "evil.example:8080", "8.8.8.8",
    "localhost.evil.example", "localhost:", "localhost:x", "[::1", "[2001::1]",
    "127.0.0.1.evil.example", "localhost:80:80", "user@localhost" };
  g_autofree gchar *own = g_strdup_printf ("%s.local", g_get_host_name ());

  for (guint i = 0; i <= G_N_ELEMENTS (good); i++) {
    g_autoptr (NetAnswer) answer =
        net_ask (server, "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n",
            i < G_N_ELEMENTS (good) ? good[i] : own);

    fail_unless (answer->status == 200, "%s: %s", good[i], answer->text);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (NetAnswer) answer =
        net_ask (server, "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n", bad[i]);

    check (answer, 421, "WRONG_HOST");
  }
}

GST_END_TEST;

GST_START_TEST (test_no_host)
{
  g_autoptr (NetAnswer) answer =
      net_ask (server, "GET /status HTTP/1.1\r\n\r\n");

  check (answer, 421, "WRONG_HOST");
}

GST_END_TEST;

GST_START_TEST (test_configured_name)
{
  const gchar *names[] = { "meet.example", NULL };
  VmServerConfig config = { .loopback_only = TRUE, .names = names };
  VmServer *named = net_server (&config, NULL);
  g_autoptr (NetAnswer) answer =
      net_ask (named, "GET /healthz HTTP/1.1\r\nHost: Meet.Example:9\r\n\r\n");

  fail_unless_equals_int (answer->status, 200);
  vm_server_stop (named);
  g_object_unref (named);
}

GST_END_TEST;

GST_START_TEST (test_origin)
{
  const struct
  {
    const gchar *origin;
    guint status;
  } cases[] = { { "http://localhost:8080", 200 },
    { "HTTP://LOCALHOST:8080", 200 }, { "https://localhost:8080", 403 },
    { "http://localhost", 403 }, { "http://localhost:80801", 403 },
    { "http://evil.example", 403 }, { "null", 403 }, { "", 200 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *header =
        *cases[i].origin ? g_strdup_printf ("Origin: %s\r\n", cases[i].origin)
                         : g_strdup ("");
    g_autoptr (NetAnswer) answer = net_ask (server,
        "GET /status HTTP/1.1\r\nHost: localhost:8080\r\n%s\r\n", header);

    fail_unless (answer->status == cases[i].status, "%s: %s", cases[i].origin,
        answer->text);
    if (cases[i].status != 200)
      check (answer, 403, "WRONG_ORIGIN");
  }
}

GST_END_TEST;

GST_START_TEST (test_methods)
{
  g_autoptr (NetAnswer) del =
      net_ask (server, "DELETE /status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  g_autoptr (NetAnswer) options =
      net_ask (server, "OPTIONS /status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  g_autoptr (NetAnswer) nothing =
      net_ask (server, "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  g_autoptr (NetAnswer) connect =
      net_ask (server, "CONNECT localhost:1 HTTP/1.1\r\nHost: x\r\n\r\n");

  check (del, 405, "BAD_REQUEST");
  check (options, 405, "BAD_REQUEST");
  check (nothing, 404, "NOT_FOUND");
  fail_unless (connect->status == 0 || connect->status >= 400);
}

GST_END_TEST;

GST_START_TEST (test_metrics)
{
  g_autoptr (NetAnswer) answer =
      net_ask (server, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");

  fail_unless_equals_int (answer->status, 200);
  fail_unless (strstr (answer->body, "\nvideomeet_connections 1\n") != NULL);
}

GST_END_TEST;

GST_START_TEST (test_form_post)
{
  const gchar *types[] = { "Content-Type: text/plain\r\n",
    "Content-Type: application/x-www-form-urlencoded\r\n",
    "Content-Type: multipart/form-data\r\n",
    "Content-Type: application/jsonx\r\n", "" };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    g_autoptr (NetAnswer) answer = net_ask (server,
        "POST /meetings/join HTTP/1.1\r\nHost: localhost\r\n%s"
        "Content-Length: 2\r\n\r\n{}",
        types[i]);

    check (answer, 415, "BAD_REQUEST");
  }
}

GST_END_TEST;

static NetAnswer *
post_body (gsize size, gsize declared)
{
  g_autofree gchar *body = g_malloc (size + 1);

  memset (body, ' ', size);
  body[size] = '\0';
  return net_ask (server,
      "POST /nothing HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT
      "\r\n\r\n%s",
      declared, body);
}

GST_START_TEST (test_body_size)
{
  const gsize sizes[] = { VM_HTTP_REQUEST_MAX - 1, VM_HTTP_REQUEST_MAX,
    VM_HTTP_REQUEST_MAX + 1, VM_HTTP_DISCARD_MAX };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (NetAnswer) answer = post_body (sizes[i], sizes[i]);

    if (sizes[i] <= VM_HTTP_REQUEST_MAX)
      check (answer, 404, "NOT_FOUND");
    else
      check (answer, 413, "TOO_LARGE");
  }
}

GST_END_TEST;

GST_START_TEST (test_body_without_end)
{
  g_autoptr (NetAnswer) huge = post_body (0, G_MAXSSIZE);
  g_autoptr (NetAnswer) none =
      net_ask (server, "POST /nothing HTTP/1.1\r\nHost: localhost\r\n"
                       "Content-Type: application/json\r\n\r\n");
  g_autoptr (NetAnswer) negative = net_ask (server,
      "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n"
      "Content-Type: application/json\r\n\r\n");

  check (huge, 413, "TOO_LARGE");
  check (none, 411, "BAD_REQUEST");
  check (negative, 400, "BAD_REQUEST");
}

GST_END_TEST;

/* What could be read in two ways is refused, and nothing behind it is read. */
GST_START_TEST (test_framing)
{
  static const struct
  {
    const gchar *request;
    guint status;
  } asked[] = {
    { "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
      "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        400 },
    { "POST /nothing HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\n{}\r\n0\r\n\r\n",
        411 },
    { "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
      "Transfer-Encoding: identity\r\n\r\n",
        411 },
    { "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
      "Content-Length: 40\r\nContent-Type: application/json\r\n\r\n{}",
        400 },
    { "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"
      "{}",
        400 },
    { "GET /healthz%0aX:%20y HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
    { "GET /healthz%0aHost:localhost HTTP/1.1\r\nHost: evil.test\r\n\r\n",
        400 },
    { "GET /healthz%0d HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
    { "GET /healthz?a=%0ab HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
    { "GET /healthz\r\nHost: localhost\r\n\r\n", 400 },
    { "GET /healthz HTTP/2.7\r\nHost: localhost\r\n\r\n", 400 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (asked); i++) {
    g_autofree gchar *both = g_strconcat (asked[i].request,
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", NULL);
    g_autoptr (GIOStream) stream = net_connect (server);
    g_autoptr (NetAnswer) answer = net_ask_on (stream, both, strlen (both));
    gchar more;

    check (answer, asked[i].status, "BAD_REQUEST");
    fail_if (g_input_stream_read (
                 g_io_stream_get_input_stream (stream), &more, 1, NULL, NULL)
                 > 0,
        "%s", asked[i].request);
  }
}

GST_END_TEST;

GST_START_TEST (test_header_without_end)
{
  VmServerTimes times = patient;
  VmServerConfig configs[] = { { .loopback_only = TRUE },
    { .insecure = FALSE } };

  times.request = G_TIME_SPAN_SECOND;
  for (guint c = 0; c < G_N_ELEMENTS (configs); c++) {
    static const gchar request[] =
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    VmServer *hasty = net_server (&configs[c], &times);
    g_autoptr (GIOStream) idle = net_connect (hasty);
    g_autoptr (NetAnswer) before = net_ask_on (idle, request, strlen (request));
    g_autoptr (NetAnswer) answer =
        net_ask (hasty, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n");
    g_autoptr (NetAnswer) after = net_ask_on (idle, request, strlen (request));

    check (answer, 408, "TIMEOUT");
    /* between two requests there is no header to end */
    fail_unless_equals_int (before->status, 200);
    fail_unless_equals_int (after->status, 200);
    vm_server_stop (hasty);
    g_object_unref (hasty);
  }
}

GST_END_TEST;

GST_START_TEST (test_websocket_version)
{
  const gchar *versions[] = { "Sec-WebSocket-Version: 7\r\n",
    "Sec-WebSocket-Version: 8\r\n", "Sec-WebSocket-Version: 14\r\n", "" };

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++) {
    g_autoptr (NetAnswer) answer = net_ask (server,
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "%s\r\n",
        versions[i]);

    check (answer, 426, "BAD_REQUEST");
    fail_unless (
        g_str_has_prefix (answer->text, "HTTP/1.1 "), "%s", answer->text);
    fail_unless (strstr (answer->text, "sec-websocket-version: 13\r\n") != NULL,
        "%s", answer->text);
  }
}

GST_END_TEST;

static NetAnswer *
ask_with_header (VmServer *of, gsize size)
{
  g_autofree gchar *value = g_malloc (size + 1);

  memset (value, 'a', size);
  value[size] = '\0';
  return net_ask (of,
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Filler: %s\r\n\r\n",
      value);
}

GST_START_TEST (test_header_size)
{
  VmServerConfig config = { .insecure = FALSE };
  VmServer *secure = net_server (&config, NULL);
  VmServer *both[] = { server, secure };

  for (guint i = 0; i < G_N_ELEMENTS (both); i++) {
    g_autoptr (NetAnswer) below =
        ask_with_header (both[i], VM_HTTP_HEADER_MAX - 200);
    g_autoptr (NetAnswer) above =
        ask_with_header (both[i], VM_HTTP_HEADER_MAX + 1);
    g_autoptr (NetAnswer) again =
        ask_with_header (both[i], VM_HTTP_HEADER_MAX + 1);

    fail_unless_equals_int (below->status, 200);
    check (above, 431, "TOO_LARGE");
    check (again, 431, "TOO_LARGE");
  }
  vm_server_stop (secure);
  g_object_unref (secure);
}

GST_END_TEST;

GST_START_TEST (test_connections_per_address)
{
  const gchar *request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  GIOStream *open[VM_CONNECTIONS_PER_ADDRESS + 1];

  for (guint i = 0; i < G_N_ELEMENTS (open); i++) {
    g_autoptr (NetAnswer) answer = NULL;

    open[i] = net_connect (server);
    answer = net_ask_on (open[i], request, strlen (request));
    if (i < VM_CONNECTIONS_PER_ADDRESS) {
      fail_unless_equals_int (answer->status, 200);
    } else {
      check (answer, 429, "RATE_LIMITED");
    }
  }
  for (guint i = 0; i < G_N_ELEMENTS (open); i++)
    g_object_unref (open[i]);
}

GST_END_TEST;

GST_START_TEST (test_garbage)
{
  const gchar *garbage[] = { "\r\n\r\n", "GET", "GET / HTTP/9.9\r\n\r\n",
    "\x16\x03\x01\x02\x01\x01", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /status HTTP/1.1\r\nUpgrade: h2c\r\nHost: localhost\r\n"
    "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nConnection: Upgrade\r\n\r\n",
    "GET /status HTTP/1.1\r\nUpgrade: foo\r\nHost: localhost\r\n\r\n",
    "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nHost: localhost\r\n\r\n",
    "GET  HTTP/1.1\r\n\r\n", "GET http://localhost/ HTTP/1.1\r\n\r\n" };

  for (guint i = 0; i < G_N_ELEMENTS (garbage); i++) {
    g_autoptr (GIOStream) stream = net_connect (server);

    g_output_stream_write_all (g_io_stream_get_output_stream (stream),
        garbage[i], strlen (garbage[i]), NULL, NULL, NULL);
  }
  for (guint i = 0; i < 3; i++) {
    g_autoptr (NetAnswer) answer =
        net_ask (server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");

    fail_unless_equals_int (answer->status, 200);
  }
}

GST_END_TEST;

GST_START_TEST (test_page)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vm-web-XXXXXX", NULL);
  g_autofree gchar *root = g_build_filename (folder, "root", NULL);
  g_autofree gchar *index = g_build_filename (root, "index.html", NULL);
  g_autofree gchar *terminal = g_build_filename (root, "term.html", NULL);
  g_autofree gchar *hidden = g_build_filename (root, ".secret.html", NULL);
  g_autofree gchar *link = g_build_filename (root, "link.txt", NULL);
  g_autofree gchar *outside = g_build_filename (folder, "outside.txt", NULL);
  VmServerConfig config = { .loopback_only = TRUE, .web_root = root };
  VmServer *web;
  const gchar *bad[] = { "/../outside.txt", "/%2e%2e/outside.txt",
    "/..%2foutside.txt", "/link.txt", "/.secret.html", "/x/../../outside.txt",
    "/index.html/", "/nothing.html", "/\\outside.txt", "/%00index.html" };

  g_mkdir (root, 0700);
  g_file_set_contents (index, "<p>page</p>", -1, NULL);
  g_file_set_contents (terminal, "<p>term</p>", -1, NULL);
  g_file_set_contents (hidden, "secret", -1, NULL);
  g_file_set_contents (outside, "secret", -1, NULL);
  fail_unless_equals_int (symlink (outside, link), 0);
  web = net_server (&config, NULL);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (NetAnswer) answer =
        net_ask (web, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n",
            i ? "/index.html" : "/?meeting=standup");

    fail_unless_equals_int (answer->status, 200);
    fail_unless_equals_string (answer->body, "<p>page</p>");
    fail_unless (strstr (answer->text, "text/html") != NULL);
    fail_unless (strstr (answer->text,
                     "default-src 'self'; base-uri 'none'; form-action 'self'; "
                     "frame-ancestors 'none'")
                 != NULL);
    fail_unless (
        strstr (answer->text, "cross-origin-opener-policy: same-origin\r\n"
                              "cross-origin-resource-policy: same-origin\r\n")
        != NULL);
  }
  {
    g_autoptr (NetAnswer) answer =
        net_ask (web, "GET /term.html HTTP/1.1\r\nHost: localhost\r\n\r\n");

    fail_unless (strstr (answer->text,
                     "default-src 'none'; script-src 'self'; "
                     "style-src 'self' 'unsafe-inline'; img-src 'self'; "
                     "connect-src 'self'; base-uri 'none'; form-action 'none'; "
                     "frame-ancestors 'none'")
                 != NULL);
    fail_unless (strstr (answer->text, "default-src 'self'") == NULL);
  }
  for (guint i = 0; i < 4; i++) {
    static const gchar *const sites[] = { "none", "same-origin", "same-site",
      "cross-site" };
    g_autoptr (NetAnswer) answer = net_ask (web,
        "GET /?meeting=standup&join=1 HTTP/1.1\r\n"
        "Host: localhost\r\nSec-Fetch-Site: %s\r\n\r\n",
        sites[i]);

    fail_unless_equals_int (answer->status, 200);
    fail_unless (
        (strstr (answer->text, "server-timing: cross-site\r\n") != NULL)
            == (i >= 2),
        "%s", sites[i]);
  }
  for (goffset size = VM_FILE_SERVED_MAX - 1; size <= VM_FILE_SERVED_MAX + 1;
       size++) {
    g_autofree gchar *text = g_strnfill (size, 'x');
    g_autoptr (NetAnswer) answer = NULL;

    fail_unless (g_file_set_contents (index, text, size, NULL));
    answer =
        net_ask (web, "GET /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n");
    fail_unless_equals_int (
        answer->status, size <= VM_FILE_SERVED_MAX ? 200 : 404);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (NetAnswer) answer =
        net_ask (web, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", bad[i]);

    fail_unless (strstr (answer->text, "secret") == NULL, "%s", bad[i]);
    fail_unless (strstr (answer->text, folder) == NULL, "%s", bad[i]);
    fail_unless (answer->status != 200, "%s: %s", bad[i], answer->text);
  }
  vm_server_stop (web);
  g_object_unref (web);
  g_unlink (link);
  g_unlink (index);
  g_unlink (terminal);
  g_unlink (hidden);
  g_unlink (outside);
  g_rmdir (root);
  g_rmdir (folder);
}

GST_END_TEST;

static Suite *
server_suite (void)
{
  Suite *s = suite_create ("server");
  TCase *tc = tcase_create ("http");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_status);
  tcase_add_test (tc, test_secure);
  tcase_add_test (tc, test_address);
  tcase_add_test (tc, test_address_of_loopback);
  tcase_add_test (tc, test_start_stop);
  tcase_add_test (tc, test_start_given_up);
  tcase_add_test (tc, test_port_taken);
  tcase_add_test (tc, test_signals_are_left_alone);
  tcase_add_test (tc, test_host);
  tcase_add_test (tc, test_no_host);
  tcase_add_test (tc, test_configured_name);
  tcase_add_test (tc, test_origin);
  tcase_add_test (tc, test_methods);
  tcase_add_test (tc, test_metrics);
  tcase_add_test (tc, test_form_post);
  tcase_add_test (tc, test_body_size);
  tcase_add_test (tc, test_body_without_end);
  tcase_add_test (tc, test_framing);
  tcase_add_test (tc, test_header_without_end);
  tcase_add_test (tc, test_websocket_version);
  tcase_add_test (tc, test_header_size);
  tcase_add_test (tc, test_connections_per_address);
  tcase_add_test (tc, test_garbage);
  tcase_add_test (tc, test_page);
  return s;
}

CHECK_PROGRAM (server)
