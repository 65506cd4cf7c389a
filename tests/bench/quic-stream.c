/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* 512 MiB by a stream between two endpoints on loopback, in messages of a
 * chunk, against gtlsserver and gtlsclient, the examples of ngtcp2 with the
 * same TLS library. */

#include "bench.h"
#include "quic/quic.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE ((gsize) 512 * 1024 * 1024) /* bytes */
#define CHUNK (256 * 1024) /* bytes */
#define DEADLINE (120 * G_USEC_PER_SEC)
#define PEER_PORT "14433"

static void
check (const GError *error)
{
  if (error) {
    g_printerr ("%s\n", error->message);
    exit (1);
  }
}

static VmQuicEndpoint *
make_endpoint (const gchar *folder, const gchar *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *path = g_build_filename (folder, name, NULL);
  g_autoptr (VmIdentity) identity = vm_identity_load (path, &error);
  VmQuicConfig config = { .identity = identity, .address = "127.0.0.1" };
  VmQuicEndpoint *endpoint;

  check (error);
  endpoint = vm_quic_endpoint_new (&config, &error);
  check (error);
  return endpoint;
}

static VmQuicConnection *
begin (VmQuicEndpoint *self, VmQuicEndpoint *other, gboolean asks)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) secret = g_bytes_new_static ("bench", 5);
  VmQuicCandidate candidate = { "127.0.0.1",
    vm_quic_endpoint_get_port (other) };
  VmQuicSession session = { .fingerprint =
                                vm_quic_endpoint_get_fingerprint (other),
    .secret = secret,
    .candidates = &candidate,
    .n_candidates = 1 };
  VmQuicConnection *connection =
      asks ? vm_quic_endpoint_connect (self, &session, &error)
           : vm_quic_endpoint_expect (self, &session, &error);

  check (error);
  return connection;
}

static gpointer
send_all (gpointer user_data)
{
  VmP2pPipe *pipe = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) chunk = g_bytes_new_take (g_malloc0 (CHUNK), CHUNK);

  for (gsize at = 0; at < SIZE; at += CHUNK) {
    guint64 offset = GUINT64_TO_BE (at);

    vm_p2p_pipe_send (pipe, VM_P2P_FILE_CHUNK, &offset, sizeof offset, chunk,
        DEADLINE, &error);
    check (error);
  }
  vm_p2p_pipe_end (pipe);
  return NULL;
}

static gsize
receive_all (VmP2pPipe *pipe)
{
  gsize got = 0;
  GBytes *body;
  guint8 type;

  while ((body = vm_p2p_pipe_receive (pipe, DEADLINE, &type, NULL))) {
    if (type == VM_P2P_FILE_CHUNK)
      got += g_bytes_get_size (body) - sizeof (guint64);
    g_bytes_unref (body);
  }
  return got;
}

/* ms, with the handshake. */
static gdouble
run_ours (const gchar *folder)
{
  VmQuicEndpoint *sender = make_endpoint (folder, "sender");
  VmQuicEndpoint *receiver = make_endpoint (folder, "receiver");
  gint64 start = g_get_monotonic_time ();
  VmQuicConnection *in = begin (receiver, sender, FALSE);
  VmQuicConnection *out = begin (sender, receiver, TRUE);
  g_autoptr (GError) error = NULL;
  VmP2pPipe *a, *b;
  GThread *thread;
  gsize got;

  a = vm_quic_connection_open_pipe (out, DEADLINE, &error);
  check (error);
  vm_p2p_pipe_send (a, 0, "{}", 2, NULL, DEADLINE, &error);
  check (error);
  b = vm_quic_connection_accept_pipe (in, DEADLINE, &error);
  check (error);
  thread = g_thread_new ("sender", send_all, a);
  got = receive_all (b);
  start = g_get_monotonic_time () - start;
  g_thread_join (thread);
  vm_p2p_pipe_free (a);
  vm_p2p_pipe_free (b);
  vm_quic_connection_unref (in);
  vm_quic_connection_unref (out);
  vm_quic_endpoint_free (sender);
  vm_quic_endpoint_free (receiver);
  if (got != SIZE) {
    g_printerr ("%" G_GSIZE_FORMAT " bytes of %" G_GSIZE_FORMAT " arrived\n",
        got, SIZE);
    exit (1);
  }
  return start / 1e3;
}

static GSubprocess *
start_peer (const gchar *folder)
{
  g_autofree gchar *key = g_build_filename (folder, "key.pem", NULL);
  g_autofree gchar *certificate = g_build_filename (folder, "cert.pem", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) maker = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error, "openssl", "req", "-x509",
      "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
      "/CN=localhost", "-keyout", key, "-out", certificate, NULL);
  GSubprocess *server;

  check (error);
  g_subprocess_wait_check (maker, NULL, &error);
  check (error);
  server = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
      &error, "gtlsserver", "-q", "-d", folder, "127.0.0.1", PEER_PORT, key,
      certificate, NULL);
  check (error);
  return server;
}

static gdouble
run_peer (void)
{
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) client = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
      &error, "gtlsclient", "-q", "--exit-on-all-streams-close", "127.0.0.1",
      PEER_PORT, "https://localhost/file", NULL);

  check (error);
  g_subprocess_wait_check (client, NULL, &error);
  check (error);
  return (g_get_monotonic_time () - start) / 1e3;
}

static void
make_file (const gchar *folder)
{
  g_autofree gchar *path = g_build_filename (folder, "file", NULL);
  FILE *file = fopen (path, "w");
  g_autofree guint8 *chunk = g_malloc0 (CHUNK);

  for (gsize at = 0; file && at < SIZE; at += CHUNK)
    fwrite (chunk, 1, CHUNK, file);
  if (!file || fclose (file) != 0) {
    g_printerr ("%s cannot be written\n", path);
    exit (1);
  }
}

static void
clear (const gchar *folder)
{
  static const gchar *const names[] = { "file", "key.pem", "cert.pem",
    "sender/identity.pem", "receiver/identity.pem", "sender", "receiver", "." };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *path = g_build_filename (folder, names[i], NULL);

    g_remove (path);
  }
  g_rmdir (folder);
}

int
main (int argc, char *argv[])
{
  gdouble ours[BENCH_ROUNDS], peer[BENCH_ROUNDS];
  g_autofree gchar *folder = g_dir_make_tmp ("vm-bench-XXXXXX", NULL);
  g_autoptr (GSubprocess) server = NULL;

  make_file (folder);
  server = start_peer (folder);
  run_peer (); /* the file is read into memory */
  for (guint i = 0; i < BENCH_ROUNDS; i++) {
    ours[i] = run_ours (folder);
    peer[i] = run_peer ();
    g_printerr ("ours %.0f ms, peer %.0f ms\n", ours[i], peer[i]);
  }
  g_subprocess_force_exit (server);
  g_subprocess_wait (server, NULL, NULL);
  clear (folder);
  bench_print ("quic-stream", bench_median (ours, BENCH_ROUNDS),
      bench_median (peer, BENCH_ROUNDS), "ms");
  return 0;
}
