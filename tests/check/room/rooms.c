/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The room model with a clock of its own: who comes in, who hears what, and the
 * meeting's life, from protocol/signalling.md, protocol/meeting.md and
 * security.md. */

#include "program.h"
#include "support/roompeer.h"

#include <gst/videomeet/room/pinguard.h>
#include <gst/videomeet/vmidentity.h>
#include <string.h>

GST_START_TEST (test_life)
{
  Peer bob, carl;

  heard (&host, "welcome:created meeting-state:announced");
  come_in (&bob);
  heard (&bob, "welcome:active meeting-state:active");
  heard (&host, "participant-joined meeting-state:active");
  come_in (&carl);
  heard (&bob, "participant-joined meeting-state:active");
  heard (&carl, "welcome:active meeting-state:active");
  fail_unless_equals_int (vm_room_count (room), 3);

  say (&bob, VM_SIGNAL_BYE, NULL);
  fail_unless (bob.closed && !bob.reason);
  heard (&carl, "participant-left meeting-state:active");
  say (&carl, VM_SIGNAL_BYE, NULL);
  g_string_truncate (host.heard, 0);
  fail_unless_equals_int (vm_room_get_state (room), VM_MEETING_STATE_IDLE);
  peer_clear (&bob);
  peer_clear (&carl);

  /* idle comes back, and numbers are not given twice */
  come_in (&bob);
  fail_unless_equals_int (vm_room_get_state (room), VM_MEETING_STATE_ACTIVE);
  fail_unless_equals_string (vm_member_get_id (bob.member), "p004");
  g_string_truncate (host.heard, 0);
  g_string_truncate (bob.heard, 0);
  say (&host, VM_SIGNAL_BYE, NULL);
  heard (&bob, "bye");
  fail_unless (bob.closed && !bob.reason);
  heard (&host, "meeting-state:idle meeting-state:ended");
  fail_unless (host.closed);
  fail_unless (vm_rooms_find (rooms, "standup") == NULL);
  peer_clear (&bob);
}

GST_END_TEST;

static gpointer
peer_of (const gchar *id, gpointer peers)
{
  return &((Peer *) peers)[g_str_equal (id, "p002") ? 0 : 1];
}

/* Its host may have come later than some of its guests. */
GST_START_TEST (test_end_of_what_was_taken_over)
{
  const VmRoomConfig config = { "standup", "Dan", "desk", "DDDD", NULL, 4,
    VM_CALL_TYPE_VIDEO };
  g_autoptr (GPtrArray) members = g_ptr_array_new ();
  VmSignalParticipant bob = { .id = (gchar *) "p002",
    .user = (gchar *) "Bob",
    .device_id = (gchar *) "BBBB" };
  VmSignalParticipant carl = { .id = (gchar *) "p004",
    .user = (gchar *) "Carl",
    .device_id = (gchar *) "CCCC" };
  Peer guests[2], dan;
  const VmRoomPast past = { .id = "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
    .epoch = 2,
    .joined = 4,
    .host_id = "p003",
    .moderator_id = "p004",
    .members = members,
    .make_peer = peer_of,
    .data = guests };

  say (&host, VM_SIGNAL_BYE, NULL);
  g_ptr_array_add (members, &bob);
  g_ptr_array_add (members, &carl);
  peer_init (&guests[0]);
  peer_init (&guests[1]);
  peer_init (&dan);
  room = vm_rooms_take_over (rooms, &config, &past, &dan, &dan.member, NULL);
  fail_unless (room != NULL);
  vm_room_taken_over (room);
  fail_unless_equals_string (guests[0].last->moderator, "p004");
  for (guint i = 0; i < G_N_ELEMENTS (guests); i++)
    g_string_truncate (guests[i].heard, 0);
  say (&dan, VM_SIGNAL_BYE, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (guests); i++) {
    heard (&guests[i], "bye");
    fail_unless (guests[i].closed && !guests[i].reason);
    peer_clear (&guests[i]);
  }
  fail_unless (dan.closed);
  fail_unless (vm_rooms_find (rooms, "standup") == NULL);
  peer_clear (&dan);
}

