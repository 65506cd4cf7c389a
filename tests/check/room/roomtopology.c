/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Rooms that outgrow a mesh, in the model: when they move to an SFU and back,
 * who is told, and who is refused (protocol/cloud.md#topology). */

#include "program.h"
#include "support/roompeer.h"

#include <string.h>

#define MESH_MAX 6
#define LEAST (MESH_MAX - VM_SFU_HYSTERESIS)
#define NUMBER 4711
#define PEERS 20

static const VmOpenRooms open = { PEERS, 6, 64, 64 };
static Peer peers[PEERS];
static guint n_peers;
static gint wanted; /* -1: nobody has said */
static GString *cut; /* ids */

static void
on_want (VmRoom *of, gboolean want, gpointer user_data)
{
  wanted = want;
}

static void
on_cut (VmRoom *of, const gchar *id, gpointer user_data)
{
  g_string_append_printf (cut, "%s ", id);
}

static void
tick (gint64 later)
{
  now += later;
  vm_rooms_tick (rooms, now);
}

static void
set_mesh_max (guint mesh_max)
{
  const VmRoomsSfu sfu = { mesh_max, VM_SFU_FEW_TIME };

  vm_rooms_set_sfu (rooms, &sfu);
  vm_rooms_set_sfu_reached (rooms, TRUE, now);
}

static void
set_up (void)
{
  now = 1000 * SECOND;
  changes = dice = n_peers = 0;
  wanted = -1;
  takes_sfu = TRUE;
  cut = g_string_new (NULL);
  room_funcs.want_sfu = on_want;
  room_funcs.cut_sfu = on_cut;
  rooms = vm_rooms_new (&room_funcs, NULL);
  vm_rooms_set_open (rooms, &open);
  set_mesh_max (MESH_MAX);
  tick (0);
}

static void
tear_down (void)
{
  g_clear_pointer (&rooms, vm_rooms_free);
  for (guint i = 0; i < n_peers; i++)
    peer_clear (&peers[i]);
  g_string_free (cut, TRUE);
  takes_sfu = FALSE;
}

static VmTopology
topology (void)
{
  return vm_room_get_topology (vm_rooms_find (rooms, "blue"));
}

/* By the native dialect; FALSE with @error: refused at the one or the other
 * step. */
static gboolean
try_to_come (GError **error)
{
  g_autofree gchar *ticket = ask ("blue", NULL, "a", error);
  Peer *peer = &peers[n_peers];

  if (!ticket)
    return FALSE;
  peer_init (peer);
  n_peers++;
  return sit (peer, ticket, error);
}

static void
come (guint n)
{
  while (n--) {
    g_autoptr (GError) error = NULL;

    fail_unless (try_to_come (&error), "%s", error ? error->message : "");
  }
}

static void
is_refused (const gchar *why)
{
  g_autoptr (GError) error = NULL;

  fail_if (try_to_come (&error));
  g_assert_error (error, VM_ERROR, VM_ERROR_MEETING_FULL);
  fail_unless (strstr (error->message, why) != NULL, "%s", error->message);
}

/* By a dialect that knows no SFU. */
static gboolean
enter (Peer *peer)
{
  const VmJoin join = { .meeting = "blue", .group = "w" };
  g_autoptr (GError) error = NULL;

  peer_init (peer);
  peer->member =
      vm_rooms_enter (rooms, &join, "alias", NULL, peer, now, &error);
  if (!peer->member)
    g_assert_error (error, VM_ERROR, VM_ERROR_MEETING_FULL);
  return peer->member != NULL;
}

static void
go (guint n)
{
  while (n--)
    for (guint i = n_peers; i > 0; i--) {
      if (peers[i - 1].closed || !peers[i - 1].member)
        continue;
      say (&peers[i - 1], VM_SIGNAL_BYE, NULL);
      break;
    }
}

static void
forget_all (void)
{
  for (guint i = 0; i < n_peers; i++)
    g_string_truncate (peers[i].heard, 0);
}

/* A room that goes by the SFU, with @n in it. */
static void
move (guint n)
{
  come (n);
  fail_unless_equals_int (wanted, TRUE);
  vm_room_sfu_made (vm_rooms_find (rooms, "blue"), NUMBER);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_SFU);
  forget_all ();
}

static gchar *
ticket_of (const Peer *peer)
{
  static const gchar head[] = "/sfu?ticket=";

  fail_unless_equals_int (peer->last->type, VM_SIGNAL_SFU);
  fail_unless (g_str_has_prefix (peer->last->path, head));
  return g_strdup (peer->last->path + strlen (head));
}

