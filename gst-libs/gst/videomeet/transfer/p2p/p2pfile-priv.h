/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/message/message-priv.h"
#include "transfer/p2p/p2pfile.h"
#include "transfer/p2p/p2ptexts.h"

/* Shared by p2pfile.c, p2pfilesender.c (the sender's side), p2pfilereceiver.c
 * (the receiver's) and p2pfilejson.c (bodies). */

struct _VmP2pFile
{
  gboolean sends;
  GQueue out; /* of VmP2pOut */
  GQueue in; /* of VmTransferMessage */
  gchar *id; /* of the transfer */
  gboolean native; /* the peer */
  gboolean prefixes; /* FILE_CHUNK_PREFIX may come */
  gboolean heard; /* it has said something */
  gboolean met; /* FILE_META was sent or taken */
  gboolean answered; /* and so was the first FILE_ACK, or a refusal */
  gboolean done; /* FILE_DONE was sent or taken, by the sender */
  guint64 size; /* bytes */
  guint32 chunk_size; /* bytes */
  guint8 hash[VM_SHA256_SIZE]; /* of that FILE_DONE */
  /* of a peer that knows only the base protocol */
  guint64 offset; /* where it wants to go on; where the next byte belongs */
  guint64 acked; /* bytes that it has */
  GByteArray *chunk; /* of the receiver: the beginning of the next */
};

/* What a JSON body has; numbers are -1 and texts NULL when absent. */
typedef struct
{
  gchar *name, *mime, *user, *id, *hash, *status, *reason, *saved_path;
  gchar *action, *code, *message;
  gint64 size, mtime, chunk_size, last_offset, index;
  gint accept; /* -1: absent */
  gboolean hashes, prefixes;
  VmChunkSet *have;
  gboolean has_hash; /* @hash is one, in: */
  guint8 sum[VM_SHA256_SIZE];
} VmP2pFields;
void vm_p2p_fields_clear (VmP2pFields *fields);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmP2pFields, vm_p2p_fields_clear)
/* VM_ERROR_BAD_MESSAGE */
gboolean vm_p2p_fields_read (VmP2pFields *fields, GBytes *body, GError **error);

/* Takes @body, JSON without its last brace. */
void vm_p2p_file_send_json (VmP2pFile *self, guint8 type, GString *body);
/* "{", to be filled with vm_json_append_…(). */
GString *vm_p2p_file_json (void);
void vm_p2p_file_send_control (
    VmP2pFile *self, const gchar *action, const gchar *reason);
/* A pause, its end, or a cancel; other messages are not sent. */
void
vm_p2p_file_put_control (VmP2pFile *self, const VmTransferMessage *message);
/* @hash NULL: "" */
void vm_p2p_file_send_done (VmP2pFile *self, const guint8 *hash,
    const gchar *status, const gchar *saved_path, const gchar *reason);
void vm_p2p_file_send_error (VmP2pFile *self, const VmTransferMessage *message);
/* A message for the engine, to be filled. */
VmTransferMessage *vm_p2p_file_tell (VmP2pFile *self, VmTransferType type);
/* Returns: FALSE */
gboolean vm_p2p_file_refuse (GError **error, const gchar *why);
/* FILE_CONTROL and ERROR, of either side. */
gboolean
vm_p2p_file_take_control (VmP2pFile *self, GBytes *body, GError **error);
gboolean vm_p2p_file_take_error (VmP2pFile *self, GBytes *body, GError **error);
guint64 vm_p2p_file_chunks (const VmP2pFile *self);

void vm_p2p_sender_put (VmP2pFile *self, const VmTransferMessage *message);
gboolean
vm_p2p_sender_take (VmP2pFile *self, guint8 type, GBytes *body, GError **error);
void vm_p2p_receiver_put (VmP2pFile *self, const VmTransferMessage *message);
gboolean vm_p2p_receiver_take (
    VmP2pFile *self, guint8 type, GBytes *body, GError **error);
