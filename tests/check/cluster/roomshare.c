/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One room at three servers: what each of its participants hears, whatever
 * becomes of a server, of the store or of the wire (protocol/cluster.md). */

#include "program.h"
#include "support/sharenet.h"

#include <gst/videomeet/cluster/clusterline.h>
#include <string.h>

#define ROOM "stand-up"

static NetClient ann, bob, cat;

static void
setup (void)
{
  net_setup ();
  net_client_init (&ann, &net->nodes[0]);
  net_client_init (&bob, &net->nodes[1]);
  net_client_init (&cat, &net->nodes[2]);
}

static void
teardown (void)
{
  net_teardown ();
  net_client_clear (&ann);
  net_client_clear (&bob);
  net_client_clear (&cat);
}

static void
sit (NetClient *client, const gchar *user)
{
  net_sit (client, ROOM, user);
  net_settle ();
  fail_unless_equals_string (net_refusal (client), "");
  fail_unless (client->member != NULL);
}

/* One at each server. */
static void
sit_all (void)
{
  sit (&ann, "ann");
  sit (&bob, "bob");
  sit (&cat, "cat");
  g_string_truncate (ann.heard, 0);
  g_string_truncate (bob.heard, 0);
  g_string_truncate (cat.heard, 0);
}

static void
nobody_heard_anything (void)
{
  net_heard (&ann, "");
  net_heard (&bob, "");
  net_heard (&cat, "");
}

/* What every server says of the room. */
static void
all_list (const gchar *roster)
{
  NetClient *clients[] = { &ann, &bob, &cat };

  for (guint i = 0; i < G_N_ELEMENTS (clients); i++) {
    VmRoom *room = clients[i]->node->rooms
                       ? vm_rooms_find (clients[i]->node->rooms, ROOM)
                       : NULL;
    g_autoptr (VmSignal) list = vm_signal_new (VM_SIGNAL_WELCOME);
    g_autoptr (GString) text = g_string_new (NULL);

    if (!room || !clients[i]->member)
      continue;
    vm_room_list (room, list, NULL);
    for (guint n = 0; n < list->participants->len; n++)
      g_string_append_printf (text, "%s%s", n ? " " : "",
          ((VmSignalParticipant *) list->participants->pdata[n])->id);
    fail_unless_equals_string (text->str, roster);
    fail_unless_equals_string (clients[i]->roster, roster);
  }
}

/* By whatever way they come, to a room that is there and to one that is not. */
GST_START_TEST (test_pass)
{
  net->pass = "the word";
  for (guint i = 0; i < 2; i++) {
    net_enter (&bob, ROOM);
    net_settle ();
    fail_unless_equals_string (net_refusal (&bob), "CAP_REQUIRED");
    fail_if (bob.member);
    net_sit (&cat, ROOM, "cat");
    fail_unless_equals_string (net_refusal (&cat), "CAP_REQUIRED");
    g_clear_error (&cat.error);
    net->shown = "the word";
    if (i == 0)
      sit (&ann, "ann");
    else
      net_enter (&bob, ROOM);
    net_settle ();
    net->shown = "another";
  }
  fail_unless (bob.member != NULL);
  all_list ("p001 p002");
}

GST_END_TEST;

GST_START_TEST (test_join_and_leave)
{
  sit (&ann, "ann");
  net_heard (&ann, "welcome");
  sit (&bob, "bob");
  net_heard (&ann, "participant-joined:p002");
  net_heard (&bob, "welcome:p001");
  net_enter (&cat, ROOM);
  net_settle ();
  net_heard (&cat, "welcome:p001:p002");
  net_heard (&ann, "participant-joined:p003");
  net_heard (&bob, "participant-joined:p003");
  all_list ("p001 p002 p003");
  fail_unless_equals_string (
      vm_room_get_id (vm_rooms_find (net->nodes[0].rooms, ROOM)),
      vm_room_get_id (vm_rooms_find (net->nodes[2].rooms, ROOM)));
  net_leave (&bob);
  net_settle ();
  net_heard (&ann, "participant-left:p002");
  net_heard (&cat, "participant-left:p002");
  all_list ("p001 p003");
  fail_if (vm_rooms_find (net->nodes[1].rooms, ROOM));
  net_leave (&ann);
  net_leave (&cat);
  net_settle ();
  fail_unless_equals_int (g_hash_table_size (net->records), 0);
  fail_unless_equals_int (vm_rooms_count (net->nodes[0].rooms), 0);
  fail_unless_equals_int (vm_rooms_count (net->nodes[2].rooms), 0);
}

