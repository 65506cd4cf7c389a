/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmverifier
 * @title: VmVerifier
 * @short_description: checks an authenticated stream of messages
 *
 * A verifier takes the messages that a #VmSigner has made tags for, each with
 * its tag behind it. It takes one stream, the first that comes or the one it is
 * told; of that, messages may be missing, which it counts, but never come twice
 * or late.
 */

#include <gst/videomeet/vmverifier.h>
#include "trust/media/tagkey.h"
#include "trust/keys/vmidentity-priv.h"

#include <openssl/crypto.h>

struct _VmVerifier
{
  GObject parent;

  VmProtection protection;
  VmTagChecker *checker;
};

G_DEFINE_FINAL_TYPE (VmVerifier, vm_verifier, G_TYPE_OBJECT)

static void
vm_verifier_finalize (GObject *object)
{
  g_clear_pointer (&VM_VERIFIER (object)->checker, vm_tag_checker_free);
  G_OBJECT_CLASS (vm_verifier_parent_class)->finalize (object);
}

static void
vm_verifier_class_init (VmVerifierClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_verifier_finalize;
}

static void
vm_verifier_init (VmVerifier *self)
{
}

static gboolean
read_stream (
    const gchar *text, guint8 stream[VM_TAG_STREAM_SIZE], GError **error)
{
  gboolean good = strlen (text) == 2 * VM_TAG_STREAM_SIZE;

  for (guint i = 0; good && i < VM_TAG_STREAM_SIZE; i++) {
    gint high = g_ascii_xdigit_value (text[2 * i]);
    gint low = g_ascii_xdigit_value (text[2 * i + 1]);

    good = high >= 0 && low >= 0;
    stream[i] = 16 * high + low;
  }
  if (!good)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The number of a stream has %d hexadecimal digits",
        2 * VM_TAG_STREAM_SIZE);
  return good;
}

/**
 * vm_verifier_new:
 * @identity: the key of this device
 * @protection: with what the stream is protected
 * @peer: (nullable): the public key (SubjectPublicKeyInfo, DER) of the device
 *   whose stream it is, as #VmTrustFacts has it; %NULL for this device itself
 * @stream: (nullable): which stream, as vm_signer_get_stream() has it; %NULL
 *   for the first that comes
 * @error: #VM_ERROR_WRONG_KEY when @peer is no P-256 key, #VM_ERROR_BAD_MESSAGE
 *   when @stream is not the number of one
 *
 * Any thread, and one at a time from then on.
 *
 * Returns: (transfer full): a verifier, or %NULL with @error
 *
 * Since: 0.1
 */
VmVerifier *
vm_verifier_new (VmIdentity *identity, VmProtection protection, GBytes *peer,
    const gchar *stream, GError **error)
{
  gboolean hmac = protection == VM_PROTECTION_HMAC;
  guint8 number[VM_TAG_STREAM_SIZE], key[VM_TAG_KEY_SIZE] = { 0 };
  VmVerifier *self;

  g_return_val_if_fail (VM_IS_IDENTITY (identity), NULL);
  g_return_val_if_fail (
      protection >= VM_PROTECTION_HMAC && protection <= VM_PROTECTION_SHA256,
      NULL);

  if (!peer)
    peer = vm_identity_get_spki (identity);
  if (stream && !read_stream (stream, number, error))
    return NULL;
  if (hmac && !vm_tag_key_derive (identity, peer, FALSE, key, error))
    return NULL;
  self = g_object_new (VM_TYPE_VERIFIER, NULL);
  self->protection = protection;
  self->checker = vm_tag_checker_new ((VmTagProtection) protection,
      protection == VM_PROTECTION_SIGNATURE ? peer : NULL, hmac ? key : NULL,
      stream ? number : NULL);
  OPENSSL_cleanse (key, sizeof key);
  return self;
}

/**
 * vm_verifier_verify:
 * @self: a #VmVerifier
 * @tagged: a message and its tag behind it
 * @message_size: (out) (optional): bytes of the message alone
 * @missed: (out) (optional): how many messages are missing before this one
 * @error: #VM_ERROR_BAD_MESSAGE when there is no tag of that protection behind
 *   it; #VM_ERROR_SIGNATURE when the message was changed, is from somebody
 *   else, came before, or is of another stream
 *
 * What is refused changes nothing: the next message may be good.
 *
 * Returns: whether the message is what was sent, by whom it is to be
 *
 * Since: 0.1
 */
gboolean
vm_verifier_verify (VmVerifier *self, GBytes *tagged, gsize *message_size,
    guint64 *missed, GError **error)
{
  gsize size, at, tag_size;
  const guint8 *data;

  g_return_val_if_fail (VM_IS_VERIFIER (self), FALSE);
  g_return_val_if_fail (tagged != NULL, FALSE);

  data = g_bytes_get_data (tagged, &size);
  tag_size = vm_tag_find ((VmTagProtection) self->protection, data, size, &at)
                 ? size - at
                 : 0;
  if (!vm_tag_checker_check (self->checker, data, tag_size ? at : size,
          tag_size ? data + at : NULL, tag_size, missed, error))
    return FALSE;
  if (message_size)
    *message_size = at;
  return TRUE;
}
