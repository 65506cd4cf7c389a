/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/message/message.h"
#include "client/signalsocket.h"

#include <gst/gst.h>

/* The network's side of a VmFileSocket, on a thread of its own, "vm-file-wss":
 * what a file costs to frame, mask and encrypt is not done where signalling and
 * chat are. */
typedef struct _VmFileLine VmFileLine;

/* What may wait for the owner, whose context does not run meanwhile; beyond,
 * the line is lost: RATE_LIMITED. No honest device says as much, for it answers
 * what was sent. Each message counts as its text and so much. */
#define VM_FILE_LINE_UNTOLD_MAX (4 * 1024 * 1024)
#define VM_FILE_LINE_UNTOLD_EACH 1024

/* What may be in the socket of a device that does not read, and what may wait
 * behind that: a window several times over, for what is sent again. Beyond, the
 * line is lost: DISCONNECTED. What the device says that it has got is no
 * measure. */
#define VM_FILE_LINE_UNSENT_MAX (4 * 1024 * 1024)
#define VM_FILE_LINE_WAITING_MAX (16 * 1024 * 1024)

/* Each with @owner, in the main context that was the thread's default when the
 * line was made; from each the line may be closed. */
typedef struct
{
  void (*opened) (gpointer owner);
  void (*message) (gpointer owner, const GstStructure *message);
  /* It did not open, or is lost; the last one. */
  void (*closed) (gpointer owner, const GError *error);
} VmFileLineFuncs;

/* Opens the socket of @config. @dead_ms: it is lost after as long without a
 * word of the other side. */
VmFileLine *
vm_file_line_new (VmIdentity *identity, const VmSignalSocketConfig *config,
    guint dead_ms, const VmFileLineFuncs *funcs, gpointer owner);
/* Takes @message. Nothing becomes of it when the line is not open, or no
 * more. */
void vm_file_line_send (VmFileLine *self, VmTransferMessage *message);
/* Nothing more is heard, what was sent gets out. Frees it, for which the
 * context has to run on: vm_settle() waits for that. */
void vm_file_line_close (VmFileLine *self);
