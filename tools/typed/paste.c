/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "typed/paste.h"

#include <string.h>

#define START "\033[200~"
#define END "\033[201~"
#define MARK_SIZE (sizeof START - 1) /* of both */

gboolean
vmt_paste_is_bracketed (void)
{
  const gchar *term = g_getenv ("TERM");

  return term && *term && !g_str_equal (term, "dumb");
}

static gchar *
find (const GString *bytes, gsize from, const gchar *mark)
{
  return memmem (bytes->str + from, bytes->len - from, mark, MARK_SIZE);
}

static gchar *
find_last_end (const GString *bytes)
{
  gchar *last = NULL, *at;

  for (gsize from = 0; (at = find (bytes, from, END));
       from = (gsize) (at - bytes->str) + MARK_SIZE)
    last = at;
  return last;
}

/* The bytes at the end that may be the beginning of START. */
static gsize
count_unfinished (const GString *bytes)
{
  gsize n = MIN (bytes->len, MARK_SIZE - 1);

  while (n && memcmp (bytes->str + bytes->len - n, START, n) != 0)
    n--;
  return n;
}

static void
pass_keys (
    VmtPaste *self, gsize size, const VmtPasteFuncs *funcs, gpointer data)
{
  g_autofree gchar *keys = g_memdup2 (self->bytes->str, size);

  g_string_erase (self->bytes, 0, (gssize) size);
  if (size)
    funcs->keys (keys, size, data);
}

static void
finish (VmtPaste *self, gsize size, const VmtPasteFuncs *funcs, gpointer data)
{
  g_autofree gchar *text = self->too_long || size > VMT_PASTE_MAX
                               ? NULL
                               : vmt_paste_clean (self->bytes->str, size);

  g_string_erase (self->bytes, 0, (gssize) (size + MARK_SIZE));
  self->open = self->too_long = FALSE;
  funcs->pasted (text, data);
}

void
vmt_paste_take (VmtPaste *self, const gchar *bytes, gsize size,
    const VmtPasteFuncs *funcs, gpointer user_data)
{
  gchar *at;

  if (!self->bytes)
    self->bytes = g_string_new (NULL);
  g_string_append_len (self->bytes, bytes, (gssize) size);
  while (self->bytes->len) {
    if (self->open) {
      if (!(at = find_last_end (self->bytes)))
        break;
      finish (self, (gsize) (at - self->bytes->str), funcs, user_data);
    } else if ((at = find (self->bytes, 0, START))) {
      pass_keys (self, (gsize) (at - self->bytes->str), funcs, user_data);
      g_string_erase (self->bytes, 0, MARK_SIZE);
      self->open = TRUE;
    } else {
      pass_keys (self, self->bytes->len - count_unfinished (self->bytes), funcs,
          user_data);
      break;
    }
  }
  /* what is left may be the beginning of END */
  if (self->open && self->bytes->len >= VMT_PASTE_MAX + MARK_SIZE) {
    self->too_long = TRUE;
    g_string_erase (
        self->bytes, 0, (gssize) (self->bytes->len - (MARK_SIZE - 1)));
  }
}

void
vmt_paste_clear (VmtPaste *self)
{
  if (self->bytes)
    g_string_free (self->bytes, TRUE);
  *self = (VmtPaste){ NULL };
}

gchar *
vmt_paste_clean (const gchar *bytes, gsize size)
{
  g_autofree gchar *valid = g_utf8_make_valid (bytes, (gssize) size);
  GString *out = g_string_sized_new (size);

  for (const gchar *p = valid; *p; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    if (g_str_has_prefix (p, START) || g_str_has_prefix (p, END))
      p += MARK_SIZE - 1;
    else if (c == '\r')
      g_string_append_c (out, '\n');
    else if (c == '\n' && p > valid && p[-1] == '\r')
      continue;
    else if (c == '\n' || c == '\t' || !g_unichar_iscntrl (c))
      g_string_append_unichar (out, c);
  }
  while (out->len && out->str[out->len - 1] == '\n')
    g_string_truncate (out, out->len - 1);
  g_string_erase (out, 0, (gssize) strspn (out->str, "\n"));
  return g_string_free (out, FALSE);
}
