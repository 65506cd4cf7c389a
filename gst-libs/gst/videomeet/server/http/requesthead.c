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

/* Whether a field that is read as one value comes twice. */
static gboolean
has_twice (SoupMessageHeaders *fields)
{
  static const gchar *const single[] = { "host", "origin", "content-length",
    "transfer-encoding", "authorization", "content-type", "referer",
    "sec-fetch-site", "sec-websocket-key", "sec-websocket-version" };
  guint n[G_N_ELEMENTS (single)] = { 0 };
  SoupMessageHeadersIter iter;
  const gchar *name, *value;

  soup_message_headers_iter_init (&iter, fields);
  while (soup_message_headers_iter_next (&iter, &name, &value))
    for (guint i = 0; i < G_N_ELEMENTS (single); i++)
      if (g_ascii_strcasecmp (name, single[i]) == 0 && n[i]++)
        return TRUE;
  return FALSE;
}

static guint
count_fields (SoupMessageHeaders *fields)
{
  SoupMessageHeadersIter iter;
  const gchar *name, *value;
  guint n = 0;

  soup_message_headers_iter_init (&iter, fields);
  while (soup_message_headers_iter_next (&iter, &name, &value))
    n++;
  return n;
}

/* libsoup passes over what it cannot read. soup_headers_parse_request() would
 * take away the fields that Connection names, where the version is 1.0. */
static gboolean
parse (VmRequestHead *head, const gchar *data)
{
  const gchar *end = data + head->scanned; /* of text without a NUL behind it */
  const gchar *target = (const gchar *) memchr (data, ' ', end - data) + 1;
  const gchar *version = (const gchar *) memchr (target, ' ', end - target) + 1;

  head->fields = soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST);
  if (!soup_headers_parse (
          data, head->scanned - strlen (LINE_END), head->fields)
      || count_fields (head->fields) != head->lines - 1
      || has_twice (head->fields))
    return FALSE;
  head->method = g_strndup (data, target - 1 - data);
  head->target = g_strndup (target, version - 1 - target);
  head->version =
      version[VERSION_SIZE - 1] == '1' ? SOUP_HTTP_1_1 : SOUP_HTTP_1_0;
  return TRUE;
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
      return parse (head, data) ? VM_REQUEST_HEAD_WHOLE : VM_REQUEST_HEAD_BAD;
    }
    if (head->line ? !is_field (line, length) : !is_request_line (line, length))
      return VM_REQUEST_HEAD_BAD;
    head->line = head->scanned + 1;
    head->lines++;
  }
  return size < VM_HTTP_HEADER_MAX ? VM_REQUEST_HEAD_MORE
                                   : VM_REQUEST_HEAD_TOO_LARGE;
}

void
vm_request_head_clear (VmRequestHead *head)
{
  g_free (head->method);
  g_free (head->target);
  g_clear_pointer (&head->fields, soup_message_headers_unref);
  memset (head, 0, sizeof *head);
}

gboolean
vm_request_head_is (const VmRequestHead *head, const gchar *method)
{
  return strcmp (head->method, method) == 0;
}

gchar *
vm_request_head_get_path (const VmRequestHead *head)
{
  return g_uri_unescape_segment (
      head->target, head->target + strcspn (head->target, "?"), NULL);
}

gboolean
vm_request_head_has_query (const VmRequestHead *head)
{
  return strchr (head->target, '?') != NULL;
}

gchar *
vm_request_head_get_argument (const VmRequestHead *head, const gchar *name)
{
  const gchar *query = strchr (head->target, '?');
  g_autoptr (GHashTable) fields = query ? soup_form_decode (query + 1) : NULL;

  return fields ? g_strdup (g_hash_table_lookup (fields, name)) : NULL;
}

gboolean
vm_request_head_has (const VmRequestHead *head, const gchar *name)
{
  return soup_message_headers_get_list (head->fields, name) != NULL;
}

gchar *
vm_request_head_get (const VmRequestHead *head, const gchar *name)
{
  return g_strdup (soup_message_headers_get_list (head->fields, name));
}

gboolean
vm_request_head_lists (
    const VmRequestHead *head, const gchar *name, const gchar *token)
{
  return soup_message_headers_header_contains (head->fields, name, token);
}

gboolean
vm_request_head_keeps_alive (const VmRequestHead *head)
{
  return !vm_request_head_lists (head, "connection", "close")
         && (head->version == SOUP_HTTP_1_1
             || vm_request_head_lists (head, "connection", "keep-alive"));
}
