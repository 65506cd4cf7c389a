/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/socketio/socketio.h"
#include "wire/signal.h"

#include <string.h>

#define NUMBER_DIGITS 16 /* VM_SIGNAL_INT_MAX has so many */

/* What is left of a packet. */
typedef struct
{
  const gchar *at;
  const gchar *end;
} Text;

static gboolean
bad (GError **error, const gchar *message)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, message);
  return FALSE;
}

static gboolean
next_is (const Text *text, gchar c)
{
  return text->at < text->end && *text->at == c;
}

/* Digits, if there are any; @value stays without. */
static gboolean
read_number (Text *text, gint64 max, gint64 *value, GError **error)
{
  gint64 number = 0;
  guint digits = 0;

  while (text->at < text->end && g_ascii_isdigit (*text->at)) {
    if (++digits > NUMBER_DIGITS)
      return bad (error, "A number of a packet is too large");
    number = number * 10 + (*text->at++ - '0');
  }
  if (number > max)
    return bad (error, "A number of a packet is too large");
  if (digits)
    *value = number;
  return TRUE;
}

/* "N-" */
static gboolean
read_attachments (Text *text, VmSocketPacket *packet, GError **error)
{
  if (packet->type != VM_SOCKET_BINARY_EVENT
      && packet->type != VM_SOCKET_BINARY_ACK)
    return TRUE;
  packet->attachments = -1;
  if (!read_number (
          text, VM_SOCKET_ATTACHMENTS_MAX, &packet->attachments, error))
    return FALSE;
  if (packet->attachments < 0 || !next_is (text, '-'))
    return bad (error, "A binary packet does not count what follows it");
  text->at++;
  return TRUE;
}

/* "/name," or nothing; the last of a packet may lack the comma. */
static gboolean
read_namespace (Text *text, VmSocketPacket *packet, GError **error)
{
  const gchar *comma, *end;

  packet->space = NULL;
  if (next_is (text, '/')) {
    comma = memchr (text->at, ',', text->end - text->at);
    end = comma ? comma : text->end;
    if (end - text->at <= VM_SOCKET_NAMESPACE_MAX)
      packet->space = g_strndup (text->at, end - text->at);
    if (!packet->space || strlen (packet->space) != (gsize) (end - text->at)
        || !vm_text_is_name (packet->space, VM_SOCKET_NAMESPACE_MAX))
      return bad (error, "The namespace of a packet is no name");
    text->at = comma ? comma + 1 : end;
  } else {
    packet->space = g_strdup ("/");
  }
  return TRUE;
}

/* Of what is readable; 0 for nothing. */
static gchar
first_of (VmSpan data)
{
  return data.size ? *data.data : 0;
}

/* Whether it is an array, of an event with a name in front. */
static gboolean
is_call (VmSpan data, gboolean named)
{
  const gchar *p = data.data;

  if (first_of (data) != '[')
    return FALSE;
  do
    p++;
  while (g_ascii_isspace (*p));
  return !named || *p == '"';
}

static gboolean
fits (const VmSocketPacket *packet)
{
  switch (packet->type) {
    case VM_SOCKET_EVENT:
    case VM_SOCKET_BINARY_EVENT:
      return is_call (packet->data, TRUE);
    case VM_SOCKET_ACK:
    case VM_SOCKET_BINARY_ACK:
      return is_call (packet->data, FALSE) && packet->id >= 0;
    case VM_SOCKET_CONNECT:
      return !packet->data.size || first_of (packet->data) == '{';
    case VM_SOCKET_DISCONNECT:
      return !packet->data.size;
    default:
      return first_of (packet->data) == '{';
  }
}

static gboolean
read_data (Text *text, VmSocketPacket *packet, GError **error)
{
  gsize size = text->end - text->at;

  /* its values are read by who takes the event */
  if (size && !vm_json_is_readable (text->at, size, error))
    return FALSE;
  while (size && g_ascii_isspace (*text->at)) {
    text->at++;
    size--;
  }
  while (size && g_ascii_isspace (text->at[size - 1]))
    size--;
  packet->data = (VmSpan){ text->at, size };
  return fits (packet)
         || bad (error, "A packet does not carry what one of its type does");
}

gboolean
vm_socket_packet_read (
    const gchar *data, gsize size, VmSocketPacket *packet, GError **error)
{
  Text text = { data, data + size };

  *packet = (VmSocketPacket){ .id = -1 };
  if (!size || *data < '0' || *data >= '0' + VM_SOCKET_N_TYPES)
    return bad (error, "A packet has no type that there is");
  packet->type = *text.at++ - '0';
  if (read_attachments (&text, packet, error)
      && read_namespace (&text, packet, error)
      && read_number (&text, VM_SIGNAL_INT_MAX, &packet->id, error)
      && read_data (&text, packet, error))
    return TRUE;
  vm_socket_packet_clear (packet);
  return FALSE;
}

void
vm_socket_packet_clear (VmSocketPacket *packet)
{
  g_clear_pointer (&packet->space, g_free);
}

gchar *
vm_socket_packet_write (VmSocketType type, const gchar *space, gint64 id,
    const gchar *data, gsize size)
{
  GString *text = g_string_sized_new (size + 32);

  g_string_append_c (text, '0' + type);
  if (strcmp (space, "/") != 0)
    g_string_append_printf (text, "%s,", space);
  if (id >= 0)
    g_string_append_printf (text, "%" G_GINT64_FORMAT, id);
  if (data)
    g_string_append_len (text, data, size);
  return g_string_free (text, FALSE);
}
