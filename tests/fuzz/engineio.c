/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/wire/socketio/engineio.h>
#include <gst/videomeet/wire/socketio/socketio.h>

#include <string.h>

/* What was read is written so again; an acknowledgement takes the shape that it
 * has there. */
static void
check_socket_packet (const gchar *data, gsize size)
{
  g_auto (VmSocketPacket) packet = { 0 };
  g_auto (VmSocketPacket) again = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = NULL;

  if (!vm_socket_packet_read (data, size, &packet, &error)) {
    g_assert_nonnull (error);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
    return;
  }
  g_assert_true (g_utf8_validate (packet.space, -1, NULL));
  if (packet.type == VM_SOCKET_BINARY_EVENT
      || packet.type == VM_SOCKET_BINARY_ACK)
    return;
  text = vm_socket_packet_write (
      packet.type, packet.space, packet.id, packet.data.data, packet.data.size);
  g_assert_true (vm_socket_packet_read (text, strlen (text), &again, NULL));
  g_assert_cmpint (again.type, ==, packet.type);
  g_assert_cmpint (again.id, ==, packet.id);
  g_assert_cmpstr (again.space, ==, packet.space);
  g_assert_cmpmem (
      again.data.data, again.data.size, packet.data.data, packet.data.size);
}

/* A body of packets, and what the messages among them say. */
void
fuzz_one (const guint8 *data, gsize size)
{
  VmEngineReader reader;
  VmEnginePacket packet;
  g_autoptr (GError) error = NULL;
  gsize all = 0;
  guint count = 0;

  vm_engine_reader_init (&reader, (const gchar *) data, size);
  while (vm_engine_reader_next (&reader, &packet, &error)) {
    count++;
    all += packet.size;
    if (packet.binary) {
      g_assert_cmpint (packet.type, ==, VM_ENGINE_MESSAGE);
      continue;
    }
    g_assert_true (g_utf8_validate_len (packet.data, packet.size, NULL));
    if (packet.type == VM_ENGINE_MESSAGE)
      check_socket_packet (packet.data, packet.size);
  }
  g_assert_cmpuint (count, <=, VM_ENGINE_PACKETS_MAX);
  g_assert_cmpuint (all, <=, size);
  g_assert_true (!error || g_utf8_validate (error->message, -1, NULL));
}