GST_END_TEST;

GST_START_TEST (test_what_a_newcomer_learns)
{
  Peer bob, carl;
  VmSignalParticipant *who;

  come_in (&bob);
  come_in (&carl);
  fail_unless_equals_string (vm_member_get_id (bob.member), "p002");
  fail_unless_equals_string (vm_member_get_id (carl.member), "p003");
  fail_unless_equals_int (g_strv_length (carl.last->roster), 3);
  fail_unless_equals_string (carl.last->roster[0], "p001");
  fail_unless_equals_string (carl.last->host, "p001");
  fail_unless_equals_int64 (carl.last->epoch, 1);

  {
    g_autoptr (VmSignal) list = vm_signal_new (VM_SIGNAL_WELCOME);

    vm_room_list (room, list, carl.member);
    fail_unless_equals_int (list->participants->len, 2);
    who = g_ptr_array_index (list->participants, 0);
    fail_unless (who->host);
    fail_unless_equals_string (who->user, "Ann");
    who = g_ptr_array_index (list->participants, 1);
    fail_if (who->host);
    fail_unless_equals_string (who->id, "p002");
    fail_unless_equals_string (who->user, "Bob");
    fail_unless_equals_string (who->device, "phone");
    fail_unless_equals_string (who->device_id, "BBBB");
    fail_unless_equals_string (who->nonce, "bm9uY2U=");
    fail_unless_equals_string (who->state, "connecting");
    fail_unless_equals_int (who->call_type, VM_CALL_TYPE_AUDIO);
  }
  peer_clear (&bob);
  peer_clear (&carl);
}

GST_END_TEST;

