/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"

/* The options of each command as a table, from which its help and the
 * completions of shells are made. */

#define VMT_HELP_COLUMNS_MIN                      \
  40 /* narrower terminals break lines themselves \
      */

/* Appends "NAME  DESCRIPTION", with the description in a column of its own from
 * @left on where there is room for one, else beneath the name. */
void vmt_help_add_item (GString *out, const gchar *name,
    const gchar *description, gint left, gint columns);

/* Returns: (transfer full): of GOptionEntry, without the one that ends them */
GArray *vmt_options_list (VmtCommand command);

/* What --help says. @columns: of the terminal. @entries: the options */
gchar *
vmt_help_format (VmtCommand command, const GArray *entries, gint columns);
/* Likewise, of the program without a command. */
gchar *vmt_help_format_program (gint columns);

/* A script for @shell ("bash", "zsh", "fish") that completes commands, options
 * and values; NULL: another shell. */
gchar *vmt_completion_format (const gchar *shell);
