/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/socketio/engineio.h"
#include "base/json/json.h"

#include <string.h>

#define SEPARATOR '\x1e' /* between the packets of a body */
#define BINARY 'b' /* in the place of a type: a message, in base64 */

static gboolean
bad (GError **error, const gchar *message)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, message);
  return FALSE;
}

/* RFC 4648 §4, with its padding. */
static gboolean
is_base64 (const gchar *data, gsize size)
{
  gsize padding = 0;

  if (size % 4)
    return FALSE;
  for (gsize i = 0; i < size; i++) {
    if (data[i] == '=')
      padding++;
    else if (padding
             || !(
                 g_ascii_isalnum (data[i]) || data[i] == '+' || data[i] == '/'))
      return FALSE;
  }
  return padding <= 2;
}

static gboolean
read_binary (
    const gchar *data, gsize size, VmEnginePacket *packet, GError **error)
{
  if (!is_base64 (data + 1, size - 1))
    return bad (error, "A binary packet is not base64");
  *packet = (VmEnginePacket){ VM_ENGINE_MESSAGE, TRUE, data + 1, size - 1 };
  return TRUE;
}

static gboolean
read_packet (const gchar *data, gsize size, gboolean in_body,
    VmEnginePacket *packet, GError **error)
{
  if (!size)
    return bad (error, "A packet is empty");
  if (size > VM_ENGINE_PAYLOAD_MAX)
    return bad (error, "A packet is larger than 256 KiB");
  if (in_body && *data == BINARY)
    return read_binary (data, size, packet, error);
  if (*data < '0' || *data >= '0' + VM_ENGINE_N_TYPES)
    return bad (error, "A packet has no type that there is");
  if (!vm_text_is_utf8 (data, size))
    return bad (error, "A packet is not UTF-8");
  *packet = (VmEnginePacket){ *data - '0', FALSE, data + 1, size - 1 };
  return TRUE;
}

gboolean
vm_engine_packet_read (
    const gchar *data, gsize size, VmEnginePacket *packet, GError **error)
{
  return read_packet (data, size, FALSE, packet, error);
}

void
vm_engine_reader_init (VmEngineReader *reader, const gchar *data, gsize size)
{
  *reader = (VmEngineReader){ .data = data, .size = size };
}

gboolean
vm_engine_reader_next (
    VmEngineReader *reader, VmEnginePacket *packet, GError **error)
{
  const gchar *data = reader->data;
  const gchar *end =
      reader->size ? memchr (data, SEPARATOR, reader->size) : NULL;
  gsize size = end ? (gsize) (end - data) : reader->size;

  if (reader->done)
    return FALSE;
  if (reader->count++ >= VM_ENGINE_PACKETS_MAX)
    return bad (error, "There are more than 256 packets at once");
  reader->done = !end;
  if (end) {
    reader->data = end + 1;
    reader->size -= size + 1;
  }
  return read_packet (data, size, TRUE, packet, error);
}

GBytes *
vm_engine_packet_new (VmEngineType type, const gchar *data, gsize size)
{
  GString *text = g_string_sized_new (size + 2);

  g_string_append_c (text, '0' + type);
  if (size)
    g_string_append_len (text, data, size);
  return g_string_free_to_bytes (text);
}

void
vm_engine_append (GString *body, GBytes *packet)
{
  gsize size;
  const gchar *data = g_bytes_get_data (packet, &size);

  if (body->len)
    g_string_append_c (body, SEPARATOR);
  g_string_append_len (body, data, size);
}

GBytes *
vm_engine_handshake_new (const VmEngineHandshake *handshake)
{
  const gchar *upgrades[] = { handshake->upgrades ? "websocket" : NULL, NULL };
  GString *text = g_string_new ("0{");

  vm_json_append_member (text, "sid", handshake->sid);
  vm_json_append_strings (text, "upgrades", upgrades);
  vm_json_append_int (
      text, "pingInterval", handshake->ping_interval / G_TIME_SPAN_MILLISECOND);
  vm_json_append_int (
      text, "pingTimeout", handshake->ping_timeout / G_TIME_SPAN_MILLISECOND);
  vm_json_append_int (text, "maxPayload", VM_ENGINE_PAYLOAD_MAX);
  g_string_append_c (text, '}');
  return g_string_free_to_bytes (text);
}
