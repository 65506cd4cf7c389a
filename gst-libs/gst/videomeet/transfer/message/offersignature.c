/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/message/offersignature.h"

#include <gst/videomeet/vmerror.h>

G_STATIC_ASSERT (VM_TRANSFER_SIGNATURE_MAX == VM_SIGNATURE_BASE64_SIZE);

static VmTranscript *
write_down (const VmTransferMessage *offer, const gchar *receiver)
{
  VmTranscript *t = vm_transcript_new ("vm2 file-offer");

  vm_transcript_add_text (t, offer->filename);
  vm_transcript_add_number (t, offer->size);
  vm_transcript_add (t, offer->hash, offer->has_hash ? VM_SHA256_SIZE : 0);
  vm_transcript_add_text (t, offer->mime ? offer->mime : "");
  vm_transcript_add_number (t, offer->mtime);
  vm_transcript_add_number (t, offer->encodings);
  vm_transcript_add_number (t, MAX (offer->chunk_size, 0));
  vm_transcript_add_text (t, receiver);
  return t;
}

gchar *
vm_offer_sign (VmIdentity *identity, const VmTransferMessage *offer,
    const gchar *receiver, GError **error)
{
  const VmSignatureScope scope = { VM_SIGNATURE_FILE_OFFER, offer->id, 0 };
  g_autoptr (GByteArray) t = write_down (offer, receiver);

  return vm_signature_sign (identity, &scope, t->data, t->len, error);
}

gboolean
vm_offer_verify (GBytes *spki, const VmTransferMessage *offer,
    const gchar *receiver, GError **error)
{
  const VmSignatureScope scope = { VM_SIGNATURE_FILE_OFFER, offer->id, 0 };
  g_autoptr (GByteArray) t = write_down (offer, receiver);

  if (vm_signature_verify (
          spki, &scope, t->data, t->len, offer->signature, NULL))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_SIGNATURE,
      "The offer of a file is not signed by the device that sends it");
  return FALSE;
}
