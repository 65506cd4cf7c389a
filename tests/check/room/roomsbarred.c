/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whom a room keeps out because the host removed it, for how long, and how the
 * host lifts that; and how many seats strangers from one address have:
 * protocol/meeting.md#kick, and its limits. */

#include "program.h"
#include "trust/store/vmtrustfacts-priv.h"
#include "support/roompeer.h"

#include <gst/videomeet/room/rooms-priv.h>
#include <gst/videomeet/vmidentity.h>

#include <string.h>

#define HERE "10.0.0.2"
#define THERE "10.0.0.3"
/* Hashes of keys; the host has met FRIEND. */
#define BOB "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define EVE "EAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define FRIEND "FAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static VmTrustFacts *
on_know (const gchar *device_id, const gchar *user, const gchar *device,
    gint64 *date, gpointer user_data)
{
  VmTrustFacts *facts = vm_trust_facts_new (device_id);
  g_autofree gchar *friend = vm_device_id_from_key_hash (FRIEND);

  *date = 1000;
  if (g_strcmp0 (device_id, friend) == 0)
    facts->first_seen = g_date_time_new_from_unix_utc (900);
  return facts;
}

static void
bars_setup (void)
{
  room_funcs.know = on_know;
  setup ();
  vm_room_end (room);
  peer_clear (&host);
  peer_init (&host);
  open_room (NULL, 10);
}

static void
bars_teardown (void)
{
  teardown ();
  room_funcs.know = NULL;
}

static gchar *
get_ticket (const gchar *key, const gchar *group, GError **error)
{
  const VmJoin join = {
    .meeting = "standup", .user = "Bob", .group = group, .key = key
  };
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

  vm_signal_add_participant (hello)->device = g_strdup ("phone");
  peer->member =
      ticket ? vm_rooms_take_seat (rooms, ticket, hello, peer, error) : NULL;
  return peer->member != NULL;
}

static void
comes (Peer *peer, const gchar *key, const gchar *group)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = get_ticket (key, group, &error);

  g_assert_no_error (error);
  peer_init (peer);
  fail_unless (take_seat (peer, text, key, &error));
}

/* By either kind of dialect. */
static void
is_refused (const gchar *key, const gchar *group, VmError code)
{
  const VmJoin join = { .meeting = "standup", .group = group, .key = key };
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) other = NULL;
  g_autofree gchar *text = get_ticket (key, group, &error);
  Peer peer;

  g_assert_error (error, VM_ERROR, code);
  peer_init (&peer);
  fail_if (vm_rooms_enter (rooms, &join, "x", NULL, &peer, now, &other));
  g_assert_error (other, VM_ERROR, code);
  peer_clear (&peer);
}

static void
leaves (Peer *peer)
{
  vm_member_leave (peer->member, NULL);
  peer_clear (peer);
}

static void
may_come (const gchar *key, const gchar *group)
{
  Peer peer;

  comes (&peer, key, group);
  leaves (&peer);
}

/* Its id, by which it may be let in again. */
static gchar *
remove_by_host (Peer *peer)
{
  gchar *id = g_strdup (vm_member_get_id (peer->member));

  say (&host, VM_SIGNAL_KICK, id);
  fail_unless (peer->closed);
  g_assert_error (peer->reason, VM_ERROR, VM_ERROR_KICKED);
  peer_clear (peer);
  return id;
}

static void
unban (Peer *by, const gchar *id)
{
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_UNBAN);

  signal->id = g_strdup (id);
  signal->seq = 5;
  g_string_truncate (by->heard, 0);
  vm_member_receive (by->member, signal);
}

GST_START_TEST (test_key)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *spare = get_ticket (BOB, HERE, NULL);
  g_autofree gchar *id = NULL;
  Peer bob;

  comes (&bob, BOB, HERE);
  id = remove_by_host (&bob);
  /* from wherever, at whatever time, and not by what it got before */
  is_refused (BOB, HERE, VM_ERROR_KICKED);
  is_refused (BOB, THERE, VM_ERROR_KICKED);
  peer_init (&bob);
  fail_if (take_seat (&bob, spare, BOB, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_KICKED);
  peer_clear (&bob);
  for (guint i = 0; i < 2; i++) {
    vm_rooms_tick (rooms, now);
    now += 10 * (gint64) VM_ROOM_BARRED_TIME;
  }
  is_refused (BOB, THERE, VM_ERROR_KICKED);
  may_come (EVE, THERE);
  unban (&host, id);
  may_come (BOB, HERE);
}

