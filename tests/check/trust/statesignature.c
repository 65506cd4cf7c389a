/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The host signs the state of its meeting: nothing in it can be changed. */

#include "program.h"
#include "support/trust/trustkeys.h"

#include <gst/videomeet/trust/keys/statesignature.h>

static VmSignal *
make (void)
{
  VmSignal *state = vm_signal_new (VM_SIGNAL_MEETING_STATE);

  state->meeting_id = g_strdup ("m-1");
  state->state = g_strdup ("active");
  state->host = g_strdup ("p001");
  state->epoch = 1;
  state->count = 3;
  state->max_participants = 10;
  state->roster = g_strsplit ("p001 p002", " ", -1);
  state->revoked = g_strsplit ("A B", " ", -1);
  state->barred = g_ptr_array_new_with_free_func (vm_signal_bar_free);
  g_ptr_array_add (
      state->barred, vm_signal_bar_new ("p002", "E", "10.0.0.2", 600));
  return state;
}

static VmSignal *
make_signed (void)
{
  VmSignal *state = make ();
  g_autoptr (GError) error = NULL;

  state->signature = vm_state_sign (ann, state, &error);
  state->barred_signature = vm_state_sign_barred (ann, state, &error);
  g_assert_no_error (error);
  return state;
}

static void
check_refused (VmIdentity *by, const VmSignal *state, gint code)
{
  g_autoptr (GError) error = NULL;

  fail_if (vm_state_verify (vm_identity_get_spki (by), state, &error));
  g_assert_error (error, VM_ERROR, code);
}

GST_START_TEST (test_good)
{
  g_autoptr (VmSignal) state = make_signed ();
  g_autoptr (VmSignal) least = vm_signal_new (VM_SIGNAL_MEETING_STATE);
  g_autoptr (GError) error = NULL;

  fail_unless (vm_state_verify (vm_identity_get_spki (ann), state, &error));
  least->signature = vm_state_sign (ann, least, &error);
  fail_unless (vm_state_verify (vm_identity_get_spki (ann), least, &error));
  g_assert_no_error (error);
}

GST_END_TEST;

static void
replace (gchar **text, const gchar *with)
{
  g_free (*text);
  *text = g_strdup (with);
}

static void
split (gchar ***list, const gchar *text)
{
  g_strfreev (*list);
  *list = g_strsplit (text, " ", -1);
}

static void
change (VmSignal *state, gint what)
{
  VmSignalBar *bar = state->barred->pdata[0];

  switch (what) {
    case 10:
      replace (&bar->id, "p003");
      break;
    case 11:
      replace (&bar->device_id, "F");
      break;
    case 12:
      replace (&bar->address, "10.0.0.3");
      break;
    case 13:
      bar->seconds--;
      break;
    case 14:
      g_ptr_array_set_size (state->barred, 0);
      break;
    case 15:
      replace (&state->barred_signature, NULL);
      break;
    case 0:
      replace (&state->meeting_id, "m-2");
      break;
    case 1:
      replace (&state->state, "ended");
      break;
    case 2:
      replace (&state->host, "p002");
      break;
    case 3:
      state->epoch++;
      break;
    case 4:
      state->count++;
      break;
    case 5:
      state->max_participants++;
      break;
    case 6:
      state->locked = TRUE;
      break;
    case 7:
      split (&state->roster, "p001");
      break;
    case 8:
      split (&state->revoked, "A");
      break;
    default: /* from one list into the other */
      split (&state->roster, "p001 p002 A");
      split (&state->revoked, "B");
      break;
  }
}

GST_START_TEST (test_changed)
{
  g_autoptr (VmSignal) state = make_signed ();

  change (state, __i__);
  check_refused (ann, state, VM_ERROR_SIGNATURE);
}

GST_END_TEST;

GST_START_TEST (test_not_hers)
{
  g_autoptr (VmSignal) state = make_signed ();

  check_refused (eve, state, VM_ERROR_SIGNATURE);
  replace (&state->signature, "AAAA");
  check_refused (ann, state, VM_ERROR_BAD_MESSAGE);
  replace (&state->signature, NULL);
  check_refused (ann, state, VM_ERROR_SIGNATURE);
}

GST_END_TEST;

/* A participant that gets no bars, and a device of an earlier version. */
GST_START_TEST (test_without_bars)
{
  g_autoptr (VmSignal) state = make_signed ();

  g_clear_pointer (&state->barred, g_ptr_array_unref);
  fail_unless (vm_state_verify (vm_identity_get_spki (ann), state, NULL));
}

GST_END_TEST;

/* An epoch counts more than any number of states. */
GST_START_TEST (test_versions)
{
  g_autoptr (VmSignal) state = make ();
  guint64 first = vm_state_version (state);

  state->count++;
  fail_unless (vm_state_version (state) > first);
  state->count = G_MAXINT;
  first = vm_state_version (state);
  state->epoch++;
  state->count = 0;
  fail_unless (vm_state_version (state) > first);
}

GST_END_TEST;

static Suite *
statesignature_suite (void)
{
  Suite *suite = suite_create ("statesignature");
  TCase *tests = tcase_create ("statesignature");

  tcase_add_unchecked_fixture (tests, trust_keys_setup, trust_keys_teardown);
  tcase_add_test (tests, test_good);
  tcase_add_loop_test (tests, test_changed, 0, 16);
  tcase_add_test (tests, test_not_hers);
  tcase_add_test (tests, test_without_bars);
  tcase_add_test (tests, test_versions);
  suite_add_tcase (suite, tests);
  return suite;
}

CHECK_PROGRAM (statesignature)
