/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/net/netclient.h"

#include <gst/check/gstcheck.h>
#include <gst/videomeet/base/json/json.h>
#include <gst/videomeet/server/socket/wsframe.h>
#include <string.h>

const VmServerTimes patient = {
  .start = NET_LONG,
  .first_message = NET_LONG,
  .ping = NET_LONG,
  .dead = NET_LONG,
  .awaited_ping = NET_LONG,
  .awaited_pong = NET_LONG,
  .flood = NET_LONG,
  .queue = NET_LONG,
  .request = NET_LONG,
  .answer = NET_LONG,
  .ring = NET_LONG,
  .engine_ping = NET_LONG,
  .engine_pong = NET_LONG,
};

static VmIdentity *shown;
static const gchar *from;

void
net_use_identity (VmIdentity *identity)
{
  g_set_object (&shown, identity);
}

void
net_use_address (const gchar *address)
{
  from = address;
}

VmServer *
net_server (VmServerConfig *config, const VmServerTimes *times)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, &error);
  VmServer *server;
  VmDeviceInfo *info = vm_device_info_new ();

  g_assert_no_error (error);
  server = vm_server_new (identity);
  vm_server_set_times (server, times ? times : &patient);
  g_free (info->user);
  info->user = g_strdup ("Ann");
  vm_server_set_device_info (server, info);
  vm_device_info_free (info);
  vm_server_start (server, config, &error);
  g_assert_no_error (error);
  return server;
}

typedef struct
{
  VmServerFunc func;
  gpointer data;

  GMutex lock; /* of done */
  GCond cond;
  gboolean done;
} Run;

static void
run_on_net (VmServer *server, gpointer data)
{
  Run *run = data;

  run->func (server, run->data);
  g_mutex_lock (&run->lock);
  run->done = TRUE;
  g_cond_signal (&run->cond);
  g_mutex_unlock (&run->lock);
}

void
net_run (VmServer *server, VmServerFunc func, gpointer data)
{
  Run run = { .func = func, .data = data };
  gint64 end = g_get_monotonic_time () + NET_SECONDS * G_TIME_SPAN_SECOND;

  g_mutex_init (&run.lock);
  g_cond_init (&run.cond);
  vm_server_post (server, run_on_net, &run, NULL);
  g_mutex_lock (&run.lock);
  while (!run.done)
    fail_unless (g_cond_wait_until (&run.cond, &run.lock, end));
  g_mutex_unlock (&run.lock);
  g_mutex_clear (&run.lock);
  g_cond_clear (&run.cond);
}

static gboolean
accept_any (GTlsConnection *connection, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, gpointer data)
{
  return TRUE;
}

static void
on_event (GSocketClient *client, GSocketClientEvent event,
    GSocketConnectable *to, GIOStream *stream, gpointer data)
{
  if (event != G_SOCKET_CLIENT_TLS_HANDSHAKING)
    return;
  /* or the system's certificates are read first, which takes a sanitizer longer
   * than a server waits for a handshake */
  g_tls_connection_set_database (G_TLS_CONNECTION (stream), NULL);
  g_signal_connect (
      stream, "accept-certificate", G_CALLBACK (accept_any), NULL);
  if (shown)
    g_tls_connection_set_certificate (
        G_TLS_CONNECTION (stream), vm_identity_get_tls_certificate (shown));
}

GIOStream *
net_connect (VmServer *server)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection;

  g_socket_client_set_timeout (client, NET_SECONDS);
  g_socket_client_set_tls (client, vm_server_get_secure (server));
  if (from) {
    g_autoptr (GSocketAddress) local =
        g_inet_socket_address_new_from_string (from, 0);

    g_socket_client_set_local_address (client, local);
  }
  g_signal_connect (client, "event", G_CALLBACK (on_event), NULL);
  connection = g_socket_client_connect_to_host (
      client, "127.0.0.1", vm_server_get_port (server), NULL, &error);
  g_assert_no_error (error);
  return G_IO_STREAM (connection);
}

/* Whether @text holds a whole answer; one to HEAD has no body, whatever its
 * length says. */
static gboolean
is_whole (const gchar *text, gboolean head)
{
  const gchar *end = strstr (text, "\r\n\r\n"), *length;

  if (!end || head)
    return end != NULL;
  length = strstr (text, "content-length:");
  return length && length < end
         && strlen (end + 4) >= strtoul (length + 15, NULL, 10);
}

NetAnswer *
net_ask_on (GIOStream *stream, const gchar *request, gsize size)
{
  NetAnswer *answer = g_new0 (NetAnswer, 1);
  GInputStream *input = g_io_stream_get_input_stream (stream);
  GString *text = g_string_new (NULL);
  gboolean head = strncmp (request, "HEAD ", strlen ("HEAD ")) == 0;
  gchar block[4096];
  gssize n;

  /* a server may answer and close before it has read all */
  g_output_stream_write_all (
      g_io_stream_get_output_stream (stream), request, size, NULL, NULL, NULL);
  while (
      !is_whole (text->str, head)
      && (n = g_input_stream_read (input, block, sizeof block, NULL, NULL)) > 0)
    g_string_append_len (text, block, n);
  answer->text = g_string_free (text, FALSE);
  sscanf (answer->text, "HTTP/1.%*u %u", &answer->status);
  answer->body = strstr (answer->text, "\r\n\r\n");
  answer->body = answer->body ? answer->body + 4 : "";
  return answer;
}