GST_END_TEST;

/* Somebody known who was removed is not let in for being known. */
GST_START_TEST (test_known_key)
{
  g_autofree gchar *id = NULL;
  Peer friend;

  comes (&friend, FRIEND, HERE);
  id = remove_by_host (&friend);
  is_refused (FRIEND, THERE, VM_ERROR_KICKED);
  unban (&host, id);
  may_come (FRIEND, HERE);
}

GST_END_TEST;

/* Whether it showed a key or none, it may show none, or another one. */
GST_START_TEST (test_address)
{
  const gchar *key = __i__ ? BOB : NULL;
  g_autofree gchar *id = NULL;
  Peer bob;

  comes (&bob, key, HERE);
  id = remove_by_host (&bob);
  is_refused (NULL, HERE, VM_ERROR_KICKED);
  is_refused (EVE, HERE, VM_ERROR_KICKED);
  may_come (FRIEND, HERE);
  may_come (NULL, THERE);
  may_come (EVE, THERE);
  /* ten minutes from the first look at the clock */
  vm_rooms_tick (rooms, now);
  now += VM_ROOM_BARRED_TIME - 1;
  vm_rooms_tick (rooms, now);
  is_refused (NULL, HERE, VM_ERROR_KICKED);
  vm_rooms_tick (rooms, ++now);
  may_come (NULL, HERE);
  may_come (EVE, HERE);
}

GST_END_TEST;

GST_START_TEST (test_unban)
{
  g_autofree gchar *id = NULL;
  g_autofree gchar *other = NULL;
  Peer bob, eve, friend;

  comes (&bob, NULL, HERE);
  comes (&eve, EVE, HERE);
  comes (&friend, FRIEND, HERE);
  id = remove_by_host (&bob);
  other = remove_by_host (&eve);
  unban (&friend, id);
  heard_error (&friend, VM_ERROR_NOT_TRUSTED);
  unban (&host, "p999");
  heard_error (&host, VM_ERROR_UNROUTABLE);
  /* each of the two bars the address */
  unban (&host, id);
  heard (&host, "meeting-state:active");
  is_refused (NULL, HERE, VM_ERROR_KICKED);
  unban (&host, other);
  heard (&host, "meeting-state:active");
  may_come (NULL, HERE);
  may_come (EVE, HERE);
  unban (&host, other);
  heard_error (&host, VM_ERROR_UNROUTABLE);
  leaves (&friend);
}

GST_END_TEST;

GST_START_TEST (test_where_it_came_back_from)
{
  Peer bob;
  g_autofree gchar *text = get_ticket (NULL, HERE, NULL);
  g_autofree gchar *id = NULL;

  peer_init (&bob);
  fail_unless (take_seat (&bob, text, NULL, NULL));
  vm_member_lose (bob.member, now);
  vm_member_resume (bob.member, text, THERE);
  id = remove_by_host (&bob);
  is_refused (NULL, THERE, VM_ERROR_KICKED);
  may_come (NULL, HERE);
}

GST_END_TEST;

/* Ten seats, the host's included: five for strangers from one address. */
GST_START_TEST (test_share_of_an_address)
{
  Peer guests[5], friend, other;

  for (guint i = 0; i < G_N_ELEMENTS (guests); i++)
    comes (&guests[i], i % 2 ? EVE : NULL, HERE);
  is_refused (NULL, HERE, VM_ERROR_MEETING_FULL);
  is_refused (BOB, HERE, VM_ERROR_MEETING_FULL);
  comes (&friend, FRIEND, HERE);
  comes (&other, NULL, THERE);
  leaves (&guests[0]);
  comes (&guests[0], NULL, HERE);
  is_refused (NULL, HERE, VM_ERROR_MEETING_FULL);
  for (guint i = 0; i < G_N_ELEMENTS (guests); i++)
    leaves (&guests[i]);
  leaves (&friend);
  leaves (&other);
}

GST_END_TEST;

GST_START_TEST (test_seats_of_this_machine)
{
  static const gchar *const own[] = { "127.0.0.1", "::1" };
  Peer guests[9];

  for (guint i = 0; i < G_N_ELEMENTS (guests); i++)
    comes (&guests[i], NULL, own[__i__]);
  for (guint i = 0; i < G_N_ELEMENTS (guests); i++)
    leaves (&guests[i]);
}

GST_END_TEST;

