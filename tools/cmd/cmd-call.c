/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* call and answer: a session with one other user of a server. */

#include "cmd/commands.h"
#include "session/session.h"
#include "cmd/target.h"

static gchar *
own_name (const VmtOptions *options)
{
  gchar *user = g_strdup (options->user);

  if (!user)
    g_object_get (vm_node_get_default (), "user", &user, NULL);
  return user;
}

static gint
run (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  g_autofree gchar *user = own_name (options);
  g_autofree gchar *uri = vmt_target_of_user (options->server, user);

  if (g_strcmp0 (options->target, user) == 0) {
    vmt_output_error (output, NULL,
        "Nobody can call themselves: say who you are with --user.");
    return VMT_EXIT_USAGE;
  }
  return vmt_session_run (
      options, output, VM_MEETING_MODE_JOIN, NULL, uri, start_us);
}

gint
vmt_cmd_call (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  return run (options, output, start_us);
}

gint
vmt_cmd_answer (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  return run (options, output, start_us);
}
