/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include "fuzzframes.h"
#include "fuzzrooms.h"
#include <gst/videomeet/cluster/shared/callshare.h>
#include <gst/videomeet/cluster/clusterline.h>
#include <gst/videomeet/base/json/json.h>

#include <string.h>

#define START (1000 * G_USEC_PER_SEC)

/* A server, and what it asks of a store in which nobody else has written. */
typedef struct
{
  guint8 next;
  VmRooms *rooms;
  VmRoomShare *share;
  VmCalls *calls;
  VmCallShare *call_share;
  VmClusterLine *other; /* of the server that says what is tried here */
  GPtrArray *frames; /* to that server */
  GQueue requests; /* guint64 */
  guint64 revision;
  VmCallUser *ann, *bob;
} Server;

static void
on_signal (gpointer peer, const VmSignal *signal, gpointer user_data)
{
}

static void
on_close (gpointer peer, const GError *reason, gpointer user_data)
{
}

static void
on_random (guint8 *bytes, gsize size, gpointer user_data)
{
  fuzz_rooms_random (bytes, size, &((Server *) user_data)->next);
}

/* What a client gets can be read. */
static void
on_message (gpointer peer, const VmCallMessage *message, gpointer user_data)
{
  g_autoptr (GBytes) bytes = vm_call_message_format (message);
  g_autoptr (VmCallMessage) read =
      vm_call_message_parse (VM_CALL_SIDE_CLIENT, bytes, NULL);

  g_assert_nonnull (read);
}

static void
on_get (VmClusterBucket bucket, guint64 request, const gchar *key,
    gpointer user_data)
{
  g_queue_push_tail (
      &((Server *) user_data)->requests, g_memdup2 (&request, sizeof request));
}

static void
on_put (VmClusterBucket bucket, guint64 request, const gchar *key,
    GBytes *value, guint64 revision, gpointer user_data)
{
  on_get (bucket, request, key, user_data);
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
answer_all (Server *server)
{
  guint64 *request;

  while ((request = g_queue_pop_head (&server->requests))) {
    vm_room_share_answer (server->share, VM_CLUSTER_ROOMS, *request,
        VM_CLUSTER_DONE, NULL, ++server->revision, START);
    g_free (request);
  }
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

  g_assert_true (size > 4 && memcmp (data, "VMC1", 4) == 0);
}

static void
on_registered (VmCallUser *user, const GError *error, gpointer user_data)
{
  g_assert_no_error (error);
  *(VmCallUser **) user_data = user;
}

static void
come (Server *server, const gchar *id, VmCallUser **user)
{
  vm_calls_request_user (
      server->calls, id, NULL, user, START, on_registered, user);
  answer_all (server);
  g_assert_nonnull (*user);
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
  const gchar *nodes[] = { "one", "other", NULL };

  server->rooms = vm_rooms_new (&rooms_funcs, server);
  server->share = vm_room_share_new (
      server->rooms, &share_funcs, server, "one", START, 1000);
  server->calls = vm_calls_new (on_message, server);
  server->call_share = vm_call_share_new (server->share, server->calls);
  vm_room_share_nodes (server->share, nodes, START);
  server->other = vm_cluster_line_new ("other", START, on_other_sends, server);
  server->frames =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  come (server, "ann", &server->ann);
  come (server, "bob", &server->bob);
}

static void
server_clear (Server *server)
{
  vm_call_share_free (server->call_share);
  vm_room_share_free (server->share);
  vm_calls_free (server->calls);
  vm_rooms_free (server->rooms);
  vm_cluster_line_free (server->other);
  g_queue_clear_full (&server->requests, g_free);
  g_ptr_array_unref (server->frames);
}

static void
on_frame (const guint8 *data, gsize size, gpointer user_data)
{
  Server *server = user_data;
  g_autoptr (GBytes) message = g_bytes_new (data, size);

  vm_cluster_line_say (server->other, message, START);
  answer_all (server);
}

/* Whom @user is in a call with hears what it says, or that it has ended. */
static void
say (VmCallUser *user, VmCallMessageType type)
{
  g_autoptr (VmCallMessage) message = vm_call_message_new (type);

  message->to = g_strdup ("carl");
  message->call_id = g_strdup ("c1");
  vm_call_user_receive (user, message, START, NULL);
}

/* What another server says to one with two users, a message after the other, in
 * between what they say; then so late that nothing is waited for any more. */
void
fuzz_one (const guint8 *data, gsize size)
{
  const gint64 late = START + 2 * VM_CALL_RING_TIME;
  Server server = { 0 };

  server_init (&server);
  vm_call_user_claim (server.bob, "c2", "carl");
  fuzz_frames (data, size, "VMC1", on_frame, &server);
  say (server.ann, VM_CALL_ANSWER);
  say (server.ann, VM_CALL_END);
  fuzz_frames (data, size, "VMC1", on_frame, &server);
  vm_calls_tick (server.calls, VM_CALL_RING_TIME, late);
  vm_room_share_tick (server.share, late, late / G_USEC_PER_SEC);
  for (guint i = 0; i < server.frames->len; i++)
    vm_cluster_line_take (
        server.other, server.frames->pdata[i], on_answer, NULL, late);
  vm_call_user_leave (server.ann);
  vm_call_user_leave (server.bob);
  g_assert_cmpuint (vm_calls_count (server.calls), ==, 0);
  server_clear (&server);
}
