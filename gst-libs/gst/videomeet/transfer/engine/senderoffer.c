/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a sender offers: the file, as it is told before anything of it. */

#include "transfer/engine/sender-priv.h"

#include "transfer/message/frame-priv.h"

#include <string.h>

guint32
vm_sender_choose_chunk_size (guint64 size)
{
  guint32 chunk_size = VM_TRANSFER_SEED_CHUNK_SIZE;

  while (chunk_size < VM_SENDER_CHUNK_LARGE
         && vm_engine_chunks (size, chunk_size) > VM_SENDER_CHUNKS_MANY)
    chunk_size *= 2;
  return chunk_size;
}

gboolean
vm_sender_check_offer (const VmSenderOffer *offer, GError **error)
{
  gboolean binary = (offer->encodings & VM_TRANSFER_ENCODING_BINARY) != 0;
  guint8 id[VM_FRAME_ID_SIZE];

  if (!offer->id || !vm_transfer_id_check (offer->id)
      || (binary && !vm_frame_id_read (offer->id, id))
      || !vm_text_is_name (offer->filename, VM_FILENAME_INPUT_MAX)
      || (offer->mime && !vm_text_is_name (offer->mime, VM_TRANSFER_MIME_MAX))
      || offer->chunk_size < VM_CHUNK_SIZE_MIN
      || offer->chunk_size > VM_CHUNK_SIZE_MAX
      || offer->json_chunk_size < VM_CHUNK_SIZE_MIN
      || offer->json_chunk_size > VM_TRANSFER_JSON_CHUNK_MAX
      || offer->size > VM_TRANSFER_NUMBER_MAX
      || vm_engine_chunks (
             offer->size, MIN (offer->chunk_size, offer->json_chunk_size))
             > VM_CHUNKS_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A file cannot be offered so: its name, its size or its chunks are "
        "beyond the limits");
    return FALSE;
  }
  return TRUE;
}

void
vm_sender_send_offer (VmSender *self)
{
  const VmTransferMessage *from = self->offer;
  VmTransferMessage *message =
      vm_engine_send (&self->engine, VM_TRANSFER_FILE_OFFER);

  message->filename = g_strdup (from->filename);
  message->mime = g_strdup (from->mime);
  message->user = g_strdup (from->user);
  message->size = from->size;
  message->mtime = from->mtime;
  message->encodings = from->encodings;
  message->chunk_size = from->chunk_size;
  message->has_hash = from->has_hash;
  memcpy (message->hash, from->hash, VM_SHA256_SIZE);
}

void
vm_sender_begin_offer (VmSender *self, gint64 now)
{
  vm_sender_send_offer (self);
  vm_engine_repeat (&self->engine, now,
      now + VM_TRANSFER_OFFER_TIMEOUT
          + self->offer->size / VM_TRANSFER_READ_RATE * G_USEC_PER_SEC);
}

void
vm_sender_set_offered_hash (VmSender *self, const guint8 *hash)
{
  self->has_hash = self->offer->has_hash = TRUE;
  memcpy (self->hash, hash, VM_SHA256_SIZE);
  memcpy (self->offer->hash, hash, VM_SHA256_SIZE);
}

gboolean
vm_sender_offer_again (VmSender *self, const VmTransferMessage *response)
{
  if (response->encoding != VM_TRANSFER_ENCODING_NONE || self->offer->has_hash)
    return FALSE;
  self->accepted =
      vm_transfer_message_new (VM_TRANSFER_FILE_RESPONSE, response->id);
  self->accepted->accept = TRUE;
  self->accepted->encoding = VM_TRANSFER_ENCODING_NONE;
  self->accepted->chunk_size = response->chunk_size;
  self->accepted_until = -1;
  self->hash_again = TRUE;
  vm_engine_answered (&self->engine);
  vm_engine_want (&self->engine, VM_ACTION_HASH);
  return TRUE;
}

void
vm_sender_offer_hash (VmSender *self, const guint8 *hash, gint64 now)
{
  self->hash_first = self->hash_again = FALSE;
  vm_sender_set_offered_hash (self, hash);
  vm_sender_begin_offer (self, now);
  if (self->accepted)
    self->accepted_until = now + VM_SENDER_AGAIN_TIMEOUT;
}

void
vm_sender_set_user (VmSender *self, const gchar *user)
{
  VmAction *first = g_queue_peek_head (&self->engine.actions);

  g_free (self->offer->user);
  self->offer->user = g_strdup (user);
  /* the offer that waits to be sent */
  if (!first || first->type != VM_ACTION_SEND
      || first->message->type != VM_TRANSFER_FILE_OFFER)
    return;
  g_free (first->message->user);
  first->message->user = g_strdup (user);
}
