/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A client of the room dialect at a server of a cluster: what it says before
 * the others have answered whether it has a seat (roomguest.h). */

#include "program.h"

#include <gst/videomeet/server/dialect/room/roomguest.h>
#include <gst/videomeet/server/server-priv.h>
#include <gst/videomeet/cluster/shared/roomshare.h>
#include <string.h>

/* What the share asks of the store, which has one record. */
typedef struct
{
  guint64 number;
  gboolean put;
  GBytes *value;
} Request;

static VmServer *server;
static VmRoomShare *share;
static VmRoomGuest *guest;
static GQueue requests = G_QUEUE_INIT;
static GBytes *record; /* NULL: none */
static guint64 revision;
static GString *heard;

static void
ask (guint64 number, gboolean put, GBytes *value)
{
  Request *request = g_new (Request, 1);

  *request = (Request){ number, put, value ? g_bytes_ref (value) : NULL };
  g_queue_push_tail (&requests, request);
}

static void
on_get (VmClusterBucket bucket, guint64 number, const gchar *key,
    gpointer user_data)
{
  ask (number, FALSE, NULL);
}

static void
on_put (VmClusterBucket bucket, guint64 number, const gchar *key, GBytes *value,
    guint64 before, gpointer user_data)
{
  ask (number, TRUE, value);
}

static void
on_beat (const gchar *node, gpointer user_data)
{
}

static void
on_list (gpointer user_data)
{
}

static void
on_watch (const gchar *key, gpointer user_data)
{
}

static void
on_scan (const gchar *const *nodes, gpointer user_data)
{
}

static void
on_frame (const gchar *node, GBytes *frame, gpointer user_data)
{
}

/* One thing that the store is asked, and what follows from it; FALSE:
 * nothing. */
static gboolean
serve (void)
{
  g_autofree Request *request = g_queue_pop_head (&requests);

  if (!request)
    return FALSE;
  if (request->put) {
    g_clear_pointer (&record, g_bytes_unref);
    record = request->value;
    revision++;
  }
  vm_room_share_answer (share, VM_CLUSTER_ROOMS, request->number,
      VM_CLUSTER_DONE, request->put ? NULL : record,
      record || request->put ? revision : 0, g_get_monotonic_time ());
  return TRUE;
}

static void
settle (void)
{
  while (serve ())
    continue;
}

static void
on_send (gpointer link, GBytes *message)
{
  gsize size;
  const gchar *text = g_bytes_get_data (message, &size);

  g_string_append_len (heard, text, size);
}

static void
on_finish (gpointer link, const GError *reason)
{
}

static void
say (const gchar *text)
{
  g_autoptr (GBytes) message = g_bytes_new_static (text, strlen (text));

  vm_room_guest_receive (guest, message);
}

static void
setup (void)
{
  static const VmRoomShareFuncs funcs = { on_get, on_put, on_beat, on_list,
    on_watch, on_watch, on_scan, on_frame };
  static const VmRoomLink link = { &vm_dialect_room, on_send, on_finish };
  /* one address begins one room */
  const VmOpenRooms open = { 8, 100, 1, 100 };
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, NULL);
  VmRoomCaller caller = { .group = "web" };
  VmRooms *rooms;

  server = vm_server_new (identity);
  rooms = server->rooms;
  vm_rooms_set_open (rooms, &open);
  share = vm_room_share_new (rooms, &funcs, NULL, "a-node",
      g_get_monotonic_time (), g_get_real_time () / G_USEC_PER_SEC);
  caller.server = server;
  guest = vm_room_guest_new (&caller, &link, NULL);
  heard = g_string_new (NULL);
}

static void
teardown (void)
{
  vm_rooms_clear_open (server->rooms);
  vm_room_share_free (share);
  g_clear_object (&server);
  g_string_free (heard, TRUE);
  g_clear_pointer (&record, g_bytes_unref);
  revision = 0;
}

/* One join is refused at once while what came early is taken, and the next is
 * not answered yet when the client is gone: nobody sits down for it. */
GST_START_TEST (test_gone_before_second_answer)
{
  say ("{\"type\":\"join\",\"roomId\":\"a\"}");
  say ("{\"type\":\"join\",\"roomId\":\"b\"}");
  say ("{\"type\":\"join\",\"roomId\":\"a\"}");
  /* the first is answered, and with that the others are taken */
  while (!strstr (heard->str, "RATE_LIMITED"))
    fail_unless (serve ());
  vm_room_guest_free (guest, NULL);
  settle ();
  fail_unless_equals_int (vm_rooms_count_members (server->rooms), 0);
  fail_if (record, "the client is gone, and has a seat");
}

GST_END_TEST;

/* Likewise, and it stays: it has its seat, and is heard. */
GST_START_TEST (test_second_answer)
{
  say ("{\"type\":\"join\",\"roomId\":\"a\"}");
  say ("{\"type\":\"join\",\"roomId\":\"b\"}");
  say ("{\"type\":\"join\",\"roomId\":\"a\"}");
  settle ();
  fail_unless (strstr (heard->str, "RATE_LIMITED"));
  fail_unless_equals_int (vm_rooms_count_members (server->rooms), 1);
  vm_room_guest_free (guest, NULL);
  settle ();
  fail_if (record);
}

GST_END_TEST;

/* Below VM_EARLY_MAX, at it, and above, which is told at once. */
GST_START_TEST (test_early)
{
  guint said = VM_EARLY_MAX - 1 + __i__;

  say ("{\"type\":\"join\",\"roomId\":\"a\"}");
  for (guint i = 0; i < said; i++) {
    fail_unless_equals_string (heard->str, "");
    say ("{\"type\":\"join\",\"roomId\":\"a\"}");
  }
  fail_unless ((strstr (heard->str, "before the room was joined") != NULL)
               == (said > VM_EARLY_MAX));
  vm_room_guest_free (guest, NULL);
  settle ();
}

GST_END_TEST;

static Suite *
roomguest_suite (void)
{
  Suite *s = suite_create ("roomguest");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_gone_before_second_answer);
  tcase_add_test (tc, test_second_answer);
  tcase_add_loop_test (tc, test_early, 0, 3);
  return s;
}

CHECK_PROGRAM (roomguest)
