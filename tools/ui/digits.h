/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How people are asked to compare the digits of a trust handshake, and what
 * they answer. */

#define VMT_ASKER_NAME_MAX 32 /* characters */

/* @name, which a peer chose, as part of a question: safe to show, on one line,
 * so short that it cannot look like a question of its own. */
gchar *vmt_asker_name (const gchar *name);
/* "123 456: does the screen of “Ann” show the same? [y/n]"; @name and @digits
 * come from a peer or the library and are made safe. The digits come first:
 * nothing that a peer chose stands before them. */
gchar *vmt_digits_question (const gchar *name, const gchar *digits);
/* y, yes, n or no, in either case, blanks around it; FALSE: something else. */
gboolean vmt_answer_parse (const gchar *line, gboolean *yes);
