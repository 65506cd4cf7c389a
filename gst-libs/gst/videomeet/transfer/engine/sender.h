/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmtransferstate.h>
#include "transfer/engine/action.h"

/* One file to one receiver (protocol/files.md#file-messages): messages, times
 * and what the disk answered go in, actions come out. Sans-I/O; one thread at a
 * time; the time is that of a monotonic clock, in µs, and does not go back.
 *
 * PENDING: FILE_OFFER is sent, again after 3 s and then ever more seldom, until
 * FILE_RESPONSE comes. TRANSFERRING: TRANSFER_START, then as many chunks at
 * once as window.h says, those that the receiver has passed over. A chunk that
 * is corrupt, or not acknowledged in time, is sent again, VM_TRANSFER_RETRIES
 * times. When all are acknowledged: VERIFYING, TRANSFER_COMPLETE until
 * TRANSFER_VERIFIED. PAUSED: either side has said so, or the receiver's disk is
 * full; chunks that were sent are still acknowledged. Then COMPLETED, or
 * FAILED, which tells the receiver unless it knows, or is not to be reached.
 *
 * A peer that answers without an encoding knows the base messages alone, and is
 * sent no other. It may hold a file to the hash of its offer: if that had none,
 * the file is hashed, and offered again with it. Each call may add actions,
 * change the state and the deadline: look at all three behind it. */

/* Of a chunk, before the transfer fails; protocol/files.md#flow. */
#define VM_TRANSFER_RETRIES 3
/* For an answer to the offer: somebody has to be asked, and then what is there
 * of the file is read again, at least so fast. */
#define VM_TRANSFER_OFFER_TIMEOUT (300 * G_USEC_PER_SEC)
#define VM_TRANSFER_READ_RATE (100 * 1000 * 1000) /* bytes/s */
/* For what the other side does with the whole file: a minute, and as long as a
 * slow disk takes to read it. */
#define VM_TRANSFER_PATIENCE (60 * G_USEC_PER_SEC)
#define VM_TRANSFER_PATIENCE_RATE (10 * 1000 * 1000) /* bytes/s */

/* Bytes of a chunk in protocol/files.md#base-messages: the least that is
 * chosen, and what who does not say it is thought to cut. */
#define VM_TRANSFER_SEED_CHUNK_SIZE 65536
/* A file of more chunks than this is cut into larger ones: each costs the same
 * beside its bytes, on both sides. */
#define VM_SENDER_CHUNKS_MANY 1024
/* Bytes of the largest that are chosen: eight of them in
 * VM_WINDOW_BYTES_CHANNEL. */
#define VM_SENDER_CHUNK_LARGE (128 * 1024)

/* For the answer to an offer that was accepted already, and is made again with
 * its hash; then the first counts. */
#define VM_SENDER_AGAIN_TIMEOUT (10 * G_USEC_PER_SEC)

/* Bytes of a file that is hashed before it is offered, as
 * protocol/files.md#hash wants it for a legacy peer; a larger one would wait
 * for that too long, and is bound by the hash at its end. */
#define VM_SENDER_HASH_FIRST_MAX (32 * 1024 * 1024)

/* Chunks that are read before they may be sent: at most so many, and no more
 * bytes than vm_sender_set_nearby() has said. */
#define VM_SENDER_AHEAD_CHUNKS 32
/* Chunks that are asked for at once: what is read goes out before more is. */
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
  gint64 mtime; /* Unix ms; 0: not told */
  const guint8 *hash; /* of the whole; NULL: it is told at the end */
  gboolean hash_first; /* without @hash: before it is offered, and then told */
  guint encodings; /* VmTransferEncoding: what the lane carries, JSON always */
  guint32 chunk_size; /* bytes; what is offered */
  guint32 json_chunk_size; /* bytes, when the receiver takes JSON; at most
                            * VM_TRANSFER_JSON_CHUNK_MAX */
} VmSenderOffer;

