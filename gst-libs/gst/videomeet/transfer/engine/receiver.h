/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/engine/sender.h"

/* One file from one sender: the other end of sender.h, with the same rules.
 *
 * PENDING: the user may be asked; vm_receiver_accept() begins the file, and
 * then FILE_RESPONSE lists the chunks from an earlier transfer. TRANSFERRING: a
 * chunk with the right hash is written, and then acknowledged. Chunks that
 * arrive before TRANSFER_START, or during a pause of this side, wait, up to
 * VM_WINDOW_BYTES_MAX bytes; beyond, they are dropped, and sent again. A full
 * disk pauses both sides, with a new attempt every VM_TRANSFER_FULL_RETRY.
 * VERIFYING: all chunks are there; the file is compared with the hash and gets
 * its name.
 *
 * A failed transfer keeps the file for another one when the lane is gone, the
 * sender is silent for long, or the disk fails; it discards the file when
 * either side cancels, or it is not as announced. */

/* Between two attempts to write on a full disk. */
#define VM_TRANSFER_FULL_RETRY (5 * G_USEC_PER_SEC)
/* Chunks that arrive later than this after TRANSFER_PAUSE end the pause: the
 * message that ends it was lost. */
#define VM_TRANSFER_PAUSE_GRACE (5 * G_USEC_PER_SEC)
/* How long a receiver waits for a sender without a lane, in any state but
 * VERIFYING. */
#define VM_TRANSFER_LOST_TIMEOUT (60 * G_USEC_PER_SEC)
/* The user must answer within this time after the sender's last message: the
 * sender has given up by then (VM_TRANSFER_OFFER_TIMEOUT), though its message
 * may be lost. */
#define VM_TRANSFER_ASK_TIMEOUT (360 * G_USEC_PER_SEC)
/* The receiver waits VM_TRANSFER_PATIENCE for a chunk of the base protocol's
 * size (1,093 bytes/s), and longer for a larger one, at VM_TRANSFER_SLOWEST for
 * the rest of it. */

typedef struct _VmReceiver VmReceiver;

/* @encodings: those of the lane. A file that can never be received is declined
 * at once: the receiver has FAILED. */
VmReceiver *
vm_receiver_new (const VmTransferMessage *offer, guint encodings, gint64 now);
void vm_receiver_free (VmReceiver *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmReceiver, vm_receiver_free)

/* As many bytes may wait as the sender has in flight on a lane that sends
 * nothing again; VM_WINDOW_BYTES_MAX by default. */
void vm_receiver_set_window (VmReceiver *self, guint32 bytes);

VmAction *vm_receiver_next (VmReceiver *self);
gint64 vm_receiver_get_deadline (VmReceiver *self);
void vm_receiver_tick (VmReceiver *self, gint64 now);
gboolean vm_receiver_take (VmReceiver *self, const VmTransferMessage *message,
    gint64 now, GError **error);

/* The result of VM_ACTION_BEGIN: the verified chunks (nullable: none), or the
 * error @why, which declines the offer. */
void vm_receiver_begun (
    VmReceiver *self, const VmChunkSet *have, const GError *why, gint64 now);
/* The result of VM_ACTION_WRITE. VM_ERROR_BAD_MESSAGE: the chunk is corrupt;
 * G_FILE_ERROR_NOSPC: a pause; others end the transfer. */
void vm_receiver_written (
    VmReceiver *self, guint64 index, const GError *why, gint64 now);
/* The result of VM_ACTION_COMMIT: the name in the folder, or the error @why. */
void vm_receiver_committed (
    VmReceiver *self, const gchar *name, const GError *why, gint64 now);

/* The user's actions. FALSE: the state does not allow it. */
gboolean vm_receiver_accept (VmReceiver *self, gint64 now);
gboolean vm_receiver_decline (VmReceiver *self, const gchar *reason);
gboolean vm_receiver_pause (VmReceiver *self, gint64 now);
/* With a full disk: tries to write at once. */
gboolean vm_receiver_resume (VmReceiver *self, gint64 now);
gboolean vm_receiver_cancel (VmReceiver *self);
void vm_receiver_fail (VmReceiver *self, const GError *why);
/* The same, with @why for the sender. */
void vm_receiver_give_way (VmReceiver *self, const GError *why);
/* The sender's lane is gone, until the sender is heard again or has another
 * lane. */
void vm_receiver_set_lost (VmReceiver *self, gboolean lost, gint64 now);
gboolean vm_receiver_is_lost (VmReceiver *self);

VmTransferState vm_receiver_get_state (VmReceiver *self);
/* The next state that it moved to since the last call, never PENDING. FALSE: no
 * further change. */
gboolean vm_receiver_next_state (VmReceiver *self, VmTransferState *state);
const GError *vm_receiver_get_error (VmReceiver *self);
guint64 vm_receiver_get_done (VmReceiver *self); /* bytes that are verified */
gboolean vm_receiver_is_full (VmReceiver *self); /* paused by the disk */
/* Bytes of a chunk, as the sender cuts the file. */
guint32 vm_receiver_get_chunk_size (VmReceiver *self);
/* The offer, its name checked and in NFC when it is not FAILED. */
const VmTransferMessage *vm_receiver_get_offer (VmReceiver *self);
