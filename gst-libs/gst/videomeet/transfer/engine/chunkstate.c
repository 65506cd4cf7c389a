/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/engine/chunkstate.h"

/* Every edge there is. Rows: from; columns: to. What was sent is sent again
 * when it is late, and what is ready stays so while the transfer is paused. */
static const gboolean edges[VM_CHUNK_N_STATES][VM_CHUNK_N_STATES] = {
  [VM_CHUNK_STATE_READING] = { FALSE, TRUE, FALSE, FALSE },
  [VM_CHUNK_STATE_AHEAD] = { FALSE, FALSE, TRUE, TRUE },
  [VM_CHUNK_STATE_READY] = { FALSE, FALSE, TRUE, TRUE },
  [VM_CHUNK_STATE_SENT] = { FALSE, FALSE, TRUE, TRUE },
};

static const gchar *const names[VM_CHUNK_N_STATES] = { "reading", "ahead",
  "ready", "sent" };

const gchar *
vm_chunk_state_to_string (VmChunkState state)
{
  g_return_val_if_fail ((guint) state < VM_CHUNK_N_STATES, "unknown");

  return names[state];
}

gboolean
vm_chunk_state_move (VmChunkState *state, VmChunkState to)
{
  if (!edges[*state][to]) {
    g_warning ("a chunk is %s, and cannot be %s", names[*state], names[to]);
    return FALSE;
  }
  *state = to;
  return TRUE;
}