static VmMember *
use (const gchar *ticket)
{
  return vm_rooms_use_sfu_ticket (rooms, ticket, now, NULL);
}

GST_START_TEST (test_grows)
{
  come (MESH_MAX);
  tick (1);
  fail_unless_equals_int (wanted, -1);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_MESH);
  come (1);
  fail_unless_equals_int (wanted, TRUE);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_ASKED);
  forget_all ();
  vm_room_sfu_made (vm_rooms_find (rooms, "blue"), NUMBER);
  for (guint i = 0; i < n_peers; i++) {
    heard (&peers[i], "sfu:on");
    fail_unless_equals_int64 (peers[i].last->sfu_room, NUMBER);
    fail_unless (peers[i].last->path != NULL);
  }
  come (1);
  heard (&peers[MESH_MAX + 1], "welcome:active sfu:on meeting-state:active");
  heard (&peers[0], "participant-joined meeting-state:active");
}

GST_END_TEST;

GST_START_TEST (test_shrinks)
{
  move (MESH_MAX + 1);
  go (MESH_MAX + 1 - LEAST);
  tick (0);
  tick (2 * VM_SFU_FEW_TIME);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_SFU);
  go (1);
  tick (0);
  tick (VM_SFU_FEW_TIME - 1);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_SFU);
  /* somebody comes, and goes: the minute begins anew */
  come (1);
  tick (0);
  go (1);
  tick (0);
  tick (VM_SFU_FEW_TIME - 1);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_SFU);
  forget_all ();
  tick (1);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_RETURNING);
  heard (&peers[0], "sfu:off");
  fail_unless (peers[0].last->path == NULL);
  fail_unless_equals_int (wanted, TRUE);
  vm_room_sfu_unused (vm_rooms_find (rooms, "blue"));
  fail_unless_equals_int (topology (), VM_TOPOLOGY_MESH);
  fail_unless_equals_int (wanted, FALSE);
  heard (&peers[0], "");
}

GST_END_TEST;

/* A room of two is a mesh again, however small that may be. */
GST_START_TEST (test_smallest_mesh)
{
  set_mesh_max (2);
  move (3);
  tick (0);
  tick (2 * VM_SFU_FEW_TIME);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_SFU);
  go (1);
  tick (0);
  tick (VM_SFU_FEW_TIME);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_RETURNING);
}

GST_END_TEST;

GST_START_TEST (test_returning)
{
  move (MESH_MAX + 1);
  go (MESH_MAX + 2 - LEAST);
  tick (0);
  tick (VM_SFU_FEW_TIME);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_RETURNING);
  tick (VM_SFU_RETURN_TIME - 1);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_RETURNING);
  forget_all ();
  come (MESH_MAX + 2 - LEAST);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_SFU);
  fail_unless (strstr (peers[0].heard->str, "sfu:on") != NULL);
  go (MESH_MAX + 2 - LEAST);
  tick (0);
  tick (VM_SFU_FEW_TIME);
  tick (VM_SFU_RETURN_TIME);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_MESH);
  fail_unless_equals_int (wanted, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_not_reached)
{
  vm_rooms_set_sfu_reached (rooms, FALSE, now);
  come (MESH_MAX);
  is_refused ("cannot be reached");
  vm_rooms_set_sfu_reached (rooms, TRUE, now);
  come (1);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_ASKED);
  /* it refuses; the room stays what it is, and tries again */
  vm_room_sfu_failed (vm_rooms_find (rooms, "blue"));
  fail_unless_equals_int (topology (), VM_TOPOLOGY_MESH);
  fail_unless_equals_int (wanted, FALSE);
  tick (1);
  fail_unless_equals_int (wanted, TRUE);
}

GST_END_TEST;

GST_START_TEST (test_lost)
{
  move (MESH_MAX + 1);
  vm_rooms_set_sfu_reached (rooms, FALSE, now);
  is_refused ("cannot be reached");
  tick (VM_SFU_LOST_TIME - 1);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_SFU);
  forget_all ();
  tick (1);
  heard (&peers[0], "sfu:off");
  vm_room_sfu_unused (vm_rooms_find (rooms, "blue"));
  fail_unless_equals_int (wanted, FALSE);
  tick (1);
  fail_unless_equals_int (wanted, FALSE);
  vm_rooms_set_sfu_reached (rooms, TRUE, now);
  tick (1);
  fail_unless_equals_int (wanted, TRUE);
  vm_room_sfu_made (vm_rooms_find (rooms, "blue"), NUMBER + 1);
  fail_unless_equals_int64 (peers[0].last->sfu_room, NUMBER + 1);
}

