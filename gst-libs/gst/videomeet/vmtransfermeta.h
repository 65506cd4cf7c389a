/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/videomeet/vmapi.h>

G_BEGIN_DECLS

/**
 * VM_TRANSFER_CAPS:
 *
 * The media type of file transfer: each buffer is one message with a
 * #VmTransferMeta, and the bytes of a chunk if it is a CHUNK_DATA.
 *
 * Since: 0.1
 */
#define VM_TRANSFER_CAPS "application/x-vm-transfer"

/**
 * VM_TRANSFER_EVENT:
 *
 * The name of the structure of a #GST_EVENT_CUSTOM_UPSTREAM that carries a
 * reply. Its field `message` is the reply (#GstStructure, as
 * #VmTransferMeta.message); `participant` (string) is whose it is, where that
 * is known. Without `message` it has `transferId` (string), `lane` (string)
 * and, for some, `address` (string): what carries the transfer from now on, and
 * where to; or, before the first chunk, `reliable` (guint): the lane loses
 * nothing, and at most so many bytes are unacknowledged. No chunk is sent again
 * then because its acknowledgement is late.
 *
 * Since: 0.1
 */
#define VM_TRANSFER_EVENT "vm-transfer-reply"

typedef struct _VmTransferMeta VmTransferMeta;

/**
 * VmTransferMeta:
 * @meta: the parent
 * @message: the message: named FILE_OFFER, TRANSFER_START, CHUNK_DATA,
 *   TRANSFER_COMPLETE and so on, its fields those of
 *   `protocol/files.md#base-messages` and `protocol/files.md#file-messages`.
 *   Texts, words and hashes (64 hexadecimal digits) are strings, numbers
 *   #gint64, `accept` is a boolean, `encodings` a #GStrv, `have` a
 *   #GstValueArray of #guint64
 * @lane: (nullable): the lane that carried it, as `wss` or `data-channel`, a
 *   constant; %NULL if unknown
 *
 * A message of a file transfer on a buffer. It is copied with the buffer, and
 * goes with a part of it, too: the hash of a CHUNK_DATA tells that it is one.
 *
 * Since: 0.1
 */
struct _VmTransferMeta
{
  GstMeta meta;
  GstStructure *message;
  const gchar *lane;
};

#define VM_TYPE_TRANSFER_META_API (vm_transfer_meta_api_get_type ())
VM_API GType vm_transfer_meta_api_get_type (void);

VM_API VmTransferMeta *
vm_buffer_add_transfer_meta (GstBuffer *buffer, GstStructure *message);
VM_API VmTransferMeta *vm_buffer_get_transfer_meta (GstBuffer *buffer);

G_END_DECLS
