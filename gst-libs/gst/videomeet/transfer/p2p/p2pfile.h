/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/message/message.h"
#include "wire/p2p/p2p.h"

/* One file between the engine's messages (message.h) and those of a stream
 * between two agents (protocol/agents.md#files). A native peer shows itself by
 * optional fields; one that knows only the base protocol gets no others, and
 * the engine does not notice: what that peer does not say is answered here.
 * Sans-I/O; one thread at a time. */

/* Unacknowledged, to a native peer; also what its receiver keeps in a pause. */
#define VM_P2P_FILE_WINDOW (16 * 1024 * 1024) /* bytes */
#define VM_P2P_FILE_JSON_MAX (64 * 1024) /* bytes of a body that is JSON */
#define VM_P2P_FILE_HEAD_MAX (8 + VM_SHA256_SIZE) /* bytes before a chunk's */
/* The largest chunk, in bytes, that is read, and the largest that is chosen. */
#define VM_P2P_FILE_CHUNK_MAX (VM_P2P_BODY_MAX - VM_P2P_FILE_HEAD_MAX)
#define VM_P2P_FILE_CHUNK_LARGE (512 * 1024)

/* A file of that size is cut so; likewise what comes from a peer that does not
 * say how it cuts. */
guint32 vm_p2p_file_choose_chunk_size (guint64 size);

/* A message for the stream. */
typedef struct
{
  guint8 type; /* VmP2pType */
  guint8 head[VM_P2P_FILE_HEAD_MAX];
  gsize head_size;
  GBytes *body; /* behind the head; or NULL */
} VmP2pOut;
void vm_p2p_out_free (VmP2pOut *out);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmP2pOut, vm_p2p_out_free)

typedef struct _VmP2pFile VmP2pFile;

/* @id: a uuid for the file of a peer that gives none; NULL: this is the
 * sender's side. */
VmP2pFile *vm_p2p_file_new (const gchar *id);
void vm_p2p_file_free (VmP2pFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmP2pFile, vm_p2p_file_free)

/* What the engine says. */
void vm_p2p_file_put (VmP2pFile *self, const VmTransferMessage *message);
/* What has come by the stream. VM_ERROR_BAD_MESSAGE: it is out of place or
 * cannot be read; the transfer cannot go on. */
gboolean
vm_p2p_file_take (VmP2pFile *self, guint8 type, GBytes *body, GError **error);
/* The peer has said nothing for VM_P2P_ANSWER_TIMEOUT: it knows only the base
 * protocol and has nothing of the file. Of the sender; nothing happens when it
 * has answered. */
void vm_p2p_file_take_silence (VmP2pFile *self);

/* Returns: (transfer full) (nullable): the next message for the stream */
VmP2pOut *vm_p2p_file_next_out (VmP2pFile *self);
/* Returns: (transfer full) (nullable): the next message for the engine */
VmTransferMessage *vm_p2p_file_next_in (VmP2pFile *self);

/* Whether the peer has said anything yet. */
gboolean vm_p2p_file_is_heard (const VmP2pFile *self);
/* Whether it is more than the base protocol. */
gboolean vm_p2p_file_is_native (const VmP2pFile *self);
