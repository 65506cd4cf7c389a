/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/engine/sender.h"

/* Shared by sender.c and receiver.c: the state, the pauses of both sides, and
 * the waiting actions. */

/* State changes kept for vm_engine_next_state(); beyond, the oldest is dropped.
 */
#define VM_ENGINE_MOVES_MAX 16

typedef struct
{
  gchar *id;
  VmTransferState state;
  GQueue moves; /* of VmTransferState: not fetched yet */
  GError *error; /* why it has FAILED */
  GQueue actions;
  gboolean legacy; /* the peer knows only base messages */
  VmTransferType last; /* the message that reported the failure; or N_TYPES */
  gboolean paused_here;
  gboolean paused_there;
  gint64 again; /* when an unanswered message is repeated; -1 */
  gint64 wait; /* the interval; it doubles */
  gint64 give_up; /* or -1 */
} VmEngine;

void vm_engine_init (VmEngine *engine, const gchar *id);
void vm_engine_clear (VmEngine *engine);

VmAction *vm_engine_next (VmEngine *engine);
/* Adds an action. Returns: (transfer none) */
VmAction *vm_engine_want (VmEngine *engine, VmActionType type);
/* Adds a message, for the caller to fill in. Returns: (transfer none) */
VmTransferMessage *vm_engine_send (VmEngine *engine, VmTransferType type);
/* Sends a message outside the base protocol, except to a legacy peer. */
void vm_engine_say (VmEngine *engine, VmTransferType type, const gchar *reason);

gboolean vm_engine_is_over (const VmEngine *engine);
/* The next state that it moved to. FALSE: no further change. */
gboolean vm_engine_next_state (VmEngine *engine, VmTransferState *state);
/* Moves the state. A transition that does not exist only warns. */
void vm_engine_move (VmEngine *engine, VmTransferEvent event);
/* Sets TRANSFERRING or PAUSED from the pauses; whether that changed it. */
gboolean vm_engine_update_pause (VmEngine *engine, gboolean also);
/* Sets FAILED, unless it is over; drops waiting disk actions. */
gboolean vm_engine_fail (VmEngine *engine, const GError *why);
/* The same, and tells the peer: CANCEL, which keeps nothing, or ERROR, which
 * lets another transfer resume, neither of them to a legacy peer; or a negative
 * FILE_RESPONSE or VERIFIED. Takes @why. */
void vm_engine_give_up (VmEngine *engine, VmTransferType type, GError *why);
/* Repeats the failure to a peer that continues. */
void vm_engine_tell_again (VmEngine *engine, const VmTransferMessage *message);
/* The part of an error that a peer may know: of a disk error, only that it is
 * one. */
gchar *vm_engine_reason (const GError *why);
GError *vm_engine_error (VmError code, const gchar *what, const gchar *reason);

/* FALSE with an error: the message is not of this transfer. */
gboolean vm_engine_check_id (
    const VmEngine *engine, const VmTransferMessage *message, GError **error);
gboolean vm_engine_out_of_place (
    const VmEngine *engine, VmTransferType type, GError **error);

/* Repeats the message from now on until it is answered. */
void vm_engine_repeat (VmEngine *engine, gint64 now, gint64 give_up);
void vm_engine_answered (VmEngine *engine);
/* Whether to repeat it now. */
gboolean vm_engine_is_due (VmEngine *engine, gint64 now);

gint64 vm_engine_patience (guint64 size); /* µs */
/* What a chunk of that size takes at VM_TRANSFER_SLOWEST beyond one of the base
 * protocol's; µs. */
gint64 vm_engine_chunk_patience (guint32 chunk_size);
guint64 vm_engine_chunks (guint64 size, guint32 chunk_size);
guint32 vm_engine_chunk_size (guint64 size, guint32 chunk_size, guint64 index);
