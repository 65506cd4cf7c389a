/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options.h"
#include "output.h"

/* One function a subcommand, each in cmd-<name>.c; @start_us is the monotonic
 * time at which the program began. They return the exit status. */
#define VMT_EXIT_OK 0
#define VMT_EXIT_FAILED 1
#define VMT_EXIT_USAGE 2

gint vmt_cmd_discover (
    const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_host (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_join (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_status (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_known (const VmtOptions *options, VmtOutput *output, gint64 start_us);
gint
vmt_cmd_forget (const VmtOptions *options, VmtOutput *output, gint64 start_us);
