/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/p2p/p2phandler.h"

/* One file over a stream between two agents (protocol/agents.md#files): the
 * engine of every other lane, with the messages of p2pfile.h. See p2phandler.h
 * for the rules of a handler. */

typedef struct
{
  const gchar *location; /* path of a plain file */
  const gchar *user; /* the user's name for the receiver; or NULL */
  guint64 max_size; /* bytes of the file; 0: any */
  guint64 max_rate; /* bytes/s; 0: any */
  VmP2pProgressFunc progress; /* or NULL */
  gpointer data; /* of it */
  VmP2pControl *control; /* or NULL */
} VmP2pSend;

/* VM_ERROR_DECLINED, VM_ERROR_CANCELLED (by either side), VM_ERROR_TOO_LARGE:
 * more than max_size, and nothing was sent; VM_ERROR_TIMEOUT;
 * VM_ERROR_DISCONNECTED, or the error of a close: another transfer goes on
 * where this one ended; VM_ERROR_BAD_MESSAGE; G_FILE_ERROR: the file cannot be
 * read. */
gboolean
vm_p2p_send_file (VmP2pPipe *pipe, const VmP2pSend *send, GError **error);

/* @first: FILE_META, if it was received already; NULL: it is waited for.
 * @saved_path: (out) (optional) (transfer full): relative to the folder.
 * The errors of vm_p2p_send_file(), and those of receivefolder.h. */
gboolean vm_p2p_receive_file (VmP2pPipe *pipe, const VmP2pMessage *first,
    const VmP2pReceive *receive, gchar **saved_path, GError **error);
