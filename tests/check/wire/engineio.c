/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Engine.IO 4, against the examples of its protocol: "Packet encoding". */

#include "program.h"

#include <gst/videomeet/wire/socketio/engineio.h>
#include <string.h>

static void
packet_is (const VmEnginePacket *packet, VmEngineType type, gboolean binary,
    const gchar *data)
{
  g_autofree gchar *text = g_strndup (packet->data, packet->size);

  fail_unless_equals_int (packet->type, type);
  fail_unless_equals_int (packet->binary, binary);
  fail_unless_equals_string (text, data);
}

static gboolean
read_text (const gchar *text, VmEnginePacket *packet, GError **error)
{
  return vm_engine_packet_read (text, strlen (text), packet, error);
}

GST_START_TEST (test_packets)
{
  const gchar *good[] = { "0{}", "1", "2probe", "3", "4hello", "5", "6" };
  const gchar *bad[] = { "", "7", "b", "bAQIDBA==", "hello", "/", "4\xff" };
  VmEnginePacket packet;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (read_text (good[i], &packet, &error), "%s", good[i]);
    g_assert_no_error (error);
    packet_is (&packet, i, FALSE, good[i] + 1);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    fail_if (read_text (bad[i], &packet, &error), "%s", bad[i]);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  }
  fail_if (vm_engine_packet_read ("4\0", 2, &packet, NULL));
}

GST_END_TEST;

GST_START_TEST (test_size)
{
  g_autofree gchar *text = g_strnfill (VM_ENGINE_PAYLOAD_MAX + 1, '4');
  VmEnginePacket packet;

  fail_unless (
      vm_engine_packet_read (text, VM_ENGINE_PAYLOAD_MAX, &packet, NULL));
  fail_unless_equals_int (packet.size, VM_ENGINE_PAYLOAD_MAX - 1);
  fail_if (
      vm_engine_packet_read (text, VM_ENGINE_PAYLOAD_MAX + 1, &packet, NULL));
}

GST_END_TEST;

GST_START_TEST (test_body)
{
  const gchar *body = "4hello\x1e"
                      "2\x1e"
                      "bAQIDBA==\x1e"
                      "4";
  g_autoptr (GError) error = NULL;
  VmEngineReader reader;
  VmEnginePacket packet;

  vm_engine_reader_init (&reader, body, strlen (body));
  fail_unless (vm_engine_reader_next (&reader, &packet, &error));
  packet_is (&packet, VM_ENGINE_MESSAGE, FALSE, "hello");
  fail_unless (vm_engine_reader_next (&reader, &packet, &error));
  packet_is (&packet, VM_ENGINE_PING, FALSE, "");
  fail_unless (vm_engine_reader_next (&reader, &packet, &error));
  packet_is (&packet, VM_ENGINE_MESSAGE, TRUE, "AQIDBA==");
  fail_unless (vm_engine_reader_next (&reader, &packet, &error));
  packet_is (&packet, VM_ENGINE_MESSAGE, FALSE, "");
  fail_if (vm_engine_reader_next (&reader, &packet, &error));
  g_assert_no_error (error);
}

GST_END_TEST;

GST_START_TEST (test_bad_bodies)
{
  const gchar *bad[] = { "", "\x1e", "4a\x1e",
    "\x1e"
    "4a",
    "4a\x1e\x1e"
    "4b",
    "bAQ", "bA===", "b=AAA", "bA*AA",
    "4a\x1e"
    "9" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    VmEngineReader reader;
    VmEnginePacket packet;

    vm_engine_reader_init (&reader, bad[i], strlen (bad[i]));
    while (vm_engine_reader_next (&reader, &packet, &error))
      continue;
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  }
}

GST_END_TEST;

/* How many of @count packets in one body are read. */
static guint
read_many (guint count, GError **error)
{
  g_autoptr (GString) body = g_string_new (NULL);
  g_autoptr (GBytes) ping = vm_engine_packet_new (VM_ENGINE_PING, NULL, 0);
  VmEngineReader reader;
  VmEnginePacket packet;
  guint n = 0;

  for (guint i = 0; i < count; i++)
    vm_engine_append (body, ping);
  vm_engine_reader_init (&reader, body->str, body->len);
  while (vm_engine_reader_next (&reader, &packet, error))
    n++;
  return n;
}

GST_START_TEST (test_number_of_packets)
{
  g_autoptr (GError) error = NULL;

  fail_unless_equals_int (
      read_many (VM_ENGINE_PACKETS_MAX - 1, &error), VM_ENGINE_PACKETS_MAX - 1);
  fail_unless_equals_int (
      read_many (VM_ENGINE_PACKETS_MAX, &error), VM_ENGINE_PACKETS_MAX);
  g_assert_no_error (error);
  fail_unless_equals_int (
      read_many (VM_ENGINE_PACKETS_MAX + 1, &error), VM_ENGINE_PACKETS_MAX);
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

static void
bytes_are (GBytes *bytes, const gchar *text)
{
  g_autofree gchar *written =
      g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

  fail_unless_equals_string (written, text);
  g_bytes_unref (bytes);
}

GST_START_TEST (test_writing)
{
  VmEngineHandshake handshake = { "lv_VI97HAXpY6yYWAAAC", TRUE,
    25 * G_USEC_PER_SEC, 20 * G_USEC_PER_SEC };

  bytes_are (vm_engine_packet_new (VM_ENGINE_PONG, "probe", 5), "3probe");
  bytes_are (vm_engine_packet_new (VM_ENGINE_NOOP, NULL, 0), "6");
  bytes_are (vm_engine_handshake_new (&handshake),
      "0{\"sid\":\"lv_VI97HAXpY6yYWAAAC\",\"upgrades\":[\"websocket\"],"
      "\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":262144}");
  handshake.upgrades = FALSE;
  bytes_are (vm_engine_handshake_new (&handshake),
      "0{\"sid\":\"lv_VI97HAXpY6yYWAAAC\",\"upgrades\":[],"
      "\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":262144}");
}

GST_END_TEST;

static Suite *
engineio_suite (void)
{
  Suite *s = suite_create ("engineio");
  TCase *tc = tcase_create ("engineio");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_packets);
  tcase_add_test (tc, test_size);
  tcase_add_test (tc, test_body);
  tcase_add_test (tc, test_bad_bodies);
  tcase_add_test (tc, test_number_of_packets);
  tcase_add_test (tc, test_writing);
  return s;
}

CHECK_PROGRAM (engineio)
