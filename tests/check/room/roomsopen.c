/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Rooms that nobody hosts, in the model: how they begin and end, who moderates
 * them, and their limits (protocol/rooms.md#open-rooms). */

#include "program.h"
#include "support/roompeer.h"

#include <string.h>

#define SIZE 3
#define PER_ADDRESS 4

static const VmOpenRooms open = { SIZE, 6, PER_ADDRESS, 8 };

static void
set_up (void)
{
  now = 1000 * SECOND;
  changes = dice = 0;
  rooms = vm_rooms_new (&room_funcs, NULL);
  vm_rooms_set_open (rooms, &open);
}

static void
tear_down (void)
{
  g_clear_pointer (&rooms, vm_rooms_free);
}

/* By the native dialect. */
static void
come (Peer *peer, const gchar *meeting, const gchar *group)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *ticket = ask (meeting, NULL, group, &error);

  g_assert_no_error (error);
  peer_init (peer);
  fail_unless (sit (peer, ticket, &error), "%s", error ? error->message : "");
}

/* By one in which clients are named before they come; from a seat, or NULL. */
static gboolean
move (Peer *from, Peer *to, const gchar *meeting, const gchar *group,
    GError **error)
{
  const VmJoin join = { .meeting = meeting, .group = group };

  to->member = vm_rooms_enter (
      rooms, &join, "alias", from ? from->member : NULL, to, now, error);
  return to->member != NULL;
}

static gboolean
enter (Peer *peer, const gchar *meeting, const gchar *group, GError **error)
{
  return move (NULL, peer, meeting, group, error);
}

static void
go (Peer *peer)
{
  say (peer, VM_SIGNAL_BYE, NULL);
  fail_unless (peer->closed && !peer->reason);
  peer_clear (peer);
}

static void
refused (GError **error, VmError code)
{
  g_assert_error (*error, VM_ERROR, code);
  g_clear_error (error);
}

GST_START_TEST (test_first_makes_last_removes)
{
  Peer ann, bob;
  g_autofree gchar *id = NULL;

  fail_unless_equals_int (vm_rooms_count (rooms), 0);
  come (&ann, "blue", "a");
  fail_unless_equals_int (vm_rooms_count (rooms), 1);
  fail_unless_equals_string (vm_member_get_id (ann.member), "p001");
  heard (&ann, "welcome:active meeting-state:active");
  fail_unless (ann.last->host == NULL);
  fail_unless_equals_int64 (ann.last->max_participants, SIZE);
  id = g_strdup (vm_room_get_id (vm_rooms_find (rooms, "blue")));

  come (&bob, "blue", "b");
  heard (&bob, "welcome:active meeting-state:active");
  heard (&ann, "participant-joined meeting-state:active");
  fail_unless_equals_int (vm_rooms_count (rooms), 1);
  fail_unless_equals_int (vm_rooms_count_members (rooms), 2);

  go (&ann);
  heard (&bob, "participant-left meeting-state:active");
  go (&bob);
  fail_unless_equals_int (vm_rooms_count (rooms), 0);
  fail_unless (vm_rooms_find (rooms, "blue") == NULL);

  /* another room of that name */
  come (&ann, "blue", "a");
  fail_if (vm_rooms_has_id (rooms, id));
  fail_unless_equals_string (vm_member_get_id (ann.member), "p001");
  go (&ann);
  /* nobody announces it */
  fail_unless_equals_int (vm_rooms_count (rooms), 0);
}

GST_END_TEST;

GST_START_TEST (test_ticket_waits_for_its_room)
{
  Peer ann;
  g_autofree gchar *ticket = ask ("blue", NULL, "a", NULL);

  fail_unless_equals_int (vm_rooms_count (rooms), 1);
  now += VM_TICKET_TIME - 1;
  vm_rooms_tick (rooms, now);
  fail_unless_equals_int (vm_rooms_count (rooms), 1);
  now++;
  vm_rooms_tick (rooms, now);
  fail_unless_equals_int (vm_rooms_count (rooms), 0);
  peer_init (&ann);
  fail_if (sit (&ann, ticket, NULL));
  peer_clear (&ann);
  fail_unless_equals_int (vm_rooms_count (rooms), 0);
}

GST_END_TEST;

GST_START_TEST (test_room_is_gone_before_the_hello)
{
  Peer ann, bob;
  g_autofree gchar *ticket = NULL;

  come (&ann, "blue", "a");
  ticket = ask ("blue", NULL, "b", NULL);
  go (&ann);
  fail_unless_equals_int (vm_rooms_count (rooms), 0);
  peer_init (&bob);
  fail_unless (sit (&bob, ticket, NULL));
  fail_unless_equals_string (vm_member_get_id (bob.member), "p001");
  go (&bob);
}

