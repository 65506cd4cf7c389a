/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"

/* The options of agent, sync and term, and of send with --server. Errors are
 * sentences for the user. */

/* --server and --room, and what goes with them. */
void
vmt_options_add_agent (GArray *all, VmtOptions *options, VmtCommand command);
/* "NAME=file,folder,terminal:control". @name: (out) (optional) (transfer full)
 */
gboolean vmt_allow_parse (const gchar *text, gchar **name,
    VmPermissions *permissions, GError **error);
/* Whether what is needed is there, and nothing that is of no use; takes the
 * command of --term apart. */
gboolean vmt_options_check_agent (
    VmtOptions *options, VmtCommand command, GError **error);
/* share [COMMAND…], or view NAME */
gboolean
vmt_options_take_term (VmtOptions *options, gchar **rest, GError **error);
/* DIR NAME:FOLDER */
gboolean
vmt_options_take_sync (VmtOptions *options, gchar **rest, GError **error);
