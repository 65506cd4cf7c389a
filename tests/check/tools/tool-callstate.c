/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every step of a call in the launcher, and every one that is none. */

#include "cmd/callstate.h"
#include "support/statemoves.h"

#include "program.h"

static const gchar *
state_name (guint state)
{
  return vmt_call_state_to_string (state);
}

static gboolean
move (guint *state, guint to)
{
  VmtCallState moved = *state;
  gboolean legal = vmt_call_state_leads (moved, to);

  fail_unless_equals_int (vmt_call_state_move (&moved, to), legal);
  *state = moved;
  return legal;
}

/* A row a state: where it may go. */
GST_START_TEST (test_every_edge)
{
  static const gchar *const table[] = {
    "registering waiting calling",
    "waiting ringing",
    "calling answered connected ended",
    "ringing answered waiting",
    "answered waiting connected ended",
    "connected ended",
    "ended",
  };

  fail_unless_equals_int (G_N_ELEMENTS (table), VMT_CALL_N_STATES);
  state_moves_check (
      table, VMT_CALL_N_STATES, state_name, move, "*is %s, and cannot be %s*");
}

GST_END_TEST;

static Suite *
tool_callstate_suite (void)
{
  Suite *s = suite_create ("tool-callstate");
  TCase *tc = tcase_create ("tool-callstate");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_every_edge);
  return s;
}

CHECK_PROGRAM (tool_callstate)
