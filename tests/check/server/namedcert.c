/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A certificate for names: who is shown it, who is not, and which is none. */

#include "support/net/certificate.h"
#include "trust/keys/vmidentity-priv.h"
#include "support/net/netclient.h"

#include "program.h"

#include <gst/videomeet/client/httpclient.h>
#include <gst/videomeet/node/node-priv.h>
#include <gst/videomeet/videomeet.h>
#include <glib/gstdio.h>
#include <string.h>

#define NAMES "DNS:*.pages.example,DNS:Meet.example,DNS:localhost"

static const gchar *const types[] = { "EC", "RSA" };

static gchar *folder;
static gchar *file; /* the certificate and its key */
static VmServer *server;

static void
setup (void)
{
  folder = g_dir_make_tmp ("vm-named-XXXXXX", NULL);
  file = g_build_filename (folder, "cert.pem", NULL);
}

static void
teardown (void)
{
  if (server)
    vm_server_stop (server);
  g_clear_object (&server);
  g_remove (file);
  g_remove (folder);
  g_clear_pointer (&file, g_free);
  g_clear_pointer (&folder, g_free);
}

static void
serve (void)
{
  VmServerConfig config = { .tls_cert = file };

  server = net_server (&config, NULL);
}

static gboolean
accept_any (GTlsConnection *connection, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, gpointer data)
{
  return TRUE;
}

/* The hash of the key that is shown to who asks for @name; NULL: for none. */
static gchar *
shown_to (const gchar *name)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnectable) identity =
      name ? g_network_address_new (name, 0) : NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GIOStream) tls = NULL;
  g_autoptr (GError) error = NULL;

  g_socket_client_set_timeout (client, NET_SECONDS);
  connection = g_socket_client_connect_to_host (
      client, "127.0.0.1", vm_server_get_port (server), NULL, &error);
  g_assert_no_error (error);
  tls =
      g_tls_client_connection_new (G_IO_STREAM (connection), identity, &error);
  g_assert_no_error (error);
  g_tls_connection_set_database (G_TLS_CONNECTION (tls), NULL);
  g_signal_connect (tls, "accept-certificate", G_CALLBACK (accept_any), NULL);
  g_tls_connection_handshake (G_TLS_CONNECTION (tls), NULL, &error);
  g_assert_no_error (error);
  return vm_key_hash_from_certificate (
      g_tls_connection_get_peer_certificate (G_TLS_CONNECTION (tls)));
}

static gboolean
is_own (const gchar *name)
{
  g_autoptr (VmIdentity) own = vm_identity_load (NULL, NULL);
  g_autofree gchar *hash = shown_to (name);

  return g_strcmp0 (hash, vm_identity_get_key_hash (own)) == 0;
}

GST_START_TEST (test_who_sees_it)
{
  static const gchar *const named[] = { "meet.example", "MEET.example",
    "a.pages.example", "localhost" };
  static const gchar *const others[] = { NULL, "127.0.0.1", "pages.example",
    "a.b.pages.example", "example", "device.invalid" };

  certificate_write (file, types[__i__], NAMES, 1);
  serve ();
  for (guint i = 0; i < G_N_ELEMENTS (named); i++)
    fail_if (is_own (named[i]), "%s", named[i]);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    fail_unless (is_own (others[i]), "%s", others[i]);
  fail_unless_equals_string (vm_server_get_name (server), "meet.example");
}

GST_END_TEST;

static guint
status_of (const gchar *host)
{
  g_autoptr (NetAnswer) answer =
      net_ask (server, "GET /status HTTP/1.1\r\nHost: %s\r\n\r\n", host);

  return answer->status;
}

GST_START_TEST (test_host_header)
{
  certificate_write (file, "EC", NAMES, 1);
  serve ();
  fail_unless_equals_int (status_of ("meet.example"), 200);
  fail_unless_equals_int (status_of ("a.pages.example:8443"), 200);
  fail_unless_equals_int (status_of ("127.0.0.1"), 200);
  fail_unless_equals_int (status_of ("other.example"), 421);
}

GST_END_TEST;

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  *(VmHttpReply **) user_data =
      vm_http_client_send_finish (VM_HTTP_CLIENT (source), result, &error);
  g_assert_no_error (error);
}

/* A device that is told a name all the same looks for a device's key. */
GST_START_TEST (test_devices_by_name)
{
  g_autoptr (VmIdentity) own = vm_identity_load (NULL, NULL);
  g_autoptr (VmHttpClient) client = vm_http_client_new (own);
  VmHttpReply *reply = NULL;
  g_autofree gchar *uri = NULL;

  certificate_write (file, types[__i__], NAMES, 1);
  serve ();
  uri = g_strdup_printf (
      "https://localhost:%u/status", vm_server_get_port (server));
  vm_http_client_send_async (client, "GET", uri, vm_identity_get_key_hash (own),
      NULL, NET_SECONDS * 1000, NULL, on_sent, &reply);
  while (!reply)
    g_main_context_iteration (NULL, TRUE);
  fail_unless_equals_int (reply->status, 200);
  fail_unless_equals_string (reply->key_hash, vm_identity_get_key_hash (own));
  vm_http_reply_free (reply);
}

