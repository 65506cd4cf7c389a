/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/p2p/p2pfile-priv.h"

#include "transfer/message/frame-priv.h"

#include <string.h>

static gboolean
is_uuid (const gchar *id)
{
  guint8 bytes[VM_FRAME_ID_SIZE];

  return id && vm_frame_id_read (id, bytes);
}

static void
tell_offer (VmP2pFile *self, VmP2pFields *fields)
{
  VmTransferMessage *offer;

  self->native = fields->hashes && is_uuid (fields->id)
                 && fields->chunk_size >= VM_CHUNK_SIZE_MIN
                 && fields->chunk_size <= VM_P2P_FILE_CHUNK_MAX;
  self->size = fields->size;
  self->chunk_size = self->native ? (guint32) fields->chunk_size
                                  : vm_p2p_file_choose_chunk_size (self->size);
  if (self->native) {
    g_free (self->id);
    self->id = g_steal_pointer (&fields->id);
  }
  offer = vm_p2p_file_tell (self, VM_TRANSFER_FILE_OFFER);
  offer->filename = g_steal_pointer (&fields->name);
  offer->mime = g_steal_pointer (&fields->mime);
  offer->user = g_steal_pointer (&fields->user);
  offer->size = fields->size;
  offer->mtime = fields->mtime;
  offer->encodings = VM_TRANSFER_ENCODING_JSON | VM_TRANSFER_ENCODING_BINARY;
  offer->chunk_size = self->chunk_size;
  offer->has_hash = fields->has_hash;
  memcpy (offer->hash, fields->sum, VM_SHA256_SIZE);
  offer->prefix = self->native && fields->prefixes;
}

static gboolean
take_meta (VmP2pFile *self, GBytes *body, GError **error)
{
  g_auto (VmP2pFields) fields = { 0 };

  if (self->met)
    return vm_p2p_file_refuse (error, "FILE_META came twice");
  if (!vm_p2p_fields_read (&fields, body, error))
    return FALSE;
  if (!fields.name || fields.size < 0)
    return vm_p2p_file_refuse (error, "FILE_META has no name or no size");
  self->met = TRUE;
  tell_offer (self, &fields);
  /* the user may take longer than a peer waits that gets no answer */
  if (self->native)
    vm_p2p_file_send_control (self, "wait", NULL);
  return TRUE;
}

static VmTransferMessage *
tell_chunk (VmP2pFile *self, guint64 index, GBytes *data, const guint8 *hash)
{
  VmTransferMessage *message = vm_p2p_file_tell (self, VM_TRANSFER_CHUNK_DATA);

  message->index = index;
  message->data = data;
  message->has_hash = TRUE;
  memcpy (message->hash, hash, VM_SHA256_SIZE);
  return message;
}

static guint64
read_offset (const guint8 *data)
{
  guint64 wire;

  memcpy (&wire, data, sizeof wire);
  return GUINT64_FROM_BE (wire);
}

/* @prefix: with the hash of the file up to there. */
static gboolean
take_hashed (VmP2pFile *self, gboolean prefix, GBytes *body, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (body, &size);
  guint64 offset;

  if (!self->native || !self->answered || self->done
      || (prefix && !self->prefixes))
    return vm_p2p_file_refuse (error, "A chunk with its hash is out of place");
  if (size <= VM_P2P_FILE_HEAD_MAX)
    return vm_p2p_file_refuse (error, "A chunk has no bytes");
  offset = read_offset (data);
  if (offset >= self->size || offset % self->chunk_size != 0
      || size - VM_P2P_FILE_HEAD_MAX
             != MIN (self->chunk_size, self->size - offset))
    return vm_p2p_file_refuse (
        error, "A chunk is not where the file has one, or not of its size");
  tell_chunk (self, offset / self->chunk_size,
      g_bytes_new_from_bytes (
          body, VM_P2P_FILE_HEAD_MAX, size - VM_P2P_FILE_HEAD_MAX),
      data + sizeof offset)
      ->prefix = prefix;
  return TRUE;
}

/* The next bytes of a file whose sender cuts it as it likes. */
static void
add_bytes (VmP2pFile *self, const guint8 *data, gsize size)
{
  while (size > 0) {
    guint64 begin = self->offset - self->chunk->len;
    gsize whole = MIN (self->chunk_size, self->size - begin);
    gsize n = MIN (size, whole - self->chunk->len);
    guint8 hash[VM_SHA256_SIZE];

    g_byte_array_append (self->chunk, data, n);
    self->offset += n;
    data += n;
    size -= n;
    if (self->chunk->len < whole)
      return;
    vm_sha256 (self->chunk->data, whole, hash);
    tell_chunk (self, begin / self->chunk_size,
        g_byte_array_free_to_bytes (self->chunk), hash);
    self->chunk = g_byte_array_sized_new (
        MIN (self->chunk_size, self->size - self->offset));
  }
}

static gboolean
take_plain (VmP2pFile *self, GBytes *body, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (body, &size);
  guint64 offset, known;

  if (self->native || !self->answered || self->done)
    return vm_p2p_file_refuse (error, "FILE_CHUNK is out of place");
  if (size < sizeof offset)
    return vm_p2p_file_refuse (error, "FILE_CHUNK has no offset");
  offset = read_offset (data);
  size -= sizeof offset;
  if (offset > self->size || size > self->size - offset)
    return vm_p2p_file_refuse (
        error, "FILE_CHUNK has bytes that the file does not have");
  if (offset > self->offset)
    return vm_p2p_file_refuse (error, "FILE_CHUNK leaves bytes out");
  /* again, or although they are here */
  known = MIN (self->offset - offset, size);
  add_bytes (self, data + sizeof offset + known, size - known);
  return TRUE;
}

