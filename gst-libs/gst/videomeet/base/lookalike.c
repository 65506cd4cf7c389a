/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names that look the same. */

#include "base/text.h"
#include "vmfeatures.h"

#include <string.h>

#if HAVE_ICU
#include <unicode/uspoof.h>
#endif

/* What the skeleton of an ASCII text has at *@text, or '\0' at its end. */
static gchar
next_of_skeleton (const gchar **text, gboolean first)
{
  const gchar *p = *text;

  while (g_ascii_isspace (*p) || g_ascii_iscntrl (*p)) {
    if (*p == '\0')
      return '\0';
    p++;
  }
  if (p > *text && !first && *p) {
    *text = p;
    return ' ';
  }
  *text = *p ? p + 1 : p;
  return g_ascii_tolower (*p);
}

/* Most names are ASCII, and a participant is compared with all others. */
static gboolean
has_same_ascii_skeleton (const gchar *text, const gchar *other)
{
  gboolean first = TRUE;
  gchar a, b;

  do {
    a = next_of_skeleton (&text, first);
    b = next_of_skeleton (&other, first);
    first = FALSE;
  } while (a == b && a);
  return a == b;
}

static gboolean
has_same_skeleton (const gchar *text, const gchar *other)
{
  g_autofree gchar *a = vm_text_skeleton (text);
  g_autofree gchar *b = vm_text_skeleton (other);

  return strcmp (a, b) == 0;
}

#if HAVE_ICU

static gpointer
open_checker (gpointer none)
{
  UErrorCode status = U_ZERO_ERROR;

  return uspoof_open (&status);
}

/* What letters of any script that look alike share (UTS 39 §4), or NULL. */
static gchar *
confuse (const gchar *text)
{
  static GOnce once = G_ONCE_INIT;
  const USpoofChecker *checker = g_once (&once, open_checker, NULL);
  UErrorCode status = U_ZERO_ERROR;
  g_autofree gchar *out = NULL;
  gint32 size;

  if (!checker || strlen (text) > G_MAXINT32 / 2)
    return NULL;
  size = uspoof_getSkeletonUTF8 (checker, 0, text, -1, NULL, 0, &status);
  if (status != U_BUFFER_OVERFLOW_ERROR)
    return NULL;
  status = U_ZERO_ERROR;
  out = g_malloc ((gsize) size + 1);
  uspoof_getSkeletonUTF8 (checker, 0, text, -1, out, size + 1, &status);
  return U_SUCCESS (status) ? g_steal_pointer (&out) : NULL;
}

static gboolean
is_confused (const gchar *text, const gchar *other)
{
  g_autofree gchar *a = confuse (text);
  g_autofree gchar *b = confuse (other);

  return a && b && has_same_skeleton (a, b);
}

/* Of Cyrillic letters that look like Latin ones some do so as capitals only,
 * and of Latin ones I and l look alike, and i and l do not: hence both. Within
 * ASCII nothing is confused, or Room 1 were Room l: vm_text_looks_like() does
 * not ask for two of these. */
static gboolean
is_look_alike (const gchar *text, const gchar *other)
{
  g_autofree gchar *a = NULL;
  g_autofree gchar *b = NULL;

  if (is_confused (text, other))
    return TRUE;
  a = vm_text_skeleton (text);
  b = vm_text_skeleton (other);
  return is_confused (a, b);
}

#else

static gboolean
is_look_alike (const gchar *text, const gchar *other)
{
  return FALSE;
}

#endif

gboolean
vm_text_looks_like (const gchar *text, const gchar *other)
{
  if (!text || !other)
    return text == other;
  if (g_str_is_ascii (text) && g_str_is_ascii (other))
    return has_same_ascii_skeleton (text, other);
  return has_same_skeleton (text, other) || is_look_alike (text, other);
}
