/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/keys/hmac.h"

#include <openssl/evp.h>

/* What cannot be made must not be mistaken for a mac. */
void
vm_hmac_sha256 (const guint8 *key, gsize key_size, gconstpointer data,
    gsize size, guint8 mac[VM_SHA256_SIZE])
{
  gsize n = 0;

  if (!EVP_Q_mac (NULL, "HMAC", NULL, "SHA256", NULL, key, key_size, data, size,
          mac, VM_SHA256_SIZE, &n)
      || n != VM_SHA256_SIZE)
    g_error ("OpenSSL cannot make an HMAC");
}
