/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"
#include "ui/output.h"

/* One function a subcommand, each in cmd-<name>.c; @start_us is the monotonic
 * time at which the program began. They return the exit status. */
#define VMT_EXIT_OK 0
#define VMT_EXIT_FAILED 1
#define VMT_EXIT_USAGE 2
/* what a shell says of a program ended by Ctrl-C */
#define VMT_EXIT_SIGNAL 130
/* The same in words, for every --help. */
#define VMT_EXIT_TEXT                                                      \
  "Exit status: 0 on success, 1 when something failed (a lost recording\n" \
  "is a failure), 2 for a wrong command line, 130 after a second\n"        \
  "Ctrl-C, or when a join is given up. Errors go to the standard error.\n" \
  "videomeet(1) has examples.\n"

gint vmt_cmd_discover (
    const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_host (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_join (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_call (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_answer (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_status (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_known (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_forget (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_trust (const VmtOptions *options, VmtOutput *output, gint64 start_us);
/* Its action request. */
gint vmt_trust_request (const VmtOptions *options, VmtOutput *output);
gint
vmt_cmd_send (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_receive (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_agent (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_sync (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_term (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_server (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_cert (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_doctor (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_devices (const VmtOptions *options, VmtOutput *output, gint64 start_us);
