/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/json/json-priv.h"

#include <string.h>

/* Strings as JSON writes them, RFC 8259 §7, and what they say. */

static gint
hex4 (const gchar *p)
{
  gint value = 0;

  for (guint i = 0; i < 4; i++) {
    gint digit = g_ascii_xdigit_value (p[i]);

    if (digit < 0)
      return -1;
    value = value << 4 | digit;
  }
  return value;
}

gint
vm_json_escaped_char (const gchar *p, const gchar *end, guint *used)
{
  gint high, low;

  if (end - p < 4 || (high = hex4 (p)) < 0)
    return -1;
  *used = 4;
  if (high < 0xd800 || high > 0xdfff)
    return high;
  if (high > 0xdbff || end - p < 10 || p[4] != '\\' || p[5] != 'u')
    return -1;
  low = hex4 (p + 6);
  if (low < 0xdc00 || low > 0xdfff)
    return -1;
  *used = 10;
  return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static gboolean
span_is_string (VmSpan span)
{
  return span.size >= 2 && span.data[0] == '"'
         && span.data[span.size - 1] == '"';
}

gchar *
vm_span_to_string (VmSpan span)
{
  static const gchar codes[] = "bfnrt", chars[] = "\b\f\n\r\t";
  const gchar *p, *end;
  GString *out;

  if (!span_is_string (span))
    return NULL;
  p = span.data + 1;
  end = span.data + span.size - 1;
  out = g_string_sized_new (span.size);
  while (p < end) {
    const gchar *escape = memchr (p, '\\', end - p), *code;

    g_string_append_len (out, p, (escape ? escape : end) - p);
    if (!escape || escape + 1 >= end)
      break;
    p = escape + 2;
    if (escape[1] == 'u') {
      guint used = 0;
      gint ch = vm_json_escaped_char (p, end, &used);

      if (ch <= 0) {
        g_string_free (out, TRUE);
        return NULL;
      }
      g_string_append_unichar (out, ch);
      p += used;
    } else if ((code = strchr (codes, escape[1]))) {
      g_string_append_c (out, chars[code - codes]);
    } else {
      g_string_append_c (out, escape[1]);
    }
  }
  return g_string_free (out, FALSE);
}

gsize
vm_span_string_size (VmSpan span)
{
  const gchar *p, *end;
  gsize size = 0;

  if (!span_is_string (span))
    return 0;
  p = span.data + 1;
  end = span.data + span.size - 1;
  for (; p < end; size++) {
    guint used = 0;
    gint ch;

    if (*p++ != '\\' || p >= end)
      continue;
    if (*p++ != 'u')
      continue;
    ch = vm_json_escaped_char (p, end, &used);
    if (ch < 0)
      break;
    size += g_unichar_to_utf8 (ch, NULL) - 1;
    p += used;
  }
  return size;
}

/* No character is shorter as JSON writes it, so that most need not be
 * counted. */
gboolean
vm_span_string_exceeds (VmSpan span, gsize max)
{
  return span.size > max && vm_span_string_size (span) > max;
}
