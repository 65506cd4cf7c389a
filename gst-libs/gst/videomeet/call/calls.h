/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/call/call.h"
#include "call/callstate.h"
#include "base/limits.h"

/* Users that call one another (protocol/calls.md): the registered users, their
 * calls, at most one each, and the messages allowed in them. Sans-I/O: time
 * comes in, messages go out. `now` is monotonic time in µs.
 *
 * In a cluster (callshare.h) a user can register when no other server has a
 * user of that name, and users at other servers can be called like local
 * ones. */

typedef struct _VmCalls VmCalls;
typedef struct _VmCallUser VmCallUser;

/* One message for the connection @peer; must not call back into the calls. */
typedef void (*VmCallsSend) (
    gpointer peer, const VmCallMessage *message, gpointer user_data);

/* @callee has missed a call of @caller, because it did not answer or is not
 * registered: names, or ids where they have none. Must not call back into the
 * calls. */
typedef void (*VmCallsMissed) (
    const gchar *callee, const gchar *caller, gpointer user_data);

/* Another server has taken over the name of the user at @peer: @reason. The
 * user is gone. Must not call back into the calls. */
typedef void (*VmCallsClose) (
    gpointer peer, const GError *reason, gpointer user_data);

VmCalls *vm_calls_new (VmCallsSend send, gpointer user_data);
/* Sends nothing to the remaining users. */
void vm_calls_free (VmCalls *calls);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmCalls, vm_calls_free)
void vm_calls_set_missed_func (
    VmCalls *calls, VmCallsMissed func, gpointer user_data);
void
vm_calls_set_close_func (VmCalls *calls, VmCallsClose func, gpointer user_data);
/* Ends calls that have rung for @ring. */
void vm_calls_tick (VmCalls *calls, gint64 ring, gint64 now);
guint vm_calls_count_users (VmCalls *calls);
/* Those that ring or are active. */
guint vm_calls_count (VmCalls *calls);

/* Registers a user, who gets `registered`. @name NULL: use @id. USER_TAKEN;
 * RATE_LIMITED beyond VM_CALL_USERS_MAX. In a cluster vm_calls_request_user()
 * comes first. */
VmCallUser *vm_calls_register (VmCalls *calls, const gchar *id,
    const gchar *name, gpointer peer, gint64 now, GError **error);
/* Registers again, perhaps with another name; BAD_MESSAGE with another id. */
gboolean vm_call_user_rename (
    VmCallUser *user, const gchar *id, const gchar *name, GError **error);
/* The user @id comes back at @peer, in its active call @call_id with @other_id:
 * its connection before is closed, and the call goes on. NULL when there is no
 * such user in such a call. */
VmCallUser *vm_calls_take_over (VmCalls *calls, const gchar *id,
    const gchar *call_id, const gchar *other_id, gpointer peer);
/* @user claims that a call with @other_id goes on, which began at a stopped
 * server or on another connection of @user; if the other user has ended it,
 * @user is told. A @call_id of NULL claims none. */
void vm_call_user_claim (
    VmCallUser *user, const gchar *call_id, const gchar *other_id);
/* A message from @user, which the model may write to: UNROUTABLE, BAD_MESSAGE,
 * RATE_LIMITED. */
gboolean vm_call_user_receive (
    VmCallUser *user, VmCallMessage *message, gint64 now, GError **error);
/* Whether it is in a call that rings or is active. */
gboolean vm_call_user_is_busy (const VmCallUser *user);
/* The connection is gone, and @user with it; the other user of its call is
 * told. */
void vm_call_user_leave (VmCallUser *user);
/* Likewise, when this server stops: its call with a user at another server may
 * continue if it returns. */
void vm_call_user_detach (VmCallUser *user);

typedef struct _VmCallRequest VmCallRequest;

/* The answer to vm_calls_request_user(), once. @user NULL: @error. The request
 * is gone. */
typedef void (*VmCallsSeated) (
    VmCallUser *user, const GError *error, gpointer user_data);

/* As vm_calls_register(), when the other servers have been asked. Returns: the
 * request while the answer is pending; else @seated was called before it
 * returns. */
VmCallRequest *
vm_calls_request_user (VmCalls *calls, const gchar *id, const gchar *name,
    gpointer peer, gint64 now, VmCallsSeated seated, gpointer user_data);
/* Calls no callback any more. */
void vm_call_request_cancel (VmCallRequest *request);
