/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Socket.IO 5, against the examples of its protocol: "Packet encoding". */

#include "program.h"

#include <gst/videomeet/wire/signal.h>
#include <gst/videomeet/wire/socketio/socketio.h>
#include <string.h>

static void
check_read (const gchar *text, VmSocketType type, const gchar *space, gint64 id,
    gint64 attachments, const gchar *data)
{
  g_autoptr (GError) error = NULL;
  g_auto (VmSocketPacket) packet = { 0 };
  g_autofree gchar *carried = NULL;

  fail_unless (
      vm_socket_packet_read (text, strlen (text), &packet, &error), "%s", text);
  g_assert_no_error (error);
  carried =
      g_strndup (packet.data.size ? packet.data.data : "", packet.data.size);
  fail_unless_equals_int (packet.type, type);
  fail_unless_equals_string (packet.space, space);
  fail_unless_equals_int64 (packet.id, id);
  fail_unless_equals_int64 (packet.attachments, attachments);
  fail_unless_equals_string (carried, data);
}

/* @text is what is written of it, too. */
static void
check_both (const gchar *text, VmSocketType type, const gchar *space, gint64 id,
    const gchar *data)
{
  g_autofree gchar *written = vm_socket_packet_write (
      type, space, id, *data ? data : NULL, strlen (data));

  check_read (text, type, space, id, 0, data);
  fail_unless_equals_string (written, text);
}

GST_START_TEST (test_packets)
{
  check_both ("0", VM_SOCKET_CONNECT, "/", -1, "");
  check_both ("0/admin,{\"token\":\"123\"}", VM_SOCKET_CONNECT, "/admin", -1,
      "{\"token\":\"123\"}");
  check_both ("1/admin,", VM_SOCKET_DISCONNECT, "/admin", -1, "");
  check_both ("2[\"foo\"]", VM_SOCKET_EVENT, "/", -1, "[\"foo\"]");
  check_both ("2/admin,[\"bar\"]", VM_SOCKET_EVENT, "/admin", -1, "[\"bar\"]");
  check_both ("212[\"foo\"]", VM_SOCKET_EVENT, "/", 12, "[\"foo\"]");
  check_both ("3/admin,13[\"bar\"]", VM_SOCKET_ACK, "/admin", 13, "[\"bar\"]");
  check_both ("30[]", VM_SOCKET_ACK, "/", 0, "[]");
  check_both ("4{\"message\":\"Not authorized\"}", VM_SOCKET_CONNECT_ERROR, "/",
      -1, "{\"message\":\"Not authorized\"}");
  check_read ("0/admin", VM_SOCKET_CONNECT, "/admin", -1, 0, "");
  check_read ("51-[\"baz\",{\"_placeholder\":true,\"num\":0}]",
      VM_SOCKET_BINARY_EVENT, "/", -1, 1,
      "[\"baz\",{\"_placeholder\":true,\"num\":0}]");
  check_read ("61-/admin,15[\"bar\",{\"_placeholder\":true,\"num\":0}]",
      VM_SOCKET_BINARY_ACK, "/admin", 15, 1,
      "[\"bar\",{\"_placeholder\":true,\"num\":0}]");
}

GST_END_TEST;

static void
is_refused (const gchar *text)
{
  g_autoptr (GError) error = NULL;
  VmSocketPacket packet;

  fail_if (
      vm_socket_packet_read (text, strlen (text), &packet, &error), "%s", text);
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
}

GST_START_TEST (test_refused)
{
  const gchar *bad[] = { "", "7", "x", "2", "2{}", "2[]", "2[1]", "2[\"a\"",
    "2[\"a\"]x", "3[]", "3", "35{}", "0[]", "0\"a\"", "1{}", "1[]", "4", "4[]",
    "5[\"a\"]", "5-[\"a\"]", "51[\"a\"]", "6-1[]", "0/a\x01," };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    is_refused (bad[i]);
}

GST_END_TEST;

GST_START_TEST (test_limits)
{
  g_autofree gchar *most = g_strdup_printf (
      "2%" G_GINT64_FORMAT "[\"a\"]", (gint64) VM_SIGNAL_INT_MAX);
  g_autofree gchar *more = g_strdup_printf (
      "2%" G_GINT64_FORMAT "[\"a\"]", (gint64) VM_SIGNAL_INT_MAX + 1);
  g_autofree gchar *space = g_strnfill (VM_SOCKET_NAMESPACE_MAX, '/');
  g_autofree gchar *named = g_strdup_printf ("0%s,", space);
  g_autofree gchar *named_too_long = g_strdup_printf ("0/%s,", space);
  g_autofree gchar *counted =
      g_strdup_printf ("5%d-[\"a\"]", VM_SOCKET_ATTACHMENTS_MAX);
  g_autofree gchar *too_many =
      g_strdup_printf ("5%d-[\"a\"]", VM_SOCKET_ATTACHMENTS_MAX + 1);

  check_read (most, VM_SOCKET_EVENT, "/", VM_SIGNAL_INT_MAX, 0, "[\"a\"]");
  is_refused (more);
  is_refused ("299999999999999999999[\"a\"]");
  check_read (named, VM_SOCKET_CONNECT, space, -1, 0, "");
  is_refused (named_too_long);
  check_read (counted, VM_SOCKET_BINARY_EVENT, "/", -1,
      VM_SOCKET_ATTACHMENTS_MAX, "[\"a\"]");
  is_refused (too_many);
}

GST_END_TEST;

static Suite *
socketio_suite (void)
{
  Suite *s = suite_create ("socketio");
  TCase *tc = tcase_create ("socketio");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_packets);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_limits);
  return s;
}

CHECK_PROGRAM (socketio)
