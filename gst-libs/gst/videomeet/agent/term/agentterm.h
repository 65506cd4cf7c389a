/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/agent-priv.h"

/* The terminal that an agent shares (protocol/agents.md#terminal): those who
 * view it, and the one of them who controls it. */

/* What was sent to a viewer and it has not shown: more waits, so that one that
 * is slow sees the screen of now. It holds for those that say what they have
 * shown. */
#define VM_AGENT_TERM_WINDOW (128 * 1024) /* bytes */
#define VM_AGENT_TERM_MESSAGES_MAX 1024 /* likewise */
/* For room in the stream of a viewer. */
#define VM_AGENT_TERM_SEND_TIME (30 * G_USEC_PER_SEC)
/* What a viewer types waits so long for the server's word that it has control,
 * which the viewer may have heard before. */
#define VM_AGENT_TERM_GRANT_TIME (5 * G_USEC_PER_SEC)
/* Between two answers to what a viewer must not do. */
#define VM_AGENT_TERM_REFUSAL_TIME G_USEC_PER_SEC
/* What is said to a viewer and waits to be sent. One that reads so little, and
 * still says what has to be answered, is sent nothing more. */
#define VM_AGENT_TERM_UNSENT_MAX 64
/* Control is over after that, whatever the server says. */
#define VM_AGENT_TERM_CONTROL_TIME (120 * G_USEC_PER_SEC)
/* Control that was taken back is not given to the same viewer again before. */
#define VM_AGENT_TERM_PEACE_TIME (5 * G_USEC_PER_SEC)

typedef struct
{
  const gchar *id; /* a device, or a page: as the server names it */
  const gchar *user;
  gboolean may_control; /* the user of this device has said so */
} VmAgentTermViewer;

/* The context's thread. The one that @agent shares, or NULL. Returns: (transfer
 * full) */
VmAgentTerm *vm_agent_get_term (VmAgent *agent);
/* Serves one viewer, on a thread of its own, until it has gone or the command
 * has ended; neither closes nor frees @pipe. FALSE: the stream is of no more
 * use. */
gboolean vm_agent_term_serve (VmAgentTerm *self,
    const VmAgentTermViewer *viewer, VmP2pPipe *pipe, GError **error);
