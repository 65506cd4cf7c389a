/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The socket of a file whose other end says too much, or reads nothing: what
 * the sender keeps of it. Real sockets, on loopback only. */

#include "program.h"
#include "support/net/handshake.h"
#include "support/trust/trustkeys.h"

#include <gst/videomeet/client/upload/fileline.h>
#include <gst/videomeet/client/upload/fileupload-priv.h>
#include <gst/videomeet/client/settle.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define DEADLINE (90 * G_TIME_SPAN_SECOND)
#define ID "3d5f8f4e-0a1b-4c2d-8e3f-405162738495"
#define PAUSE "{\"type\":\"TRANSFER_PAUSE\",\"transferId\":\"" ID "\"}"
#define SIZE 3072 /* of what the other end says */
#define COUNTS (SIZE + VM_FILE_LINE_UNTOLD_EACH)

static GSocketListener *listener;
static GSocketConnection *connection; /* of the other end */
static GThread *thread;
static gboolean opened;
static guint heard, expected; /* messages */
static GError *closed; /* why */

static gboolean
put (gconstpointer data, gsize size)
{
  return g_output_stream_write_all (
      g_io_stream_get_output_stream (G_IO_STREAM (connection)), data, size,
      NULL, NULL, NULL);
}

/* What @said is about, @size bytes with its blanks; RFC 6455 §5.2. */
static void
say_padded (const gchar *said, guint16 size)
{
  const guint8 header[] = { 0x81, 126, size >> 8, size & 0xff };
  g_autofree gchar *text = g_strdup_printf ("%*s", size, said);

  put (header, sizeof header);
  put (text, size);
}

/* Until the client has answered the ping that is behind all, or has closed. */
static void
wait_until_read (void)
{
  static const guint8 ping[] = { 0x89, 1, 'x' };
  GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  guint8 frame[2 + 4 + 125] = { 0 };
  gsize got;

  put (ping, sizeof ping);
  /* neither is masked by what it says of itself */
  while ((frame[0] & 0x0f) != 0x0a && (frame[0] & 0x0f) != 0x08) {
    fail_unless (g_input_stream_read_all (in, frame, 6, &got, NULL, NULL));
    fail_unless_equals_int (got, 6);
    fail_unless ((frame[1] & 0x7f) < 126);
    fail_unless (g_input_stream_read_all (
        in, frame + 6, frame[1] & 0x7f, &got, NULL, NULL));
  }
}

static gpointer
serve (gpointer messages)
{
  connection = g_socket_listener_accept (listener, NULL, NULL, NULL);
  net_shake_hands (G_IO_STREAM (connection));
  for (guint i = 0; i < GPOINTER_TO_UINT (messages); i++)
    say_padded (PAUSE, SIZE);
  wait_until_read ();
  return NULL;
}

static void
on_opened (gpointer owner)
{
  opened = TRUE;
}

static void
on_message (gpointer owner, const GstStructure *message)
{
  fail_unless (gst_structure_has_name (message, "TRANSFER_PAUSE"));
  heard++;
}

static void
on_closed (gpointer owner, const GError *error)
{
  fail_unless (!closed);
  closed = g_error_copy (error);
}

static gboolean
wake (gpointer unused)
{
  return G_SOURCE_CONTINUE;
}

static gboolean
is_closed (void)
{
  return closed != NULL;
}

static gboolean
has_heard_all (void)
{
  return heard == expected;
}

static void
wait_until (gboolean (*done) (void))
{
  gint64 until = g_get_monotonic_time () + DEADLINE;
  guint timer = g_timeout_add (1000, wake, NULL);

  while (!done ()) {
    fail_unless (g_get_monotonic_time () < until);
    g_main_context_iteration (NULL, TRUE);
  }
  g_source_remove (timer);
}

/* Where @func is on a thread of its own. Returns: (transfer full): its URI */
static gchar *
listen_to (GThreadFunc func, gpointer data)
{
  g_autoptr (GSocketAddress) any =
      g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;

  listener = g_socket_listener_new ();
  fail_unless (g_socket_listener_add_address (listener, any,
      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &address, NULL));
  thread = g_thread_new ("other-end", func, data);
  return g_strdup_printf ("http://127.0.0.1:%u",
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));
}

static VmFileLine *
open_line_to (GThreadFunc func, gpointer data)
{
  static const VmFileLineFuncs funcs = { on_opened, on_message, on_closed };
  g_autofree gchar *uri = listen_to (func, data);
  const VmSignalSocketConfig config = { .base_uri = uri,
    .path = "/transfer",
    .protocol = "videomeet.file",
    .timeout_ms = DEADLINE / 1000 };

  return vm_file_line_new (bob, &config, DEADLINE / 1000, &funcs, &opened);
}

/* The other end says so many @messages at once. */
static VmFileLine *
open_line (guint messages)
{
  return open_line_to (serve, GUINT_TO_POINTER (messages));
}

