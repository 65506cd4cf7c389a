/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "calls.h"

/* Shared by the files of VmCalls. */

typedef struct
{
  gchar *id; /* the caller's choice; unique for the two alone */
  VmCallUser *caller, *callee;
  VmCallState state;
  gint64 began;
  GList link; /* among those that ring */
} VmCallsCall;

struct _VmCallUser
{
  VmCalls *calls;
  gchar *id, *name;
  gpointer peer;
  VmCallsCall *call; /* or NULL */
  /* of the last call that is over: messages of it may be on the way */
  gchar *last_id, *last_other;
  /* of one that goes on, by what this user alone has said so far; or NULL */
  gchar *claim_id, *claim_other;
  gdouble offers; /* that are free still */
  gint64 offers_at;
};

struct _VmCalls
{
  VmCallsSend send;
  gpointer user_data;
  VmCallsMissed missed; /* or NULL */
  gpointer missed_data;
  GHashTable *users; /* id -> VmCallUser, which it owns */
  GQueue ringing; /* of VmCallsCall, the oldest first */
  guint n_calls;
};

/* calls.c */
void vm_calls_tell_end (
    VmCallUser *user, const gchar *call_id, const VmCallUser *by);
void
vm_calls_forward (VmCallUser *from, VmCallUser *to, VmCallMessage *message);
void
vm_calls_keep_last (VmCallUser *user, const gchar *call_id, const gchar *other);
VmCallsCall *vm_calls_begin (VmCallUser *caller, VmCallUser *callee,
    const gchar *call_id, VmCallState state);

/* callclaims.c */
/* @user begins something else; so does @callee where it was in a call with
 * @user, and hears that this one is over. */
void vm_call_user_drop_claims (VmCallUser *user, VmCallUser *callee);
/* The end of a call that one of the two has claimed; FALSE: neither has. */
gboolean vm_call_user_end_claimed (VmCallUser *user, VmCallMessage *message);
