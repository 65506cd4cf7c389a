/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/trust/store/bundle.h>
#include <gst/videomeet/trust/store/storetext.h>

#include <string.h>

static void
device (const gchar *id, const gchar *text)
{
  g_autofree gchar *pem = NULL;
  g_autofree gchar *again = NULL;
  g_autoptr (GBytes) spki = NULL;
  g_autoptr (VmKnownDevice) one =
      vm_known_device_from_text (text, id, &pem, &spki);
  g_autoptr (VmKnownDevice) two = NULL;

  if (!one)
    return;
  g_assert_true (g_utf8_validate (one->user, -1, NULL));
  g_assert_true (g_utf8_validate (one->device, -1, NULL));
  g_assert_null (strchr (one->user, '\n'));
  if (spki) {
    g_autofree gchar *hash = vm_spki_to_device_id (spki);

    g_assert_cmpstr (hash, ==, id);
  }
  again = vm_known_device_to_text (one, pem);
  two = vm_known_device_from_text (again, id, NULL, NULL);
  g_assert_nonnull (two);
  g_assert_cmpstr (one->user, ==, two->user);
  g_assert_cmpstr (one->device, ==, two->device);
}

/* @id is this device's; the other's stands in front of the tokens. */
static void
tokens (const gchar *id, const gchar *text)
{
  const gchar *next = strchr (text, '\n');
  g_autofree gchar *other = next ? g_strndup (text, next - text) : NULL;
  g_autoptr (VmToken) given = NULL;
  g_autoptr (VmToken) held = NULL;

  if (!next || !vm_tokens_from_text (next, id, other, &given, &held)) {
    g_assert_true (!given && !held);
    return;
  }
  if (given) {
    g_assert_cmpstr (given->issuer_id, ==, id);
    g_assert_cmpstr (given->subject_id, ==, other);
    g_assert_null (given->meeting_id);
  }
  if (held) {
    g_assert_cmpstr (held->issuer_id, ==, other);
    g_assert_cmpstr (held->subject_id, ==, id);
    g_assert_null (held->meeting_id);
  }
}

static void
revoked (const gchar *text)
{
  g_autoptr (GHashTable) one = vm_revoked_new ();
  g_autoptr (GHashTable) two = vm_revoked_new ();
  g_autofree gchar *again = NULL;

  if (!vm_revoked_from_text (text, one))
    return;
  g_assert_cmpuint (g_hash_table_size (one), <=, VM_TRUST_STORE_REVOKED_MAX);
  again = vm_revoked_to_text (one);
  g_assert_true (vm_revoked_from_text (again, two));
  g_assert_cmpuint (g_hash_table_size (one), ==, g_hash_table_size (two));
}

static void
bundle (const gchar *text, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmBundle) one = vm_bundle_from_text (text, size, &error);
  g_autoptr (VmBundle) two = NULL;
  g_autofree gchar *again = NULL;

  g_assert_true (!one == !!error);
  if (!one)
    return;
  g_assert_null (strstr (text, "-----BEGIN PRIVATE"));
  again = vm_bundle_to_text (one);
  two = vm_bundle_from_text (again, -1, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (one->devices->len, ==, two->devices->len);
  g_assert_cmpuint (one->tokens->len, ==, two->tokens->len);
}

/* A line that says what follows: "device ID", "tokens ID", "revoked",
 * "bundle". */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  gchar *rest = strchr (text, '\n');

  if (!rest)
    return;
  *rest++ = '\0';
  if (g_str_has_prefix (text, "device "))
    device (text + strlen ("device "), rest);
  else if (g_str_has_prefix (text, "tokens "))
    tokens (text + strlen ("tokens "), rest);
  else if (strcmp (text, "revoked") == 0)
    revoked (rest);
  else if (strcmp (text, "bundle") == 0)
    bundle (rest, size - (rest - text));
}