static void
try_pin (const gchar *key, const gchar *group, const gchar *pin, gint code)
{
  const VmJoin join = {
    .meeting = "standup", .user = "Bob", .group = group, .key = key, .pin = pin
  };
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = NULL;

  vm_rooms_join (rooms, &join, now, &text, &error);
  if (code < 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, VM_ERROR, code);
}

/* Strangers who guess hold up one another, and nobody who was met before; who
 * was waits for its own guesses, and is counted as well. */
GST_START_TEST (test_wrong_pins)
{
  vm_room_end (room);
  peer_clear (&host);
  peer_init (&host);
  open_room ("123456", 10);
  for (guint i = 0; i < VM_PIN_WRONG_MAX; i++) {
    g_autofree gchar *group = i ? g_strdup_printf ("10.0.1.%u", i) : NULL;

    try_pin (EVE, group ? group : HERE, "000000", VM_ERROR_WRONG_PIN);
  }
  try_pin (BOB, THERE, "123456", VM_ERROR_RATE_LIMITED);
  try_pin (NULL, THERE, "123456", VM_ERROR_RATE_LIMITED);
  try_pin (FRIEND, HERE, "123456", -1);
  try_pin (FRIEND, HERE, "000000", VM_ERROR_WRONG_PIN);
  try_pin (FRIEND, THERE, "123456", VM_ERROR_RATE_LIMITED);
  for (guint i = 1; i < VM_PIN_WRONG_MAX; i++) {
    now += VM_PIN_WRONG_TIME / VM_PIN_WRONG_MAX - 1;
    if (i < 5)
      try_pin (FRIEND, HERE, "000000", VM_ERROR_WRONG_PIN);
  }
  try_pin (FRIEND, HERE, "123456", -1);
}

GST_END_TEST;

static gpointer
peer_of (const gchar *id, gpointer peer)
{
  return peer;
}

/* Another device goes on with the meeting; @guest is left in it, or nobody if
 * that is NULL. */
static void
succeed_with (GPtrArray *barred, VmSignalParticipant *described, Peer *guest)
{
  const VmRoomConfig config = { "standup", "Dan", "desk", "DDDD", NULL, 10,
    VM_CALL_TYPE_VIDEO };
  g_autoptr (GPtrArray) members = g_ptr_array_new ();
  const VmRoomPast past = { .id = "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
    .epoch = 2,
    .joined = 9,
    .host_id = "p009",
    .members = members,
    .barred = barred,
    .make_peer = peer_of,
    .data = guest };

  if (described)
    g_ptr_array_add (members, described);
  vm_room_end (room);
  peer_clear (&host);
  peer_init (&host);
  room = vm_rooms_take_over (rooms, &config, &past, &host, &host.member, NULL);
  fail_unless (room != NULL);
  vm_room_taken_over (room);
}

static void
succeed (GPtrArray *barred)
{
  succeed_with (barred, NULL, NULL);
}

/* What a device is told of them; nobody else is. */
static GPtrArray *
learn (void)
{
  Peer friend, stranger;
  GPtrArray *barred;

  comes (&friend, FRIEND, THERE);
  comes (&stranger, NULL, THERE);
  fail_if (host.last->barred || stranger.last->barred);
  barred = friend.last->barred ? g_ptr_array_ref (friend.last->barred) : NULL;
  leaves (&stranger);
  leaves (&friend);
  return barred;
}

/* And so at the host after the next. */
GST_START_TEST (test_succession)
{
  g_autoptr (GPtrArray) left = NULL;
  g_autofree gchar *eve = NULL;
  g_autofree gchar *guest = NULL;
  Peer peer;

  comes (&peer, EVE, THERE);
  eve = remove_by_host (&peer);
  comes (&peer, NULL, HERE);
  guest = remove_by_host (&peer);
  unban (&host, eve);
  left = learn ();
  fail_unless_equals_int (left->len, 1);
  comes (&peer, EVE, THERE);
  g_free (eve);
  eve = remove_by_host (&peer);
  vm_rooms_tick (rooms, now);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GPtrArray) barred = NULL;

    now += VM_ROOM_BARRED_TIME / 4;
    vm_rooms_tick (rooms, now);
    is_refused (EVE, "10.0.0.9", VM_ERROR_KICKED);
    is_refused (NULL, HERE, VM_ERROR_KICKED);
    is_refused (BOB, HERE, VM_ERROR_KICKED);
    /* of its ten minutes those are left that have not passed */
    comes (&peer, FRIEND, "10.0.0.9");
    barred = g_ptr_array_ref (peer.last->barred);
    fail_unless_equals_int (barred->len, 2);
    succeed (barred);
    peer_clear (&peer);
    vm_rooms_tick (rooms, now);
  }
  now += VM_ROOM_BARRED_TIME / 2 - 1;
  vm_rooms_tick (rooms, now);
  is_refused (NULL, HERE, VM_ERROR_KICKED);
  vm_rooms_tick (rooms, ++now);
  may_come (NULL, HERE);
  is_refused (EVE, "10.0.0.9", VM_ERROR_KICKED);
  unban (&host, eve);
  may_come (EVE, "10.0.0.9");
}

