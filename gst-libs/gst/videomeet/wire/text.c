/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "text.h"

#include <string.h>

#define EACH(byte) (G_MAXUINT64 / 0xff * (byte))

/* A word at a time as long as it is ASCII. */
gboolean
vm_text_is_utf8 (const gchar *text, gsize size)
{
  guint64 word;

  for (; size >= sizeof word; text += sizeof word, size -= sizeof word) {
    memcpy (&word, text, sizeof word);
    if ((word | (word - EACH (1))) & EACH (0x80))
      break;
  }
  return g_utf8_validate_len (text, size, NULL);
}

static gboolean
is_text (const gchar *text, gsize max, const gchar *allowed)
{
  gsize size = strlen (text);

  if (size > max || !g_utf8_validate (text, size, NULL))
    return FALSE;
  for (const gchar *p = text; *p; p = g_utf8_next_char (p)) {
    if (g_unichar_iscntrl (g_utf8_get_char (p)) && !strchr (allowed, *p))
      return FALSE;
  }
  return TRUE;
}

gboolean
vm_text_is_name (const gchar *text, gsize max)
{
  return is_text (text, max, "");
}

gboolean
vm_text_is_lines (const gchar *text, gsize max)
{
  return is_text (text, max, "\n\t");
}

gchar *
vm_text_to_name (const gchar *text, gsize max)
{
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);
  GString *out = g_string_new (NULL);

  for (const gchar *p = valid; *p; p = g_utf8_next_char (p)) {
    gunichar character = g_utf8_get_char (p);

    if (g_unichar_iscntrl (character))
      character = ' ';
    if (out->len + g_unichar_to_utf8 (character, NULL) > max)
      break;
    g_string_append_unichar (out, character);
  }
  return g_string_free (out, FALSE);
}

gchar *
vm_text_share (const gchar *text)
{
  return text ? g_ref_string_new_intern (text) : NULL;
}

void
vm_text_unshare (gchar *text)
{
  if (text)
    g_ref_string_release (text);
}
