/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/engine/sender.h"

/* One file from one sender: the other end of sender.h, with the same rules.
 *
 * PENDING: somebody is asked, or nobody; vm_receiver_accept() has the file
 * begun, and then FILE_RESPONSE says so, with the chunks that are there from an
 * earlier transfer. TRANSFERRING: a chunk is written when its hash is right,
 * and then acknowledged. Chunks that come before TRANSFER_START, or while it is
 * paused here, wait, at most VM_WINDOW_BYTES_MAX of them; beyond that they are
 * dropped, and sent again. A full disk is a pause: both sides know, and it is
 * tried again every VM_TRANSFER_FULL_RETRY. VERIFYING: all chunks are there,
 * the whole is compared with the hash and gets its name.
 *
 * What becomes of the file: it stays for another transfer when the lane is
 * gone, nothing comes for long, or the disk fails; it is discarded when either
 * side cancels, or it is not what was announced. */

/* Between two attempts to write on a full disk. */
#define VM_TRANSFER_FULL_RETRY (5 * G_USEC_PER_SEC)
/* Chunks that come longer than this after TRANSFER_PAUSE end the pause: what
 * ends it was lost. */
#define VM_TRANSFER_PAUSE_GRACE (5 * G_USEC_PER_SEC)
/* A sender whose lane is gone is waited for so long, in any state but
 * VERIFYING. */
#define VM_TRANSFER_LOST_TIMEOUT (60 * G_USEC_PER_SEC)
/* Who is asked answers within this since the sender was last heard: it has
 * given up by then (VM_TRANSFER_OFFER_TIMEOUT), though its word may have been
 * lost. */
#define VM_TRANSFER_ASK_TIMEOUT (360 * G_USEC_PER_SEC)
/* Bytes/s: a chunk of the base protocol's size is waited for as long as
 * VM_TRANSFER_PATIENCE (1,093 bytes/s), a larger one as much longer as the rest
 * of it takes. */
#define VM_TRANSFER_SLOWEST 1024

typedef struct _VmReceiver VmReceiver;

/* @encodings: what the lane carries. A file that cannot be taken, whoever is
 * asked, is declined at once: the receiver has FAILED. */
VmReceiver *
vm_receiver_new (const VmTransferMessage *offer, guint encodings, gint64 now);
void vm_receiver_free (VmReceiver *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmReceiver, vm_receiver_free)

VmAction *vm_receiver_next (VmReceiver *self);
gint64 vm_receiver_get_deadline (VmReceiver *self);
void vm_receiver_tick (VmReceiver *self, gint64 now);
gboolean vm_receiver_take (VmReceiver *self, const VmTransferMessage *message,
    gint64 now, GError **error);

/* What VM_ACTION_BEGIN brought: the chunks that are verified (nullable: none),
 * or @why not, which declines. */
void vm_receiver_begun (
    VmReceiver *self, const VmChunkSet *have, const GError *why, gint64 now);
/* Of VM_ACTION_WRITE. VM_ERROR_BAD_MESSAGE: it is corrupt; G_FILE_ERROR_NOSPC:
 * a pause; others end the transfer. */
void vm_receiver_written (
    VmReceiver *self, guint64 index, const GError *why, gint64 now);
/* Of VM_ACTION_COMMIT: the name in the folder, or @why not. */
void vm_receiver_committed (
    VmReceiver *self, const gchar *name, const GError *why, gint64 now);

/* The user's. FALSE: the state has no such thing. */
gboolean vm_receiver_accept (VmReceiver *self, gint64 now);
gboolean vm_receiver_decline (VmReceiver *self, const gchar *reason);
gboolean vm_receiver_pause (VmReceiver *self, gint64 now);
/* With a full disk: tries to write at once. */
gboolean vm_receiver_resume (VmReceiver *self, gint64 now);
gboolean vm_receiver_cancel (VmReceiver *self);
void vm_receiver_fail (VmReceiver *self, const GError *why);
/* The same, and the sender hears of it. */
void vm_receiver_give_way (VmReceiver *self, const GError *why);
/* The lane of the sender is gone, until it is heard again, or has another. */
void vm_receiver_set_lost (VmReceiver *self, gboolean lost, gint64 now);
gboolean vm_receiver_is_lost (VmReceiver *self);

VmTransferState vm_receiver_get_state (VmReceiver *self);
/* Each state that it has moved to since this was last asked, PENDING not among
 * them. FALSE: there is no other. */
gboolean vm_receiver_next_state (VmReceiver *self, VmTransferState *state);
const GError *vm_receiver_get_error (VmReceiver *self);
guint64 vm_receiver_get_done (VmReceiver *self); /* bytes that are verified */
gboolean vm_receiver_is_full (VmReceiver *self); /* paused by the disk */
/* Bytes of a chunk, as the sender cuts the file. */
guint32 vm_receiver_get_chunk_size (VmReceiver *self);
/* The offer, its name checked and in NFC when it is not FAILED. */
const VmTransferMessage *vm_receiver_get_offer (VmReceiver *self);