GST_END_TEST;

GST_START_TEST (test_two_race_for_the_last_seat)
{
  Peer ann, bob, carl, dave;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *c = NULL, *d = NULL;

  come (&ann, "blue", "a");
  come (&bob, "blue", "b");
  c = ask ("blue", NULL, "c", NULL);
  d = ask ("blue", NULL, "d", NULL);
  fail_unless (c && d);
  peer_init (&carl);
  peer_init (&dave);
  fail_unless (sit (&dave, d, &error));
  fail_if (sit (&carl, c, &error));
  refused (&error, VM_ERROR_MEETING_FULL);
  fail_if (enter (&carl, "blue", "c", &error));
  refused (&error, VM_ERROR_MEETING_FULL);
  fail_unless_equals_int (vm_rooms_count_members (rooms), SIZE);
  go (&bob);
  fail_unless (enter (&carl, "blue", "c", &error));
  go (&carl);
  go (&dave);
  go (&ann);
}

GST_END_TEST;

GST_START_TEST (test_earliest_native_moderates)
{
  Peer web, ann, bob;
  g_autoptr (VmSignal) lock = vm_signal_new (VM_SIGNAL_LOCK);
  g_autoptr (GError) error = NULL;

  lock->seq = 5;
  lock->locked = TRUE;
  peer_init (&web);
  fail_unless (enter (&web, "blue", "w", NULL));
  fail_unless (web.last->moderator == NULL);
  come (&ann, "blue", "a");
  fail_unless_equals_string (ann.last->moderator, "p002");
  come (&bob, "blue", "b");
  fail_unless_equals_string (bob.last->moderator, "p002");
  heard (&bob, "welcome:active meeting-state:active");

  vm_member_receive (bob.member, lock);
  heard_error (&bob, VM_ERROR_NOT_TRUSTED);
  g_string_truncate (ann.heard, 0);
  vm_member_receive (ann.member, lock);
  heard (&ann, "meeting-state:active");
  fail_unless (ask ("blue", NULL, "c", &error) == NULL);
  refused (&error, VM_ERROR_MEETING_LOCKED);

  /* the next one, who may open it */
  go (&ann);
  fail_unless_equals_string (bob.last->moderator, "p003");
  fail_unless (bob.last->locked);
  g_string_truncate (bob.heard, 0);
  say (&bob, VM_SIGNAL_MUTE_REQUEST, "p001");
  heard (&bob, "");

  /* a lock does not outlast who could open it */
  go (&bob);
  fail_unless (web.last->moderator == NULL);
  fail_if (web.last->locked);
  vm_member_receive (web.member, lock);
  fail_unless_equals_int (web.last->type, VM_SIGNAL_ERROR);
  come (&bob, "blue", "b");
  fail_unless_equals_string (bob.last->moderator, "p004");
  say (&bob, VM_SIGNAL_KICK, "p001");
  fail_unless (web.closed);
  g_assert_error (web.reason, VM_ERROR, VM_ERROR_KICKED);
  peer_clear (&web);
  go (&bob);
}

GST_END_TEST;

GST_START_TEST (test_moving_alone)
{
  Peer first, again, other;
  g_autoptr (GError) error = NULL;

  peer_init (&first);
  peer_init (&again);
  peer_init (&other);
  fail_unless (enter (&first, "blue", "w", &error));
  /* where it is, and elsewhere: the room it leaves is gone */
  fail_unless (move (&first, &again, "blue", "w", &error));
  fail_unless (first.closed);
  fail_unless_equals_int (vm_rooms_count (rooms), 1);
  fail_unless_equals_string (vm_member_get_id (again.member), "p002");
  fail_unless (move (&again, &other, "red", "w", &error));
  fail_unless (again.closed);
  fail_unless_equals_int (vm_rooms_count (rooms), 1);
  fail_unless (vm_rooms_find (rooms, "blue") == NULL);
  go (&other);
  fail_unless_equals_int (vm_rooms_count (rooms), 0);
  peer_clear (&first);
  peer_clear (&again);
}

GST_END_TEST;

