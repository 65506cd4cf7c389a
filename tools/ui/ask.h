/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ui/output.h"

#define VMT_ASK_MAX 128 /* bytes of an answer */

/* Whether the user can be asked: both ends are a terminal, in the foreground.
 */
gboolean vmt_can_ask (VmtOutput *output);
/* Asks @question and waits for a line, for @seconds at most; what is typed is
 * not shown. NULL: nothing was entered, or Ctrl-C was; *@given_up: the latter.
 * Blocks, and runs the default main context; leaves the terminal as it was.
 * Transfer full. */
gchar *vmt_ask (VmtOutput *output, const gchar *question, guint seconds,
    gboolean *given_up);
