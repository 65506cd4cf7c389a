/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "file/vmfileoutput.h"
#include "file/vmfileroute.h"
#include "link/vmlink-priv.h"
#include "transfer/objects/vmfilelane.h"

/* Shared by vmlink-files.c (sending, and incoming messages) and vmlink-inbox.c
 * (receiving). */

struct _VmLinkFiles
{
  VmFileLane *lane;
  GHashTable *sent; /* transfer id → VmFileRoute */
  gchar *last_sent; /* the id of the last of them, which may be gone; or NULL */
  GHashTable
      *received; /* ids, of what the output was offered → VmLinkReceived */
  VmFileOutput *output; /* once the peer has offered a file */
  GstPad *pad; /* of @output, owned */
  GSource *link_wait;
  gboolean no_server; /* that of the peer is not reached, in this connection */
  guint errors;
  gboolean told_refused; /* that it may offer none */
};

/* vmlink-files.c */
/* The device that has signed its part of the connection; or NULL. */
const gchar *vm_link_get_signer (VmLink *self);
/* VM_ERROR_NOT_TRUSTED, VM_ERROR_KEY_CHANGED. */
gboolean vm_link_may_offer_files (VmLink *self, GError **error);
const gchar *vm_file_message_get_id (const GstStructure *message);
/* Whether the message is the last one to the other side of a transfer. */
gboolean vm_file_message_ends (const GstStructure *message);
/* An error message, as a peer would send it. @id may be NULL. */
GstStructure *vm_file_message_new_error (const gchar *id, const GError *error);

/* vmlink-inbox.c */
/* A GDestroyNotify of a VmLinkReceived. */
void vm_link_received_free (gpointer received);
/* Sends an answer to the sender. */
void vm_link_answer_file (VmLink *self, const GstStructure *message);
void vm_link_take_file_offer (
    VmLink *self, GstBuffer *buffer, const GstStructure *offer);
/* Of a transfer that is received; on the data channels. */
void vm_link_receive_file (VmLink *self, GstBuffer *buffer);
/* Ends unfinished incoming transfers; their receivers keep the chunks. */
void vm_link_end_inbox (VmLink *self, VmLinkFiles *files, const GError *gone);
