/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/engine/engine-priv.h"
#include "transfer/engine/window.h"

/* What sender.c, senderoffer.c and senderchunks.c share. */

struct _VmSender
{
  VmEngine engine;
  VmTransferMessage *offer;
  gboolean hash_first; /* it waits for its hash, and nobody has heard of it */
  guint32 json_chunk_size;
  /* of a legacy peer, and was told no hash, once it has accepted: */
  VmTransferMessage *accepted; /* its answer; or NULL */
  gboolean hash_again; /* the hash is made, to be offered */
  gint64 accepted_until; /* then: for another answer; -1: not yet */

  /* once it is accepted */
  VmTransferEncoding encoding;
  guint32 chunk_size;
  guint64 total; /* chunks */
  VmChunkSet *have; /* that the receiver had; or NULL */
  gboolean heard; /* the receiver has had TRANSFER_START */
  gboolean full; /* its disk, for which it has paused */
  guint64 done; /* bytes */
  guint64 sent; /* bytes; what was sent again counts again */
  gboolean has_hash;
  guint8 hash[VM_SHA256_SIZE];
  gchar *saved_path;

  /* senderchunks.c: those that are read or in flight, ascending; behind them
   * nothing was begun */
  VmWindow window;
  guint32 nearby; /* bytes of it */
  GQueue chunks;
  guint64 next;
};

/* senderchunks.c */
void vm_sender_start_chunks (VmSender *self);
void vm_sender_clear_chunks (VmSender *self);
/* Sends as many as the window takes, and reads some ahead; whether all are
 * acknowledged. */
gboolean vm_sender_fill (VmSender *self, gint64 now);
void vm_sender_chunk_read (VmSender *self, guint64 index, GBytes *data,
    const guint8 hash[VM_SHA256_SIZE]);
/* An error: a chunk is corrupt too often. */
GError *
vm_sender_ack (VmSender *self, const VmTransferMessage *ack, gint64 now);
void vm_sender_send_ready (VmSender *self, gint64 now);
/* Sends what is late again; an error: too often. */
GError *vm_sender_retry (VmSender *self, gint64 now);
gint64 vm_sender_chunk_deadline (VmSender *self);

/* senderoffer.c */
gboolean vm_sender_check_offer (const VmSenderOffer *offer, GError **error);
void vm_sender_set_offered_hash (VmSender *self, const guint8 *hash);
void vm_sender_send_offer (VmSender *self);
/* From now on again and again, until it is answered or nobody does. */
void vm_sender_begin_offer (VmSender *self, gint64 now);

/* Whoever has accepted without a hash is told it; TRUE: that is to come. */
gboolean
vm_sender_offer_again (VmSender *self, const VmTransferMessage *response);
/* It is known now. */
void vm_sender_offer_hash (VmSender *self, const guint8 *hash, gint64 now);

/* sender.c */
void vm_sender_send_start (VmSender *self);
