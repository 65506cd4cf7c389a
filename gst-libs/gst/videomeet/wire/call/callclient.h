/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/call/call.h"
#include "wire/dialect.h"

/* What a client of calls does besides reading and writing messages: all on the
 * state of a vm_dialect_call_client. The model is a meeting in which the other
 * is the only participant; whoever calls offers. Sans-I/O.
 *
 * A call that rings here is told by a `participant-state` with the state
 * VM_CALL_RINGING and the caller as its participant; that it rings no more, by
 * one with VM_CALL_MISSED. */
#define VM_CALL_RINGING "ringing"
/* vm_call_client_take_refusal() */
#define VM_CALL_REFUSED "refused"
#define VM_CALL_MISSED "missed"

/* Candidates of a call that rings, which wait for it to be accepted. Chromium
 * has some ten for each interface. */
#define VM_CALL_CANDIDATES_MAX 64

/* @user is called, by a call of that id: the `participant-joined` of whom an
 * offer is to be made to. NULL with VM_ERROR_FAILED: there is a call
 * already. */
VmSignal *vm_call_client_dial (gpointer state, const gchar *user,
    const gchar *call_id, VmCallType call_type, GError **error);
/* What rings is accepted: what the model is to be told, in order. NULL with
 * VM_ERROR_FAILED. Returns: (transfer full) (element-type VmSignal) */
GPtrArray *vm_call_client_accept (gpointer state, GError **error);
/* What to say when it is not. */
GBytes *vm_call_client_reject (gpointer state, GError **error);
/* Whoever is in a call is asked by its server whether it is, and not its user:
 * what to say to who calls. */
GBytes *vm_call_client_take_refusal (gpointer state);
/* Ends the call that was accepted, or made: what to say, NULL when it was not
 * offered yet, and in @left what the model is to be told. FALSE with
 * VM_ERROR_FAILED: there is none. */
gboolean vm_call_client_end (
    gpointer state, GBytes **bytes, VmSignal **left, GError **error);

/* The connection is lost. A call that is answered goes on, and the next `hello`
 * says so; of one that is not this returns what the model is to be told, or
 * NULL. */
VmSignal *vm_call_client_lose (gpointer state);
/* Before vm_call_client_end() while the connection is lost: what the other is
 * to hear is kept. */
void vm_call_client_owe_end (gpointer state);
/* That, once the connection is back; or NULL. */
GBytes *vm_call_client_take_owed (gpointer state);
