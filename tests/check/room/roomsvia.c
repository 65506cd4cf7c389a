/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Seats of those whose media a bridge passes on: who may bring them, how they
 * are shown, and when they go. */

#include "program.h"
#include "support/roompeer.h"
#include "trust/store/vmtrustfacts-priv.h"

#include <gst/videomeet/room/rooms-priv.h>
#include <gst/videomeet/vmidentity.h>

#include <string.h>

#define HERE "10.0.0.2"
#define THERE "10.0.0.3"
#define ANN "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define BOB "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define EVE "EAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define PIN "123456"
#define SEATS (2 + VM_ROOM_VIA_MAX + 2)

static Peer bridge;

static gchar *
get_ticket (const gchar *user, const gchar *key, const gchar *group,
    const gchar *via, const gchar *origin_id, GError **error)
{
  g_autofree gchar *id = vm_device_id_from_key_hash (key);
  const VmJoin join = { .meeting = "standup",
    .user = user,
    .device_id = id,
    .group = group,
    .key = key,
    .pin = via ? NULL : PIN,
    .via = via,
    .origin_id = origin_id };
  gchar *text = NULL;

  vm_rooms_join (rooms, &join, now, &text, error);
  return text;
}

static gboolean
take_seat (Peer *peer, const gchar *text, const gchar *key, GError **error)
{
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);
  g_autoptr (VmTicket) ticket =
      vm_rooms_use_ticket (rooms, text, key, now, error);

  vm_signal_add_participant (hello)->device = g_strdup ("laptop");
  peer_init (peer);
  peer->member =
      ticket ? vm_rooms_take_seat (rooms, ticket, hello, peer, error) : NULL;
  return peer->member != NULL;
}

static gboolean
come_from (Peer *peer, const gchar *user, const gchar *key, const gchar *group,
    const gchar *via, const gchar *origin_id, GError **error)
{
  g_autofree gchar *text = get_ticket (user, key, group, via, origin_id, error);

  if (text)
    return take_seat (peer, text, key, error);
  peer_init (peer);
  return FALSE;
}

static gboolean
come (Peer *peer, const gchar *user, const gchar *key, const gchar *via,
    const gchar *origin_id, GError **error)
{
  return come_from (peer, user, key, HERE, via, origin_id, error);
}

static const gchar *
id_of (Peer *peer)
{
  return vm_member_get_id (peer->member);
}

static void
is_refused (
    const gchar *key, const gchar *via, const gchar *origin_id, VmError code)
{
  g_autoptr (GError) error = NULL;
  Peer peer;

  fail_if (come (&peer, "Alice", key, via, origin_id, &error));
  g_assert_error (error, VM_ERROR, code);
  peer_clear (&peer);
}

static VmTrustFacts *
trust_all (const gchar *device_id, const gchar *user, const gchar *device,
    gint64 *date, gpointer user_data)
{
  VmTrustFacts *facts = vm_trust_facts_new (device_id);

  *date = 1000;
  if (device_id) {
    facts->given = VM_PERMISSIONS_ALL;
    facts->given_until = G_MAXINT64;
  }
  return facts;
}

/* The host has met Bob. */
static VmTrustFacts *
know_bob (const gchar *device_id, const gchar *user, const gchar *device,
    gint64 *date, gpointer user_data)
{
  VmTrustFacts *facts = vm_trust_facts_new (device_id);
  g_autofree gchar *bob = vm_device_id_from_key_hash (BOB);

  *date = 1000;
  if (g_strcmp0 (device_id, bob) == 0)
    facts->first_seen = g_date_time_new_from_unix_utc (900);
  return facts;
}

static void
via_setup (void)
{
  setup ();
  vm_room_end (room);
  peer_clear (&host);
  peer_init (&host);
  open_room (PIN, SEATS);
  fail_unless (come (&bridge, "Bob", BOB, NULL, NULL, NULL));
}

/* The same once more, but Bob is no stranger. */
static void
begin_with_known_bob (void)
{
  room_funcs.know = know_bob;
  vm_rooms_free (rooms);
  rooms = vm_rooms_new (&room_funcs, NULL);
  peer_clear (&host);
  peer_init (&host);
  open_room (PIN, SEATS);
  peer_clear (&bridge);
  fail_unless (come (&bridge, "Bob", BOB, NULL, NULL, NULL));
}

static void
via_teardown (void)
{
  peer_clear (&bridge);
  teardown ();
  room_funcs.know = NULL;
}

