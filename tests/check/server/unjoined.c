/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How many WebSockets may be without a seat, in each dialect; who has one
 * stays. */

#include "support/net/meshclient.h"
#include "support/net/nethost.h"
#include "support/net/socketclient.h"

#include "program.h"

#include <gst/videomeet/server/socket/unjoined.h>
#include <gst/videomeet/server/socket/ws.h>
#include <gst/videomeet/vmfilereceiver.h>
#include <glib/gstdio.h>
#include <string.h>

/* of whoever has most in the crowd; fewer than one may have */
#define MOST (VM_CONNECTIONS_PER_ADDRESS - 4)
#define FEWER 40

GST_START_TEST (test_bound)
{
  const guint64 share = VM_UNJOINED_SHARE;
  const guint least = VM_UNJOINED_MAX, most = VM_OPEN_UNJOINED_MAX;

  fail_unless_equals_int (vm_unjoined_max (FALSE, 0), least);
  fail_unless_equals_int (vm_unjoined_max (FALSE, G_MAXUINT64), least);
  fail_unless_equals_int (vm_unjoined_max (TRUE, 0), least);
  fail_unless_equals_int (vm_unjoined_max (TRUE, share * least - 1), least);
  fail_unless_equals_int (vm_unjoined_max (TRUE, share * least), least);
  fail_unless_equals_int (
      vm_unjoined_max (TRUE, share * (least + 1)), least + 1);
  fail_unless_equals_int (vm_unjoined_max (TRUE, share * most - 1), most - 1);
  fail_unless_equals_int (vm_unjoined_max (TRUE, share * most), most);
  fail_unless_equals_int (vm_unjoined_max (TRUE, share * (most + 1)), most);
  fail_unless_equals_int (vm_unjoined_max (TRUE, G_MAXUINT64), most);
}

GST_END_TEST;

/* What vm-net is asked. */
typedef struct
{
  guint max; /* if not 0, from now on */
  guint open, told; /* WebSockets */
} Look;

static void
look_on_net (VmServer *self, gpointer data)
{
  Look *look = data;
  GHashTableIter iter;
  gpointer key;

  if (look->max)
    self->unjoined_max = look->max;
  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    const VmWs *ws = ((VmConn *) key)->ws;

    look->open += ws && !ws->close_code;
    look->told += ws && ws->close_code;
  }
}

static Look
look (guint max)
{
  Look what = { .max = max };

  net_run (server, look_on_net, &what);
  return what;
}

/* The next message is of @type; others are dropped. */
static void
hears (GIOStream *stream, const gchar *type)
{
  g_autofree gchar *start = g_strdup_printf ("{\"type\":\"%s\",", type);
  guint8 payload[NET_RAW_MAX + 1];
  gsize size;

  do {
    fail_unless_equals_int (net_raw_read (stream, payload, &size), 0x81);
    payload[size] = '\0';
  } while (!g_str_has_prefix ((gchar *) payload, start));
}

static void
say (GIOStream *stream, const gchar *text)
{
  fail_unless (net_raw_send (stream, 0x81, text, strlen (text)));
}

/* A client of the room dialect, of which nothing is heard. */
static GIOStream *
come (const gchar *address)
{
  GIOStream *stream;

  net_use_address (address);
  stream = net_raw_upgrade (server, "/", "");
  net_use_address (NULL);
  hears (stream, "id");
  return stream;
}

/* Its first is older than all of the address that has most of them, and its
 * second is the oldest of that. */
static void
add_crowd (GPtrArray *crowd, guint size)
{
  while (crowd->len < size) {
    guint n = crowd->len;
    g_autofree gchar *address =
        g_strdup_printf ("127.0.5.%u", n && n <= MOST ? 1
                                       : n ? 2 + (n - MOST - 1) / FEWER
                                           : 200);

    g_ptr_array_add (crowd, come (address));
  }
}

/* Both are at the address that has most of the crowd, and came first. */
static void
take_seats (GIOStream **device, GIOStream **page)
{
  net_use_address ("127.0.5.1");
  *device = net_raw_open (server, "Bob");
  net_use_address (NULL);
  say (*device, "{\"type\":\"hello\"}");
  hears (*device, "welcome");
  *page = come ("127.0.5.1");
  say (*page, "{\"type\":\"join\",\"roomId\":\"standup\"}");
  hears (*page, "joined");
}

