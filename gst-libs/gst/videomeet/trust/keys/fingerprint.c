/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The other way to write a device id: as people know it from certificates. */

#include "trust/keys/vmidentity-priv.h"
#include "trust/keys/transcript.h"

#include <string.h>

/**
 * vm_fingerprint_from_device_id:
 * @device_id: (nullable): a device id, as of vm_identity_get_device_id()
 *
 * The SHA-256 of a device's public key (SubjectPublicKeyInfo, DER) in the form
 * `AB:CD:…`: what `openssl x509 -pubkey -noout | openssl pkey -pubin -outform
 * DER | sha256sum` says of its certificate. It is the device id in other
 * letters. Pure: any thread.
 *
 * Returns: (transfer full) (nullable): 32 bytes in upper-case hexadecimal with
 *   colons between, %NULL when @device_id is not a device id
 *
 * Since: 0.1
 */
gchar *
vm_fingerprint_from_device_id (const gchar *device_id)
{
  GString *out;
  guint32 bits = 0;
  guint n_bits = 0, n = 0;

  if (!device_id || !vm_device_id_is_valid (device_id))
    return NULL;
  out = g_string_new (NULL);
  for (const gchar *c = device_id; *c && n < VM_SHA256_SIZE; c++) {
    if (*c == '-')
      continue;
    bits = bits << 5 | (*c >= 'A' ? *c - 'A' : *c - '2' + 26);
    n_bits += 5;
    if (n_bits < 8)
      continue;
    n_bits -= 8;
    g_string_append_printf (
        out, "%s%02X", n++ ? ":" : "", bits >> n_bits & 0xff);
  }
  /* dashes in the place of letters */
  if (n < VM_SHA256_SIZE)
    return g_string_free (out, TRUE);
  return g_string_free (out, FALSE);
}