/* Without a PIN, without a key, and never as anybody known. */
GST_START_TEST (test_how_it_is_shown)
{
  g_autoptr (VmSignal) list = vm_signal_new (VM_SIGNAL_WELCOME);
  const VmSignalParticipant *shown, *passes;
  Peer alice;

  fail_unless (come (&alice, "Alice", BOB, id_of (&bridge), "44", NULL));
  vm_room_list (room, list, NULL);
  fail_unless_equals_int (list->participants->len, 3);
  passes = list->participants->pdata[1];
  shown = list->participants->pdata[2];
  fail_unless_equals_string (shown->user, "Alice");
  fail_unless_equals_string (shown->via, passes->id);
  fail_unless_equals_string (shown->origin, "cloud");
  fail_unless_equals_string (shown->origin_id, "44");
  fail_unless_equals_string (shown->trust, "unknown");
  fail_unless (shown->device == NULL && shown->device_id == NULL);
  fail_unless (shown->token == NULL);
  fail_unless (passes->via == NULL && passes->origin == NULL);
  peer_clear (&alice);
}

GST_END_TEST;

GST_START_TEST (test_who_may_bring)
{
  g_autofree gchar *too_long = g_strnfill (VM_SIGNAL_ID_MAX + 1, '4');
  Peer alice;

  is_refused (EVE, id_of (&bridge), "44", VM_ERROR_NOT_TRUSTED);
  is_refused (BOB, "p009", "44", VM_ERROR_NOT_TRUSTED);
  is_refused (BOB, id_of (&bridge), NULL, VM_ERROR_BAD_REQUEST);
  is_refused (BOB, id_of (&bridge), "", VM_ERROR_BAD_REQUEST);
  is_refused (BOB, id_of (&bridge), "a\nb", VM_ERROR_BAD_REQUEST);
  is_refused (BOB, id_of (&bridge), too_long, VM_ERROR_BAD_REQUEST);
  /* nobody is brought by who is brought */
  fail_unless (
      come (&alice, "Alice", BOB, id_of (&bridge), too_long + 1, NULL));
  is_refused (BOB, id_of (&alice), "45", VM_ERROR_NOT_TRUSTED);
  peer_clear (&alice);
}

GST_END_TEST;

GST_START_TEST (test_locked)
{
  g_autoptr (VmSignal) lock = vm_signal_new (VM_SIGNAL_LOCK);

  lock->locked = TRUE;
  lock->seq = 5;
  vm_member_receive (host.member, lock);
  is_refused (BOB, id_of (&bridge), "44", VM_ERROR_MEETING_LOCKED);
}

GST_END_TEST;