GST_START_TEST (test_full)
{
  Peer bob, carl, dave;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *early = ask ("standup", NULL, "a", NULL);

  come_in (&bob);
  come_in (&carl);
  fail_unless (ask ("standup", NULL, "a", &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_MEETING_FULL);
  g_clear_error (&error);
  /* a ticket is no seat */
  peer_init (&dave);
  fail_if (sit (&dave, early, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_MEETING_FULL);
  peer_clear (&bob);
  peer_clear (&carl);
  peer_clear (&dave);
}

GST_END_TEST;

GST_START_TEST (test_tickets)
{
  Peer bob;
  g_autofree gchar *once = ask ("standup", NULL, "a", NULL);
  g_autofree gchar *old = ask ("standup", NULL, "a", NULL);
  g_autofree gchar *kept = NULL;
  g_autoptr (GError) error = NULL;

  fail_if (strcmp (once, old) == 0);
  fail_unless_equals_int (strlen (once), 43);
  peer_init (&bob);
  fail_unless (sit (&bob, once, NULL));
  fail_if (sit (&bob, once, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_TICKET);
  g_clear_error (&error);
  fail_if (sit (&bob, NULL, NULL));
  fail_if (sit (&bob, "", NULL));
  fail_if (sit (&bob, "guess", NULL));

  now += VM_TICKET_TIME - 1;
  kept = ask ("standup", NULL, "a", NULL);
  now += 1;
  fail_if (sit (&bob, old, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_TICKET);
  now += VM_TICKET_TIME - 2;
  fail_unless (sit (&bob, kept, NULL));
  peer_clear (&bob);
}

GST_END_TEST;

/* Below VM_TICKETS_PER_ADDRESS and at it each is good; above, the oldest is
 * not. */
GST_START_TEST (test_tickets_of_one_address)
{
  guint given = VM_TICKETS_PER_ADDRESS - 1 + __i__;
  g_autofree gchar *oldest = ask ("standup", NULL, "a", NULL);
  g_autofree gchar *next = NULL;
  g_autoptr (GError) error = NULL;
  Peer bob, carl;

  now++;
  next = ask ("standup", NULL, "a", NULL);
  now++;
  for (guint i = 2; i < given; i++)
    g_free (ask ("standup", NULL, "a", NULL));
  peer_init (&bob);
  peer_init (&carl);
  fail_unless (sit (&carl, next, NULL));
  fail_unless (sit (&bob, oldest, &error) == (given <= VM_TICKETS_PER_ADDRESS));
  if (given > VM_TICKETS_PER_ADDRESS)
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_TICKET);
  peer_clear (&bob);
  peer_clear (&carl);
}

GST_END_TEST;

GST_START_TEST (test_tickets_are_bounded)
{
  g_autoptr (GError) error = NULL;
  guint n = 0;

  /* one address only replaces its own */
  for (guint i = 0; i < 100; i++)
    g_free (ask ("standup", NULL, "a", NULL));
  fail_unless_equals_int (
      vm_rooms_count_tickets (rooms), VM_TICKETS_PER_ADDRESS);
  do {
    g_autofree gchar *group = g_strdup_printf ("%u", n++);

    g_free (ask ("standup", NULL, group, &error));
  } while (!error && n < 1000);
  g_assert_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
  fail_unless_equals_int (vm_rooms_count_tickets (rooms), VM_TICKETS_MAX);
  now += VM_TICKET_TIME;
  vm_rooms_tick (rooms, now);
  fail_unless_equals_int (vm_rooms_count_tickets (rooms), 0);
}

GST_END_TEST;

GST_START_TEST (test_ticket_of_an_earlier_meeting)
{
  Peer bob;
  g_autofree gchar *ticket = ask ("standup", NULL, "a", NULL);
  g_autoptr (GError) error = NULL;

  vm_room_end (room);
  peer_clear (&host);
  peer_init (&host);
  open_room (NULL, 3);
  peer_init (&bob);
  fail_if (sit (&bob, ticket, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_MEETING_ENDED);
  peer_clear (&bob);
}

GST_END_TEST;

GST_START_TEST (test_names)
{
  g_autofree gchar *fits = g_strnfill (VM_NAME_MAX, 'x');
  g_autofree gchar *longer = g_strnfill (VM_NAME_MAX + 1, 'x');
  const struct
  {
    const gchar *meeting, *user;
    VmError code;
  } cases[] = { { "nothing", "Bob", VM_ERROR_MEETING_NOT_FOUND },
    { "Standup", "Bob", VM_ERROR_MEETING_NOT_FOUND },
    { fits, "Bob", VM_ERROR_MEETING_NOT_FOUND },
    { longer, "Bob", VM_ERROR_BAD_REQUEST },
    { NULL, "Bob", VM_ERROR_BAD_REQUEST }, { "", "Bob", VM_ERROR_BAD_REQUEST },
    { "standup", NULL, VM_ERROR_BAD_REQUEST },
    { "standup", longer, VM_ERROR_BAD_REQUEST },
    { "standup", "a\nb", VM_ERROR_BAD_REQUEST },
    { "standup", "\xff", VM_ERROR_BAD_REQUEST },
    { "standup", "Bob ", VM_ERROR_BAD_REQUEST },
    { "standup",
        "Bo\xe2\x80\x8d"
        "b",
        VM_ERROR_BAD_REQUEST },
    { " standup", "Bob", VM_ERROR_BAD_REQUEST },
    { "standup\xef\xb8\x8f", "Bob", VM_ERROR_BAD_REQUEST } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VmJoin join = { cases[i].meeting, cases[i].user, NULL, NULL, "a", 0 };
    g_autoptr (GError) error = NULL;
    gchar *ticket = NULL;

    fail_unless (vm_rooms_join (rooms, &join, now, &ticket, &error) == NULL);
    g_assert_error (error, VM_ERROR, cases[i].code);
  }
}

GST_END_TEST;

GST_START_TEST (test_bad_configs)
{
  g_autofree gchar *longer = g_strnfill (VM_NAME_MAX + 1, 'x');
  const VmRoomConfig bad[] = { { NULL, "Ann", "", "", NULL, 10 },
    { "", "Ann", "", "", NULL, 10 }, { longer, "Ann", "", "", NULL, 10 },
    { "a", longer, "", "", NULL, 10 }, { "a", " Ann", "", "", NULL, 10 },
    { "a", "A\xe2\x80\x8dnn", "", "", NULL, 10 },
    { "a ", "Ann", "", "", NULL, 10 }, { "a", "Ann", "", "", "12345", 10 },
    { "a", "Ann", "", "", NULL, 1 }, { "a", "Ann", "", "", NULL, 129 },
    { "standup", "Ann", "", "", NULL, 10 } };
  VmMember *member;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (
        vm_rooms_open (rooms, &bad[i], &host, &member, &error) == NULL);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  }
}

GST_END_TEST;

GST_START_TEST (test_lock)
{
  Peer bob;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) lock = vm_signal_new (VM_SIGNAL_LOCK);

  lock->seq = 5;
  lock->locked = TRUE;
  come_in (&bob);
  g_string_truncate (bob.heard, 0);
  g_string_truncate (host.heard, 0);
  vm_member_receive (bob.member, lock);
  heard_error (&bob, VM_ERROR_NOT_TRUSTED);
  fail_unless (vm_room_shows_who (vm_rooms_find (rooms, "standup")));
  vm_member_receive (host.member, lock);
  heard (&bob, "meeting-state:active");
  fail_unless (bob.last->locked);
  fail_if (vm_room_shows_who (vm_rooms_find (rooms, "standup")));
  fail_unless (ask ("standup", NULL, "a", &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_MEETING_LOCKED);
  lock->locked = FALSE;
  vm_member_receive (host.member, lock);
  g_free (ask ("standup", NULL, "a", &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_MEETING_LOCKED);
  peer_clear (&bob);
}

GST_END_TEST;

GST_START_TEST (test_locked_between_ticket_and_hello)
{
  Peer bob;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) lock = vm_signal_new (VM_SIGNAL_LOCK);
  g_autofree gchar *ticket = ask ("standup", NULL, "a", NULL);

  lock->locked = TRUE;
  vm_member_receive (host.member, lock);
  peer_init (&bob);
  fail_if (sit (&bob, ticket, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_MEETING_LOCKED);
  peer_clear (&bob);
}

GST_END_TEST;

GST_START_TEST (test_routing)
{
  Peer bob, carl;
  const VmSignalType directed[] = { VM_SIGNAL_OFFER, VM_SIGNAL_ANSWER,
    VM_SIGNAL_CANDIDATE, VM_SIGNAL_RESTART };
  const VmSignalType to_all[] = { VM_SIGNAL_CHAT, VM_SIGNAL_PRESENCE,
    VM_SIGNAL_HAND };

  come_in (&bob);
  come_in (&carl);
  g_string_truncate (bob.heard, 0);
  g_string_truncate (carl.heard, 0);
  g_string_truncate (host.heard, 0);
  for (guint i = 0; i < G_N_ELEMENTS (directed); i++) {
    say (&bob, directed[i], "p003");
    heard (&carl, vm_signal_type_to_string (directed[i]));
    /* who it is from is the server's word */
    fail_unless_equals_string (carl.last->from, "p002");
    say (&bob, directed[i], "p009");
    heard_error (&bob, VM_ERROR_UNROUTABLE);
    say (&bob, directed[i], "p002");
    heard_error (&bob, VM_ERROR_UNROUTABLE);
    say (&bob, directed[i], NULL);
    heard_error (&bob, VM_ERROR_BAD_MESSAGE);
  }
  for (guint i = 0; i < G_N_ELEMENTS (to_all); i++) {
    say (&bob, to_all[i], NULL);
    heard (&carl, vm_signal_type_to_string (to_all[i]));
    heard (&host, vm_signal_type_to_string (to_all[i]));
    say (&bob, to_all[i], "p001");
    heard (&host, vm_signal_type_to_string (to_all[i]));
    heard (&carl, "");
  }
  heard (&bob, "");
  peer_clear (&bob);
  peer_clear (&carl);
}

GST_END_TEST;

static void
react (Peer *peer, const gchar *sign)
{
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_REACTION);

  signal->reaction = g_strdup (sign);
  signal->seq = 5;
  vm_member_receive (peer->member, signal);
}

/* Some at once, then some a second. */
GST_START_TEST (test_reactions)
{
  Peer bob;

  come_in (&bob);
  vm_rooms_tick (rooms, now);
  g_string_truncate (host.heard, 0);
  g_string_truncate (bob.heard, 0);
  for (guint i = 0; i < VM_REACTION_BURST; i++) {
    react (&bob, "👍");
    heard (&host, "reaction");
    fail_unless_equals_string (host.last->reaction, "👍");
    fail_unless_equals_string (host.last->from, "p002");
  }
  heard (&bob, "");
  react (&bob, "👍");
  heard_error (&bob, VM_ERROR_RATE_LIMITED);
  now += G_USEC_PER_SEC;
  vm_rooms_tick (rooms, now);
  for (guint i = 0; i < VM_REACTION_RATE; i++) {
    react (&bob, "🎉");
    heard (&host, "reaction");
  }
  react (&bob, "🎉");
  heard_error (&bob, VM_ERROR_RATE_LIMITED);
  heard (&host, "");
  react (&bob, "");
  heard_error (&bob, VM_ERROR_BAD_MESSAGE);
  peer_clear (&bob);
}

GST_END_TEST;

GST_START_TEST (test_only_the_server_says)
{
  Peer bob;
  const VmSignalType types[] = { VM_SIGNAL_HELLO, VM_SIGNAL_WELCOME,
    VM_SIGNAL_PARTICIPANT_JOINED, VM_SIGNAL_PARTICIPANT_LEFT,
    VM_SIGNAL_MEETING_STATE };

  come_in (&bob);
  g_string_truncate (bob.heard, 0);
  g_string_truncate (host.heard, 0);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    say (&bob, types[i], NULL);
    heard_error (&bob, VM_ERROR_BAD_MESSAGE);
  }
  /* an error is never answered with an error */
  say (&bob, VM_SIGNAL_ERROR, NULL);
  heard (&bob, "");
  heard (&host, "");
  peer_clear (&bob);
}

GST_END_TEST;

/* Of a hosted meeting those of its host, which do not change. */
GST_START_TEST (test_ice_servers)
{
  Peer bob, carl;

  come_in (&bob);
  come_in (&carl);
  g_string_truncate (bob.heard, 0);
  g_string_truncate (carl.heard, 0);
  say (&bob, VM_SIGNAL_ICE_SERVERS, "p003");
  heard (&bob, "ice-servers");
  heard (&carl, "");
  fail_unless (bob.last->ice.uris && !bob.last->ice.uris[0]);
  fail_unless_equals_int (bob.last->ice.expires_in, 0);
  peer_clear (&bob);
  peer_clear (&carl);
}

GST_END_TEST;

GST_START_TEST (test_host_only)
{
  Peer bob, carl;

  come_in (&bob);
  come_in (&carl);
  g_string_truncate (bob.heard, 0);
  g_string_truncate (carl.heard, 0);
  say (&bob, VM_SIGNAL_KICK, "p003");
  heard_error (&bob, VM_ERROR_NOT_TRUSTED);
  say (&bob, VM_SIGNAL_MUTE_REQUEST, "p003");
  heard_error (&bob, VM_ERROR_NOT_TRUSTED);
  heard (&carl, "");
  say (&host, VM_SIGNAL_MUTE_REQUEST, "p003");
  heard (&carl, "mute-request");
  g_string_truncate (host.heard, 0);
  say (&host, VM_SIGNAL_KICK, "p001");
  heard_error (&host, VM_ERROR_UNROUTABLE);
  say (&host, VM_SIGNAL_KICK, "p003");
  heard (&carl, "kick");
  fail_unless (carl.closed);
  g_assert_error (carl.reason, VM_ERROR, VM_ERROR_KICKED);
  heard (&bob, "participant-left meeting-state:active");
  peer_clear (&bob);
  peer_clear (&carl);
}

GST_END_TEST;

static void
say_state (Peer *peer, const gchar *id, const gchar *state)
{
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_PARTICIPANT_STATE);

  signal->id = g_strdup (id);
  signal->state = g_strdup (state);
  signal->seq = 5;
  vm_member_receive (peer->member, signal);
}

GST_START_TEST (test_participant_states)
{
  Peer bob;

  come_in (&bob);
  g_string_truncate (bob.heard, 0);
  g_string_truncate (host.heard, 0);
  say_state (&bob, NULL, "connected");
  heard (&host, "participant-state:connected");
  fail_unless_equals_string (host.last->id, "p002");
  heard (&bob, "participant-state:connected");
  say_state (&bob, "p002", "connected");
  heard (&host, "");
  say_state (&bob, "p001", "connected");
  heard_error (&bob, VM_ERROR_BAD_MESSAGE);
  say_state (&bob, NULL, "connecting");
  heard_error (&bob, VM_ERROR_BAD_MESSAGE);
  peer_clear (&bob);
}

GST_END_TEST;

GST_START_TEST (test_vanished)
{
  Peer bob;
  g_autoptr (GError) reason =
      g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED, "gone");

  come_in (&bob);
  g_string_truncate (host.heard, 0);
  vm_member_leave (bob.member, reason);
  heard (&host, "participant-left meeting-state:idle");
  fail_unless (bob.closed);
  peer_clear (&bob);
}

