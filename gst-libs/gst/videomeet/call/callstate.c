/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "call/callstate.h"

#define CALLER (1 << VM_CALL_BY_CALLER)
#define CALLEE (1 << VM_CALL_BY_CALLEE)
#define SERVER (1 << VM_CALL_BY_SERVER)

/* Every edge there is; what is not listed is refused. */
static const struct
{
  VmCallState from;
  VmCallEvent event;
  guint parties;
  VmCallState to;
} edges[] = {
  { VM_CALL_STATE_RINGING, VM_CALL_EVENT_ANSWER, CALLEE, VM_CALL_STATE_ACTIVE },
  { VM_CALL_STATE_RINGING, VM_CALL_EVENT_REJECT, CALLEE,
      VM_CALL_STATE_REJECTED },
  { VM_CALL_STATE_RINGING, VM_CALL_EVENT_END, CALLEE, VM_CALL_STATE_REJECTED },
  { VM_CALL_STATE_RINGING, VM_CALL_EVENT_END, CALLER, VM_CALL_STATE_MISSED },
  { VM_CALL_STATE_RINGING, VM_CALL_EVENT_LOST, CALLER, VM_CALL_STATE_MISSED },
  { VM_CALL_STATE_RINGING, VM_CALL_EVENT_LOST, CALLEE, VM_CALL_STATE_FAILED },
  { VM_CALL_STATE_RINGING, VM_CALL_EVENT_TIMEOUT, SERVER,
      VM_CALL_STATE_MISSED },
  { VM_CALL_STATE_RINGING, VM_CALL_EVENT_CROSSED, SERVER,
      VM_CALL_STATE_FAILED },
  { VM_CALL_STATE_ACTIVE, VM_CALL_EVENT_END, CALLER | CALLEE,
      VM_CALL_STATE_ENDED },
  { VM_CALL_STATE_ACTIVE, VM_CALL_EVENT_LOST, CALLER | CALLEE,
      VM_CALL_STATE_ENDED },
};

static const gchar *const names[VM_CALL_N_STATES] = {
  [VM_CALL_STATE_RINGING] = "ringing",
  [VM_CALL_STATE_ACTIVE] = "active",
  [VM_CALL_STATE_REJECTED] = "rejected",
  [VM_CALL_STATE_MISSED] = "missed",
  [VM_CALL_STATE_FAILED] = "failed",
  [VM_CALL_STATE_ENDED] = "ended",
};

gboolean
vm_call_state_next (
    VmCallState state, VmCallEvent event, VmCallParty party, VmCallState *next)
{
  for (guint i = 0; i < G_N_ELEMENTS (edges); i++) {
    if (edges[i].from == state && edges[i].event == event
        && edges[i].parties & 1 << party) {
      *next = edges[i].to;
      return TRUE;
    }
  }
  *next = state;
  return FALSE;
}

gboolean
vm_call_state_is_over (VmCallState state)
{
  return state != VM_CALL_STATE_RINGING && state != VM_CALL_STATE_ACTIVE;
}

const gchar *
vm_call_state_to_string (VmCallState state)
{
  g_return_val_if_fail ((guint) state < VM_CALL_N_STATES, "unknown");

  return names[state];
}
