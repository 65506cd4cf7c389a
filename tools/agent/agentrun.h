/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"
#include "ui/output.h"

/* What the commands that run an agent share: the agent with what the command
 * line says of it, what it tells, and how it ends. */

typedef struct
{
  const VmtOptions *options;
  VmtOutput *output;
  VmAgent *agent;
  GMainLoop *loop;
  GCancellable *cancellable; /* by Ctrl-C */
  GHashTable *speeds; /* transfer id -> VmtAgentSpeed */
  gboolean interrupted;
  gboolean lost; /* the server; the user was told */
  gint status;
  void (*begin) (gpointer user_data);
  gpointer begin_data;
} VmtAgentRun;

/* NULL, after an error was told: the device has no key. */
VmtAgentRun *vmt_agent_run_new (const VmtOptions *options, VmtOutput *output);
/* Leaves the room first. */
void vmt_agent_run_free (VmtAgentRun *self);
/* Runs until vmt_agent_run_quit(), Ctrl-C or the end of `--duration`; a second
 * Ctrl-C ends the program. */
void vmt_agent_run_loop (VmtAgentRun *self);
/* The same, and starts the agent first: @begin is called when it is ready. What
 * cannot start is told, and ends it. */
void vmt_agent_run_start_and_loop (
    VmtAgentRun *self, void (*begin) (gpointer user_data), gpointer user_data);
void vmt_agent_run_quit (VmtAgentRun *self);
/* Tells it, and that the command has failed. */
void vmt_agent_run_fail (VmtAgentRun *self, const GError *error);
void vmt_agent_run_tell_ready (VmtAgentRun *self);

/* cmd-sync.c: send with --server */
gint vmt_agent_send (const VmtOptions *options, VmtOutput *output);
