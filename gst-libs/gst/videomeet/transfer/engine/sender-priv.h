/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/engine/engine-priv.h"
#include "transfer/engine/window.h"

/* Shared by sender.c, senderoffer.c and senderchunks.c. */

struct _VmSender
{
  VmEngine engine;
  VmTransferMessage *offer;
  gboolean hash_first; /* the file is not offered before its hash is known */
  guint32 json_chunk_size;
  /* of a legacy peer that accepted an offer without a hash: */
  VmTransferMessage *accepted; /* its answer; or NULL */
  gboolean hash_again; /* the file is being hashed for a second offer */
  gint64 accepted_until; /* then: deadline of the next answer; -1: not yet */

  /* once it is accepted */
  VmTransferEncoding encoding;
  guint32 chunk_size;
  guint64 total; /* chunks */
  VmChunkSet *have; /* chunks that the receiver had; or NULL */
  gboolean prefixes; /* it takes chunks with the hash of the file up to there */
  gboolean heard; /* the receiver has got TRANSFER_START */
  gboolean full; /* it has paused because its disk is full */
  guint64 done; /* bytes */
  guint64 sent; /* bytes, with those sent again */
  gboolean has_hash;
  guint8 hash[VM_SHA256_SIZE];
  gchar *saved_path;

  /* senderchunks.c: chunks that are read or in flight, ascending; later ones
   * are not begun */
  VmWindow window;
  guint32 nearby; /* bytes of the window */
  guint32 reliable; /* bytes of a window without retries; 0: no such lane */
  gint64 acked_at; /* then: the last acknowledgement, or when there was a chunk
                    * to be acknowledged again */
  GQueue chunks;
  guint64 next;
};

/* senderchunks.c */
void vm_sender_start_chunks (VmSender *self);
void vm_sender_clear_chunks (VmSender *self);
/* Sends as many chunks as the window allows, and reads some ahead; whether all
 * are acknowledged. */
gboolean vm_sender_fill (VmSender *self, gint64 now);
void vm_sender_chunk_read (VmSender *self, guint64 index, GBytes *data,
    const guint8 hash[VM_SHA256_SIZE], gboolean prefix);
/* An error: a chunk is corrupt too often. */
GError *
vm_sender_ack (VmSender *self, const VmTransferMessage *ack, gint64 now);
void vm_sender_send_ready (VmSender *self, gint64 now);
/* Sends late chunks again; an error: too often. */
GError *vm_sender_retry (VmSender *self, gint64 now);
gint64 vm_sender_chunk_deadline (VmSender *self);

/* senderoffer.c */
gboolean vm_sender_check_offer (const VmSenderOffer *offer, GError **error);
void vm_sender_set_offered_hash (VmSender *self, const guint8 *hash);
void vm_sender_send_offer (VmSender *self);
/* Repeats the offer from now on, until an answer or the timeout. */
void vm_sender_begin_offer (VmSender *self, gint64 now);

/* Offers the file again, with its hash, to a peer that accepted it without;
 * TRUE: that is still to come. */
gboolean
vm_sender_offer_again (VmSender *self, const VmTransferMessage *response);
/* The hash is known now. */
void vm_sender_offer_hash (VmSender *self, const guint8 *hash, gint64 now);

/* sender.c */
void vm_sender_send_start (VmSender *self);
