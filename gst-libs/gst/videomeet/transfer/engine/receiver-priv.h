/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/engine/engine-priv.h"
#include "transfer/engine/receiver.h"
#include "transfer/engine/window.h"

/* What receiver.c and receiverchunks.c share. */

struct _VmReceiver
{
  VmEngine engine;
  VmTransferMessage *offer;
  VmTransferEncoding encoding;
  gboolean accepted; /* the file is, or will be, begun */
  gboolean started; /* TRANSFER_START has come */
  gboolean complete; /* TRANSFER_COMPLETE has come, with hash */
  guint8 hash[VM_SHA256_SIZE];
  gchar *saved_path;
  gint64 heard; /* when the last message came */
  gint64 paused; /* when the sender last said so */
  gint64 nagged; /* when it was last told to pause */
  gboolean lost; /* the sender has no lane */
  gint64 lost_at;
  VmChunkSet *have; /* of an earlier transfer; of the response */

  /* receiverchunks.c */
  gboolean ready; /* the file is begun, with this size of chunks */
  guint32 chunk_size;
  guint64 total; /* chunks */
  guint8 *verified; /* a bit for each */
  guint64 count; /* that are verified */
  guint64 first; /* that is not verified */
  guint64 done; /* bytes */
  GHashTable *writing; /* index → VmAction, what is being written */
  gsize writing_size; /* bytes */
  GQueue waiting; /* of VmAction: chunks that cannot be written yet */
  gsize waiting_size; /* bytes */
  GHashTable *corrupt; /* index → how often it came so */
  VmAction *probe; /* the chunk that the disk had no room for */
  gint64 probe_at; /* when it is written again; -1: it is being written */
};

/* receiverchunks.c */
void vm_receiver_init_chunks (VmReceiver *self);
void vm_receiver_clear_chunks (VmReceiver *self);
/* Cut by @chunk_size; nothing is verified. */
void vm_receiver_set_chunk_size (VmReceiver *self, guint32 chunk_size);
void vm_receiver_add_have (VmReceiver *self, const VmChunkSet *have);
gboolean vm_receiver_has (VmReceiver *self, guint64 index);
void vm_receiver_ack (VmReceiver *self, guint64 index, VmChunkStatus status);
/* FALSE: there is no such chunk. */
gboolean vm_receiver_take_chunk (
    VmReceiver *self, const VmTransferMessage *message, GError **error);
/* Writes what waits, as far as it can be now. */
void vm_receiver_flush (VmReceiver *self);
/* A result. An error: it is the end. */
GError *vm_receiver_chunk_written (
    VmReceiver *self, guint64 index, const GError *why, gint64 now);
void vm_receiver_probe (VmReceiver *self);

/* receiver.c */
void vm_receiver_update_pause (VmReceiver *self);
/* Has the file begun, with the chunks of now. */
void vm_receiver_begin (VmReceiver *self);
/* Fails, and says so, or says no to the offer. Both take @why. */
void vm_receiver_give_up (VmReceiver *self, VmTransferType type, GError *why);
void vm_receiver_refuse (VmReceiver *self, GError *why);
/* What becomes of the file once the transfer has failed. */
void vm_receiver_part (VmReceiver *self, VmActionType type);
/* Behind the end of a pause of ours. */
void vm_receiver_go_on (VmReceiver *self, gint64 now);
/* Whoever paused the transfer, and said so, goes on saying that it goes on
 * while nothing comes. */
void vm_receiver_poke (VmReceiver *self, gint64 now);
