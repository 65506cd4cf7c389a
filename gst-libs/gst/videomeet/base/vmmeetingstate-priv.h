/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmmeetingstate.h>

const gchar *vm_meeting_event_to_string (VmMeetingEvent event);
gboolean vm_meeting_state_next (
    VmMeetingState state, VmMeetingEvent event, VmMeetingState *next);
