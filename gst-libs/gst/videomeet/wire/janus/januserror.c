/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/janus/janus.h"

#include <string.h>

/* The codes of Janus 1.1 (protocol/janus.md#codes), those of the server from
 * 403 to 490, with 421 to 438 and 499 of the videoroom among them. */
static const struct
{
  gint64 code;
  const gchar *name;
  VmError error;
} codes[] = {
  { 403, "UNAUTHORIZED", VM_ERROR_NOT_TRUSTED },
  { 405, "UNAUTHORIZED_PLUGIN", VM_ERROR_NOT_TRUSTED },
  { 421, "NO_MESSAGE", VM_ERROR_FAILED },
  { 422, "INVALID_JSON", VM_ERROR_FAILED },
  { 423, "INVALID_REQUEST", VM_ERROR_FAILED },
  { 424, "JOIN_FIRST", VM_ERROR_FAILED },
  { VM_JANUS_ALREADY_JOINED, "ALREADY_JOINED", VM_ERROR_FAILED },
  { VM_JANUS_NO_SUCH_ROOM, "NO_SUCH_ROOM", VM_ERROR_MEETING_NOT_FOUND },
  { VM_JANUS_ROOM_EXISTS, "ROOM_EXISTS", VM_ERROR_FAILED },
  { VM_JANUS_NO_SUCH_FEED, "NO_SUCH_FEED", VM_ERROR_UNROUTABLE },
  { 429, "MISSING_ELEMENT", VM_ERROR_FAILED },
  { 430, "INVALID_ELEMENT", VM_ERROR_FAILED },
  { 431, "INVALID_SDP_TYPE", VM_ERROR_FAILED },
  { 432, "PUBLISHERS_FULL", VM_ERROR_MEETING_FULL },
  { 433, "UNAUTHORIZED", VM_ERROR_NOT_TRUSTED },
  { VM_JANUS_ALREADY_PUBLISHED, "ALREADY_PUBLISHED", VM_ERROR_FAILED },
  { VM_JANUS_NOT_PUBLISHED, "NOT_PUBLISHED", VM_ERROR_FAILED },
  { 436, "ID_EXISTS", VM_ERROR_FAILED },
  { VM_JANUS_INVALID_SDP, "INVALID_SDP", VM_ERROR_FAILED },
  { 438, "INVALID_FEED", VM_ERROR_UNROUTABLE },
  { 450, "TRANSPORT_SPECIFIC", VM_ERROR_FAILED },
  { 452, "MISSING_REQUEST", VM_ERROR_FAILED },
  { 453, "UNKNOWN_REQUEST", VM_ERROR_FAILED },
  { 454, "INVALID_JSON", VM_ERROR_FAILED },
  { 455, "INVALID_JSON_OBJECT", VM_ERROR_FAILED },
  { 456, "MISSING_MANDATORY_ELEMENT", VM_ERROR_FAILED },
  { 457, "INVALID_REQUEST_PATH", VM_ERROR_FAILED },
  { VM_JANUS_SESSION_NOT_FOUND, "SESSION_NOT_FOUND", VM_ERROR_DISCONNECTED },
  { VM_JANUS_HANDLE_NOT_FOUND, "HANDLE_NOT_FOUND", VM_ERROR_DISCONNECTED },
  { 460, "PLUGIN_NOT_FOUND", VM_ERROR_NOT_FOUND },
  { 461, "PLUGIN_ATTACH", VM_ERROR_FAILED },
  { 462, "PLUGIN_MESSAGE", VM_ERROR_FAILED },
  { 463, "PLUGIN_DETACH", VM_ERROR_FAILED },
  { 464, "JSEP_UNKNOWN_TYPE", VM_ERROR_FAILED },
  { 465, "JSEP_INVALID_SDP", VM_ERROR_FAILED },
  /* Janus spells it TRICKE */
  { 466, "TRICKLE_INVALID_STREAM", VM_ERROR_FAILED },
  { 467, "INVALID_ELEMENT_TYPE", VM_ERROR_FAILED },
  { 468, "SESSION_CONFLICT", VM_ERROR_FAILED },
  { 469, "UNEXPECTED_ANSWER", VM_ERROR_FAILED },
  { 470, "TOKEN_NOT_FOUND", VM_ERROR_NOT_TRUSTED },
  { 471, "WEBRTC_STATE", VM_ERROR_FAILED },
  { 472, "NOT_ACCEPTING_SESSIONS", VM_ERROR_FAILED },
  { 490, "UNKNOWN", VM_ERROR_FAILED },
  { 499, "UNKNOWN_ERROR", VM_ERROR_FAILED },
};

static gint
find (gint64 code)
{
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++) {
    if (codes[i].code == code)
      return (gint) i;
  }
  return -1;
}

const gchar *
vm_janus_code_to_name (gint64 code)
{
  gint i = find (code);

  return i < 0 ? "UNKNOWN_CODE" : codes[i].name;
}

/* The videoroom has one code for a wrong PIN and for any other refusal. */
static gboolean
is_about_pin (const VmJanusMessage *message)
{
  return message->code == 433 && message->text
         && strstr (message->text, "pin") != NULL;
}

GError *
vm_janus_message_get_error (const VmJanusMessage *message)
{
  gint i = find (message->code);
  VmError error = i < 0 ? VM_ERROR_FAILED : codes[i].error;

  if (!message->code)
    return NULL;
  if (is_about_pin (message))
    error = VM_ERROR_WRONG_PIN;
  return g_error_new (VM_ERROR, error, "Janus: %s (%" G_GINT64_FORMAT "): %s",
      vm_janus_code_to_name (message->code), message->code,
      message->text && *message->text ? message->text : "no reason given");
}