GST_END_TEST;

GST_START_TEST (test_relay)
{
  sit_all ();
  net_say (&ann, VM_SIGNAL_OFFER, "p002", "v=0 \"\\ ä");
  net_say (&ann, VM_SIGNAL_CANDIDATE, "p002", "candidate:1");
  net_say (&ann, VM_SIGNAL_CANDIDATE, "p002", "");
  net_settle ();
  net_heard (&bob, "offer:p001=v=0 \"\\ ä candidate:p001 candidate:p001");
  net_say (&bob, VM_SIGNAL_ANSWER, "p001", "v=1");
  net_say (&cat, VM_SIGNAL_CHAT, NULL, "hello");
  net_say (&cat, VM_SIGNAL_CHAT, "p001", "you");
  net_settle ();
  net_heard (&ann, "answer:p002=v=1 chat:p003=hello chat:p003=you");
  net_heard (&bob, "chat:p003=hello");
  net_say (&bob, VM_SIGNAL_PARTICIPANT_STATE, NULL, "connected");
  net_settle ();
  net_heard (&ann, "participant-state:p002=connected");
  net_heard (&bob, "participant-state:p002=connected");
  net_heard (&cat, "participant-state:p002=connected");
  net_say (&cat, VM_SIGNAL_OFFER, "p009", "v=2");
  net_settle ();
  net_heard (&cat, "error=UNROUTABLE");
  nobody_heard_anything ();
}

GST_END_TEST;

/* Who comes later is told what has become of those who were there. */
GST_START_TEST (test_states)
{
  g_autoptr (VmSignal) list = vm_signal_new (VM_SIGNAL_WELCOME);
  const VmSignalParticipant *who;

  sit (&ann, "ann");
  net_say (&ann, VM_SIGNAL_PARTICIPANT_STATE, NULL, "connected");
  sit (&bob, "bob");
  vm_room_list (vm_rooms_find (bob.node->rooms, ROOM), list, NULL);
  who = list->participants->pdata[0];
  fail_unless_equals_string (who->state, "connected");
  fail_unless_equals_string (who->user, "ann");
  fail_unless_equals_string (who->device, "ann's");
  fail_unless_equals_string (who->nonce, "bm9uY2U=");
}

GST_END_TEST;

GST_START_TEST (test_moderation)
{
  sit_all ();
  net_say (&bob, VM_SIGNAL_LOCK, NULL, "on");
  net_settle ();
  net_heard (&bob, "error=NOT_TRUSTED");
  net_say (&ann, VM_SIGNAL_LOCK, NULL, "on");
  net_settle ();
  net_enter (&bob, "another");
  net_settle ();
  net_heard (&ann, "participant-left:p002");
  net_enter (&bob, ROOM);
  net_settle ();
  fail_unless_equals_string (net_refusal (&bob), "MEETING_LOCKED");
  net_say (&ann, VM_SIGNAL_LOCK, NULL, "off");
  net_settle ();
  net_enter (&bob, ROOM);
  net_settle ();
  fail_unless_equals_string (net_refusal (&bob), "");
  all_list ("p001 p003 p004");
  g_string_truncate (bob.heard, 0);
  g_string_truncate (ann.heard, 0);
  g_string_truncate (cat.heard, 0);
  net_say (&ann, VM_SIGNAL_KICK, "p003", NULL);
  net_settle ();
  net_heard (&cat, "kick:p001");
  fail_unless (cat.closed);
  net_heard (&ann, "participant-left:p003=KICKED");
  net_heard (&bob, "participant-left:p003=KICKED");
  all_list ("p001 p004");
}

