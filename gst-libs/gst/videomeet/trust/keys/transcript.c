/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/keys/transcript.h"

#include <openssl/evp.h>
#include <string.h>

VmTranscript *
vm_transcript_new (const gchar *purpose)
{
  VmTranscript *transcript = g_byte_array_new ();

  vm_transcript_add_text (transcript, purpose);
  return transcript;
}

void
vm_transcript_add (VmTranscript *transcript, gconstpointer data, gsize size)
{
  guint32 length = GUINT32_TO_BE (size);

  g_return_if_fail (size <= G_MAXUINT32);

  g_byte_array_append (transcript, (const guint8 *) &length, sizeof length);
  if (size)
    g_byte_array_append (transcript, data, size);
}

void
vm_transcript_add_text (VmTranscript *transcript, const gchar *text)
{
  vm_transcript_add (transcript, text, strlen (text));
}

void
vm_transcript_add_bytes (VmTranscript *transcript, GBytes *bytes)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  vm_transcript_add (transcript, data, size);
}

void
vm_transcript_add_number (VmTranscript *transcript, guint64 number)
{
  guint64 big = GUINT64_TO_BE (number);

  vm_transcript_add (transcript, &big, sizeof big);
}

void
vm_transcript_hash (const VmTranscript *transcript, guint8 hash[VM_SHA256_SIZE])
{
  vm_sha256 (transcript->data, transcript->len, hash);
}

/* A hash that cannot be made must not be mistaken for one: like memory that is
 * not to be had, that ends the process. */
void
vm_sha256 (gconstpointer data, gsize size, guint8 hash[VM_SHA256_SIZE])
{
  if (EVP_Digest (data, size, hash, NULL, EVP_sha256 (), NULL) != 1)
    g_error ("OpenSSL cannot make a SHA-256");
}