static void
setup (void)
{
  opened = FALSE;
  heard = 0;
}

static void
teardown (void)
{
  g_clear_pointer (&thread, g_thread_join);
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  g_clear_object (&connection);
  g_socket_listener_close (listener);
  g_clear_object (&listener);
  g_clear_error (&closed);
}

/* Up to VM_FILE_LINE_UNTOLD_MAX all is heard once there is time for it; beyond,
 * the line is lost. */
GST_START_TEST (test_says_much)
{
  const guint at = VM_FILE_LINE_UNTOLD_MAX / COUNTS;
  VmFileLine *line = open_line (at + __i__);

  fail_unless_equals_int (at * COUNTS, VM_FILE_LINE_UNTOLD_MAX);
  expected = at + MIN (__i__, 0);
  g_clear_pointer (&thread, g_thread_join);
  wait_until (__i__ > 0 ? is_closed : has_heard_all);
  fail_unless (opened);
  fail_unless_equals_int (heard, expected);
  if (closed)
    g_assert_error (closed, VM_ERROR, VM_ERROR_RATE_LIMITED);
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  vm_file_line_close (line);
  fail_unless (vm_settle (DEADLINE / 1000));
}

GST_END_TEST;

static gboolean
is_opened (void)
{
  return opened;
}

#define MEBIBYTE (1024 * 1024)

static void
send_chunks (VmFileLine *line, guint mebibytes)
{
  g_autofree guint8 *zeros = g_malloc0 (VM_CHUNK_SIZE_MAX);

  for (guint i = 0; i < mebibytes * (MEBIBYTE / VM_CHUNK_SIZE_MAX); i++) {
    VmTransferMessage *chunk =
        vm_transfer_message_new (VM_TRANSFER_CHUNK_DATA, ID);

    chunk->index = i;
    chunk->data = g_bytes_new (zeros, VM_CHUNK_SIZE_MAX);
    vm_file_line_send (line, chunk);
  }
}

static void
close_line (VmFileLine *line)
{
  vm_file_line_close (line);
  fail_unless (vm_settle (DEADLINE / 1000));
}

/* What waits within the limit waits; beyond, the line is lost. How much more
 * the kernel takes is its own, and less than the rest. */
GST_START_TEST (test_not_read)
{
  VmFileLine *line = open_line (0);
  guint most = (VM_FILE_LINE_UNSENT_MAX + VM_FILE_LINE_WAITING_MAX) / MEBIBYTE;

  wait_until (is_opened);
  g_clear_pointer (&thread, g_thread_join);
  send_chunks (line, __i__ ? most + 64 : most - 1);
  if (__i__) {
    wait_until (is_closed);
    g_assert_error (closed, VM_ERROR, VM_ERROR_DISCONNECTED);
    fail_unless (strstr (closed->message, "does not take what is sent"));
  }
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  if (!__i__) {
    wait_until (is_closed);
    fail_unless (strstr (closed->message, "lost"), "%s", closed->message);
  }
  close_line (line);
}

GST_END_TEST;

static guint64 bytes_read;

static gpointer
read_all (gpointer unused)
{
  guint8 *buffer;
  gssize n;

  connection = g_socket_listener_accept (listener, NULL, NULL, NULL);
  net_shake_hands (G_IO_STREAM (connection));
  buffer = g_malloc (MEBIBYTE);
  while ((n = g_input_stream_read (
              g_io_stream_get_input_stream (G_IO_STREAM (connection)), buffer,
              MEBIBYTE, NULL, NULL))
             > 0
         && bytes_read + n < 16 * MEBIBYTE)
    bytes_read += n;
  bytes_read += MAX (n, 0);
  g_free (buffer);
  return NULL;
}

/* Who reads gets all, also what waited, and what waited as the line was
 * closed. */
GST_START_TEST (test_all_is_read)
{
  VmFileLine *line = open_line_to (read_all, NULL);

  wait_until (is_opened);
  send_chunks (line, 16);
  vm_file_line_close (line);
  g_clear_pointer (&thread, g_thread_join);
  fail_unless (bytes_read >= 16 * MEBIBYTE);
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  fail_unless (vm_settle (DEADLINE / 1000));
}

GST_END_TEST;

#define ACKS 2000
#define ACK_EVERY 1000 /* µs: time to send what it makes room for */
#define TOTAL (128 * MEBIBYTE)

