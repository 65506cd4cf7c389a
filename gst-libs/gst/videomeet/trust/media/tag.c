/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/media/tag.h"
#include "trust/keys/hmac.h"
#include <gst/videomeet/vmerror.h>

#include <openssl/crypto.h>
#include <string.h>

/* Where the fields stand. */
enum
{
  AT_PROTECTION = 4,
  AT_STREAM = 5,
  AT_SEQUENCE = AT_STREAM + VM_TAG_STREAM_SIZE,
};
G_STATIC_ASSERT (AT_SEQUENCE + 8 == VM_TAG_HEAD_SIZE);

static const gchar magic[] = "VMT1";

struct _VmTagger
{
  VmTagProtection protection;
  VmIdentity *identity;
  guint8 key[VM_TAG_KEY_SIZE];
  guint8 stream[VM_TAG_STREAM_SIZE];
  guint64 sequence;
};

struct _VmTagChecker
{
  VmTagProtection protection;
  GBytes *spki;
  guint8 key[VM_TAG_KEY_SIZE];
  guint8 stream[VM_TAG_STREAM_SIZE];
  gboolean has_stream;
  guint64 sequence;
};

static gsize
proof_size (VmTagProtection protection)
{
  return protection == VM_TAG_SIGNATURE ? VM_SIGNATURE_SIZE : VM_SHA256_SIZE;
}

static VmTranscript *
tag_bytes (VmTagProtection protection, const guint8 *stream, guint64 sequence,
    gconstpointer data, gsize size)
{
  VmTranscript *bytes = vm_transcript_new ("vm2 tag");

  vm_transcript_add_number (bytes, protection);
  vm_transcript_add (bytes, stream, VM_TAG_STREAM_SIZE);
  vm_transcript_add_number (bytes, sequence);
  vm_transcript_add (bytes, data, size);
  return bytes;
}

VmTagger *
vm_tagger_new (VmTagProtection protection, VmIdentity *identity,
    const guint8 *key, const guint8 stream[VM_TAG_STREAM_SIZE])
{
  VmTagger *tagger;

  g_return_val_if_fail ((protection == VM_TAG_SIGNATURE) == !!identity, NULL);
  g_return_val_if_fail ((protection == VM_TAG_HMAC) == !!key, NULL);

  tagger = g_new0 (VmTagger, 1);
  tagger->protection = protection;
  if (identity)
    tagger->identity = g_object_ref (identity);
  if (key)
    memcpy (tagger->key, key, sizeof tagger->key);
  memcpy (tagger->stream, stream, sizeof tagger->stream);
  return tagger;
}

void
vm_tagger_free (VmTagger *tagger)
{
  g_clear_object (&tagger->identity);
  OPENSSL_cleanse (tagger->key, sizeof tagger->key);
  g_free (tagger);
}

/* Of HMAC and SHA-256. */
static void
make_hash (VmTagProtection protection, const guint8 *key,
    const VmTranscript *bytes, guint8 *proof)
{
  if (protection == VM_TAG_HMAC)
    vm_hmac_sha256 (key, VM_TAG_KEY_SIZE, bytes->data, bytes->len, proof);
  else
    vm_transcript_hash (bytes, proof);
}

GBytes *
vm_tagger_make (
    VmTagger *tagger, gconstpointer data, gsize size, GError **error)
{
  guint8 tag[VM_TAG_SIZE_MAX];
  guint64 big = GUINT64_TO_BE (tagger->sequence + 1);
  g_autoptr (GByteArray) bytes = tag_bytes (
      tagger->protection, tagger->stream, tagger->sequence + 1, data, size);

  memcpy (tag, magic, AT_PROTECTION);
  tag[AT_PROTECTION] = tagger->protection;
  memcpy (tag + AT_STREAM, tagger->stream, VM_TAG_STREAM_SIZE);
  memcpy (tag + AT_SEQUENCE, &big, sizeof big);
  if (tagger->protection != VM_TAG_SIGNATURE)
    make_hash (tagger->protection, tagger->key, bytes, tag + VM_TAG_HEAD_SIZE);
  else if (!vm_signature_make (tagger->identity, bytes->data, bytes->len,
               tag + VM_TAG_HEAD_SIZE, error))
    return NULL;
  tagger->sequence++;
  return g_bytes_new (tag, VM_TAG_HEAD_SIZE + proof_size (tagger->protection));
}

