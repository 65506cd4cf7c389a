/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a guest believes of what a host says: of itself, and of others. Ann
 * hosts; Bob and Eve are there; the store is this device's. */

#include "program.h"
#include "support/trust/storefixture.h"

#include <gst/videomeet/client/hostverifier.h>
#include <gst/videomeet/trust/keys/statesignature.h>

#include <string.h>

#define CALL VM_PERMISSIONS_CALL
#define INTRODUCER (VM_PERMISSIONS_CALL | VM_PERMISSIONS_INTRODUCER)

static VmHostVerifier *verifier;

static void
open_judge (VmPolicy policy)
{
  g_autoptr (GPtrArray) all = vm_trust_store_know_all (f.store, f.now);

  g_clear_pointer (&verifier, vm_host_verifier_unref);
  verifier = vm_host_verifier_new (f.me, policy, vm_identity_get_spki (f.ann));
  vm_host_verifier_set_host_names (verifier, "Ann", "desk");
  vm_host_verifier_take_known (verifier, all, FALSE);
}

static void
judge_teardown (void)
{
  g_clear_pointer (&verifier, vm_host_verifier_unref);
  fixture_teardown ();
}

static VmSignalParticipant *
add (VmSignal *signal, const gchar *id, const gchar *user, const gchar *device,
    VmIdentity *who)
{
  VmSignalParticipant *added = vm_signal_add_participant (signal);

  added->id = g_strdup (id);
  added->user = g_strdup (user);
  added->device = g_strdup (device);
  added->device_id = g_strdup (who ? vm_identity_get_device_id (who) : NULL);
  added->trust = g_strdup ("trusted"); /* whoever it is */
  return added;
}

/* As an honest host says it, but for the trust it claims. */
static VmSignal *
welcome (void)
{
  VmSignal *signal = vm_signal_new (VM_SIGNAL_WELCOME);

  signal->host = g_strdup ("p001");
  signal->meeting_id = g_strdup ("m-1");
  add (signal, "p001", "Ann", "desk", f.ann)->host = TRUE;
  add (signal, "p002", "Bob", "box", f.bob);
  return signal;
}

static VmSignalParticipant *
nth (VmSignal *signal, guint n)
{
  return g_ptr_array_index (signal->participants, n);
}

static gboolean
take (VmSignal *signal, GError **error)
{
  return vm_host_verifier_signal (verifier, signal, FIXTURE_NOW, error);
}

/* The levels of the two, and whether Bob is met. */
static void
check_levels (const gchar *ann, const gchar *bob, gint refused)
{
  g_autoptr (VmSignal) signal = welcome ();
  g_autoptr (GError) error = NULL;

  fail_unless (take (signal, &error), "%s", error ? error->message : "");
  fail_unless_equals_string (nth (signal, 0)->trust, ann);
  fail_unless_equals_string (nth (signal, 1)->trust, bob);
  if (refused)
    g_assert_error (nth (signal, 1)->refused, VM_ERROR, refused);
  else
    g_assert_no_error (nth (signal, 1)->refused);
}

GST_START_TEST (test_levels)
{
  open_judge (VM_POLICY_PIN);
  check_levels ("unknown", "unknown", 0);
  /* who is known here is shown so only by the word of one who is trusted */
  fixture_pin (f.ann, "Ann", "desk");
  fixture_pin (f.bob, "Bob", "box");
  open_judge (VM_POLICY_PIN);
  check_levels ("known", "unknown", 0);
  fail_unless (fixture_trust (f.bob, "Bob", "box", CALL, NULL));
  open_judge (VM_POLICY_PIN);
  check_levels ("known", "unknown", 0);
  fail_unless (fixture_trust (f.ann, "Ann", "desk", CALL, NULL));
  open_judge (VM_POLICY_REQUIRE);
  check_levels ("trusted", "trusted", 0);
}

GST_END_TEST;

