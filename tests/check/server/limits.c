/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* security.md#limits, at the edge itself, over real sockets: what server.c and
 * signalling.c only pass by, and what nobody there tries. */

#include "support/net/nethost.h"

#include "program.h"

#include <gst/videomeet/server/socket/ws.h>
#include <string.h>
#include <sys/socket.h>

static void
open_for_all (void)
{
  /* nobody is cut off for being slow, but by the limit that is tested */
  open_with ((VmServerConfig){ .loopback_only = TRUE }, &patient, NULL,
      VM_SIGNAL_ROSTER_MAX);
}

/* A request whose header has exactly @size bytes. */
static guint
ask_with_header (gsize size)
{
  static const gchar start[] =
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Filler: ";
  g_autofree gchar *value = g_strnfill (size - strlen (start) - 4, 'a');
  g_autoptr (NetAnswer) answer = net_ask (server, "%s%s\r\n\r\n", start, value);

  return answer->status;
}

GST_START_TEST (test_header)
{
  fail_unless_equals_int (ask_with_header (VM_HTTP_HEADER_MAX - 1), 200);
  fail_unless_equals_int (ask_with_header (VM_HTTP_HEADER_MAX), 200);
  fail_unless_equals_int (ask_with_header (VM_HTTP_HEADER_MAX + 1), 431);
  fail_unless_equals_int (ask_with_header (2 * VM_HTTP_HEADER_MAX), 431);
}

GST_END_TEST;

static GIOStream *
connect_from (const gchar *address)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) local =
      g_inet_socket_address_new_from_string (address, 0);
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection;

  g_socket_client_set_local_address (client, local);
  g_socket_client_set_timeout (client, NET_SECONDS);
  connection = g_socket_client_connect_to_host (
      client, "127.0.0.1", vm_server_get_port (server), NULL, &error);
  g_assert_no_error (error);
  return G_IO_STREAM (connection);
}

static guint
status_of (GIOStream *stream)
{
  static const gchar request[] =
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  g_autoptr (NetAnswer) answer = net_ask_on (stream, request, strlen (request));

  return answer->status;
}

GST_START_TEST (test_connections_are_of_one_address)
{
  g_autoptr (GPtrArray) open = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GIOStream) other = NULL;

  for (guint i = 0; i < VM_CONNECTIONS_PER_ADDRESS + 1; i++) {
    g_ptr_array_add (open, connect_from ("127.0.0.2"));
    fail_unless_equals_int (
        status_of (open->pdata[i]), i < VM_CONNECTIONS_PER_ADDRESS ? 200 : 429);
  }
  other = connect_from ("127.0.0.3");
  fail_unless_equals_int (status_of (other), 200);
}

GST_END_TEST;

/* Slow headers of one address, as many as it may have and more: others are
 * answered. */
GST_START_TEST (test_slow_headers_are_waited_for_alone)
{
  static const gchar start[] = "GET /healthz HTTP/1.1\r\nHost: ";
  g_autoptr (GPtrArray) open = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GIOStream) other = NULL;

  for (guint i = 0; i < VM_CONNECTIONS_PER_ADDRESS; i++) {
    GIOStream *stream = connect_from ("127.0.0.2");

    g_output_stream_write_all (g_io_stream_get_output_stream (stream), start,
        strlen (start), NULL, NULL, NULL);
    g_ptr_array_add (open, stream);
  }
  other = connect_from ("127.0.0.3");
  fail_unless_equals_int (status_of (other), 200);
}

GST_END_TEST;

/* Whether the server has hung up; it says nothing of itself here. */
static gboolean
is_cut (GIOStream *stream)
{
  GSocket *socket =
      g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream));

  return g_socket_condition_check (socket, G_IO_IN) & G_IO_IN;
}

/* As many as it may have, and VM_CONNECTIONS_REFUSED_MAX that would be told
 * 429; beyond, nothing is said. */
