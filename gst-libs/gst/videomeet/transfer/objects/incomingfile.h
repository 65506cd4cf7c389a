/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/objects/vmfilereceiver-priv.h"

/* A file that a VmFileReceiver receives, and the reports about it. All in the
 * receiver's thread. */

typedef struct
{
  VmIncoming *incoming;
  gchar *id; /* its id for the application */
  gint64 told_at; /* when it was reported to the application; 0: never */
  gint64 over_at; /* 0: it is not over */
  gboolean told; /* the loss of its lane will be reported */
  gchar *group; /* its sender's address; NULL: unknown */
  gboolean known; /* the sender: no stranger */
  gboolean told_lost; /* last reported to the application as lost */
  VmTransferMessage *ack; /* held back; or NULL */
  gsize acked; /* bytes that @ack covers */
  GQueue held; /* of VmReceiverItem: received while a job is under way */
} VmIncomingFile;
void vm_incoming_file_free (gpointer file);

/* Sends @message to the sender @from, by the "reply" signal. */
void vm_incoming_file_reply (
    VmFileReceiver *self, const gchar *from, const VmTransferMessage *message);
/* Sends the acknowledgement that was held back. */
void vm_incoming_file_send_ack (VmFileReceiver *self, VmIncomingFile *file);
/* Reports each state since the last report, and the progress. */
void vm_incoming_file_tell (VmFileReceiver *self, VmIncomingFile *file);
gboolean vm_incoming_file_is_of (const VmIncomingFile *file, const gchar *from);
/* incomingplaces.c. Forgets files that ended long ago, and makes strangers give
 * way; FALSE: there is no place for the offer in @item. */
gboolean vm_incoming_file_make_place (
    VmFileReceiver *self, const VmReceiverItem *item, gint64 now);
/* Performs the file's due actions, and reports them. */
void vm_incoming_file_run (VmFileReceiver *self, VmIncomingFile *file);
