/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/transfer/archive/zipjson.h>
#include <gst/videomeet/transfer/p2p/p2pfile.h>

#include <string.h>

#define ID "0d5e8a6c-2b1f-4c3d-9e7a-112233445566"
#define SIZE 200000 /* bytes of the file that is sent */

/* Of the file that the receiver was offered; -1: none. */
static gint64 offered;
static gint64 chunk_size;

static void
check_chunk (const VmTransferMessage *message)
{
  guint64 offset = (guint64) message->index * chunk_size;

  g_assert_cmpint (offered, >=, 0);
  g_assert_cmpuint (offset, <, offered);
  g_assert_cmpuint (g_bytes_get_size (message->data), ==,
      MIN ((guint64) chunk_size, offered - offset));
  g_assert_true (message->has_hash);
}

static void
accept_offer (VmP2pFile *file, const VmTransferMessage *offer)
{
  g_autoptr (VmTransferMessage) response =
      vm_transfer_message_new (VM_TRANSFER_FILE_RESPONSE, offer->id);

  g_assert_cmpint (offered, <, 0);
  g_assert_true (vm_transfer_id_check (offer->id));
  g_assert_nonnull (offer->filename);
  offered = offer->size;
  chunk_size = offer->chunk_size;
  g_assert_cmpint (offered, >=, 0);
  g_assert_cmpint (chunk_size, >=, VM_CHUNK_SIZE_MIN);
  g_assert_cmpint (chunk_size, <=, VM_P2P_FILE_CHUNK_MAX);
  response->accept = TRUE;
  response->encoding = VM_TRANSFER_ENCODING_BINARY;
  response->prefix = offer->prefix;
  vm_p2p_file_put (file, response);
}

static void
check_ack (const VmTransferMessage *message)
{
  g_assert_cmpint (message->up_to, <=, SIZE / 65536 + 1);
}

/* As an engine would take it. */
static void
take_in (VmP2pFile *file)
{
  VmTransferMessage *next;

  while ((next = vm_p2p_file_next_in (file))) {
    g_autoptr (VmTransferMessage) message = next;

    g_assert_cmpint (message->type, <, VM_TRANSFER_N_TYPES);
    if (message->type == VM_TRANSFER_FILE_OFFER)
      accept_offer (file, message);
    else if (message->type == VM_TRANSFER_CHUNK_DATA)
      check_chunk (message);
    else if (message->type == VM_TRANSFER_CHUNK_ACK)
      check_ack (message);
  }
}

static void
take_out (VmP2pFile *file)
{
  VmP2pOut *next;

  while ((next = vm_p2p_file_next_out (file))) {
    g_autoptr (VmP2pOut) out = next;

    g_assert_nonnull (vm_p2p_type_to_string (out->type));
    g_assert_cmpuint (out->head_size, <=, VM_P2P_FILE_HEAD_MAX);
    if (out->head_size == 0)
      g_assert_true (vm_json_is_readable (g_bytes_get_data (out->body, NULL),
          g_bytes_get_size (out->body), NULL));
  }
}

static void
offer_file (VmP2pFile *file)
{
  g_autoptr (VmTransferMessage) offer =
      vm_transfer_message_new (VM_TRANSFER_FILE_OFFER, ID);

  offer->filename = g_strdup ("a");
  offer->size = SIZE;
  offer->chunk_size = 65536;
  vm_p2p_file_put (file, offer);
}

static void
send_chunk (VmP2pFile *file)
{
  g_autoptr (VmTransferMessage) chunk =
      vm_transfer_message_new (VM_TRANSFER_CHUNK_DATA, ID);

  chunk->index = 1;
  chunk->data = g_bytes_new_take (g_malloc0 (65536), 65536);
  vm_p2p_file_put (file, chunk);
}

static void
end_file (VmP2pFile *file)
{
  g_autoptr (VmTransferMessage) complete =
      vm_transfer_message_new (VM_TRANSFER_COMPLETE, ID);

  vm_p2p_file_put (file, complete);
}

static void
check_zip (GBytes *body)
{
  g_auto (VmZipFields) fields = { 0 };
  g_autoptr (GError) error = NULL;

  if (!vm_zip_fields_read (&fields, body, &error))
    g_assert_nonnull (error);
  else
    g_assert_cmpint (fields.entries, >=, -1);
}

/* Whose side it is; then messages: a type, the size of the body as u16, the
 * body. Type 0 of a sender is its next own message. */
void
fuzz_one (const guint8 *data, gsize size)
{
  gboolean sends = size > 0 && data[0] & 1;
  g_autoptr (VmP2pFile) file = vm_p2p_file_new (sends ? NULL : ID);

  offered = -1;
  if (sends)
    offer_file (file);
  for (gsize at = 1, own = 0; at + 3 <= size; own++) {
    guint8 type = data[at];
    gsize length =
        MIN ((gsize) (data[at + 1] << 8 | data[at + 2]), size - at - 3);
    g_autoptr (GBytes) body = g_bytes_new (data + at + 3, length);
    g_autoptr (GError) error = NULL;

    at += 3 + length;
    check_zip (body);
    if (type == 0 && sends && own == 0)
      vm_p2p_file_take_silence (file);
    else if (type == 0 && sends && length == 0)
      end_file (file);
    else if (type == 0 && sends)
      send_chunk (file);
    else if (!vm_p2p_file_take (file, type, body, &error)) {
      g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
      return;
    }
    take_in (file);
    take_out (file);
  }
}