/* A request for leave to send. Returns: (transfer full): the id of the offer */
static gchar *
grant (void)
{
  const gchar *answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                        "Content-Length: 14\r\nConnection: close\r\n\r\n"
                        "{\"ticket\":\"t\"}";
  g_autoptr (GSocketConnection) request =
      g_socket_listener_accept (listener, NULL, NULL, NULL);
  g_autoptr (GString) text = g_string_new (NULL);
  gchar buffer[4096];
  const gchar *id = NULL;
  gssize n;

  /* the offer has its id before its end */
  while (!(id = strstr (text->str, "\"id\":\"")) || !strchr (id, '}')) {
    n = g_input_stream_read (
        g_io_stream_get_input_stream (G_IO_STREAM (request)), buffer,
        sizeof buffer, NULL, NULL);
    fail_unless (n > 0, "%s", text->str);
    g_string_append_len (text, buffer, n);
  }
  g_output_stream_write_all (
      g_io_stream_get_output_stream (G_IO_STREAM (request)), answer,
      strlen (answer), NULL, NULL, NULL);
  g_io_stream_close (G_IO_STREAM (request), NULL, NULL);
  id += strlen ("\"id\":\"");
  return g_strndup (id, strcspn (id, "\""));
}

static void
say (const gchar *format, const gchar *id)
{
  g_autofree gchar *text = g_strdup_printf (format, id);

  say_padded (text, 1024);
}

/* And acknowledges them. */
static void
read_bytes (guint64 n, const gchar *ack, const gchar *id)
{
  g_autofree guint8 *buffer = g_malloc (MEBIBYTE);
  gssize got;

  g_socket_set_timeout (g_socket_connection_get_socket (connection), 60);
  for (; n > 0; n -= MIN (n, (guint64) got)) {
    got = g_input_stream_read (
        g_io_stream_get_input_stream (G_IO_STREAM (connection)), buffer,
        MEBIBYTE, NULL, NULL);
    fail_unless (got > 0, "%" G_GUINT64_FORMAT " bytes did not come", n);
    say (ack, id);
  }
}

/* Says that it has got all, again and again, and reads nothing; or @late all of
 * it. */
static gpointer
lie (gpointer late)
{
  g_autofree gchar *id = grant ();
  g_autofree gchar *ack = g_strdup_printf (
      "{\"type\":\"CHUNK_ACK\",\"id\":0,\"status\":\"received\","
      "\"upTo\":%u,\"transferId\":\"%%s\"}",
      TOTAL / VM_FILE_CHUNK_SIZE);

  connection = g_socket_listener_accept (listener, NULL, NULL, NULL);
  net_shake_hands (G_IO_STREAM (connection));
  say ("{\"type\":\"FILE_RESPONSE\",\"accept\":true,\"encoding\":\"binary\","
       "\"transferId\":\"%s\"}",
      id);
  for (guint i = 0; i < ACKS; i++) {
    say (ack, id);
    g_socket_condition_timed_wait (g_socket_connection_get_socket (connection),
        G_IO_HUP, ACK_EVERY, NULL, NULL);
  }
  if (late)
    read_bytes (TOTAL, ack, id);
  say ("{\"type\":\"error\",\"code\":\"FAILED\",\"message\":\"enough\","
       "\"transferId\":\"%s\"}",
      id);
  return NULL;
}

static guint64 sent; /* in the sender's thread, until it has ended */

static void
on_changed (VmFileSender *sender, const GstStructure *transfer, gpointer data)
{
  gst_structure_get (transfer, "sent", G_TYPE_UINT64, &sent, NULL);
}

/* What a device says that it has got is no measure of what may wait for it; and
 * what has waited goes on once it is read. */
GST_START_TEST (test_lies)
{
  const guint64 most = VM_UPLOAD_UNSENT_MAX + 64 * VM_FILE_CHUNK_SIZE;
  const guint64 kernel = 16 * MEBIBYTE;
  g_autofree gchar *uri = NULL, *path = NULL;
  g_autoptr (VmFileSender) sender = NULL;
  g_autoptr (GError) error = NULL;
  gint fd = g_file_open_tmp ("vm-lies-XXXXXX", &path, NULL);

  fail_unless (ftruncate (fd, TOTAL) == 0);
  close (fd);
  sender = vm_file_sender_new (path, VM_FILE_CHUNK_SIZE, &error);
  g_assert_no_error (error);
  g_signal_connect (sender, "changed", G_CALLBACK (on_changed), NULL);
  uri = listen_to (lie, GINT_TO_POINTER (__i__));
  fail_if (vm_file_sender_upload (sender, bob, uri, NULL, NULL, &error));
  fail_unless (strstr (error->message, "enough"), "%s", error->message);
  fail_unless (sent > 0 && (__i__ || sent <= most + kernel),
      "%" G_GUINT64_FORMAT " bytes", sent);
  g_unlink (path);
}

GST_END_TEST;

static Suite *
fileline_suite (void)
{
  Suite *s = suite_create ("fileline");
  TCase *tc = tcase_create ("fileline");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 240);
  tcase_add_unchecked_fixture (tc, trust_keys_setup, trust_keys_teardown);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_says_much, -1, 2);
  tcase_add_loop_test (tc, test_not_read, 0, 2);
  tcase_add_test (tc, test_all_is_read);
  tcase_add_loop_test (tc, test_lies, 0, 2);
  return s;
}

CHECK_PROGRAM (fileline)
