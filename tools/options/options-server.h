/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"

/* The options of server, on the command line and in a file. Errors are
 * sentences for the user. */

void vmt_options_add_server (GArray *all, VmtOptions *options);
/* What the file of --config says, in front of the command line, where the later
 * of two values wins; of a list the command line alone counts if it has one. */
gboolean vmt_options_read_config (
    VmtOptions *options, gint *argc, gchar ***argv, GError **error);
gboolean vmt_options_take_server (VmtOptions *options, GError **error);
void vmt_options_clear_server (VmtOptions *options);
