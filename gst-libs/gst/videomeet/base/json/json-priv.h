/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/json/json.h"

/* What json.c, jsongrammar.c and jsonstring.c share. */

/* FALSE with VM_ERROR_BAD_MESSAGE: the message is not JSON, for @what. */
gboolean vm_json_bad (GError **error, const gchar *what);

/* jsongrammar.c: whether @data, valid UTF-8, is one object or array and within
 * VM_JSON_DEPTH_MAX and @members_max. */
gboolean vm_json_check (
    const gchar *data, gsize size, guint members_max, GError **error);

/* jsonstring.c: the UTF-16 unit or pair behind a "\u" at @p (past the 'u'), RFC
 * 8259 §7, and how many bytes it took; -1 when it is invalid. A lone surrogate
 * has no UTF-8 and is invalid. */
gint vm_json_escaped_char (const gchar *p, const gchar *end, guint *used);