GST_END_TEST;

static void
use_pin (void)
{
  vm_room_end (room);
  peer_clear (&host);
  peer_init (&host);
  open_room ("123456", 3);
}

static void
try_pin (const gchar *pin, const gchar *group, gint code)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *ticket = ask ("standup", pin, group, &error);

  if (code < 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, VM_ERROR, code);
  fail_unless ((ticket != NULL) == (code < 0));
}

GST_START_TEST (test_pin)
{
  use_pin ();
  try_pin (NULL, "a", VM_ERROR_WRONG_PIN);
  try_pin ("123456", "a", -1);
  try_pin ("12345", "b", VM_ERROR_WRONG_PIN);
  try_pin ("1234567", "c", VM_ERROR_WRONG_PIN);
  try_pin ("", "d", VM_ERROR_WRONG_PIN);
  try_pin ("123457", "e", VM_ERROR_WRONG_PIN);
}

GST_END_TEST;

GST_START_TEST (test_pin_delays)
{
  gint64 delay = VM_PIN_DELAY_MIN;

  use_pin ();
  for (guint i = 0; i < 12; i++) {
    try_pin ("000000", "a", VM_ERROR_WRONG_PIN);
    now += delay - 1;
    /* too early, the right one too */
    try_pin ("123456", "a", VM_ERROR_RATE_LIMITED);
    /* others are not held up */
    try_pin ("123456", "b", -1);
    now += 1;
    delay = MIN (delay * 2, 25 * SECOND);
  }
  fail_unless_equals_int64 (delay, 25 * SECOND);
  try_pin ("123456", "a", -1);
  /* and it begins anew */
  try_pin ("000000", "a", VM_ERROR_WRONG_PIN);
  now += VM_PIN_DELAY_MIN;
  try_pin ("123456", "a", -1);
}