GST_END_TEST;

/* The lock goes to whoever moderates next, wherever it is. */
GST_START_TEST (test_moderator_leaves)
{
  sit_all ();
  net_say (&ann, VM_SIGNAL_LOCK, NULL, "on");
  net_settle ();
  net_leave (&ann);
  net_settle ();
  net_heard (&bob, "participant-left:p001");
  net_enter (&ann, ROOM);
  net_settle ();
  fail_unless_equals_string (net_refusal (&ann), "MEETING_LOCKED");
  net_say (&bob, VM_SIGNAL_LOCK, NULL, "off");
  net_settle ();
  net_enter (&ann, ROOM);
  net_settle ();
  fail_unless_equals_string (net_refusal (&ann), "");
}

GST_END_TEST;

GST_START_TEST (test_last_seat)
{
  net_teardown ();
  net_setup ();
  for (guint i = 0; i < NET_NODES; i++) {
    const VmOpenRooms open = { 2, 100, 100, 100 };

    vm_rooms_set_open (net->nodes[i].rooms, &open);
  }
  ann.node = &net->nodes[0];
  bob.node = &net->nodes[1];
  cat.node = &net->nodes[2];
  sit (&ann, "ann");
  /* both have seen a seat that is free */
  net_enter (&bob, ROOM);
  net_sit (&cat, ROOM, "cat");
  net_settle ();
  fail_unless ((bob.member != NULL) != (cat.member != NULL));
  fail_unless_equals_string (
      net_refusal (bob.member ? &cat : &bob), "MEETING_FULL");
  all_list ("p001 p002");
}

GST_END_TEST;

GST_START_TEST (test_names)
{
  g_autofree gchar *longest = g_strnfill (128, 'x');
  const gchar *names[] = { "*", ">", ".", "$KV.vm_records.>", "a b\xc3\xa4",
    longest };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    net_enter (&ann, names[i]);
    net_settle ();
    net_enter (&bob, names[i]);
    net_settle ();
    fail_unless_equals_string (net_refusal (&bob), "");
    g_string_truncate (bob.heard, 0);
    net_say (&ann, VM_SIGNAL_CHAT, NULL, "hi");
    net_settle ();
    fail_unless (g_str_has_prefix (bob.heard->str, "chat:p00"));
  }
  fail_unless_equals_int (g_hash_table_size (net->records), 1);
}

GST_END_TEST;

/* A wire that doubles, and one that is cut: nothing is lost, doubled or out of
 * order. */
GST_START_TEST (test_bad_wire)
{
  GString *expected = g_string_new (NULL);

  sit_all ();
  for (guint i = 0; i < 300; i++) {
    g_autofree gchar *text = g_strdup_printf ("%u", i);

    net->cut = i % 7 == 3 || (i > 100 && i < 200);
    net->twice = i % 3 == 0;
    net_say (&ann, VM_SIGNAL_CHAT, NULL, text);
    g_string_append_printf (expected, "%schat:p001=%u", i ? " " : "", i);
    if (i % 50 == 49)
      net_pass (0.1);
  }
  net->cut = FALSE;
  vm_room_share_again (ann.node->share, net->now);
  net_pass (30);
  net_heard (&bob, expected->str);
  net_heard (&cat, expected->str);
  net_heard (&ann, "");
  g_string_free (expected, TRUE);
}

GST_END_TEST;

