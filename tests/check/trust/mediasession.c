/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The two ends of a connection, and who is between them. */

#include "program.h"
#include "support/trust/trustkeys.h"

#include <gst/videomeet/trust/keys/ephemerals.h>
#include <gst/videomeet/trust/media/medianonces.h>
#include <gst/videomeet/trust/media/vmmediasession-priv.h>
#include <string.h>

#define SDP(fp, ufrag)                                                       \
  "v=0\r\no=- 1 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"                        \
  "m=audio 9 UDP/TLS/RTP/SAVPF 97\r\na=fingerprint:sha-256 "                 \
  "0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:00:11:22:33:44:55:66:77:" \
  "88:99:AA:BB:CC:DD:EE:" fp "\r\na=ice-ufrag:" ufrag "\r\n"
#define OFFER SDP ("AA", "offr")
#define ANSWER SDP ("BB", "answ")
#define FORGED SDP ("CC", "offr")

static VmMediaSessionConfig
config_of (gboolean of_ann)
{
  return trust_media_config (of_ann ? ann : bob, of_ann ? bob : ann, of_ann);
}

static VmMediaSession *a, *b;

static void
setup (void)
{
  VmMediaSessionConfig config = config_of (TRUE);

  a = vm_media_session_new (&config, NULL);
  config = config_of (FALSE);
  b = vm_media_session_new (&config, NULL);
}

static void
teardown (void)
{
  g_clear_object (&a);
  g_clear_object (&b);
}

static gchar *
sign (VmMediaSession *session, VmDescriptionType type, const gchar *sdp)
{
  g_autoptr (GError) error = NULL;
  gchar *identity = NULL;

  fail_unless (vm_media_session_sign (session, type, sdp, &identity, &error));
  g_assert_no_error (error);
  return identity;
}

/* 0: it is taken. */
static gint
check (VmMediaSession *session, VmDescriptionType type, const gchar *sdp,
    const gchar *identity)
{
  g_autoptr (GError) error = NULL;

  if (vm_media_session_check (session, type, sdp, identity, &error))
    return 0;
  fail_unless (error && error->domain == VM_ERROR);
  return error->code;
}

static void
connect_both (void)
{
  g_autofree gchar *offer = sign (a, VM_DESCRIPTION_TYPE_OFFER, OFFER);
  g_autofree gchar *answer = NULL;

  fail_unless_equals_int (
      check (b, VM_DESCRIPTION_TYPE_OFFER, OFFER, offer), 0);
  answer = sign (b, VM_DESCRIPTION_TYPE_ANSWER, ANSWER);
  fail_unless_equals_int (
      check (a, VM_DESCRIPTION_TYPE_ANSWER, ANSWER, answer), 0);
}

GST_START_TEST (test_connection)
{
  g_autofree gchar *sealed = NULL;
  g_autofree gchar *open = NULL;

  fail_if (vm_media_session_is_signed (a));
  connect_both ();
  fail_unless (vm_media_session_is_signed (a));
  fail_unless (vm_media_session_is_signed (b));
  sealed = vm_media_session_seal (a, "hello");
  open = vm_media_session_open (b, sealed, NULL);
  fail_unless_equals_string (open, "hello");
}

GST_END_TEST;

GST_START_TEST (test_altered_message)
{
  g_autofree gchar *sealed = NULL;
  g_autofree gchar *open = NULL;
  g_autoptr (GError) error = NULL;

  connect_both ();
  sealed = vm_media_session_seal (a, "hello");
  sealed[strlen (sealed) - 1] ^= 1;
  fail_unless (vm_media_session_open (b, sealed, &error) == NULL);
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_SIGNATURE));
  g_clear_error (&error);
  /* what nothing authenticates, and this side's own */
  fail_unless (vm_media_session_open (b, "hello", &error) == NULL);
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE));
  g_clear_error (&error);
  sealed[strlen (sealed) - 1] ^= 1;
  fail_unless (vm_media_session_open (a, sealed, &error) == NULL);
  g_clear_error (&error);
  open = vm_media_session_open (b, sealed, &error);
  g_assert_no_error (error);
  fail_unless (vm_media_session_open (b, sealed, &error) == NULL);
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_SIGNATURE));
}

GST_END_TEST;

