/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmparticipantstate
 * @title: VmParticipantState
 * @short_description: the state machine of a participant
 *
 * One table of edges, as `protocol/meeting.md#participant-states` draws it.
 */

#include <gst/videomeet/vmparticipantstate.h>
#include "base/vmparticipantstate-priv.h"

static const GEnumValue states[] = { { VM_PARTICIPANT_STATE_CONNECTING,
                                         "VM_PARTICIPANT_STATE_CONNECTING",
                                         "connecting" },
  { VM_PARTICIPANT_STATE_CONNECTED, "VM_PARTICIPANT_STATE_CONNECTED",
      "connected" },
  { VM_PARTICIPANT_STATE_DISCONNECTED, "VM_PARTICIPANT_STATE_DISCONNECTED",
      "disconnected" },
  { 0, NULL, NULL } };

static const GEnumValue events[] = { { VM_PARTICIPANT_EVENT_CONNECTED,
                                         "VM_PARTICIPANT_EVENT_CONNECTED",
                                         "connected" },
  { VM_PARTICIPANT_EVENT_LEAVES, "VM_PARTICIPANT_EVENT_LEAVES", "leaves" },
  { VM_PARTICIPANT_EVENT_FAILS, "VM_PARTICIPANT_EVENT_FAILS", "fails" },
  { 0, NULL, NULL } };

/* Every edge there is; what is not listed is refused. */
static const struct
{
  VmParticipantState from;
  VmParticipantEvent event;
  VmParticipantState to;
} edges[] = {
  { VM_PARTICIPANT_STATE_CONNECTING, VM_PARTICIPANT_EVENT_CONNECTED,
      VM_PARTICIPANT_STATE_CONNECTED },
  { VM_PARTICIPANT_STATE_CONNECTED, VM_PARTICIPANT_EVENT_LEAVES,
      VM_PARTICIPANT_STATE_DISCONNECTED },
  /* not drawn: who leaves, or cannot connect, need not have connected */
  { VM_PARTICIPANT_STATE_CONNECTING, VM_PARTICIPANT_EVENT_LEAVES,
      VM_PARTICIPANT_STATE_DISCONNECTED },
  { VM_PARTICIPANT_STATE_CONNECTING, VM_PARTICIPANT_EVENT_FAILS,
      VM_PARTICIPANT_STATE_DISCONNECTED },
  /* not drawn: a connection that was lost is set up again */
  { VM_PARTICIPANT_STATE_DISCONNECTED, VM_PARTICIPANT_EVENT_CONNECTED,
      VM_PARTICIPANT_STATE_CONNECTED },
};

GType
vm_participant_state_get_type (void)
{
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("VmParticipantState", states));
  return type;
}

GType
vm_participant_event_get_type (void)
{
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("VmParticipantEvent", events));
  return type;
}

/**
 * vm_participant_state_to_string:
 * @state: a #VmParticipantState
 *
 * Names a state, for logs and messages. Pure: any thread.
 *
 * Returns: (transfer none): its name in lower case, as `connecting`
 *
 * Since: 0.1
 */
const gchar *
vm_participant_state_to_string (VmParticipantState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (states) - 1, "unknown");

  return states[state].value_nick;
}

/*
 * vm_participant_event_to_string:
 * @event: a #VmParticipantEvent
 *
 * Names an event, for logs and messages. Pure: any thread.
 *
 * Returns: (transfer none): its name in lower case, as `connected`
 *
 * Since: 0.1
 */
const gchar *
vm_participant_event_to_string (VmParticipantEvent event)
{
  g_return_val_if_fail ((guint) event < G_N_ELEMENTS (events) - 1, "unknown");

  return events[event].value_nick;
}

/*
 * vm_participant_state_next:
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
vm_participant_state_next (VmParticipantState state, VmParticipantEvent event,
    VmParticipantState *next)
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