GST_START_TEST (test_connections_that_are_refused)
{
  const guint most = VM_CONNECTIONS_PER_ADDRESS + VM_CONNECTIONS_REFUSED_MAX;
  g_autoptr (GPtrArray) open = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i <= most; i++)
    g_ptr_array_add (open, connect_from ("127.0.0.2"));
  g_socket_condition_timed_wait (
      g_socket_connection_get_socket (open->pdata[most]), G_IO_IN,
      NET_SECONDS * G_USEC_PER_SEC, NULL, NULL);
  fail_unless (is_cut (open->pdata[most]));
  fail_if (is_cut (open->pdata[most - 1]));
  fail_unless_equals_int (status_of (open->pdata[most - 1]), 429);
  fail_unless_equals_int (status_of (open->pdata[0]), 200);
}

GST_END_TEST;

GST_START_TEST (test_connections_of_all)
{
  g_autoptr (GPtrArray) open = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GIOStream) asked = connect_from ("127.0.0.200");
  g_autoptr (GIOStream) late = NULL;

  fail_unless_equals_int (status_of (asked), 200);
  for (guint i = 1; i < VM_CONNECTIONS_MAX; i++) {
    g_autofree gchar *address =
        g_strdup_printf ("127.0.0.%u", 2 + i / VM_CONNECTIONS_PER_ADDRESS);

    g_ptr_array_add (open, connect_from (address));
  }
  /* at the limit: all are there still */
  fail_unless_equals_int (status_of (asked), 200);
  fail_if (is_cut (open->pdata[0]));
  late = connect_from ("127.0.0.201");
  fail_unless_equals_int (status_of (late), 200);
  /* beyond: the oldest that never asked is gone, whoever asked is not */
  g_socket_condition_timed_wait (
      g_socket_connection_get_socket (open->pdata[0]), G_IO_IN,
      NET_SECONDS * G_USEC_PER_SEC, NULL, NULL);
  fail_unless (is_cut (open->pdata[0]));
  fail_if (is_cut (open->pdata[1]));
  fail_unless_equals_int (status_of (asked), 200);
}

GST_END_TEST;

/* What one turn of vm-net accepts: counted after each, while a crowd that came
 * during a turn waits. */
typedef struct
{
  uv_check_t check;
  guint before, most;

  GMutex lock; /* of what follows */
  GCond cond;
  gboolean held, free, closed;
} Turns;

static void
on_turn (uv_check_t *check)
{
  Turns *turns = check->data;
  guint now = server->counters.accepted;

  turns->most = MAX (turns->most, now - turns->before);
  turns->before = now;
}

static void
tell (Turns *turns, gboolean *what)
{
  g_mutex_lock (&turns->lock);
  *what = TRUE;
  g_cond_broadcast (&turns->cond);
  g_mutex_unlock (&turns->lock);
}

static void
wait_until (Turns *turns, const gboolean *what)
{
  gint64 end = g_get_monotonic_time () + NET_SECONDS * G_USEC_PER_SEC;

  g_mutex_lock (&turns->lock);
  while (!*what)
    fail_unless (g_cond_wait_until (&turns->cond, &turns->lock, end));
  g_mutex_unlock (&turns->lock);
}

static void
hold_net (VmServer *self, gpointer data)
{
  Turns *turns = data;

  uv_check_init (&self->loop, &turns->check);
  turns->check.data = turns;
  turns->before = self->counters.accepted;
  uv_check_start (&turns->check, on_turn);
  tell (turns, &turns->held);
  wait_until (turns, &turns->free);
}

static void
on_check_closed (uv_handle_t *check)
{
  Turns *turns = check->data;

  tell (turns, &turns->closed);
}

static void
stop_counting (VmServer *self, gpointer data)
{
  uv_close ((uv_handle_t *) &((Turns *) data)->check, on_check_closed);
}

