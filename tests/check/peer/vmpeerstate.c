/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every step of a peer connection, and every one that is none. */

#include "support/statemoves.h"
#include "peer/vmpeer-priv.h"

#include "program.h"

static const gchar *
state_name (guint state)
{
  return vm_peer_state_to_string (state);
}

static gboolean
move (guint *state, guint to)
{
  VmPeerState moved = *state;
  gboolean legal = vm_peer_state_move (&moved, to, "001");

  *state = moved;
  return legal;
}

/* A row a state: where it may go. */
GST_START_TEST (test_every_edge)
{
  static const gchar *const table[] = {
    "new connecting failed closed",
    "connecting connected failed closed",
    "connected failed closed",
    "failed closed",
    "closed",
  };

  fail_unless_equals_int (G_N_ELEMENTS (table), VM_PEER_N_STATES);
  state_moves_check (
      table, VM_PEER_N_STATES, state_name, move, "*001*no way from %s to %s*");
}

GST_END_TEST;

static Suite *
vmpeerstate_suite (void)
{
  Suite *s = suite_create ("vmpeerstate");
  TCase *tc = tcase_create ("vmpeerstate");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_every_edge);
  return s;
}

CHECK_PROGRAM (vmpeerstate)
