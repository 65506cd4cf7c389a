/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include "fuzzkeys.h"
#include <gst/videomeet/trust/token/capability.h>

#include <string.h>

#define NOW 1700000000

/* What is read is within its limits, and reads back as it was. */
static void
check_claims (const gchar *text, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmCapability) read =
      vm_capability_from_claims (text, size, &error);
  g_autoptr (VmCapability) again = NULL;
  g_autofree gchar *one = NULL;
  g_autofree gchar *two = NULL;

  g_assert_true (!read == !!error);
  if (!read)
    return;
  g_assert_cmpuint (read->caps & ~VM_CAPS_ALL, ==, 0);
  g_assert_cmpuint (strlen (read->jti), <=, VM_CAPABILITY_TEXT_MAX);
  one = vm_capability_to_claims (read);
  again = vm_capability_from_claims (one, strlen (one), NULL);
  g_assert_nonnull (again);
  two = vm_capability_to_claims (again);
  g_assert_cmpstr (one, ==, two);
}

/* A token of whoever sends it: nothing that the key has not signed is good. Or
 * the claims inside one. */
void
fuzz_one (const guint8 *data, gsize size)
{
  VmIdentity *identity = fuzz_identity (0);
  const VmCapabilityUse use = { .iss = vm_identity_get_device_id (identity),
    .spki = vm_identity_get_spki (identity),
    .sub = "user-a",
    .room_id = "room-1",
    .caps = VM_CAP_CALL };
  g_autofree gchar *token = g_strndup ((const gchar *) data, size);
  g_autoptr (GError) error = NULL;

  g_assert_null (vm_capability_verify (token, &use, NOW, &error));
  g_assert_nonnull (error);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  check_claims ((const gchar *) data, size);
}