GST_START_TEST (test_known_by_a_trusted_host)
{
  fixture_pin (f.bob, "Bob", "box");
  fail_unless (fixture_trust (f.ann, "Ann", "desk", CALL, NULL));
  open_judge (VM_POLICY_PIN);
  check_levels ("trusted", "known", 0);
  open_judge (VM_POLICY_REQUIRE);
  check_levels ("trusted", "known", VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

/* Somebody whom a bridge passes on shows no key. */
GST_START_TEST (test_cloud)
{
  for (VmCloudTrust trust = VM_CLOUD_TRUST_REFUSE;
       trust <= VM_CLOUD_TRUST_ALLOW; trust++) {
    g_autoptr (VmSignal) signal = welcome ();
    VmSignalParticipant *alice = nth (signal, 1);

    fail_unless (fixture_trust (f.ann, "Ann", "desk", CALL, NULL));
    open_judge (VM_POLICY_REQUIRE);
    vm_host_verifier_set_cloud_trust (verifier, trust);
    g_clear_pointer (&alice->device_id, g_free);
    alice->origin = g_strdup ("cloud");
    fail_unless (take (signal, NULL));
    fail_unless_equals_string (alice->trust, "unknown");
    if (trust == VM_CLOUD_TRUST_ALLOW)
      fail_if (alice->refused);
    else
      g_assert_error (alice->refused, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  }
}

GST_END_TEST;

/* Not even a host who is not trusted makes one forget what speaks against
 * somebody. */
GST_START_TEST (test_against)
{
  g_autofree gchar *id = NULL;

  fixture_pin (f.eve, "Bob", "box");
  open_judge (VM_POLICY_PIN);
  check_levels ("unknown", "unknown", VM_ERROR_KEY_CHANGED);
  open_judge (VM_POLICY_OPEN);
  check_levels ("unknown", "unknown", 0);
  id = vm_trust_store_revoke (
      f.store, vm_identity_get_device_id (f.bob), f.now, NULL);
  fail_unless (id != NULL);
  open_judge (VM_POLICY_OPEN);
  check_levels ("unknown", "unknown", VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

GST_START_TEST (test_against_a_name_that_looks_the_same)
{
  fixture_pin (f.eve, "BOB", "Box");
  open_judge (VM_POLICY_PIN);
  check_levels ("unknown", "unknown", VM_ERROR_KEY_CHANGED);
}

GST_END_TEST;

/* Ann's device is known as Mallory's, and goes by the names of Eve's. */
GST_START_TEST (test_one_known_as_another)
{
  g_autoptr (GError) error = NULL;
  VmTrustLevel level;

  fixture_pin (f.ann, "Mallory", "phone");
  fixture_pin (f.eve, "Ann", "desk");
  open_judge (VM_POLICY_PIN);
  fail_if (vm_host_verifier_host (verifier, FIXTURE_NOW, &level, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_KEY_CHANGED);
  fail_unless (g_str_has_prefix (error->message, "Ann's desk has another key"),
      "%s", error->message);
  fail_unless (strstr (error->message, "that of Mallory's phone"));
  fail_unless (
      g_str_has_suffix (error->message, vm_identity_get_device_id (f.eve)));
}

GST_END_TEST;

/* Each way of a host to be somebody else. */
typedef enum
{
  OTHER_ID,
  OTHER_USER,
  OTHER_DEVICE,
  NO_NAMES,
  NO_FLAG,
  TWO_FLAGS,
  TWICE,
  N_LIES
} Lie;

static void
tell_lie (VmSignal *signal, Lie lie)
{
  VmSignalParticipant *host = nth (signal, 0);

  switch (lie) {
    case OTHER_ID:
      g_free (host->device_id);
      host->device_id = g_strdup (vm_identity_get_device_id (f.bob));
      break;
    case OTHER_USER:
      g_free (host->user);
      host->user = g_strdup ("Bob");
      break;
    case OTHER_DEVICE:
      g_free (host->device);
      host->device = g_strdup ("box");
      break;
    case NO_NAMES:
      g_clear_pointer (&host->user, g_free);
      g_clear_pointer (&host->device, g_free);
      break;
    case NO_FLAG:
      host->host = FALSE;
      break;
    case TWO_FLAGS:
      nth (signal, 1)->host = TRUE;
      break;
    case TWICE:
      add (signal, "p001", "Bob", "box", f.bob)->host = TRUE;
      break;
    default:
      break;
  }
}

GST_START_TEST (test_lies)
{
  const gint expected =
      __i__ == OTHER_ID ? VM_ERROR_WRONG_KEY : VM_ERROR_BAD_MESSAGE;
  g_autoptr (VmSignal) signal = welcome ();
  g_autoptr (GError) error = NULL;

  fail_unless (fixture_trust (f.ann, "Ann", "desk", INTRODUCER, NULL));
  fail_unless (fixture_trust (f.bob, "Bob", "box", CALL, NULL));
  open_judge (VM_POLICY_PIN);
  tell_lie (signal, __i__);
  fail_if (take (signal, &error), "lie %d", __i__);
  g_assert_error (error, VM_ERROR, expected);
}

GST_END_TEST;

/* A host that says no id has the one of its key. */
GST_START_TEST (test_id_from_tls)
{
  g_autoptr (VmSignal) signal = welcome ();

  open_judge (VM_POLICY_PIN);
  g_clear_pointer (&nth (signal, 0)->device_id, g_free);
  fail_unless (take (signal, NULL));
  fail_unless_equals_string (
      nth (signal, 0)->device_id, vm_identity_get_device_id (f.ann));
}

GST_END_TEST;

static gboolean
join (VmSignalParticipant **who, gboolean host, const gchar *id,
    VmSignal **signal, GError **error)
{
  *signal = vm_signal_new (VM_SIGNAL_PARTICIPANT_JOINED);
  *who = add (*signal, id, "Bob", "box", f.bob);
  (*who)->host = host;
  return take (*signal, error);
}

GST_START_TEST (test_joined)
{
  g_autoptr (VmSignal) first = welcome ();
  g_autoptr (VmSignal) good = NULL;
  g_autoptr (VmSignal) flagged = NULL;
  g_autoptr (VmSignal) same = NULL;
  g_autoptr (GError) error = NULL;
  VmSignalParticipant *who;

  open_judge (VM_POLICY_PIN);
  fail_unless (take (first, NULL));
  fail_unless (join (&who, FALSE, "p003", &good, NULL));
  fail_unless_equals_string (who->trust, "unknown");
  fail_if (join (&who, TRUE, "p003", &flagged, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  g_clear_error (&error);
  fail_if (join (&who, FALSE, "p001", &same, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

/* Tokens that come with a guest */

typedef enum
{
  OF_HOST,
  OF_STRANGER,
  OF_ANOTHER, /* for another device */
  OF_FILES, /* not to meet */
  NO_TOKEN,
  JUNK
} Which;

static gchar *
make_token (Which which)
{
  g_autoptr (VmToken) token = NULL;

  if (which == NO_TOKEN)
    return NULL;
  if (which == JUNK)
    return g_strdup ("-----BEGIN CERTIFICATE-----\njunk\n");
  token = fixture_token (which == OF_STRANGER ? f.eve : f.ann,
      which == OF_ANOTHER ? f.eve : f.bob,
      which == OF_FILES ? VM_PERMISSIONS_FILE : CALL);
  return vm_token_to_pem (token);
}

#define NO VM_ERROR_NOT_TRUSTED

static const struct
{
  VmPermissions host; /* what this device gave it; 0: only known */
  Which token;
  const gchar *level;
  gint require; /* 0: met; or the error */
} vouchings[] = {
  { INTRODUCER, OF_HOST, "vouched", 0 },
  { INTRODUCER, OF_STRANGER, "unknown", NO },
  { INTRODUCER, OF_ANOTHER, "unknown", NO },
  { INTRODUCER, OF_FILES, "unknown", NO },
  { INTRODUCER, NO_TOKEN, "unknown", NO }, { INTRODUCER, JUNK, "unknown", NO },
  { CALL, OF_HOST, "unknown", NO }, { CALL, NO_TOKEN, "unknown", NO },
  { 0, OF_HOST, "unknown", -1 }, /* such a host is not joined at all */
};

static void
check_vouching (VmPolicy policy, guint i, gint refused)
{
  g_autoptr (VmSignal) signal = welcome ();
  g_autoptr (GError) error = NULL;

  open_judge (policy);
  nth (signal, 0)->voucher = g_strdup ("Mallory");
  nth (signal, 1)->voucher = g_strdup ("Mallory");
  nth (signal, 1)->token = make_token (vouchings[i].token);
  if (refused < 0) {
    fail_if (take (signal, &error));
    g_assert_error (error, VM_ERROR, NO);
    return;
  }
  fail_unless (take (signal, &error), "%u: %s", i, error ? error->message : "");
  fail_unless_equals_string (nth (signal, 1)->trust, vouchings[i].level);
  /* by the name that this device has for it, not by what the host says */
  fail_unless (nth (signal, 0)->voucher == NULL);
  fail_unless_equals_string (nth (signal, 1)->voucher,
      strcmp (vouchings[i].level, "vouched") == 0 ? "Ann" : NULL);
  fail_unless (!nth (signal, 1)->refused == !refused, "%u", i);
}

GST_START_TEST (test_vouching)
{
  if (vouchings[__i__].host)
    fail_unless (
        fixture_trust (f.ann, "Ann", "desk", vouchings[__i__].host, NULL));
  else
    fixture_pin (f.ann, "Ann", "desk");
  check_vouching (VM_POLICY_PIN, __i__, 0);
  check_vouching (VM_POLICY_REQUIRE, __i__, vouchings[__i__].require);
}

GST_END_TEST;

/* A token is no substitute for trust in the one who says whose it is. */
GST_START_TEST (test_introducer_is_not_the_host)
{
  g_autoptr (VmSignal) signal = welcome ();
  g_autoptr (VmToken) token = fixture_token (f.eve, f.bob, CALL);

  fail_unless (fixture_trust (f.eve, "Eve", "hut", INTRODUCER, NULL));
  fixture_pin (f.ann, "Ann", "desk");
  open_judge (VM_POLICY_PIN);
  nth (signal, 1)->token = vm_token_to_pem (token);
  fail_unless (take (signal, NULL));
  fail_unless_equals_string (nth (signal, 1)->trust, "unknown");

  fail_unless (fixture_trust (f.ann, "Ann", "desk", CALL, NULL));
  open_judge (VM_POLICY_REQUIRE);
  fail_unless (take (signal, NULL));
  fail_unless_equals_string (nth (signal, 1)->trust, "vouched");
  fail_unless_equals_string (nth (signal, 1)->voucher, "Eve");
}

GST_END_TEST;

/* Guests of the meeting, by a token of its host, who must be an introducer */

static const struct
{
  VmPermissions host; /* what this device gave it; 0: only known */
  gboolean by_stranger, of_another, for_files, other_meeting, late;
  const gchar *level;
  gboolean met; /* under require */
} invited[] = {
  { .host = INTRODUCER, .level = "guest", .met = TRUE },
  { .host = CALL, .level = "unknown" },
  { .host = INTRODUCER, .by_stranger = TRUE, .level = "unknown" },
  { .host = INTRODUCER, .of_another = TRUE, .level = "unknown" },
  { .host = INTRODUCER, .for_files = TRUE, .level = "unknown" },
  { .host = INTRODUCER, .other_meeting = TRUE, .level = "unknown" },
  { .host = INTRODUCER, .late = TRUE, .level = "unknown" },
};

static gchar *
invite (guint i)
{
  VmIdentity *subject = invited[i].of_another ? f.eve : f.bob;
  gint64 from = FIXTURE_NOW - (invited[i].late ? FIXTURE_DAY : 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmToken) token = vm_token_issue (
      invited[i].by_stranger ? f.eve : f.ann, vm_identity_get_spki (subject),
      invited[i].for_files ? VM_PERMISSIONS_FILE : CALL,
      invited[i].other_meeting ? "m-2" : "m-1", from, from + FIXTURE_DAY - 1,
      &error);

  g_assert_no_error (error);
  return vm_token_to_pem (token);
}

GST_START_TEST (test_invited)
{
  const VmPolicy policies[] = { VM_POLICY_PIN, VM_POLICY_REQUIRE };

  fail_unless (fixture_trust (f.ann, "Ann", "desk", invited[__i__].host, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (policies); i++) {
    gboolean met = invited[__i__].met || policies[i] == VM_POLICY_PIN;
    g_autoptr (VmSignal) signal = welcome ();
    VmSignalParticipant *bob = nth (signal, 1);

    open_judge (policies[i]);
    bob->token = invite (__i__);
    fail_unless (take (signal, NULL));
    fail_unless_equals_string (bob->trust, invited[__i__].level);
    fail_unless ((bob->refused == NULL) == met, "%d: %d", __i__, policies[i]);
  }
}

GST_END_TEST;

/* A host that is not trusted makes nobody a guest. */
GST_START_TEST (test_invited_by_a_stranger)
{
  g_autoptr (VmSignal) signal = welcome ();

  fixture_pin (f.ann, "Ann", "desk");
  open_judge (VM_POLICY_PIN);
  nth (signal, 1)->token = invite (0);
  fail_unless (take (signal, NULL));
  fail_unless_equals_string (nth (signal, 1)->trust, "unknown");
}

GST_END_TEST;

/* Trust is withdrawn while everybody is there. */
GST_START_TEST (test_anew)
{
  g_autoptr (VmSignal) signal = welcome ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) other = NULL;
  g_autoptr (GPtrArray) all = NULL;
  g_autofree gchar *id = NULL, *voucher = NULL;
  VmTrustLevel level;

  fail_unless (fixture_trust (f.ann, "Ann", "desk", INTRODUCER, NULL));
  open_judge (VM_POLICY_REQUIRE);
  nth (signal, 1)->token = make_token (OF_HOST);
  fail_unless (take (signal, NULL));
  fail_unless (vm_host_verifier_guest (
      verifier, nth (signal, 1), FIXTURE_NOW, &level, &voucher, NULL));
  fail_unless_equals_int (level, VM_TRUST_LEVEL_VOUCHED);
  fail_unless_equals_string (voucher, "Ann");
  g_clear_pointer (&voucher, g_free);
  id = vm_trust_store_revoke (f.store, "Ann", f.now, NULL);
  fail_unless (id != NULL);
  all = vm_trust_store_know_all (f.store, f.now);
  vm_host_verifier_take_known (verifier, all, FALSE);
  fail_if (vm_host_verifier_host (verifier, FIXTURE_NOW, &level, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  fail_if (vm_host_verifier_guest (
      verifier, nth (signal, 1), FIXTURE_NOW, &level, &voucher, &other));
  fail_unless (voucher == NULL);
  g_assert_error (other, VM_ERROR, VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

/* The state of the meeting */

static gboolean
tell (VmIdentity *by, const gchar *meeting, gint64 count, const gchar *revoked,
    GError **error)
{
  g_autoptr (VmSignal) state = vm_signal_new (VM_SIGNAL_MEETING_STATE);

  state->meeting_id = g_strdup (meeting);
  state->state = g_strdup ("active");
  state->host = g_strdup ("p001");
  state->epoch = 1;
  state->count = count;
  state->revoked = g_strsplit (revoked, " ", -1);
  state->signature = by ? vm_state_sign (by, state, NULL) : NULL;
  return take (state, error);
}

static const struct
{
  gboolean ours, is_signed, other_meeting;
  gint64 count;
} states[] = {
  { FALSE, TRUE, FALSE, 6 }, /* by another */
  { TRUE, FALSE, FALSE, 6 }, { TRUE, TRUE, TRUE, 6 },
  { TRUE, TRUE, FALSE, 5 }, /* the last once more */
  { TRUE, TRUE, FALSE, 4 },
  { TRUE, TRUE, FALSE, 1 }, /* from before the welcome */
};

GST_START_TEST (test_states)
{
  VmIdentity *by = states[__i__].ours ? f.ann : f.eve;
  g_autoptr (VmSignal) first = welcome ();
  g_autoptr (GError) error = NULL;

  open_judge (VM_POLICY_PIN);
  first->epoch = 1;
  first->count = 3;
  fail_unless (take (first, NULL));
  fail_unless (tell (f.ann, "m-1", 4, "", NULL));
  fail_unless (tell (f.ann, "m-1", 5, "", NULL));
  fail_if (tell (states[__i__].is_signed ? by : NULL,
      states[__i__].other_meeting ? "m-2" : "m-1", states[__i__].count, "",
      &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_SIGNATURE);
  /* and what is right goes on */
  fail_unless (tell (f.ann, "m-1", 6, "", NULL));
}

GST_END_TEST;

/* Whom the host has revoked, a guest that trusts it does not meet either. */
GST_START_TEST (test_revoked_by_the_host)
{
  const gchar *bob = vm_identity_get_device_id (f.bob);
  const VmPolicy policies[] = { VM_POLICY_OPEN, VM_POLICY_PIN,
    VM_POLICY_REQUIRE };

  fail_unless (fixture_trust (f.bob, "Bob", "box", CALL, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (policies); i++) {
    g_autoptr (VmSignal) signal = welcome ();
    g_autoptr (GError) error = NULL;
    VmTrustLevel level;

    fail_unless (fixture_trust (f.ann, "Ann", "desk", CALL, NULL));
    open_judge (policies[i]);
    fail_unless (take (signal, NULL));
    fail_unless (tell (f.ann, "m-1", 1, bob, NULL));
    fail_if (vm_host_verifier_guest (
        verifier, nth (signal, 1), FIXTURE_NOW, &level, NULL, &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
    /* it may be taken back */
    fail_unless (tell (f.ann, "m-1", 2, "", NULL));
    fail_unless (vm_host_verifier_guest (
        verifier, nth (signal, 1), FIXTURE_NOW, &level, NULL, NULL));
  }
}

GST_END_TEST;

/* A stranger revokes nobody. */
GST_START_TEST (test_revoked_by_a_stranger)
{
  g_autoptr (VmSignal) signal = welcome ();
  VmTrustLevel level;

  open_judge (VM_POLICY_PIN);
  fail_unless (take (signal, NULL));
  fail_unless (tell (f.ann, "m-1", 1, vm_identity_get_device_id (f.bob), NULL));
  fail_unless (vm_host_verifier_guest (
      verifier, nth (signal, 1), FIXTURE_NOW, &level, NULL, NULL));
}

GST_END_TEST;

/* Over plain HTTP nobody shows anything. */
GST_START_TEST (test_without_a_key)
{
  g_clear_pointer (&verifier, vm_host_verifier_unref);
  verifier = vm_host_verifier_new (f.me, VM_POLICY_PIN, NULL);
  check_levels ("unknown", "unknown", 0);
  fail_unless (tell (NULL, "m-1", 1, "", NULL));
}

GST_END_TEST;

static Suite *
hostverifier_suite (void)
{
  Suite *suite = suite_create ("hostverifier");
  TCase *tests = tcase_create ("judge");

  tcase_add_checked_fixture (tests, fixture_setup, judge_teardown);
  tcase_add_test (tests, test_levels);
  tcase_add_test (tests, test_known_by_a_trusted_host);
  tcase_add_test (tests, test_cloud);
  tcase_add_test (tests, test_against);
  tcase_add_test (tests, test_against_a_name_that_looks_the_same);
  tcase_add_test (tests, test_one_known_as_another);
  tcase_add_loop_test (tests, test_lies, 0, N_LIES);
  tcase_add_test (tests, test_id_from_tls);
  tcase_add_test (tests, test_joined);
  tcase_add_loop_test (tests, test_vouching, 0, G_N_ELEMENTS (vouchings));
  tcase_add_test (tests, test_introducer_is_not_the_host);
  tcase_add_loop_test (tests, test_invited, 0, G_N_ELEMENTS (invited));
  tcase_add_test (tests, test_invited_by_a_stranger);
  tcase_add_test (tests, test_anew);
  tcase_add_loop_test (tests, test_states, 0, G_N_ELEMENTS (states));
  tcase_add_test (tests, test_revoked_by_the_host);
  tcase_add_test (tests, test_revoked_by_a_stranger);
  tcase_add_test (tests, test_without_a_key);
  suite_add_tcase (suite, tests);
  return suite;
}

CHECK_PROGRAM (hostverifier)
