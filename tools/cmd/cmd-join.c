/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/commands.h"
#include "session/session.h"
#include "cmd/target.h"

gint
vmt_cmd_join (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  g_autofree gchar *meeting = NULL, *uri = NULL;
  g_autoptr (GError) error = NULL;

  if (!vmt_target_parse_meeting (options->target, &meeting, &uri, &error)
      || !vmt_target_choose_dialect (uri, options->dialect, &error)) {
    vmt_output_error (output, NULL, error->message);
    return VMT_EXIT_USAGE;
  }
  return vmt_session_run (
      options, output, VM_MEETING_MODE_JOIN, meeting, uri, start_us);
}