/* The most that one turn took of so many. */
static guint
accepted_at_once (guint crowd)
{
  g_autoptr (GPtrArray) open = g_ptr_array_new_with_free_func (g_object_unref);
  Turns turns = { 0 };

  g_mutex_init (&turns.lock);
  g_cond_init (&turns.cond);
  vm_server_post (server, hold_net, &turns, NULL);
  wait_until (&turns, &turns.held);
  for (guint i = 0; i < crowd; i++) {
    /* not those of the crowd before, which may still be on its way out */
    g_autofree gchar *address = g_strdup_printf (
        "127.0.%u.%u", crowd, 1 + i / VM_CONNECTIONS_PER_ADDRESS);

    g_ptr_array_add (open, connect_from (address));
  }
  tell (&turns, &turns.free);
  /* everybody has a turn in the end */
  for (guint i = 0; i < crowd; i++)
    fail_unless_equals_int (status_of (open->pdata[i]), 200);
  vm_server_post (server, stop_counting, &turns, NULL);
  wait_until (&turns, &turns.closed);
  g_mutex_clear (&turns.lock);
  g_cond_clear (&turns.cond);
  return turns.most;
}

/* One more than the bound is what a backlog of that size holds (Linux). */
GST_START_TEST (test_accepted_at_once)
{
  fail_unless_equals_int (
      accepted_at_once (VM_ACCEPTED_AT_ONCE - 1), VM_ACCEPTED_AT_ONCE - 1);
  fail_unless_equals_int (
      accepted_at_once (VM_ACCEPTED_AT_ONCE), VM_ACCEPTED_AT_ONCE);
  fail_unless_equals_int (
      accepted_at_once (VM_ACCEPTED_AT_ONCE + 1), VM_ACCEPTED_AT_ONCE);
}

GST_END_TEST;

GST_START_TEST (test_participants)
{
  NetSocket *bob, *carl;
  g_autoptr (NetAnswer) refused = NULL;

  reopen (NULL, NULL, 3);
  bob = net_socket_join (server, "standup", "Bob");
  g_free (net_socket_wait (bob, "welcome"));
  carl = net_socket_join (server, "standup", "Carl");
  g_free (net_socket_wait (carl, "welcome"));
  refused = net_join (server, "{\"meeting\":\"standup\",\"user\":\"Dan\"}");
  fail_unless_equals_int (refused->status, 409);
  has (refused->body, "MEETING_FULL");
  net_socket_free (carl);
  net_socket_free (bob);
}

GST_END_TEST;

static guint
join_named (gsize size)
{
  g_autofree gchar *user = g_strnfill (size, 'u');
  g_autofree gchar *json =
      g_strdup_printf ("{\"meeting\":\"standup\",\"user\":\"%s\"}", user);
  g_autoptr (NetAnswer) answer = net_join (server, json);

  return answer->status;
}

GST_START_TEST (test_names)
{
  fail_unless_equals_int (join_named (VM_NAME_MAX - 1), 200);
  fail_unless_equals_int (join_named (VM_NAME_MAX), 200);
  fail_unless_equals_int (join_named (VM_NAME_MAX + 1), 400);
}

GST_END_TEST;

/* Sends what has one text of @size bytes from Bob to Carl; whether it came. */
static gboolean
passes (NetSocket *bob, NetSocket *carl, const gchar *type, const gchar *key,
    gsize size)
{
  g_autofree gchar *text = g_strnfill (size, 'x');
  g_autofree gchar *error = NULL;

  net_socket_send (
      bob, "{\"type\":\"%s\",\"to\":\"p003\",\"%s\":\"%s\"}", type, key, text);
  net_socket_send (bob, "{\"type\":\"dance\"}");
  error = net_socket_wait (bob, "error");
  /* of two messages the second is always wrong */
  if (strstr (error, "names no message"))
    return g_free (net_socket_wait (carl, type)), TRUE;
  has (error, "BAD_MESSAGE");
  g_free (net_socket_wait (bob, "error"));
  return FALSE;
}

GST_START_TEST (test_texts)
{
  const struct
  {
    const gchar *type, *key;
    gsize max;
  } limits[] = { { "offer", "sdp", VM_SIGNAL_SDP_MAX },
    { "chat", "text", VM_SIGNAL_CHAT_MAX } };
  NetSocket *bob = net_socket_join (server, "standup", "Bob");
  NetSocket *carl;

  g_free (net_socket_wait (bob, "welcome"));
  carl = net_socket_join (server, "standup", "Carl");
  g_free (net_socket_wait (carl, "welcome"));
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++) {
    const gchar *type = limits[i].type, *key = limits[i].key;

    fail_unless (passes (bob, carl, type, key, limits[i].max - 1));
    fail_unless (passes (bob, carl, type, key, limits[i].max));
    fail_if (passes (bob, carl, type, key, limits[i].max + 1));
  }
  net_socket_free (carl);
  net_socket_free (bob);
}

