/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/commands.h"
#include "session/session.h"

gint
vmt_cmd_host (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  return vmt_session_run (
      options, output, VM_MEETING_MODE_HOST, options->meeting, NULL, start_us);
}
