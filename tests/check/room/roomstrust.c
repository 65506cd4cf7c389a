/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whom the room model admits, by policy, by what is known of a device, and by
 * the way it comes in: security.md#policies. What facts mean is decision.c's to
 * test; what becomes of those inside, roomsinside.c's. */

#include "program.h"
#include "support/trust/roomtrust.h"
#include "support/trust/storefixture.h"
#include "trust/keys/vmidentity-priv.h"

#include <string.h>

#define IN -1
#define NO VM_ERROR_NOT_TRUSTED
#define NEW VM_ERROR_KEY_CHANGED

static const struct
{
  Fact fact;
  Way way;
  gint open, pin, require; /* IN, or the error */
  const gchar *seen;
} cases[] = {
  { NOTHING, NATIVE, IN, IN, NO, "unknown" },
  { SEEN, NATIVE, IN, IN, NO, "known" },
  { GIVEN, NATIVE, IN, IN, IN, "trusted" },
  { GIVEN_FILE, NATIVE, IN, IN, NO, "trusted" },
  { EXPIRED, NATIVE, IN, IN, NO, "known" },
  { REVOKED, NATIVE, NO, NO, NO, NULL },
  { DAMAGED, NATIVE, NO, NO, NO, NULL },
  { CHANGED, NATIVE, IN, NEW, NO, "known" },
  { GIVEN, NATIVE_KEYLESS, IN, IN, NO, "unknown" },
  { REVOKED, NATIVE_KEYLESS, IN, IN, NO, "unknown" },
  { NOTHING, ROOM, IN, IN, NO, "unknown" },
  { GIVEN, ROOM, IN, IN, NO, "unknown" },
  { NOTHING, ROOM_KEY, IN, IN, NO, "unknown" },
  { GIVEN, ROOM_KEY, IN, IN, IN, "trusted" },
  { REVOKED, ROOM_KEY, NO, NO, NO, NULL },
};

static void
check_case (guint i, VmPolicy policy, gint expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *seen = NULL;
  gboolean in;
  Peer bob;

  vm_rooms_set_policy (rooms, policy);
  know (cases[i].fact);
  g_string_truncate (refusals, 0);
  in = come (&bob, cases[i].way, NULL, &error);
  fail_unless (in == (expected == IN), "case %u, policy %d: %s", i, policy,
      error ? error->message : "let in");
  if (in) {
    seen = seen_as ();
    fail_unless_equals_string (seen, cases[i].seen);
    fail_unless_equals_string (refusals->str, "");
    vm_member_leave (bob.member, NULL);
  } else {
    fail_unless (g_error_matches (error, VM_ERROR, expected),
        "case %u, policy %d: %s", i, policy, error->message);
    fail_unless (strstr (refusals->str, vm_error_to_code (expected)) != NULL);
    fail_unless_equals_int (vm_room_count (room), 1);
  }
  peer_clear (&bob);
}

GST_START_TEST (test_policies)
{
  const gint expected[] = { cases[__i__].open, cases[__i__].pin,
    cases[__i__].require };

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    check_case (__i__, (VmPolicy) i, expected[i]);
  know (NOTHING);
}

GST_END_TEST;

/* Without a word to the user: many devices are asked for a meeting that is
 * another's. */