static gboolean
take_done (VmP2pFile *self, GBytes *body, GError **error)
{
  g_auto (VmP2pFields) fields = { 0 };
  VmTransferMessage *message;

  if (!self->met || self->done)
    return vm_p2p_file_refuse (error, "FILE_DONE is out of place");
  if (!vm_p2p_fields_read (&fields, body, error))
    return FALSE;
  if (!fields.has_hash) {
    vm_p2p_file_tell (self, VM_TRANSFER_CANCEL)->reason =
        g_steal_pointer (&fields.reason);
    return TRUE;
  }
  if (!self->answered || (!self->native && self->offset != self->size))
    return vm_p2p_file_refuse (error, "FILE_DONE came before the last byte");
  self->done = TRUE;
  memcpy (self->hash, fields.sum, VM_SHA256_SIZE);
  message = vm_p2p_file_tell (self, VM_TRANSFER_COMPLETE);
  message->total = vm_p2p_file_chunks (self);
  message->has_hash = TRUE;
  memcpy (message->hash, fields.sum, VM_SHA256_SIZE);
  return TRUE;
}

gboolean
vm_p2p_receiver_take (
    VmP2pFile *self, guint8 type, GBytes *body, GError **error)
{
  switch (type) {
    case VM_P2P_FILE_META:
      return take_meta (self, body, error);
    case VM_P2P_FILE_CHUNK:
      return take_plain (self, body, error);
    case VM_P2P_FILE_CHUNK_HASHED:
      return take_hashed (self, FALSE, body, error);
    case VM_P2P_FILE_CHUNK_PREFIX:
      return take_hashed (self, TRUE, body, error);
    case VM_P2P_FILE_DONE:
      return take_done (self, body, error);
    case VM_P2P_FILE_CONTROL:
      return vm_p2p_file_take_control (self, body, error);
    case VM_P2P_ERROR:
      return vm_p2p_file_take_error (self, body, error);
    default:
      return vm_p2p_file_refuse (
          error, "A receiver of a file does not get such a message");
  }
}

/* Bytes of the first chunks, as far as none is missing. */
static guint64
prefix_of (const VmP2pFile *self, const VmChunkSet *have)
{
  guint n = 0;
  const VmChunkRun *runs = have ? vm_chunk_set_get_runs (have, &n) : NULL;

  return n && runs[0].first == 0
             ? MIN (runs[0].count * self->chunk_size, self->size)
             : 0;
}

static void
send_first_ack (VmP2pFile *self, const VmTransferMessage *response)
{
  GString *body;
  VmTransferMessage *start;

  if (self->answered)
    return;
  self->answered = TRUE;
  self->offset = self->acked = prefix_of (self, response->have);
  body = vm_p2p_file_json ();
  vm_json_append_int (body, "last_offset", self->offset);
  if (self->native) {
    vm_json_append_boolean (body, "accept", TRUE);
    vm_json_append_int (body, "chunkSize", self->chunk_size);
    self->prefixes = response->prefix;
    if (self->prefixes)
      vm_json_append_boolean (body, "prefixes", TRUE);
    if (response->have)
      vm_chunk_set_append (response->have, body, "have");
  }
  vm_p2p_file_send_json (self, VM_P2P_FILE_ACK, body);
  start = vm_p2p_file_tell (self, VM_TRANSFER_START);
  start->chunk_size = self->chunk_size;
  start->total = vm_p2p_file_chunks (self);
}

static void
send_ack (VmP2pFile *self, const VmTransferMessage *ack)
{
  GString *body;

  if (ack->status != VM_CHUNK_RECEIVED && !self->native)
    return;
  if (ack->up_to > 0)
    self->acked = MIN ((guint64) ack->up_to * self->chunk_size, self->size);
  body = vm_p2p_file_json ();
  vm_json_append_int (body, "last_offset", self->acked);
  if (self->native && ack->index != ack->up_to - 1)
    vm_json_append_int (body, "index", ack->index);
  if (ack->status != VM_CHUNK_RECEIVED)
    vm_json_append_member (body, "status", vm_transfer_word (ack));
  vm_p2p_file_send_json (self, VM_P2P_FILE_ACK, body);
}

static void
send_verified (VmP2pFile *self, const VmTransferMessage *message)
{
  vm_p2p_file_send_done (self, message->verified ? self->hash : NULL,
      message->verified ? "verified" : "failed", message->saved_path,
      message->reason);
}

void
vm_p2p_receiver_put (VmP2pFile *self, const VmTransferMessage *message)
{
  switch (message->type) {
    case VM_TRANSFER_FILE_RESPONSE:
      if (message->accept)
        send_first_ack (self, message);
      else
        vm_p2p_file_send_done (self, NULL, "declined", NULL, message->reason);
      break;
    case VM_TRANSFER_CHUNK_ACK:
      send_ack (self, message);
      break;
    case VM_TRANSFER_VERIFIED:
      send_verified (self, message);
      break;
    case VM_TRANSFER_ERROR:
      if (self->native)
        vm_p2p_file_send_error (self, message);
      else
        vm_p2p_file_send_done (self, NULL, "failed", NULL, message->message);
      break;
    default:
      vm_p2p_file_put_control (self, message);
      break;
  }
}
