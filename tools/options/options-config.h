/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"

/* Options that stand in a file: of server in that of --config, group [server];
 * of all other commands in ~/.config/videomeet/config, group [videomeet], if it
 * is there. Errors are sentences for the user. */

/* Puts what the file says in front of the command line, where the later of two
 * values wins; of a list, and of an option and its file (--pin, --pin-file),
 * the command line alone counts if it has one. An option of another command is
 * passed over. */
gboolean vmt_options_read_config (VmtOptions *options, VmtCommand command,
    gint *argc, gchar ***argv, GError **error);
/* Whether the value of the option @key is that of the file. */
gboolean vmt_options_is_default (const VmtOptions *options, const gchar *key);
/* Whether @command takes --no-config. */
gboolean vmt_options_has_own_config (VmtCommand command);
/* Writes the answer @key=@value into ~/.config/videomeet/config, and leaves
 * what stands there besides. */
gboolean
vmt_options_keep_answer (const gchar *key, gboolean value, GError **error);