VmTagChecker *
vm_tag_checker_new (VmTagProtection protection, GBytes *spki, const guint8 *key,
    const guint8 *stream)
{
  VmTagChecker *checker;

  g_return_val_if_fail ((protection == VM_TAG_SIGNATURE) == !!spki, NULL);
  g_return_val_if_fail ((protection == VM_TAG_HMAC) == !!key, NULL);

  checker = g_new0 (VmTagChecker, 1);
  checker->protection = protection;
  if (spki)
    checker->spki = g_bytes_ref (spki);
  if (key)
    memcpy (checker->key, key, sizeof checker->key);
  checker->has_stream = stream != NULL;
  if (stream)
    memcpy (checker->stream, stream, sizeof checker->stream);
  return checker;
}

void
vm_tag_checker_free (VmTagChecker *checker)
{
  g_clear_pointer (&checker->spki, g_bytes_unref);
  OPENSSL_cleanse (checker->key, sizeof checker->key);
  g_free (checker);
}

static gboolean
is_proved (
    VmTagChecker *checker, const VmTranscript *bytes, const guint8 *proof)
{
  guint8 expected[VM_SHA256_SIZE];

  if (checker->protection == VM_TAG_SIGNATURE)
    return vm_signature_is (checker->spki, bytes->data, bytes->len, proof);
  make_hash (checker->protection, checker->key, bytes, expected);
  return CRYPTO_memcmp (expected, proof, sizeof expected) == 0;
}

gboolean
vm_tag_checker_check (VmTagChecker *checker, gconstpointer data, gsize size,
    const guint8 *tag, gsize tag_size, guint64 *missed, GError **error)
{
  g_autoptr (GByteArray) bytes = NULL;
  const gchar *why = NULL;
  guint64 sequence;

  if (!tag || tag_size != VM_TAG_HEAD_SIZE + proof_size (checker->protection)
      || memcmp (tag, magic, AT_PROTECTION) != 0
      || tag[AT_PROTECTION] != checker->protection) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "The message has %s",
        tag ? "a tag of another kind" : "no tag");
    return FALSE;
  }
  memcpy (&sequence, tag + AT_SEQUENCE, sizeof sequence);
  sequence = GUINT64_FROM_BE (sequence);
  bytes =
      tag_bytes (checker->protection, tag + AT_STREAM, sequence, data, size);
  if (!is_proved (checker, bytes, tag + VM_TAG_HEAD_SIZE))
    why = "was changed on the way, or is from somebody else";
  else if (checker->has_stream
           && memcmp (checker->stream, tag + AT_STREAM, VM_TAG_STREAM_SIZE))
    why = "is of another stream";
  else if (sequence <= checker->sequence)
    why = "came before, or after later ones";
  if (why) {
    g_set_error (error, VM_ERROR, VM_ERROR_SIGNATURE, "The message %s", why);
    return FALSE;
  }
  if (missed)
    *missed = sequence - checker->sequence - 1;
  memcpy (checker->stream, tag + AT_STREAM, VM_TAG_STREAM_SIZE);
  checker->has_stream = TRUE;
  checker->sequence = sequence;
  return TRUE;
}

static gboolean
is_tag_at (const guint8 *data, gsize size, gsize tag_size, gsize *at)
{
  if (size < tag_size || memcmp (data + size - tag_size, magic, AT_PROTECTION))
    return FALSE;
  *at = size - tag_size;
  return TRUE;
}

gboolean
vm_tag_find (
    VmTagProtection protection, const guint8 *data, gsize size, gsize *at)
{
  static const gsize sizes[] = { VM_TAG_HEAD_SIZE + VM_SIGNATURE_SIZE,
    VM_TAG_HEAD_SIZE + VM_SHA256_SIZE };
  gsize own = VM_TAG_HEAD_SIZE + proof_size (protection);

  if (is_tag_at (data, size, own, at))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    if (is_tag_at (data, size, sizes[i], at))
      return TRUE;
  }
  return FALSE;
}