GST_END_TEST;

/* A burst of one client is larger than the queue of another, who reads. */
GST_START_TEST (test_burst_slows_nobody)
{
  NetSocket *bob = net_socket_join (server, "standup", "Bob");
  NetSocket *carl;
  guint heard = 0;

  g_free (net_socket_wait (bob, "welcome"));
  carl = net_socket_join (server, "standup", "Carl");
  g_free (net_socket_wait (carl, "welcome"));
  for (guint i = 0; i < VM_MESSAGE_BURST - 10; i++)
    net_socket_send (bob, "{\"type\":\"hand\",\"raised\":true}");
  while (heard < VM_MESSAGE_BURST - 10) {
    g_autofree gchar *hand = net_socket_wait (carl, "hand");

    fail_unless (hand != NULL);
    heard++;
  }
  fail_if (carl->closed);
  net_socket_free (carl);
  net_socket_free (bob);
}

GST_END_TEST;

static const gchar hello[] = "{\"type\":\"hello\"}";

/* A chat of exactly @size bytes of JSON (the text too long, but that is another
 * limit), in frames of @piece bytes. */
static GIOStream *
send_pieces (gsize size, gsize piece)
{
  GIOStream *stream = net_raw_open (server, "Bob");
  g_autofree gchar *text = g_strnfill (size, 'x');

  net_raw_send (stream, 0x81, hello, strlen (hello));
  for (gsize at = 0; at < size; at += piece) {
    gsize now = MIN (piece, size - at);

    if (!net_raw_send (stream, (at ? 0 : 1) | (at + now == size ? 0x80 : 0),
            text + at, now))
      break;
  }
  return stream;
}

GST_START_TEST (test_message_size)
{
  const gsize sizes[] = { VM_MESSAGE_MAX - 1, VM_MESSAGE_MAX,
    VM_MESSAGE_MAX + 1, 4 * VM_MESSAGE_MAX };
  const gsize pieces[] = { G_MAXSIZE, 60000 };

  for (guint p = 0; p < G_N_ELEMENTS (pieces); p++) {
    for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
      GIOStream *stream = send_pieces (sizes[i], pieces[p]);

      if (sizes[i] <= VM_MESSAGE_MAX) {
        /* read, and answered by an error; then the client leaves */
        net_raw_send (stream, 0x88, "\x03\xe8", 2);
        fail_unless_equals_int (net_raw_close_code (stream), 1000);
      } else {
        fail_unless_equals_int (net_raw_close_code (stream), 1009);
      }
      g_object_unref (stream);
    }
  }
}

GST_END_TEST;

#define FLOOD_FRAMES 100

typedef struct
{
  guint8 first_byte;
  const gchar *payload;
  GIOStream *stream;
} Flood;

/* Frames again and again, in which there is no message, until the server hangs
 * up; many at a time, for a flood is more than so many a second. */
static gpointer
flood (gpointer data)
{
  Flood *self = data;
  gint64 end = g_get_monotonic_time () + NET_SECONDS * G_USEC_PER_SEC;

  if ((self->first_byte & 0x0f) == 0)
    net_raw_send (self->stream, 0x01, "{", 1);
  while (net_raw_send_many (self->stream, self->first_byte, self->payload,
             strlen (self->payload), FLOOD_FRAMES)
         && g_get_monotonic_time () < end)
    ;
  return GINT_TO_POINTER (g_get_monotonic_time () < end);
}

