/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a device bears that joins a room of the Socket.IO dialect where the
 * server does not read. Real sockets, on loopback only. */

#include "program.h"
#include "support/net/handshake.h"
#include "support/meetingdevice.h"

#include <gst/videomeet/client/signalclient-priv.h>
#include <gst/videomeet/meeting/vmmeeting-priv.h>
#include <string.h>

#define PING_SIZE (200 * 1024)
/* More than the limit and what the kernel keeps for both sides. */
#define PINGS 128

typedef enum
{
  READS, /* all that comes */
  IS_DEAF,
  ASKS /* again and again, and is deaf */
} Manner;

static GSocketListener *listener;
static GSocketConnection *connection; /* of the server */
static GThread *thread;

static gboolean
put (gconstpointer data, gsize size)
{
  return g_output_stream_write_all (
      g_io_stream_get_output_stream (G_IO_STREAM (connection)), data, size,
      NULL, NULL, NULL);
}

/* A text of less than 126 bytes, or of more than 65,535; RFC 6455 §5.2. */
static gboolean
say (const gchar *text, gsize size)
{
  const guint8 brief[] = { 0x81, (guint8) size };
  const guint8 extended[] = { 0x81, 127, 0, 0, 0, 0, 0, (guint8) (size >> 16),
    (guint8) (size >> 8), (guint8) size };

  return (size < 126 ? put (brief, sizeof brief)
                     : put (extended, sizeof extended))
         && put (text, size);
}

/* Not without end: libsoup reads as long as there is more, before it hands on
 * any. */
static void
ask (void)
{
  g_autofree gchar *ping = g_strnfill (PING_SIZE, '2');

  for (guint i = 0; i < PINGS && say (ping, PING_SIZE); i++)
    continue;
}

static gpointer
serve (gpointer manner)
{
  static const gchar *const greeting[] = {
    "0{\"sid\":\"e\",\"upgrades\":[],\"pingInterval\":25000,"
    "\"pingTimeout\":20000,\"maxPayload\":1000000}",
    "40{\"sid\":\"me\"}",
    "42[\"room_joined\",{\"room\":\"standup\",\"users\":1}]",
  };
  GInputStream *in;

  connection = g_socket_listener_accept (listener, NULL, NULL, NULL);
  net_shake_hands (G_IO_STREAM (connection));
  for (guint i = 0; i < G_N_ELEMENTS (greeting); i++)
    say (greeting[i], strlen (greeting[i]));
  in = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  if (GPOINTER_TO_INT (manner) == READS) {
    while (g_input_stream_skip (in, PING_SIZE, NULL, NULL) > 0)
      continue;
  } else if (GPOINTER_TO_INT (manner) == ASKS) {
    ask ();
  }
  return NULL;
}

/* At a server of that manner. */
static void
join (Manner manner)
{
  g_autoptr (GSocketAddress) any =
      g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autofree gchar *uri = NULL;

  listener = g_socket_listener_new ();
  fail_unless (g_socket_listener_add_address (listener, any,
      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &address, NULL));
  thread = g_thread_new ("deaf", serve, GINT_TO_POINTER (manner));
  uri = g_strdup_printf ("ws://127.0.0.1:%u/",
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));
  device_open (&b, VM_MEETING_MODE_JOIN);
  g_object_set (b.meeting, "dialect", VM_DIALECT_NAME_SOCKETIO, "name",
      "standup", "uri", uri, NULL);
  start (&b);
  WAIT_FOR (has (&b, "joined:p100000") || b.error);
  fail_unless (!b.error, "%s", b.error ? b.error->message : "");
}

static void
close_server (void)
{
  vm_meeting_stop (b.meeting);
  vm_meeting_settle (WAIT_SECONDS * 1000);
  g_thread_join (thread);
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  g_clear_object (&connection);
  g_socket_listener_close (listener);
  g_clear_object (&listener);
}

static void
check_lost (void)
{
  WAIT_FOR (has (&b, "failed"));
  g_assert_error (b.error, VM_ERROR, VM_ERROR_DISCONNECTED);
  fail_unless_equals_string (
      b.error->message, "The server does not take what is sent to it");
}

/* Each ping wants an answer. */
GST_START_TEST (test_asked_for_more_and_more)
{
  join (ASKS);
  check_lost ();
  close_server ();
}

GST_END_TEST;

static void
send (gsize size, guint times)
{
  g_autofree gchar *text = g_strnfill (size, '3');
  g_autoptr (GBytes) bytes = g_bytes_new (text, size);

  for (guint i = 0; i < times; i++)
    vm_signal_client_send_bytes (b.meeting->client, bytes);
}

static void
run (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    continue;
}

/* At each of the limits, and above. */
GST_START_TEST (test_limits)
{
  join (IS_DEAF);
  run ();
  vm_signal_client_forget_unsent (b.meeting->client);
  if (__i__) {
    send (VM_SIGNAL_UNSENT_BYTES / 4, 4);
    run ();
    fail_unless (b.error == NULL);
  } else {
    send (3, VM_SIGNAL_UNSENT_MESSAGES);
  }
  fail_if (b.meeting->client->over);
  send (1, 1);
  check_lost ();
  close_server ();
}

GST_END_TEST;

/* What was taken counts no longer. */
GST_START_TEST (test_taken)
{
  join (READS);
  for (guint i = 0; i < 3; i++) {
    send (VM_SIGNAL_UNSENT_BYTES / 4, 3);
    WAIT_FOR (b.meeting->client->unsent.bytes == 0);
  }
  fail_unless (b.error == NULL);
  close_server ();
}

GST_END_TEST;

static Suite *
sendqueue_suite (void)
{
  Suite *s = suite_create ("sendqueue");
  TCase *tc = tcase_create ("unsent");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_asked_for_more_and_more);
  tcase_add_loop_test (tc, test_limits, 0, 2);
  tcase_add_test (tc, test_taken);
  return s;
}

CHECK_PROGRAM (sendqueue)
