/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gst/videomeet/trust/token/invitation.h>
#include <string.h>

#define NOW G_GINT64_CONSTANT (1000000000)
#define HOUR G_TIME_SPAN_HOUR

static VmInvitations *invitations;
static guint8 seed;

/* Never the same twice, and always the same in each run. */
static void
on_random (guint8 *bytes, gsize size, gpointer user_data)
{
  memset (bytes, 0xa5, size);
  bytes[0] = seed++;
}

static void
setup (void)
{
  seed = 0;
  invitations = vm_invitations_new (on_random, NULL);
}

static void
teardown (void)
{
  vm_invitations_free (invitations);
}

static gchar *
make (const gchar *meeting)
{
  g_autoptr (GError) error = NULL;
  gchar *text = vm_invitations_make (invitations, meeting, HOUR, NOW, &error);

  g_assert_no_error (error);
  fail_unless_equals_int (strlen (text), VM_INVITATION_LENGTH);
  return text;
}

static void
refused (const gchar *text, const gchar *meeting, gint64 now)
{
  g_autoptr (GError) error = NULL;

  fail_if (vm_invitations_redeem (invitations, text, meeting, now, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
}

GST_START_TEST (test_opens_its_meeting)
{
  g_autofree gchar *text = make ("m1");

  fail_unless (vm_invitations_redeem (invitations, text, "m1", NOW, NULL));
}

GST_END_TEST;

GST_START_TEST (test_used_twice)
{
  g_autofree gchar *text = make ("m1");

  fail_unless (vm_invitations_redeem (invitations, text, "m1", NOW, NULL));
  refused (text, "m1", NOW);
}

GST_END_TEST;

GST_START_TEST (test_expired)
{
  g_autofree gchar *at = make ("m1");
  g_autofree gchar *after = make ("m1");

  fail_unless (vm_invitations_redeem (invitations, at, "m1", NOW + HOUR, NULL));
  refused (after, "m1", NOW + HOUR + 1);
  /* nor if the clock went back */
  refused (after, "m1", NOW);
}

GST_END_TEST;

GST_START_TEST (test_guessed)
{
  g_autofree gchar *text = make ("m1");
  g_autofree gchar *longer = g_strconcat (text, "A", NULL);
  g_autofree gchar *empty = g_strdup ("");

  for (gsize i = 0; i < VM_INVITATION_LENGTH; i++) {
    g_autofree gchar *guess = g_strdup (text);

    guess[i] = guess[i] == 'B' ? 'C' : 'B';
    refused (guess, "m1", NOW);
    guess[i] = '\0';
    refused (guess, "m1", NOW);
  }
  refused (longer, "m1", NOW);
  refused (empty, "m1", NOW);
  /* and the guessing has not spoilt it */
  fail_unless (vm_invitations_redeem (invitations, text, "m1", NOW, NULL));
}

GST_END_TEST;

GST_START_TEST (test_of_another_meeting)
{
  g_autofree gchar *text = make ("m1");

  refused (text, "m2", NOW);
  refused (text, "", NOW);
  fail_unless (vm_invitations_redeem (invitations, text, "m1", NOW, NULL));
}

GST_END_TEST;

GST_START_TEST (test_of_a_meeting_that_is_over)
{
  g_autofree gchar *text = make ("m1");
  g_autofree gchar *other = make ("m2");

  vm_invitations_withdraw (invitations, "m1");
  refused (text, "m1", NOW);
  fail_unless (vm_invitations_redeem (invitations, other, "m2", NOW, NULL));
}

GST_END_TEST;

GST_START_TEST (test_same_words_whatever_the_reason)
{
  g_autofree gchar *text = make ("m1");
  g_autoptr (GError) guessed = NULL;
  g_autoptr (GError) other = NULL;
  g_autoptr (GError) expired = NULL;

  vm_invitations_redeem (invitations, "guess", "m1", NOW, &guessed);
  vm_invitations_redeem (invitations, text, "m2", NOW, &other);
  vm_invitations_redeem (invitations, text, "m1", NOW + 2 * HOUR, &expired);
  fail_unless_equals_string (guessed->message, other->message);
  fail_unless_equals_string (guessed->message, expired->message);
}

GST_END_TEST;

GST_START_TEST (test_bound)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *first = make ("m1");
  g_autofree gchar *late = NULL;
  g_autofree gchar *later = NULL;

  for (guint i = 1; i < VM_INVITATIONS_MAX; i++) {
    g_autofree gchar *text = NULL;

    fail_unless_equals_int (vm_invitations_count (invitations, NOW), i);
    text = make ("m1");
  }
  fail_unless_equals_int (
      vm_invitations_count (invitations, NOW), VM_INVITATIONS_MAX);
  fail_if (vm_invitations_make (invitations, "m2", HOUR, NOW, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
  /* one that is used, or expires, makes room */
  fail_unless (vm_invitations_redeem (invitations, first, "m1", NOW, NULL));
  late = make ("m1");
  later = vm_invitations_make (invitations, "m1", HOUR, NOW + HOUR + 1, NULL);
  fail_unless (later != NULL);
  fail_unless_equals_int (
      vm_invitations_count (invitations, NOW + HOUR + 1), 1);
}

GST_END_TEST;

GST_START_TEST (test_lifetime)
{
  const struct
  {
    gint64 lifetime;
    gboolean good;
  } cases[] = {
    { G_MININT64, FALSE },
    { 0, FALSE },
    { 1, TRUE },
    { VM_INVITATION_LIFETIME_MAX - 1, TRUE },
    { VM_INVITATION_LIFETIME_MAX, TRUE },
    { VM_INVITATION_LIFETIME_MAX + 1, FALSE },
    { G_MAXINT64, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *text =
        vm_invitations_make (invitations, "m1", cases[i].lifetime, NOW, &error);

    fail_unless ((text != NULL) == cases[i].good);
    if (!text)
      g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  }
}

GST_END_TEST;

GST_START_TEST (test_each_is_another)
{
  g_autofree gchar *one = make ("m1");
  g_autofree gchar *two = make ("m1");

  fail_if (strcmp (one, two) == 0);
  fail_unless (strspn (one, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
                            "xyz0123456789-_")
               == VM_INVITATION_LENGTH);
}

GST_END_TEST;

static Suite *
invitation_suite (void)
{
  Suite *s = suite_create ("invitation");
  TCase *tc = tcase_create ("invitation");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_opens_its_meeting);
  tcase_add_test (tc, test_used_twice);
  tcase_add_test (tc, test_expired);
  tcase_add_test (tc, test_guessed);
  tcase_add_test (tc, test_of_another_meeting);
  tcase_add_test (tc, test_of_a_meeting_that_is_over);
  tcase_add_test (tc, test_same_words_whatever_the_reason);
  tcase_add_test (tc, test_bound);
  tcase_add_test (tc, test_lifetime);
  tcase_add_test (tc, test_each_is_another);
  return s;
}

CHECK_PROGRAM (invitation)
