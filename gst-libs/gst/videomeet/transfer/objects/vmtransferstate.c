/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmtransferstate
 * @title: VmTransferState
 * @short_description: the state machine of a file transfer
 *
 * One table of edges, as `protocol/files.md#transfer-states` draws it, and what
 * it leaves out: that a transfer can fail wherever it is not over yet. Sender
 * and receiver have one each.
 */

#include <gst/videomeet/vmtransferstate.h>
#include "transfer/objects/vmtransferstate-priv.h"

static const GEnumValue states[] = {
  { VM_TRANSFER_STATE_PENDING, "Offered, not yet answered", "pending" },
  { VM_TRANSFER_STATE_TRANSFERRING, "Chunks are on their way", "transferring" },
  { VM_TRANSFER_STATE_PAUSED, "Held by either side, or for want of space",
      "paused" },
  { VM_TRANSFER_STATE_VERIFYING, "All chunks are there, the whole is checked",
      "verifying" },
  { VM_TRANSFER_STATE_COMPLETED, "Verified, and under its name", "completed" },
  { VM_TRANSFER_STATE_FAILED, "Declined, cancelled or broken, for good",
      "failed" },
  { 0, NULL, NULL }
};

static const GEnumValue events[] = { { VM_TRANSFER_EVENT_ACCEPT,
                                         "VM_TRANSFER_EVENT_ACCEPT", "accept" },
  { VM_TRANSFER_EVENT_PAUSE, "VM_TRANSFER_EVENT_PAUSE", "pause" },
  { VM_TRANSFER_EVENT_RESUME, "VM_TRANSFER_EVENT_RESUME", "resume" },
  { VM_TRANSFER_EVENT_COMPLETE, "VM_TRANSFER_EVENT_COMPLETE", "complete" },
  { VM_TRANSFER_EVENT_SUCCESS, "VM_TRANSFER_EVENT_SUCCESS", "success" },
  { VM_TRANSFER_EVENT_FAIL, "VM_TRANSFER_EVENT_FAIL", "fail" },
  { 0, NULL, NULL } };

/* Every edge there is; what is not listed is refused. */
static const struct
{
  VmTransferState from;
  VmTransferEvent event;
  VmTransferState to;
} edges[] = {
  { VM_TRANSFER_STATE_PENDING, VM_TRANSFER_EVENT_ACCEPT,
      VM_TRANSFER_STATE_TRANSFERRING },
  { VM_TRANSFER_STATE_TRANSFERRING, VM_TRANSFER_EVENT_PAUSE,
      VM_TRANSFER_STATE_PAUSED },
  { VM_TRANSFER_STATE_PAUSED, VM_TRANSFER_EVENT_RESUME,
      VM_TRANSFER_STATE_TRANSFERRING },
  { VM_TRANSFER_STATE_TRANSFERRING, VM_TRANSFER_EVENT_COMPLETE,
      VM_TRANSFER_STATE_VERIFYING },
  { VM_TRANSFER_STATE_VERIFYING, VM_TRANSFER_EVENT_SUCCESS,
      VM_TRANSFER_STATE_COMPLETED },
  { VM_TRANSFER_STATE_TRANSFERRING, VM_TRANSFER_EVENT_FAIL,
      VM_TRANSFER_STATE_FAILED },
  /* protocol/files.md#transfer-states: not drawn in the base protocol */
  { VM_TRANSFER_STATE_PENDING, VM_TRANSFER_EVENT_FAIL,
      VM_TRANSFER_STATE_FAILED },
  { VM_TRANSFER_STATE_PAUSED, VM_TRANSFER_EVENT_FAIL,
      VM_TRANSFER_STATE_FAILED },
  { VM_TRANSFER_STATE_VERIFYING, VM_TRANSFER_EVENT_FAIL,
      VM_TRANSFER_STATE_FAILED },
};

GType
vm_transfer_state_get_type (void)
{
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("VmTransferState", states));
  return type;
}

GType
vm_transfer_event_get_type (void)
{
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("VmTransferEvent", events));
  return type;
}

/**
 * vm_transfer_state_to_string:
 * @state: a #VmTransferState
 *
 * Names a state, for logs and messages. Pure: any thread.
 *
 * Returns: (transfer none): its name in lower case, as `pending`
 *
 * Since: 0.1
 */
const gchar *
vm_transfer_state_to_string (VmTransferState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (states) - 1, "unknown");

  return states[state].value_nick;
}

/*
 * vm_transfer_event_to_string:
 * @event: a #VmTransferEvent
 *
 * Names an event, for logs and messages. Pure: any thread.
 *
 * Returns: (transfer none): its name in lower case, as `accept`
 *
 * Since: 0.1
 */
const gchar *
vm_transfer_event_to_string (VmTransferEvent event)
{
  g_return_val_if_fail ((guint) event < G_N_ELEMENTS (events) - 1, "unknown");

  return events[event].value_nick;
}

/*
 * vm_transfer_state_next:
 * @state: where it is
 * @event: what happened
 * @next: (out): where it goes; @state itself when the event is refused
 *
 * Looks one edge up. Pure: any thread.
 *
 * Returns: whether @event is an edge out of @state
 *
 * Since: 0.1
 */
gboolean
vm_transfer_state_next (
    VmTransferState state, VmTransferEvent event, VmTransferState *next)
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