NetAnswer *
net_ask (VmServer *server, const gchar *format, ...)
{
  g_autoptr (GIOStream) stream = net_connect (server);
  g_autofree gchar *request = NULL;
  NetAnswer *answer;
  va_list args;

  va_start (args, format);
  request = g_strdup_vprintf (format, args);
  va_end (args);
  answer = net_ask_on (stream, request, strlen (request));
  g_io_stream_close (stream, NULL, NULL);
  return answer;
}

void
net_answer_free (NetAnswer *answer)
{
  g_free (answer->text);
  g_free (answer);
}

NetAnswer *
net_join (VmServer *server, const gchar *json)
{
  return net_ask (server,
      "POST /meetings/join HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT
      "\r\n\r\n%s",
      strlen (json), json);
}

gchar *
net_ticket (VmServer *server, const gchar *meeting, const gchar *user)
{
  g_autofree gchar *body =
      g_strdup_printf ("{\"meeting\":\"%s\",\"user\":\"%s\"}", meeting, user);
  g_autoptr (NetAnswer) answer = net_join (server, body);
  gchar *ticket = NULL;
  VmJson json;

  fail_unless (answer->status == 200, "%s", answer->text);
  fail_unless (vm_json_read (&json, answer->body, strlen (answer->body), NULL));
  fail_unless (vm_json_get_string (&json, 0, "ticket", 99, &ticket, NULL));
  return ticket;
}

static void
on_message (SoupWebsocketConnection *connection, gint type, GBytes *message,
    NetSocket *socket)
{
  gsize size;
  const gchar *data = g_bytes_get_data (message, &size);

  g_queue_push_tail (&socket->texts, g_strndup (data, size));
}

static void
on_closed (SoupWebsocketConnection *connection, NetSocket *socket)
{
  socket->closed = TRUE;
}

static gboolean
on_deadline (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_CONTINUE;
}

/* One turn of the main context, at most until the deadline. */
#define WAIT_WHILE(condition)                                              \
  G_STMT_START                                                             \
  {                                                                        \
    gboolean late = FALSE;                                                 \
    guint timer = g_timeout_add_seconds (NET_SECONDS, on_deadline, &late); \
    while ((condition) && !late)                                           \
      g_main_context_iteration (NULL, TRUE);                               \
    g_source_remove (timer);                                               \
    fail_if (late, "nothing came within %u seconds", NET_SECONDS);         \
  }                                                                        \
  G_STMT_END

static gboolean
accept_any_soup (SoupMessage *message, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, gpointer data)
{
  return TRUE;
}

