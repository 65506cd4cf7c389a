/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include "fuzzframes.h"
#include "fuzzrooms.h"
#include <gst/videomeet/cluster/clusterline.h>
#include <gst/videomeet/cluster/shared/roomshare.h>
#include <gst/videomeet/wire/dialect.h>

#include <string.h>

#define ROOM "stand-up"
#define START (1000 * G_USEC_PER_SEC)

typedef struct
{
  const VmDialect *dialect;
  gpointer state;
  VmMember *member;
} Peer;

/* A server, and what it asks of a store that has one record. */
typedef struct
{
  guint8 next;
  VmRooms *rooms;
  VmRoomShare *share;
  VmClusterLine *other; /* of the server that says what is tried here */
  Peer peers[2];
  GQueue requests; /* guint64 */
  GQueue written; /* for each a GBytes, or NULL: it reads */
  GPtrArray *frames; /* to that server */
  gchar *key;
  GBytes *record; /* or NULL */
  guint64 revision;
} Server;

/* What a client gets can be read. */
static void
on_signal (gpointer peer, const VmSignal *signal, gpointer user_data)
{
  Peer *to = peer;
  g_autoptr (GBytes) bytes = to->dialect->format (to->state, signal);
  gsize size;
  const gchar *data = bytes ? g_bytes_get_data (bytes, &size) : NULL;
  VmJson json;

  g_assert_true (!data || vm_json_read (&json, data, size, NULL));
}

static void
on_close (gpointer peer, const GError *reason, gpointer user_data)
{
  ((Peer *) peer)->member = NULL;
}

static void
on_random (guint8 *bytes, gsize size, gpointer user_data)
{
  fuzz_rooms_random (bytes, size, &((Server *) user_data)->next);
}

/* The store */

static void
ask (Server *server, guint64 request, const gchar *key, GBytes *written)
{
  g_free (server->key);
  server->key = g_strdup (key);
  g_queue_push_tail (&server->requests, g_memdup2 (&request, sizeof request));
  g_queue_push_tail (&server->written, written ? g_bytes_ref (written) : NULL);
}

static void
on_get (VmClusterBucket bucket, guint64 request, const gchar *key,
    gpointer user_data)
{
  ask (user_data, request, key, NULL);
}

static void
on_put (VmClusterBucket bucket, guint64 request, const gchar *key,
    GBytes *value, guint64 revision, gpointer user_data)
{
  /* none is removed here */
  if (value)
    ask (user_data, request, key, value);
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
set_record (Server *server, GBytes *record)
{
  g_clear_pointer (&server->record, g_bytes_unref);
  server->record = g_bytes_ref (record);
  server->revision++;
}

static void
answer_all (Server *server)
{
  guint64 *request;

  while ((request = g_queue_pop_head (&server->requests))) {
    g_autoptr (GBytes) written = g_queue_pop_head (&server->written);

    if (written)
      set_record (server, written);
    vm_room_share_answer (server->share, VM_CLUSTER_ROOMS, *request,
        VM_CLUSTER_DONE, written ? NULL : server->record, server->revision,
        START);
    g_free (request);
  }
}

/* The wire */

static void
on_watch (const gchar *key, gpointer user_data)
{
}

static void
on_scan (const gchar *const *nodes, gpointer user_data)
{
}

static void
on_send (const gchar *node, GBytes *frame, gpointer user_data)
{
  g_ptr_array_add (((Server *) user_data)->frames, g_bytes_ref (frame));
}

static void
on_other_sends (GBytes *frame, gpointer user_data)
{
  vm_room_share_hear (((Server *) user_data)->share, frame, START);
}

static void
on_answer (GBytes *message, gpointer user_data)
{
  gsize size;
  const gchar *data = g_bytes_get_data (message, &size);

  g_assert_true (size > 4 && memcmp (data, "VMM1", 4) == 0);
}

/* The room: ann, who moderates, and a browser here, bob at the other server. */

static void
on_seated (VmMember *member, const GError *error, gpointer user_data)
{
  g_assert_no_error (error);
  ((Peer *) user_data)->member = member;
}

static const VmSeatFuncs seat_funcs = { NULL, NULL, on_seated };

static void
seat_ann (Server *server)
{
  const VmJoin join = { .meeting = ROOM, .user = "ann", .group = "a" };
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);
  g_autoptr (VmTicket) ticket = NULL;
  g_autofree gchar *text = NULL;
  g_autoptr (GError) error = NULL;

  vm_rooms_join (server->rooms, &join, START, &text, &error);
  g_assert_no_error (error);
  ticket = vm_rooms_use_ticket (server->rooms, text, NULL, START, NULL);
  vm_rooms_request_seat (server->rooms, ticket, hello, &server->peers[0],
      &seat_funcs, &server->peers[0]);
  answer_all (server);
}