GST_START_TEST (test_floods_without_a_message)
{
  Flood floods[] = { { 0x89, "ping" }, { 0x8a, "" }, { 0x00, "" },
    { 0x00, " " } };
  VmServerTimes times = patient;
  GThread *threads[G_N_ELEMENTS (floods)];

  times.flood = 300 * G_TIME_SPAN_MILLISECOND;
  reopen (&times, NULL, 10);
  for (guint i = 0; i < G_N_ELEMENTS (floods); i++) {
    floods[i].stream = net_raw_open (server, "Bob");
    net_raw_send (floods[i].stream, 0x81, hello, strlen (hello));
    threads[i] = g_thread_new ("flood", flood, &floods[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (floods); i++) {
    fail_unless (g_thread_join (threads[i]) != NULL, "%u goes on for ever", i);
    g_object_unref (floods[i].stream);
  }
}

GST_END_TEST;

GST_START_TEST (test_message_without_end)
{
  VmServerTimes times = patient;
  g_autoptr (GIOStream) stream = NULL;
  gint64 start;

  /* for the requests before, too */
  times.request = 3 * G_TIME_SPAN_SECOND;
  reopen (&times, NULL, 10);
  stream = net_raw_open (server, "Bob");
  net_raw_send (stream, 0x81, hello, strlen (hello));
  start = g_get_monotonic_time ();
  net_raw_send (stream, 0x01, "{", 1);
  fail_unless_equals_int (net_raw_close_code (stream), 1008);
  fail_unless (g_get_monotonic_time () - start >= times.request - 100 * 1000);
}

GST_END_TEST;

/* A frame that says it has more than a message may is not read first. */
GST_START_TEST (test_declared_size)
{
  g_autoptr (GIOStream) stream = net_raw_open (server, "Bob");
  static const gchar head[] =
      "\x81\xff\x00\x00\x00\x00\x7f\xff\xff\xff\0\0\0\0{}";

  net_raw_send (stream, 0x81, hello, strlen (hello));
  g_output_stream_write_all (g_io_stream_get_output_stream (stream), head,
      sizeof head - 1, NULL, NULL, NULL);
  fail_unless_equals_int (net_raw_close_code (stream), 1009);
}

GST_END_TEST;

/* What is to go to the only client, and what waits for it then. */
typedef struct
{
  guint messages;
  gsize size, last_size;
  guint waiting;
  guint close_code;
  gboolean choked;
} Feed;

/* bytes in the kernel, so that a queue fills soon */
#define SMALL_BUFFER 4096

static VmWs *
only_client (VmServer *self)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    VmWs *ws = ((VmConn *) key)->ws;

    if (ws && !ws->close_code && !ws->said_goodbye)
      return ws;
  }
  return NULL;
}

