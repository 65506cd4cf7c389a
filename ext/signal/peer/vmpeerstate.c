/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-priv.h"

/* Rows: from; columns: to. Whatever is not over may fail, and everything ends
 * closed, once. */
static const gboolean edges[VM_PEER_N_STATES][VM_PEER_N_STATES] = {
  [VM_PEER_STATE_NEW] = { FALSE, TRUE, FALSE, TRUE, TRUE },
  [VM_PEER_STATE_CONNECTING] = { FALSE, FALSE, TRUE, TRUE, TRUE },
  [VM_PEER_STATE_CONNECTED] = { FALSE, FALSE, FALSE, TRUE, TRUE },
  [VM_PEER_STATE_FAILED] = { FALSE, FALSE, FALSE, FALSE, TRUE },
  [VM_PEER_STATE_CLOSED] = { FALSE, FALSE, FALSE, FALSE, FALSE },
};

const gchar *
vm_peer_state_to_string (VmPeerState state)
{
  static const gchar *const names[VM_PEER_N_STATES] = { "new", "connecting",
    "connected", "failed", "closed" };

  g_return_val_if_fail ((guint) state < VM_PEER_N_STATES, "");

  return names[state];
}

gboolean
vm_peer_state_move (VmPeerState *state, VmPeerState to, const gchar *name)
{
  if (!edges[*state][to]) {
    g_warning ("Peer %s: no way from %s to %s", name,
        vm_peer_state_to_string (*state), vm_peer_state_to_string (to));
    return FALSE;
  }
  *state = to;
  return TRUE;
}
