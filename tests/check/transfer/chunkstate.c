/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every step of a chunk that is sent, and every one that is none. */

#include "support/statemoves.h"

#include "program.h"

#include <gst/videomeet/transfer/engine/chunkstate.h>

static const gchar *
state_name (guint state)
{
  return vm_chunk_state_to_string (state);
}

static gboolean
move (guint *state, guint to)
{
  VmChunkState moved = *state;
  gboolean legal = vm_chunk_state_move (&moved, to);

  *state = moved;
  return legal;
}

/* A row a state: where it may go. */
GST_START_TEST (test_every_edge)
{
  static const gchar *const table[] = {
    "reading ahead",
    "ahead ready sent",
    "ready ready sent",
    "sent ready sent",
  };

  fail_unless_equals_int (G_N_ELEMENTS (table), VM_CHUNK_N_STATES);
  state_moves_check (
      table, VM_CHUNK_N_STATES, state_name, move, "*is %s, and cannot be %s*");
}

GST_END_TEST;

static Suite *
chunkstate_suite (void)
{
  Suite *s = suite_create ("chunkstate");
  TCase *tc = tcase_create ("chunkstate");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_every_edge);
  return s;
}

CHECK_PROGRAM (chunkstate)
