/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Of call and answer, as whoever sits at this device sees it. */
typedef enum
{
  VMT_CALL_REGISTERING,
  VMT_CALL_WAITING, /* to be called */
  VMT_CALL_CALLING,
  VMT_CALL_RINGING, /* somebody calls, and waits for the answer */
  VMT_CALL_ANSWERED,
  VMT_CALL_CONNECTED,
  VMT_CALL_OVER,
  VMT_CALL_N_STATES
} VmtCallState;

/* As events of the program name it. */
const gchar *vmt_call_state_to_string (VmtCallState state);
gboolean vmt_call_state_leads (VmtCallState state, VmtCallState to);
/* FALSE, with a warning, where no edge leads to @to. */
gboolean vmt_call_state_move (VmtCallState *state, VmtCallState to);
