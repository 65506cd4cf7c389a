/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include "fuzzkeys.h"
#include <gst/videomeet/trust/media/messageseal.h>
#include <gst/videomeet/trust/media/tag.h>

#include <string.h>

/* A refused message does not change them. */
static VmMessageKeys *
message_keys (void)
{
  static VmMessageKeys *keys;

  if (!keys) {
    g_autoptr (VmEphemeral) own = vm_ephemeral_new (NULL);
    g_autoptr (VmEphemeral) peer = vm_ephemeral_new (NULL);

    keys = vm_message_keys_new (
        own, vm_ephemeral_get_spki (peer), TRUE, "offer", "answer", NULL);
  }
  return keys;
}

static void
check_tag (VmTagProtection protection, const guint8 *data, gsize size)
{
  static const guint8 key[VM_TAG_KEY_SIZE] = "nobody knows this key";
  g_autoptr (VmTagChecker) checker = vm_tag_checker_new (protection,
      protection == VM_TAG_SIGNATURE ? vm_identity_get_spki (fuzz_identity (0))
                                     : NULL,
      protection == VM_TAG_HMAC ? key : NULL, NULL);
  g_autoptr (GError) error = NULL;
  gboolean good =
      vm_tag_checker_check (checker, "text", 4, data, size, NULL, &error);

  g_assert_true (good == !error);
  /* anybody can make a checksum */
  g_assert_true (!good || protection == VM_TAG_SHA256);
}

/* As a signature, as a chat message's mac, as one with it and as a tag: none of
 * a key that the input does not have. */
void
fuzz_one (const guint8 *data, gsize size)
{
  static const VmSignatureScope scope = { VM_SIGNATURE_FILE_OFFER, "transfer",
    1 };
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  VmMessageKeys *keys = message_keys ();
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (keys);
  g_assert_false (vm_signature_verify (vm_identity_get_spki (fuzz_identity (0)),
      &scope, "text", 4, text, &error));
  g_assert_nonnull (error);
  g_assert_false (vm_message_keys_verify (keys, "text", 1, text, NULL, NULL));
  g_assert_null (vm_message_open (keys, text, NULL));
  for (guint i = VM_TAG_HMAC; i <= VM_TAG_SHA256; i++)
    check_tag (i, data, size);
}