GST_START_TEST (test_lost_connections)
{
  Peer ann, bob;

  come (&ann, "blue", "a");
  come (&bob, "blue", "b");
  vm_member_lose (ann.member, now);
  vm_member_lose (bob.member, now);
  now += VM_RESUME_TIME - 1;
  vm_rooms_tick (rooms, now);
  fail_unless_equals_int (vm_rooms_count_members (rooms), 2);
  now++;
  vm_rooms_tick (rooms, now);
  fail_unless (ann.closed && bob.closed);
  fail_unless_equals_int (vm_rooms_count (rooms), 0);
  peer_clear (&ann);
  peer_clear (&bob);
}

GST_END_TEST;

GST_START_TEST (test_names)
{
  g_autofree gchar *fits = g_strnfill (VM_NAME_MAX, '>');
  g_autofree gchar *longer = g_strnfill (VM_NAME_MAX + 1, '>');
  const gchar *good[] = { "*", "a.b.>", "Küche 2", fits };
  const gchar *bad[] = { longer, "", NULL, "a\nb", "\xff" };
  Peer peer;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    come (&peer, good[i], "a");
    fail_unless (vm_rooms_find (rooms, good[i]) != NULL);
    go (&peer);
  }
  peer_init (&peer);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    fail_unless (ask (bad[i], NULL, "a", &error) == NULL);
    refused (&error, VM_ERROR_BAD_REQUEST);
    if (bad[i]) {
      fail_if (enter (&peer, bad[i], "a", &error));
      refused (&error, VM_ERROR_BAD_REQUEST);
    }
  }
  peer_clear (&peer);
  fail_unless_equals_int (vm_rooms_count (rooms), 0);
}

GST_END_TEST;

GST_START_TEST (test_rooms_of_an_address)
{
  Peer peers[PER_ADDRESS], other;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < PER_ADDRESS; i++) {
    g_autofree gchar *name = g_strdup_printf ("%u", i);

    come (&peers[i], name, "a");
  }
  peer_init (&other);
  fail_if (enter (&other, "one more", "a", &error));
  refused (&error, VM_ERROR_RATE_LIMITED);
  /* one that is there costs nothing, and other addresses have their own */
  fail_unless (enter (&other, "0", "a", &error));
  go (&other);
  peer_init (&other);
  fail_unless (enter (&other, "one more", "b", &error));
  go (&other);

  go (&peers[0]);
  come (&peers[0], "one more", "a");
  peer_init (&other);
  fail_if (enter (&other, "and one", "a", &error));
  refused (&error, VM_ERROR_RATE_LIMITED);
  peer_clear (&other);
  for (guint i = 0; i < PER_ADDRESS; i++)
    go (&peers[i]);
}

GST_END_TEST;

GST_START_TEST (test_rooms_in_all)
{
  Peer peers[6], more;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < open.rooms_max; i++) {
    g_autofree gchar *name = g_strdup_printf ("%u", i);

    come (&peers[i], name, name);
  }
  fail_unless (ask ("one more", NULL, "z", &error) == NULL);
  refused (&error, VM_ERROR_RATE_LIMITED);
  peer_init (&more);
  fail_unless (enter (&more, "0", "z", &error));
  go (&more);
  go (&peers[0]);
  come (&peers[0], "one more", "z");
  for (guint i = 0; i < open.rooms_max; i++)
    go (&peers[i]);
}

GST_END_TEST;

GST_START_TEST (test_tickets)
{
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 3 * PER_ADDRESS; i++)
    g_free (ask ("blue", NULL, "a", NULL));
  fail_unless_equals_int (vm_rooms_count_tickets (rooms), PER_ADDRESS);
  for (guint i = PER_ADDRESS; i < open.tickets_max; i++)
    g_free (ask ("blue", NULL, "b", NULL));
  fail_unless_equals_int (vm_rooms_count_tickets (rooms), open.tickets_max);
  fail_unless (ask ("red", NULL, "c", &error) == NULL);
  refused (&error, VM_ERROR_RATE_LIMITED);
  /* nothing began that nobody can come into */
  fail_unless (vm_rooms_find (rooms, "red") == NULL);
}

GST_END_TEST;

GST_START_TEST (test_nobody_moderates)
{
  Peer ann, bob;
  VmOpenRooms unmoderated = open;
  g_autoptr (VmSignal) lock = vm_signal_new (VM_SIGNAL_LOCK);

  unmoderated.unmoderated = TRUE;
  vm_rooms_set_open (rooms, &unmoderated);
  come (&ann, "blue", "a");
  come (&bob, "blue", "b");
  fail_unless (ann.last->moderator == NULL);
  g_string_truncate (ann.heard, 0);
  lock->seq = 5;
  lock->locked = TRUE;
  vm_member_receive (ann.member, lock);
  heard_error (&ann, VM_ERROR_NOT_TRUSTED);
  say (&ann, VM_SIGNAL_KICK, "p002");
  fail_if (bob.closed);
  peer_clear (&ann);
  peer_clear (&bob);
}

