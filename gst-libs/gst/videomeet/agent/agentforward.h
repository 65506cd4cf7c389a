/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmagent.h>
#include "transfer/p2p/p2pforward.h"

/* Files of an agent whose engine is elsewhere: in an element. The thread of the
 * agent's context, unless it says otherwise. */

/* As vm_agent_send_files_async(), for a file of that @file_name; it ends with
 * vm_agent_send_files_finish(). */
void
vm_agent_send_forward (VmAgent *self, const gchar *name, const gchar *file_name,
    VmP2pForward *forward, GAsyncReadyCallback callback, gpointer user_data);

/* Where a file goes that @device_id offers, as the agent's policy allows; on
 * the thread of its stream. NULL: it is declined. Returns: (transfer full) */
typedef VmP2pForward *(*VmAgentForwardFunc) (
    const gchar *device_id, const gchar *user, gpointer user_data);
/* Before the start: files go there, and not to the receiving folder. */
void vm_agent_set_forward_func (
    VmAgent *self, VmAgentForwardFunc func, gpointer user_data);
gboolean vm_agent_has_sessions (VmAgent *self);
