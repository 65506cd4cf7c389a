/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/media/messagekeys.h"
#include "trust/keys/agreement.h"
#include "base/base64.h"
#include "trust/keys/hmac.h"
#include <gst/videomeet/vmerror.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>

G_STATIC_ASSERT (VM_MESSAGE_KEY_SIZE == VM_DERIVED_SIZE);

struct _VmEphemeral
{
  EVP_PKEY *key;
  GBytes *spki;
};

struct _VmMessageKeys
{
  guint8 sending[VM_MESSAGE_KEY_SIZE];
  guint8 receiving[VM_MESSAGE_KEY_SIZE];
  gint64 sent; /* sequence of the last */
  gint64 received;
};

static gpointer
failed (GError **error, const gchar *what)
{
  ERR_clear_error ();
  g_set_error (error, VM_ERROR, VM_ERROR_FAILED, "OpenSSL cannot %s", what);
  return NULL;
}

VmEphemeral *
vm_ephemeral_new (GError **error)
{
  g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
  g_autoptr (GBytes) spki = key ? vm_spki_from_key (key, NULL) : NULL;
  VmEphemeral *ephemeral;

  if (!spki)
    return failed (error, "make a key");
  ephemeral = g_new (VmEphemeral, 1);
  ephemeral->key = g_steal_pointer (&key);
  ephemeral->spki = g_steal_pointer (&spki);
  return ephemeral;
}

void
vm_ephemeral_free (VmEphemeral *ephemeral)
{
  EVP_PKEY_free (ephemeral->key);
  g_bytes_unref (ephemeral->spki);
  g_free (ephemeral);
}

GBytes *
vm_ephemeral_get_spki (VmEphemeral *ephemeral)
{
  return ephemeral->spki;
}

static gboolean
derive (const guint8 secret[VM_SECRET_SIZE], const guint8 salt[VM_SHA256_SIZE],
    const gchar *direction, guint8 key[VM_MESSAGE_KEY_SIZE])
{
  g_autoptr (GByteArray) info = vm_transcript_new ("vm2 chat key");

  vm_transcript_add_text (info, direction);
  return vm_hkdf (secret, salt, info, key);
}

VmMessageKeys *
vm_message_keys_new (VmEphemeral *own, GBytes *ek, gboolean offerer,
    const gchar *offer, const gchar *answer, GError **error)
{
  g_autoptr (EVP_PKEY) peer = vm_spki_to_key (ek, error);
  g_autoptr (VmMessageKeys) keys = NULL;
  g_autoptr (GByteArray) identities = vm_transcript_new ("vm2 message keys");
  guint8 salt[VM_SHA256_SIZE], secret[VM_SECRET_SIZE];
  gboolean good;

  if (!peer)
    return NULL;
  if (g_bytes_equal (own->spki, ek)) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The other side sends this side's own key back");
    return NULL;
  }
  keys = g_new0 (VmMessageKeys, 1);
  vm_transcript_add_text (identities, offer);
  vm_transcript_add_text (identities, answer);
  vm_transcript_hash (identities, salt);
  good = vm_agree (own->key, peer, secret)
         && derive (secret, salt, "offerer to answerer",
             offerer ? keys->sending : keys->receiving)
         && derive (secret, salt, "answerer to offerer",
             offerer ? keys->receiving : keys->sending);
  OPENSSL_cleanse (secret, sizeof secret);
  return good ? g_steal_pointer (&keys) : failed (error, "derive keys");
}

void
vm_message_keys_free (VmMessageKeys *keys)
{
  OPENSSL_cleanse (keys, sizeof *keys);
  g_free (keys);
}

static void
make_mac (const guint8 key[VM_MESSAGE_KEY_SIZE], gint64 sequence,
    const gchar *text, guint8 mac[VM_MESSAGE_MAC_SIZE])
{
  g_autoptr (GByteArray) bytes = vm_transcript_new ("vm2 chat");

  vm_transcript_add_number (bytes, sequence);
  vm_transcript_add_text (bytes, text);
  vm_hmac_sha256 (key, VM_MESSAGE_KEY_SIZE, bytes->data, bytes->len, mac);
}

/* 2^53 messages take longer than any call. */
gchar *
vm_message_keys_sign (VmMessageKeys *keys, const gchar *text, gint64 *sequence)
{
  guint8 mac[VM_MESSAGE_MAC_SIZE];

  *sequence = ++keys->sent;
  make_mac (keys->sending, *sequence, text, mac);
  return g_base64_encode (mac, sizeof mac);
}

gboolean
vm_message_keys_verify (VmMessageKeys *keys, const gchar *text, gint64 sequence,
    const gchar *mac, gint64 *missed, GError **error)
{
  guint8 expected[VM_MESSAGE_MAC_SIZE], read[VM_MESSAGE_MAC_SIZE];
  const gchar *why = NULL;

  if (!mac || !vm_base64_read (mac, read, sizeof read) || sequence < 1
      || sequence > VM_MESSAGE_SEQUENCE_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The message is not authenticated, or has no sequence number");
    return FALSE;
  }
  make_mac (keys->receiving, sequence, text, expected);
  if (CRYPTO_memcmp (expected, read, sizeof read) != 0)
    why = "was changed on the way, or is from somebody else";
  else if (sequence <= keys->received)
    why = "came before, or after later ones";
  if (why) {
    g_set_error (error, VM_ERROR, VM_ERROR_SIGNATURE, "The message %s", why);
    return FALSE;
  }
  if (missed)
    *missed = sequence - keys->received - 1;
  keys->received = sequence;
  return TRUE;
}
