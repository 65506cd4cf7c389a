/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What becomes of who has a seat when more, or less, is known of it, or the
 * policy changes: security.md#policies. */

#include "program.h"
#include "support/trust/roomtrust.h"
#include "support/trust/storefixture.h"
#include "trust/keys/vmidentity-priv.h"

#include <string.h>

static void
check_sent_out (Peer *peer, VmError code)
{
  fail_unless (peer->closed);
  g_assert_error (peer->reason, VM_ERROR, code);
  fail_if (strstr (peer->reason->message, "revoked") != NULL);
  fail_unless_equals_int (vm_room_count (room), 1);
  fail_unless (g_str_has_prefix (host.heard->str, "participant-left"), "%s",
      host.heard->str);
}

/* What is known changes while somebody sits there. */
GST_START_TEST (test_revoked_inside)
{
  const Way ways[] = { NATIVE, ROOM_KEY };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++) {
    Peer bob;
    g_autofree gchar *seen = NULL;

    know (SEEN);
    fail_unless (come (&bob, ways[i], NULL, NULL));
    know (GIVEN);
    vm_rooms_check (rooms);
    fail_if (bob.closed);
    seen = seen_as ();
    fail_unless_equals_string (seen, "trusted");
    know (REVOKED);
    g_string_truncate (host.heard, 0);
    vm_rooms_check (rooms);
    check_sent_out (&bob, VM_ERROR_NOT_TRUSTED);
    peer_clear (&bob);
  }
  know (NOTHING);
}

GST_END_TEST;

/* Whoever has a seat has it by its key, whoever is known by its names since;
 * whoever knocks is judged by them. */
