/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/message/message.h"
#include "client/signalsocket.h"

#include <gst/gst.h>

/* The network side of a VmFileSocket, on a thread of its own, "vm-file-wss":
 * framing, masking and encrypting a file must not delay signalling and chat. */
typedef struct _VmFileLine VmFileLine;

/* Data that may wait for an owner with a blocked context; beyond, the line is
 * lost: RATE_LIMITED. An honest device sends less, because it only answers.
 * Each message counts as its text plus VM_FILE_LINE_UNTOLD_EACH. */
#define VM_FILE_LINE_UNTOLD_MAX (4 * 1024 * 1024)
#define VM_FILE_LINE_UNTOLD_EACH 1024

/* Data that may be in the socket of a device that does not read, and data that
 * may wait behind that: several windows, for repeats. Beyond, the line is lost:
 * DISCONNECTED. The device's acknowledgements do not count. */
#define VM_FILE_LINE_UNSENT_MAX (4 * 1024 * 1024)
#define VM_FILE_LINE_WAITING_MAX (16 * 1024 * 1024)

/* Each with @owner, in the main context that was the thread's default when the
 * line was made; each may close the line. */
typedef struct
{
  void (*opened) (gpointer owner);
  void (*message) (gpointer owner, const GstStructure *message);
  /* It did not open, or is lost; the last call. */
  void (*closed) (gpointer owner, const GError *error);
} VmFileLineFuncs;

/* Opens the socket of @config. @dead_ms: it is lost after this long without a
 * message from the other side. */
VmFileLine *
vm_file_line_new (VmIdentity *identity, const VmSignalSocketConfig *config,
    guint dead_ms, const VmFileLineFuncs *funcs, gpointer owner);
/* Takes @message. Drops it when the line is not open. */
void vm_file_line_send (VmFileLine *self, VmTransferMessage *message);
/* Delivers nothing more; sent messages still go out. Frees it, for which the
 * context must keep running: vm_settle() waits for that. */
void vm_file_line_close (VmFileLine *self);