GST_END_TEST;

GST_START_TEST (test_asked_in_vain)
{
  come (MESH_MAX + 1);
  vm_rooms_set_sfu_reached (rooms, FALSE, now);
  tick (VM_SFU_LOST_TIME - 1);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_ASKED);
  tick (1);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_MESH);
  /* too late */
  vm_room_sfu_made (vm_rooms_find (rooms, "blue"), NUMBER);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_MESH);
}

GST_END_TEST;

GST_START_TEST (test_strangers)
{
  Peer web, late;

  come (1);
  fail_unless (enter (&web));
  come (MESH_MAX - 2);
  is_refused ("somebody cannot use");
  fail_if (enter (&late));
  peer_clear (&late);
  say (&web, VM_SIGNAL_BYE, NULL);
  come (2);
  vm_room_sfu_made (vm_rooms_find (rooms, "blue"), NUMBER);
  /* in a room at the SFU nobody connects to them, however few are there */
  go (3);
  fail_if (enter (&late));
  peer_clear (&late);
  peer_clear (&web);
}

GST_END_TEST;

/* A client of before hears nothing of the SFU. */
GST_START_TEST (test_older_clients)
{
  takes_sfu = FALSE;
  come (1);
  takes_sfu = TRUE;
  come (MESH_MAX - 1);
  is_refused ("somebody cannot use");
  say (&peers[0], VM_SIGNAL_BYE, NULL);
  takes_sfu = FALSE;
  come (1);
  is_refused ("somebody cannot use");
  say (&peers[MESH_MAX], VM_SIGNAL_BYE, NULL);
  takes_sfu = TRUE;
  come (2);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_ASKED);
}

GST_END_TEST;

GST_START_TEST (test_tickets)
{
  g_autofree gchar *first = NULL, *second = NULL, *third = NULL, *fourth = NULL;

  come (MESH_MAX + 1);
  vm_room_sfu_made (vm_rooms_find (rooms, "blue"), NUMBER);
  first = ticket_of (&peers[0]);
  second = ticket_of (&peers[1]);
  fail_unless (use (NULL) == NULL);
  fail_unless (use ("t") == NULL);
  tick (VM_SFU_TICKET_TIME - 1);
  fail_unless (use (first) == peers[0].member);
  fail_unless (use (first) == NULL);
  tick (1);
  fail_unless (use (second) == NULL);

  say (&peers[1], VM_SIGNAL_SFU, NULL);
  third = ticket_of (&peers[1]);
  say (&peers[1], VM_SIGNAL_SFU, NULL);
  fail_unless (use (third) == NULL);
  fourth = ticket_of (&peers[1]);
  say (&peers[1], VM_SIGNAL_BYE, NULL);
  fail_unless (use (fourth) == NULL);
}

GST_END_TEST;

