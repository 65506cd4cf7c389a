/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/objects/incoming.h"
#include <gst/videomeet/vmfilereceiver.h>

/* What vmfilereceiver.c (the object, what others hand to it) and
 * vmfilereceiver-work.c (its thread, which owns the transfers) share. */

/* Bytes of chunks that wait for the disk; whoever brings more waits. As much as
 * a sender's window, twice. */
#define VM_FILE_RECEIVER_QUEUE_MAX (8 * 1024 * 1024)
/* Wishes of the user that wait; more are not heard. */
#define VM_FILE_RECEIVER_WISHES_MAX 1024
/* What a message without a chunk counts of them. */
#define VM_FILE_RECEIVER_MESSAGE_SIZE 1024
/* Bytes that wait for files that are being begun or named: each brings no more
 * than a window, if it heeds that. Others wait for none of it. */
#define VM_FILE_RECEIVER_HELD_MAX (16 * 1024 * 1024)
/* A transfer that is over still answers a sender that has not heard, so long
 * and while there are no more of them than VM_FILE_TRANSFERS_MAX; µs. */
#define VM_FILE_RECEIVER_MEMORY (60 * G_USEC_PER_SEC)
/* How often progress is told, beside changes of the state; µs. */
#define VM_FILE_RECEIVER_PROGRESS (200 * 1000)
/* Bytes that one CHUNK_ACK may stand for, while more of its transfer is next:
 * each that is sent wakes five threads. A quarter of what a sender has in
 * flight to a near receiver on a data channel (VM_WINDOW_BYTES_CHANNEL). */
#define VM_FILE_RECEIVER_ACK_BYTES (256 * 1024)
/* How often what was left unfinished long ago is removed; µs. */
#define VM_FILE_RECEIVER_CLEAN_EVERY G_TIME_SPAN_HOUR
/* Who sends, where nobody says it. */
#define VM_FILE_RECEIVER_FROM "local"

typedef enum
{
  VM_WISH_NONE, /* a message */
  VM_WISH_LOSE, /* nobody's: the lane is gone, and may come again */
  VM_WISH_FIND, /* it has */
  VM_WISH_ACCEPT,
  VM_WISH_DECLINE,
  VM_WISH_PAUSE,
  VM_WISH_RESUME,
  VM_WISH_CANCEL,
  VM_WISH_FINISH, /* nobody's: a job of some transfer is over */
} VmWish;

/* What waits for the thread. */
typedef struct
{
  VmWish wish;
  VmTransferMessage *message;
  gboolean told; /* the end of its lane will be: vm_file_receiver_set_lost() */
  gchar *from; /* of the message, or of the lane */
  gchar *group; /* its address, see vm_address_group(); NULL: it is not told */
  gboolean known; /* it: no stranger */
  gchar *id; /* of the wish, or of what the lane was for */
  gchar *reason;
  const gchar *lane; /* of the message: a constant, or NULL */
  gsize size; /* what it counts of VM_FILE_RECEIVER_QUEUE_MAX */
} VmReceiverItem;
void vm_receiver_item_free (VmReceiverItem *item);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmReceiverItem, vm_receiver_item_free)

struct _VmFileReceiver
{
  GObject parent;

  gchar *directory; /* these are fixed from the start */
  VmReceiveRules rules;

  GThread *thread; /* between start and stop; the caller's */

  GMutex lock; /* of what follows */
  GCond cond; /* an item, room, at rest, flushing, the end */
  GQueue queue; /* of VmReceiverItem: messages */
  GQueue wishes; /* of VmReceiverItem: the others, which go first */
  gsize queued; /* their sizes */
  gboolean busy; /* the thread is at one */
  gboolean told_full; /* "room" is due */
  gboolean flushing;
  gboolean stopping;
  VmAccept accept;

  VmReceiveFolder *folder; /* from the start until it is seen that it stops */

  /* The thread alone. */
  gint64 clean_at; /* monotonic */
  gsize held; /* bytes, of VM_FILE_RECEIVER_HELD_MAX */
  GPtrArray *transfers; /* of VmComing, the oldest first */
};

/* For a thread that must not wait: takes @message (transfer full) in any case.
 * @group: where it comes from, or NULL; strangers, who are not @known, have
 * their share by it, and of what they offer no room on the disk is reserved.
 * FALSE: more than VM_FILE_RECEIVER_QUEUE_MAX wait now, and "room" is emitted
 * when there is room again. It also tells when the lane of a transfer is
 * gone. */
gboolean
vm_file_receiver_push (VmFileReceiver *self, VmTransferMessage *message,
    const gchar *from, const gchar *group, gboolean known);

/* The lane of a transfer is gone, behind all that came over it, or there is
 * another. The transfer waits for that VM_TRANSFER_LOST_TIMEOUT; but when @from
 * offers the same file anew, that one goes on. */
void vm_file_receiver_set_lost (VmFileReceiver *self, const gchar *from,
    const gchar *transfer_id, gboolean lost);

typedef enum
{
  VM_FILE_RECEIVER_SIGNAL_ROOM,
  VM_FILE_RECEIVER_SIGNAL_REPLY,
  VM_FILE_RECEIVER_SIGNAL_CHANGED,
  VM_FILE_RECEIVER_N_SIGNALS
} VmFileReceiverSignal;
extern guint vm_file_receiver_signals[VM_FILE_RECEIVER_N_SIGNALS];

/* GThreadFunc; @data: the receiver */
gpointer vm_file_receiver_work (gpointer data);
