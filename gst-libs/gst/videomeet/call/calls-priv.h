/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "call/calls.h"

/* The other servers of a cluster, whose users can be called too
 * (protocol/cluster.md#calls-between-servers). The functions may not call back
 * into the calls. */
typedef struct _VmCallsRemote VmCallsRemote;
typedef struct _VmCallShare VmCallShare; /* the remote's own */

/* A user whom the remote has no more, without a last word, may come back to
 * another server within this time. */
#define VM_CALL_LEAVE_TIME (10 * G_USEC_PER_SEC)

struct _VmCallsRemote
{
  /* As vm_calls_wish_user(). */
  VmCallWish *(*wish) (VmCallShare *share, const gchar *id, const gchar *name,
      gpointer peer, VmCallsSeated seated, gpointer user_data);
  /* The user with this seat is gone. */
  void (*leave) (VmCallShare *share, guint seat);
  /* The other server at which a user is, or NULL. */
  const gchar *(*find) (VmCallShare *share, const gchar *id);
  /* Whether the server @node was not heard of lately. */
  gboolean (*is_absent) (VmCallShare *share, const gchar *node);
  /* To the user @to at @node; @from NULL: from the server. */
  void (*say) (VmCallShare *share, const gchar *node, const gchar *from,
      const gchar *to, const VmCallMessage *message);
  /* @from says to the server @node of @to that their call goes on. */
  void (*claim) (VmCallShare *share, const gchar *node, const gchar *from,
      const gchar *to, const gchar *call_id);
  /* How the remote names the user @id; see vm_calls_say_ends(). Returns:
   * (transfer full) */
  gchar *(*key) (const gchar *id);
};

/* Shared by the files of VmCalls. */

typedef struct
{
  gchar *id; /* the caller's choice; unique for the two alone */
  VmCallUser *caller, *callee;
  VmCallState state;
  VmCallUser *asks; /* has offered anew in it, and is not answered; or NULL */
  gint64 began; /* as what it is: ringing, or active */
  GList link; /* among those that ring */
} VmCallsCall;

struct _VmCallUser
{
  VmCalls *calls;
  gchar *id, *name;
  gpointer peer;
  VmCallsCall *call; /* or NULL */
  /* one that rings at it besides, while that is active; or NULL */
  VmCallsCall *waiting;
  /* of the last call that is over: messages of it may be on the way */
  gchar *last_id, *last_other;
  /* of one that goes on, by what this user alone has said so far; or NULL */
  gchar *claim_id, *claim_other;
  gdouble offers; /* that are free still */
  gint64 offers_at;

  /* in a cluster: */
  guint seat; /* its number among those of this server; 0: it shares none */
  gchar *node; /* the server at which it is; NULL: this one */
  gint64 missed_at; /* when it was not there any more, as its record says; 0: it
                       is */
  gboolean idle; /* it is about to be forgotten, unless it is in a call */
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
  const VmCallsRemote *remote; /* other servers, or NULL */
  VmCallShare *share; /* of @remote */
  GHashTable *remotes; /* id -> VmCallUser, of other servers */
  GQueue idle; /* of those */
  GQueue ends; /* of calls whose others may not know, the oldest first */
  gint64 now; /* when it was last looked at the clock */
};

/* calls.c */
void vm_call_user_free (VmCallUser *user);
void vm_calls_tell (VmCallUser *user, const VmCallMessage *message);
void vm_calls_tell_failed (
    VmCallUser *user, const gchar *call_id, VmCallReason reason);
VmCallUser *vm_calls_other_of (const VmCallsCall *call, const VmCallUser *user);
VmCallParty vm_calls_party_of (const VmCallsCall *call, const VmCallUser *user);
/* FALSE when the table has no such edge. A call that is over belongs to nobody
 * any more, and is for vm_calls_free_if_over(). */
gboolean
vm_calls_advance (VmCallsCall *call, VmCallEvent event, VmCallParty party);
void vm_calls_free_if_over (VmCallsCall *call);
/* What @user says, who is here or at another server. */
gboolean vm_calls_take (
    VmCallUser *user, VmCallMessage *message, gint64 now, GError **error);
