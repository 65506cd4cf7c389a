/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmsigner
 * @title: VmSigner
 * @short_description: authenticates a stream of messages
 *
 * A signer makes a tag for each message of a stream, in their order; what is
 * sent is the message and the tag behind it. A #VmVerifier at the other end
 * finds out whether a message was changed, left out, repeated or comes from
 * somebody else. The element vmtrust does both to the buffers of a pipeline.
 */

#include <gst/videomeet/vmsigner.h>
#include "trust/media/tagkey.h"
#include "trust/keys/vmidentity-priv.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

struct _VmSigner
{
  GObject parent;

  VmTagger *tagger;
  gchar *stream; /* lower-case hex */
};

G_DEFINE_FINAL_TYPE (VmSigner, vm_signer, G_TYPE_OBJECT)

G_STATIC_ASSERT ((gint) VM_PROTECTION_HMAC == VM_TAG_HMAC);
G_STATIC_ASSERT ((gint) VM_PROTECTION_SIGNATURE == VM_TAG_SIGNATURE);
G_STATIC_ASSERT ((gint) VM_PROTECTION_SHA256 == VM_TAG_SHA256);

static void
vm_signer_finalize (GObject *object)
{
  VmSigner *self = VM_SIGNER (object);

  g_clear_pointer (&self->tagger, vm_tagger_free);
  g_free (self->stream);
  G_OBJECT_CLASS (vm_signer_parent_class)->finalize (object);
}

static void
vm_signer_class_init (VmSignerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_signer_finalize;
}

static void
vm_signer_init (VmSigner *self)
{
}

static gchar *
to_hex (const guint8 *bytes, gsize size)
{
  GString *text = g_string_sized_new (2 * size);

  for (gsize i = 0; i < size; i++)
    g_string_append_printf (text, "%02x", bytes[i]);
  return g_string_free (text, FALSE);
}

/**
 * vm_signer_new:
 * @identity: the key of this device
 * @protection: with what
 * @peer: (nullable): the public key (SubjectPublicKeyInfo, DER) of the device
 *   that is to check, as #VmTrustFacts has it; %NULL for this device itself. It
 *   counts for %VM_PROTECTION_HMAC alone: a signature is for everybody
 * @error: #VM_ERROR_WRONG_KEY when @peer is no P-256 key, #VM_ERROR_FAILED when
 *   there is no randomness
 *
 * Begins a stream. Any thread, and one at a time from then on.
 *
 * Returns: (transfer full): a signer, or %NULL with @error
 *
 * Since: 0.1
 */
VmSigner *
vm_signer_new (
    VmIdentity *identity, VmProtection protection, GBytes *peer, GError **error)
{
  gboolean hmac = protection == VM_PROTECTION_HMAC;
  guint8 stream[VM_TAG_STREAM_SIZE], key[VM_TAG_KEY_SIZE] = { 0 };
  VmSigner *self;

  g_return_val_if_fail (VM_IS_IDENTITY (identity), NULL);
  g_return_val_if_fail (
      protection >= VM_PROTECTION_HMAC && protection <= VM_PROTECTION_SHA256,
      NULL);

  if (RAND_bytes (stream, sizeof stream) != 1) {
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "There is no randomness for the number of a stream");
    return NULL;
  }
  if (hmac
      && !vm_tag_key_derive (identity,
          peer ? peer : vm_identity_get_spki (identity), TRUE, key, error))
    return NULL;
  self = g_object_new (VM_TYPE_SIGNER, NULL);
  self->tagger = vm_tagger_new ((VmTagProtection) protection,
      protection == VM_PROTECTION_SIGNATURE ? identity : NULL,
      hmac ? key : NULL, stream);
  self->stream = to_hex (stream, sizeof stream);
  OPENSSL_cleanse (key, sizeof key);
  return self;
}

/**
 * vm_signer_sign:
 * @self: a #VmSigner
 * @message: the next message of the stream
 * @error: #VM_ERROR_IDENTITY when the key of this device does not sign
 *
 * Returns: (transfer full): the tag, to be sent behind the message, or %NULL
 *   with @error
 *
 * Since: 0.1
 */
GBytes *
vm_signer_sign (VmSigner *self, GBytes *message, GError **error)
{
  gsize size;
  gconstpointer data;

  g_return_val_if_fail (VM_IS_SIGNER (self), NULL);
  g_return_val_if_fail (message != NULL, NULL);

  data = g_bytes_get_data (message, &size);
  return vm_tagger_make (self->tagger, data, size, error);
}

/**
 * vm_signer_get_stream:
 * @self: a #VmSigner
 *
 * Returns: the number of this stream, 32 hexadecimal digits, which no other
 *   stream has: told to the other end beforehand, an older stream that is
 *   played to it from the beginning is found out as well
 *
 * Since: 0.1
 */
const gchar *
vm_signer_get_stream (VmSigner *self)
{
  g_return_val_if_fail (VM_IS_SIGNER (self), NULL);

  return self->stream;
}
