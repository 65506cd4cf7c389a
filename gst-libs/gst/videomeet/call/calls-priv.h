/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "call/calls.h"

/* The other servers of a cluster, whose users can be called too
 * (protocol/cluster.md#calls-between-servers). The functions may not call back
 * into the calls. */
typedef struct _VmCallsRemote VmCallsRemote;
typedef struct _VmCallShare VmCallShare; /* the remote's own */

/* A user whom the remote lost without a leave message may return to another
 * server within this time. */
#define VM_CALL_LEAVE_TIME (10 * G_USEC_PER_SEC)

/* The server of a user that is being looked for. */
#define VM_CALLS_SOUGHT ""

struct _VmCallsRemote
{
  /* As vm_calls_request_user(). */
  VmCallRequest *(*request) (VmCallShare *share, const gchar *id,
      const gchar *name, gpointer peer, VmCallsSeated seated,
      gpointer user_data);
  /* The user of this seat is gone. */
  void (*leave) (VmCallShare *share, guint seat);
  /* The other server of a user, or NULL; VM_CALLS_SOUGHT: it is not known yet,
   * and will be, by vm_calls_found(), if the user is watched. */
  const gchar *(*find) (VmCallShare *share, const gchar *id);
  /* From now on it is known at which server that user is, if at any, until the
   * same number of `unwatch`. */
  void (*watch) (VmCallShare *share, const gchar *id);
  void (*unwatch) (VmCallShare *share, const gchar *id);
  /* Whether the server @node has been silent lately. */
  gboolean (*is_absent) (VmCallShare *share, const gchar *node);
  /* To the user @to at @node; @from NULL: from the server. VM_CALLS_SOUGHT: as
   * soon as it is known. */
  void (*say) (VmCallShare *share, const gchar *node, const gchar *from,
      const gchar *to, const VmCallMessage *message);
  /* @from tells the server @node of @to that their call goes on. */
  void (*claim) (VmCallShare *share, const gchar *node, const gchar *from,
      const gchar *to, const gchar *call_id);
  /* How the remote names the user @id; see vm_calls_say_ends(). Returns:
   * (transfer full) */
  gchar *(*key) (const gchar *id);
};

/* Shared by the files of VmCalls. */

typedef struct
{
  gchar *id; /* chosen by the caller; unique only for the two users */
  VmCallUser *caller, *callee;
  VmCallState state;
  VmCallUser *asks; /* has made a new offer in it without an answer yet; or NULL
                     */
  gint64 began; /* in its state: ringing, or active */
  GList link; /* among those that ring */
} VmCallsCall;

struct _VmCallUser
{
  VmCalls *calls;
  gchar *id, *name;
  gpointer peer;
  VmCallsCall *call; /* or NULL */
  /* a second call that rings at it while @call is active; or NULL */
  VmCallsCall *waiting;
  /* of the last call that ended: its messages may still arrive */
  gchar *last_id, *last_other;
  /* of a call that, so far, only this user says goes on; or NULL */
  gchar *claim_id, *claim_other;
  gdouble offers; /* still allowed */
  gint64 offers_at;
  gboolean listed; /* has asked who can be called, last at @listed_at */
  gint64 listed_at;

  /* in a cluster: */
  guint seat; /* its number at this server; 0: not shared */
  gchar *node; /* its server; NULL: this one */
  gint64 missed_at; /* since when its record lacks it; 0: it is there */
  gboolean idle; /* will be forgotten, unless it is in a call */
  gboolean watched; /* as VmCallsRemote.watch(), while it is in one */
};

struct _VmCalls
{
  VmCallsSend send;
  gpointer user_data;
  VmCallsMissed missed; /* or NULL */
  gpointer missed_data;
  VmCallsClose close; /* or NULL */
  gpointer close_data;
  GHashTable *users; /* id -> VmCallUser, which it owns */
  GQueue ringing; /* of VmCallsCall, the oldest first */
  guint n_calls;
  GPtrArray *list; /* calllist.c: of who can be called, in order; or NULL */
  gboolean list_changed; /* somebody has come, gone or been renamed since */
  gint64 listed_at;
  const VmCallsRemote *remote; /* other servers, or NULL */
  VmCallShare *share; /* of @remote */
  GHashTable *remotes; /* id -> VmCallUser, of other servers */
  GQueue idle; /* of those */
  GQueue ends; /* of calls that the other user may not know of, the oldest first
                */
  gint64 now; /* the last known time */
};

/* calls.c */
void vm_call_user_free (VmCallUser *user);
void vm_calls_tell (VmCallUser *user, const VmCallMessage *message);
void vm_calls_tell_failed (
    VmCallUser *user, const gchar *call_id, VmCallReason reason);
VmCallUser *vm_calls_other_of (const VmCallsCall *call, const VmCallUser *user);
VmCallParty vm_calls_party_of (const VmCallsCall *call, const VmCallUser *user);
/* FALSE when the state has no such transition. A call that is over belongs to
 * no user; free it with vm_calls_free_if_over(). */
gboolean
vm_calls_advance (VmCallsCall *call, VmCallEvent event, VmCallParty party);
void vm_calls_free_if_over (VmCallsCall *call);
/* Takes a message of @user, at this or another server. */
gboolean vm_calls_take (
    VmCallUser *user, VmCallMessage *message, gint64 now, GError **error);
