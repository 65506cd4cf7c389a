/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/engine/lanes.h"
#include "transfer/engine/pacer.h"
#include "transfer/engine/sender.h"
#include "transfer/disk/sourcefile.h"
#include <gst/videomeet/vmfilesender.h>

/* Shared by vmfilesender.c (reading, and the receiver's replies) and
 * vmfilesender-user.c (the user's requests). */

/* Replies that wait to be processed: four windows of the smallest chunks.
 * Beyond, the oldest is dropped, and the message that it answered is sent
 * again. */
#define VM_FILE_SENDER_REPLIES_MAX 1024

struct _VmFileSender
{
  GObject parent;

  VmSourceFile *file; /* the pulling thread alone */
  guint32 chunk_size;
  gchar *filename;

  GMutex lock; /* of what follows; not held while the disk is read */
  GCond cond; /* a reply, a request of the user, flushing */
  gchar *id;
  VmSender *engine;
  GQueue replies; /* of VmTransferMessage */
  VmAction *held; /* a chunk to read whose time has not come */
  gint64 held_until; /* µs, monotonic; when the rate allows it */
  guint64 max_bitrate; /* bits/s; 0: any */
  VmPacer *pacer; /* shared with other senders; or NULL */
  gboolean paused; /* by the user; from the beginning on */
  gboolean flushing;
  gboolean blocked; /* there is no room for chunks */
  gboolean hashing; /* the whole, a part at a time */

  gchar *lane, *address; /* in use; NULL: unknown */
  gboolean lost; /* that lane is gone, and there is no other yet */

  gint64 told_at; /* µs; when something was emitted; 0: never */
  gboolean untold; /* the lane has changed since */
  gboolean woken; /* new input since the last full check */
};

/* Called with its lock held: makes the pulling thread check everything once
 * more, even if it does not wait now (it releases the lock while it emits). */
static inline void
vm_file_sender_wake (VmFileSender *self)
{
  self->woken = TRUE;
  g_cond_signal (&self->cond);
}

/* Called with its lock held: describes the transfer in a current or past state.
 * Returns: (transfer full) */
GstStructure *
vm_file_sender_describe_as (VmFileSender *self, VmTransferState state);

/* Before the first message. @pacer lives longer than @self. */
void vm_file_sender_set_pacer (VmFileSender *self, VmPacer *pacer);

/* VmFileSender for the library's own transports: messages as they are. */

/* As vm_file_sender_pull(). Returns: (transfer full) (nullable) */
VmTransferMessage *
vm_file_sender_pull_message (VmFileSender *self, GError **error);
/* Takes @message. */
void
vm_file_sender_take_message (VmFileSender *self, VmTransferMessage *message);
/* The receiver cannot be reached any more: fails the transfer. */
void vm_file_sender_fail (VmFileSender *self, const GError *why);
/* Why it has failed; NULL: it has not. Returns: (transfer full) */
GError *vm_file_sender_dup_error (VmFileSender *self);
/* vm_file_sender_upload(), by @lanes of VM_LANE_WSS, whose addresses are base
 * URIs.
 * @key_hash: (inout): where it was NULL, the key that has answered first, if
 *   any. */
gboolean vm_file_sender_upload_over (VmFileSender *self, VmIdentity *identity,
    VmLanes *lanes, gchar **key_hash, GCancellable *cancellable,
    GError **error);
VmTransferEncoding vm_file_sender_get_encoding (VmFileSender *self);
/* Whether the next chunk waits because the puller has no room for it. It waits
 * in vm_file_sender_pull_message(), which handles the receiver's and the user's
 * input. Any thread. */
void vm_file_sender_set_blocked (VmFileSender *self, gboolean blocked);
/* The lane is lost, until vm_file_sender_set_lane() names another. Any
 * thread. */
void vm_file_sender_set_lost (VmFileSender *self);
/* Emits changes, in place of vm_file_sender_pull_message() while there is no
 * lane. The pulling thread. */
void vm_file_sender_tell_changes (VmFileSender *self);
/* Bytes that the receiver has acknowledged. Any thread. */
guint64 vm_file_sender_get_done (VmFileSender *self);

/* The lane loses nothing, as vm_sender_set_reliable(); before the first
 * message. */
void vm_file_sender_set_reliable (VmFileSender *self, guint32 bytes);

void vm_file_sender_set_user (VmFileSender *self, const gchar *user);

/* For vmfilesrc and for transports of the library. */

/* Whether vm_file_sender_pull() returns at once. Any thread. */
void vm_file_sender_set_flushing (VmFileSender *self, gboolean flushing);
/* What carries it from now on, as "wss" or "data-channel", and where to, or
 * NULL; vm_file_sender_describe() tells it. What the one before has not brought
 * is lost: of what is not acknowledged, what the receiver does not have goes
 * again at once. Any thread. */
void vm_file_sender_set_lane (
    VmFileSender *self, const gchar *lane, const gchar *address);
/* Ends the transfer for now, with VM_ERROR_DISCONNECTED, and tells the
 * receiver, which keeps what it has verified: the next transfer of the same
 * file goes on there. One whose bytes are all there, and that the receiver
 * compares with the hash of the whole, is left to that. Any thread. FALSE: it
 * is over, or left to the receiver; what becomes of it vm_file_sender_pull()
 * says. */
gboolean vm_file_sender_leave (VmFileSender *self);