GST_START_TEST (test_named_by_another_meanwhile)
{
  g_autoptr (GError) error = NULL;
  Peer bob, again;

  know (SEEN);
  fail_unless (come (&bob, NATIVE, NULL, NULL));
  know (CHANGED);
  vm_rooms_check (rooms);
  fail_if (bob.closed);
  vm_member_lose (bob.member, now);
  fail_unless (vm_rooms_find_lost (rooms, bob.token,
                   vm_identity_get_key_hash (f.bob), now, NULL)
               == bob.member);
  fail_if (come (&again, NATIVE, NULL, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_KEY_CHANGED);
  vm_rooms_set_policy (rooms, VM_POLICY_OPEN);
  vm_rooms_set_policy (rooms, VM_POLICY_PIN);
  fail_if (bob.closed);
  know (REVOKED);
  g_string_truncate (host.heard, 0);
  vm_rooms_check (rooms);
  check_sent_out (&bob, VM_ERROR_NOT_TRUSTED);
  know (NOTHING);
  peer_clear (&bob);
  peer_clear (&again);
}

GST_END_TEST;

/* Names that nobody judged at the door are judged when somebody does. */
GST_START_TEST (test_named_by_another_under_open)
{
  Peer bob;

  vm_rooms_set_policy (rooms, VM_POLICY_OPEN);
  know (CHANGED);
  fail_unless (come (&bob, NATIVE, NULL, NULL));
  vm_rooms_check (rooms);
  fail_if (bob.closed);
  g_string_truncate (host.heard, 0);
  vm_rooms_set_policy (rooms, VM_POLICY_PIN);
  check_sent_out (&bob, VM_ERROR_KEY_CHANGED);
  know (NOTHING);
  peer_clear (&bob);
}

GST_END_TEST;

static void
heard_level (const gchar *trust, const gchar *voucher, gboolean token)
{
  heard (&host, "participant-state:connecting");
  fail_unless_equals_string (host.last->trust, trust);
  fail_unless_equals_string (host.last->voucher, voucher);
  fail_unless (!host.last->token == !token);
}

/* Everybody hears it when somebody is known better, or less, and once. */
GST_START_TEST (test_known_better_meanwhile)
{
  g_autoptr (VmToken) vouched =
      fixture_token (f.ann, f.bob, VM_PERMISSIONS_CALL);
  g_autoptr (VmSignal) list = vm_signal_new (VM_SIGNAL_WELCOME);
  Peer bob;

  know (GIVEN);
  fail_unless (come (&bob, NATIVE, vouched, NULL));
  g_string_truncate (host.heard, 0);
  vm_rooms_check (rooms);
  heard (&host, "");
  know (SEEN);
  vm_rooms_check (rooms);
  heard_level ("vouched", "Ann", TRUE);
  vm_room_list (room, list, NULL);
  fail_unless_equals_string (
      ((VmSignalParticipant *) list->participants->pdata[1])->voucher, "Ann");
  vm_rooms_check (rooms);
  heard (&host, "");
  know (GIVEN);
  vm_rooms_check (rooms);
  heard_level ("trusted", NULL, FALSE);
  today = vouched->not_after + 1;
  know (SEEN);
  vm_rooms_check (rooms);
  heard_level ("known", NULL, FALSE);
  know (NOTHING);
  peer_clear (&bob);
}

GST_END_TEST;

/* Who is remembered because it came was not known when it came. */
GST_START_TEST (test_remembered_meanwhile)
{
  g_autofree gchar *seen = NULL;
  Peer bob;

  know (NOTHING);
  fail_unless (come (&bob, NATIVE, NULL, NULL));
  g_string_truncate (host.heard, 0);
  know (SEEN);
  vm_rooms_check (rooms);
  heard (&host, "");
  seen = seen_as ();
  fail_unless_equals_string (seen, "unknown");
  know (NOTHING);
  peer_clear (&bob);
}

GST_END_TEST;

/* A seat keeps its name, and nobody is shown as trusted by another's. */
GST_START_TEST (test_trusted_under_another_name)
{
  g_autofree gchar *before = NULL;
  g_autofree gchar *after = NULL;
  Peer bob;

  know (SEEN);
  fail_unless (come (&bob, NATIVE, NULL, NULL));
  g_string_truncate (host.heard, 0);
  know (GIVEN);
  known.user = (gchar *) "Mallory";
  vm_rooms_check (rooms);
  heard (&host, "");
  before = seen_as ();
  fail_unless_equals_string (before, "known");
  known.user = (gchar *) "Bob";
  vm_rooms_check (rooms);
  after = seen_as ();
  fail_unless_equals_string (after, "trusted");
  know (NOTHING);
  peer_clear (&bob);
}

GST_END_TEST;

/* Of those who were here, the others hear it, even if they are gone. */
GST_START_TEST (test_revoked_in_the_state)
{
  g_autofree gchar *id = NULL;
  gint64 count;
  Peer bob;

  know (SEEN);
  fail_unless (come (&bob, NATIVE, NULL, NULL));
  fail_unless_equals_int (host.last->type, VM_SIGNAL_MEETING_STATE);
  fail_unless_equals_int (g_strv_length (host.last->revoked), 0);
  vm_member_leave (bob.member, NULL);
  count = host.last->count;
  know (REVOKED);
  vm_rooms_check (rooms);
  fail_unless_equals_int (host.last->type, VM_SIGNAL_MEETING_STATE);
  fail_unless_equals_int (host.last->count, count + 1);
  fail_unless_equals_int (g_strv_length (host.last->revoked), 1);
  fail_unless_equals_string (
      host.last->revoked[0], vm_identity_get_device_id (f.bob));
  /* once */
  vm_rooms_check (rooms);
  fail_unless_equals_int (host.last->count, count + 1);
  know (SEEN);
  vm_rooms_check (rooms);
  fail_unless_equals_int (g_strv_length (host.last->revoked), 0);
  know (NOTHING);
  peer_clear (&bob);
}

GST_END_TEST;

/* As many as one message may name. */
GST_START_TEST (test_met)
{
  know (REVOKED);
  for (guint i = 1; i <= VM_ROOM_MET_MAX + 1; i++) {
    /* base64url of a hash */
    g_autofree gchar *key = g_strdup_printf ("%042uA", i);
    VmMember member = { .key = key };
    g_auto (GStrv) revoked = NULL;

    vm_room_meet (room, &member);
    vm_room_meet (room, &member);
    revoked = vm_room_list_revoked (room);
    fail_unless_equals_int (g_strv_length (revoked), MIN (i, VM_ROOM_MET_MAX));
  }
  know (NOTHING);
}

GST_END_TEST;

/* A token that was good at the door is not for ever. */
GST_START_TEST (test_expired_inside)
{
  g_autoptr (VmToken) vouched =
      fixture_token (f.ann, f.bob, VM_PERMISSIONS_CALL);
  Peer bob;

  know (__i__ ? SEEN : GIVEN);
  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  fail_unless (come (&bob, NATIVE, __i__ ? vouched : NULL, NULL));
  vm_rooms_tick (rooms, now);
  fail_if (bob.closed);
  today = __i__ ? vouched->not_after : FIXTURE_NOW;
  vm_rooms_tick (rooms, now + VM_TRUST_CHECK_TIME);
  fail_if (bob.closed);
  today++;
  vm_rooms_tick (rooms, now + 2 * VM_TRUST_CHECK_TIME - 1);
  fail_if (bob.closed);
  g_string_truncate (host.heard, 0);
  vm_rooms_tick (rooms, now + 2 * VM_TRUST_CHECK_TIME);
  check_sent_out (&bob, VM_ERROR_NOT_TRUSTED);
  peer_clear (&bob);
  know (NOTHING);
}

GST_END_TEST;

GST_START_TEST (test_policy_tightened)
{
  Peer bob, carl;

  know (GIVEN);
  fail_unless (come (&bob, NATIVE, NULL, NULL));
  fail_unless (come (&carl, ROOM, NULL, NULL));
  g_string_truncate (host.heard, 0);
  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  fail_if (bob.closed);
  fail_unless (carl.closed);
  g_assert_error (carl.reason, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  fail_unless_equals_int (vm_room_count (room), 2);
  know (NOTHING);
  peer_clear (&bob);
  peer_clear (&carl);
}

GST_END_TEST;

/* Between the ticket and the seat, and between two sockets. */
GST_START_TEST (test_revoked_on_the_way)
{
  VmJoin join = { .meeting = "standup",
    .user = "Bob",
    .group = "10.0.0.2",
    .key = vm_identity_get_key_hash (f.bob) };
  g_autofree gchar *text = NULL;
  g_autoptr (VmTicket) ticket = NULL;
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);
  g_autoptr (GError) error = NULL;
  Peer bob;

  know (GIVEN);
  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  fail_unless (vm_rooms_join (rooms, &join, now, &text, NULL) != NULL);
  ticket = vm_rooms_use_ticket (rooms, text, join.key, now, NULL);
  know (REVOKED);
  peer_init (&bob);
  fail_unless (vm_rooms_take_seat (rooms, ticket, hello, &bob, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  g_clear_error (&error);
  peer_clear (&bob);

  know (GIVEN);
  fail_unless (come (&bob, NATIVE, NULL, NULL));
  vm_member_lose (bob.member, now);
  fail_unless (
      vm_rooms_find_lost (rooms, bob.token, join.key, now, NULL) != NULL);
  know (REVOKED);
  fail_unless (
      vm_rooms_find_lost (rooms, bob.token, join.key, now, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  know (NOTHING);
  peer_clear (&bob);
}

GST_END_TEST;

/* This device's other processes are trusted; its host stays whatever comes. */
GST_START_TEST (test_own)
{
  VmJoin join = { .meeting = "standup",
    .user = "Ann",
    .group = "10.0.0.2",
    .key = vm_identity_get_key_hash (f.me) };
  g_autofree gchar *text = NULL;

  know (REVOKED);
  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  fail_unless (vm_rooms_join (rooms, &join, now, &text, NULL) != NULL);
  vm_rooms_check (rooms);
  fail_if (host.closed);
  know (NOTHING);
}

GST_END_TEST;

static Suite *
roomsinside_suite (void)
{
  Suite *suite = suite_create ("roomsinside");
  TCase *tests = tcase_create ("inside");

  tcase_add_checked_fixture (tests, room_trust_setup, room_trust_teardown);
  tcase_add_test (tests, test_revoked_inside);
  tcase_add_test (tests, test_named_by_another_meanwhile);
  tcase_add_test (tests, test_named_by_another_under_open);
  tcase_add_test (tests, test_known_better_meanwhile);
  tcase_add_test (tests, test_remembered_meanwhile);
  tcase_add_test (tests, test_trusted_under_another_name);
  tcase_add_test (tests, test_revoked_in_the_state);
  tcase_add_test (tests, test_met);
  tcase_add_loop_test (tests, test_expired_inside, 0, 2);
  tcase_add_test (tests, test_policy_tightened);
  tcase_add_test (tests, test_revoked_on_the_way);
  tcase_add_test (tests, test_own);
  suite_add_tcase (suite, tests);
  return suite;
}

CHECK_PROGRAM (roomsinside)