GST_END_TEST;

GST_START_TEST (test_pin_suspends)
{
  use_pin ();
  for (guint i = 0; i < VM_PIN_WRONG_MAX; i++) {
    g_autofree gchar *group = g_strdup_printf ("10.0.0.%u", i);

    try_pin ("000000", group, VM_ERROR_WRONG_PIN);
  }
  try_pin ("123456", "other", VM_ERROR_RATE_LIMITED);
  now += VM_PIN_WRONG_TIME - 1;
  try_pin ("123456", "other", VM_ERROR_RATE_LIMITED);
  now += 1;
  try_pin ("123456", "other", -1);
}

GST_END_TEST;

GST_START_TEST (test_pin_guard_is_bounded)
{
  g_autoptr (VmPinGuard) guard = vm_pin_guard_new ();

  /* the worst guesser is not forgotten for a flood of others */
  for (guint i = 0; i < 5; i++)
    vm_pin_guard_wrong (guard, "worst", now);
  for (guint i = 0; i < 2 * VM_PIN_ADDRESSES; i++) {
    g_autofree gchar *group = g_strdup_printf ("%u", i);

    vm_pin_guard_wrong (guard, group, now);
  }
  fail_if (vm_pin_guard_allows (guard, "worst", now + SECOND, NULL));
  fail_unless (vm_pin_guard_allows (guard, "worst", now + 2 * SECOND, NULL));
}

