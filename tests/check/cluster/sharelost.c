/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One room at three servers, whose store loses its record, goes back to an
 * older one or has something else there: nobody hears that anybody left, and
 * whoever comes finds those who are there (protocol/cluster.md#records). */

#include "program.h"
#include "support/sharenet.h"

#include <gst/videomeet/cluster/clusterpast.h>
#include <gst/videomeet/room/rooms-priv.h>
#include <string.h>

#define ROOM "stand-up"
#define OTHER_ROOM "elsewhere"

static NetClient ann, bob, cat, dan, eve;
static NetClient moved; /* Bob, at another server */
static NetClient *const clients[] = { &ann, &bob, &cat, &dan, &eve, &moved };

static void
setup (void)
{
  net_setup ();
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    net_client_init (clients[i], &net->nodes[i % NET_NODES]);
}

static void
teardown (void)
{
  net_teardown ();
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    net_client_clear (clients[i]);
}

static void
again (void)
{
  teardown ();
  setup ();
}

static void
forget_heard (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    g_string_truncate (clients[i]->heard, 0);
}

static void
sit_in (NetClient *client, const gchar *room, const gchar *user)
{
  net_sit (client, room, user);
  net_settle ();
  fail_unless_equals_string (net_refusal (client), "");
  fail_unless (client->member != NULL);
}

/* Ann, Bob and Cat, one at each server. */
static void
sit_three (void)
{
  sit_in (&ann, ROOM, "ann");
  sit_in (&bob, ROOM, "bob");
  sit_in (&cat, ROOM, "cat");
  forget_heard ();
}

static void
nobody_heard_anything (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    net_heard (clients[i], "");
}

static void
come_back_to_store (void)
{
  for (guint i = 0; i < NET_NODES; i++) {
    if (net->nodes[i].rooms)
      net_back (&net->nodes[i]);
  }
}

/* Somebody new at @node finds just those. */
static void
finds (guint node, const gchar *who)
{
  NetClient new;

  net_client_init (&new, &net->nodes[node]);
  sit_in (&new, ROOM, "new");
  net_heard (&new, who);
  net_leave (&new);
  net_settle ();
  net_client_clear (&new);
  forget_heard ();
}

static void
all_find (const gchar *who)
{
  for (guint i = 0; i < NET_NODES; i++) {
    if (net->nodes[i].rooms)
      finds (i, who);
  }
}

/* Whatever server comes back to it first, and whoever comes first. */
GST_START_TEST (test_lost)
{
  for (guint first = 0; first < NET_NODES; first++) {
    again ();
    sit_three ();
    net_lose ();
    net_back (&net->nodes[first]);
    finds (first, "welcome:p001:p002:p003");
    come_back_to_store ();
    net_pass (60);
    nobody_heard_anything ();
    all_find ("welcome:p001:p002:p003");
  }
}

GST_END_TEST;

/* A server that has not heard of it finds out when it writes. */
GST_START_TEST (test_lost_unnoticed)
{
  sit_three ();
  net_lose ();
  all_find ("welcome:p001:p002:p003");
  net_pass (20);
  nobody_heard_anything ();
}

GST_END_TEST;

/* The answer to what was asked of the store before is of no worth. */
GST_START_TEST (test_lost_while_asked)
{
  sit_three ();
  net_sit (&dan, ROOM, "dan");
  come_back_to_store ();
  net_settle ();
  fail_unless_equals_string (net_refusal (&dan), "");
  forget_heard ();
  net_sit (&eve, ROOM, "eve");
  net_lose ();
  come_back_to_store ();
  net_settle ();
  fail_unless_equals_string (net_refusal (&eve), "");
  forget_heard ();
  net_pass (20);
  nobody_heard_anything ();
  all_find ("welcome:p001:p002:p003:p004:p005");
}

GST_END_TEST;

/* NATS and one server are on the machine that died: who was there comes back
 * to its seat at another one. */
GST_START_TEST (test_lost_with_a_server)
{
  sit_three ();
  net_kill (ann.node);
  net_lose ();
  come_back_to_store ();
  net_pass (8);
  net_come_back (&ann, bob.node);
  net_settle ();
  fail_unless_equals_string (net_refusal (&ann), "");
  fail_unless_equals_string (ann.id, "p001");
  /* it was away, as where the store has lost nothing */
  fail_if (strstr (bob.heard->str, "left") || strstr (bob.heard->str, "join"));
  fail_if (strstr (cat.heard->str, "left") || strstr (cat.heard->str, "join"));
  forget_heard ();
  net_pass (60);
  nobody_heard_anything ();
  all_find ("welcome:p001:p002:p003");
}

GST_END_TEST;

/* Nobody else is in it, so nobody remembers it; with what the store has kept it
 * is there. */
GST_START_TEST (test_lost_with_the_only_server)
{
  sit_in (&ann, ROOM, "ann");
  net_kill (ann.node);
  net_keep ();
  net_lose ();
  come_back_to_store ();
  net_pass (8);
  net_come_back (&ann, bob.node);
  net_settle ();
  fail_unless_equals_string (net_refusal (&ann), "RESUME_FAILED");
  net_go_back ();
  come_back_to_store ();
  net_pass (3);
  net_come_back (&ann, bob.node);
  net_settle ();
  fail_unless_equals_string (net_refusal (&ann), "");
  fail_unless_equals_string (ann.id, "p001");
  /* and who does not come back is nowhere in the end */
  net_kill (bob.node);
  net_pass (12);
  fail_unless_equals_int (g_hash_table_size (net->records), 1);
  net_pass (40);
  fail_unless_equals_int (g_hash_table_size (net->records), 0);
  cat.node = &net->nodes[2];
  finds (2, "welcome");
}

GST_END_TEST;

/* A server that has just begun gives the first number to somebody else: it is
 * theirs who were there. */
GST_START_TEST (test_number_given_twice)
{
  sit_in (&ann, ROOM, "ann");
  sit_in (&bob, ROOM, "bob");
  forget_heard ();
  net_lose ();
  net_kill (&net->nodes[2]);
  net_start (&net->nodes[2], 'x');
  net->nodes[0].deaf = net->nodes[1].deaf = TRUE;
  sit_in (&cat, ROOM, "cat");
  fail_unless_equals_string (cat.id, "p001");
  forget_heard ();
  net->nodes[0].deaf = net->nodes[1].deaf = FALSE;
  come_back_to_store ();
  net_settle ();
  fail_if (ann.closed || bob.closed);
  fail_unless (cat.closed);
  net_pass (20);
  net_heard (&ann, "");
  net_heard (&bob, "");
  sit_in (&dan, ROOM, "dan");
  forget_heard ();
  all_find ("welcome:p001:p002:p003");
}

GST_END_TEST;

/* The store was made just now, and the server that has just begun knows it: it
 * leaves the room to those who remember it. */
GST_START_TEST (test_number_given_once)
{
  sit_in (&ann, ROOM, "ann");
  sit_in (&bob, ROOM, "bob");
  forget_heard ();
  net_lose ();
  net_kill (&net->nodes[2]);
  net_start (&net->nodes[2], 'x');
  vm_room_share_young (net->nodes[2].share, net->now);
  net->nodes[0].deaf = net->nodes[1].deaf = TRUE;
  net_sit (&cat, ROOM, "cat");
  net_settle ();
  net_pass (3);
  fail_unless (cat.member == NULL);
  net->nodes[0].deaf = net->nodes[1].deaf = FALSE;
  net_back (&net->nodes[0]);
  net_back (&net->nodes[1]);
  net_settle ();
  net_pass (3);
  fail_unless_equals_string (net_refusal (&cat), "");
  fail_unless_equals_string (cat.id, "p003");
  fail_if (ann.closed || bob.closed || cat.closed);
  forget_heard ();
  all_find ("welcome:p001:p002:p003");
}

GST_END_TEST;

/* Nobody remembers it. */
GST_START_TEST (test_first_in_a_young_store)
{
  const gdouble time = (gdouble) VM_CLUSTER_YOUNG_TIME / G_USEC_PER_SEC;

  vm_room_share_young (net->nodes[0].share, net->now);
  net_sit (&ann, ROOM, "ann");
  net_settle ();
  net_pass (time - 0.2);
  fail_unless (ann.member == NULL);
  net_pass (0.4);
  fail_unless_equals_string (net_refusal (&ann), "");
  fail_unless_equals_string (ann.id, "p001");
}

GST_END_TEST;

/* Bob's seat has gone to another server since then, Dan has left, and Eve has
 * come. */
static void
live_on (void)
{
  sit_three ();
  sit_in (&dan, ROOM, "dan");
  net_keep ();
  moved.resume = g_strdup (bob.resume);
  moved.count = bob.count;
  net_come_back (&moved, cat.node);
  net_settle ();
  fail_unless_equals_string (net_refusal (&moved), "");
  fail_unless (bob.closed);
  net_leave (&dan);
  sit_in (&eve, ROOM, "eve");
  net_pass (10);
  forget_heard ();
}

GST_START_TEST (test_rolled_back)
{
  for (guint first = 0; first < NET_NODES; first++) {
    again ();
    live_on ();
    net_go_back ();
    net_back (&net->nodes[first]);
    finds (first, "welcome:p001:p002:p003:p005");
    come_back_to_store ();
    net_pass (60);
    nobody_heard_anything ();
    all_find ("welcome:p001:p002:p003:p005");
  }
}

GST_END_TEST;

/* Nobody was told; whoever writes finds out. */
GST_START_TEST (test_rolled_back_unnoticed)
{
  live_on ();
  net_go_back ();
  all_find ("welcome:p001:p002:p003:p005");
  net_pass (20);
  nobody_heard_anything ();
}

GST_END_TEST;

/* And has reached again the revision that it had before. */
GST_START_TEST (test_rolled_back_and_gone_on)
{
  live_on ();
  while (net->kept_revision < net->revision)
    net->revision--;
  net_go_back ();
  for (guint i = 0; i < 20; i++)
    net_write (OTHER_ROOM, "x", 1);
  come_back_to_store ();
  net_pass (20);
  nobody_heard_anything ();
  all_find ("welcome:p001:p002:p003:p005");
}

GST_END_TEST;

/* The record is of a meeting that is over. */
GST_START_TEST (test_rolled_back_to_another_meeting)
{
  sit_three ();
  net_keep ();
  for (guint i = 0; i < 3; i++)
    net_leave (clients[i]);
  net_pass (6);
  fail_unless_equals_int (g_hash_table_size (net->records), 0);
  for (guint i = 0; i < 3; i++)
    clients[i]->closed = FALSE;
  sit_three ();
  net_go_back ();
  come_back_to_store ();
  net_pass (60);
  nobody_heard_anything ();
  all_find ("welcome:p001:p002:p003");
  fail_unless_equals_string (
      vm_room_get_id (vm_rooms_find (ann.node->rooms, ROOM)),
      vm_room_get_id (vm_rooms_find (cat.node->rooms, ROOM)));
}

GST_END_TEST;

/* Those of a server that has died do not come back from the dead, neither to
 * a room that goes on nor to one that has ended with them. */
GST_START_TEST (test_dead_stay_dead)
{
  sit_in (&ann, ROOM, "ann");
  sit_in (&bob, ROOM, "bob");
  sit_in (&eve, OTHER_ROOM, "eve");
  net_keep ();
  net_kill (bob.node);
  net_pass (45);
  fail_unless_equals_int (g_hash_table_size (net->records), 1);
  forget_heard ();
  net_go_back ();
  come_back_to_store ();
  /* until it is known again who lives */
  net_pass (5);
  nobody_heard_anything ();
  fail_unless_equals_int (g_hash_table_size (net->records), 1);
  finds (2, "welcome:p001");
  net_pass (60);
  net_heard (&ann, "");
}

GST_END_TEST;

/* As does one that the others have only taken for dead. */
GST_START_TEST (test_taken_for_dead_alone)
{
  sit_in (&ann, ROOM, "ann");
  ann.node->silent = ann.node->deaf = TRUE;
  net_pass (45);
  fail_unless_equals_int (g_hash_table_size (net->records), 0);
  ann.node->silent = ann.node->deaf = FALSE;
  net_back (ann.node);
  net_pass (5);
  fail_if (ann.closed);
  finds (1, "welcome:p001");
}

GST_END_TEST;

/* Whatever is there, and whoever sees it: also for those who come back from a
 * server that has died, by a token that only the record had. */
GST_START_TEST (test_damaged)
{
  static const gchar *const records[] = { "", "x", "VMR1", "VMR1 garbage",
    "{\"participants\":[" };

  for (guint i = 0; i < G_N_ELEMENTS (records); i++) {
    again ();
    sit_three ();
    net_write (ROOM, records[i], strlen (records[i]));
    net_settle ();
    nobody_heard_anything ();
    all_find ("welcome:p001:p002:p003");
    net_kill (ann.node);
    net_write (ROOM, records[i], strlen (records[i]));
    net_settle ();
    net_come_back (&ann, cat.node);
    net_settle ();
    fail_unless_equals_string (net_refusal (&ann), "");
    forget_heard ();
    net_pass (60);
    nobody_heard_anything ();
    all_find ("welcome:p001:p002:p003");
  }
}

GST_END_TEST;

/* It can be read, and is wrong: nobody of those is in the room. */
GST_START_TEST (test_wrong)
{
  g_autoptr (VmClusterRecord) record = vm_cluster_record_new (ROOM, "uuid", 6);
  const VmClusterParticipant ghost = { .node = (gchar *) "a-node",
    .epoch = 99,
    .user = (gchar *) "ghost",
    .call_type = VM_CALL_TYPE_VIDEO };
  g_autoptr (GBytes) bytes = NULL;

  sit_three ();
  fail_unless (vm_cluster_record_seat (record, &ghost, NULL));
  g_free (((VmClusterParticipant *) record->participants->pdata[0])->id);
  ((VmClusterParticipant *) record->participants->pdata[0])->id =
      g_strdup ("p009");
  record->joined = 9;
  bytes = vm_cluster_record_write (record);
  net_write (ROOM, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  net_pass (20);
  for (guint i = 0; i < 3; i++) {
    fail_if (clients[i]->closed);
    for (guint n = 1; n <= 3; n++) {
      g_autofree gchar *left = g_strdup_printf ("participant-left:p%03u", n);

      fail_if (strstr (clients[i]->heard->str, left));
    }
  }
  forget_heard ();
  all_find ("welcome:p001:p002:p003");
}

GST_END_TEST;

/* A lock holds, and so does what was said of how many there may be. */
GST_START_TEST (test_lock)
{
  sit_three ();
  net_keep ();
  net_say (&ann, VM_SIGNAL_LOCK, NULL, "on");
  net_settle ();
  for (guint i = 0; i < 2; i++) {
    if (i == 0)
      net_go_back ();
    else
      net_lose ();
    come_back_to_store ();
    net_settle ();
    g_clear_error (&dan.error);
    net_sit (&dan, ROOM, "dan");
    net_settle ();
    fail_unless_equals_string (net_refusal (&dan), "MEETING_LOCKED");
  }
}

GST_END_TEST;

/* Not more often than it is put up with. */
static void
harm_store (gboolean all)
{
  static gint64 last;

  if (ABS (net->now - last) < VM_CLUSTER_DOUBT_TIME)
    return;
  last = net->now;
  if (all)
    net_lose ();
  else
    net_go_back ();
  net_restart ();
}

static void
disturb_store (GRand *random)
{
  NetNode *node = &net->nodes[g_rand_int_range (random, 0, NET_NODES)];

  switch (g_rand_int_range (random, 0, 6)) {
    case 0:
      net_keep ();
      break;
    case 1:
    case 2:
      harm_store (g_rand_boolean (random));
      break;
    case 3:
      net_write (ROOM, "VMR1?", g_rand_int_range (random, 0, 6));
      break;
    default:
      net_back (node);
  }
}

static void
step (GRand *random, guint seed)
{
  gint n = g_rand_int_range (random, 0, G_N_ELEMENTS (clients));
  g_autofree gchar *user = g_strdup_printf ("user %d", n);
  NetClient *client = clients[n];

  switch (g_rand_int_range (random, 0, 5)) {
    case 0:
      if (client->member || client->request)
        break;
      g_clear_error (&client->error);
      net_sit (client, ROOM, user);
      break;
    case 1:
      if (client->member && client != &ann) {
        net_leave (client);
        client->closed = FALSE;
      }
      break;
    case 2:
      disturb_store (random);
      break;
    case 3:
      net_pass (g_rand_int_range (random, 0, 4) ? 0.1 : 21);
      break;
    default:
      net_settle ();
  }
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    fail_if (clients[i]->closed, "history %u: %s was sent away", seed,
        clients[i]->id);
}

/* Whatever happens to the store, and whenever a server hears of it: nobody is
 * sent away, and in the end all find those who are there. */
GST_START_TEST (test_histories)
{
  for (guint seed = 0; seed < 100; seed++) {
    g_autoptr (GRand) random = g_rand_new_with_seed (seed);

    again ();
    sit_in (&ann, ROOM, "ann"); /* and the meeting does not end */
    for (guint i = 0; i < 100; i++)
      step (random, seed);
    come_back_to_store ();
    net_pass (15);
    for (guint i = 0; i < G_N_ELEMENTS (clients); i++) {
      const NetClient *one = clients[i];
      VmRoom *room =
          one->member ? vm_rooms_find (one->node->rooms, ROOM) : NULL;

      for (guint n = 0; room && n < G_N_ELEMENTS (clients); n++)
        fail_unless (
            !clients[n]->member || vm_room_find_member (room, clients[n]->id),
            "history %u: %s is not found by %s", seed, clients[n]->id, one->id);
    }
  }
}

GST_END_TEST;

static Suite *
sharelost_suite (void)
{
  Suite *s = suite_create ("sharelost");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_lost);
  tcase_add_test (tc, test_lost_unnoticed);
  tcase_add_test (tc, test_lost_while_asked);
  tcase_add_test (tc, test_lost_with_a_server);
  tcase_add_test (tc, test_lost_with_the_only_server);
  tcase_add_test (tc, test_number_given_twice);
  tcase_add_test (tc, test_number_given_once);
  tcase_add_test (tc, test_first_in_a_young_store);
  tcase_add_test (tc, test_rolled_back);
  tcase_add_test (tc, test_rolled_back_unnoticed);
  tcase_add_test (tc, test_rolled_back_and_gone_on);
  tcase_add_test (tc, test_rolled_back_to_another_meeting);
  tcase_add_test (tc, test_dead_stay_dead);
  tcase_add_test (tc, test_taken_for_dead_alone);
  tcase_add_test (tc, test_damaged);
  tcase_add_test (tc, test_wrong);
  tcase_add_test (tc, test_lock);
  tcase_add_test (tc, test_histories);
  return s;
}

CHECK_PROGRAM (sharelost)