GST_START_TEST (test_asks_for_a_ticket)
{
  g_autoptr (VmSignal) odd = vm_signal_new (VM_SIGNAL_SFU);

  takes_sfu = FALSE;
  come (1);
  forget_all ();
  say (&peers[0], VM_SIGNAL_SFU, NULL);
  heard_error (&peers[0], VM_ERROR_BAD_MESSAGE);
  takes_sfu = TRUE;
  come (1);
  forget_all ();
  say (&peers[1], VM_SIGNAL_SFU, NULL);
  heard (&peers[1], "sfu:off");
  odd->active = TRUE;
  odd->seq = 5;
  vm_member_receive (peers[1].member, odd);
  heard_error (&peers[1], VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

GST_START_TEST (test_heard)
{
  takes_sfu = FALSE;
  come (1);
  takes_sfu = TRUE;
  come (2);
  forget_all ();
  say (&peers[1], VM_SIGNAL_SFU_HEARD, "p003");
  heard (&peers[2], "sfu-heard");
  fail_unless_equals_string (peers[2].last->from, "p002");
  heard (&peers[0], "");
  say (&peers[1], VM_SIGNAL_SFU_HEARD, "p001");
  heard (&peers[0], "");
  heard_error (&peers[1], VM_ERROR_BAD_MESSAGE);
  say (&peers[1], VM_SIGNAL_SFU_HEARD, NULL);
  heard_error (&peers[1], VM_ERROR_BAD_MESSAGE);
  say (&peers[1], VM_SIGNAL_SFU_HEARD, "p009");
  heard_error (&peers[1], VM_ERROR_UNROUTABLE);
}

GST_END_TEST;

GST_START_TEST (test_ends)
{
  move (MESH_MAX + 1);
  go (1);
  fail_unless_equals_string (cut->str, "p007 ");
  go (MESH_MAX);
  fail_unless_equals_int (vm_rooms_count (rooms), 0);
  fail_unless_equals_int (wanted, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_without_an_sfu)
{
  vm_rooms_set_sfu (rooms, NULL);
  come (MESH_MAX + 1);
  tick (VM_SFU_LOST_TIME);
  fail_unless_equals_int (wanted, -1);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_MESH);
}

GST_END_TEST;

/* Whether no path leads from peers[@n] to @to. */
static void
pair (guint n, const gchar *to, gboolean asks)
{
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_SFU_PAIR);
  signal->to = g_strdup (to);
  signal->active = asks;
  signal->seq = 5;
  vm_member_receive (peers[n].member, signal);
}

static void
made (void)
{
  vm_room_sfu_made (vm_rooms_find (rooms, "blue"), NUMBER);
}

/* Both have to say so; who has not is asked. The others go on as they are. */
GST_START_TEST (test_pair)
{
  g_autofree gchar *ticket = NULL;

  come (4);
  forget_all ();
  pair (0, "p002", TRUE);
  heard (&peers[1], "sfu-pair");
  fail_unless_equals_string (peers[1].last->from, "p001");
  fail_unless_equals_int (wanted, -1);
  pair (1, "p001", TRUE);
  fail_unless_equals_int (wanted, TRUE);
  heard (&peers[0], "");
  made ();
  fail_unless_equals_int (topology (), VM_TOPOLOGY_MESH);
  heard (&peers[0], "sfu:on+p002");
  heard (&peers[1], "sfu:on+p001");
  fail_unless_equals_int64 (peers[1].last->sfu_room, NUMBER);
  ticket = ticket_of (&peers[0]);
  fail_unless (use (ticket) == peers[0].member);
  /* said again, as after another attempt */
  pair (1, "p001", TRUE);
  heard (&peers[0], "");
  heard (&peers[1], "");
  /* another pair of one of them: the room is there */
  pair (2, "p002", TRUE);
  pair (1, "p003", TRUE);
  heard (&peers[0], "");
  heard (&peers[1], "sfu-pair sfu:on+p001+p003");
  heard (&peers[2], "sfu:on+p002");
  say (&peers[2], VM_SIGNAL_SFU, NULL);
  heard (&peers[2], "sfu:on+p002");
  /* a path was found */
  pair (0, "p002", FALSE);
  heard (&peers[0], "sfu:off");
  heard (&peers[1], "sfu:on+p003");
  fail_unless_equals_int (wanted, TRUE);
  /* and one leaves */
  say (&peers[2], VM_SIGNAL_BYE, NULL);
  heard (&peers[1], "participant-left meeting-state:active sfu:off");
  fail_unless_equals_string (cut->str, "p003 ");
  fail_unless_equals_int (wanted, FALSE);
  fail_unless (strstr (peers[3].heard->str, "sfu") == NULL);
}

GST_END_TEST;

GST_START_TEST (test_pair_that_is_none)
{
  takes_sfu = FALSE;
  come (1);
  takes_sfu = TRUE;
  come (2);
  forget_all ();
  /* an older client does not know the word */
  pair (1, "p001", TRUE);
  pair (0, "p002", TRUE);
  heard (&peers[0], "");
  heard (&peers[1], "");
  pair (1, "p009", TRUE);
  heard_error (&peers[1], VM_ERROR_UNROUTABLE);
  pair (1, NULL, TRUE);
  heard_error (&peers[1], VM_ERROR_BAD_MESSAGE);
  pair (1, "p002", TRUE);
  heard_error (&peers[1], VM_ERROR_UNROUTABLE);
  /* never asked for */
  pair (1, "p003", FALSE);
  heard (&peers[2], "");
  vm_rooms_set_sfu_reached (rooms, FALSE, now);
  pair (1, "p003", TRUE);
  pair (2, "p002", TRUE);
  heard (&peers[1], "");
  heard (&peers[2], "");
  vm_rooms_set_sfu (rooms, NULL);
  pair (1, "p003", TRUE);
  pair (2, "p002", TRUE);
  heard (&peers[1], "");
  fail_unless_equals_int (wanted, -1);
}

GST_END_TEST;

/* A room with a host stays a mesh, but two of it may be a pair, the host too.
 */
GST_START_TEST (test_pair_of_a_host)
{
  Peer guests[2];

  set_mesh_max (2);
  peer_init (&host);
  open_room (NULL, 6);
  for (guint i = 0; i < G_N_ELEMENTS (guests); i++)
    come_in (&guests[i]);
  tick (1);
  fail_unless_equals_int (wanted, -1);
  g_string_truncate (host.heard, 0);
  g_string_truncate (guests[0].heard, 0);
  peers[0] = host;
  peers[1] = guests[0];
  pair (0, "p002", TRUE);
  pair (1, "p001", TRUE);
  fail_unless_equals_int (wanted, TRUE);
  vm_room_sfu_made (room, NUMBER);
  fail_unless_equals_int (vm_room_get_topology (room), VM_TOPOLOGY_MESH);
  heard (&host, "sfu:on+p002");
  heard (&guests[0], "sfu-pair sfu:on+p001");
  g_clear_pointer (&rooms, vm_rooms_free);
  fail_unless_equals_int (wanted, FALSE);
  peer_clear (&host);
  for (guint i = 0; i < G_N_ELEMENTS (guests); i++)
    peer_clear (&guests[i]);
}

GST_END_TEST;

static void
make_pair (void)
{
  pair (0, "p002", TRUE);
  pair (1, "p001", TRUE);
  made ();
  forget_all ();
}

GST_START_TEST (test_pair_loses_the_sfu)
{
  come (3);
  make_pair ();
  vm_rooms_set_sfu_reached (rooms, FALSE, now);
  tick (VM_SFU_LOST_TIME - 1);
  heard (&peers[0], "");
  tick (1);
  heard (&peers[0], "sfu:off");
  heard (&peers[1], "sfu:off");
  heard (&peers[2], "");
  fail_unless_equals_int (wanted, FALSE);
  /* it is back, and refuses a room */
  vm_rooms_set_sfu_reached (rooms, TRUE, now);
  pair (0, "p002", TRUE);
  pair (1, "p001", TRUE);
  fail_unless_equals_int (wanted, TRUE);
  forget_all ();
  vm_room_sfu_failed (vm_rooms_find (rooms, "blue"));
  fail_unless_equals_int (wanted, FALSE);
  heard (&peers[0], "");
  make_pair ();
  fail_unless_equals_int (wanted, TRUE);
}

GST_END_TEST;

/* The room that grows has them all there, the pair too. */
GST_START_TEST (test_pair_grows)
{
  come (MESH_MAX);
  make_pair ();
  come (1);
  fail_unless_equals_int (topology (), VM_TOPOLOGY_ASKED);
  made ();
  forget_all ();
  say (&peers[0], VM_SIGNAL_SFU, NULL);
  heard (&peers[0], "sfu:on");
  pair (0, "p002", TRUE);
  pair (1, "p001", TRUE);
  pair (0, "p002", FALSE);
  heard (&peers[1], "");
  fail_unless_equals_int (wanted, TRUE);
}

GST_END_TEST;

static Suite *
roomtopology_suite (void)
{
  Suite *s = suite_create ("roomtopology");
  TCase *tc = tcase_create ("general");

  tcase_add_checked_fixture (tc, set_up, tear_down);
  tcase_add_test (tc, test_grows);
  tcase_add_test (tc, test_shrinks);
  tcase_add_test (tc, test_smallest_mesh);
  tcase_add_test (tc, test_returning);
  tcase_add_test (tc, test_not_reached);
  tcase_add_test (tc, test_lost);
  tcase_add_test (tc, test_asked_in_vain);
  tcase_add_test (tc, test_strangers);
  tcase_add_test (tc, test_older_clients);
  tcase_add_test (tc, test_tickets);
  tcase_add_test (tc, test_asks_for_a_ticket);
  tcase_add_test (tc, test_heard);
  tcase_add_test (tc, test_pair);
  tcase_add_test (tc, test_pair_that_is_none);
  tcase_add_test (tc, test_pair_loses_the_sfu);
  tcase_add_test (tc, test_pair_grows);
  tcase_add_test (tc, test_pair_of_a_host);
  tcase_add_test (tc, test_ends);
  tcase_add_test (tc, test_without_an_sfu);
  suite_add_tcase (s, tc);
  return s;
}

CHECK_PROGRAM (roomtopology)
