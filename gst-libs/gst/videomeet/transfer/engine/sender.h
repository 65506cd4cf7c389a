/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmtransferstate.h>
#include "transfer/engine/action.h"

/* One file to one receiver (protocol/files.md#file-messages): messages, times
 * and disk results go in, actions come out. Sans-I/O; one thread at a time;
 * times are monotonic, in µs.
 *
 * PENDING: FILE_OFFER is sent, again after 3 s and then less and less often,
 * until FILE_RESPONSE arrives. TRANSFERRING: TRANSFER_START, then as many
 * chunks at once as window.h allows, without those that the receiver has. A
 * chunk that is corrupt, or not acknowledged in time, is sent again,
 * VM_TRANSFER_RETRIES times. When all are acknowledged: VERIFYING,
 * TRANSFER_COMPLETE until TRANSFER_VERIFIED. PAUSED: by either side, or the
 * receiver's disk is full; chunks that were sent are still acknowledged. Then
 * COMPLETED, or FAILED, which is reported to the receiver unless it knows or
 * cannot be reached.
 *
 * A peer that answers without an encoding knows only the base messages, and
 * gets no others. It may check a file against the hash of its offer: if that
 * had none, the sender hashes the file and offers it again. Each call may add
 * actions and change the state and the deadline: check all three after it. */

/* Of a chunk, before the transfer fails; protocol/files.md#flow. */
#define VM_TRANSFER_RETRIES 3
/* For an answer to the offer: the user has to be asked, and then the receiver
 * reads its earlier part of the file again, at least this fast. */
#define VM_TRANSFER_OFFER_TIMEOUT (300 * G_USEC_PER_SEC)
#define VM_TRANSFER_READ_RATE (100 * 1000 * 1000) /* bytes/s */
/* Bytes/s of the slowest lane that a transfer bears. */
#define VM_TRANSFER_SLOWEST 1024
/* For the other side's work on the whole file: a minute, plus the time in which
 * a slow disk reads it. */
#define VM_TRANSFER_PATIENCE (60 * G_USEC_PER_SEC)
#define VM_TRANSFER_PATIENCE_RATE (10 * 1000 * 1000) /* bytes/s */

/* Bytes of a chunk in protocol/files.md#base-messages: the minimum, and the
 * size assumed for a peer that gives none. */
#define VM_TRANSFER_SEED_CHUNK_SIZE 65536
/* A file of more chunks than this is cut into larger ones: each has a fixed
 * cost on both sides. */
#define VM_SENDER_CHUNKS_MANY 1024
/* The largest size that is chosen, in bytes: eight of them in
 * VM_WINDOW_BYTES_CHANNEL. */
#define VM_SENDER_CHUNK_LARGE (128 * 1024)

/* For the answer to an accepted offer that is repeated with its hash; after
 * that the first answer counts. */
#define VM_SENDER_AGAIN_TIMEOUT (10 * G_USEC_PER_SEC)

/* The largest file, in bytes, that is hashed before it is offered, as
 * protocol/files.md#hash wants it for a legacy peer; for a larger one that
 * takes too long, and the hash at its end binds it. */
#define VM_SENDER_HASH_FIRST_MAX (32 * 1024 * 1024)

/* Chunks read before they may be sent: at most this many, and no more bytes
 * than set by vm_sender_set_nearby(). */
#define VM_SENDER_AHEAD_CHUNKS 32
/* Chunks requested from the disk at once: those are sent before more are read.
 */
#define VM_SENDER_READING_MAX 4

/* Bytes of a chunk for a file of @size bytes: a power of two, at least
 * VM_TRANSFER_SEED_CHUNK_SIZE. */
guint32 vm_sender_choose_chunk_size (guint64 size);

typedef struct
{
  const gchar *id; /* a uuid; without binary, any vm_transfer_id_check() */
  const gchar *filename; /* as vm_filename_check() */
  const gchar *mime; /* or NULL */
  guint64 size; /* bytes */
  gint64 mtime; /* Unix ms; 0: unknown */
  const guint8 *hash; /* of the whole; NULL: sent at the end */
  gboolean hash_first; /* without @hash: hash it first, and offer the hash */
  guint encodings; /* VmTransferEncoding: those of the lane, JSON always */
  guint32 chunk_size; /* bytes; as offered */
  guint32 json_chunk_size; /* bytes, when the receiver chooses JSON; at most
                            * VM_TRANSFER_JSON_CHUNK_MAX */
} VmSenderOffer;

