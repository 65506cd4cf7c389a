/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/callstate.h"

/* Every edge there is. Who calls is answered by being connected; of two that
 * call each other one answers. Calls that are declined or missed are none, be
 * it that they were answered too late. */
static const struct
{
  VmtCallState from, to;
} edges[] = {
  { VMT_CALL_REGISTERING, VMT_CALL_WAITING },
  { VMT_CALL_REGISTERING, VMT_CALL_CALLING },
  { VMT_CALL_WAITING, VMT_CALL_RINGING },
  { VMT_CALL_RINGING, VMT_CALL_ANSWERED },
  { VMT_CALL_RINGING, VMT_CALL_WAITING },
  { VMT_CALL_CALLING, VMT_CALL_ANSWERED },
  { VMT_CALL_CALLING, VMT_CALL_CONNECTED },
  { VMT_CALL_CALLING, VMT_CALL_OVER },
  { VMT_CALL_ANSWERED, VMT_CALL_WAITING },
  { VMT_CALL_ANSWERED, VMT_CALL_CONNECTED },
  { VMT_CALL_ANSWERED, VMT_CALL_OVER },
  { VMT_CALL_CONNECTED, VMT_CALL_OVER },
};

static const gchar *const names[VMT_CALL_N_STATES] = {
  [VMT_CALL_REGISTERING] = "registering",
  [VMT_CALL_WAITING] = "waiting",
  [VMT_CALL_CALLING] = "calling",
  [VMT_CALL_RINGING] = "ringing",
  [VMT_CALL_ANSWERED] = "answered",
  [VMT_CALL_CONNECTED] = "connected",
  [VMT_CALL_OVER] = "ended",
};

const gchar *
vmt_call_state_to_string (VmtCallState state)
{
  g_return_val_if_fail ((guint) state < VMT_CALL_N_STATES, "unknown");

  return names[state];
}

gboolean
vmt_call_state_leads (VmtCallState state, VmtCallState to)
{
  for (guint i = 0; i < G_N_ELEMENTS (edges); i++) {
    if (edges[i].from == state && edges[i].to == to)
      return TRUE;
  }
  return FALSE;
}

gboolean
vmt_call_state_move (VmtCallState *state, VmtCallState to)
{
  if (!vmt_call_state_leads (*state, to)) {
    g_warning ("a call is %s, and cannot be %s", names[*state], names[to]);
    return FALSE;
  }
  g_debug ("call: %s -> %s", names[*state], names[to]);
  *state = to;
  return TRUE;
}
