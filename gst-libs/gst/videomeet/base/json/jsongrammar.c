/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/json/json-priv.h"

#include <string.h>

/* The grammar of RFC 8259, without a token being kept. */

typedef struct
{
  const gchar *p;
  const gchar *end;
  guint members;
  guint depth;
  gchar close[VM_JSON_DEPTH_MAX]; /* what ends each open object or array */
} Check;

static void
skip_space (Check *c)
{
  while (c->p < c->end
         && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r'))
    c->p++;
}

/* Most of what comes is text in strings: it is read a word at a time. The flag
 * of a byte is its highest bit; those below the first that is set are right. */
#define WORD sizeof (guint64)
#define EACH(byte) (G_MAXUINT64 / 0xff * (byte))
#define FLAGS EACH (0x80)

static guint64
load (const gchar *p)
{
  guint64 word;

  memcpy (&word, p, WORD);
  return GUINT64_FROM_LE (word);
}

static guint64
flag_below (guint64 word, guint8 byte)
{
  return (word - EACH (byte)) & ~word & FLAGS;
}

/* Past what is neither a quote, a backslash nor a control character. */
static const gchar *
skip_plain (const gchar *p, const gchar *end)
{
  for (; (gsize) (end - p) >= WORD; p += WORD) {
    guint64 word = load (p);
    guint64 flags = flag_below (word, 0x20) | flag_below (word ^ EACH ('"'), 1)
                    | flag_below (word ^ EACH ('\\'), 1);

    if (flags)
      return p + __builtin_ctzll (flags) / 8;
  }
  return p;
}

static gboolean
is_escape (gchar ch)
{
  switch (ch) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      return TRUE;
    default:
      return FALSE;
  }
}

static gboolean
check_string (Check *c)
{
  if (c->p >= c->end || *c->p != '"')
    return FALSE;
  c->p++;
  while ((c->p = skip_plain (c->p, c->end)) < c->end) {
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
      if (vm_json_escaped_char (c->p, c->end, &used) < 0)
        return FALSE;
      c->p += used;
    } else if (!is_escape (ch)) {
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
check_text (const gchar *data, gsize size, guint members_max, GError **error)
{
  Check c = { data, data + size };

  do {
    skip_space (&c);
    if (c.p >= c.end)
      return vm_json_bad (error, "it ends too early");
    if (*c.p == '{' || *c.p == '[') {
      if (c.depth == VM_JSON_DEPTH_MAX)
        return vm_json_bad (error, "it is nested too deeply");
      c.close[c.depth++] = *c.p++ == '{' ? '}' : ']';
      skip_space (&c);
      if (c.p >= c.end || *c.p != c.close[c.depth - 1]) {
        c.members++;
        if (!check_key (&c))
          return vm_json_bad (error, "a key is malformed");
        continue;
      }
    } else if (!check_scalar (&c)) {
      return vm_json_bad (error, "a value is malformed");
    }
    if (!check_after (&c))
      return vm_json_bad (error, "a comma or bracket is missing");
    if (c.members > members_max)
      return vm_json_bad (error, "it has too many members");
  } while (c.depth > 0);

  skip_space (&c);
  return c.p == c.end || vm_json_bad (error, "something follows its end");
}

/* Nothing on the wire is a bare value, and jsmn refuses one too. */
static gboolean
has_top (const gchar *data, gsize size)
{
  Check c = { data, data + size };

  skip_space (&c);
  return *c.p == '{' || *c.p == '[';
}

gboolean
vm_json_check (const gchar *data, gsize size, guint members_max, GError **error)
{
  if (!check_text (data, size, members_max, error))
    return FALSE;
  return has_top (data, size)
         || vm_json_bad (error, "it is neither an object nor an array");
}
