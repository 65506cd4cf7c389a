/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/json/json.h"

void
vm_json_append_string (GString *out, const gchar *text)
{
  g_string_append_c (out, '"');
  while (*text) {
    gsize plain = 0;

    while ((guchar) text[plain] >= 0x20 && text[plain] != '"'
           && text[plain] != '\\' && text[plain] != 0x7f)
      plain++;
    g_string_append_len (out, text, plain);
    text += plain;
    if (!*text)
      break;
    if (*text == '"' || *text == '\\')
      g_string_append_printf (out, "\\%c", *text);
    else if (*text == '\n')
      g_string_append (out, "\\n");
    else if (*text == '\r')
      g_string_append (out, "\\r");
    else
      g_string_append_printf (out, "\\u%04x", (guchar) *text);
    text++;
  }
  g_string_append_c (out, '"');
}

void
vm_json_append_key (GString *out, const gchar *key)
{
  gchar before = out->len ? out->str[out->len - 1] : '{';

  if (before != '{' && before != '[')
    g_string_append_c (out, ',');
  vm_json_append_string (out, key);
  g_string_append_c (out, ':');
}

/* A member with a text; none when @text is NULL. */
void
vm_json_append_member (GString *out, const gchar *key, const gchar *text)
{
  if (!text)
    return;
  vm_json_append_key (out, key);
  vm_json_append_string (out, text);
}

void
vm_json_append_int (GString *out, const gchar *key, gint64 value)
{
  vm_json_append_key (out, key);
  g_string_append_printf (out, "%" G_GINT64_FORMAT, value);
}

void
vm_json_append_boolean (GString *out, const gchar *key, gboolean value)
{
  vm_json_append_key (out, key);
  g_string_append (out, value ? "true" : "false");
}

void
vm_json_append_null (GString *out, const gchar *key)
{
  vm_json_append_key (out, key);
  g_string_append (out, "null");
}

/* A member with an array of strings; none when @strings is NULL. */
void
vm_json_append_strings (
    GString *out, const gchar *key, const gchar *const *strings)
{
  if (!strings)
    return;
  vm_json_append_key (out, key);
  g_string_append_c (out, '[');
  for (guint i = 0; strings[i]; i++) {
    if (i)
      g_string_append_c (out, ',');
    vm_json_append_string (out, strings[i]);
  }
  g_string_append_c (out, ']');
}

/* A member with a value as it came; none when the span is empty. */
void
vm_json_append_span (GString *out, const gchar *key, VmSpan span)
{
  if (!span.size)
    return;
  vm_json_append_key (out, key);
  g_string_append_len (out, span.data, span.size);
}
