/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/quicpair.h"

#include <glib/gstdio.h>
#include <malloc.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
size_t __sanitizer_get_current_allocated_bytes (void);
#endif

QuicPair *
quic_pair_new (void)
{
  QuicPair *self = g_new0 (QuicPair, 1);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 2; i++) {
    self->folders[i] = g_dir_make_tmp ("vm-quic-XXXXXX", &error);
    g_assert_no_error (error);
    self->identities[i] = vm_identity_load (self->folders[i], &error);
    g_assert_no_error (error);
  }
  self->alice = quic_pair_endpoint (self, 0, NULL);
  self->bob = quic_pair_endpoint (self, 1, NULL);
  return self;
}

void
quic_pair_free (QuicPair *self)
{
  g_clear_pointer (&self->asking, vm_quic_connection_unref);
  g_clear_pointer (&self->asked, vm_quic_connection_unref);
  g_clear_pointer (&self->alice, vm_quic_endpoint_free);
  g_clear_pointer (&self->bob, vm_quic_endpoint_free);
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *file =
        g_build_filename (self->folders[i], "identity.pem", NULL);

    g_object_unref (self->identities[i]);
    g_remove (file);
    g_rmdir (self->folders[i]);
    g_free (self->folders[i]);
  }
  g_free (self);
}

VmQuicEndpoint *
quic_pair_endpoint (QuicPair *self, guint i, const gchar *alpn)
{
  const VmQuicConfig config = {
    .identity = self->identities[i], .address = "127.0.0.1", .alpn = alpn
  };
  g_autoptr (GError) error = NULL;
  VmQuicEndpoint *endpoint = vm_quic_endpoint_new (&config, &error);

  g_assert_no_error (error);
  return endpoint;
}

void
quic_pair_session (VmQuicEndpoint *other, const gchar *secret,
    VmQuicCandidate *candidate, VmQuicSession *session)
{
  memset (session, 0, sizeof *session);
  memset (candidate, 0, sizeof *candidate);
  g_strlcpy (candidate->ip, "127.0.0.1", sizeof candidate->ip);
  candidate->port = vm_quic_endpoint_get_port (other);
  session->fingerprint = vm_quic_endpoint_get_fingerprint (other);
  session->secret = g_bytes_new_static (secret, strlen (secret));
  session->candidates = candidate;
  session->n_candidates = 1;
}

static VmQuicConnection *
begin (VmQuicEndpoint *self, VmQuicEndpoint *other, gboolean asks)
{
  g_autoptr (GError) error = NULL;
  VmQuicCandidate candidate;
  VmQuicSession session;
  VmQuicConnection *connection;

  quic_pair_session (other, "a token", &candidate, &session);
  connection = asks ? vm_quic_endpoint_connect (self, &session, &error)
                    : vm_quic_endpoint_expect (self, &session, &error);
  g_assert_no_error (error);
  g_bytes_unref (session.secret);
  return connection;
}

void
quic_pair_connect (QuicPair *self)
{
  g_autoptr (GError) error = NULL;

  self->asked = begin (self->bob, self->alice, FALSE);
  self->asking = begin (self->alice, self->bob, TRUE);
  vm_quic_connection_wait (self->asking, QUIC_PAIR_SOON, &error);
  g_assert_no_error (error);
  vm_quic_connection_wait (self->asked, QUIC_PAIR_SOON, &error);
  g_assert_no_error (error);
}

void
quic_pair_open (QuicPair *self, VmP2pPipe **a, VmP2pPipe **b)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) first = NULL;
  guint8 type;

  *a = vm_quic_connection_open_pipe (self->asking, QUIC_PAIR_SOON, &error);
  g_assert_no_error (error);
  type = ((VmQuicStream *) *a)->id == 0 ? VM_P2P_GREETING : VM_P2P_FILE_META;
  vm_p2p_pipe_send (*a, type, "{}", 2, NULL, QUIC_PAIR_SOON, &error);
  g_assert_no_error (error);
  *b = vm_quic_connection_accept_pipe (self->asked, QUIC_PAIR_SOON, &error);
  g_assert_no_error (error);
  first = vm_p2p_pipe_receive (*b, QUIC_PAIR_SOON, &type, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (first), ==, 2);
  if (type == VM_P2P_GREETING) { /* which is answered by one */
    vm_p2p_pipe_send (*b, type, "{}", 2, NULL, QUIC_PAIR_SOON, &error);
    g_assert_no_error (error);
    g_bytes_unref (first);
    first = vm_p2p_pipe_receive (*a, QUIC_PAIR_SOON, &type, &error);
    g_assert_no_error (error);
  }
}

void
quic_pair_check (const GError *error, VmError code)
{
  g_assert_error (error, VM_ERROR, code);
  g_assert_cmpuint (strlen (error->message), >, 10);
}

guint
quic_pair_count (const gchar *what)
{
  g_autofree gchar *path = g_build_filename ("/proc/self", what, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  return n;
}

gsize
quic_pair_memory (void)
{
#ifdef SANITIZED
  return __sanitizer_get_current_allocated_bytes ();
#else
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
#endif
}