GST_END_TEST;

GST_START_TEST (test_hosted_beside)
{
  Peer bob;
  g_autoptr (GError) error = NULL;

  peer_init (&host);
  open_room (NULL, 3);
  fail_if (vm_room_is_open (room));
  peer_init (&bob);
  fail_unless (enter (&bob, "standup", "b", &error));
  fail_unless_equals_string (bob.last->host, "p001");
  fail_unless (bob.last->moderator == NULL);
  go (&bob);
  /* it stays with its host */
  fail_unless (vm_rooms_find (rooms, "standup") == room);
  peer_clear (&host);
}

GST_END_TEST;

GST_START_TEST (test_a_thousand_rooms)
{
  const VmOpenRooms many = { SIZE, 1000, 1000, 1000 };
  g_autofree Peer *peers = g_new0 (Peer, 1000);

  vm_rooms_set_open (rooms, &many);
  for (guint round = 0; round < 2; round++) {
    for (guint i = 0; i < 1000; i++) {
      g_autofree gchar *name = g_strdup_printf ("%u", i);

      peer_init (&peers[i]);
      fail_unless (enter (&peers[i], name, "a", NULL));
    }
    fail_unless_equals_int (vm_rooms_count (rooms), 1000);
    for (guint i = 0; i < 1000; i++)
      go (&peers[i]);
    memset (peers, 0, 1000 * sizeof *peers);
    fail_unless_equals_int (vm_rooms_count (rooms), 0);
    fail_unless_equals_int (vm_rooms_count_members (rooms), 0);
  }
}

GST_END_TEST;

/* What a server has: below, at and above. */
GST_START_TEST (test_rooms_of_a_server)
{
  const guint most = VM_OPEN_ROOMS_MAX;
  const VmOpenRooms whole = { VM_ROOM_SIZE, most, most + 1, 1 };
  g_autofree Peer *peers = g_new0 (Peer, most + 1);
  g_autoptr (GError) error = NULL;

  vm_rooms_set_open (rooms, &whole);
  for (guint i = 0; i <= most; i++) {
    g_autofree gchar *name = g_strdup_printf ("%u", i);

    peer_init (&peers[i]);
    fail_unless_equals_int (enter (&peers[i], name, "a", &error), i < most);
  }
  refused (&error, VM_ERROR_RATE_LIMITED);
  fail_unless_equals_int (vm_rooms_count (rooms), most);
  for (guint i = 0; i <= most; i++)
    peer_clear (&peers[i]);
}

GST_END_TEST;

/* More tickets than the one byte of on_random() tells apart. */
static void
count_up (guint8 *bytes, gsize size, gpointer user_data)
{
  static guint32 n;

  n++;
  memset (bytes, 0, size);
  memcpy (bytes, &n, sizeof n);
}

GST_START_TEST (test_tickets_of_a_server)
{
  const guint most = VM_OPEN_TICKETS_MAX;
  const VmOpenRooms whole = { VM_ROOM_SIZE, 1, most + 1, most };
  VmRoomsFuncs funcs = room_funcs;
  g_autoptr (GError) error = NULL;

  funcs.random = count_up;
  vm_rooms_free (rooms);
  rooms = vm_rooms_new (&funcs, NULL);
  vm_rooms_set_open (rooms, &whole);
  for (guint i = 0; i <= most; i++) {
    g_autofree gchar *ticket = ask ("blue", NULL, "a", &error);

    fail_unless_equals_int (ticket != NULL, i < most);
  }
  refused (&error, VM_ERROR_RATE_LIMITED);
  fail_unless_equals_int (vm_rooms_count_tickets (rooms), most);
}

GST_END_TEST;

static void
grant_next (VmIceGrant *grant, gpointer user_data)
{
  grant->uris = g_new0 (gchar *, 2);
  grant->uris[0] = g_strdup_printf ("turn://%u:p@h:1", ++dice);
  grant->relay_only = TRUE;
  grant->expires_in = 60;
}

