/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/p2p/p2p.h"

#include <gst/videomeet/vmerror.h>

/* One ordered, bounded stream of p2p messages in both directions: a QUIC
 * stream, or a pair of queues in memory. One thread may send while another
 * receives; any thread may close. */
typedef struct _VmP2pPipe VmP2pPipe;

typedef struct
{
  gboolean (*send) (VmP2pPipe *self, guint8 type, const void *head,
      gsize head_size, GBytes *body, gint64 timeout, GError **error);
  GBytes *(*receive) (
      VmP2pPipe *self, gint64 timeout, guint8 *type, GError **error);
  void (*end) (VmP2pPipe *self);
  void (*close) (VmP2pPipe *self, const GError *why);
  void (*free) (VmP2pPipe *self);
  gboolean (*is_over) (VmP2pPipe *self);
} VmP2pPipeFuncs;

struct _VmP2pPipe
{
  const VmP2pPipeFuncs *funcs;
};

/* Sends @head (bytes that precede the body; may be none) and @body (nullable)
 * as one message. Blocks while the other side takes no more, for at most
 * @timeout µs. VM_ERROR_TIMEOUT; VM_ERROR_DISCONNECTED: the stream is over;
 * VM_ERROR_TOO_LARGE: more than VM_P2P_BODY_MAX; or the error of a close. */
gboolean vm_p2p_pipe_send (VmP2pPipe *self, guint8 type, const void *head,
    gsize head_size, GBytes *body, gint64 timeout, GError **error);
/* The next message; blocks for at most @timeout µs; 0: does not block.
 * VM_ERROR_TIMEOUT; VM_ERROR_DISCONNECTED: the other side has ended the stream
 * or the connection is gone; VM_ERROR_BAD_MESSAGE: a body that is too large.
 * Returns: (transfer full) */
GBytes *vm_p2p_pipe_receive (
    VmP2pPipe *self, gint64 timeout, guint8 *type, GError **error);
/* No more is sent from here; what was sent still arrives, and messages can
 * still be received. */
void vm_p2p_pipe_end (VmP2pPipe *self);
/* Ends both directions at once; @why: nullable, for the calls that block. */
void vm_p2p_pipe_close (VmP2pPipe *self, const GError *why);
/* Whether it was closed, or the connection is gone. What has arrived may still
 * be received. */
gboolean vm_p2p_pipe_is_over (VmP2pPipe *self);
/* Closes it first. */
void vm_p2p_pipe_free (VmP2pPipe *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmP2pPipe, vm_p2p_pipe_free)

/* Two ends in one process: what is sent to one is received at the other. At
 * most @bound bytes of bodies wait in each direction. */
void vm_p2p_pipe_new_pair (gsize bound, VmP2pPipe **a, VmP2pPipe **b);
