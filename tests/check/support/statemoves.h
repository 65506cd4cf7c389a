/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef const gchar *(*StateName) (guint state);
/* What the machine's own function says of a step, and does to @state. */
typedef gboolean (*StateMove) (guint *state, guint to);

/* Tries every step between @n states. A row of @table is a state's name and
 * those of the states where it may go; any other step changes nothing and
 * warns with @refusal, a pattern around both names. */
void state_moves_check (const gchar *const *table, guint n, StateName name,
    StateMove move, const gchar *refusal);
