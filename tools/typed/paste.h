/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "typed/typed.h"

/* What a terminal brackets as pasted, ESC [200~ … ESC [201~, is told from keys.
 * Nothing is read or drawn here. */

#define VMT_PASTE_ON "\033[?2004h"
#define VMT_PASTE_OFF "\033[?2004l"
/* of a longer one nothing is taken */
#define VMT_PASTE_MAX VMT_TYPED_LINE_MAX

typedef struct
{
  GString *bytes; /* of the paste, or of its beginning that is not whole */
  gboolean open; /* the end has not come yet */
  gboolean too_long;
} VmtPaste;

typedef struct
{
  void (*keys) (const gchar *bytes, gsize size, gpointer user_data);
  /* @text: as of vmt_paste_clean(); NULL: it was longer than VMT_PASTE_MAX */
  void (*pasted) (const gchar *text, gpointer user_data);
} VmtPasteFuncs;

/* Whether the terminal may be asked to. */
gboolean vmt_paste_is_bracketed (void);
/* @bytes as the terminal sends them. Of several ends in what is at hand the
 * last one is the terminal's own; the others were pasted. */
void vmt_paste_take (VmtPaste *paste, const gchar *bytes, gsize size,
    const VmtPasteFuncs *funcs, gpointer user_data);
void vmt_paste_clear (VmtPaste *paste);

/* Valid UTF-8 in lines: without control characters but newlines and tabs, and
 * without newlines around it. */
gchar *vmt_paste_clean (const gchar *bytes, gsize size);
