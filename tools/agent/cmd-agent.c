/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Stays in a room of a server, and takes and shares what others send and
 * sync. */

#include "agent/agentrun.h"
#include "cmd/commands.h"
#include "cmd/transfer.h"
#include "term/termserve.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A server that is not there yet is tried again; the pauses double. */
#define PAUSE_MIN 1 /* s */
#define PAUSE_MAX 30 /* s */

typedef struct
{
  VmtAgentRun *run;
  GQueue asked; /* of guint64: transfers that wait for an answer */
  guint pause; /* s */
  GIOChannel *typed; /* or NULL */
  VmtTermServe *term; /* or NULL */
} Agent;

static void start (Agent *self);

/* Questions */

static void
on_offer (VmAgent *agent, const VmAgentTransfer *transfer, gpointer data)
{
  Agent *self = data;
  g_autofree gchar *name = vmt_text_safe (transfer->name);
  g_autofree gchar *user = vmt_text_safe (transfer->user);
  g_autofree gchar *size = g_format_size (transfer->size);

  g_queue_push_tail (
      &self->asked, g_memdup2 (&transfer->id, sizeof transfer->id));
  if (!isatty (STDIN_FILENO)) {
    vm_agent_answer (agent, transfer->id, FALSE);
    vmt_output_warning (self->run->output, NULL,
        "There is nobody to ask: run this at a terminal and type y or n, or "
        "with --accept auto.");
    return;
  }
  if (transfer->kind == VM_AGENT_KIND_SYNC)
    vmt_output_line (self->run->output, VMT_STYLE_STRONG,
        "%s (%s) syncs “%s”: let it? [y/n]", user, transfer->device_id, name);
  else
    vmt_output_line (self->run->output, VMT_STYLE_STRONG,
        "%s (%s) sends “%s” (%s): take it? [y/n]", user, transfer->device_id,
        name, size);
}

static gboolean
on_typed (GIOChannel *channel, GIOCondition condition, gpointer data)
{
  Agent *self = data;
  g_autofree gchar *line = NULL;
  g_autofree guint64 *id = NULL;

  if (g_io_channel_read_line (channel, &line, NULL, NULL, NULL)
      != G_IO_STATUS_NORMAL)
    return G_SOURCE_REMOVE;
  g_strstrip (line);
  if (strcmp (line, "y") != 0 && strcmp (line, "n") != 0)
    return G_SOURCE_CONTINUE;
  id = g_queue_pop_head (&self->asked);
  if (id)
    vm_agent_answer (self->run->agent, *id, *line == 'y');
  return G_SOURCE_CONTINUE;
}

/* Start */

static gboolean
on_pause_over (gpointer data)
{
  start (data);
  return G_SOURCE_REMOVE;
}

static gboolean
is_passing (const GError *error)
{
  return g_error_matches (error, VM_ERROR, VM_ERROR_DISCONNECTED)
         || g_error_matches (error, VM_ERROR, VM_ERROR_TIMEOUT)
         || g_error_matches (error, VM_ERROR, VM_ERROR_RATE_LIMITED)
         || g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer data)
{
  Agent *self = data;
  g_autoptr (GError) error = NULL;

  if (vm_agent_start_finish (VM_AGENT (source), result, &error)) {
    vmt_agent_run_tell_ready (self->run);
    if (self->run->options->term)
      self->term = vmt_term_serve_new (self->run);
  } else if (self->run->interrupted) {
    return;
  } else if (is_passing (error)) {
    g_autofree gchar *why = vmt_text_safe (error->message);
    g_autofree gchar *text =
        g_strdup_printf ("%s; trying again in %u s.", why, self->pause);

    vmt_output_warning (self->run->output, vm_error_get_code (error), text);
    g_timeout_add_seconds (self->pause, on_pause_over, self);
    self->pause = MIN (2 * self->pause, PAUSE_MAX);
  } else {
    vmt_agent_run_fail (self->run, error);
    vmt_agent_run_quit (self->run);
  }
}

static void
start (Agent *self)
{
  vm_agent_start_async (self->run->agent, NULL, on_started, self);
}

static gboolean
on_duration (gpointer data)
{
  vmt_agent_run_quit (((Agent *) data)->run);
  return G_SOURCE_REMOVE;
}

static gboolean
make_folders (const VmtOptions *options, VmtOutput *output)
{
  g_autoptr (GError) error = NULL;

  if ((!options->files_dir
          || vmt_transfer_make_folder (options->files_dir, &error))
      && (!options->share_dir
          || vmt_transfer_make_folder (options->share_dir, &error)))
    return TRUE;
  vmt_output_error (output, vm_error_get_code (error), error->message);
  return FALSE;
}

gint
vmt_cmd_agent (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  Agent self = { .pause = PAUSE_MIN };
  gint status;

  if (!make_folders (options, output))
    return VMT_EXIT_FAILED;
  self.run = vmt_agent_run_new (options, output);
  if (!self.run)
    return VMT_EXIT_FAILED;
  g_signal_connect (self.run->agent, "offer", G_CALLBACK (on_offer), &self);
  if (options->accept == VM_ACCEPT_ASK && isatty (STDIN_FILENO)) {
    self.typed = g_io_channel_unix_new (STDIN_FILENO);
    g_io_add_watch (self.typed, G_IO_IN | G_IO_HUP, on_typed, &self);
  }
  if (options->duration > 0)
    g_timeout_add ((guint) (options->duration * 1000), on_duration, &self);
  start (&self);
  vmt_agent_run_loop (self.run);
  while (g_source_remove_by_user_data (&self))
    continue;
  g_signal_handlers_disconnect_by_data (self.run->agent, &self);
  g_clear_pointer (&self.term, vmt_term_serve_free);
  status = self.run->status;
  vmt_agent_run_free (self.run);
  g_clear_pointer (&self.typed, g_io_channel_unref);
  g_queue_clear_full (&self.asked, g_free);
  return status;
}
