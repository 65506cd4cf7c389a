/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The states of a call (protocol/calls.md#a-call), and its transitions. Pure.
 */

typedef enum
{
  VM_CALL_STATE_RINGING, /* offered, and not answered */
  VM_CALL_STATE_ACTIVE,
  /* the ends */
  VM_CALL_STATE_REJECTED,
  VM_CALL_STATE_MISSED,
  VM_CALL_STATE_FAILED, /* it could not be set up */
  VM_CALL_STATE_ENDED, /* after it was active */
  VM_CALL_N_STATES
} VmCallState;

typedef enum
{
  VM_CALL_EVENT_ANSWER,
  VM_CALL_EVENT_REJECT,
  VM_CALL_EVENT_END,
  VM_CALL_EVENT_LOST, /* the connection of a party */
  VM_CALL_EVENT_TIMEOUT,
  VM_CALL_EVENT_CROSSED, /* another call between the same two lives */
  VM_CALL_N_EVENTS
} VmCallEvent;

typedef enum
{
  VM_CALL_BY_CALLER,
  VM_CALL_BY_CALLEE,
  VM_CALL_BY_SERVER,
} VmCallParty;

/* Looks up one transition. FALSE, with @next = @state, when @party cannot do
 * that. */
gboolean vm_call_state_next (
    VmCallState state, VmCallEvent event, VmCallParty party, VmCallState *next);
gboolean vm_call_state_is_over (VmCallState state);
const gchar *vm_call_state_to_string (VmCallState state);
