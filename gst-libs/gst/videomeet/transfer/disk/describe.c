/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/disk/describe.h"

#include <gst/videomeet/vmerror.h>

static void
set_string (GstStructure *s, const gchar *field, const gchar *value)
{
  if (value)
    gst_structure_set (s, field, G_TYPE_STRING, value, NULL);
}

GstStructure *
vm_transfer_describe (const VmTransferDescription *what)
{
  GstStructure *s = gst_structure_new ("vm-transfer", "transferId",
      G_TYPE_STRING, what->id, "direction", G_TYPE_STRING, what->direction,
      "filename", G_TYPE_STRING, what->filename, "size", G_TYPE_UINT64,
      what->size, "done", G_TYPE_UINT64, what->done, "state",
      VM_TYPE_TRANSFER_STATE, what->state, NULL);

  set_string (s, "from", what->from);
  set_string (s, "user", what->user);
  set_string (s, "lane", what->lane);
  if (what->state == VM_TRANSFER_STATE_PAUSED && what->full)
    set_string (s, "reason", "full");
  if (what->state == VM_TRANSFER_STATE_FAILED && what->error) {
    set_string (s, "code", vm_error_get_code (what->error));
    set_string (s, "message", what->error->message);
  }
  if (what->state == VM_TRANSFER_STATE_COMPLETED)
    set_string (s, "savedPath", what->saved_path);
  return s;
}
