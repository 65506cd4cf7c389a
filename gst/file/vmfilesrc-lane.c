/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vmfilesrc-priv.h"

gboolean
vm_file_src_take_lane (VmFileSender *sender, const GstStructure *event)
{
  g_autoptr (GstStructure) transfer = vm_file_sender_describe (sender);
  const gchar *lane = gst_structure_get_string (event, "lane");

  if (!lane
      || g_strcmp0 (gst_structure_get_string (event, "transferId"),
             gst_structure_get_string (transfer, "transferId"))
             != 0)
    return FALSE;
  vm_file_sender_set_lane (
      sender, lane, gst_structure_get_string (event, "address"));
  return TRUE;
}
