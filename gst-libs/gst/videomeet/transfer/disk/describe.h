/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/videomeet/vmtransferstate.h>

/* What applications hear of a transfer, from either side. Pure. */
typedef struct
{
  const gchar *id;
  const gchar *direction; /* "send" or "receive" */
  const gchar *filename;
  const gchar *from; /* who sends it, or NULL */
  const gchar *user; /* what that one's user is called, as it says, or NULL */
  guint64 size, done; /* bytes */
  VmTransferState state;
  const gchar *lane; /* that carries it, or NULL */
  gboolean full; /* paused because the disk is */
  const GError *error; /* why it has failed */
  const gchar *saved_path; /* once it is verified, or NULL */
} VmTransferDescription;

/* Returns: (transfer full): "vm-transfer" */
GstStructure *vm_transfer_describe (const VmTransferDescription *what);
