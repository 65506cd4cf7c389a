/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/p2p/p2pfile-priv.h"

#include <string.h>

static void
send_meta (VmP2pFile *self, const VmTransferMessage *offer)
{
  GString *body;

  /* the stream does not lose it: none is repeated */
  if (self->met)
    return;
  self->met = TRUE;
  self->id = g_strdup (offer->id);
  self->size = offer->size;
  self->chunk_size = offer->chunk_size;
  body = vm_p2p_file_json ();
  vm_json_append_member (body, "name", offer->filename);
  vm_json_append_int (body, "size", offer->size);
  vm_transfer_write_hash (body, "hash", offer->has_hash ? offer->hash : NULL);
  vm_json_append_member (body, "id", offer->id);
  vm_transfer_write_time (body, "mtime", offer->mtime);
  if (offer->mime)
    vm_json_append_member (body, "mime", offer->mime);
  if (offer->user)
    vm_json_append_member (body, "user", offer->user);
  vm_json_append_int (body, "chunkSize", offer->chunk_size);
  vm_json_append_boolean (body, "hashes", TRUE);
  vm_json_append_boolean (body, "prefixes", TRUE);
  vm_p2p_file_send_json (self, VM_P2P_FILE_META, body);
}

static VmP2pOut *
chunk_at (VmP2pFile *self, guint8 type, guint64 offset, GBytes *body)
{
  VmP2pOut *out = g_new0 (VmP2pOut, 1);
  guint64 wire = GUINT64_TO_BE (offset);

  out->type = type;
  memcpy (out->head, &wire, sizeof wire);
  out->head_size = sizeof wire;
  out->body = body;
  g_queue_push_tail (&self->out, out);
  return out;
}

/* To a peer that acknowledges as it likes: the stream carries it, and does not
 * take more than the peer does. */
static void
send_plain (VmP2pFile *self, const VmTransferMessage *message, guint64 offset)
{
  gsize size = g_bytes_get_size (message->data);
  gsize less = self->offset > offset ? self->offset - offset : 0;
  VmTransferMessage *ack;

  if (less < size)
    chunk_at (self, VM_P2P_FILE_CHUNK, offset + less,
        g_bytes_new_from_bytes (message->data, less, size - less));
  ack = vm_p2p_file_tell (self, VM_TRANSFER_CHUNK_ACK);
  ack->index = message->index;
  ack->status = VM_CHUNK_RECEIVED;
  ack->up_to = message->index + 1;
}

static void
send_chunk (VmP2pFile *self, const VmTransferMessage *message)
{
  guint64 offset = (guint64) message->index * self->chunk_size;
  VmP2pOut *out;

  if (!self->native) {
    send_plain (self, message, offset);
    return;
  }
  out = chunk_at (self,
      message->prefix ? VM_P2P_FILE_CHUNK_PREFIX : VM_P2P_FILE_CHUNK_HASHED,
      offset, g_bytes_ref (message->data));
  memcpy (out->head + out->head_size, message->hash, VM_SHA256_SIZE);
  out->head_size += VM_SHA256_SIZE;
}

/* The base protocol has no word for it: all is there, and the end was told. */
static void
check_whole (VmP2pFile *self)
{
  if (!self->native && self->done && self->acked == self->size)
    vm_p2p_file_tell (self, VM_TRANSFER_VERIFIED)->verified = TRUE;
}

static void
send_complete (VmP2pFile *self, const VmTransferMessage *message)
{
  if (self->done)
    return;
  self->done = TRUE;
  memcpy (self->hash, message->hash, VM_SHA256_SIZE);
  vm_p2p_file_send_done (self, message->hash, NULL, NULL, NULL);
  check_whole (self);
}

void
vm_p2p_sender_put (VmP2pFile *self, const VmTransferMessage *message)
{
  switch (message->type) {
    case VM_TRANSFER_FILE_OFFER:
      send_meta (self, message);
      break;
    case VM_TRANSFER_CHUNK_DATA:
      send_chunk (self, message);
      break;
    case VM_TRANSFER_COMPLETE:
      send_complete (self, message);
      break;
    case VM_TRANSFER_ERROR:
      if (self->native)
        vm_p2p_file_send_error (self, message);
      break;
    default:
      vm_p2p_file_put_control (self, message);
      break;
  }
}

static VmTransferMessage *
respond (VmP2pFile *self, gboolean accept)
{
  VmTransferMessage *message =
      vm_p2p_file_tell (self, VM_TRANSFER_FILE_RESPONSE);

  self->answered = TRUE;
  message->accept = accept;
  if (accept)
    message->encoding = VM_TRANSFER_ENCODING_BINARY;
  return message;
}

