/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A ticket that one server has given, shown to another: good once, whatever
 * becomes of the store meanwhile (protocol/cluster.md#tickets). */

#include "program.h"
#include "support/sharenet.h"

#include <gst/videomeet/cluster/shared/clusterticket.h>
#include <string.h>

#define ROOM "stand-up"
#define KEY "aa11"

static NetClient ann, bob;
static VmJoin join;

static void
setup (void)
{
  net_setup ();
  net_client_init (&ann, &net->nodes[0]);
  net_client_init (&bob, &net->nodes[1]);
  join = (VmJoin){ .meeting = ROOM,
    .user = "ann",
    .group = "home",
    .call_type = VM_CALL_TYPE_AUDIO };
}

static void
teardown (void)
{
  net_teardown ();
  net_client_clear (&ann);
  net_client_clear (&bob);
}

static void
is_refused (NetClient *client, const gchar *code)
{
  fail_if (client->request);
  fail_if (client->member);
  fail_unless_equals_string (net_refusal (client), code);
}

/* The id that its giver has told goes with it. */
GST_START_TEST (test_at_another)
{
  g_autofree gchar *ticket = net_get_ticket (&net->nodes[0], &join);
  VmRoom *given = vm_rooms_find (net->nodes[0].rooms, ROOM);
  g_autoptr (VmSignal) list = vm_signal_new (VM_SIGNAL_WELCOME);
  const VmSignalParticipant *who;
  VmRoom *room;

  net_sit_by (&bob, ticket, NULL);
  fail_unless (bob.request != NULL);
  net_settle ();
  fail_unless_equals_string (net_refusal (&bob), "");
  net_heard (&bob, "welcome");
  room = vm_rooms_find (net->nodes[1].rooms, ROOM);
  fail_unless_equals_string (vm_room_get_id (room), vm_room_get_id (given));
  vm_room_list (room, list, NULL);
  who = g_ptr_array_index (list->participants, 0);
  fail_unless_equals_string (who->user, "ann");
  fail_unless_equals_int (who->call_type, VM_CALL_TYPE_AUDIO);
  /* neither where it was used, nor where it was given, nor at a third */
  for (guint i = 0; i < NET_NODES; i++) {
    ann.node = &net->nodes[i];
    net_sit_by (&ann, ticket, NULL);
    net_settle ();
    is_refused (&ann, "BAD_TICKET");
  }
}

GST_END_TEST;

GST_START_TEST (test_at_its_own)
{
  g_autofree gchar *ticket = net_get_ticket (&net->nodes[0], &join);

  net_sit_by (&ann, ticket, NULL);
  net_settle ();
  net_heard (&ann, "welcome");
  fail_unless_equals_int (vm_rooms_count_tickets (net->nodes[0].rooms), 0);
  net_sit_by (&bob, ticket, NULL);
  net_settle ();
  is_refused (&bob, "BAD_TICKET");
}

GST_END_TEST;

/* Whoever is written first has it. */
GST_START_TEST (test_at_two_at_once)
{
  g_autofree gchar *ticket = net_get_ticket (&net->nodes[2], &join);

  net_sit_by (&ann, ticket, NULL);
  net_sit_by (&bob, ticket, NULL);
  net_settle ();
  fail_unless (!ann.member != !bob.member);
  is_refused (ann.member ? &bob : &ann, "BAD_TICKET");
}

GST_END_TEST;

GST_START_TEST (test_unknown)
{
  static const gchar *const texts[] = { "", "short", "a*.>",
    /* one too long */
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    /* of the length, and of other letters */
    "AAAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAA" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    fail_if (vm_rooms_shares_ticket (ann.node->rooms, texts[i]));
  net_sit_by (&ann, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NULL);
  net_settle ();
  is_refused (&ann, "BAD_TICKET");
}

GST_END_TEST;

/* With another key it is refused, and good still with its own. */
GST_START_TEST (test_key)
{
  g_autofree gchar *ticket = NULL;

  join.key = KEY;
  ticket = net_get_ticket (&net->nodes[0], &join);
  net_sit_by (&bob, ticket, NULL);
  net_settle ();
  is_refused (&bob, "BAD_TICKET");
  net_sit_by (&bob, ticket, "bb22");
  net_settle ();
  is_refused (&bob, "BAD_TICKET");
  net_sit_by (&bob, ticket, KEY);
  net_settle ();
  fail_unless (bob.member != NULL);
}

GST_END_TEST;

/* A key that was proven is shown by no connection. */
GST_START_TEST (test_proven_key)
{
  g_autofree gchar *ticket = NULL;

  join.key = KEY;
  join.proven = TRUE;
  ticket = net_get_ticket (&net->nodes[0], &join);
  net_sit_by (&bob, ticket, NULL);
  net_settle ();
  fail_unless (bob.member != NULL);
}

GST_END_TEST;

/* An address has as many as it may: the oldest is good nowhere. */
GST_START_TEST (test_too_many)
{
  const VmOpenRooms open = { net->seats, 100, 2, 100 };
  g_autofree gchar *oldest = NULL, *second = NULL, *third = NULL;

  vm_rooms_set_open (net->nodes[0].rooms, &open);
  oldest = net_get_ticket (&net->nodes[0], &join);
  net_pass (0.1);
  second = net_get_ticket (&net->nodes[0], &join);
  net_pass (0.1);
  third = net_get_ticket (&net->nodes[0], &join);
  net_sit_by (&bob, oldest, NULL);
  net_settle ();
  is_refused (&bob, "BAD_TICKET");
  net_sit_by (&bob, second, NULL);
  net_settle ();
  fail_unless (bob.member != NULL);
}

GST_END_TEST;

/* The store is away for a moment, or for too long. */
GST_START_TEST (test_away)
{
  g_autofree gchar *ticket = net_get_ticket (&net->nodes[0], &join);

  net->away = TRUE;
  net_sit_by (&bob, ticket, NULL);
  net_pass (VM_SINGLE_USE_TIME / NET_SECOND / 2);
  fail_unless (bob.request != NULL);
  net->away = FALSE;
  net_pass (2);
  fail_unless (bob.member != NULL);
  net->away = TRUE;
  net_sit_by (&ann, ticket, NULL);
  net_pass (VM_SINGLE_USE_TIME / NET_SECOND + 1);
  is_refused (&ann, "DISCONNECTED");
}

GST_END_TEST;

/* Whoever hangs up meanwhile is told nothing. */
GST_START_TEST (test_cancel)
{
  g_autofree gchar *ticket = net_get_ticket (&net->nodes[0], &join);

  net_sit_by (&bob, ticket, NULL);
  vm_seat_request_cancel (g_steal_pointer (&bob.request));
  net_settle ();
  fail_if (bob.member);
  net_sit_by (&ann, ticket, NULL);
  net_settle ();
  fail_unless (ann.member != NULL);
}

GST_END_TEST;

/* Its server is stopped, with somebody who waits. */
GST_START_TEST (test_stopped)
{
  g_autofree gchar *ticket = net_get_ticket (&net->nodes[0], &join);

  net_sit_by (&bob, ticket, NULL);
  vm_room_share_free (g_steal_pointer (&net->nodes[1].share));
  vm_seat_request_cancel (g_steal_pointer (&bob.request));
  vm_rooms_free (g_steal_pointer (&net->nodes[1].rooms));
  net_settle ();
  fail_if (bob.member);
}

GST_END_TEST;

/* What the others have written may be anything. */
GST_START_TEST (test_reading)
{
  VmTicket ticket = { .meeting = (gchar *) ROOM,
    .meeting_id = (gchar *) "id",
    .user = (gchar *) "",
    .key = (gchar *) KEY,
    .proven = TRUE };
  g_autoptr (GBytes) good = vm_cluster_ticket_write (&ticket);
  g_autoptr (GBytes) cut = g_bytes_new_from_bytes (good, 0, 12);
  g_autoptr (VmTicket) read = vm_cluster_ticket_read (good);
  g_autofree gchar *long_name = g_strnfill (VM_NAME_MAX + 1, 'x');
  g_autoptr (GBytes) large = NULL, wrong = NULL;

  fail_unless_equals_string (read->user, "");
  fail_unless_equals_string (read->key, KEY);
  fail_unless (read->proven && read->open && !read->device_id);
  fail_if (vm_cluster_ticket_read (cut));
  ticket.meeting = long_name;
  large = vm_cluster_ticket_write (&ticket);
  fail_if (vm_cluster_ticket_read (large));
  ticket.meeting = (gchar *) ROOM;
  ticket.call_type = 7;
  wrong = vm_cluster_ticket_write (&ticket);
  fail_if (vm_cluster_ticket_read (wrong));
}

GST_END_TEST;

/* Below, at and above the size of what is read at all. */
GST_START_TEST (test_size)
{
  const VmTicket ticket = { .meeting = (gchar *) ROOM,
    .meeting_id = (gchar *) "id",
    .user = (gchar *) "ann" };
  g_autoptr (GBytes) good = vm_cluster_ticket_write (&ticket);
  gsize size;
  const guint8 *data = g_bytes_get_data (good, &size);

  /* whatever its size, only what is a ticket to the last byte is one */
  for (gint more = -1; more <= 1; more++) {
    gsize all = VM_CLUSTER_TICKET_MAX + more;
    g_autofree guint8 *padded = g_malloc0 (all);
    g_autoptr (GBytes) bytes = NULL;

    memcpy (padded, data, size);
    bytes = g_bytes_new (padded, all);
    fail_if (vm_cluster_ticket_read (bytes));
  }
}

GST_END_TEST;

static Suite *
sharetickets_suite (void)
{
  Suite *s = suite_create ("sharetickets");
  TCase *tc = tcase_create ("sharetickets");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_at_another);
  tcase_add_test (tc, test_at_its_own);
  tcase_add_test (tc, test_at_two_at_once);
  tcase_add_test (tc, test_unknown);
  tcase_add_test (tc, test_key);
  tcase_add_test (tc, test_proven_key);
  tcase_add_test (tc, test_too_many);
  tcase_add_test (tc, test_away);
  tcase_add_test (tc, test_cancel);
  tcase_add_test (tc, test_stopped);
  tcase_add_test (tc, test_reading);
  tcase_add_test (tc, test_size);
  return s;
}

CHECK_PROGRAM (sharetickets)
