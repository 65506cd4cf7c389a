/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Whether the character at @at of @text, valid UTF-8, is a joiner (U+200C,
 * U+200D) or an emoji's variation selector (U+FE0F) where writing needs it: as
 * RFC 5892 A.1 and A.2 have them between letters, or within an emoji sequence
 * (UTS 51). Elsewhere it only makes two names look the same. Pure: any thread.
 */
gboolean vm_joiner_is_needed (const gchar *text, const gchar *at);
