/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How people are asked to compare the digits of a trust handshake, and what they
 * answer. */

/* "Does Ann's screen show 123 456? [y/n]"; @name and @digits come from a peer or
 * the library and are made safe. */
gchar *vmt_digits_question (const gchar *name, const gchar *digits);
/* y, yes, n or no, in either case, blanks around it; FALSE: something else. */
gboolean vmt_answer_parse (const gchar *line, gboolean *yes);
