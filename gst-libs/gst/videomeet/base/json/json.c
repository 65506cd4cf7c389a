/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define JSMN_STATIC
#include "base/json/json-priv.h"

#include <errno.h>
#include <string.h>

/* jsmn splits a text into tokens but lets much pass that is not JSON ("[1 2]",
 * "{,}", control characters in strings), and what passes here is sent on to
 * others. So the text is first checked by the grammar of RFC 8259, which also
 * counts depth and members; jsmn then only finds the places. */

gboolean
vm_json_bad (GError **error, const gchar *what)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The message is not JSON: %s", what);
  return FALSE;
}

static gboolean
is_within (const gchar *data, gsize size, guint members_max, GError **error)
{
  if (size > VM_JSON_SIZE_MAX)
    return vm_json_bad (error, "it is too large");
  if (!vm_text_is_utf8 (data, size))
    return vm_json_bad (error, "it is not UTF-8");
  return vm_json_check (data, size, members_max, error);
}

gboolean
vm_json_is_readable (const gchar *data, gsize size, GError **error)
{
  return is_within (data, size, VM_JSON_MEMBERS_MAX, error);
}

/* Reads @data, which stays the caller's and must outlive @json. */
static gboolean
read_within (VmJson *json, const gchar *data, gsize size, guint members_max,
    GError **error)
{
  jsmn_parser parser;

  json->data = data;
  json->n_tokens = 0;
  if (!is_within (data, size, members_max, error))
    return FALSE;
  jsmn_init (&parser);
  json->n_tokens =
      jsmn_parse (&parser, data, size, json->tokens, VM_JSON_TOKENS_MAX);
  if (json->n_tokens < 1) {
    json->n_tokens = 0;
    return vm_json_bad (error, "it has too many members");
  }
  return TRUE;
}

gboolean
vm_json_read (VmJson *json, const gchar *data, gsize size, GError **error)
{
  return read_within (json, data, size, VM_JSON_MEMBERS_MAX, error);
}

gboolean
vm_json_read_relayed (
    VmJson *json, const gchar *data, gsize size, GError **error)
{
  return read_within (json, data, size, VM_JSON_RELAYED_MAX, error);
}

VmJsonType
vm_json_type (const VmJson *json, VmJsonNode node)
{
  const jsmntok_t *token = &json->tokens[node];

  g_return_val_if_fail (node >= 0 && node < json->n_tokens, VM_JSON_NULL);

  switch (token->type) {
    case JSMN_OBJECT:
      return VM_JSON_OBJECT;
    case JSMN_ARRAY:
      return VM_JSON_ARRAY;
    case JSMN_STRING:
      return VM_JSON_STRING;
    default:
      switch (json->data[token->start]) {
        case 'n':
          return VM_JSON_NULL;
        case 't':
        case 'f':
          return VM_JSON_BOOLEAN;
        default:
          return VM_JSON_NUMBER;
      }
  }
}

VmSpan
vm_json_span (const VmJson *json, VmJsonNode node)
{
  const jsmntok_t *token = &json->tokens[node];
  gint quote;

  g_return_val_if_fail (
      node >= 0 && node < json->n_tokens, ((VmSpan){ NULL, 0 }));

  quote = token->type == JSMN_STRING;
  return (VmSpan){ json->data + token->start - quote,
    (gsize) (token->end - token->start + 2 * quote) };
}

/* Members of an object, elements of an array; 0 for everything else. */
guint
vm_json_length (const VmJson *json, VmJsonNode node)
{
  VmJsonType type = vm_json_type (json, node);

  return type == VM_JSON_OBJECT || type == VM_JSON_ARRAY
             ? (guint) json->tokens[node].size
             : 0;
}

/* The token behind @node and all that is inside it. */
static VmJsonNode
skip (const VmJson *json, VmJsonNode node)
{
  gint end = json->tokens[node].end;

  for (node++; node < json->n_tokens && json->tokens[node].start < end; node++)
    ;
  return node;
}

static gboolean
key_is (const VmJson *json, VmJsonNode node, const gchar *key)
{
  VmSpan span = vm_json_span (json, node);
  gsize size = strlen (key);
  g_autofree gchar *text = NULL;

  if (!memchr (span.data, '\\', span.size))
    return span.size == size + 2 && memcmp (span.data + 1, key, size) == 0;
  text = vm_span_to_string (span);
  return g_strcmp0 (text, key) == 0;
}

