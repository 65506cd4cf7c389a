/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/text.h"

#include <gst/videomeet/vmerror.h>

#define JSMN_PARENT_LINKS /* without, jsmn is quadratic in the members */
#define JSMN_STRICT
#ifndef JSMN_STATIC
#define JSMN_HEADER
#endif
#include <jsmn.h>

/* The reader of all JSON that comes from the network: RFC 8259 to the letter,
 * bounded in size, depth and members, valid UTF-8 only. Values are spans of the
 * text that was read, so that relayed values keep their bytes. Sans-I/O.
 *
 * Limits (security.md#limits); beyond them, or when the text is not JSON, a
 * reader answers VM_ERROR_BAD_MESSAGE: */
#define VM_JSON_SIZE_MAX (1024 * 1024) /* bytes; transports allow less */
#define VM_JSON_DEPTH_MAX 32 /* objects and arrays inside one another */
#define VM_JSON_MEMBERS_MAX 1024 /* members and elements together */
/* For messages from a server: it relays the longest message that it accepts
 * inside an envelope, and its `welcome` names 128 participants, 12 members
 * each.
 */
#define VM_JSON_RELAYED_MAX 2048

/* The top value, and a key and a value for each member. */
#define VM_JSON_TOKENS_MAX (1 + 2 * VM_JSON_RELAYED_MAX)

/* A piece of JSON text: one whole value, a string with its quotes. Empty
 * (size 0) when there is none. */
typedef struct
{
  const gchar *data;
  gsize size;
} VmSpan;

/* A text that was read; about 80 KB, meant for the stack. It points into the
 * text, which must outlive it. */
typedef struct
{
  const gchar *data;
  gint n_tokens;
  jsmntok_t tokens[VM_JSON_TOKENS_MAX];
} VmJson;

/* A value's place in a VmJson; 0 is the top value. */
typedef gint VmJsonNode;
#define VM_JSON_NONE (-1)

typedef enum
{
  VM_JSON_OBJECT,
  VM_JSON_ARRAY,
  VM_JSON_STRING,
  VM_JSON_NUMBER,
  VM_JSON_BOOLEAN,
  VM_JSON_NULL,
} VmJsonType;

/* Whether vm_json_read() accepts @data, for callers that only relay it. */
gboolean vm_json_is_readable (const gchar *data, gsize size, GError **error);
gboolean
vm_json_read (VmJson *json, const gchar *data, gsize size, GError **error);
/* The same within VM_JSON_RELAYED_MAX. */
gboolean vm_json_read_relayed (
    VmJson *json, const gchar *data, gsize size, GError **error);

VmJsonType vm_json_type (const VmJson *json, VmJsonNode node);
VmSpan vm_json_span (const VmJson *json, VmJsonNode node);
guint vm_json_length (const VmJson *json, VmJsonNode node);

/* The member @key of an object (the last of two, as in browsers), or
 * VM_JSON_NONE, also when @node is no object. */
VmJsonNode vm_json_get (const VmJson *json, VmJsonNode node, const gchar *key);

/* Walks an array: the first element, then each next; VM_JSON_NONE at the
 * end. */
VmJsonNode vm_json_first (const VmJson *json, VmJsonNode array);
VmJsonNode vm_json_next (const VmJson *json, VmJsonNode element);

/* The members of an object by their type. A member that is absent or null
 * leaves @value as it is; one of another type, a string of more than @max bytes
 * or with U+0000, or a number that is no integer in its range is an error. */
gboolean vm_json_get_string (const VmJson *json, VmJsonNode object,
    const gchar *key, gsize max, gchar **value, GError **error);
gboolean vm_json_get_int (const VmJson *json, VmJsonNode object,
    const gchar *key, gint64 min, gint64 max, gint64 *value, GError **error);
gboolean vm_json_get_boolean (const VmJson *json, VmJsonNode object,
    const gchar *key, gboolean *value, GError **error);
/* Relayed values; @type is what they must be. */
gboolean vm_json_get_span (const VmJson *json, VmJsonNode object,
    const gchar *key, VmJsonType type, VmSpan *value, GError **error);

/* The text of a string's span; NULL when it is no string or has U+0000. */
gchar *vm_span_to_string (VmSpan span);
/* The number of bytes of that text; 0 when @span is no string. */
gsize vm_span_string_size (VmSpan span);
/* Whether that text has more than @max bytes. */
gboolean vm_span_string_exceeds (VmSpan span, gsize max);

/* Writers. A key is written with its quotes, colon, and a comma before it when
 * the object already has members. */
void vm_json_append_string (GString *out, const gchar *text);
void vm_json_append_key (GString *out, const gchar *key);
void vm_json_append_member (GString *out, const gchar *key, const gchar *text);
void vm_json_append_int (GString *out, const gchar *key, gint64 value);
void vm_json_append_boolean (GString *out, const gchar *key, gboolean value);
void vm_json_append_null (GString *out, const gchar *key);
void vm_json_append_strings (
    GString *out, const gchar *key, const gchar *const *strings);
void vm_json_append_span (GString *out, const gchar *key, VmSpan span);