static void
on_open (GObject *session, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

NetSocket *
net_socket_open (
    VmServer *server, const gchar *path, const gchar *protocol, GError **error)
{
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autofree gchar *uri = g_strdup_printf ("%s://127.0.0.1:%u%s",
      vm_server_get_secure (server) ? "wss" : "ws", vm_server_get_port (server),
      path);
  g_autoptr (SoupMessage) message = soup_message_new ("GET", uri);
  const gchar *protocols[] = { protocol, NULL };
  g_autoptr (GAsyncResult) result = NULL;
  SoupWebsocketConnection *connection;
  NetSocket *socket;

  soup_session_set_tls_database (session, NULL);
  g_signal_connect (
      message, "accept-certificate", G_CALLBACK (accept_any_soup), NULL);
  if (shown)
    soup_message_set_tls_client_certificate (
        message, vm_identity_get_tls_certificate (shown));
  soup_session_websocket_connect_async (session, message, NULL,
      protocol ? (gchar **) protocols : NULL, G_PRIORITY_DEFAULT, NULL, on_open,
      &result);
  WAIT_WHILE (!result);
  connection = soup_session_websocket_connect_finish (session, result, error);
  if (!connection)
    return NULL;
  socket = g_new0 (NetSocket, 1);
  socket->socket = connection;
  g_queue_init (&socket->texts);
  soup_websocket_connection_set_max_incoming_payload_size (connection, 0);
  g_signal_connect (connection, "message", G_CALLBACK (on_message), socket);
  g_signal_connect (connection, "closed", G_CALLBACK (on_closed), socket);
  return socket;
}

NetSocket *
net_socket_join (VmServer *server, const gchar *meeting, const gchar *user)
{
  g_autofree gchar *ticket = net_ticket (server, meeting, user);
  g_autofree gchar *path = g_strdup_printf ("/ws?ticket=%s", ticket);
  g_autoptr (GError) error = NULL;
  NetSocket *socket = net_socket_open (server, path, "videomeet.v2", &error);

  g_assert_no_error (error);
  net_socket_send (socket, "{\"type\":\"hello\",\"seq\":1,\"nonce\":\"bg==\"}");
  return socket;
}

void
net_socket_send (NetSocket *socket, const gchar *format, ...)
{
  g_autofree gchar *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  soup_websocket_connection_send_text (socket->socket, text);
}

gchar *
net_socket_next (NetSocket *socket)
{
  WAIT_WHILE (!socket->texts.length && !socket->closed);
  return g_queue_pop_head (&socket->texts);
}

gchar *
net_socket_wait (NetSocket *socket, const gchar *type)
{
  g_autofree gchar *head = g_strdup_printf ("{\"type\":\"%s\",", type);
  gchar *text;

  while ((text = net_socket_next (socket)) && !g_str_has_prefix (text, head))
    g_free (text);
  fail_unless (text != NULL, "closed before %s", type);
  return text;
}

guint
net_socket_wait_closed (NetSocket *socket)
{
  WAIT_WHILE (!socket->closed);
  return soup_websocket_connection_get_close_code (socket->socket);
}

void
net_socket_free (NetSocket *socket)
{
  g_signal_handlers_disconnect_by_data (socket->socket, socket);
  g_object_unref (socket->socket);
  g_queue_clear_full (&socket->texts, g_free);
  g_free (socket);
}

/* A client written by hand, for what no well-behaved one does. */
GIOStream *
net_raw_upgrade (VmServer *server, const gchar *path, const gchar *header)
{
  g_autofree gchar *request = g_strdup_printf (
      "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
      path, header);
  GIOStream *stream = net_connect (server);
  GInputStream *input = g_io_stream_get_input_stream (stream);
  g_autoptr (GString) answer = g_string_new (NULL);
  gchar c;

  g_output_stream_write_all (g_io_stream_get_output_stream (stream), request,
      strlen (request), NULL, NULL, NULL);
  while (!strstr (answer->str, "\r\n\r\n")
         && g_input_stream_read (input, &c, 1, NULL, NULL) == 1)
    g_string_append_c (answer, c);
  fail_unless (
      g_str_has_prefix (answer->str, "HTTP/1.1 101"), "%s", answer->str);
  return stream;
}

GIOStream *
net_raw_open (VmServer *server, const gchar *user)
{
  g_autofree gchar *ticket = net_ticket (server, "standup", user);
  g_autofree gchar *path = g_strdup_printf ("/ws?ticket=%s", ticket);

  return net_raw_upgrade (
      server, path, "Sec-WebSocket-Protocol: videomeet.v2\r\n");
}

/* RFC 6455 §5.2, masked with zeros. */
static void
append_frame (
    GByteArray *frames, guint8 first_byte, const gchar *payload, gsize size)
{
  guint8 header[VM_WS_FRAME_HEADER_MAX];
  gsize n = vm_ws_write_header (header, first_byte & 0xf, size);
  const guint8 mask[4] = { 0 };

  header[0] = first_byte;
  header[1] |= 0x80;
  g_byte_array_append (frames, header, n);
  g_byte_array_append (frames, mask, sizeof mask);
  g_byte_array_append (frames, (const guint8 *) payload, size);
}

gboolean
net_raw_send_many (GIOStream *stream, guint8 first_byte, const gchar *payload,
    gsize size, guint times)
{
  g_autoptr (GByteArray) frames = g_byte_array_new ();

  for (guint i = 0; i < times; i++)
    append_frame (frames, first_byte, payload, size);
  return g_output_stream_write_all (g_io_stream_get_output_stream (stream),
      frames->data, frames->len, NULL, NULL, NULL);
}

gboolean
net_raw_send (
    GIOStream *stream, guint8 first_byte, const gchar *payload, gsize size)
{
  return net_raw_send_many (stream, first_byte, payload, size, 1);
}

static gboolean
read_all (GInputStream *input, gpointer to, gsize size)
{
  gsize got;

  return g_input_stream_read_all (input, to, size, &got, NULL, NULL)
         && got == size;
}

guint8
net_raw_read (GIOStream *stream, guint8 *payload, gsize *size)
{
  GInputStream *input = g_io_stream_get_input_stream (stream);
  guint8 head[4];

  if (!read_all (input, head, 2))
    return 0;
  *size = head[1] & 0x7f;
  if (*size == 126) {
    if (!read_all (input, head + 2, 2))
      return 0;
    *size = head[2] << 8 | head[3];
  }
  return read_all (input, payload, *size) ? head[0] : 0;
}

guint
net_raw_close_code (GIOStream *stream)
{
  guint8 payload[NET_RAW_MAX], type;
  gsize size;

  while ((type = net_raw_read (stream, payload, &size))) {
    if (type == 0x88)
      return size >= 2 ? payload[0] << 8 | payload[1] : 1005;
  }
  return 0;
}
