/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/http/requesthead.h"
#include "base/limits.h"

#include <string.h>

#define LINE_END "\r\n"
#define VERSION_SIZE 8 /* of "HTTP/1.1" */

/* RFC 9110 §5.6.2 */
static gboolean
is_token (const gchar *text, gsize size)
{
  for (gsize i = 0; i < size; i++) {
    if (!g_ascii_isalnum (text[i])
        && (!text[i] || !strchr ("!#$%&'*+-.^_`|~", text[i])))
      return FALSE;
  }
  return size > 0;
}

static gboolean
is_control (gchar c)
{
  return g_ascii_iscntrl (c) && c != '\t' && c != '\r';
}

/* An escape of two digits, but for NUL and the ends of lines, which others take
 * for what they stand for. */
static gboolean
is_escape (const gchar *text, gsize size)
{
  return size > 2 && g_ascii_isxdigit (text[1]) && g_ascii_isxdigit (text[2])
         && (text[1] != '0' || !strchr ("0aAdD", text[2]));
}

/* A path with or without a query, without blanks. */
static gboolean
is_target (const gchar *text, gsize size)
{
  if (!size || *text != '/')
    return FALSE;
  for (gsize i = 0; i < size; i++) {
    if (text[i] == ' ' || text[i] == '\t' || text[i] == '#')
      return FALSE;
    if (text[i] == '%' && !is_escape (text + i, size - i))
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_request_line (const gchar *line, gsize size)
{
  const gchar *target = memchr (line, ' ', size);
  const gchar *version = line + size - MIN (size, VERSION_SIZE);

  if (!target || ++target >= version || version[-1] != ' ')
    return FALSE;
  return is_token (line, target - 1 - line)
         && is_target (target, version - 1 - target)
         && (memcmp (version, "HTTP/1.1", VERSION_SIZE) == 0
             || memcmp (version, "HTTP/1.0", VERSION_SIZE) == 0);
}

static gboolean
is_field (const gchar *line, gsize size)
{
  const gchar *colon = memchr (line, ':', size);

  return colon && is_token (line, colon - line);
}

static const gchar *
next_line (const gchar *line)
{
  return strstr (line, LINE_END) + strlen (LINE_END);
}

/* The field @name in @line or behind, or NULL; its value. */
static const gchar *
find_field (const gchar *line, const gchar *name)
{
  gsize size = strlen (name);

  for (; *line != '\r'; line = next_line (line)) {
    if (g_ascii_strncasecmp (line, name, size) == 0 && line[size] == ':')
      return line + size + 1;
  }
  return NULL;
}

static gboolean
has_twice (const VmRequestHead *head)
{
  static const gchar *const single[] = { "host", "origin", "content-length",
    "transfer-encoding", "authorization", "content-type", "referer",
    "sec-fetch-site", "sec-websocket-key", "sec-websocket-version" };

  for (guint i = 0; i < G_N_ELEMENTS (single); i++) {
    const gchar *first = find_field (next_line (head->text), single[i]);

    if (first && find_field (next_line (first), single[i]))
      return TRUE;
  }
  return FALSE;
}

VmRequestHeadState
vm_request_head_read (VmRequestHead *head, const gchar *data, gsize size)
{
  for (; head->scanned < MIN (size, VM_HTTP_HEADER_MAX); head->scanned++) {
    const gchar *line = data + head->line;
    gsize length = head->scanned - head->line;
    gboolean returned = length && line[length - 1] == '\r';

    if (line[length] != '\n') {
      if (returned || is_control (line[length]))
        return VM_REQUEST_HEAD_BAD;
      continue;
    }
    if (!returned)
      return VM_REQUEST_HEAD_BAD;
    length--;
    if (!length && head->line) {
      head->scanned++;
      head->text = g_strndup (data, head->scanned);
      return has_twice (head) ? VM_REQUEST_HEAD_BAD : VM_REQUEST_HEAD_WHOLE;
    }
    if (head->line ? !is_field (line, length) : !is_request_line (line, length))
      return VM_REQUEST_HEAD_BAD;
    head->line = head->scanned + 1;
  }
  return size < VM_HTTP_HEADER_MAX ? VM_REQUEST_HEAD_MORE
                                   : VM_REQUEST_HEAD_TOO_LARGE;
}

void
vm_request_head_clear (VmRequestHead *head)
{
  g_free (head->text);
  memset (head, 0, sizeof *head);
}

gboolean
vm_request_head_is (const VmRequestHead *head, const gchar *method)
{
  gsize size = strlen (method);

  return strncmp (head->text, method, size) == 0 && head->text[size] == ' ';
}

static const gchar *
get_target (const VmRequestHead *head)
{
  return strchr (head->text, ' ') + 1;
}

gchar *
vm_request_head_get_path (const VmRequestHead *head)
{
  const gchar *target = get_target (head);

  return g_uri_unescape_segment (target, target + strcspn (target, " ?"), NULL);
}

gboolean
vm_request_head_has_query (const VmRequestHead *head)
{
  const gchar *target = get_target (head);

  return target[strcspn (target, " ?")] == '?';
}

gchar *
vm_request_head_get_argument (const VmRequestHead *head, const gchar *name)
{
  const gchar *at = get_target (head);
  gsize size = strlen (name);

  at += strcspn (at, " ?");
  while (*at != ' ') {
    gsize length = strcspn (++at, " &");

    if (length > size && at[size] == '=' && strncmp (at, name, size) == 0) {
      g_autofree gchar *value = g_strndup (at + size + 1, length - size - 1);

      g_strdelimit (value, "+", ' ');
      return g_uri_unescape_string (value, NULL);
    }
    at += length;
  }
  return NULL;
}

gboolean
vm_request_head_has (const VmRequestHead *head, const gchar *name)
{
  return find_field (next_line (head->text), name) != NULL;
}

gchar *
vm_request_head_get (const VmRequestHead *head, const gchar *name)
{
  GString *all = NULL;
  const gchar *line = next_line (head->text);

  while ((line = find_field (line, name))) {
    g_autofree gchar *value = g_strndup (line, strcspn (line, "\r"));

    if (all)
      g_string_append_c (all, ',');
    else
      all = g_string_new (NULL);
    g_string_append (all, g_strstrip (value));
    line = next_line (line);
  }
  return all ? g_string_free (all, FALSE) : NULL;
}

gboolean
vm_request_head_lists (
    const VmRequestHead *head, const gchar *name, const gchar *token)
{
  g_autofree gchar *value = vm_request_head_get (head, name);
  g_auto (GStrv) items = g_strsplit (value ? value : "", ",", -1);

  for (guint i = 0; items[i]; i++) {
    if (g_ascii_strcasecmp (g_strstrip (items[i]), token) == 0)
      return TRUE;
  }
  return FALSE;
}

gboolean
vm_request_head_keeps_alive (const VmRequestHead *head)
{
  if (vm_request_head_lists (head, "connection", "close"))
    return FALSE;
  return next_line (head->text)[-3] == '1'
         || vm_request_head_lists (head, "connection", "keep-alive");
}
