/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmapi.h>

G_BEGIN_DECLS

/**
 * VmMeetingState:
 * @VM_MEETING_STATE_CREATED: made, not yet announced
 * @VM_MEETING_STATE_ANNOUNCED: others can find it
 * @VM_MEETING_STATE_ACTIVE: at least two participants
 * @VM_MEETING_STATE_IDLE: everybody but the host has left
 * @VM_MEETING_STATE_ENDED: over for good
 *
 * Where a meeting is in its life (`protocol/meeting.md#meeting-states`).
 *
 * Since: 0.1
 */
typedef enum
{
  VM_MEETING_STATE_CREATED,
  VM_MEETING_STATE_ANNOUNCED,
  VM_MEETING_STATE_ACTIVE,
  VM_MEETING_STATE_IDLE,
  VM_MEETING_STATE_ENDED,
} VmMeetingState;

/**
 * VmMeetingEvent:
 * @VM_MEETING_EVENT_ANNOUNCED: the announcement is out
 * @VM_MEETING_EVENT_PARTICIPANT_JOINS: somebody joined
 * @VM_MEETING_EVENT_ALL_LEAVE: the last participant beside the host left
 * @VM_MEETING_EVENT_HOST_ENDS: the host ended the meeting
 *
 * What moves a #VmMeetingState on.
 *
 * Since: 0.1
 */
typedef enum
{
  VM_MEETING_EVENT_ANNOUNCED,
  VM_MEETING_EVENT_PARTICIPANT_JOINS,
  VM_MEETING_EVENT_ALL_LEAVE,
  VM_MEETING_EVENT_HOST_ENDS,
} VmMeetingEvent;

#define VM_TYPE_MEETING_STATE (vm_meeting_state_get_type ())
#define VM_TYPE_MEETING_EVENT (vm_meeting_event_get_type ())

VM_API GType vm_meeting_state_get_type (void);
VM_API GType vm_meeting_event_get_type (void);
VM_API const gchar *vm_meeting_state_to_string (VmMeetingState state);

G_END_DECLS
