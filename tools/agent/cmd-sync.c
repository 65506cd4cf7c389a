/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Syncs a folder with one of an agent, or sends files and folders to one. */

#include "agent/agentrun.h"
#include "cmd/commands.h"

#include <stdio.h>
#include <unistd.h>

static void
on_done (VmtAgentRun *self, gboolean good, const GError *error)
{
  /* each transfer has told why it has failed */
  if (!good)
    self->status = VMT_EXIT_FAILED;
  if (self->interrupted)
    self->status = self->options->watch ? VMT_EXIT_OK : VMT_EXIT_FAILED;
  vmt_agent_run_quit (self);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean good =
      vm_agent_send_files_finish (VM_AGENT (source), result, &error);

  on_done (data, good, error);
}

static void
on_synced (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean good = vm_agent_sync_finish (VM_AGENT (source), result, &error);

  on_done (data, good, error);
}

static void
begin (VmtAgentRun *self)
{
  const VmtOptions *options = self->options;
  VmAgentSyncFlags flags = VM_AGENT_SYNC_FLAGS_NONE;

  if (!options->their_folder) {
    vm_agent_send_files_async (self->agent, options->target,
        (const gchar *const *) options->files, self->cancellable, on_sent,
        self);
    return;
  }
  if (options->watch)
    flags |= VM_AGENT_SYNC_FLAGS_WATCH;
  if (options->dry_run)
    flags |= VM_AGENT_SYNC_FLAGS_DRY_RUN;
  if (options->delete_many)
    flags |= VM_AGENT_SYNC_FLAGS_DELETE;
  vm_agent_sync_async (self->agent, options->target, options->files[0],
      options->their_folder, flags, self->cancellable, on_synced, self);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer data)
{
  VmtAgentRun *self = data;
  g_autoptr (GError) error = NULL;

  if (vm_agent_start_finish (VM_AGENT (source), result, &error)) {
    vmt_agent_run_tell_ready (self);
    begin (self);
  } else {
    vmt_agent_run_fail (self, error);
    vmt_agent_run_quit (self);
  }
}

/* Before anybody is asked for. */
static gboolean
check_files (const VmtOptions *options, VmtOutput *output)
{
  gboolean good = TRUE;

  for (guint i = 0; options->files[i]; i++) {
    g_autofree gchar *safe = vmt_text_safe (options->files[i]);
    g_autofree gchar *text = NULL;

    if (options->their_folder
        && !g_file_test (options->files[i], G_FILE_TEST_EXISTS))
      continue; /* it is made */
    if (access (options->files[i], R_OK) == 0
        && (!options->their_folder
            || g_file_test (options->files[i], G_FILE_TEST_IS_DIR)))
      continue;
    text = g_strdup_printf (options->their_folder
                                ? "%s cannot be read, or is no folder; nothing "
                                  "was synced."
                                : "%s cannot be read; nothing was sent.",
        safe);
    vmt_output_error (output, vm_error_to_code (VM_ERROR_NOT_FOUND), text);
    good = FALSE;
  }
  return good;
}

static gint
run (const VmtOptions *options, VmtOutput *output)
{
  VmtAgentRun *self;
  gint status;

  if (!check_files (options, output))
    return VMT_EXIT_FAILED;
  self = vmt_agent_run_new (options, output);
  if (!self)
    return VMT_EXIT_FAILED;
  vm_agent_start_async (self->agent, NULL, on_started, self);
  vmt_agent_run_loop (self);
  status = self->status;
  vmt_agent_run_free (self);
  return status;
}

gint
vmt_agent_send (const VmtOptions *options, VmtOutput *output)
{
  return run (options, output);
}

gint
vmt_cmd_sync (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  return run (options, output);
}
