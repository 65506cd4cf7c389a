/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which device of a meeting is the bridge to the cloud. */

#include "bridge/vmbridgeroster.h"

#include "program.h"

#define START (1000 * G_USEC_PER_SEC)
#define SETTLED (START + VM_BRIDGE_SETTLE_US)

static VmBridgeRoster *roster;

static void
setup (void)
{
  roster = vm_bridge_roster_new ();
  vm_bridge_roster_begin (roster, "p003", START);
  vm_bridge_roster_set_own_role (roster, VM_BRIDGE_ROLE_ABLE);
}

static void
teardown (void)
{
  g_clear_pointer (&roster, vm_bridge_roster_free);
}

static void
add (const gchar *id, VmBridgeRole role)
{
  vm_bridge_roster_add (roster, id);
  vm_bridge_roster_set_role (roster, id, role);
}

GST_START_TEST (test_words)
{
  for (VmBridgeRole role = VM_BRIDGE_ROLE_NO; role <= VM_BRIDGE_ROLE_CHOSEN;
       role++)
    fail_unless_equals_int (
        vm_bridge_role_from_word (vm_bridge_role_to_word (role)), role);
  fail_unless_equals_int (vm_bridge_role_from_word (NULL), VM_BRIDGE_ROLE_NO);
  fail_unless_equals_int (vm_bridge_role_from_word ("x"), VM_BRIDGE_ROLE_NO);
}

GST_END_TEST;

GST_START_TEST (test_alone)
{
  g_autoptr (VmBridgeRoster) outside = vm_bridge_roster_new ();

  fail_unless (vm_bridge_roster_is_bridge (roster, START));
  vm_bridge_roster_set_own_role (roster, VM_BRIDGE_ROLE_NO);
  fail_if (vm_bridge_roster_is_bridge (roster, START));
  vm_bridge_roster_set_own_role (outside, VM_BRIDGE_ROLE_CHOSEN);
  fail_if (vm_bridge_roster_is_bridge (outside, START));
}

GST_END_TEST;

/* Others have not told yet what they are. */
GST_START_TEST (test_settles)
{
  vm_bridge_roster_add (roster, "p001");
  fail_if (vm_bridge_roster_is_bridge (roster, SETTLED - 1));
  fail_unless (vm_bridge_roster_is_bridge (roster, SETTLED));
  vm_bridge_roster_set_role (roster, "p001", VM_BRIDGE_ROLE_ABLE);
  fail_if (vm_bridge_roster_is_bridge (roster, SETTLED));
}

GST_END_TEST;

GST_START_TEST (test_earliest)
{
  add ("p004", VM_BRIDGE_ROLE_ABLE);
  add ("p1000", VM_BRIDGE_ROLE_ABLE);
  fail_unless (vm_bridge_roster_is_bridge (roster, SETTLED));
  add ("p002", VM_BRIDGE_ROLE_ABLE);
  fail_if (vm_bridge_roster_is_bridge (roster, SETTLED));
  vm_bridge_roster_set_role (roster, "p002", VM_BRIDGE_ROLE_NO);
  fail_unless (vm_bridge_roster_is_bridge (roster, SETTLED));
  vm_bridge_roster_set_role (roster, "p002", VM_BRIDGE_ROLE_ABLE);
  vm_bridge_roster_remove (roster, "p002");
  fail_unless (vm_bridge_roster_is_bridge (roster, SETTLED));
}

GST_END_TEST;

GST_START_TEST (test_chosen)
{
  add ("p002", VM_BRIDGE_ROLE_ABLE);
  vm_bridge_roster_set_own_role (roster, VM_BRIDGE_ROLE_CHOSEN);
  fail_unless (vm_bridge_roster_is_bridge (roster, SETTLED));
  add ("p004", VM_BRIDGE_ROLE_CHOSEN);
  fail_unless (vm_bridge_roster_is_bridge (roster, SETTLED));
  vm_bridge_roster_set_role (roster, "p002", VM_BRIDGE_ROLE_CHOSEN);
  fail_if (vm_bridge_roster_is_bridge (roster, SETTLED));
  vm_bridge_roster_remove (roster, "p002");
  vm_bridge_roster_set_own_role (roster, VM_BRIDGE_ROLE_ABLE);
  fail_if (vm_bridge_roster_is_bridge (roster, SETTLED));
}