VmJsonNode
vm_json_get (const VmJson *json, VmJsonNode node, const gchar *key)
{
  VmJsonNode found = VM_JSON_NONE, member;
  gint n;

  if (node < 0 || node >= json->n_tokens
      || json->tokens[node].type != JSMN_OBJECT)
    return VM_JSON_NONE;
  n = json->tokens[node].size;
  for (member = node + 1; n-- > 0; member = skip (json, member + 1)) {
    if (key_is (json, member, key))
      found = member + 1;
  }
  return found;
}

VmJsonNode
vm_json_first (const VmJson *json, VmJsonNode array)
{
  if (array < 0 || array >= json->n_tokens
      || json->tokens[array].type != JSMN_ARRAY || !json->tokens[array].size)
    return VM_JSON_NONE;
  return array + 1;
}

VmJsonNode
vm_json_next (const VmJson *json, VmJsonNode element)
{
  VmJsonNode next = skip (json, element);

  return next < json->n_tokens
                 && json->tokens[next].parent == json->tokens[element].parent
             ? next
             : VM_JSON_NONE;
}

/* TRUE with *@node set when the member is there and not null; FALSE with
 * @error when it is of another type. */
static gboolean
get_typed (const VmJson *json, VmJsonNode object, const gchar *key,
    VmJsonType type, VmJsonNode *node, GError **error)
{
  *node = vm_json_get (json, object, key);
  if (*node == VM_JSON_NONE || vm_json_type (json, *node) == type)
    return TRUE;
  if (vm_json_type (json, *node) == VM_JSON_NULL) {
    *node = VM_JSON_NONE;
    return TRUE;
  }
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The field \"%s\" is of the wrong type", key);
  return FALSE;
}

gboolean
vm_json_get_span (const VmJson *json, VmJsonNode object, const gchar *key,
    VmJsonType type, VmSpan *value, GError **error)
{
  VmJsonNode node;

  if (!get_typed (json, object, key, type, &node, error))
    return FALSE;
  if (node != VM_JSON_NONE)
    *value = vm_json_span (json, node);
  return TRUE;
}

gboolean
vm_json_get_string (const VmJson *json, VmJsonNode object, const gchar *key,
    gsize max, gchar **value, GError **error)
{
  VmSpan span = { NULL, 0 };
  gchar *text;

  if (!vm_json_get_span (json, object, key, VM_JSON_STRING, &span, error))
    return FALSE;
  if (!span.size)
    return TRUE;
  text = vm_span_to_string (span);
  if (!text || strlen (text) > max) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "The field \"%s\" %s",
        key, text ? "is too long" : "has a NUL character");
    g_free (text);
    return FALSE;
  }
  g_free (*value);
  *value = text;
  return TRUE;
}

gboolean
vm_json_get_int (const VmJson *json, VmJsonNode object, const gchar *key,
    gint64 min, gint64 max, gint64 *value, GError **error)
{
  gchar text[24] = "";
  VmJsonNode node;
  VmSpan span;
  gchar *end;
  gint64 read;

  if (!get_typed (json, object, key, VM_JSON_NUMBER, &node, error))
    return FALSE;
  if (node == VM_JSON_NONE)
    return TRUE;
  span = vm_json_span (json, node);
  memcpy (text, span.data, MIN (span.size, sizeof text - 1));
  errno = 0;
  read = g_ascii_strtoll (text, &end, 10);
  if (errno || *end || span.size >= sizeof text || read < min || read > max) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The field \"%s\" is no integer from %" G_GINT64_FORMAT
        " to %" G_GINT64_FORMAT,
        key, min, max);
    return FALSE;
  }
  *value = read;
  return TRUE;
}

gboolean
vm_json_get_boolean (const VmJson *json, VmJsonNode object, const gchar *key,
    gboolean *value, GError **error)
{
  VmJsonNode node;

  if (!get_typed (json, object, key, VM_JSON_BOOLEAN, &node, error))
    return FALSE;
  if (node != VM_JSON_NONE)
    *value = json->data[json->tokens[node].start] == 't';
  return TRUE;
}
