/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include "transfer/p2p/p2phandler.h"

/* One file over a stream between two agents whose engine is elsewhere: in an
 * element (protocol/agents.md#files). Its messages pass as structures
 * (messagestructure.h) and bytes. Any thread, unless it says otherwise. */

/* Bytes of chunks that wait for the stream, and messages. */
#define VM_P2P_FORWARD_WAITING_MAX (4 * 1024 * 1024)
#define VM_P2P_FORWARD_MESSAGES_MAX 32768

typedef struct _VmP2pForward VmP2pForward;

/* A message for the engine; @data: the bytes of a chunk, or NULL. It may block,
 * and is called by one thread at a time. FALSE: there is no engine any more.
 * Without @message it is the last call of vm_p2p_forward_run(). */
typedef gboolean (*VmP2pForwardFunc) (VmP2pForward *self,
    const GstStructure *message, GBytes *data, gpointer user_data);

/* @sends: the engine is that of the sender. */
VmP2pForward *vm_p2p_forward_new (gboolean sends, VmP2pForwardFunc take,
    gpointer user_data, GDestroyNotify destroy);
VmP2pForward *vm_p2p_forward_ref (VmP2pForward *self);
void vm_p2p_forward_unref (VmP2pForward *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmP2pForward, vm_p2p_forward_unref)

/* What the engine says. Chunks wait for room in the stream, and the sender's
 * last message until it is sent. G_IO_ERROR_CANCELLED: flushing, and nothing
 * was taken; VM_ERROR_BAD_MESSAGE; VM_ERROR_TOO_LARGE: the stream cannot carry
 * such chunks; VM_ERROR_RATE_LIMITED: too many wait; another: the transfer is
 * over. */
gboolean vm_p2p_forward_put (VmP2pForward *self, const GstStructure *message,
    GBytes *data, GError **error);
/* Whoever waits in vm_p2p_forward_put() or _drain() comes back. */
void vm_p2p_forward_set_flushing (VmP2pForward *self, gboolean flushing);
/* Until the transfer is over. FALSE: flushing. */
gboolean vm_p2p_forward_drain (VmP2pForward *self);
/* The transfer is over, or goes no further. @why: for who waits. */
void vm_p2p_forward_end (VmP2pForward *self, const GError *why);
/* The engine is gone: unless it has said its last, which still goes to the
 * other side, the transfer is over. @why: likewise. */
void vm_p2p_forward_leave (VmP2pForward *self, const GError *why);
/* Whether it is over by a message, so that both engines know how. */
gboolean vm_p2p_forward_is_told (VmP2pForward *self);
/* (nullable): of the transfer, once it was offered. Returns: (transfer full) */
gchar *vm_p2p_forward_dup_id (VmP2pForward *self);

gpointer vm_p2p_forward_get_data (VmP2pForward *self);
/* What carries it: a constant; NULL: unknown. */
void vm_p2p_forward_set_lane (VmP2pForward *self, const gchar *lane);
const gchar *vm_p2p_forward_get_lane (VmP2pForward *self);

/* The handler, once: see p2phandler.h. @first: as of vm_p2p_receive_file().
 * @receive: of the receiver: accept, max_size, max_rate and data; or NULL. The
 * errors of vm_p2p_send_file(). */
gboolean vm_p2p_forward_run (VmP2pForward *self, VmP2pPipe *pipe,
    const VmP2pMessage *first, const VmP2pReceive *receive, GError **error);