/* Each time another user, for who asks alone. */
GST_START_TEST (test_ice_servers)
{
  VmRoomsFuncs funcs = room_funcs;
  Peer ann, bob;

  funcs.grant_ice = grant_next;
  vm_rooms_free (rooms);
  rooms = vm_rooms_new (&funcs, NULL);
  vm_rooms_set_open (rooms, &open);
  come (&ann, "blue", "a");
  come (&bob, "blue", "b");
  g_string_truncate (ann.heard, 0);
  g_string_truncate (bob.heard, 0);
  dice = 0;
  for (guint i = 1; i <= 2; i++) {
    g_autofree gchar *uri = g_strdup_printf ("turn://%u:p@h:1", i);

    say (&bob, VM_SIGNAL_ICE_SERVERS, NULL);
    heard (&bob, "ice-servers");
    fail_unless_equals_string (bob.last->ice.uris[0], uri);
    fail_unless (bob.last->ice.relay_only);
    fail_unless_equals_int (bob.last->ice.expires_in, 60);
  }
  heard (&ann, "");
  peer_clear (&ann);
  peer_clear (&bob);
}

GST_END_TEST;

GST_START_TEST (test_clear)
{
  Peer ann, web;

  peer_init (&host);
  open_room (NULL, 3);
  come (&ann, "blue", "a");
  peer_init (&web);
  fail_unless (enter (&web, "blue", "w", NULL));
  g_free (ask ("red", NULL, "a", NULL));
  g_string_truncate (web.heard, 0);
  vm_rooms_clear_open (rooms);
  fail_unless (ann.closed && web.closed);
  fail_unless (!ann.reason && !host.closed);
  heard (&web, "");
  fail_unless_equals_int (vm_rooms_count (rooms), 1);
  peer_clear (&ann);
  peer_clear (&web);
  peer_clear (&host);
}

GST_END_TEST;

/* A page of the mesh that is removed takes along the agents of its user, which
 * hold the room. */
static void
close_and_release (gpointer data, const GError *reason, gpointer user_data)
{
  room_funcs.close (data, reason, user_data);
  vm_room_release (room);
  fail_unless_equals_int (vm_rooms_count (rooms), 1);
}

GST_START_TEST (test_released_by_the_last)
{
  const VmJoin holds = { .meeting = "blue", .group = "a" };
  VmRoomsFuncs funcs = room_funcs;
  g_autoptr (GError) reason =
      g_error_new (VM_ERROR, VM_ERROR_KICKED, "removed");
  Peer web;

  funcs.close = close_and_release;
  vm_rooms_free (rooms);
  rooms = vm_rooms_new (&funcs, NULL);
  vm_rooms_set_open (rooms, &open);
  room = vm_rooms_hold (rooms, &holds, now, NULL);
  peer_init (&web);
  fail_unless (enter (&web, "blue", "w", NULL));
  vm_member_leave (web.member, reason);
  fail_unless (web.closed);
  fail_unless_equals_int (vm_rooms_count (rooms), 0);
  peer_clear (&web);
}

GST_END_TEST;

GST_START_TEST (test_closed_again)
{
  g_autoptr (GError) error = NULL;

  vm_rooms_set_open (rooms, NULL);
  fail_unless (ask ("blue", NULL, "a", &error) == NULL);
  refused (&error, VM_ERROR_MEETING_NOT_FOUND);
}

GST_END_TEST;

static Suite *
roomsopen_suite (void)
{
  Suite *s = suite_create ("roomsopen");
  TCase *tc = tcase_create ("general");

  tcase_add_checked_fixture (tc, set_up, tear_down);
  tcase_add_test (tc, test_first_makes_last_removes);
  tcase_add_test (tc, test_ticket_waits_for_its_room);
  tcase_add_test (tc, test_room_is_gone_before_the_hello);
  tcase_add_test (tc, test_two_race_for_the_last_seat);
  tcase_add_test (tc, test_earliest_native_moderates);
  tcase_add_test (tc, test_moving_alone);
  tcase_add_test (tc, test_lost_connections);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_rooms_of_an_address);
  tcase_add_test (tc, test_rooms_in_all);
  tcase_add_test (tc, test_tickets);
  tcase_add_test (tc, test_nobody_moderates);
  tcase_add_test (tc, test_hosted_beside);
  tcase_add_test (tc, test_a_thousand_rooms);
  tcase_add_test (tc, test_rooms_of_a_server);
  tcase_add_test (tc, test_tickets_of_a_server);
  tcase_add_test (tc, test_ice_servers);
  tcase_add_test (tc, test_clear);
  tcase_add_test (tc, test_released_by_the_last);
  tcase_add_test (tc, test_closed_again);
  suite_add_tcase (s, tc);
  return s;
}

CHECK_PROGRAM (roomsopen)
