/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmmeetingstate
 * @title: VmMeetingState
 * @short_description: the state machine of a meeting
 *
 * One table of edges, as `protocol/meeting.md#meeting-states` draws it; a
 * meeting moves along it and says so by its signal.
 */

#include <gst/videomeet/vmmeetingstate.h>
#include "base/vmmeetingstate-priv.h"

static const GEnumValue states[] = {
  { VM_MEETING_STATE_CREATED, "VM_MEETING_STATE_CREATED", "created" },
  { VM_MEETING_STATE_ANNOUNCED, "VM_MEETING_STATE_ANNOUNCED", "announced" },
  { VM_MEETING_STATE_ACTIVE, "VM_MEETING_STATE_ACTIVE", "active" },
  { VM_MEETING_STATE_IDLE, "VM_MEETING_STATE_IDLE", "idle" },
  { VM_MEETING_STATE_ENDED, "VM_MEETING_STATE_ENDED", "ended" },
  { 0, NULL, NULL }
};

static const GEnumValue events[] = {
  { VM_MEETING_EVENT_ANNOUNCED, "VM_MEETING_EVENT_ANNOUNCED", "announced" },
  { VM_MEETING_EVENT_PARTICIPANT_JOINS, "VM_MEETING_EVENT_PARTICIPANT_JOINS",
      "participant-joins" },
  { VM_MEETING_EVENT_ALL_LEAVE, "VM_MEETING_EVENT_ALL_LEAVE", "all-leave" },
  { VM_MEETING_EVENT_HOST_ENDS, "VM_MEETING_EVENT_HOST_ENDS", "host-ends" },
  { 0, NULL, NULL }
};

/* Every edge there is; what is not listed is refused. */
static const struct
{
  VmMeetingState from;
  VmMeetingEvent event;
  VmMeetingState to;
} edges[] = {
  { VM_MEETING_STATE_CREATED, VM_MEETING_EVENT_ANNOUNCED,
      VM_MEETING_STATE_ANNOUNCED },
  { VM_MEETING_STATE_ANNOUNCED, VM_MEETING_EVENT_PARTICIPANT_JOINS,
      VM_MEETING_STATE_ACTIVE },
  { VM_MEETING_STATE_ACTIVE, VM_MEETING_EVENT_ALL_LEAVE,
      VM_MEETING_STATE_IDLE },
  /* protocol/meeting.md#meeting-states: an idle meeting comes back */
  { VM_MEETING_STATE_IDLE, VM_MEETING_EVENT_PARTICIPANT_JOINS,
      VM_MEETING_STATE_ACTIVE },
  { VM_MEETING_STATE_IDLE, VM_MEETING_EVENT_HOST_ENDS, VM_MEETING_STATE_ENDED },
  /* a host may also give up before anybody came */
  { VM_MEETING_STATE_CREATED, VM_MEETING_EVENT_HOST_ENDS,
      VM_MEETING_STATE_ENDED },
  { VM_MEETING_STATE_ANNOUNCED, VM_MEETING_EVENT_HOST_ENDS,
      VM_MEETING_STATE_ENDED },
};

GType
vm_meeting_state_get_type (void)
{
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("VmMeetingState", states));
  return type;
}

GType
vm_meeting_event_get_type (void)
{
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("VmMeetingEvent", events));
  return type;
}

/**
 * vm_meeting_state_to_string:
 * @state: a #VmMeetingState
 *
 * Names a state, for logs and messages. Pure: any thread.
 *
 * Returns: (transfer none): its name in lower case, as `created`
 *
 * Since: 0.1
 */
const gchar *
vm_meeting_state_to_string (VmMeetingState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (states) - 1, "unknown");

  return states[state].value_nick;
}

/*
 * vm_meeting_event_to_string:
 * @event: a #VmMeetingEvent
 *
 * Names an event, for logs and messages. Pure: any thread.
 *
 * Returns: (transfer none): its name in lower case, as `announced`
 *
 * Since: 0.1
 */
const gchar *
vm_meeting_event_to_string (VmMeetingEvent event)
{
  g_return_val_if_fail ((guint) event < G_N_ELEMENTS (events) - 1, "unknown");

  return events[event].value_nick;
}

/*
 * vm_meeting_state_next:
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
vm_meeting_state_next (
    VmMeetingState state, VmMeetingEvent event, VmMeetingState *next)
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
