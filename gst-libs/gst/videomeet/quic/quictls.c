/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "quic/quictls.h"
#include "trust/keys/vmidentity-priv.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <string.h>

/* AES-128 first: it is the fastest where the processor knows AES, and the
 * lists are those that QUIC has (RFC 9001 §5.3). */
#define PRIORITY                                                           \
  "%DISABLE_TLS13_COMPAT_MODE:NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:"  \
  "+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:-GROUP-ALL:+GROUP-X25519:" \
  "+GROUP-SECP256R1"

struct _VmQuicTls
{
  gnutls_certificate_credentials_t credentials;
  gchar *alpn;
  guint8 fingerprint[VM_QUIC_FINGERPRINT_SIZE];
};

static void
fingerprint_of (
    const guint8 *der, gsize size, guint8 fingerprint[VM_QUIC_FINGERPRINT_SIZE])
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize n = VM_QUIC_FINGERPRINT_SIZE;

  g_checksum_update (sum, der, size);
  g_checksum_get_digest (sum, fingerprint, &n);
}

/* A client that names no protocol gets one without being asked. */
static gboolean
speaks (gnutls_session_t session, const gchar *alpn)
{
  gnutls_datum_t chosen;

  return gnutls_alpn_get_selected_protocol (session, &chosen) == 0
         && chosen.size == strlen (alpn)
         && memcmp (chosen.data, alpn, chosen.size) == 0;
}

/* GnuTLS asks once the other side has proved that it holds the key. */
static int
verify (gnutls_session_t session)
{
  VmQuicTlsPeer *peer = gnutls_session_get_ptr (session);
  guint8 fingerprint[VM_QUIC_FINGERPRINT_SIZE];
  const gnutls_datum_t *chain;
  guint n = 0;

  if (gnutls_certificate_type_get (session) != GNUTLS_CRT_X509)
    return GNUTLS_E_CERTIFICATE_ERROR;
  chain = gnutls_certificate_get_peers (session, &n);
  if (!chain || !n || !speaks (session, peer->tls->alpn))
    return GNUTLS_E_CERTIFICATE_ERROR;
  fingerprint_of (chain[0].data, chain[0].size, fingerprint);
  return peer->judge (fingerprint, peer->user_data)
             ? 0
             : GNUTLS_E_CERTIFICATE_ERROR;
}

static gboolean
set_key (VmQuicTls *self, VmIdentity *identity)
{
  const gchar *pem = vm_identity_get_certificate_pem (identity);
  gnutls_datum_t certificate = { (guint8 *) pem, strlen (pem) };
  BIO *bio = BIO_new (BIO_s_secmem ());
  gnutls_datum_t key;
  gchar *data;
  gint rv = -1;

  if (bio
      && PEM_write_bio_PrivateKey (
          bio, vm_identity_get_key (identity), NULL, NULL, 0, NULL, NULL)) {
    key.size = BIO_get_mem_data (bio, &data);
    key.data = (guint8 *) data;
    rv = gnutls_certificate_set_x509_key_mem (
        self->credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
  }
  BIO_free (bio);
  return rv >= 0;
}

static gboolean
set_fingerprint (VmQuicTls *self)
{
  gnutls_datum_t der;

  if (gnutls_certificate_get_crt_raw (self->credentials, 0, 0, &der) != 0)
    return FALSE;
  fingerprint_of (der.data, der.size, self->fingerprint);
  return TRUE;
}

VmQuicTls *
vm_quic_tls_new (VmIdentity *identity, const gchar *alpn, GError **error)
{
  VmQuicTls *self = g_new0 (VmQuicTls, 1);

  self->alpn = g_strdup (alpn);
  if (gnutls_certificate_allocate_credentials (&self->credentials) != 0
      || !set_key (self, identity) || !set_fingerprint (self)) {
    g_set_error (error, VM_ERROR, VM_ERROR_IDENTITY,
        "The key of this device cannot be used for QUIC");
    vm_quic_tls_free (self);
    return NULL;
  }
  gnutls_certificate_set_verify_function (self->credentials, verify);
  return self;
}

void
vm_quic_tls_free (VmQuicTls *self)
{
  if (self->credentials)
    gnutls_certificate_free_credentials (self->credentials);
  g_free (self->alpn);
  g_free (self);
}

const guint8 *
vm_quic_tls_get_fingerprint (const VmQuicTls *self)
{
  return self->fingerprint;
}

static gboolean
set_session (gnutls_session_t session, VmQuicTlsPeer *peer, gboolean server)
{
  VmQuicTls *self = peer->tls;
  gnutls_datum_t alpn = { (guint8 *) self->alpn, strlen (self->alpn) };

  gnutls_session_set_ptr (session, peer);
  if (gnutls_priority_set_direct (session, PRIORITY, NULL) != 0
      || gnutls_credentials_set (
             session, GNUTLS_CRD_CERTIFICATE, self->credentials)
             != 0
      || gnutls_alpn_set_protocols (session, &alpn, 1, GNUTLS_ALPN_MANDATORY)
             != 0)
    return FALSE;
  if (!server)
    return ngtcp2_crypto_gnutls_configure_client_session (session) == 0;
  gnutls_certificate_server_set_request (session, GNUTLS_CERT_REQUIRE);
  return ngtcp2_crypto_gnutls_configure_server_session (session) == 0;
}

gpointer
vm_quic_tls_session_new (VmQuicTlsPeer *peer, gboolean server)
{
  /* no tickets: each session is a handshake of its own */
  guint flags =
      GNUTLS_NO_TICKETS
      | (server ? GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET : GNUTLS_CLIENT);
  gnutls_session_t session;

  if (gnutls_init (&session, flags) != 0)
    return NULL;
  if (!set_session (session, peer, server)) {
    gnutls_deinit (session);
    return NULL;
  }
  return session;
}

void
vm_quic_tls_session_free (gpointer session)
{
  gnutls_deinit (session);
}