/* On vm-net, where nothing is written before this returns. */
static void
feed_on_net (VmServer *self, gpointer data)
{
  Feed *feed = data;
  VmWs *ws = only_client (self);
  int small = SMALL_BUFFER;

  for (guint i = 1; ws && i <= feed->messages; i++) {
    gsize size = i == feed->messages ? feed->last_size : feed->size;
    g_autoptr (GBytes) bytes = g_bytes_new_take (g_strnfill (size, 'x'), size);

    vm_ws_send (ws, bytes);
  }
  if (ws) {
    struct lws *wsi = ws->conn->wsi;

    setsockopt (
        lws_get_socket_fd (wsi), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    feed->waiting = ws->queue.length;
    feed->close_code = ws->close_code;
    feed->choked = lws_send_pipe_choked (wsi);
  }
}

static Feed
feed (guint messages, gsize size, gsize last_size)
{
  Feed what = { messages, size, last_size };

  net_run (server, feed_on_net, &what);
  return what;
}

static gboolean
on_time (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
let_pass (guint ms)
{
  gboolean over = FALSE;

  g_timeout_add (ms, on_time, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

/* A client that has read what a newcomer is told, and reads no more by
 * itself. */
static GIOStream *
open_silent (void)
{
  GIOStream *stream = net_raw_open (server, "Bob");
  guint8 payload[NET_RAW_MAX];
  gsize size;

  net_raw_send (stream, 0x81, hello, strlen (hello));
  for (guint i = 0; i < 2; i++)
    fail_unless_equals_int (net_raw_read (stream, payload, &size), 0x81);
  return stream;
}

GST_START_TEST (test_bytes_that_wait)
{
  const gsize size = 32 * 1024;
  const guint n = VM_QUEUE_BYTES / size;

  for (gint beyond = -1; beyond <= 1; beyond++) {
    g_autoptr (GIOStream) stream = open_silent ();
    Feed fed = feed (n, size, size + beyond);
    guint8 payload[NET_RAW_MAX];
    gsize got;

    if (beyond > 0) {
      fail_unless_equals_int (net_raw_close_code (stream), 1013);
      continue;
    }
    fail_unless_equals_int (fed.close_code, 0);
    for (guint i = 1; i <= n; i++) {
      fail_unless_equals_int (net_raw_read (stream, payload, &got), 0x81);
      fail_unless_equals_int (got, i == n ? size + beyond : size);
    }
    net_raw_send (stream, 0x88, "\x03\xe8", 2);
    fail_unless_equals_int (net_raw_close_code (stream), 1000);
  }
}

GST_END_TEST;

/* Messages until the kernel takes no more of what nobody reads. */
static guint
stop_up (GIOStream *stream)
{
  GSocket *socket =
      g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream));
  gint64 end = g_get_monotonic_time () + NET_SECONDS * G_USEC_PER_SEC;
  Feed before, after;

  g_socket_set_option (socket, SOL_SOCKET, SO_RCVBUF, SMALL_BUFFER, NULL);
  do {
    fail_unless (g_get_monotonic_time () < end, "the kernel takes everything");
    before = feed (1, 16384, 16384);
    let_pass (100);
    after = feed (0, 0, 0);
  } while (!after.choked || !after.waiting || after.waiting != before.waiting);
  return after.waiting;
}

GST_START_TEST (test_messages_that_wait)
{
  const guint longer = VM_QUEUE_TIME / 1000 + 200;
  g_autoptr (GIOStream) stream = NULL;
  VmServerTimes times = patient;
  guint waiting;
  Feed fed;

  times.queue = VM_QUEUE_TIME;
  reopen (&times, NULL, 10);
  stream = open_silent ();
  waiting = stop_up (stream);
  fail_unless (waiting < VM_QUEUE_MESSAGES - 1);
  fed = feed (VM_QUEUE_MESSAGES - 1 - waiting, 10, 10);
  fail_unless_equals_int (fed.waiting, VM_QUEUE_MESSAGES - 1);
  let_pass (longer);
  fed = feed (1, 10, 10);
  fail_unless_equals_int (fed.waiting, VM_QUEUE_MESSAGES);
  let_pass (longer);
  /* one more is a burst, until it has lasted */
  fed = feed (1, 10, 10);
  fail_unless_equals_int (fed.waiting, VM_QUEUE_MESSAGES + 1);
  fail_unless_equals_int (fed.close_code, 0);
  let_pass (longer);
  fed = feed (1, 10, 10);
  fail_unless_equals_int (fed.close_code, 1013);
  fail_unless_equals_int (net_raw_close_code (stream), 1013);
}

GST_END_TEST;

static Suite *
limits_suite (void)
{
  Suite *s = suite_create ("limits");
  TCase *tc = tcase_create ("limits");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_checked_fixture (tc, open_for_all, teardown);
  tcase_add_test (tc, test_header);
  tcase_add_test (tc, test_connections_are_of_one_address);
  tcase_add_test (tc, test_connections_that_are_refused);
  tcase_add_test (tc, test_slow_headers_are_waited_for_alone);
  tcase_add_test (tc, test_connections_of_all);
  tcase_add_test (tc, test_accepted_at_once);
  tcase_add_test (tc, test_participants);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_texts);
  tcase_add_test (tc, test_burst_slows_nobody);
  tcase_add_test (tc, test_floods_without_a_message);
  tcase_add_test (tc, test_message_without_end);
  tcase_add_test (tc, test_message_size);
  tcase_add_test (tc, test_declared_size);
  tcase_add_test (tc, test_bytes_that_wait);
  tcase_add_test (tc, test_messages_that_wait);
  return s;
}

CHECK_PROGRAM (limits)