/* What is said comes before the news of who says it, and is not lost. */
GST_START_TEST (test_early_words)
{
  sit (&bob, "bob");
  bob.node->deaf = TRUE;
  sit (&ann, "ann");
  g_string_truncate (bob.heard, 0);
  net_say (&ann, VM_SIGNAL_OFFER, "p001", "v=0");
  net_say (&ann, VM_SIGNAL_CHAT, NULL, "hi");
  net_settle ();
  net_heard (&bob, "");
  bob.node->deaf = FALSE;
  vm_room_share_back (bob.node->share, net->now);
  net_settle ();
  net_heard (&bob, "participant-joined:p002 offer:p002=v=0 chat:p002=hi");
}

GST_END_TEST;

/* To one who has left meanwhile: whoever says it is told. */
GST_START_TEST (test_late_words)
{
  sit_all ();
  net->nodes[1].deaf = TRUE;
  net_leave (&bob);
  net_say (&ann, VM_SIGNAL_OFFER, "p002", "v=0");
  net_settle ();
  net_pass (6);
  net_heard (&ann, "participant-left:p002 error=UNROUTABLE");
}

GST_END_TEST;

/* Killed: who comes back elsewhere keeps the seat, and the others hear nothing
 * of it but what it says. */
GST_START_TEST (test_killed)
{
  sit_all ();
  net_kill (&net->nodes[0]);
  /* nobody knows yet */
  net_say (&bob, VM_SIGNAL_OFFER, "p001", "v=0");
  net_say (&cat, VM_SIGNAL_CHAT, NULL, "still there?");
  net_settle ();
  net_heard (&bob, "chat:p003=still there?");
  net_come_back (&ann, &net->nodes[1]);
  net_settle ();
  fail_unless_equals_string (net_refusal (&ann), "");
  fail_unless_equals_string (ann.id, "p001");
  net_heard (&ann,
      "welcome-again:p002:p003 participant-joined:p002 participant-joined:p003 "
      "offer:p002=v=0 chat:p003=still there?");
  nobody_heard_anything ();
  net_say (&ann, VM_SIGNAL_ANSWER, "p002", "v=1");
  net_say (&ann, VM_SIGNAL_CHAT, NULL, "yes");
  net_say (&cat, VM_SIGNAL_CHAT, "p001", "good");
  net_settle ();
  net_heard (&bob, "answer:p001=v=1 chat:p001=yes");
  net_heard (&cat, "chat:p001=yes");
  net_heard (&ann, "chat:p003=good");
  net_pass (60);
  nobody_heard_anything ();
  all_list ("p001 p002 p003");
  /* and again, at the third */
  net_kill (&net->nodes[1]);
  net_come_back (&bob, &net->nodes[2]);
  net_come_back (&ann, &net->nodes[2]);
  net_settle ();
  fail_unless_equals_string (net_refusal (&ann), "");
  fail_unless_equals_string (net_refusal (&bob), "");
  net_heard (&cat, "");
  net_pass (60);
  all_list ("p001 p002 p003");
}

GST_END_TEST;

/* Nobody comes back: they are lost, then gone, once. */
GST_START_TEST (test_nobody_comes_back)
{
  sit_all ();
  net_kill (&net->nodes[0]);
  net_pass (20);
  net_heard (&bob, "participant-state:p001=detached");
  net_heard (&cat, "participant-state:p001=detached");
  net_pass (30);
  net_heard (&bob, "participant-left:p001=TIMEOUT");
  net_heard (&cat, "participant-left:p001=TIMEOUT");
  all_list ("p002 p003");
  net_come_back (&ann, &net->nodes[1]);
  net_settle ();
  fail_unless_equals_string (net_refusal (&ann), "RESUME_FAILED");
}

GST_END_TEST;

