/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The state of a chunk that is under way, until it is acknowledged. */
typedef enum
{
  VM_CHUNK_STATE_READING,
  VM_CHUNK_STATE_AHEAD, /* not sent yet */
  VM_CHUNK_STATE_READY, /* not sent: paused, or the receiver had no room */
  VM_CHUNK_STATE_SENT,
  VM_CHUNK_N_STATES
} VmChunkState;

const gchar *vm_chunk_state_to_string (VmChunkState state);
/* FALSE, with a warning, where the state has no transition to @to. */
gboolean vm_chunk_state_move (VmChunkState *state, VmChunkState to);