static void
seat_browser (Server *server)
{
  const VmJoin join = { .meeting = ROOM, .group = "web" };

  g_bytes_unref (vm_dialect_room_greet (server->peers[1].state, "web"));
  vm_rooms_request_enter (server->rooms, &join, "web", &server->peers[1], START,
      &seat_funcs, &server->peers[1]);
  answer_all (server);
}

static void
seat_bob (Server *server)
{
  const VmClusterParticipant bob = {
    .node = (gchar *) "other", .epoch = 1, .user = (gchar *) "bob"
  };
  g_autoptr (VmClusterRecord) record =
      vm_cluster_record_read (server->record, NULL);
  g_autoptr (GBytes) bytes = NULL;

  g_assert_nonnull (vm_cluster_record_seat (record, &bob, NULL));
  bytes = vm_cluster_record_write (record);
  set_record (server, bytes);
  vm_room_share_told (
      server->share, server->key, bytes, server->revision, START);
  answer_all (server);
}

static void
server_init (Server *server)
{
  static const VmRoomsFuncs rooms_funcs = { .send = on_signal,
    .close = on_close,
    .changed = fuzz_rooms_changed,
    .random = on_random };
  static const VmRoomShareFuncs share_funcs = { on_get, on_put, on_beat,
    on_list, on_watch, on_watch, on_scan, on_send };
  const VmOpenRooms open = { 6, 10, 10, 10 };
  const gchar *nodes[] = { "one", "other", NULL };

  server->rooms = vm_rooms_new (&rooms_funcs, server);
  vm_rooms_set_open (server->rooms, &open);
  server->share = vm_room_share_new (
      server->rooms, &share_funcs, server, "one", START, 1000);
  vm_room_share_nodes (server->share, nodes, START);
  server->other = vm_cluster_line_new ("other", START, on_other_sends, server);
  server->frames =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  seat_ann (server);
  seat_browser (server);
  seat_bob (server);
  g_assert_cmpuint (vm_room_count (vm_rooms_find (server->rooms, ROOM)), ==, 3);
}

static void
server_clear (Server *server)
{
  vm_room_share_free (server->share);
  vm_rooms_free (server->rooms);
  vm_cluster_line_free (server->other);
  g_queue_clear_full (&server->requests, g_free);
  for (GList *one = server->written.head; one; one = one->next)
    g_clear_pointer ((GBytes **) &one->data, g_bytes_unref);
  g_queue_clear (&server->written);
  g_ptr_array_unref (server->frames);
  g_bytes_unref (server->record);
  g_free (server->key);
}

static void
on_message (const guint8 *data, gsize size, gpointer user_data)
{
  Server *server = user_data;
  g_autoptr (GBytes) message = g_bytes_new (data, size);

  vm_cluster_line_say (server->other, message, START);
  answer_all (server);
}

/* What another server says to one that shares a room with it, a message after
 * the other; then so late that nothing is waited for any more. */
void
fuzz_one (const guint8 *data, gsize size)
{
  const gint64 late = START + 2 * VM_SHARE_HOLD_TIME;
  Server server = { .peers = { { &vm_dialect_native }, { &vm_dialect_room } } };

  for (guint i = 0; i < G_N_ELEMENTS (server.peers); i++)
    server.peers[i].state = server.peers[i].dialect->state_new ();
  server_init (&server);
  fuzz_frames (data, size, "VMM1", on_message, &server);
  vm_room_share_tick (server.share, late, late / G_USEC_PER_SEC);
  for (guint i = 0; i < server.frames->len; i++)
    vm_cluster_line_take (
        server.other, server.frames->pdata[i], on_answer, NULL, late);
  server_clear (&server);
  for (guint i = 0; i < G_N_ELEMENTS (server.peers); i++)
    server.peers[i].dialect->state_free (server.peers[i].state);
}
