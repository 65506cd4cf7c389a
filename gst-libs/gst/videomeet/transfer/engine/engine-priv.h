/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/engine/sender.h"

/* What sender.c and receiver.c share: the state, the pauses of both sides, and
 * the actions that wait. */

/* Moves that are kept for who asks; of more, the oldest is forgotten. */
#define VM_ENGINE_MOVES_MAX 16

typedef struct
{
  gchar *id;
  VmTransferState state;
  GQueue moves; /* of VmTransferState: those that nobody has asked for yet */
  GError *error; /* why it has FAILED */
  GQueue actions;
  gboolean seed; /* the peer knows no other messages */
  VmTransferType last; /* what the peer was told when it failed; or N_TYPES */
  gboolean paused_here;
  gboolean paused_there;
  gint64 again; /* when what is not answered is said again; -1 */
  gint64 wait; /* before that; it doubles */
  gint64 give_up; /* or -1 */
} VmEngine;

void vm_engine_init (VmEngine *engine, const gchar *id);
void vm_engine_clear (VmEngine *engine);

VmAction *vm_engine_next (VmEngine *engine);
/* Adds one. Returns: (transfer none) */
VmAction *vm_engine_want (VmEngine *engine, VmActionType type);
/* Adds a message, for the caller to fill in. Returns: (transfer none) */
VmTransferMessage *vm_engine_send (VmEngine *engine, VmTransferType type);
/* One that the base protocol does not have: not sent to a legacy peer. */
void vm_engine_say (VmEngine *engine, VmTransferType type, const gchar *reason);

gboolean vm_engine_is_over (const VmEngine *engine);
/* The next state that it has moved to. FALSE: there was no other since. */
gboolean vm_engine_next_state (VmEngine *engine, VmTransferState *state);
/* Moves the state. An edge that there is not is a warning, and no move. */
void vm_engine_move (VmEngine *engine, VmTransferEvent event);
/* TRANSFERRING or PAUSED as the pauses say; whether that changed it. */
gboolean vm_engine_update_pause (VmEngine *engine, gboolean also);
/* FAILED, unless it is over; what waits for the disk is not wanted any more. */
gboolean vm_engine_fail (VmEngine *engine, const GError *why);
/* The same, and tells the peer: CANCEL, after which nothing is kept; ERROR,
 * after which another transfer can go on, neither of them to a legacy peer; a
 * FILE_RESPONSE or VERIFIED that says no. Takes @why. */
void vm_engine_give_up (VmEngine *engine, VmTransferType type, GError *why);
/* For a peer that goes on: it has not heard. */
void vm_engine_tell_again (VmEngine *engine, const VmTransferMessage *message);
/* What a peer may know of an error: of this machine's disk, only that. */
gchar *vm_engine_reason (const GError *why);
GError *vm_engine_error (VmError code, const gchar *what, const gchar *reason);

/* FALSE with an error: the message is not of this transfer. */
gboolean vm_engine_check_id (
    const VmEngine *engine, const VmTransferMessage *message, GError **error);
gboolean vm_engine_out_of_place (
    const VmEngine *engine, VmTransferType type, GError **error);

/* From now on: what was said is said again until it is answered. */
void vm_engine_repeat (VmEngine *engine, gint64 now, gint64 give_up);
void vm_engine_answered (VmEngine *engine);
/* Whether it is time to say it again. */
gboolean vm_engine_is_due (VmEngine *engine, gint64 now);

gint64 vm_engine_patience (guint64 size); /* µs */
guint64 vm_engine_chunks (guint64 size, guint32 chunk_size);
guint32 vm_engine_chunk_size (guint64 size, guint32 chunk_size, guint64 index);
