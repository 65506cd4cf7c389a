/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/joiner.h"

#include <unictype.h>

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
vm_joiner_is_needed (const gchar *text, const gchar *at)
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
