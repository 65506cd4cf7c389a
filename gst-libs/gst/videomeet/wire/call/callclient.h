/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/call/call.h"
#include "wire/dialect.h"

/* The work of a call client besides reading and writing messages, all on the
 * state of a vm_dialect_call_client. The model is a meeting in which the other
 * user is the only participant; the caller makes the offer. Sans-I/O.
 *
 * A `participant-state` with the state VM_CALL_RINGING and the caller as its
 * participant announces a call that rings here; one with VM_CALL_MISSED
 * announces that it has stopped ringing. */
#define VM_CALL_RINGING "ringing"
/* vm_call_client_take_refusal() */
#define VM_CALL_REFUSED "refused"
#define VM_CALL_MISSED "missed"

/* Candidates of a ringing call, kept until the user accepts it. Chromium has
 * some ten for each interface. */
#define VM_CALL_CANDIDATES_MAX 64

/* Calls @user with this call id. Returns the `participant-joined` of the user
 * to make an offer to. NULL with VM_ERROR_FAILED: there is a call already. */
VmSignal *vm_call_client_dial (gpointer state, const gchar *user,
    const gchar *call_id, VmCallType call_type, GError **error);
/* Accepts the ringing call. Returns the signals for the model, in order. NULL
 * with VM_ERROR_FAILED. Returns: (transfer full) (element-type VmSignal) */
GPtrArray *vm_call_client_accept (gpointer state, GError **error);
/* Rejects the ringing call. Returns the message to send. */
GBytes *vm_call_client_reject (gpointer state, GError **error);
/* While a call goes on, another offer is refused without asking the user: the
 * message to send to that caller. */
GBytes *vm_call_client_take_refusal (gpointer state);
/* Ends the call that was accepted, or made. @bytes: the message to send, NULL
 * when no offer was made yet; @left: the signal for the model. FALSE with
 * VM_ERROR_FAILED: there is no call. */
gboolean vm_call_client_end (
    gpointer state, GBytes **bytes, VmSignal **left, GError **error);

/* The connection is lost. An answered call goes on, and the next `hello` says
 * so; for an unanswered one this returns the signal for the model, or NULL. */
VmSignal *vm_call_client_lose (gpointer state);
/* Call it before vm_call_client_end() while the connection is lost: it keeps
 * the message for the other user. */
void vm_call_client_owe_end (gpointer state);
/* The kept message, once the connection is back; or NULL. */
GBytes *vm_call_client_take_owed (gpointer state);