void vm_calls_set_taken (GError **error, const gchar *id);
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

/* callusers.c */
/* What rings at @user, who is lost, beside its call is over. */
void vm_calls_end_waiting (VmCallUser *user);
/* Likewise the call. @quietly: at this server. */
void vm_calls_end_lost (VmCallUser *user, gboolean quietly);

/* callclaims.c */
/* @user begins something else; so does @callee where it was in a call with
 * @user, and hears that this one is over. */
void vm_call_user_drop_claims (VmCallUser *user, VmCallUser *callee);
/* A candidate in a call that @user has claimed, whose other is at another
 * server, which has not answered yet; FALSE: it is something else. */
gboolean vm_call_user_say_claimed (VmCallUser *user, VmCallMessage *message);
/* The end of a call that one of the two has claimed; FALSE: neither has, and
 * @user is here. */
gboolean vm_call_user_end_claimed (VmCallUser *user, VmCallMessage *message);
/* The two talk, if @user says that this call goes on; else, if it has ended,
 * they hear so. Whether they talk. */
gboolean vm_call_user_meet_claim (
    VmCallUser *user, VmCallUser *other, const gchar *call_id);
/* @user is gone, and what it said went on with it. */
void vm_call_user_leave_claim (VmCallUser *user);
/* @by, who was at another server, has ended there what @to may say to go on. */
void vm_calls_hear_end (VmCalls *calls, const VmCallUser *by, const gchar *to,
    const gchar *call_id);

/* callended.c */
/* @by has ended a call with @other, who may not know. */
void vm_calls_keep_end (VmCalls *calls, const gchar *call_id,
    const VmCallUser *by, const gchar *other);
/* So has it @call, of which the other was told where it is known to be. */
void vm_calls_keep_end_of (const VmCallsCall *call, const VmCallUser *by);
/* Whether that is kept, which it is not from now on. */
gboolean vm_calls_take_end (
    VmCalls *calls, const gchar *call_id, const gchar *by, const gchar *other);
void vm_calls_forget_ends (VmCalls *calls, gint64 now);
void vm_calls_clear_ends (VmCalls *calls);
/* Whoever has that key (VmCallsRemote) is at another server now, or no more. */
void vm_calls_say_ends (VmCalls *calls, const gchar *key);

/* callremote.c */
/* Whom @user calls: here, or at another server; NULL: nowhere. */
VmCallUser *vm_calls_find_callee (VmCallUser *user, const gchar *id);
/* One at @node, for as long as it is in a call, or until
 * vm_calls_forget_idle(). */
VmCallUser *
vm_calls_get_remote (VmCalls *calls, const gchar *id, const gchar *node);
/* It is not in a call any more. */
void vm_calls_drop_remote (VmCallUser *remote);
void vm_calls_forget_idle (VmCalls *calls);
void vm_calls_tick_remotes (VmCalls *calls, gint64 now);
/* The server of @remote says that it is in another call than it is here, or
 * none: that is over. */
void vm_calls_end_denied (VmCallUser *remote);
/* What @from at @node, which is not empty, says to @to. */
void vm_calls_hear (VmCalls *calls, const gchar *node, const gchar *from,
    const gchar *to, VmCallMessage *message, gint64 now);
/* @from at @node says that a call with @to goes on. */
void vm_calls_hear_claim (VmCalls *calls, const gchar *node, const gchar *from,
    const gchar *to, const gchar *call_id);
/* Where @user says that a call goes on, the other's server is told. */
void vm_call_user_say_claim (const VmCallUser *user);
/* What it says in it goes there, behind that; FALSE: the other is nowhere. */
gboolean vm_call_user_say_on (VmCallUser *user, VmCallMessage *message);
/* @user, who is here now, was at another server: its call goes on if it says so
 * (@call_id or NULL, and with whom), else it is lost. */
void vm_call_user_come_over (
    VmCallUser *user, const gchar *call_id, const gchar *other_id);
/* Its name is another server's. */
void vm_call_user_lose (VmCallUser *user, const GError *reason);
