/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/objects/incoming.h"
#include <gst/videomeet/vmfilereceiver.h>

/* Shared by vmfilereceiver.c (the object and its input) and
 * vmfilereceiver-work.c (its thread, which owns the transfers). */

/* Bytes of chunks that wait for the disk; beyond, the caller waits. Twice a
 * sender's window. */
#define VM_FILE_RECEIVER_QUEUE_MAX (8 * 1024 * 1024)
/* Waiting requests of the user; beyond, they are dropped. */
#define VM_FILE_RECEIVER_WISHES_MAX 1024
/* The size that a message without a chunk counts for. */
#define VM_FILE_RECEIVER_MESSAGE_SIZE 1024
/* Bytes that wait for files that are being begun or named: no more than a
 * window for each sender that keeps to it. Other files do not wait for them. */
#define VM_FILE_RECEIVER_HELD_MAX (16 * 1024 * 1024)
/* A transfer that is over still answers a sender that missed the end, for this
 * long and while there are at most VM_FILE_TRANSFERS_MAX; µs. */
#define VM_FILE_RECEIVER_MEMORY (60 * G_USEC_PER_SEC)
/* Interval of progress reports, besides changes of the state; µs. */
#define VM_FILE_RECEIVER_PROGRESS (200 * 1000)
/* Bytes that one CHUNK_ACK may cover, while more of its transfer is next:
 * sending one wakes five threads. A quarter of a sender's bytes in flight to a
 * near receiver on a data channel (VM_WINDOW_BYTES_CHANNEL). */
#define VM_FILE_RECEIVER_ACK_BYTES (256 * 1024)
/* Interval for removing old unfinished files; µs. */
#define VM_FILE_RECEIVER_CLEAN_EVERY G_TIME_SPAN_HOUR
/* The default sender. */
#define VM_FILE_RECEIVER_FROM "local"

typedef enum
{
  VM_RECEIVER_REQUEST_NONE, /* a message */
  VM_RECEIVER_REQUEST_LOSE, /* internal: the lane is gone, and may return */
  VM_RECEIVER_REQUEST_FIND, /* it has */
  VM_RECEIVER_REQUEST_ACCEPT,
  VM_RECEIVER_REQUEST_DECLINE,
  VM_RECEIVER_REQUEST_PAUSE,
  VM_RECEIVER_REQUEST_RESUME,
  VM_RECEIVER_REQUEST_CANCEL,
  VM_RECEIVER_REQUEST_FINISH, /* internal: a job of some transfer is over */
} VmReceiverRequest;

/* An item that waits for the thread. */
typedef struct
{
  VmReceiverRequest request;
  VmTransferMessage *message;
  gboolean told; /* the end of its lane will be reported:
                  * vm_file_receiver_set_lost() */
  gchar *from; /* of the message, or of the lane */
  gchar *group; /* its address, see vm_address_group(); NULL: unknown */
  gboolean known; /* the sender: no stranger */
  gchar *id; /* of the request, or of the lane's transfer */
  gchar *reason;
  const gchar *lane; /* of the message: a constant, or NULL */
  gsize size; /* its share of VM_FILE_RECEIVER_QUEUE_MAX */
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
  GQueue requests; /* of VmReceiverItem: requests, which go first */
  gsize queued; /* their sizes */
  gboolean busy; /* the thread is at one */
  gboolean told_full; /* "room" is due */
  gboolean flushing;
  gboolean stopping;
  VmAccept accept;

  VmReceiveFolder *folder; /* from the start until the thread sees the stop */

  /* The thread alone. */
  gint64 clean_at; /* monotonic */
  gsize held; /* bytes, of VM_FILE_RECEIVER_HELD_MAX */
  GPtrArray *transfers; /* of VmIncomingFile, the oldest first */
};

/* For a thread that must not wait: takes @message (transfer full) in any case.
 * @group: the sender's address, or NULL; places for strangers, who are not
 * @known, are shared out by it, and their files get no disk room in advance.
 * FALSE: more than VM_FILE_RECEIVER_QUEUE_MAX wait now; "room" is emitted when
 * there is room again. The caller must also report the loss of a transfer's
 * lane. */
gboolean
vm_file_receiver_push (VmFileReceiver *self, VmTransferMessage *message,
    const gchar *from, const gchar *group, gboolean known);

/* A transfer's lane is gone, after all messages received over it, or there is
 * another. The transfer waits VM_TRANSFER_LOST_TIMEOUT for another; when @from
 * offers the same file anew, the new transfer continues instead. */
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

/* For vmfilesink. */

/* Waits until all that was taken is done. Any thread but the receiver's. FALSE:
 * it is flushing, or stopped. */
gboolean vm_file_receiver_drain (VmFileReceiver *self);
/* Whether vm_file_receiver_take() takes nothing and nobody waits. Any
 * thread. */
void vm_file_receiver_set_flushing (VmFileReceiver *self, gboolean flushing);
