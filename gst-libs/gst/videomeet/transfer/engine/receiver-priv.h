/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/engine/engine-priv.h"
#include "transfer/engine/receiver.h"
#include "transfer/engine/window.h"

/* Shared by receiver.c and receiverchunks.c. */

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
  gint64 paused; /* when the sender last paused */
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
  guint32 window; /* bytes that may wait */
  GHashTable *writing; /* index → VmAction, what is being written */
  gsize writing_size; /* bytes */
  GQueue waiting; /* of VmAction: chunks that cannot be written yet */
  gsize waiting_size; /* bytes */
  GHashTable *corrupt; /* index → how often it was corrupt */
  VmAction *probe; /* the chunk that the disk had no room for */
  gint64 probe_at; /* when to write it again; -1: it is being written */
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
/* Writes the waiting chunks that can be written now. */
void vm_receiver_flush (VmReceiver *self);
/* Takes the result of a write. Returns an error that ends the transfer, or
 * NULL. */
GError *vm_receiver_chunk_written (
    VmReceiver *self, guint64 index, const GError *why, gint64 now);
void vm_receiver_probe (VmReceiver *self);

/* receiver.c */
void vm_receiver_update_pause (VmReceiver *self);
/* Requests BEGIN with the current chunk size. */
void vm_receiver_begin (VmReceiver *self);
/* Fails with a message to the sender; or declines the offer. Both take @why. */
void vm_receiver_give_up (VmReceiver *self, VmTransferType type, GError *why);
void vm_receiver_refuse (VmReceiver *self, GError *why);
/* Closes or discards the file once the transfer has failed. */
void vm_receiver_part (VmReceiver *self, VmActionType type);
/* Call it after a pause of this side ends. */
void vm_receiver_go_on (VmReceiver *self, gint64 now);
/* After a pause of this side, repeats that the transfer continues while no
 * chunk comes. */
void vm_receiver_poke (VmReceiver *self, gint64 now);
