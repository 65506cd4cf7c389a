/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/p2p/p2pfile.h"
#include "transfer/p2p/p2ptexts.h"
#include "transfer/p2p/p2phandler.h"

/* Shared by the handlers. */

/* For the first message of a transfer. */
#define VM_P2P_FIRST_TIMEOUT (60 * G_USEC_PER_SEC)
/* For room in the stream: as long as a receiver waits for a chunk of the
 * largest size. */
#define VM_P2P_SEND_TIMEOUT (1100 * G_USEC_PER_SEC)
/* Between two looks at what the user wants. */
#define VM_P2P_LOOK_EVERY (200 * 1000)
/* Between two reports of the progress. */
#define VM_P2P_PROGRESS_EVERY (200 * 1000)

/* Any thread. */
gboolean vm_p2p_control_is_paused (VmP2pControl *self);
gboolean vm_p2p_control_is_cancelled (VmP2pControl *self);
/* Runs on the thread that changes it, and must not call it. */
typedef void (*VmP2pControlFunc) (
    gboolean paused, gboolean cancelled, gpointer data);
/* @changed runs now as well; NULL: no more. Nothing happens without @self. */
void vm_p2p_control_watch (
    VmP2pControl *self, VmP2pControlFunc changed, gpointer data);

/* Sends @out, which it takes. */
gboolean vm_p2p_send_out (VmP2pPipe *pipe, VmP2pOut *out, GError **error);