GST_START_TEST (test_names_are_not_to_be_guessed)
{
  const gchar *const meetings[] = { "standup", "no such" };
  g_autofree gchar *message = NULL;

  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  for (guint i = 0; i < G_N_ELEMENTS (meetings); i++) {
    const VmJoin native = { .meeting = meetings[i],
      .user = "Bob",
      .group = "10.0.0.2",
      .key = vm_identity_get_key_hash (f.bob) };
    const VmJoin browser = { .meeting = meetings[i], .group = "10.0.0.2" };
    g_autoptr (GError) error = NULL;
    g_autoptr (GError) other = NULL;
    g_autofree gchar *text = NULL;
    Peer bob;

    peer_init (&bob);
    g_string_truncate (refusals, 0);
    fail_if (vm_rooms_join (rooms, &native, now, &text, &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
    fail_if (vm_rooms_enter (rooms, &browser, "x", NULL, &bob, now, &other));
    g_assert_error (other, VM_ERROR, VM_ERROR_NOT_TRUSTED);
    fail_unless_equals_string (
        refusals->str, i ? "" : "Bob:NOT_TRUSTED -:NOT_TRUSTED ");
    if (message)
      fail_unless_equals_string (error->message, message);
    g_free (message);
    message = g_strdup (error->message);
    peer_clear (&bob);
  }
  /* who is trusted hears what there is */
  know (GIVEN);
  {
    const VmJoin join = { .meeting = "no such",
      .user = "Bob",
      .group = "10.0.0.2",
      .key = vm_identity_get_key_hash (f.bob) };
    g_autoptr (GError) error = NULL;
    g_autofree gchar *text = NULL;

    fail_if (vm_rooms_join (rooms, &join, now, &text, &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND);
  }
  know (NOTHING);
}

GST_END_TEST;

/* Who knows nobody lets nobody in. */
GST_START_TEST (test_without_a_store)
{
  g_autoptr (GError) error = NULL;
  Peer bob;

  teardown ();
  room_funcs.know = NULL;
  setup ();
  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  fail_if (come (&bob, NATIVE, NULL, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  peer_clear (&bob);
}

GST_END_TEST;

/* Ids, dates, files and what to type are the host's own business. */
GST_START_TEST (test_strangers_are_told_little)
{
  static const struct
  {
    Fact fact;
    const gchar *word; /* that only the host reads */
  } told[] = {
    { CHANGED, "OLD-ID" },
    { CHANGED, "videomeet forget" },
    { DAMAGED, "revoked" },
    { REVOKED, "revoked" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (told); i++) {
    g_autoptr (GError) error = NULL;
    Peer bob;

    know (told[i].fact);
    fail_if (come (&bob, NATIVE, NULL, &error));
    fail_unless (strstr (reason_told, told[i].word), "%s", reason_told);
    fail_if (strstr (error->message, told[i].word), "%s", error->message);
    fail_if (strpbrk (error->message, "0123456789/"), "%s", error->message);
    peer_clear (&bob);
  }
  know (NOTHING);
}

GST_END_TEST;

/* Whom the policy shuts out has no PINs to try, and hears nothing of the
 * room. */
GST_START_TEST (test_before_the_pin)
{
  VmJoin join = { "standup", "Bob", NULL, "wrong1", "10.0.0.2" };
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = NULL;

  vm_room_end (room);
  peer_clear (&host);
  peer_init (&host);
  open_room ("123456", 2);
  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  for (guint i = 0; i <= VM_PIN_WRONG_MAX; i++) {
    fail_unless (vm_rooms_join (rooms, &join, now, &text, &error) == NULL);
    g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
    g_clear_error (&error);
  }
  /* so none of these counts */
  vm_rooms_set_policy (rooms, VM_POLICY_PIN);
  join.pin = "123456";
  fail_unless (vm_rooms_join (rooms, &join, now, &text, &error) != NULL);
}

GST_END_TEST;

/* A token that comes along, under `require`. @seen when it is not let in: that
 * it was removed. */
static void
check_token (VmToken *token, gboolean in, const gchar *seen)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *as = NULL;
  Peer bob;

  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  fail_unless (come (&bob, NATIVE, token, &error) == in, "%s",
      error ? error->message : "let in");
  if (in) {
    as = seen_as ();
    fail_unless_equals_string (as, seen);
    vm_member_leave (bob.member, NULL);
  } else {
    const gint code = seen ? VM_ERROR_KICKED : VM_ERROR_NOT_TRUSTED;

    g_assert_error (error, VM_ERROR, code);
  }
  peer_clear (&bob);
}

GST_START_TEST (test_tokens)
{
  g_autoptr (VmToken) mine = fixture_token (f.me, f.bob, VM_PERMISSIONS_CALL);
  g_autoptr (VmToken) stolen = fixture_token (f.me, f.eve, VM_PERMISSIONS_CALL);
  g_autoptr (VmToken) vouched =
      fixture_token (f.ann, f.bob, VM_PERMISSIONS_CALL);
  g_autoptr (VmToken) self_made =
      fixture_token (f.bob, f.ann, VM_PERMISSIONS_CALL);
  g_autoptr (VmToken) stranger =
      fixture_token (f.eve, f.bob, VM_PERMISSIONS_CALL);

  /* the host's store has the last word on what the host gave */
  know (GIVEN);
  check_token (mine, TRUE, "trusted");
  check_token (stolen, TRUE, "trusted");
  know (SEEN);
  check_token (mine, FALSE, NULL);
  check_token (stolen, FALSE, NULL);
  check_token (self_made, FALSE, NULL);
  check_token (stranger, FALSE, NULL);
  check_token (vouched, TRUE, "vouched");
  know (REVOKED);
  check_token (vouched, FALSE, NULL);
  check_token (mine, FALSE, NULL);
}

GST_END_TEST;

static VmToken *
guest_token (VmIdentity *who)
{
  g_autoptr (GError) error = NULL;
  VmToken *token = vm_token_issue (f.me, vm_identity_get_spki (who),
      VM_PERMISSIONS_CALL, vm_room_get_id (room), FIXTURE_NOW,
      FIXTURE_NOW + FIXTURE_DAY, &error);

  g_assert_no_error (error);
  return token;
}

static void
unban (const gchar *id)
{
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_UNBAN);

  signal->id = g_strdup (id);
  vm_member_receive (host.member, signal);
}

/* Who came by an invitation and was removed does not come in by it again, as
 * who left by itself does, however well it is known. */
GST_START_TEST (test_removed_guest)
{
  g_autoptr (VmToken) token = guest_token (f.bob);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *id = NULL;
  Peer bob;

  know (NOTHING);
  check_token (token, TRUE, "guest"); /* and leaves */
  check_token (token, TRUE, "guest");
  fail_unless (come (&bob, NATIVE, token, &error));
  id = g_strdup (bob.member->id);
  say (&host, VM_SIGNAL_KICK, bob.member->id);
  fail_unless (bob.closed);
  g_assert_error (bob.reason, VM_ERROR, VM_ERROR_KICKED);
  check_token (token, FALSE, "removed");
  know (GIVEN);
  check_token (token, FALSE, "removed");
  unban (id);
  check_token (token, TRUE, "trusted");
  know (NOTHING);
  check_token (token, TRUE, "guest");
  peer_clear (&bob);
}

GST_END_TEST;

/* As many as the room remembers. */
GST_START_TEST (test_removed_guests)
{
  VmMember member = { .trust = VM_TRUST_LEVEL_GUEST };
  g_autoptr (VmToken) token = guest_token (f.bob);

  know (NOTHING);
  member.key = (gchar *) vm_identity_get_key_hash (f.bob);
  vm_room_bar (room, &member);
  for (guint i = 0; i <= VM_ROOM_BARRED_MAX; i++) {
    g_autofree gchar *key = g_strdup_printf ("key %u", i);

    check_token (token, i == VM_ROOM_BARRED_MAX, "guest");
    member.key = key;
    vm_room_bar (room, &member);
    fail_unless_equals_int (room->barred->len, MIN (i + 2, VM_ROOM_BARRED_MAX));
  }
}

GST_END_TEST;

/* The name by which the others see who has come. */
static gchar *
called (void)
{
  g_autoptr (VmSignal) list = vm_signal_new (VM_SIGNAL_WELCOME);
  const VmSignalParticipant *who;

  vm_room_list (room, list, NULL);
  who = g_ptr_array_index (list->participants, 1);
  return g_strdup (who->user);
}

/* Who is trusted as Carl is Carl, whatever it says; of others it is said how
 * well they are known. */
GST_START_TEST (test_names_are_labels)
{
  static const struct
  {
    Fact fact;
    const gchar *stored, *called;
  } names[] = {
    { GIVEN, "Carl", "Carl" },
    { GIVEN, "Bob", "Bob" },
    { GIVEN, "", "Bob" },
    { GIVEN, NULL, "Bob" },
    { SEEN, "Carl", "Bob" },
    { NOTHING, NULL, "Bob" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *name = NULL;
    Peer bob;

    know (names[i].fact);
    known.user = (gchar *) names[i].stored;
    fail_unless (come (&bob, NATIVE, NULL, NULL));
    name = called ();
    fail_unless_equals_string (name, names[i].called);
    vm_member_leave (bob.member, NULL);
    peer_clear (&bob);
  }
  know (NOTHING);
}

GST_END_TEST;

static Suite *
roomstrust_suite (void)
{
  Suite *suite = suite_create ("roomstrust");
  TCase *tests = tcase_create ("admission");

  tcase_add_checked_fixture (tests, room_trust_setup, room_trust_teardown);
  tcase_add_loop_test (tests, test_policies, 0, G_N_ELEMENTS (cases));
  tcase_add_test (tests, test_names_are_not_to_be_guessed);
  tcase_add_test (tests, test_without_a_store);
  tcase_add_test (tests, test_strangers_are_told_little);
  tcase_add_test (tests, test_before_the_pin);
  tcase_add_test (tests, test_tokens);
  tcase_add_test (tests, test_removed_guest);
  tcase_add_test (tests, test_removed_guests);
  tcase_add_test (tests, test_names_are_labels);
  suite_add_tcase (suite, tests);
  return suite;
}

CHECK_PROGRAM (roomstrust)