/* Its server lives, but it cannot reach it any more. */
GST_START_TEST (test_moved)
{
  NetClient again;

  sit_all ();
  net_client_init (&again, &net->nodes[1]);
  again.resume = g_strdup (ann.resume);
  again.count = ann.count;
  vm_member_lose (ann.member, net->now);
  net_come_back (&again, &net->nodes[1]);
  net_settle ();
  fail_unless_equals_string (net_refusal (&again), "");
  fail_unless_equals_string (again.id, "p001");
  fail_unless (ann.closed);
  net_heard (&bob, "");
  net_heard (&cat, "");
  net_say (&cat, VM_SIGNAL_CHAT, NULL, "hi");
  net_settle ();
  fail_unless (g_str_has_suffix (again.heard->str, " chat:p003=hi"));
  fail_if (vm_rooms_find (net->nodes[0].rooms, ROOM));
  net_heard (&bob, "chat:p003=hi");
  net_pass (60);
  all_list ("p001 p002 p003");
  net_leave (&again);
  net_settle ();
  net_heard (&bob, "participant-left:p001");
  all_list ("p002 p003");
  net_client_clear (&again);
}

GST_END_TEST;

GST_START_TEST (test_stranger_token)
{
  sit_all ();
  g_free (ann.resume);
  ann.resume = g_strdup ("made-up");
  net_come_back (&ann, &net->nodes[1]);
  fail_unless_equals_string (net_refusal (&ann), "RESUME_FAILED");
  nobody_heard_anything ();
}

GST_END_TEST;

/* Without the store the rooms go on, and joins wait until there is an answer or
 * no hope of one. */
GST_START_TEST (test_store_away)
{
  sit_all ();
  net->away = TRUE;
  net_say (&ann, VM_SIGNAL_CHAT, NULL, "hi");
  net_settle ();
  net_heard (&bob, "chat:p001=hi");
  net_heard (&cat, "chat:p001=hi");
  net_leave (&cat);
  net_pass (1);
  net_heard (&ann, "participant-left:p003");
  net_heard (&bob, "participant-left:p003");
  net_enter (&cat, ROOM);
  net_pass (5);
  fail_if (cat.member || cat.error);
  net_pass (7);
  fail_unless_equals_string (net_refusal (&cat), "DISCONNECTED");
  net_enter (&cat, ROOM);
  net_pass (5);
  net->away = FALSE;
  vm_room_share_back (cat.node->share, net->now);
  net_pass (5);
  fail_unless_equals_string (net_refusal (&cat), "");
  all_list ("p001 p002 p004");
  net_pass (60);
  all_list ("p001 p002 p004");
}

GST_END_TEST;

/* The store comes back without anything it had. */
GST_START_TEST (test_store_wiped)
{
  sit_all ();
  net_lose ();
  for (guint i = 0; i < NET_NODES; i++)
    net_back (&net->nodes[i]);
  net_pass (20);
  nobody_heard_anything ();
  all_list ("p001 p002 p003");
  fail_unless_equals_int (g_hash_table_size (net->records), 1);
}

GST_END_TEST;

/* Who leaves before there is an answer is nowhere. */
GST_START_TEST (test_request_is_cancelled)
{
  sit (&ann, "ann");
  net_sit (&bob, ROOM, "bob");
  fail_unless (bob.request != NULL);
  vm_seat_request_cancel (g_steal_pointer (&bob.request));
  net_settle ();
  net_pass (5);
  fail_if (bob.member || bob.error);
  net_heard (&ann, "welcome");
  all_list ("p001");
  /* whose server knows who is in the room has asked for the seat already */
  sit (&bob, "bob");
  cat.node = bob.node;
  net_sit (&cat, ROOM, "cat");
  vm_seat_request_cancel (g_steal_pointer (&cat.request));
  net_pass (5);
  net_heard (&ann, "participant-joined:p002 participant-joined:p003 "
                   "participant-left:p003");
  all_list ("p001 p002");
}

GST_END_TEST;

/* A server that stops: who can come back does so, the others have left. */
GST_START_TEST (test_stopped)
{
  sit (&ann, "ann");
  sit (&bob, "bob");
  cat.node = ann.node;
  net_enter (&cat, ROOM);
  net_settle ();
  g_string_truncate (bob.heard, 0);
  vm_rooms_clear_open (ann.node->rooms);
  net_settle ();
  net_heard (&bob, "participant-left:p003");
  fail_unless (ann.closed && cat.closed);
  net_kill (ann.node);
  g_string_truncate (ann.heard, 0);
  net_come_back (&ann, bob.node);
  net_settle ();
  fail_unless_equals_string (net_refusal (&ann), "");
  all_list ("p001 p002");
}

