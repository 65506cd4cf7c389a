/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/pairing/approver.h"

static const gchar *const states[] = {
  [VM_APPROVER_COMMITTED] = "committed",
  [VM_APPROVER_WAITING] = "waiting",
  [VM_APPROVER_PROMPTED] = "prompted",
  [VM_APPROVER_APPROVED] = "approved",
  [VM_APPROVER_DENIED] = "denied",
  [VM_APPROVER_DONE] = "done",
  [VM_APPROVER_FAILED] = "failed",
};

/* Every edge there is; what is not listed is refused. */
static const struct
{
  VmApproverState from;
  VmApproverEvent event;
  VmApproverState to;
} edges[] = {
  { VM_APPROVER_COMMITTED, VM_APPROVER_EVENT_REVEAL, VM_APPROVER_WAITING },
  { VM_APPROVER_COMMITTED, VM_APPROVER_EVENT_BAD_REVEAL, VM_APPROVER_FAILED },
  { VM_APPROVER_COMMITTED, VM_APPROVER_EVENT_REPLACE, VM_APPROVER_FAILED },
  { VM_APPROVER_COMMITTED, VM_APPROVER_EVENT_REVOKE, VM_APPROVER_FAILED },
  { VM_APPROVER_WAITING, VM_APPROVER_EVENT_PROMPT, VM_APPROVER_PROMPTED },
  { VM_APPROVER_WAITING, VM_APPROVER_EVENT_REPLACE, VM_APPROVER_FAILED },
  { VM_APPROVER_WAITING, VM_APPROVER_EVENT_REVOKE, VM_APPROVER_FAILED },
  { VM_APPROVER_PROMPTED, VM_APPROVER_EVENT_APPROVE, VM_APPROVER_APPROVED },
  { VM_APPROVER_PROMPTED, VM_APPROVER_EVENT_DENY, VM_APPROVER_DENIED },
  { VM_APPROVER_PROMPTED, VM_APPROVER_EVENT_REPLACE, VM_APPROVER_FAILED },
  { VM_APPROVER_PROMPTED, VM_APPROVER_EVENT_REVOKE, VM_APPROVER_FAILED },
  { VM_APPROVER_APPROVED, VM_APPROVER_EVENT_PROOF, VM_APPROVER_DONE },
  { VM_APPROVER_APPROVED, VM_APPROVER_EVENT_BAD_PROOF, VM_APPROVER_FAILED },
  { VM_APPROVER_APPROVED, VM_APPROVER_EVENT_REPLACE, VM_APPROVER_FAILED },
  { VM_APPROVER_APPROVED, VM_APPROVER_EVENT_REVOKE, VM_APPROVER_FAILED },
};

const gchar *
vm_approver_state_to_string (VmApproverState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (states), "unknown");

  return states[state];
}

gboolean
vm_approver_state_next (
    VmApproverState state, VmApproverEvent event, VmApproverState *next)
{
  for (guint i = 0; i < G_N_ELEMENTS (edges); i++) {
    if (edges[i].from == state && edges[i].event == event) {
      *next = edges[i].to;
      return TRUE;
    }
  }
  *next = state;
  return FALSE;
}
