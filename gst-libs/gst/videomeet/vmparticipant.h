/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmparticipantstate.h>
#include <gst/videomeet/vmenums.h>

G_BEGIN_DECLS

/**
 * VmParticipant:
 *
 * A participant of a meeting, this device included.
 *
 * Since: 0.1
 */
#define VM_TYPE_PARTICIPANT (vm_participant_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmParticipant, vm_participant, VM, PARTICIPANT,
    GObject)

VM_API const gchar *vm_participant_get_id (VmParticipant *self);
VM_API const gchar *vm_participant_get_user (VmParticipant *self);
VM_API VmCallType vm_participant_get_call_type (VmParticipant *self);
VM_API const gchar *vm_participant_get_device (VmParticipant *self);
VM_API const gchar *vm_participant_get_device_id (VmParticipant *self);
VM_API VmParticipantState vm_participant_get_state (VmParticipant *self);
VM_API gboolean vm_participant_get_host (VmParticipant *self);

G_END_DECLS