void vm_calls_set_taken (GError **error, const gchar *id);
/* The user @callee has missed the call. */
void vm_calls_tell_missed (const VmCallUser *caller, const gchar *callee);
/* Returns: (transfer full) */
VmCallMessage *
vm_calls_new_end (const gchar *by, const gchar *to, const gchar *call_id);
void
vm_calls_tell_end (VmCallUser *user, const gchar *call_id, const gchar *by);
void
vm_calls_forward (VmCallUser *from, VmCallUser *to, VmCallMessage *message);
void
vm_calls_keep_last (VmCallUser *user, const gchar *call_id, const gchar *other);
VmCallsCall *vm_calls_begin (VmCallUser *caller, VmCallUser *callee,
    const gchar *call_id, VmCallState state);

/* calllist.c: who can be called, unless @user has asked just now */
void vm_calls_tell_users (VmCallUser *user, gint64 now);

/* callusers.c */
/* The user that claims a call need no longer know where the other one is. */
void vm_call_user_unwatch_claim (VmCallUser *user);
/* Ends the call that rings at the lost @user beside its own call. */
void vm_calls_end_waiting (VmCallUser *user);
/* Likewise its own call. @quietly: do not tell another user at another server.
 */
void vm_calls_end_lost (VmCallUser *user, gboolean quietly);

/* callclaims.c */
/* @user begins another call: the one that it claimed has ended. If @callee
 * claims a call with @user, that has ended too, and @callee is told. */
void vm_call_user_drop_claims (VmCallUser *user, VmCallUser *callee);
/* Takes a candidate for a call that @user has claimed while the other user's
 * server has not answered yet; FALSE: any other message. */
gboolean vm_call_user_say_claimed (VmCallUser *user, VmCallMessage *message);
/* Takes the end of a call that one of the two has claimed; FALSE: neither has,
 * and @user is here. */
gboolean vm_call_user_end_claimed (VmCallUser *user, VmCallMessage *message);
/* Connects the two if @user claims this call; if @user has ended it, tells
 * @other. Returns whether they talk. */
gboolean vm_call_user_meet_claim (
    VmCallUser *user, VmCallUser *other, const gchar *call_id);
/* @user is gone, and its claimed call with it. */
void vm_call_user_leave_claim (VmCallUser *user);
/* @by has ended, at another server, a call that @to may claim. */
void vm_calls_hear_end (VmCalls *calls, const VmCallUser *by, const gchar *to,
    const gchar *call_id);

/* callended.c */
/* @by has ended a call with @other, who may not know. */
void vm_calls_keep_end (VmCalls *calls, const gchar *call_id,
    const VmCallUser *by, const gchar *other);
/* Likewise for @call; when the other user has moved to another server, that
 * one is told at once. */
void vm_calls_keep_end_of (const VmCallsCall *call, const VmCallUser *by);
/* Removes a kept end; whether there was one. */
gboolean vm_calls_take_end (
    VmCalls *calls, const gchar *call_id, const gchar *by, const gchar *other);
void vm_calls_forget_ends (VmCalls *calls, gint64 now);
void vm_calls_clear_ends (VmCalls *calls);
/* Passes the kept ends on to the server where the user with that key
 * (VmCallsRemote) is now; if it is gone, nothing happens. */
void vm_calls_say_ends (VmCalls *calls, const gchar *key);

/* callremote.c */
/* Likewise of any user, if there are other servers. */
void vm_calls_watch (VmCalls *calls, const gchar *id);
void vm_calls_unwatch (VmCalls *calls, const gchar *id);
/* Whether @node is a server: neither NULL nor VM_CALLS_SOUGHT. */
gboolean vm_calls_is_node (const gchar *node);
/* The user @id was sought, and is at @node, or nowhere if that is NULL. */
void vm_calls_found (VmCalls *calls, const gchar *id, const gchar *node);
/* The user whom @user calls, here or at another server; NULL: there is none. */
VmCallUser *vm_calls_find_callee (VmCallUser *user, const gchar *id);
/* The user @id of another server: the one known here, at whatever server, or a
 * new one at @node. It is kept while it is in a call, or until
 * vm_calls_forget_idle(). */
VmCallUser *
vm_calls_get_remote (VmCalls *calls, const gchar *id, const gchar *node);
/* @remote is no longer in a call. */
void vm_calls_drop_remote (VmCallUser *remote);
void vm_calls_forget_idle (VmCalls *calls);
void vm_calls_tick_remotes (VmCalls *calls, gint64 now);
/* The server of @remote says that it is in no call, or another than known here:
 * ends the one known here. */
void vm_calls_end_denied (VmCallUser *remote);
/* Takes a message from @from at @node (not empty) to @to. */
void vm_calls_hear (VmCalls *calls, const gchar *node, const gchar *from,
    const gchar *to, VmCallMessage *message, gint64 now);
/* @from at @node says that a call with @to goes on. */
void vm_calls_hear_claim (VmCalls *calls, const gchar *node, const gchar *from,
    const gchar *to, const gchar *call_id);
/* Tells the other user's server that @user says that their call goes on. */
void vm_call_user_say_claim (const VmCallUser *user);
/* Sends a message of that call there, after the claim; FALSE: the other user
 * has no known server. */
gboolean vm_call_user_say_on (VmCallUser *user, VmCallMessage *message);
/* @user moved here from another server: its call goes on if it claims it
 * (@call_id or NULL, and the other's id), else it is lost. */
void vm_call_user_come_over (
    VmCallUser *user, const gchar *call_id, const gchar *other_id);
/* Another server now has its name. */
void vm_call_user_lose (VmCallUser *user, const GError *reason);
