/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Rooms and users of three servers, each of which knows those alone that
 * concern it: what participants and callers notice of that, which is nothing
 * (protocol/cluster.md#who-knows-a-record). */

#include "program.h"
#include "call/calls-priv.h"
#include "support/sharenet.h"

#include <gst/videomeet/cluster/clusterkey.h>
#include <gst/videomeet/cluster/shared/callseek.h>
#include <gst/videomeet/room/rooms-priv.h>
#include <string.h>

#define ROOM "stand-up"
#define DOUBT (VM_SHARE_DOUBT_TIME / (gdouble) NET_SECOND)
#define CHECK (VM_CLUSTER_CHECK_TIME / (gdouble) NET_SECOND)
#define SEAT (VM_CLUSTER_SEAT_TIME / (gdouble) NET_SECOND)
#define SEEK (VM_CALL_SEEK_TIME / (gdouble) NET_SECOND)

static NetClient ann, bob, cat;
static NetClient *const clients[] = { &ann, &bob, &cat };

static void
setup (void)
{
  net_setup ();
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    net_client_init (clients[i], &net->nodes[i]);
}

static void
teardown (void)
{
  net_teardown ();
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    net_client_clear (clients[i]);
}

static void
sit_in (NetClient *client, const gchar *room, const gchar *user)
{
  net_sit (client, room, user);
  net_settle ();
  fail_unless_equals_string (net_refusal (client), "");
  fail_unless (client->member != NULL);
}

static void
forget_heard (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    g_string_truncate (clients[i]->heard, 0);
}

/* Rooms */

GST_START_TEST (test_others_rooms)
{
  for (guint i = 0; i < 5; i++) {
    sit_in (&ann, ROOM, "ann");
    sit_in (&bob, ROOM, "bob");
    net_say (&ann, VM_SIGNAL_CHAT, NULL, "hello");
    net_leave (&ann);
    net_leave (&bob);
    net_pass (1);
    ann.closed = bob.closed = FALSE;
  }
  fail_unless_equals_int (cat.node->told, 0);
  fail_unless_equals_int (g_hash_table_size (ann.node->watched), 0);
}

GST_END_TEST;

/* What the store told is lost: who speaks is known at once, and who is silent
 * in a while. */
GST_START_TEST (test_telling_lost)
{
  sit_in (&ann, ROOM, "ann");
  ann.node->deaf = TRUE;
  sit_in (&bob, ROOM, "bob");
  sit_in (&cat, ROOM, "cat");
  ann.node->deaf = FALSE;
  forget_heard ();
  net_say (&bob, VM_SIGNAL_CHAT, NULL, "hello");
  net_pass (DOUBT - 0.1);
  net_heard (&ann, "");
  net_pass (0.2);
  net_heard (&ann, "participant-joined:p002 participant-joined:p003 "
                   "chat:p002=hello");
  net_leave (&cat);
  net_pass (1);
  cat.closed = FALSE;
  forget_heard ();
  ann.node->deaf = TRUE;
  sit_in (&cat, ROOM, "cat");
  ann.node->deaf = FALSE;
  net_pass (DOUBT + 1);
  net_heard (&ann, "");
  net_pass (CHECK);
  net_heard (&ann, "participant-joined:p004");
}

GST_END_TEST;

/* At a server that has never heard of the room. */
GST_START_TEST (test_resumes_where_nobody_sits)
{
  sit_in (&ann, ROOM, "ann");
  sit_in (&bob, "elsewhere", "bob");
  forget_heard ();
  net_kill (ann.node);
  net_pass (5);
  net_come_back (&ann, cat.node);
  net_settle ();
  fail_unless_equals_string (net_refusal (&ann), "");
  net_heard (&ann, "welcome-again");
  fail_unless_equals_string (ann.id, "p001");
  /* by its next token, once more */
  bob.node->told = 0;
  net_kill (cat.node);
  net_pass (5);
  net_come_back (&ann, bob.node);
  net_settle ();
  fail_unless_equals_string (net_refusal (&ann), "");
  net_pass (60);
  fail_unless (ann.member && !ann.closed);
}

GST_END_TEST;

static void
resumes (NetClient *client, const gchar *token, const gchar *meeting_id,
    const gchar *refusal)
{
  g_clear_error (&client->error);
  g_free (client->resume);
  client->resume = g_strdup (token);
  client->meeting_id = meeting_id;
  net_come_back (client, client->node);
  net_settle ();
  fail_if (client->member || client->request);
  fail_unless_equals_string (net_refusal (client), refusal);
}

/* By a token that nobody has given, or that is of another room. */
GST_START_TEST (test_resumes_by_nothing)
{
  const guint8 random[VM_CLUSTER_TOKEN_RANDOM] = { 1 };
  g_autofree gchar *wrong = vm_cluster_token_new (random, ROOM);
  g_autofree gchar *nowhere = vm_cluster_token_new (random, "nowhere");
  const gchar *id;

  sit_in (&ann, ROOM, "ann");
  id = vm_room_get_id (vm_rooms_find (ann.node->rooms, ROOM));
  resumes (&cat, "no token at all", NULL, "RESUME_FAILED");
  resumes (&cat, wrong, NULL, "RESUME_FAILED");
  resumes (&cat, nowhere, NULL, "RESUME_FAILED");
  resumes (&cat, wrong, id, "RESUME_FAILED");
  /* that its meeting is over says more */
  resumes (&cat, "no token at all", "another", "MEETING_ENDED");
  resumes (&cat, wrong, "another", "MEETING_ENDED");
  resumes (&cat, nowhere, id, "MEETING_ENDED");
  net_pass (1);
  fail_unless_equals_int (g_hash_table_size (cat.node->watched), 0);
}

GST_END_TEST;

GST_START_TEST (test_resumes_without_store)
{
  sit_in (&ann, ROOM, "ann");
  net->away = TRUE;
  net_come_back (&ann, cat.node);
  net_pass (SEAT - 0.1);
  fail_unless (ann.request != NULL);
  net_pass (0.2);
  fail_unless_equals_string (net_refusal (&ann), "DISCONNECTED");
  /* or hangs up before that */
  g_clear_error (&ann.error);
  net_come_back (&ann, cat.node);
  vm_seat_request_cancel (g_steal_pointer (&ann.request));
  net_pass (2 * SEAT);
  fail_if (ann.error);
  net->away = FALSE;
}

GST_END_TEST;

static guint looked;

static void
on_looked (gboolean known, gpointer user_data)
{
  fail_unless (known);
  looked++;
}

GST_START_TEST (test_looks_are_limited)
{
  const guint wanted = VM_SHARE_LOOKS_MAX - 1 + __i__;
  const guint taken = MIN (wanted, VM_SHARE_LOOKS_MAX);
  guint64 first = 0;

  looked = 0;
  sit_in (&ann, ROOM, "ann");
  for (guint i = 0; i < wanted; i++) {
    g_autofree gchar *room = g_strdup_printf ("room %u", i);
    guint64 look =
        vm_rooms_look (cat.node->rooms, i ? room : ROOM, on_looked, NULL);

    fail_unless ((look > 0) == (i < taken));
    first = first ? first : look;
  }
  vm_rooms_cancel_look (cat.node->rooms, first);
  vm_rooms_cancel_look (cat.node->rooms, first);
  net_settle ();
  fail_unless_equals_int (looked, taken - 1);
  /* what is known is told as well, though nothing changes */
  fail_unless (vm_rooms_look (ann.node->rooms, ROOM, on_looked, NULL));
  net_pass (1);
  fail_unless_equals_int (looked, taken);
}

GST_END_TEST;

GST_START_TEST (test_who_must_look)
{
  fail_unless (vm_rooms_must_look (cat.node->rooms, ROOM));
  sit_in (&ann, ROOM, "ann");
  fail_if (vm_rooms_must_look (ann.node->rooms, ROOM));
  fail_unless (vm_rooms_must_look (cat.node->rooms, ROOM));
  sit_in (&cat, ROOM, "cat");
  fail_if (vm_rooms_must_look (cat.node->rooms, ROOM));
}

GST_END_TEST;

/* A store that went back has somebody in a room who has left, with a server
 * that lives and knows nothing of it any more. */
static void
leave_ghosts (const gchar *lock)
{
  sit_in (&ann, ROOM, "ann");
  if (lock)
    net_say (&ann, VM_SIGNAL_LOCK, NULL, lock);
  else
    sit_in (&bob, ROOM, "bob");
  net_settle ();
  net_keep ();
  net_leave (&ann);
  if (!lock)
    net_leave (&bob);
  net_pass (3);
  fail_unless_equals_int (g_hash_table_size (net->records), 0);
  net_go_back ();
  for (guint i = 0; i < NET_NODES; i++)
    net_back (&net->nodes[i]);
  net_pass (5);
  fail_unless_equals_int (g_hash_table_size (net->records), 1);
}

/* Whoever comes in sees them go. */
GST_START_TEST (test_ghosts)
{
  leave_ghosts (NULL);
  sit_in (&cat, ROOM, "cat");
  net_pass (3);
  fail_unless_equals_int (
      vm_room_count (vm_rooms_find (cat.node->rooms, ROOM)), 1);
  fail_unless_equals_string (cat.roster, cat.id);
}

GST_END_TEST;

/* Whom they keep out comes in at the next try. */
GST_START_TEST (test_ghosts_at_the_door)
{
  const VmOpenRooms two = { 2, 100, 100, 100 };

  for (guint i = 0; i < NET_NODES && __i__; i++)
    vm_rooms_set_open (net->nodes[i].rooms, &two);
  leave_ghosts (__i__ ? NULL : "on");
  net_sit (&cat, ROOM, "cat");
  net_settle ();
  fail_unless_equals_string (
      net_refusal (&cat), __i__ ? "MEETING_FULL" : "MEETING_LOCKED");
  g_clear_error (&cat.error);
  net_pass (1);
  sit_in (&cat, ROOM, "cat");
}

GST_END_TEST;

/* Users */

typedef struct
{
  NetNode *node;
  VmCallUser *user;
  GString *heard;
} Phone;

static Phone dora, emil;
static guint missed;

static void
on_message (gpointer peer, const VmCallMessage *message, gpointer user_data)
{
  Phone *phone = peer;

  if (message->type != VM_CALL_REGISTERED)
    g_string_append_printf (phone->heard, "%s%s %s",
        phone->heard->len ? ", " : "",
        vm_call_message_type_to_string (message->type), message->call_id);
}

static void
on_missed (const gchar *callee, const gchar *caller, gpointer user_data)
{
  missed++;
}

static void
on_call_closed (gpointer peer, const GError *reason, gpointer user_data)
{
  ((Phone *) peer)->user = NULL;
}

static void
on_registered (VmCallUser *user, const GError *error, gpointer user_data)
{
  g_assert_no_error (error);
  ((Phone *) user_data)->user = user;
}

static void
setup_calls (void)
{
  setup ();
  missed = 0;
  for (guint i = 0; i < NET_NODES; i++)
    net_take_calls (&net->nodes[i], on_message, on_missed, on_call_closed);
  dora = (Phone){ .node = &net->nodes[0], .heard = g_string_new (NULL) };
  emil = (Phone){ .node = &net->nodes[1], .heard = g_string_new (NULL) };
}

static void
teardown_calls (void)
{
  teardown ();
  g_string_free (dora.heard, TRUE);
  g_string_free (emil.heard, TRUE);
}

static void
come (Phone *phone, const gchar *id)
{
  vm_calls_request_user (
      phone->node->calls, id, NULL, phone, net->now, on_registered, phone);
  net_settle ();
  fail_unless (phone->user != NULL);
}

static void
says (
    Phone *phone, VmCallMessageType type, const gchar *call_id, const gchar *to)
{
  g_autofree gchar *text = g_strdup_printf (
      "{\"type\":\"%s\",\"toId\":\"%s\",\"callId\":\"%s\",\"callType\":"
      "\"audio\",\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\"},"
      "\"answer\":{\"type\":\"answer\",\"sdp\":\"v=1\"},\"candidate\":{"
      "\"candidate\":\"candidate:1\",\"sdpMLineIndex\":0}}",
      vm_call_message_type_to_string (type), to, call_id);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;
  g_autoptr (VmCallMessage) message =
      vm_call_message_parse (VM_CALL_SIDE_SERVER, bytes, &error);

  g_assert_no_error (error);
  fail_unless (vm_call_user_receive (phone->user, message, net->now, &error));
}

static void
heard (Phone *phone, const gchar *what)
{
  fail_unless_equals_string (phone->heard->str, what);
  g_string_truncate (phone->heard, 0);
}

/* Of users who neither call nor are called, no other server hears. */
GST_START_TEST (test_others_users)
{
  come (&dora, "dora");
  come (&emil, "emil");
  net_pass (2 * CHECK);
  fail_unless_equals_int (net->nodes[2].told, 0);
  says (&dora, VM_CALL_OFFER, "c1", "emil");
  net_settle ();
  heard (&emil, "call-offer c1");
  says (&emil, VM_CALL_REJECT, "c1", "dora");
  net_settle ();
  heard (&dora, "call-reject c1");
  fail_unless_equals_int (net->nodes[2].told, 0);
  /* nor does whoever has called them, once that is long ago */
  net_pass (VM_CALL_END_TIME / NET_SECOND + 1);
  fail_unless_equals_int (g_hash_table_size (net->nodes[0].watched), 1);
  fail_unless_equals_int (g_hash_table_size (net->nodes[1].watched), 1);
}

GST_END_TEST;

/* What is said before it is known where the other is comes there, in order. */
GST_START_TEST (test_said_at_once)
{
  come (&dora, "dora");
  come (&emil, "emil");
  says (&dora, VM_CALL_OFFER, "c1", "emil");
  says (&dora, VM_CALL_CANDIDATE, "c1", "emil");
  says (&dora, VM_CALL_END, "c1", "emil");
  says (&dora, VM_CALL_OFFER, "c2", "emil");
  says (&dora, VM_CALL_CANDIDATE, "c2", "emil");
  heard (&emil, "");
  net_settle ();
  heard (&emil, "call-offer c1, ice-candidate c1, call-end c1, call-offer c2, "
                "ice-candidate c2");
  heard (&dora, "");
}

GST_END_TEST;

/* Whoever is nowhere has missed the call, as has who cannot be found. */
GST_START_TEST (test_called_without_store)
{
  come (&dora, "dora");
  come (&emil, "emil");
  says (&dora, VM_CALL_OFFER, "c1", "nobody");
  net_settle ();
  heard (&dora, "call-failed c1");
  fail_unless_equals_int (missed, 1);
  net->away = TRUE;
  says (&dora, VM_CALL_OFFER, "c2", "emil");
  net_pass (SEEK - 0.1);
  heard (&dora, "");
  net_pass (0.2);
  heard (&dora, "call-failed c2");
  fail_unless_equals_int (missed, 2);
  net->away = FALSE;
  net_pass (10);
  heard (&emil, "");
  says (&dora, VM_CALL_OFFER, "c3", "emil");
  net_settle ();
  heard (&emil, "call-offer c3");
}

GST_END_TEST;

static void
count_words (const gchar *node, const gchar *from, const gchar *to,
    const gchar *call_id, GBytes *text, gpointer user_data)
{
  ++*(guint *) user_data;
}

static guint
seek (guint words, gsize size)
{
  g_autoptr (VmCallSeek) self = vm_call_seek_new ();
  g_autofree gchar *data = g_malloc0 (size);
  g_autoptr (GBytes) text = g_bytes_new (data, size);
  guint n = 0;

  for (guint i = 0; i < words; i++)
    vm_call_seek_say (self, "dora", "emil", "c1", text, 0);
  vm_call_seek_end (self, "emil", "a-node", count_words, &n);
  fail_if (vm_call_seek_has (self, "emil"));
  return n;
}

GST_START_TEST (test_words_are_limited)
{
  const gsize most = VM_CALL_SEEK_BYTES / 4;

  for (guint i = VM_CALL_SEEK_WORDS - 1; i <= VM_CALL_SEEK_WORDS + 1; i++)
    fail_unless_equals_int (seek (i, 1), MIN (i, VM_CALL_SEEK_WORDS));
  fail_unless_equals_int (seek (4, most - 1), 4);
  fail_unless_equals_int (seek (5, most), 4);
  fail_unless_equals_int (seek (4, most + 1), 3);
}

GST_END_TEST;

static Suite *
sharewatch_suite (void)
{
  Suite *s = suite_create ("sharewatch");
  TCase *rooms = tcase_create ("rooms"), *users = tcase_create ("users");

  suite_add_tcase (s, rooms);
  tcase_add_checked_fixture (rooms, setup, teardown);
  tcase_add_test (rooms, test_others_rooms);
  tcase_add_test (rooms, test_telling_lost);
  tcase_add_test (rooms, test_resumes_where_nobody_sits);
  tcase_add_test (rooms, test_resumes_by_nothing);
  tcase_add_test (rooms, test_resumes_without_store);
  /* below, at, above */
  tcase_add_loop_test (rooms, test_looks_are_limited, 0, 3);
  tcase_add_test (rooms, test_who_must_look);
  tcase_add_test (rooms, test_ghosts);
  tcase_add_loop_test (rooms, test_ghosts_at_the_door, 0, 2);
  suite_add_tcase (s, users);
  tcase_add_checked_fixture (users, setup_calls, teardown_calls);
  tcase_add_test (users, test_others_users);
  tcase_add_test (users, test_said_at_once);
  tcase_add_test (users, test_called_without_store);
  tcase_add_test (users, test_words_are_limited);
  return s;
}

CHECK_PROGRAM (sharewatch)
