/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The key that a client shows by TLS, to which its ticket and its seat are
 * bound (protocol/http.md#join, protocol/signalling.md). A client need not have
 * one: a browser has none. */

#include "server/access/clientkey.h"
#include "server/server-priv.h"

#include <openssl/pem.h>

static GTlsCertificate *
to_certificate (X509 *x509)
{
  BIO *bio = BIO_new (BIO_s_mem ());
  GTlsCertificate *certificate = NULL;
  char *pem;
  long size;

  if (bio && PEM_write_bio_X509 (bio, x509)
      && (size = BIO_get_mem_data (bio, &pem)) > 0)
    certificate = g_tls_certificate_new_from_pem (pem, size, NULL);
  BIO_free (bio);
  return certificate;
}

GTlsCertificate *
vm_conn_get_certificate (VmConn *conn)
{
  SSL *ssl = lws_get_ssl (conn->wsi);
  X509 *x509 = ssl ? SSL_get_peer_certificate (ssl) : NULL;
  GTlsCertificate *certificate = x509 ? to_certificate (x509) : NULL;

  X509_free (x509);
  return certificate;
}

const gchar *
vm_conn_get_key (VmConn *conn)
{
  g_autoptr (GTlsCertificate) certificate = NULL;

  if (conn->key)
    return conn->key;
  certificate = vm_conn_get_certificate (conn);
  if (certificate)
    conn->key = vm_key_hash_from_certificate (certificate);
  return conn->key;
}

/* A session that is taken up again has the key that began it, or none, whatever
 * the client would show now: every connection begins its own. */
void
vm_server_set_up_tls (VmServer *self, SSL_CTX *context)
{
  SSL_CTX_set_session_cache_mode (context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options (context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets (context, 0);
  if (self->named)
    vm_named_cert_serve (self->named, context);
}