GST_END_TEST;

/* A device has a P-256 key. */
GST_START_TEST (test_key_of_no_device)
{
  static const gchar *const kinds[] = { "EC", "RSA", "P-384", "P-521" };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autoptr (GTlsCertificate) certificate = NULL;
    g_autofree gchar *hash = NULL;
    g_autoptr (GError) error = NULL;

    certificate_write (file, kinds[i], NAMES, 1);
    certificate = g_tls_certificate_new_from_file (file, &error);
    g_assert_no_error (error);
    hash = vm_key_hash_from_certificate (certificate);
    fail_unless_equals_int (hash != NULL, i == 0);
  }
}

GST_END_TEST;

/* Words of why it is no certificate to start with. */
static void
does_not_start (const gchar *cert, const gchar *key, const gchar *words)
{
  g_autoptr (VmNode) node = vm_node_new (folder);
  g_autofree gchar *identity = g_build_filename (folder, "identity.pem", NULL);
  g_autoptr (GError) error = NULL;

  g_object_set (node, "tls-cert", cert, "tls-key", key, "port", 0, NULL);
  fail_if (vm_node_start (node, VM_NODE_ROLES_SERVE, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_FAILED);
  fail_unless (strstr (error->message, words) != NULL, "%s", error->message);
  g_remove (identity);
}

GST_START_TEST (test_what_is_none)
{
  g_autofree gchar *other = g_build_filename (folder, "other.pem", NULL);

  does_not_start (file, NULL, "cannot be read");
  g_file_set_contents_full (file, "", 0, G_FILE_SET_CONTENTS_NONE, 0600, NULL);
  does_not_start (file, NULL, "no certificate");
  certificate_write (file, "EC", NULL, 1);
  does_not_start (file, NULL, "no host name");
  certificate_write (file, "EC", NAMES, -1);
  does_not_start (file, NULL, "expired");
  certificate_write (file, "EC", NAMES, 1);
  does_not_start (file, other, "cannot be read");
  g_file_set_contents_full (other, "", 0, G_FILE_SET_CONTENTS_NONE, 0600, NULL);
  does_not_start (file, other, "no private key");
  certificate_write (other, "EC", NAMES, 1);
  g_chmod (other, 0600);
  does_not_start (file, other, "not that of the certificate");
  g_chmod (other, 0640);
  does_not_start (file, other, "others can read");
  g_chmod (other, 0620);
  does_not_start (file, other, "others can write");
  g_chmod (other, 0600);
  g_chmod (file, 0622);
  does_not_start (file, other, "others can write");
  /* with the key in it */
  g_chmod (file, 0644);
  does_not_start (file, NULL, "others can read");
  g_remove (other);
}

GST_END_TEST;

/* What is given to browsers has the name in it, if all of them can resolve it.
 */
GST_START_TEST (test_link)
{
  static const struct
  {
    const gchar *names, *host; /* NULL: an address */
  } cases[] = { { NAMES, "meet.example" }, { "DNS:ann.local", NULL } };
  g_autoptr (VmNode) node = vm_node_new (folder);
  g_autofree gchar *identity = g_build_filename (folder, "identity.pem", NULL);
  g_autofree gchar *link = NULL;
  g_autoptr (GUri) uri = NULL;
  g_autoptr (GError) error = NULL;

  certificate_write (file, "EC", cases[__i__].names, 1);
  g_object_set (node, "tls-cert", file, "port", 0, NULL);
  vm_node_start (node, VM_NODE_ROLES_SERVE, &error);
  g_assert_no_error (error);
  link = vm_node_get_link (node, "standup");
  uri = g_uri_parse (link, G_URI_FLAGS_NONE, &error);
  g_assert_no_error (error);
  fail_unless_equals_int (g_uri_get_port (uri), vm_node_get_port (node));
  if (cases[__i__].host) {
    fail_unless_equals_string (g_uri_get_host (uri), cases[__i__].host);
  } else {
    fail_unless (g_hostname_is_ip_address (g_uri_get_host (uri)), "%s", link);
  }
  vm_node_stop (node, VM_NODE_ROLES_SERVE);
  g_remove (identity);
}

GST_END_TEST;

static Suite *
namedcert_suite (void)
{
  Suite *s = suite_create ("namedcert");
  TCase *tc = tcase_create ("namedcert");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_who_sees_it, 0, G_N_ELEMENTS (types));
  tcase_add_test (tc, test_host_header);
  tcase_add_loop_test (tc, test_devices_by_name, 0, G_N_ELEMENTS (types));
  tcase_add_test (tc, test_key_of_no_device);
  tcase_add_test (tc, test_what_is_none);
  tcase_add_loop_test (tc, test_link, 0, 2);
  return s;
}

CHECK_PROGRAM (namedcert)