static void
check_seat (GIOStream *stream)
{
  say (stream, "{\"type\":\"dance\"}");
  hears (stream, "error");
}

GST_START_TEST (test_crowd)
{
  g_autoptr (GPtrArray) crowd = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GIOStream) device = NULL;
  g_autoptr (GIOStream) page = NULL;
  g_autoptr (GIOStream) late = NULL;
  Look seen;

  take_seats (&device, &page);
  add_crowd (crowd, VM_UNJOINED_MAX - 1);
  seen = look (0);
  fail_unless_equals_int (seen.open, 2 + VM_UNJOINED_MAX - 1);
  add_crowd (crowd, VM_UNJOINED_MAX);
  seen = look (0);
  fail_unless_equals_int (seen.open, 2 + VM_UNJOINED_MAX);
  fail_unless_equals_int (seen.told, 0);
  /* one more has come */
  late = come ("127.0.6.1");
  fail_unless_equals_int (net_raw_close_code (crowd->pdata[1]), 1013);
  seen = look (0);
  fail_unless_equals_int (seen.open, 2 + VM_UNJOINED_MAX);
  say (late, "{\"type\":\"join\",\"roomId\":\"standup\"}");
  hears (late, "joined");
  check_seat (device);
  check_seat (page);
  check_seat (late);
  check_seat (crowd->pdata[0]);
  check_seat (crowd->pdata[2]);
  /* whoever leaves its seat counts from then on, as what it is: the oldest */
  add_crowd (crowd, VM_UNJOINED_MAX + 1);
  say (page, "{\"type\":\"leave\"}");
  fail_unless_equals_int (net_raw_close_code (page), 1013);
  check_seat (device);
  check_seat (late);
}

GST_END_TEST;

/* Nobody hangs up on who does not: as many are there as may be, soon. */
GST_START_TEST (test_crowd_that_stays)
{
  const guint max = 4;
  g_autoptr (GPtrArray) crowd = g_ptr_array_new_with_free_func (g_object_unref);
  gint64 end = g_get_monotonic_time () + VM_CLOSE_TIME / 2;
  Look seen = look (max);

  for (guint i = 0; i < 5 * max; i++) {
    g_ptr_array_add (crowd, come ("127.0.5.1"));
    seen = look (0);
    fail_unless (seen.open <= max);
  }
  while (seen.open + seen.told > max && g_get_monotonic_time () < end)
    seen = look (0);
  fail_unless_equals_int (seen.open + seen.told, max);
}

GST_END_TEST;

/* One may be without a seat: @seated is the oldest, @idle the next, and
 * another comes, and is there still. */
static GIOStream *
check_beside (NetSocket *seated, NetSocket *idle)
{
  GIOStream *other;

  look (1);
  other = come (NULL);
  fail_unless_equals_int (net_socket_wait_closed (idle), 1013);
  fail_if (seated->closed);
  fail_unless_equals_int (look (0).open, 2);
  check_seat (other);
  return other;
}

static void
check_dialect (NetSocket *seated, NetSocket *idle)
{
  g_object_unref (check_beside (seated, idle));
}

static NetSocket *
open_path (const gchar *path, const gchar *protocol)
{
  g_autoptr (GError) error = NULL;
  NetSocket *socket = net_socket_open (server, path, protocol, &error);

  g_assert_no_error (error);
  return socket;
}

GST_START_TEST (test_native)
{
  g_autofree gchar *ticket = net_ticket (server, "standup", "Carl");
  g_autofree gchar *path = g_strdup_printf ("/ws?ticket=%s", ticket);
  NetSocket *bob = net_socket_join (server, "standup", "Bob");
  NetSocket *idle;

  g_free (net_socket_wait (bob, "welcome"));
  idle = open_path (path, "videomeet.v2");
  check_dialect (bob, idle);
  net_socket_send (bob, "{\"type\":\"dance\"}");
  g_free (net_socket_wait (bob, "error"));
  net_socket_free (idle);
  net_socket_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_calls)
{
  NetSocket *bob, *idle;

  teardown ();
  open_with (
      (VmServerConfig){ .loopback_only = TRUE, .calls = TRUE }, NULL, NULL, 10);
  bob = open_path ("/?userId=bob", NULL);
  g_free (net_socket_wait (bob, "registered"));
  idle = open_path ("/?username=Carl", NULL);
  check_dialect (bob, idle);
  net_socket_send (bob, "{\"type\":\"dance\"}");
  g_free (net_socket_wait (bob, "error"));
  net_socket_free (idle);
  net_socket_free (bob);
}

