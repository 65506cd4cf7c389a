/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The page of a host's own user: it comes in past whatever keeps others out,
 * and moderates the meeting (protocol/trust.md#the-hosts-page). */

#include "program.h"
#include "support/roompeer.h"

static gchar *
ask_as (gboolean own_page, GError **error)
{
  const VmJoin join = {
    .meeting = "standup", .user = "Ann", .group = "a", .own_page = own_page
  };
  gchar *ticket = NULL;

  vm_rooms_join (rooms, &join, now, &ticket, error);
  return ticket;
}

static void
come_as_page (Peer *peer)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *ticket = ask_as (TRUE, &error);

  g_assert_no_error (error);
  peer_init (peer);
  fail_unless (sit (peer, ticket, &error));
  g_assert_no_error (error);
}

static void
close_meeting (guint how)
{
  switch (how) {
    case 0:
      vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
      break;
    case 1:
      vm_room_end (room);
      peer_clear (&host);
      peer_init (&host);
      open_room ("123456", 3);
      break;
    default: {
      g_autoptr (VmSignal) lock = vm_signal_new (VM_SIGNAL_LOCK);

      lock->locked = TRUE;
      vm_member_receive (host.member, lock);
    }
  }
}

/* By policy, by PIN, by the lock: others stay outside. */
GST_START_TEST (test_admitted)
{
  g_autoptr (GError) error = NULL;
  Peer page;

  close_meeting (__i__);
  fail_unless (ask_as (FALSE, &error) == NULL);
  come_as_page (&page);
  /* nor is it put out */
  vm_rooms_check (rooms);
  fail_if (page.closed);
  peer_clear (&page);
}

GST_END_TEST;

GST_START_TEST (test_moderates)
{
  Peer bob, page;
  g_autoptr (VmSignal) lock = vm_signal_new (VM_SIGNAL_LOCK);

  come_in (&bob);
  fail_unless (bob.last->moderator == NULL);
  come_as_page (&page);
  fail_unless_equals_string (page.last->moderator, "p003");
  fail_unless_equals_string (bob.last->moderator, "p003");
  fail_unless_equals_string (bob.last->host, "p001");
  heard (&page, "welcome:active meeting-state:active");

  lock->seq = 5;
  lock->locked = TRUE;
  g_string_truncate (bob.heard, 0);
  vm_member_receive (bob.member, lock);
  heard_error (&bob, VM_ERROR_NOT_TRUSTED);
  vm_member_receive (page.member, lock);
  heard (&page, "meeting-state:active");
  fail_unless (page.last->locked);
  say (&page, VM_SIGNAL_KICK, "p002");
  fail_unless (
      bob.closed && g_error_matches (bob.reason, VM_ERROR, VM_ERROR_KICKED));
  peer_clear (&bob);
  peer_clear (&page);
}

GST_END_TEST;

GST_START_TEST (test_host_stays)
{
  Peer page;

  come_as_page (&page);
  g_string_truncate (page.heard, 0);
  say (&page, VM_SIGNAL_KICK, "p001");
  heard_error (&page, VM_ERROR_NOT_TRUSTED);
  fail_if (host.closed);
  peer_clear (&page);
}

GST_END_TEST;

/* One that is lost has its seat until it is missed. */
GST_START_TEST (test_last_page_counts)
{
  Peer early, late;

  come_as_page (&early);
  come_as_page (&late);
  fail_unless_equals_string (early.last->moderator, "p003");
  say (&late, VM_SIGNAL_BYE, NULL);
  fail_unless_equals_string (early.last->moderator, "p002");
  say (&early, VM_SIGNAL_BYE, NULL);
  fail_unless (host.last->moderator == NULL);
  peer_clear (&early);
  peer_clear (&late);
}

GST_END_TEST;

static void
say_ended (Peer *peer)
{
  g_autoptr (VmSignal) bye = vm_signal_new (VM_SIGNAL_BYE);

  bye->reason = g_strdup ("ended");
  bye->seq = 6;
  vm_member_receive (peer->member, bye);
}

/* Its word goes to the host, which ends the meeting; another's does not. */
GST_START_TEST (test_end)
{
  Peer bob, page;

  come_in (&bob);
  come_as_page (&page);
  g_string_truncate (host.heard, 0);
  say_ended (&bob);
  heard (&host, "participant-left meeting-state:active");
  say_ended (&page);
  heard (&host, "bye participant-left meeting-state:idle");
  fail_unless (page.closed);
  vm_room_end (room);
  peer_clear (&bob);
  peer_clear (&page);
}

GST_END_TEST;

/* Nobody's page ends with the meeting: no word of it is left. */
GST_START_TEST (test_ends_with_it)
{
  Peer page;

  come_as_page (&page);
  g_string_truncate (host.heard, 0);
  vm_room_end (room);
  fail_unless (page.closed && host.last->moderator == NULL);
  peer_clear (&page);
}

GST_END_TEST;

static Suite *
roomsown_suite (void)
{
  Suite *s = suite_create ("roomsown");
  TCase *tc = tcase_create ("page");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_admitted, 0, 3);
  tcase_add_test (tc, test_moderates);
  tcase_add_test (tc, test_host_stays);
  tcase_add_test (tc, test_last_page_counts);
  tcase_add_test (tc, test_end);
  tcase_add_test (tc, test_ends_with_it);
  return s;
}

CHECK_PROGRAM (roomsown)