GST_END_TEST;

static void
on_frame (GBytes *frame, gpointer user_data)
{
  g_ptr_array_add (user_data, g_bytes_ref (frame));
}

static void
on_message (GBytes *message, gpointer user_data)
{
  g_string_append_len (
      user_data, g_bytes_get_data (message, NULL), g_bytes_get_size (message));
}

static void
take_all (VmClusterLine *line, GPtrArray *frames, GString *heard)
{
  for (guint i = 0; i < frames->len; i++)
    vm_cluster_line_take (line, frames->pdata[i], on_message, heard, 1);
  g_ptr_array_set_size (frames, 0);
}

/* Beyond its bound a line goes on with what it still has. */
GST_START_TEST (test_line_bound)
{
  g_autoptr (GPtrArray) there =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GPtrArray) back =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (VmClusterLine) one =
      vm_cluster_line_new ("one", 1, on_frame, there);
  g_autoptr (VmClusterLine) other =
      vm_cluster_line_new ("other", 1, on_frame, back);
  g_autoptr (GString) heard = g_string_new (NULL);
  g_autoptr (GBytes) a = g_bytes_new ("a", 1);
  g_autoptr (GBytes) b = g_bytes_new ("b", 1);
  g_autoptr (GBytes) junk = g_bytes_new ("VML1?", 5);
  g_autoptr (GPtrArray) list = NULL;

  vm_cluster_line_say (one, a, 1);
  for (guint i = 0; i < VM_CLUSTER_LINE_MESSAGES - 1; i++)
    vm_cluster_line_say (one, b, 1);
  list = vm_cluster_line_list (one);
  fail_unless_equals_int (list->len, VM_CLUSTER_LINE_MESSAGES);
  fail_unless (g_bytes_equal (list->pdata[0], a));
  g_clear_pointer (&list, g_ptr_array_unref);
  vm_cluster_line_say (one, b, 1);
  list = vm_cluster_line_list (one);
  fail_unless_equals_int (list->len, VM_CLUSTER_LINE_MESSAGES);
  fail_unless (g_bytes_equal (list->pdata[0], b));
  g_ptr_array_set_size (there, 0);
  vm_cluster_line_take (other, junk, on_message, heard, 1);
  fail_if (vm_cluster_line_get_node (junk));
  for (guint i = 0; i < 100; i++) {
    vm_cluster_line_tick (one, (i + 1) * VM_CLUSTER_LINE_AGAIN_TIME + 1);
    take_all (other, there, heard);
    take_all (one, back, heard);
  }
  fail_unless_equals_int (heard->len, VM_CLUSTER_LINE_MESSAGES);
}

GST_END_TEST;

static Suite *
roomshare_suite (void)
{
  Suite *s = suite_create ("roomshare");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_pass);
  tcase_add_test (tc, test_join_and_leave);
  tcase_add_test (tc, test_relay);
  tcase_add_test (tc, test_states);
  tcase_add_test (tc, test_moderation);
  tcase_add_test (tc, test_moderator_leaves);
  tcase_add_test (tc, test_last_seat);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_bad_wire);
  tcase_add_test (tc, test_early_words);
  tcase_add_test (tc, test_late_words);
  tcase_add_test (tc, test_killed);
  tcase_add_test (tc, test_nobody_comes_back);
  tcase_add_test (tc, test_moved);
  tcase_add_test (tc, test_stranger_token);
  tcase_add_test (tc, test_store_away);
  tcase_add_test (tc, test_store_wiped);
  tcase_add_test (tc, test_request_is_cancelled);
  tcase_add_test (tc, test_stopped);
  tcase_add_test (tc, test_line_bound);
  return s;
}

CHECK_PROGRAM (roomshare)
