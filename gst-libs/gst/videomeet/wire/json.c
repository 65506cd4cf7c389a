/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define JSMN_STATIC
#include "json.h"

#include <errno.h>
#include <string.h>

/* jsmn splits a text into tokens but lets much pass that is not JSON ("[1 2]",
 * "{,}", control characters in strings), and what passes here is sent on to
 * others. So the text is first checked by the grammar of RFC 8259, which also
 * counts depth and members; jsmn then only finds the places. */

typedef struct
{
  const gchar *p;
  const gchar *end;
  guint members;
  guint depth;
  gchar close[VM_JSON_DEPTH_MAX]; /* what ends each open object or array */
} Check;

static gboolean
bad (GError **error, const gchar *what)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The message is not JSON: %s", what);
  return FALSE;
}

static void
skip_space (Check *c)
{
  while (c->p < c->end
         && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r'))
    c->p++;
}

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

/* The UTF-16 unit or pair behind a "\u" at @p (past the 'u'), RFC 8259 §7;
 * -1 when it is none. A lone surrogate has no UTF-8 and is none. */
static gint
escaped_char (const gchar *p, const gchar *end, guint *used)
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
check_string (Check *c)
{
  if (c->p >= c->end || *c->p != '"')
    return FALSE;
  c->p++;
  while (c->p < c->end) {
    guchar ch = *c->p++;
    guint used;

    if (ch == '"')
      return TRUE;
    if (ch < 0x20)
      return FALSE;
    if (ch != '\\')
      continue;
    if (c->p >= c->end)
      return FALSE;
    ch = *c->p++;
    if (ch == 'u') {
      if (escaped_char (c->p, c->end, &used) < 0)
        return FALSE;
      c->p += used;
    } else if (!strchr ("\"\\/bfnrt", ch) || !ch) {
      return FALSE;
    }
  }
  return FALSE;
}

static gboolean
check_digits (Check *c)
{
  const gchar *start = c->p;

  while (c->p < c->end && g_ascii_isdigit (*c->p))
    c->p++;
  return c->p > start;
}

static gboolean
check_number (Check *c)
{
  if (*c->p == '-')
    c->p++;
  if (c->p < c->end && *c->p == '0')
    c->p++;
  else if (!check_digits (c))
    return FALSE;
  if (c->p < c->end && *c->p == '.') {
    c->p++;
    if (!check_digits (c))
      return FALSE;
  }
  if (c->p < c->end && (*c->p == 'e' || *c->p == 'E')) {
    c->p++;
    if (c->p < c->end && (*c->p == '+' || *c->p == '-'))
      c->p++;
    if (!check_digits (c))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_word (Check *c, const gchar *word)
{
  gsize size = strlen (word);

  if ((gsize) (c->end - c->p) < size || memcmp (c->p, word, size) != 0)
    return FALSE;
  c->p += size;
  return TRUE;
}

static gboolean
check_scalar (Check *c)
{
  switch (*c->p) {
    case '"':
      return check_string (c);
    case 't':
      return check_word (c, "true");
    case 'f':
      return check_word (c, "false");
    case 'n':
      return check_word (c, "null");
    default:
      return check_number (c);
  }
}

/* A key with its colon, when an object is open. */
static gboolean
check_key (Check *c)
{
  if (c->close[c->depth - 1] != '}')
    return TRUE;
  skip_space (c);
  if (!check_string (c))
    return FALSE;
  skip_space (c);
  if (c->p >= c->end || *c->p != ':')
    return FALSE;
  c->p++;
  return TRUE;
}

/* Behind a value: closes what ends here, and stops before the next value or
 * with depth 0 at the end of the text. */
static gboolean
check_after (Check *c)
{
  while (c->depth > 0) {
    skip_space (c);
    if (c->p >= c->end)
      return FALSE;
    if (*c->p == ',') {
      c->p++;
      c->members++;
      return check_key (c);
    }
    if (*c->p != c->close[c->depth - 1])
      return FALSE;
    c->p++;
    c->depth--;
  }
  return TRUE;
}

static gboolean
check_text (const gchar *data, gsize size, GError **error)
{
  Check c = { data, data + size };

  do {
    skip_space (&c);
    if (c.p >= c.end)
      return bad (error, "it ends too early");
    if (*c.p == '{' || *c.p == '[') {
      if (c.depth == VM_JSON_DEPTH_MAX)
        return bad (error, "it is nested too deeply");
      c.close[c.depth++] = *c.p++ == '{' ? '}' : ']';
      skip_space (&c);
      if (c.p >= c.end || *c.p != c.close[c.depth - 1]) {
        c.members++;
        if (!check_key (&c))
          return bad (error, "a key is malformed");
        continue;
      }
    } else if (!check_scalar (&c)) {
      return bad (error, "a value is malformed");
    }
    if (!check_after (&c))
      return bad (error, "a comma or bracket is missing");
    if (c.members > VM_JSON_MEMBERS_MAX)
      return bad (error, "it has too many members");
  } while (c.depth > 0);

  skip_space (&c);
  return c.p == c.end || bad (error, "something follows its end");
}

/* Nothing on the wire is a bare value, and jsmn refuses one too. */
static gboolean
has_top (const gchar *data, gsize size)
{
  Check c = { data, data + size };

  skip_space (&c);
  return *c.p == '{' || *c.p == '[';
}

/* Reads @data, which stays the caller's and must outlive @json. */
gboolean
vm_json_read (VmJson *json, const gchar *data, gsize size, GError **error)
{
  jsmn_parser parser;

  json->data = data;
  json->n_tokens = 0;
  if (size > VM_JSON_SIZE_MAX)
    return bad (error, "it is too large");
  if (!g_utf8_validate_len (data, size, NULL))
    return bad (error, "it is not UTF-8");
  if (!check_text (data, size, error))
    return FALSE;
  if (!has_top (data, size))
    return bad (error, "it is neither an object nor an array");
  jsmn_init (&parser);
  json->n_tokens =
      jsmn_parse (&parser, data, size, json->tokens, VM_JSON_TOKENS_MAX);
  if (json->n_tokens < 1) {
    json->n_tokens = 0;
    return bad (error, "it has too many members");
  }
  return TRUE;
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
      gint ch = escaped_char (p, end, &used);

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
    ch = escaped_char (p, end, &used);
    if (ch < 0)
      break;
    size += g_unichar_to_utf8 (ch, NULL) - 1;
    p += used;
  }
  return size;
}