/* Chunks that a peer has whole which has so many bytes. */
static guint64
whole_chunks (const VmP2pFile *self, guint64 bytes)
{
  return bytes == self->size ? vm_p2p_file_chunks (self)
                             : bytes / self->chunk_size;
}

static void
take_first_ack (VmP2pFile *self, VmP2pFields *fields)
{
  VmTransferMessage *message = respond (self, fields->accept != FALSE);
  guint64 whole = whole_chunks (self, fields->last_offset);

  self->native = fields->accept >= 0;
  if (self->native) {
    message->reason = g_steal_pointer (&fields->reason);
    message->have = g_steal_pointer (&fields->have);
    message->prefix = fields->prefixes;
    return;
  }
  self->offset = self->acked = fields->last_offset;
  if (whole == 0)
    return;
  message->have = vm_chunk_set_new (VM_CHUNK_SET_TOTAL_MAX);
  vm_chunk_set_add_run (message->have, 0, whole);
}

void
vm_p2p_file_take_silence (VmP2pFile *self)
{
  if (self->sends && self->met && !self->heard && !self->answered)
    respond (self, TRUE);
}

static void
take_native_ack (VmP2pFile *self, const VmP2pFields *fields)
{
  guint64 whole = whole_chunks (self, fields->last_offset);
  VmTransferMessage *ack;

  /* whatever it is, it is of no chunk */
  if (fields->index < 0 && whole == 0)
    return;
  ack = vm_p2p_file_tell (self, VM_TRANSFER_CHUNK_ACK);
  ack->index = fields->index >= 0 ? fields->index : (gint64) whole - 1;
  ack->up_to = whole;
  ack->status = VM_CHUNK_RECEIVED;
  if (fields->status)
    vm_transfer_read_word (ack, fields->status);
}

static gboolean
take_ack (VmP2pFile *self, GBytes *body, GError **error)
{
  g_auto (VmP2pFields) fields = { 0 };

  if (!vm_p2p_fields_read (&fields, body, error))
    return FALSE;
  if (!self->met || fields.last_offset < 0
      || (guint64) fields.last_offset > self->size)
    return vm_p2p_file_refuse (
        error, "FILE_ACK is of bytes that the file does not have");
  if (!self->answered) {
    take_first_ack (self, &fields);
  } else if (self->native) {
    take_native_ack (self, &fields);
  } else {
    self->acked = MAX (self->acked, (guint64) fields.last_offset);
    check_whole (self);
  }
  return TRUE;
}

static gboolean
take_done (VmP2pFile *self, GBytes *body, GError **error)
{
  g_auto (VmP2pFields) fields = { 0 };
  gboolean good;
  VmTransferMessage *message;

  if (!vm_p2p_fields_read (&fields, body, error))
    return FALSE;
  if (!self->met)
    return vm_p2p_file_refuse (error, "FILE_DONE is out of place");
  if (!self->answered) {
    respond (self, FALSE)->reason = g_steal_pointer (&fields.reason);
    return TRUE;
  }
  if (g_strcmp0 (fields.status, "cancelled") == 0) {
    vm_p2p_file_tell (self, VM_TRANSFER_CANCEL)->reason =
        g_steal_pointer (&fields.reason);
    return TRUE;
  }
  good = fields.has_hash
         && (!fields.status || strcmp (fields.status, "verified") == 0);
  if (good && !self->done)
    return vm_p2p_file_refuse (error, "FILE_DONE came before the file ended");
  message = vm_p2p_file_tell (self, VM_TRANSFER_VERIFIED);
  message->verified =
      good && memcmp (fields.sum, self->hash, VM_SHA256_SIZE) == 0;
  message->reason = g_steal_pointer (&fields.reason);
  if (good && !message->verified && !message->reason)
    message->reason = g_strdup ("It has another hash there");
  message->saved_path = g_steal_pointer (&fields.saved_path);
  return TRUE;
}

gboolean
vm_p2p_sender_take (VmP2pFile *self, guint8 type, GBytes *body, GError **error)
{
  switch (type) {
    case VM_P2P_FILE_ACK:
      return take_ack (self, body, error);
    case VM_P2P_FILE_DONE:
      return take_done (self, body, error);
    case VM_P2P_FILE_CONTROL:
      return vm_p2p_file_take_control (self, body, error);
    case VM_P2P_ERROR:
      return vm_p2p_file_take_error (self, body, error);
    default:
      return vm_p2p_file_refuse (
          error, "A sender of a file does not get such a message");
  }
}
