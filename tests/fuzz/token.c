/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/trust/token/token.h>

#include <string.h>

/* The base point of P-256: a key that signed none of this. */
static const guint8 other_key[VM_SPKI_SIZE] = { 0x30, 0x59, 0x30, 0x13, 0x06,
  0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
  0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04, 0x6b, 0x17, 0xd1, 0xf2,
  0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77,
  0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98,
  0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb,
  0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce,
  0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5 };

/* What is read is within its limits, and reads back as it was. */
static void
check (VmToken *token)
{
  g_autofree gchar *id = vm_spki_to_device_id (token->subject_spki);
  g_autofree gchar *pem = vm_token_to_pem (token);
  g_autoptr (VmToken) again = vm_token_from_pem (pem, -1, NULL);
  g_autoptr (GBytes) other = g_bytes_new_static (other_key, sizeof other_key);

  g_assert_nonnull (again);
  g_assert_true (g_bytes_equal (token->der, again->der));
  g_assert_cmpstr (id, ==, token->subject_id);
  g_assert_true (vm_device_id_is_valid (token->issuer_id));
  g_assert_cmpuint (token->permissions & ~VM_PERMISSIONS_ALL, ==, 0);
  if (token->meeting_id) {
    g_assert_true (g_utf8_validate (token->meeting_id, -1, NULL));
    g_assert_cmpuint (strlen (token->meeting_id), <=, VM_TOKEN_MEETING_MAX);
    g_assert_cmpuint (token->permissions & ~VM_TOKEN_GUEST_PERMISSIONS, ==, 0);
  }
  g_assert_false (vm_token_verify (token, other, token->not_before, NULL));
  g_assert_true (
      vm_token_verify (token, token->subject_spki, token->not_before, NULL)
      <= (strcmp (token->issuer_id, token->subject_id) == 0));
}

/* DER, or PEM. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GError) der_error = NULL;
  g_autoptr (GError) pem_error = NULL;
  g_autoptr (VmToken) der = vm_token_from_der (data, size, &der_error);
  g_autoptr (VmToken) pem =
      vm_token_from_pem ((const gchar *) data, size, &pem_error);

  g_assert_true (!der == !!der_error);
  g_assert_true (!pem == !!pem_error);
  if (der)
    check (der);
  if (pem)
    check (pem);
}
