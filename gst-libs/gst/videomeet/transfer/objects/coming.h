/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/objects/vmfilereceiver-priv.h"

/* A file that comes to a VmFileReceiver, and what others are told of it. All in
 * the receiver's thread. */

typedef struct
{
  VmIncoming *incoming;
  gchar *id; /* by which the application knows it */
  gint64 told_at; /* when the application heard of it; 0: never */
  gint64 over_at; /* 0: it is not over */
  gboolean told; /* that its lane is gone will be told */
  gchar *group; /* its sender's address; NULL: it is not told */
  gboolean known; /* the sender: no stranger */
  gboolean told_lost; /* whether the application heard of it last as lost */
  VmTransferMessage *ack; /* that is held back; or NULL */
  gsize acked; /* bytes that it stands for */
  GQueue held; /* of VmReceiverItem: what came while a job is under way */
} VmComing;
void vm_coming_free (gpointer coming);

/* @message: to whom sends it, by the "reply" signal. */
void vm_coming_reply (
    VmFileReceiver *self, const gchar *from, const VmTransferMessage *message);
/* What was held back. */
void vm_coming_send_ack (VmFileReceiver *self, VmComing *coming);
/* Each state that it was in since, and how far it is. */
void vm_coming_tell (VmFileReceiver *self, VmComing *coming);
gboolean vm_coming_is_of (const VmComing *coming, const gchar *from);
/* comingplaces.c. Forgets what is long over, and has strangers give way; FALSE:
 * there is no place for what @item offers. */
gboolean vm_coming_make_place (
    VmFileReceiver *self, const VmReceiverItem *item, gint64 now);
/* Does whatever it has to do now, and tells that. */
void vm_coming_run (VmFileReceiver *self, VmComing *coming);
