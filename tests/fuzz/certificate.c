/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/trust/keys/vmidentity-priv.h>

static GTlsCertificate *
parse (const guint8 *data, gsize size)
{
  GType type =
      g_tls_backend_get_certificate_type (g_tls_backend_get_default ());
  g_autoptr (GByteArray) der = g_byte_array_new ();

  g_byte_array_append (der, data, size);
  return g_initable_new (type, NULL, NULL, "certificate", der, NULL);
}

/* A certificate as TLS presents it, DER: whose key it is, in each of the ways
 * to say it, is the same. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GTlsCertificate) certificate = parse (data, size);
  g_autofree gchar *hash = NULL;
  g_autofree gchar *id = NULL;
  g_autofree gchar *same = NULL;
  g_autofree gchar *fingerprint = NULL;
  g_autoptr (GBytes) spki = NULL;
  g_autoptr (GError) error = NULL;

  if (!certificate)
    return;
  hash = vm_key_hash_from_certificate (certificate);
  spki = vm_spki_from_certificate (certificate, &error);
  g_assert_true (!spki == !!error);
  if (hash) {
    g_assert_cmpuint (strlen (hash), ==, VM_KEY_HASH_LENGTH);
    id = vm_device_id_from_key_hash (hash);
    g_assert_true (vm_device_id_is_valid (id));
    fingerprint = vm_fingerprint_from_device_id (id);
    g_assert_cmpuint (strlen (fingerprint), ==, 95);
  }
  if (!spki)
    return;
  g_assert_cmpuint (g_bytes_get_size (spki), ==, VM_SPKI_SIZE);
  same = vm_spki_to_device_id (spki);
  g_assert_cmpstr (same, ==, id);
}
