/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Checks of text from others. Pure: any thread. */

/* Valid UTF-8 without U+0000. */
gboolean vm_text_is_utf8 (const gchar *text, gsize size);
/* Valid UTF-8, at most @max bytes, no control characters: a name. */
gboolean vm_text_is_name (const gchar *text, gsize max);
/* Whether the character at @at of @text, valid UTF-8, is a joiner (U+200C,
 * U+200D) or an emoji's variation selector (U+FE0F) where writing needs it: as
 * RFC 5892 A.1 and A.2 have them between letters, or within an emoji sequence
 * (UTS 51). Elsewhere it only makes two names look the same. */
gboolean vm_text_needs_joiner (const gchar *text, const gchar *at);
/* The name of a person or a meeting: vm_text_is_name() without blanks around it
 * and without invisible characters, but for joiners where writing needs them.
 */
gboolean vm_text_is_label (const gchar *text, gsize max);
/* The form that names which look the same share: it ignores compatible
 * characters, case, the width of blanks and invisible characters. @text is
 * UTF-8. */
gchar *vm_text_skeleton (const gchar *text);
/* Whether two names have one skeleton, or, with the meson option icu, are of
 * letters of several scripts that look alike (UTS 39); NULL matches only NULL.
 */
gboolean vm_text_looks_like (const gchar *text, const gchar *other);
/* vm_text_is_name() with newlines and tabs: a chat text. */
gboolean vm_text_is_lines (const gchar *text, gsize max);
/* @text as a name: cut at @max bytes, between characters, with blanks in place
 * of forbidden characters. */
gchar *vm_text_to_name (const gchar *text, gsize max);
/* Likewise as a label, without invisible characters. */
gchar *vm_text_to_label (const gchar *text, gsize max);
/* One copy of @text for all callers: for names with very many holders. Any
 * thread. Returns: (transfer full), and NULL for NULL; release it with
 * vm_text_unshare() only. */
gchar *vm_text_share (const gchar *text);
void vm_text_unshare (gchar *text);