GST_END_TEST;

/* An id belongs to a key, and whoever shows another is somebody else. */
GST_START_TEST (test_id_and_key)
{
  g_autofree gchar *hash = g_strnfill (43, 'A');
  g_autofree gchar *id = vm_device_id_from_key_hash (hash);
  const struct
  {
    const gchar *id, *key;
    gboolean admitted;
  } cases[] = { { id, hash, TRUE }, { NULL, hash, TRUE }, { "", hash, TRUE },
    { id, NULL, TRUE }, { "BBBB", hash, FALSE }, { id, "another", FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VmJoin join = { "standup", "Bob", cases[i].id, NULL, "a",
      VM_CALL_TYPE_VIDEO, cases[i].key };
    g_autofree gchar *text = NULL;
    g_autoptr (GError) error = NULL;

    fail_unless_equals_int (
        vm_rooms_join (rooms, &join, now, &text, &error) != NULL,
        cases[i].admitted);
    if (!cases[i].admitted)
      g_assert_error (error, VM_ERROR, VM_ERROR_WRONG_KEY);
  }
}

GST_END_TEST;

static Suite *
rooms_suite (void)
{
  Suite *s = suite_create ("rooms");
  TCase *tc = tcase_create ("rooms");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_life);
  tcase_add_test (tc, test_end_of_what_was_taken_over);
  tcase_add_test (tc, test_what_a_newcomer_learns);
  tcase_add_test (tc, test_id_and_key);
  tcase_add_test (tc, test_full);
  tcase_add_test (tc, test_tickets);
  tcase_add_loop_test (tc, test_tickets_of_one_address, 0, 3);
  tcase_add_test (tc, test_tickets_are_bounded);
  tcase_add_test (tc, test_ticket_of_an_earlier_meeting);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_bad_configs);
  tcase_add_test (tc, test_lock);
  tcase_add_test (tc, test_locked_between_ticket_and_hello);
  tcase_add_test (tc, test_routing);
  tcase_add_test (tc, test_reactions);
  tcase_add_test (tc, test_only_the_server_says);
  tcase_add_test (tc, test_ice_servers);
  tcase_add_test (tc, test_host_only);
  tcase_add_test (tc, test_participant_states);
  tcase_add_test (tc, test_vanished);
  tcase_add_test (tc, test_pin);
  tcase_add_test (tc, test_pin_delays);
  tcase_add_test (tc, test_pin_suspends);
  tcase_add_test (tc, test_pin_guard_is_bounded);
  return s;
}

CHECK_PROGRAM (rooms)
