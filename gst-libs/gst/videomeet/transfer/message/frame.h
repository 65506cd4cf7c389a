/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/message/message.h"

/* The binary encoding of file transfer (protocol/files.md#frames). A frame,
 * big-endian:
 *
 *    0  "VMF1"
 *    4  type u8: 1 a piece of a chunk, 2 another message
 *    5 flags u8: 1 the last piece; others are ignored
 *    6  size of the header u16: 72, or more in a later version
 *    8  transfer id 16 B: a uuid
 *   24  index of the chunk u64
 *   32  offset of the piece in the chunk u32
 *   36  size of the payload u32
 *   40  SHA-256 of the whole chunk 32 B
 *   72  payload: the piece, or the message as JSON
 *
 * A chunk is split at any offset to fit a transport; its pieces may arrive
 * repeated and in any order. Any other message is one frame, and its id may be
 * 0. Sans-I/O. */

#define VM_FRAME_HEADER_SIZE 72 /* bytes */
#define VM_FRAME_HEADER_MAX 1024 /* bytes; of a later version */
/* Bytes of a message of a data channel: the maximum of webrtcbin 1.22, and the
 * size used while media runs, because media waits behind each message. */
#define VM_FRAME_CHANNEL_MAX 65536
#define VM_FRAME_CHANNEL_MEDIA 16384
/* Every transport must carry this much: the longest message without a chunk. */
#define VM_FRAME_MESSAGE_MAX VM_FRAME_CHANNEL_MEDIA
/* Incomplete chunks of one peer: their bytes, and their number; beyond, the
 * oldest is dropped, and sent again. Twice the maximum unacknowledged. */
#define VM_FRAME_PENDING_MAX (8 * 1024 * 1024)
#define VM_FRAME_PENDING_CHUNKS 256
/* The same on a transport whose messages carry a whole chunk, so that no chunk
 * needs to be split. */
#define VM_FRAME_PENDING_SOCKET (1024 * 1024)
/* Pieces of a chunk that do not touch; beyond, BAD_MESSAGE. */
#define VM_FRAME_RANGES_MAX 64

/* Whether @data begins as a frame: else it is JSON. Pure. */
gboolean vm_frame_is (gconstpointer data, gsize size);

/* @message in frames of at most @max bytes, at least VM_FRAME_MESSAGE_MAX.
 * Pure. VM_ERROR_BAD_MESSAGE: a chunk of a transfer whose id is no uuid; JSON
 * only.
 * Returns: (transfer full) (nullable): of GBytes */
GPtrArray *
vm_frame_split (const VmTransferMessage *message, gsize max, GError **error);

/* @message as one message of a WebSocket: a chunk in one frame if @binary and
 * its id is a uuid, anything else as JSON; *@text: whether it is JSON. Pure.
 * Returns: (transfer full) */
GBytes *vm_frame_pack (
    const VmTransferMessage *message, gboolean binary, gboolean *text);

/* Of one peer; one thread at a time. */
typedef struct _VmFrameJoiner VmFrameJoiner;

VmFrameJoiner *vm_frame_joiner_new (void);
void vm_frame_joiner_free (VmFrameJoiner *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmFrameJoiner, vm_frame_joiner_free)
/* Lowers VM_FRAME_PENDING_MAX, to VM_CHUNK_SIZE_MAX at least. Call it before
 * the first frame. */
void vm_frame_joiner_set_max (VmFrameJoiner *self, gsize bytes);
/* Takes a received frame. *@message (transfer full) is NULL while its chunk is
 * incomplete; its hash is not checked. VM_ERROR_BAD_MESSAGE: no frame, or one
 * that contradicts others of its chunk, which is then dropped. */
gboolean vm_frame_joiner_take (VmFrameJoiner *self, GBytes *bytes,
    VmTransferMessage **message, GError **error);
/* Drops the pieces of a transfer that is over. */
void vm_frame_joiner_forget (VmFrameJoiner *self, const gchar *id);
/* Bytes kept, within VM_FRAME_PENDING_MAX. */
gsize vm_frame_joiner_get_pending (VmFrameJoiner *self);