/* The bridge itself is trusted; whom it passes on nobody can be sure of. */
GST_START_TEST (test_policy)
{
  g_autoptr (GError) error = NULL;
  Peer alice;

  room_funcs.know = trust_all;
  vm_rooms_free (rooms);
  rooms = vm_rooms_new (&room_funcs, NULL);
  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  peer_clear (&host);
  peer_init (&host);
  open_room (PIN, 4);
  peer_clear (&bridge);
  fail_unless (come (&bridge, "Bob", BOB, NULL, NULL, &error));
  is_refused (BOB, id_of (&bridge), "44", VM_ERROR_NOT_TRUSTED);
  vm_rooms_set_cloud_trust (rooms, VM_CLOUD_TRUST_ALLOW);
  fail_unless (come (&alice, "Alice", BOB, id_of (&bridge), "44", NULL));
  /* and no more */
  vm_rooms_set_cloud_trust (rooms, VM_CLOUD_TRUST_REFUSE);
  fail_unless (alice.closed);
  g_assert_error (alice.reason, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  fail_if (bridge.closed);
  peer_clear (&alice);
}

GST_END_TEST;

GST_START_TEST (test_number)
{
  Peer all[VM_ROOM_VIA_MAX], again;

  begin_with_known_bob ();
  for (guint i = 0; i < VM_ROOM_VIA_MAX; i++) {
    g_autofree gchar *id = g_strdup_printf ("%u", i);

    fail_unless (come (&all[i], "Alice", BOB, id_of (&bridge), id, NULL));
  }
  is_refused (BOB, id_of (&bridge), "x", VM_ERROR_MEETING_FULL);
  /* in the place of who has it */
  fail_unless (come (&again, "Alice", BOB, id_of (&bridge), "0", NULL));
  fail_unless (all[0].closed);
  peer_clear (&again);
  for (guint i = 0; i < VM_ROOM_VIA_MAX; i++)
    peer_clear (&all[i]);
}

GST_END_TEST;

/* One ticket more than there may be, all of them given before. */
GST_START_TEST (test_number_of_tickets)
{
  gchar *tickets[VM_ROOM_VIA_MAX + 1];
  Peer all[VM_ROOM_VIA_MAX + 1];
  g_autoptr (GError) error = NULL;

  begin_with_known_bob ();
  for (guint i = 0; i <= VM_ROOM_VIA_MAX; i++) {
    g_autofree gchar *id = g_strdup_printf ("%u", i);

    tickets[i] = get_ticket ("Alice", BOB, HERE, id_of (&bridge), id, NULL);
    fail_unless (tickets[i] != NULL);
  }
  for (guint i = 0; i <= VM_ROOM_VIA_MAX; i++) {
    g_clear_error (&error);
    fail_unless_equals_int (
        take_seat (&all[i], tickets[i], BOB, &error), i < VM_ROOM_VIA_MAX);
    g_free (tickets[i]);
  }
  g_assert_error (error, VM_ERROR, VM_ERROR_MEETING_FULL);
  for (guint i = 0; i <= VM_ROOM_VIA_MAX; i++)
    peer_clear (&all[i]);
}

GST_END_TEST;

/* Who is removed does not shut out those of the bridge's address, before its
 * connection was lost once and after. */
GST_START_TEST (test_removed)
{
  Peer alice, eve;

  for (guint i = 0; i < 2; i++) {
    fail_unless (come (&alice, "Alice", BOB, id_of (&bridge), "44", NULL));
    if (i) {
      g_autofree gchar *token = g_strdup (alice.token);

      vm_member_lose (alice.member, now);
      vm_member_resume (alice.member, token, HERE);
    }
    say (&host, VM_SIGNAL_KICK, id_of (&alice));
    fail_unless (alice.closed);
    fail_unless (come (&eve, "Eve", EVE, NULL, NULL, NULL));
    vm_member_leave (eve.member, NULL);
    peer_clear (&eve);
    peer_clear (&alice);
  }
}

GST_END_TEST;

/* Those of one bridge push out none of another's. */
GST_START_TEST (test_tickets_of_two_bridges)
{
  Peer eve, alice;
  g_autofree gchar *ticket = NULL;
  g_autoptr (GError) error = NULL;

  fail_unless (come_from (&eve, "Eve", EVE, THERE, NULL, NULL, NULL));
  ticket = get_ticket ("Alice", BOB, HERE, id_of (&bridge), "44", NULL);
  for (guint i = 0; i <= VM_TICKETS_PER_ADDRESS; i++) {
    g_autofree gchar *id = g_strdup_printf ("%u", i);

    now++;
    g_free (get_ticket ("Olaf", EVE, THERE, id_of (&eve), id, NULL));
  }
  fail_unless_equals_int (
      vm_rooms_count_tickets (rooms), 1 + VM_TICKETS_PER_ADDRESS);
  take_seat (&alice, ticket, BOB, &error);
  g_assert_no_error (error);
  peer_clear (&alice);
  peer_clear (&eve);
}

GST_END_TEST;

/* Whom a stranger brings counts as if it came from that address itself: half of
 * the seats, the bridge's included, at the ticket and at the seat. */
GST_START_TEST (test_share_of_a_stranger)
{
  const guint most = SEATS / 2 - 1;
  Peer all[SEATS / 2 - 1], again, late, eve;
  g_autofree gchar *ticket = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < most; i++) {
    g_autofree gchar *id = g_strdup_printf ("%u", i);

    if (i + 1 == most)
      ticket = get_ticket ("Late", BOB, HERE, id_of (&bridge), "x", NULL);
    fail_unless (come (&all[i], "Alice", BOB, id_of (&bridge), id, NULL));
  }
  is_refused (BOB, id_of (&bridge), "y", VM_ERROR_MEETING_FULL);
  fail_if (take_seat (&late, ticket, BOB, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_MEETING_FULL);
  is_refused (EVE, NULL, NULL, VM_ERROR_MEETING_FULL);
  /* in the place of who has it; and the others have theirs */
  fail_unless (come (&again, "Alice", BOB, id_of (&bridge), "0", NULL));
  fail_unless (come_from (&eve, "Eve", EVE, THERE, NULL, NULL, NULL));
  peer_clear (&eve);
  peer_clear (&again);
  peer_clear (&late);
  for (guint i = 0; i < most; i++)
    peer_clear (&all[i]);
}

GST_END_TEST;

/* The host itself is no stranger. */
GST_START_TEST (test_host_is_the_bridge)
{
  g_autofree gchar *ann = vm_device_id_from_key_hash (ANN);
  const VmRoomConfig config = { "planning", "Ann", "desk", ann, PIN, SEATS,
    VM_CALL_TYPE_VIDEO };
  Peer ann_peer, all[VM_ROOM_VIA_MAX];

  peer_init (&ann_peer);
  vm_room_announced (
      vm_rooms_open (rooms, &config, &ann_peer, &ann_peer.member, NULL));
  for (guint i = 0; i < VM_ROOM_VIA_MAX; i++) {
    g_autofree gchar *id = g_strdup_printf ("%u", i);
    const VmJoin join = { .meeting = "planning",
      .user = "Alice",
      .group = HERE,
      .key = ANN,
      .via = id_of (&ann_peer),
      .origin_id = id };
    g_autofree gchar *text = NULL;

    fail_unless (vm_rooms_join (rooms, &join, now, &text, NULL) != NULL);
    fail_unless (take_seat (&all[i], text, ANN, NULL));
  }
  for (guint i = 0; i < VM_ROOM_VIA_MAX; i++)
    peer_clear (&all[i]);
  peer_clear (&ann_peer);
}

GST_END_TEST;

/* Of two bridges, and who is brought by both. */
GST_START_TEST (test_another_bridge)
{
  Peer eve, alice, other, again;

  fail_unless (come (&eve, "Eve", EVE, NULL, NULL, NULL));
  fail_unless (come (&alice, "Alice", BOB, id_of (&bridge), "44", NULL));
  fail_unless (come (&other, "Olaf", BOB, id_of (&bridge), "45", NULL));
  fail_unless (come (&again, "Alice", EVE, id_of (&eve), "44", NULL));
  fail_unless (alice.closed);
  g_assert_error (alice.reason, VM_ERROR, VM_ERROR_DISCONNECTED);
  fail_if (other.closed);
  peer_clear (&alice);
  peer_clear (&other);
  peer_clear (&again);
  peer_clear (&eve);
}

GST_END_TEST;

GST_START_TEST (test_bridge_leaves)
{
  Peer alice, eve;

  fail_unless (come (&alice, "Alice", BOB, id_of (&bridge), "44", NULL));
  fail_unless (come (&eve, "Eve", EVE, NULL, NULL, NULL));
  fail_unless_equals_int (vm_room_count (room), 4);
  vm_member_leave (bridge.member, NULL);
  fail_unless (alice.closed);
  fail_if (eve.closed);
  fail_unless_equals_int (vm_room_count (room), 2);
  peer_clear (&alice);
  peer_clear (&eve);
}

GST_END_TEST;

/* Between the ticket and the seat. */
GST_START_TEST (test_bridge_has_left)
{
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);
  const VmJoin join = { .meeting = "standup",
    .user = "Alice",
    .group = HERE,
    .key = BOB,
    .via = id_of (&bridge),
    .origin_id = "44" };
  g_autofree gchar *text = NULL;
  g_autoptr (VmTicket) ticket = NULL;
  g_autoptr (GError) error = NULL;
  Peer alice;

  peer_init (&alice);
  fail_unless (vm_rooms_join (rooms, &join, now, &text, NULL) != NULL);
  ticket = vm_rooms_use_ticket (rooms, text, BOB, now, NULL);
  vm_member_leave (bridge.member, NULL);
  fail_if (vm_rooms_take_seat (rooms, ticket, hello, &alice, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_DISCONNECTED);
  peer_clear (&alice);
}

GST_END_TEST;

static Suite *
roomsvia_suite (void)
{
  Suite *suite = suite_create ("roomsvia");
  TCase *tests = tcase_create ("general");

  tcase_add_checked_fixture (tests, via_setup, via_teardown);
  tcase_add_test (tests, test_how_it_is_shown);
  tcase_add_test (tests, test_who_may_bring);
  tcase_add_test (tests, test_locked);
  tcase_add_test (tests, test_policy);
  tcase_add_test (tests, test_number);
  tcase_add_test (tests, test_number_of_tickets);
  tcase_add_test (tests, test_removed);
  tcase_add_test (tests, test_tickets_of_two_bridges);
  tcase_add_test (tests, test_share_of_a_stranger);
  tcase_add_test (tests, test_host_is_the_bridge);
  tcase_add_test (tests, test_another_bridge);
  tcase_add_test (tests, test_bridge_leaves);
  tcase_add_test (tests, test_bridge_has_left);
  suite_add_tcase (suite, tests);
  return suite;
}

CHECK_PROGRAM (roomsvia)
