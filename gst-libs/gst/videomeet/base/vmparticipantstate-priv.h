/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmparticipantstate.h>

const gchar *vm_participant_event_to_string (VmParticipantEvent event);
gboolean vm_participant_state_next (VmParticipantState state,
    VmParticipantEvent event, VmParticipantState *next);
