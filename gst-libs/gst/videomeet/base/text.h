/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What a text that somebody else wrote may hold. Pure: any thread. */

/* Valid UTF-8 without U+0000. */
gboolean vm_text_is_utf8 (const gchar *text, gsize size);
/* Valid UTF-8, at most @max bytes, no control characters: a name. */
gboolean vm_text_is_name (const gchar *text, gsize max);
/* A name that people know one another by, or a meeting: vm_text_is_name()
 * without characters that are not seen and without blanks around it. */
gboolean vm_text_is_label (const gchar *text, gsize max);
/* What names that look the same have in common: compatible characters, case,
 * the width of blanks and what is not seen make no difference. @text is
 * UTF-8. */
gchar *vm_text_skeleton (const gchar *text);
/* Whether two names have one skeleton; NULL is like NULL alone. */
gboolean vm_text_looks_like (const gchar *text, const gchar *other);
/* vm_text_is_name() with newlines and tabs: what is said. */
gboolean vm_text_is_lines (const gchar *text, gsize max);
/* @text as a name: cut at @max bytes, between characters, and what a name must
 * not have replaced by blanks. */
gchar *vm_text_to_name (const gchar *text, gsize max);
/* Likewise as a label: what is not seen is left out. */
gchar *vm_text_to_label (const gchar *text, gsize max);
/* One copy of @text for all who ask for it: for names that very many have, or
 * that several hold of each of very many. Any thread. Returns: (transfer full),
 * and NULL for NULL; to be given back by vm_text_unshare() alone. */
gchar *vm_text_share (const gchar *text);
void vm_text_unshare (gchar *text);
