/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/text.h"

#include <string.h>
#include <unictype.h>

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

/* Joiners */

#define ZWNJ 0x200c
#define ZWJ 0x200d
#define VARIATION_SELECTOR_16 0xfe0f /* an emoji, in colours */
#define VIRAMA 9 /* Canonical_Combining_Class */

/* The character before *@at, to which *@at moves; 0 at the beginning. */
static gunichar
step_back (const gchar *text, const gchar **at)
{
  const gchar *before = g_utf8_find_prev_char (text, *at);

  *at = before ? before : text;
  return before ? g_utf8_get_char (before) : 0;
}

static gboolean
joins_next (const gchar *text, const gchar *at)
{
  gunichar c;

  while (
      (c = step_back (text, &at)) && uc_joining_type (c) == UC_JOINING_TYPE_T)
    ;
  return c
         && (uc_joining_type (c) == UC_JOINING_TYPE_D
             || uc_joining_type (c) == UC_JOINING_TYPE_L);
}

static gboolean
joins_previous (const gchar *at)
{
  while (*at && uc_joining_type (g_utf8_get_char (at)) == UC_JOINING_TYPE_T)
    at = g_utf8_next_char (at);
  return *at
         && (uc_joining_type (g_utf8_get_char (at)) == UC_JOINING_TYPE_D
             || uc_joining_type (g_utf8_get_char (at)) == UC_JOINING_TYPE_R);
}

static gboolean
is_emoji (gunichar c)
{
  return uc_is_property_extended_pictographic (c);
}

/* Behind an emoji, whatever its colour of skin. */
static gboolean
follows_emoji (const gchar *text, const gchar *at)
{
  gunichar c;

  while ((c = step_back (text, &at)) == VARIATION_SELECTOR_16
         || (c >= 0x1f3fb && c <= 0x1f3ff))
    ;
  return is_emoji (c);
}

gboolean
vm_text_needs_joiner (const gchar *text, const gchar *at)
{
  gunichar c = g_utf8_get_char (at);
  const gchar *next = g_utf8_next_char (at), *before = at;

  if (c == VARIATION_SELECTOR_16)
    return is_emoji (step_back (text, &before));
  if (c != ZWNJ && c != ZWJ)
    return FALSE;
  if (g_unichar_combining_class (step_back (text, &before)) == VIRAMA)
    return TRUE;
  return c == ZWNJ
             ? joins_next (text, at) && joins_previous (next)
             : follows_emoji (text, at) && is_emoji (g_utf8_get_char (next));
}

/* Names */

/* Unicode's Default_Ignorable_Code_Point (UAX #44) beside the format
 * characters, and the blank of Braille. */
static const struct
{
  gunichar first, last;
} unseen[] = {
  { 0x034f, 0x034f },
  { 0x115f, 0x1160 },
  { 0x17b4, 0x17b5 },
  { 0x180b, 0x180f },
  { 0x2060, 0x206f },
  { 0x2800, 0x2800 },
  { 0x3164, 0x3164 },
  { 0xfe00, 0xfe0f },
  { 0xffa0, 0xffa0 },
  { 0xfff0, 0xfff8 },
  { 0xe0000, 0xe0fff },
};

static gboolean
is_unseen (gunichar c)
{
  if (c < 0x80)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (unseen); i++) {
    if (c >= unseen[i].first && c <= unseen[i].last)
      return TRUE;
  }
  return g_unichar_type (c) == G_UNICODE_FORMAT;
}

static gboolean
is_blank (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return g_unichar_isspace (c) || type == G_UNICODE_LINE_SEPARATOR
         || type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

gboolean
vm_text_is_label (const gchar *text, gsize max)
{
  gunichar c = 'a';

  if (!vm_text_is_name (text, max)
      || (*text && is_blank (g_utf8_get_char (text))))
    return FALSE;
  for (const gchar *p = text; *p; p = g_utf8_next_char (p)) {
    c = g_utf8_get_char (p);
    if (is_unseen (c) && !vm_text_needs_joiner (text, p))
      return FALSE;
  }
  return !is_blank (c);
}

/* What is seen of @text, one space for any blanks between; with @joined, what
 * joins letters and emoji too. */
static gchar *
drop_unseen (const gchar *text, gsize max, gboolean joined)
{
  GString *out = g_string_new (NULL);
  gboolean blank = FALSE;

  for (const gchar *p = text; *p; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    if (is_blank (c) || g_unichar_iscntrl (c)) {
      blank = out->len > 0;
    } else if (!is_unseen (c) || (joined && vm_text_needs_joiner (text, p))) {
      if (out->len + blank + g_unichar_to_utf8 (c, NULL) > max)
        break;
      if (blank)
        g_string_append_c (out, ' ');
      g_string_append_unichar (out, c);
      blank = FALSE;
    }
  }
  return g_string_free (out, FALSE);
}

/* Unicode §3.13, compatibility caseless matching (D146). */
gchar *
vm_text_skeleton (const gchar *text)
{
  g_autofree gchar *seen = drop_unseen (text, G_MAXSIZE - 8, FALSE);
  g_autofree gchar *apart = NULL;
  g_autofree gchar *folded = NULL;
  g_autofree gchar *together = NULL;
  g_autofree gchar *again = NULL;

  if (g_str_is_ascii (seen))
    return g_ascii_strdown (seen, -1);
  apart = g_utf8_normalize (seen, -1, G_NORMALIZE_NFD);
  folded = g_utf8_casefold (apart, -1);
  together = g_utf8_normalize (folded, -1, G_NORMALIZE_NFKC);
  again = g_utf8_casefold (together, -1);
  return g_utf8_normalize (again, -1, G_NORMALIZE_NFKC);
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
vm_text_to_label (const gchar *text, gsize max)
{
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);

  return drop_unseen (valid, max, TRUE);
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