/* The reason of a receiver's pause for want of space. */
#define VM_TRANSFER_REASON_FULL "full"

typedef struct _VmSender VmSender;

/* VM_ERROR_BAD_REQUEST: an invalid offer. */
VmSender *
vm_sender_new (const VmSenderOffer *offer, gint64 now, GError **error);
void vm_sender_free (VmSender *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSender, vm_sender_free)

/* The user's name for the receiver (nullable), as vm_text_is_name() of
 * VM_TRANSFER_USER_MAX bytes; call it before the first action is taken. */
void vm_sender_set_user (VmSender *self, const gchar *user);

/* The next action; NULL: none. Returns: (transfer full) */
VmAction *vm_sender_next (VmSender *self);
/* When vm_sender_tick() is due; -1: it is not. */
gint64 vm_sender_get_deadline (VmSender *self);
void vm_sender_tick (VmSender *self, gint64 now);

/* A message of the receiver. VM_ERROR_BAD_MESSAGE: it is out of place, and
 * changes nothing; VM_ERROR_NOT_FOUND: it is of another transfer. Answer either
 * with an error, unless @message is one. */
gboolean vm_sender_take (VmSender *self, const VmTransferMessage *message,
    gint64 now, GError **error);
/* The result of VM_ACTION_READ; @data NULL with @why (VM_ERROR_BAD_REQUEST: the
 * file has changed), which ends the transfer. */
void vm_sender_read (VmSender *self, guint64 index, GBytes *data,
    const guint8 hash[VM_SHA256_SIZE], const GError *why, gint64 now);
/* Likewise of one with `prefix`: @hash is that of the file up to the end of the
 * chunk. */
void vm_sender_read_prefix (VmSender *self, guint64 index, GBytes *data,
    const guint8 hash[VM_SHA256_SIZE], gint64 now);
/* The result of VM_ACTION_HASH; @hash NULL with @why. */
void vm_sender_hashed (
    VmSender *self, const guint8 *hash, const GError *why, gint64 now);

/* How many bytes may be unacknowledged, as vm_window_init() takes it; at first
 * VM_WINDOW_BYTES_MAX. */
void vm_sender_set_nearby (VmSender *self, guint32 bytes);
/* The lane loses and reorders nothing, and has its own end: at most @bytes are
 * unacknowledged, and no chunk is sent again because its acknowledgement is
 * late. When no acknowledgement comes for VM_TRANSFER_PATIENCE and the time of
 * a chunk at VM_TRANSFER_SLOWEST, the transfer fails. Before the first action
 * is taken. */
void vm_sender_set_reliable (VmSender *self, guint32 bytes);
/* Another lane carries the file from now on; messages in the old one are lost.
 * The sender repeats the first unacknowledged chunk: `upTo` of the answer tells
 * which others the receiver has, and the rest follows. The old lane's retries
 * and speed no longer count. */
void vm_sender_change_lane (VmSender *self, gint64 now);
/* The user's actions. FALSE: the state does not allow it. */
gboolean vm_sender_pause (VmSender *self, gint64 now);
gboolean vm_sender_resume (VmSender *self, gint64 now);
gboolean vm_sender_cancel (VmSender *self);
/* Ends it with VM_ERROR_DISCONNECTED, and tells the receiver, which keeps its
 * chunks. FALSE: it is over, or the receiver is already verifying the whole and
 * may still give the file its name. */
gboolean vm_sender_leave (VmSender *self);
/* The lane is gone: the transfer fails, and another one with the same file can
 * resume it. */
void vm_sender_fail (VmSender *self, const GError *why);

VmTransferState vm_sender_get_state (VmSender *self);
/* The next state that it moved to since the last call, never PENDING. FALSE: no
 * further change. */
gboolean vm_sender_next_state (VmSender *self, VmTransferState *state);
/* Why it has FAILED. VM_ERROR_DECLINED, _CANCELLED, _TIMEOUT, or the underlying
 * error. */
const GError *vm_sender_get_error (VmSender *self);
guint64 vm_sender_get_done (VmSender *self); /* bytes that are acknowledged */
/* Bytes of chunks sent, with those sent again. */
guint64 vm_sender_get_sent (VmSender *self);
/* The encoding of its chunks, once the receiver has accepted. */
VmTransferEncoding vm_sender_get_encoding (VmSender *self);
/* The path that the receiver reports, relative to its folder; or NULL. */
const gchar *vm_sender_get_saved_path (VmSender *self);
gboolean vm_sender_is_full (VmSender *self); /* paused by the receiver's disk */
