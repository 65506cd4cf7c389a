/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/videomeet/vmtransferstate.h>

/* The description of a transfer for applications, on either side. Pure. */
typedef struct
{
  const gchar *id;
  const gchar *direction; /* "send" or "receive" */
  const gchar *filename;
  const gchar *from; /* the sender, or NULL */
  const gchar *user; /* name of the sender's user, as it claims, or NULL */
  guint64 size, done; /* bytes */
  VmTransferState state;
  const gchar *lane; /* the lane in use, or NULL */
  gboolean full; /* paused because the disk is full */
  const GError *error; /* why it has failed */
  const gchar *saved_path; /* once it is verified, or NULL */
} VmTransferDescription;

/* Returns: (transfer full): "vm-transfer" */
GstStructure *vm_transfer_describe (const VmTransferDescription *what);
