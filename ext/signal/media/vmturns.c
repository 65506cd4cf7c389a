/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "media/vmturns.h"

#include <gst/videomeet/base/vmthread-priv.h>

void
vm_turns_follow (GstMessage *message, gboolean sound)
{
  GstStreamStatusType type;

  gst_message_parse_stream_status (message, &type, NULL);
  if (type == GST_STREAM_STATUS_TYPE_ENTER && sound)
    vm_thread_go_first ();
  else if (type == GST_STREAM_STATUS_TYPE_ENTER
           || type == GST_STREAM_STATUS_TYPE_LEAVE)
    vm_thread_go_along ();
}
