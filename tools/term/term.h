/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/agentrun.h"

/* What the files of the command term share. */

gint vmt_term_share (const VmtOptions *options, VmtOutput *output);
gint vmt_term_view (const VmtOptions *options, VmtOutput *output);

/* Says who watches, asks and controls, by the output that @run has then; until
 * vmt_term_news_disconnect(). */
void vmt_term_news_connect (VmTerminal *terminal, VmtAgentRun *run);
void vmt_term_news_disconnect (VmTerminal *terminal, VmtAgentRun *run);
/* "2 watch: bob, carl" Returns: (transfer full) */
gchar *vmt_term_tell_viewers (VmTerminal *terminal);
/* The controller, to be shown; or NULL. Returns: (transfer full) */
gchar *vmt_term_get_controller (VmTerminal *terminal);
