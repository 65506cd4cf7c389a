/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/message/message.h"

/* What an engine of a file transfer (sender.h, receiver.h) wants done. Whoever
 * owns the engine takes one after the other and does them in this order: what
 * is sent stays in order among itself, and so does what is for the disk. The
 * disk's go to a thread that may block; its results come back through the
 * function that is named, once for each, whenever they are there. */

typedef enum
{
  VM_ACTION_SEND, /* message */

  /* of a sender, sourcefile.h */
  VM_ACTION_READ, /* size bytes at offset → vm_sender_read() */
  VM_ACTION_HASH, /* of the whole file → vm_sender_hashed() */

  /* of a receiver, receivefolder.h. BEGIN comes again when the chunks have
   * another size than was thought; it closes the file of before, keeping it.
   * CLOSE and DISCARD may come for a file that could not be begun. */
  VM_ACTION_BEGIN, /* with chunk_size → vm_receiver_begun() */
  VM_ACTION_WRITE, /* index, data, hash → vm_receiver_written() */
  VM_ACTION_COMMIT, /* hash → vm_receiver_committed() */
  VM_ACTION_CLOSE, /* what is verified stays for the next; nothing comes back */
  VM_ACTION_DISCARD, /* nothing stays; nothing comes back */
} VmActionType;

typedef struct
{
  VmActionType type;
  VmTransferMessage *message;
  guint64 index; /* of the chunk */
  guint64 offset; /* bytes */
  guint32 size; /* bytes */
  guint32 chunk_size; /* bytes */
  GBytes *data;
  guint8 hash[VM_SHA256_SIZE];
} VmAction;
void vm_action_free (VmAction *action);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmAction, vm_action_free)