GST_END_TEST;

/* A guest without a key, whom the next host reaches from THERE. */
GST_START_TEST (test_kicked_by_the_next_host)
{
  VmSignalParticipant cleo = {
    .id = (gchar *) "p002", .user = (gchar *) "Cleo", .address = (gchar *) THERE
  };
  Peer peer;

  peer_init (&peer);
  succeed_with (NULL, &cleo, &peer);
  peer.member = vm_room_find_member (room, "p002");
  g_free (remove_by_host (&peer));
  is_refused (NULL, THERE, VM_ERROR_KICKED);
  may_come (NULL, HERE);
}

GST_END_TEST;

/* What a host before this one may not say: this machine, and for longer. */
GST_START_TEST (test_succession_to_bad_bars)
{
  g_autoptr (GPtrArray) barred =
      g_ptr_array_new_with_free_func (vm_signal_bar_free);

  g_ptr_array_add (barred, vm_signal_bar_new ("p002", NULL, "127.0.0.1", 600));
  g_ptr_array_add (barred, vm_signal_bar_new ("p003", "no id", NULL, 0));
  g_ptr_array_add (barred, vm_signal_bar_new ("p004", NULL, THERE, 0));
  g_ptr_array_add (barred, vm_signal_bar_new ("p005", NULL, HERE, G_MAXINT));
  succeed (barred);
  may_come (NULL, "127.0.0.1");
  may_come (NULL, THERE);
  vm_rooms_tick (rooms, now);
  is_refused (NULL, HERE, VM_ERROR_KICKED);
  now += VM_ROOM_BARRED_TIME;
  vm_rooms_tick (rooms, now);
  may_come (NULL, HERE);
}

GST_END_TEST;

static gchar *
key_of (guint n)
{
  return g_strdup_printf ("%08uAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", n);
}

/* As many are remembered, and told: the oldest of more may come again. */
GST_START_TEST (test_most)
{
  g_autoptr (GPtrArray) barred = NULL;
  Peer friend;

  for (guint i = 0; i <= VM_ROOM_BARRED_MAX; i++) {
    g_autofree gchar *group = g_strdup_printf ("10.0.1.%u", i);
    g_autofree gchar *key = key_of (i);
    g_autofree gchar *first = key_of (0);
    Peer peer;

    if (i)
      is_refused (first, HERE, VM_ERROR_KICKED);
    comes (&peer, key, group);
    g_free (remove_by_host (&peer));
  }
  comes (&friend, FRIEND, THERE);
  barred = g_ptr_array_ref (friend.last->barred);
  fail_unless_equals_int (barred->len, VM_ROOM_BARRED_MAX);
  leaves (&friend);
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *first = key_of (0);
    g_autofree gchar *second = key_of (1);
    g_autofree gchar *last = key_of (VM_ROOM_BARRED_MAX);

    may_come (first, HERE);
    is_refused (second, HERE, VM_ERROR_KICKED);
    is_refused (last, HERE, VM_ERROR_KICKED);
    succeed (barred);
  }
}

GST_END_TEST;

static Suite *
roomsbarred_suite (void)
{
  Suite *s = suite_create ("roomsbarred");
  TCase *tc = tcase_create ("bars");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, bars_setup, bars_teardown);
  tcase_add_test (tc, test_key);
  tcase_add_test (tc, test_known_key);
  tcase_add_loop_test (tc, test_address, 0, 2);
  tcase_add_test (tc, test_unban);
  tcase_add_test (tc, test_where_it_came_back_from);
  tcase_add_test (tc, test_share_of_an_address);
  tcase_add_loop_test (tc, test_seats_of_this_machine, 0, 2);
  tcase_add_test (tc, test_wrong_pins);
  tcase_add_test (tc, test_succession);
  tcase_add_test (tc, test_succession_to_bad_bars);
  tcase_add_test (tc, test_kicked_by_the_next_host);
  tcase_add_test (tc, test_most);
  return s;
}

CHECK_PROGRAM (roomsbarred)