GST_END_TEST;

/* A page, or an agent in the room. */
GST_START_TEST (test_mesh)
{
  MeshClient *bob = mesh_sit ("Bob", NULL, 1);
  MeshClient *idle =
      __i__ ? mesh_sit ("Bob", "box", 1) : mesh_open ("Bob", NULL, "");

  check_dialect (bob->socket, idle->socket);
  mesh_say (bob, "dance", "{}");
  g_free (net_socket_wait (bob->socket, "error"));
  mesh_free (idle);
  mesh_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_socketio)
{
  SocketClient *bob = socket_client_connect (server, FALSE, "");
  SocketClient *idle;

  socket_client_say (bob, "42[\"join_room\",\"standup\"]");
  g_free (socket_client_wait (bob, "42[\"room_joined\""));
  idle = socket_client_connect (server, FALSE, "");
  check_dialect (bob->socket, idle->socket);
  socket_client_say (bob, "427[\"error\"]");
  g_free (socket_client_wait (bob, "437[]"));
  socket_client_free (idle);
  socket_client_free (bob);
}

GST_END_TEST;

/* Without a meeting: a socket is granted for @id. */
static NetSocket *
open_transfer (const gchar *offer)
{
  g_autoptr (NetAnswer) answer = net_ask (server,
      "POST /transfers HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
      "Content-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT
      "\r\n\r\n%s",
      vm_server_get_port (server), strlen (offer), offer);
  g_autofree gchar *ticket = mesh_text_of (answer->body, "ticket");
  g_autofree gchar *path = g_strdup_printf ("/transfer?ticket=%s", ticket);

  return open_path (path, "videomeet.file");
}

#define FILE_OFFER(id)                                           \
  "{\"type\":\"FILE_OFFER\",\"filename\":\"" id "\",\"size\":9," \
  "\"hash\":\"\",\"id\":\"" id "\"}"

/* What the receiver takes has one of its places, until it is over. */
GST_START_TEST (test_transfers)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vm-unjoined-XXXXXX", NULL);
  g_autofree gchar *keys = g_build_filename (folder, "keys", NULL);
  const gchar *argv[] = { "rm", "-rf", folder, NULL };
  g_autoptr (VmIdentity) identity = vm_identity_load (keys, NULL);
  g_autoptr (VmFileReceiver) receiver = vm_file_receiver_new (folder);
  g_autoptr (GIOStream) other = NULL;
  NetSocket *taken, *idle;

  teardown ();
  open_with ((VmServerConfig){ 0 }, NULL, NULL, 10);
  fail_unless (vm_file_receiver_start (receiver, NULL));
  vm_server_set_file_receiver (server, receiver);
  net_use_identity (identity);
  taken = open_transfer (FILE_OFFER ("a"));
  net_socket_send (taken, "%s", FILE_OFFER ("a"));
  g_free (net_socket_wait (taken, "FILE_RESPONSE"));
  idle = open_transfer (FILE_OFFER ("b"));
  other = check_beside (taken, idle);
  net_socket_send (
      taken, "{\"type\":\"TRANSFER_CANCEL\",\"transferId\":\"a\"}");
  fail_unless_equals_int (net_socket_wait_closed (taken), 1013);
  check_seat (other);
  net_use_identity (NULL);
  net_socket_free (idle);
  net_socket_free (taken);
  vm_server_set_file_receiver (server, NULL);
  vm_file_receiver_stop (receiver);
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
}

GST_END_TEST;

static void
open_for_many (void)
{
  open_with ((VmServerConfig){ .loopback_only = TRUE }, NULL, NULL,
      VM_SIGNAL_ROSTER_MAX);
}

static Suite *
unjoined_suite (void)
{
  Suite *s = suite_create ("unjoined");
  TCase *tc = tcase_create ("unjoined");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_checked_fixture (tc, open_for_many, teardown);
  tcase_add_test (tc, test_bound);
  tcase_add_test (tc, test_crowd);
  tcase_add_test (tc, test_crowd_that_stays);
  tcase_add_test (tc, test_native);
  tcase_add_test (tc, test_calls);
  tcase_add_loop_test (tc, test_mesh, 0, 2);
  tcase_add_test (tc, test_socketio);
  tcase_add_test (tc, test_transfers);
  return s;
}

CHECK_PROGRAM (unjoined)
