/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmapi.h>

G_BEGIN_DECLS

/**
 * VmParticipantState:
 * @VM_PARTICIPANT_STATE_CONNECTING: has a seat; WebRTC is being set up
 * @VM_PARTICIPANT_STATE_CONNECTED: media flows
 * @VM_PARTICIPANT_STATE_DISCONNECTED: gone, or not reached any more
 *
 * Where a participant is in a meeting
 * (`protocol/meeting.md#participant-states`). While it has a seat, a connection
 * that was lost may come back.
 *
 * Since: 0.1
 */
typedef enum
{
  VM_PARTICIPANT_STATE_CONNECTING,
  VM_PARTICIPANT_STATE_CONNECTED,
  VM_PARTICIPANT_STATE_DISCONNECTED,
} VmParticipantState;

/**
 * VmParticipantEvent:
 * @VM_PARTICIPANT_EVENT_CONNECTED: WebRTC is connected
 * @VM_PARTICIPANT_EVENT_LEAVES: said bye, was removed, or vanished
 * @VM_PARTICIPANT_EVENT_FAILS: WebRTC could not be set up
 *
 * What moves a #VmParticipantState on.
 *
 * Since: 0.1
 */
typedef enum
{
  VM_PARTICIPANT_EVENT_CONNECTED,
  VM_PARTICIPANT_EVENT_LEAVES,
  VM_PARTICIPANT_EVENT_FAILS,
} VmParticipantEvent;

#define VM_TYPE_PARTICIPANT_STATE (vm_participant_state_get_type ())
#define VM_TYPE_PARTICIPANT_EVENT (vm_participant_event_get_type ())

VM_API GType vm_participant_state_get_type (void);
VM_API GType vm_participant_event_get_type (void);
VM_API const gchar *vm_participant_state_to_string (VmParticipantState state);

G_END_DECLS
