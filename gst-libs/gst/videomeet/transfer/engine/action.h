/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/message/message.h"

/* An action that a file transfer engine (sender.h, receiver.h) requests. The
 * engine's owner takes and performs actions in order: sends keep their order,
 * and so do disk actions. Disk actions run on a thread that may block; each
 * result is passed once to the named function, when it is ready. */

typedef enum
{
  VM_ACTION_SEND, /* message */

  /* of a sender, sourcefile.h */
  /* size bytes at offset → vm_sender_read(); with prefix, and in order,
   * vm_sender_read_prefix() */
  VM_ACTION_READ,
  VM_ACTION_HASH, /* of the whole file → vm_sender_hashed() */

  /* of a receiver, receivefolder.h. BEGIN is repeated when the chunks have
   * another size than expected; it closes the earlier file and keeps it. CLOSE
   * and DISCARD may follow for a file that could not be begun. */
  VM_ACTION_BEGIN, /* with chunk_size → vm_receiver_begun() */
  VM_ACTION_WRITE, /* index, data, hash, prefix → vm_receiver_written() */
  VM_ACTION_COMMIT, /* hash → vm_receiver_committed() */
  VM_ACTION_CLOSE, /* keeps verified chunks; no result */
  VM_ACTION_DISCARD, /* keeps nothing; no result */
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
  gboolean prefix; /* it is that of the file up to the end of the chunk */
} VmAction;
void vm_action_free (VmAction *action);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmAction, vm_action_free)
