/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"
#include "ui/output.h"

/* A time in a meeting, from the command line to the summary: what host and
 * join have in common. */

/* @target: the meeting's name, or its videomeet:// address. @start_us: the
 * monotonic time at which the program began, from which --duration counts.
 * Returns the exit status. */
gint vmt_session_run (const VmtOptions *options, VmtOutput *output,
    VmMeetingMode mode, const gchar *meeting, const gchar *uri,
    gint64 start_us);