/* The reason of a receiver's pause for want of space. */
#define VM_TRANSFER_REASON_FULL "full"

typedef struct _VmSender VmSender;

/* VM_ERROR_BAD_REQUEST: an offer that nobody can take. */
VmSender *
vm_sender_new (const VmSenderOffer *offer, gint64 now, GError **error);
void vm_sender_free (VmSender *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSender, vm_sender_free)

/* What the receiver may call the user (nullable), as vm_text_is_name() of
 * VM_TRANSFER_USER_MAX bytes; before the first action is taken. */
void vm_sender_set_user (VmSender *self, const gchar *user);

/* The next action; NULL: none. Returns: (transfer full) */
VmAction *vm_sender_next (VmSender *self);
/* When vm_sender_tick() is due; -1: it is not. */
gint64 vm_sender_get_deadline (VmSender *self);
void vm_sender_tick (VmSender *self, gint64 now);

/* A message of the receiver. VM_ERROR_BAD_MESSAGE: it is out of place, and
 * nothing is changed; VM_ERROR_NOT_FOUND: it is of another transfer. Either may
 * be answered with an error, unless it is one. */
gboolean vm_sender_take (VmSender *self, const VmTransferMessage *message,
    gint64 now, GError **error);
/* What VM_ACTION_READ brought; @data NULL with @why (VM_ERROR_BAD_REQUEST: the
 * file has changed), which ends the transfer. */
void vm_sender_read (VmSender *self, guint64 index, GBytes *data,
    const guint8 hash[VM_SHA256_SIZE], const GError *why, gint64 now);
/* What VM_ACTION_HASH brought; @hash NULL with @why. */
void vm_sender_hashed (
    VmSender *self, const guint8 *hash, const GError *why, gint64 now);

/* How many bytes may be unacknowledged, as vm_window_init() takes it; at first
 * VM_WINDOW_BYTES_MAX. */
void vm_sender_set_nearby (VmSender *self, guint32 bytes);
/* What carries it is another from now on, and what was in the one before is
 * lost. The first of the chunks that are not acknowledged goes out again, as a
 * question: by `upTo` of the answer the receiver says which others it has, and
 * the rest follows. How often and how fast the one before carried them counts
 * no more. */
void vm_sender_change_lane (VmSender *self, gint64 now);
/* The user's. FALSE: the state has no such thing. */
gboolean vm_sender_pause (VmSender *self, gint64 now);
gboolean vm_sender_resume (VmSender *self, gint64 now);
gboolean vm_sender_cancel (VmSender *self);
/* Ends it with VM_ERROR_DISCONNECTED, and says so: the receiver keeps what it
 * has. FALSE: it is over, or the receiver has been asked whether the whole is
 * right, and may give the file its name whatever is said now. */
gboolean vm_sender_leave (VmSender *self);
/* The lane is gone: the transfer has failed, and can be resumed by another with
 * the same file. */
void vm_sender_fail (VmSender *self, const GError *why);

VmTransferState vm_sender_get_state (VmSender *self);
/* Each state that it has moved to since this was last asked, PENDING not among
 * them. FALSE: there is no other. */
gboolean vm_sender_next_state (VmSender *self, VmTransferState *state);
/* Why it has FAILED. VM_ERROR_DECLINED, _CANCELLED, _TIMEOUT, or what broke. */
const GError *vm_sender_get_error (VmSender *self);
guint64 vm_sender_get_done (VmSender *self); /* bytes that are acknowledged */
/* Bytes of chunks that went out; what went again counts again. */
guint64 vm_sender_get_sent (VmSender *self);
/* How its chunks travel, once the receiver has accepted. */
VmTransferEncoding vm_sender_get_encoding (VmSender *self);
/* Where the receiver put it, relative to its folder, as it says; or NULL. */
const gchar *vm_sender_get_saved_path (VmSender *self);
gboolean vm_sender_is_full (VmSender *self); /* paused by the receiver's disk */
