/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Of two texts of UTF-8, capitals or not: how many letters are wrong, too many
 * or missing. Two neighbours that are swapped are one. */
guint vmt_spelling_distance (const gchar *a, const gchar *b);
/* The one of @names that @text was probably meant to be, or NULL. */
const gchar *
vmt_spelling_nearest (const gchar *text, const gchar *const *names);
