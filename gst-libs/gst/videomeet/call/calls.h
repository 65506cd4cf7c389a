/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/call/call.h"
#include "call/callstate.h"
#include "base/limits.h"

/* Users that call one another (protocol/calls.md): who is there, which call
 * each has, one at most, and who may say what in it. Sans-I/O: time comes in,
 * messages go out. `now` is monotonic time in µs.
 *
 * In a cluster (callshare.h) a user is there when no other server has one of
 * that name, and one at another server can be called like those who are
 * here. */

typedef struct _VmCalls VmCalls;
typedef struct _VmCallUser VmCallUser;

/* One message for the connection @peer; must not call back into the calls. */
typedef void (*VmCallsSend) (
    gpointer peer, const VmCallMessage *message, gpointer user_data);

/* @callee has missed a call of @caller, because it did not answer or is not
 * there: names, or ids where they have none. Must not call back into the
 * calls. */
typedef void (*VmCallsMissed) (
    const gchar *callee, const gchar *caller, gpointer user_data);

/* The name of the user at @peer is somebody else's now, at another server:
 * @reason. The user is gone. Must not call back into the calls. */
typedef void (*VmCallsClose) (
    gpointer peer, const GError *reason, gpointer user_data);

VmCalls *vm_calls_new (VmCallsSend send, gpointer user_data);
/* Without a word to anybody who is there still. */
void vm_calls_free (VmCalls *calls);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmCalls, vm_calls_free)
void vm_calls_set_missed_func (
    VmCalls *calls, VmCallsMissed func, gpointer user_data);
void
vm_calls_set_close_func (VmCalls *calls, VmCallsClose func, gpointer user_data);
/* Ends what has rung for @ring. */
void vm_calls_tick (VmCalls *calls, gint64 ring, gint64 now);
guint vm_calls_count_users (VmCalls *calls);
/* Those that ring or are active. */
guint vm_calls_count (VmCalls *calls);

/* Somebody is there, and hears `registered`. @name NULL: called by @id.
 * USER_TAKEN; RATE_LIMITED beyond VM_CALL_USERS_MAX. In a cluster
 * vm_calls_wish_user() comes first. */
VmCallUser *vm_calls_register (VmCalls *calls, const gchar *id,
    const gchar *name, gpointer peer, gint64 now, GError **error);
/* The same once more, with another name perhaps; BAD_MESSAGE with another
 * id. */
gboolean vm_call_user_rename (
    VmCallUser *user, const gchar *id, const gchar *name, GError **error);
/* A call with @other_id goes on, which began at a server that was stopped or at
 * another connection of @user; when that one has ended it, @user hears so. A
 * @call_id of NULL is none. */
void vm_call_user_claim (
    VmCallUser *user, const gchar *call_id, const gchar *other_id);
/* A message from @user, which the model may write to: UNROUTABLE, BAD_MESSAGE,
 * RATE_LIMITED. */
gboolean vm_call_user_receive (
    VmCallUser *user, VmCallMessage *message, gint64 now, GError **error);
/* The connection is gone, and @user with it; whom it talks to is told. */
void vm_call_user_leave (VmCallUser *user);
/* Likewise, by the server: to whom it talks at another one it may come back. */
void vm_call_user_detach (VmCallUser *user);

typedef struct _VmCallWish VmCallWish;

/* The answer to vm_calls_wish_user(), once. @user NULL: @error. The wish is
 * gone. */
typedef void (*VmCallsSeated) (
    VmCallUser *user, const GError *error, gpointer user_data);

/* As vm_calls_register(), when the other servers have been asked. Returns: the
 * wish while it is to be waited for; else all is told before it returns. */
VmCallWish *
vm_calls_wish_user (VmCalls *calls, const gchar *id, const gchar *name,
    gpointer peer, gint64 now, VmCallsSeated seated, gpointer user_data);
/* Nothing is told any more. */
void vm_call_wish_cancel (VmCallWish *wish);