GST_START_TEST (test_lies)
{
  g_autofree gchar *offer = sign (a, VM_DESCRIPTION_TYPE_OFFER, OFFER);
  g_autofree gchar *answer = NULL;
  g_autofree gchar *forged = NULL;

  fail_unless_equals_int (
      check (b, VM_DESCRIPTION_TYPE_OFFER, FORGED, offer), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (
      check (b, VM_DESCRIPTION_TYPE_OFFER, OFFER, NULL), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (
      check (b, VM_DESCRIPTION_TYPE_OFFER, OFFER, ""), VM_ERROR_BAD_MESSAGE);
  /* its own, back */
  fail_unless_equals_int (
      check (a, VM_DESCRIPTION_TYPE_ANSWER, OFFER, offer), VM_ERROR_WRONG_KEY);
  fail_unless_equals_int (
      check (b, VM_DESCRIPTION_TYPE_OFFER, OFFER, offer), 0);
  answer = sign (b, VM_DESCRIPTION_TYPE_ANSWER, ANSWER);
  fail_unless_equals_int (check (a, VM_DESCRIPTION_TYPE_ANSWER, FORGED, answer),
      VM_ERROR_SIGNATURE);
  fail_unless_equals_int (
      check (a, VM_DESCRIPTION_TYPE_ANSWER, ANSWER, NULL), VM_ERROR_SIGNATURE);
  fail_if (vm_media_session_is_signed (a));
}

GST_END_TEST;

/* Who is between them signs with a key of their own. */
GST_START_TEST (test_another_key)
{
  VmMediaSessionConfig config = config_of (TRUE);
  g_autoptr (VmMediaSession) between = NULL;
  g_autofree gchar *offer = NULL;

  config.identity = eve;
  between = vm_media_session_new (&config, NULL);
  offer = sign (between, VM_DESCRIPTION_TYPE_OFFER, OFFER);
  fail_unless_equals_int (
      check (b, VM_DESCRIPTION_TYPE_OFFER, OFFER, offer), VM_ERROR_WRONG_KEY);
}

GST_END_TEST;

/* In a later connection of the same two, with the numbers of the first. */
GST_START_TEST (test_replay)
{
  VmMediaSessionConfig config = config_of (FALSE);
  g_autofree gchar *offer = sign (a, VM_DESCRIPTION_TYPE_OFFER, OFFER);
  g_autoptr (VmMediaSession) later = NULL;

  fail_unless_equals_int (
      check (b, VM_DESCRIPTION_TYPE_OFFER, OFFER, offer), 0);
  /* asked about again, it is still the one */
  fail_unless_equals_int (
      check (b, VM_DESCRIPTION_TYPE_OFFER, OFFER, offer), 0);
  later = vm_media_session_new (&config, b);
  fail_unless_equals_int (
      check (later, VM_DESCRIPTION_TYPE_OFFER, OFFER, offer),
      VM_ERROR_SIGNATURE);
}

GST_END_TEST;

GST_START_TEST (test_restart)
{
  VmMediaSessionConfig config = config_of (FALSE);
  g_autofree gchar *nonce = NULL;
  g_autofree gchar *identity = NULL;
  g_autofree gchar *offer = NULL;
  g_autoptr (VmMediaSession) next = NULL;
  g_autoptr (VmMediaSession) before = NULL;

  fail_if (vm_media_session_sign_restart (b, &nonce, &identity, NULL));
  fail_if (vm_media_session_check_restart (a, TRUST_NONCE_2, "", NULL));
  connect_both ();
  fail_unless (vm_media_session_sign_restart (b, &nonce, &identity, NULL));
  fail_if (vm_media_session_check_restart (a, TRUST_NONCE_2, identity, NULL));
  fail_if (vm_media_session_check_restart (a, nonce, NULL, NULL));
  fail_unless (vm_media_session_check_restart (a, nonce, identity, NULL));
  fail_if (vm_media_session_check_restart (a, nonce, identity, NULL));

  config.generation = 2;
  next = vm_media_session_new (&config, b);
  config = config_of (TRUE);
  config.generation = 2;
  before = g_steal_pointer (&a);
  a = vm_media_session_new (&config, before);
  offer = sign (a, VM_DESCRIPTION_TYPE_OFFER, OFFER);
  fail_unless_equals_int (
      check (next, VM_DESCRIPTION_TYPE_OFFER, OFFER, offer), 0);
}

GST_END_TEST;

/* The connection of @before's two with the next generation. */
static VmMediaSession *
next_of (VmMediaSession *before, guint generation)
{
  VmMediaSessionConfig config = config_of (before == a);

  config.generation = generation;
  return vm_media_session_new (&config, before);
}

/* 0: it is taken; -1: it is refused, and nobody need have forged it. */
static gint
ask (VmMediaSession *offers, const gchar *nonce, const gchar *identity)
{
  g_autoptr (GError) error = NULL;

  if (vm_media_session_check_restart (offers, nonce, identity, &error))
    return 0;
  return error ? error->code : -1;
}

/* An answer that comes too late: @answers has signed, @offers has given up. */
static void
answer_late (VmMediaSession *offers, VmMediaSession *answers)
{
  g_autofree gchar *offer = sign (offers, VM_DESCRIPTION_TYPE_OFFER, OFFER);
  g_autofree gchar *answer = NULL;

  fail_unless_equals_int (
      check (answers, VM_DESCRIPTION_TYPE_OFFER, OFFER, offer), 0);
  answer = sign (answers, VM_DESCRIPTION_TYPE_ANSWER, ANSWER);
}

/* Nothing to refer to is no forgery: neither before both have signed anything,
 * nor when one of two answers came too late. */
GST_START_TEST (test_restart_before_any_connection)
{
  g_autoptr (VmMediaSession) offers = NULL;
  g_autoptr (VmMediaSession) answers = NULL;
  g_autofree gchar *nonce = NULL, *identity = NULL;
  g_autofree gchar *later = NULL, *by_later = NULL;

  fail_unless_equals_int (ask (a, NULL, NULL), -1);
  answer_late (a, b);
  fail_unless (vm_media_session_sign_restart (b, &nonce, &identity, NULL));
  fail_unless_equals_int (ask (a, nonce, identity), -1);

  g_clear_object (&a);
  g_clear_object (&b);
  setup ();
  connect_both ();
  offers = next_of (a, 2);
  answers = next_of (b, 2);
  answer_late (offers, answers);
  fail_unless (
      vm_media_session_sign_restart (answers, &later, &by_later, NULL));
  fail_unless_equals_int (ask (offers, later, by_later), -1);
}

GST_END_TEST;

/* After a connection that both have signed, a forged request raises an alarm.
 */
GST_START_TEST (test_forged_restart)
{
  g_autofree gchar *nonce = NULL, *identity = NULL, *by_ann = NULL;
  g_autofree gchar *of_ann = NULL;

  connect_both ();
  fail_unless (vm_media_session_sign_restart (b, &nonce, &identity, NULL));
  fail_unless (vm_media_session_sign_restart (a, &of_ann, &by_ann, NULL));
  fail_unless_equals_int (ask (a, NULL, NULL), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (ask (a, nonce, NULL), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (ask (a, of_ann, by_ann), VM_ERROR_WRONG_KEY);
  vm_media_session_set_established (a);
  vm_media_session_set_established (b);
  fail_unless_equals_int (ask (a, TRUST_NONCE_2, identity), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (ask (a, nonce, identity), 0);
  fail_unless_equals_int (ask (a, nonce, identity), VM_ERROR_SIGNATURE);
}

GST_END_TEST;

/* Once a connection was established, a restart is by that: whoever answered
 * others too late is believed, and the alarm is kept for what nobody signed. */
GST_START_TEST (test_restart_by_what_was_established)
{
  g_autoptr (VmMediaSession) offers = NULL;
  g_autoptr (VmMediaSession) answers = NULL;
  g_autofree gchar *nonce = NULL, *identity = NULL;

  connect_both ();
  vm_media_session_set_established (a);
  vm_media_session_set_established (b);
  offers = next_of (a, 2);
  answers = next_of (b, 2);
  answer_late (offers, answers);
  fail_unless (
      vm_media_session_sign_restart (answers, &nonce, &identity, NULL));
  fail_unless_equals_int (ask (offers, nonce, identity), 0);
  fail_unless_equals_int (
      ask (offers, TRUST_NONCE_2, identity), VM_ERROR_SIGNATURE);
}

GST_END_TEST;

/* @n connections after the one that @b alone knows to have been established. */
static gint
ask_by_old (guint n)
{
  g_autofree gchar *nonce = NULL;
  g_autofree gchar *identity = NULL;

  connect_both ();
  vm_media_session_set_established (b);
  for (guint i = 0; i < n; i++) {
    VmMediaSession *offers = next_of (a, 2 + i);
    VmMediaSession *answers = next_of (b, 2 + i);

    g_object_unref (a);
    g_object_unref (b);
    a = offers;
    b = answers;
    connect_both ();
  }
  fail_unless (vm_media_session_sign_restart (b, &nonce, &identity, NULL));
  return ask (a, nonce, identity);
}

GST_START_TEST (test_old_connections)
{
  fail_unless_equals_int (ask_by_old (VM_MEDIA_SETTLED_MAX - 2), 0);
  teardown ();
  setup ();
  fail_unless_equals_int (ask_by_old (VM_MEDIA_SETTLED_MAX - 1), 0);
  teardown ();
  setup ();
  fail_unless_equals_int (ask_by_old (VM_MEDIA_SETTLED_MAX), -1);
}

GST_END_TEST;

/* @n restarts are under way when the offer comes that answers the first. */
static gint
cross_restarts (guint n)
{
  g_autoptr (VmMediaSession) offers = NULL;
  g_autoptr (VmMediaSession) answers = NULL;
  g_autofree gchar *offer = NULL;

  connect_both ();
  for (guint i = 0; i < n; i++) {
    g_autofree gchar *nonce = NULL;
    g_autofree gchar *identity = NULL;

    fail_unless (vm_media_session_sign_restart (b, &nonce, &identity, NULL));
    if (i == 0)
      fail_unless (vm_media_session_check_restart (a, nonce, identity, NULL));
  }
  offers = next_of (a, 2);
  answers = next_of (b, 2);
  offer = sign (offers, VM_DESCRIPTION_TYPE_OFFER, OFFER);
  return check (answers, VM_DESCRIPTION_TYPE_OFFER, OFFER, offer);
}

GST_START_TEST (test_restarts_under_way)
{
  fail_unless_equals_int (cross_restarts (VM_MEDIA_RESTARTS_MAX - 1), 0);
  teardown ();
  setup ();
  fail_unless_equals_int (cross_restarts (VM_MEDIA_RESTARTS_MAX), 0);
  teardown ();
  setup ();
  fail_unless_equals_int (
      cross_restarts (VM_MEDIA_RESTARTS_MAX + 1), VM_ERROR_SIGNATURE);
}

GST_END_TEST;

/* The offers that answer two restarts come in their order, and after them none
 * is taken that answers neither. */
GST_START_TEST (test_crossing_restarts)
{
  gchar *nonces[2] = { NULL }, *identities[2] = { NULL };
  g_autoptr (VmMediaSession) stale = NULL;
  g_autoptr (VmMediaSession) late = NULL;
  g_autofree gchar *old_offer = NULL;

  connect_both ();
  stale = next_of (a, 4);
  old_offer = sign (stale, VM_DESCRIPTION_TYPE_OFFER, OFFER);
  for (guint i = 0; i < 2; i++)
    fail_unless (
        vm_media_session_sign_restart (b, &nonces[i], &identities[i], NULL));
  for (guint i = 0; i < 2; i++) {
    g_autoptr (VmMediaSession) offers = next_of (a, 2 + i);
    g_autoptr (VmMediaSession) answers = next_of (b, 2 + i);
    g_autofree gchar *offer = NULL;

    fail_unless (
        vm_media_session_check_restart (a, nonces[i], identities[i], NULL));
    offer = sign (offers, VM_DESCRIPTION_TYPE_OFFER, OFFER);
    fail_unless_equals_int (
        check (answers, VM_DESCRIPTION_TYPE_OFFER, OFFER, offer), 0);
    g_free (nonces[i]);
    g_free (identities[i]);
  }
  late = next_of (b, 4);
  fail_unless_equals_int (
      check (late, VM_DESCRIPTION_TYPE_OFFER, OFFER, old_offer),
      VM_ERROR_SIGNATURE);
}

GST_END_TEST;

/* An offer that nobody asked for and a restart pass each other: the answer is
 * by the nonces of its offer. */
GST_START_TEST (test_restart_crosses_offer)
{
  g_autoptr (VmMediaSession) offers = NULL;
  g_autoptr (VmMediaSession) answers = NULL;
  g_autofree gchar *nonce = NULL;
  g_autofree gchar *identity = NULL;
  g_autofree gchar *offer = NULL;
  g_autofree gchar *answer = NULL;

  connect_both ();
  offers = next_of (a, 2);
  offer = sign (offers, VM_DESCRIPTION_TYPE_OFFER, OFFER);
  fail_unless (vm_media_session_sign_restart (b, &nonce, &identity, NULL));
  answers = next_of (b, 2);
  fail_unless_equals_int (
      check (answers, VM_DESCRIPTION_TYPE_OFFER, OFFER, offer), 0);
  answer = sign (answers, VM_DESCRIPTION_TYPE_ANSWER, ANSWER);
  fail_unless (vm_media_session_check_restart (a, nonce, identity, NULL));
  fail_unless_equals_int (
      check (offers, VM_DESCRIPTION_TYPE_ANSWER, ANSWER, answer), 0);
  fail_unless (vm_media_session_is_signed (offers));
}

GST_END_TEST;

/* A page has no key: taken where that is allowed. */
GST_START_TEST (test_keyless)
{
  VmMediaSessionConfig config = config_of (TRUE);
  g_autoptr (VmMediaSession) session = NULL;
  g_autofree gchar *identity = NULL;

  config.other_device_id = "";
  config.other_nonce = NULL;
  config.keyless = __i__;
  session = vm_media_session_new (&config, NULL);
  identity = sign (session, VM_DESCRIPTION_TYPE_OFFER, OFFER);
  fail_unless (identity == NULL);
  fail_unless_equals_int (
      check (session, VM_DESCRIPTION_TYPE_ANSWER, ANSWER, NULL),
      config.keyless ? 0 : VM_ERROR_NOT_TRUSTED);
  fail_if (vm_media_session_is_signed (session));
}

GST_END_TEST;

/* Of a device that has a key and told no nonce nothing is taken. */
GST_START_TEST (test_no_nonce)
{
  VmMediaSessionConfig config = config_of (FALSE);
  g_autofree gchar *offer = sign (a, VM_DESCRIPTION_TYPE_OFFER, OFFER);

  g_clear_object (&b);
  config.other_nonce = "no base64";
  b = vm_media_session_new (&config, NULL);
  fail_unless_equals_int (
      check (b, VM_DESCRIPTION_TYPE_OFFER, OFFER, offer), VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

GST_START_TEST (test_ephemerals)
{
  VmEphemeral *taken[VM_EPHEMERALS_READY + 1];

  vm_ephemerals_prepare ();
  fail_unless_equals_int (vm_ephemerals_count (), VM_EPHEMERALS_READY);
  /* one more than are ready, and none twice */
  for (guint i = 0; i < G_N_ELEMENTS (taken); i++) {
    taken[i] = vm_ephemerals_take (NULL);
    fail_unless (taken[i] != NULL);
    for (guint j = 0; j < i; j++)
      fail_if (taken[i] == taken[j]);
  }
  fail_unless_equals_int (vm_ephemerals_count (), 0);
  for (guint i = 0; i < G_N_ELEMENTS (taken); i++)
    vm_ephemeral_free (taken[i]);
  vm_ephemerals_prepare ();
  vm_ephemerals_prepare ();
  fail_unless_equals_int (vm_ephemerals_count (), VM_EPHEMERALS_READY);
}

GST_END_TEST;

static Suite *
mediasession_suite (void)
{
  Suite *s = suite_create ("mediasession");
  TCase *tc = tcase_create ("sessions");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, trust_keys_setup, trust_keys_teardown);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_connection);
  tcase_add_test (tc, test_altered_message);
  tcase_add_test (tc, test_lies);
  tcase_add_test (tc, test_another_key);
  tcase_add_test (tc, test_replay);
  tcase_add_test (tc, test_restart);
  tcase_add_test (tc, test_restart_before_any_connection);
  tcase_add_test (tc, test_forged_restart);
  tcase_add_test (tc, test_restart_by_what_was_established);
  tcase_add_test (tc, test_old_connections);
  tcase_add_test (tc, test_restarts_under_way);
  tcase_add_test (tc, test_crossing_restarts);
  tcase_add_test (tc, test_restart_crosses_offer);
  tcase_add_loop_test (tc, test_keyless, 0, 2);
  tcase_add_test (tc, test_no_nonce);
  tcase_add_test (tc, test_ephemerals);
  return s;
}

CHECK_PROGRAM (mediasession)
