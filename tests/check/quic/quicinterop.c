/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The examples of ngtcp2 shake hands with an endpoint. They speak HTTP/3, so
 * that is the protocol's name here, and nothing but the handshake is theirs and
 * ours. Skipped where they are not installed. */

#include "program.h"
#include "support/quicpair.h"

#include <glib/gstdio.h>
#include <string.h>

#define SOON QUIC_PAIR_SOON

static QuicPair *pair;
static gchar *folder, *key, *certificate;
static gchar *client, *server;

static void
find_programs (void)
{
  g_autofree gchar *path =
      g_strdup_printf ("%s:/usr/sbin:/usr/bin", g_getenv ("PATH"));

  g_setenv ("PATH", path, TRUE);
  client = g_find_program_in_path ("gtlsclient");
  server = g_find_program_in_path ("gtlsserver");
}

/* Carl's own key, as those programs want it. */
static void
setup (void)
{
  g_autofree gchar *pem = NULL;
  g_autofree gchar *file = NULL;

  find_programs ();
  pair = quic_pair_new ();
  folder = g_dir_make_tmp ("vm-interop-XXXXXX", NULL);
  key = g_build_filename (folder, "key.pem", NULL);
  certificate = g_build_filename (folder, "certificate.pem", NULL);
  file = g_build_filename (pair->folders[0], "identity.pem", NULL);
  g_assert_true (g_file_get_contents (file, &pem, NULL, NULL));
  g_assert_true (g_file_set_contents (certificate, pem, -1, NULL));
  g_assert_true (g_file_set_contents (
      key, strstr (pem, "-----BEGIN PRIVATE KEY"), -1, NULL));
  g_clear_pointer (&pair->bob, vm_quic_endpoint_free);
  pair->bob = quic_pair_endpoint (pair, 1, "h3");
}

static void
teardown (void)
{
  g_clear_pointer (&pair, quic_pair_free);
  g_remove (key);
  g_remove (certificate);
  g_rmdir (folder);
  g_clear_pointer (&key, g_free);
  g_clear_pointer (&certificate, g_free);
  g_clear_pointer (&folder, g_free);
  g_clear_pointer (&client, g_free);
  g_clear_pointer (&server, g_free);
}

static gboolean
lacks (const gchar *program, const gchar *name)
{
  if (!program)
    g_printerr ("skipped: %s is not installed\n", name);
  return !program;
}

static VmQuicConnection *
begin (gboolean asks, const guint8 *fingerprint, guint16 port)
{
  g_autoptr (GError) error = NULL;
  VmQuicCandidate candidate = { "127.0.0.1", port };
  VmQuicSession session = {
    .fingerprint = fingerprint, .candidates = &candidate, .n_candidates = 1
  };
  VmQuicConnection *connection =
      asks ? vm_quic_endpoint_connect (pair->bob, &session, &error)
           : vm_quic_endpoint_expect (pair->bob, &session, &error);

  g_assert_no_error (error);
  return connection;
}

static void
end (GSubprocess *program)
{
  g_subprocess_force_exit (program);
  g_subprocess_wait (program, NULL, NULL);
  g_object_unref (program);
}

static VmQuicConnection *
run_client (const guint8 *fingerprint, GError **error)
{
  VmQuicConnection *connection = begin (FALSE, fingerprint, 1);
  g_autofree gchar *port =
      g_strdup_printf ("%d", vm_quic_endpoint_get_port (pair->bob));
  g_autofree gchar *with_key = g_strconcat ("--key=", key, NULL);
  g_autofree gchar *with_certificate =
      g_strconcat ("--cert=", certificate, NULL);
  GSubprocess *program = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
      NULL, client, "-q", with_key, with_certificate, "127.0.0.1", port,
      "https://localhost/", NULL);

  vm_quic_connection_wait (connection, SOON / 10, error);
  end (program);
  return connection;
}

GST_START_TEST (test_gtlsclient)
{
  g_autoptr (GError) error = NULL;

  if (lacks (client, "gtlsclient"))
    return;
  pair->asked =
      run_client (vm_quic_endpoint_get_fingerprint (pair->alice), &error);
  g_assert_no_error (error);
}

GST_END_TEST;

GST_START_TEST (test_gtlsclient_with_another_key)
{
  g_autoptr (GError) error = NULL;

  if (lacks (client, "gtlsclient"))
    return;
  pair->asked =
      run_client (vm_quic_endpoint_get_fingerprint (pair->bob), &error);
  quic_pair_check (error, VM_ERROR_TIMEOUT);
}

GST_END_TEST;

/* A port that was free a moment ago: the program cannot say which it took. */
static guint16
free_port (void)
{
  g_autoptr (VmQuicEndpoint) some = quic_pair_endpoint (pair, 1, NULL);

  return vm_quic_endpoint_get_port (some);
}

static VmQuicConnection *
run_server (const guint8 *fingerprint, GError **error)
{
  guint16 port = free_port ();
  g_autofree gchar *text = g_strdup_printf ("%d", port);
  GSubprocess *program = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
      NULL, server, "-q", "--verify-client", "-d", folder, "127.0.0.1", text,
      key, certificate, NULL);
  VmQuicConnection *connection = begin (TRUE, fingerprint, port);

  vm_quic_connection_wait (connection, SOON, error);
  end (program);
  return connection;
}

GST_START_TEST (test_gtlsserver)
{
  g_autoptr (GError) error = NULL;

  if (lacks (server, "gtlsserver"))
    return;
  pair->asking =
      run_server (vm_quic_endpoint_get_fingerprint (pair->alice), &error);
  g_assert_no_error (error);
}

GST_END_TEST;

GST_START_TEST (test_gtlsserver_with_another_key)
{
  g_autoptr (GError) error = NULL;

  if (lacks (server, "gtlsserver"))
    return;
  pair->asking =
      run_server (vm_quic_endpoint_get_fingerprint (pair->bob), &error);
  quic_pair_check (error, VM_ERROR_FINGERPRINT);
}

GST_END_TEST;

static Suite *
quicinterop_suite (void)
{
  Suite *s = suite_create ("quicinterop");
  TCase *tc = tcase_create ("quicinterop");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_gtlsclient);
  tcase_add_test (tc, test_gtlsclient_with_another_key);
  tcase_add_test (tc, test_gtlsserver);
  tcase_add_test (tc, test_gtlsserver_with_another_key);
  return s;
}

CHECK_PROGRAM (quicinterop)
