/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"

/* Command lines of the launcher; the first word is the name of the command. */

/* Returns: (transfer full): NULL when @line is taken, else the sentence that
 * refuses it */
gchar *options_parse (VmtOptions *options, const gchar *line);
/* Fails the test when @line is refused. */
void options_taken (const gchar *line);
/* Fails the test when @line is taken, or @fragment is not in the sentence. */
void options_refused (const gchar *line, const gchar *fragment);