GST_END_TEST;

GST_START_TEST (test_silent)
{
  const gint64 quiet = SETTLED + 10;

  add ("p001", VM_BRIDGE_ROLE_CHOSEN);
  vm_bridge_roster_set_heartbeat (roster, "p001", FALSE, quiet);
  /* the first word counts */
  vm_bridge_roster_set_heartbeat (roster, "p001", FALSE, quiet + 5);
  fail_if (vm_bridge_roster_is_bridge (roster, quiet + VM_BRIDGE_LOST_US - 1));
  fail_unless (vm_bridge_roster_is_bridge (roster, quiet + VM_BRIDGE_LOST_US));
  vm_bridge_roster_set_heartbeat (
      roster, "p001", TRUE, quiet + VM_BRIDGE_LOST_US);
  fail_if (vm_bridge_roster_is_bridge (roster, quiet + VM_BRIDGE_LOST_US));
}

GST_END_TEST;

GST_START_TEST (test_gives_way)
{
  const gint64 lost = SETTLED, away = lost + VM_BRIDGE_AWAY_US;

  /* to nobody */
  fail_if (vm_bridge_roster_gives_way (roster, lost, away));
  add ("p008", VM_BRIDGE_ROLE_NO);
  fail_if (vm_bridge_roster_gives_way (roster, lost, away));
  /* to a later one, which is not the bridge otherwise */
  add ("p009", VM_BRIDGE_ROLE_ABLE);
  fail_unless (vm_bridge_roster_is_bridge (roster, away));
  fail_if (vm_bridge_roster_gives_way (roster, lost, away - 1));
  fail_unless (vm_bridge_roster_gives_way (roster, lost, away));
  fail_unless (vm_bridge_roster_gives_way (roster, lost, away + 1));
  /* with a connection, never */
  fail_if (vm_bridge_roster_gives_way (roster, 0, away));
  vm_bridge_roster_set_heartbeat (roster, "p009", FALSE, lost);
  fail_if (vm_bridge_roster_gives_way (roster, lost, away));
}

GST_END_TEST;

/* A meeting that is joined anew has others, by other ids. */
GST_START_TEST (test_again)
{
  add ("p001", VM_BRIDGE_ROLE_CHOSEN);
  vm_bridge_roster_begin (roster, "p001", SETTLED);
  fail_unless (vm_bridge_roster_is_bridge (roster, SETTLED));
  /* nothing happens for who is not there */
  vm_bridge_roster_set_role (roster, "p009", VM_BRIDGE_ROLE_CHOSEN);
  vm_bridge_roster_set_heartbeat (roster, "p009", FALSE, SETTLED);
  vm_bridge_roster_remove (roster, "p009");
  fail_unless (vm_bridge_roster_is_bridge (roster, SETTLED));
}

GST_END_TEST;

/* Sound that comes alone waits for its picture, and a picture for its sound. */
GST_START_TEST (test_gathers)
{
  const gint64 both = VM_BRIDGE_GATHER_MS * G_TIME_SPAN_MILLISECOND;
  const gint64 one = VM_BRIDGE_GATHER_MAX_MS * G_TIME_SPAN_MILLISECOND;

  fail_if (vm_bridge_is_gathered (both - 1, TRUE, TRUE));
  fail_unless (vm_bridge_is_gathered (both, TRUE, TRUE));
  for (guint sound = 0; sound < 2; sound++) {
    fail_if (vm_bridge_is_gathered (one - 1, sound, !sound));
    fail_unless (vm_bridge_is_gathered (one, sound, !sound));
    fail_unless (vm_bridge_is_gathered (one + 1, sound, !sound));
  }
}

GST_END_TEST;

static Suite *
vmbridgeroster_suite (void)
{
  Suite *suite = suite_create ("vmbridgeroster");
  TCase *tests = tcase_create ("general");

  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, test_words);
  tcase_add_test (tests, test_alone);
  tcase_add_test (tests, test_settles);
  tcase_add_test (tests, test_earliest);
  tcase_add_test (tests, test_chosen);
  tcase_add_test (tests, test_silent);
  tcase_add_test (tests, test_gives_way);
  tcase_add_test (tests, test_again);
  tcase_add_test (tests, test_gathers);
  suite_add_tcase (suite, tests);
  return suite;
}

CHECK_PROGRAM (vmbridgeroster)
