/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/videomeet/call/calls-priv.h>

G_BEGIN_DECLS

/* Three who are registered at one server, which has no sockets and a clock that
 * stands until a test moves it. */

/* One connection; what it heard, in the words of the wire, without the
 * media. */
typedef struct
{
  GString *heard;
  VmCallUser *user;
} Phone;

extern VmCalls *calls;
extern Phone ann, bob, carl; /* as they are called */
extern gint64 now; /* µs */

void phones_setup (void);
void phones_teardown (void);

/* A VmCallsSend to a Phone. */
void
phone_send (gpointer peer, const VmCallMessage *message, gpointer user_data);
/* Just that, and nothing from now on. */
void heard (Phone *phone, const gchar *what);
/* Registered anew, and gone. */
void come (Phone *phone, const gchar *id);
void go (Phone *phone);
/* The code of what is wrong, or -1. */
gint say (Phone *phone, VmCallMessageType type, const gchar *call_id,
    const gchar *to);
/* Nothing is wrong. */
void says (Phone *phone, VmCallMessageType type, const gchar *call_id,
    const gchar *to);
/* Ann has called Bob, in "c1". */
void talk (void);

G_END_DECLS
