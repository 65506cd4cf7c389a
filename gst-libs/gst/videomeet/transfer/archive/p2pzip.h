/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/p2p/p2phandler.h"

/* A folder as one streamed zip archive over a stream between two agents
 * (protocol/agents.md#zip). Nothing of it is whole in memory. See p2phandler.h
 * for the rules of a handler. */

/* What the sender leaves out, relative to the folder: a device, a socket, a
 * link that leads out of the folder, a name that no receiver takes. */
typedef void (*VmP2pLeftOutFunc) (
    const gchar *path, const gchar *why, gpointer data);

typedef struct
{
  const gchar *location; /* path of a folder */
  guint64 max_size; /* bytes of its files; 0: any */
  guint64 max_rate; /* bytes/s of the archive; 0: any */
  VmP2pLeftOutFunc left_out; /* or NULL */
  VmP2pProgressFunc progress; /* or NULL */
  gpointer data; /* of both */
} VmP2pSendZip;

/* Sends FOLDER_MODE first. Errors as vm_p2p_send_file(); VM_ERROR_TOO_LARGE
 * also for a folder beyond the limits of archivename.h. */
gboolean
vm_p2p_send_zip (VmP2pPipe *pipe, const VmP2pSendZip *send, GError **error);

/* @first: FOLDER_MODE with mode "zip", if it was received already.
 * @saved_path: (out) (optional) (transfer full): of the folder, relative to the
 * receiving folder. Errors as vm_p2p_receive_file(). */
gboolean vm_p2p_receive_zip (VmP2pPipe *pipe, const VmP2pMessage *first,
    const VmP2pReceive *receive, gchar **saved_path, GError **error);
