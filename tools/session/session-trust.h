/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"
#include "questions/changedkeys.h"
#include "ui/output.h"

/* Other devices that ask for trust during a meeting, or while files are
 * received, told to the user, who answers by what is typed. Main thread; the
 * node's signals are brought there. */

typedef struct _VmtSessionTrust VmtSessionTrust;

/* @meeting: its name, NULL: there is none; @over: whether nobody can type any
 * more. All live longer than it. */
VmtSessionTrust *vmt_session_trust_new (VmNode *node, const VmtOptions *options,
    VmtOutput *output, const gchar *meeting, const gboolean *over,
    VmtChangedKeys *changed);
void vmt_session_trust_free (VmtSessionTrust *self);
/* When the open question was shown last. */
gint64 vmt_session_trust_get_time (const VmtSessionTrust *self);
/* Shows it once more. */
void vmt_session_trust_ask_again (VmtSessionTrust *self, gint64 now);
/* A yes that is typed sooner was not meant for the question: it came in the
 * place of another, or under what somebody was writing. Of programs (--json) it
 * is taken at once. */
#define VMT_LOOK_TIME (1 * G_USEC_PER_SEC)

/* Whether @line is the answer to an open question; it is given then. @now is
 * monotonic time. */
gboolean vmt_session_trust_take_line (
    VmtSessionTrust *self, const gchar *line, gint64 now);
/* @message, a refusal for want of trust, with what to do about it; @uri: where
 * the meeting is, NULL: it was looked for by name. */
gchar *vmt_session_trust_advise (
    VmtSessionTrust *self, const gchar *message, const gchar *uri);
void vmt_session_trust_answer (VmtSessionTrust *self, gboolean yes, gint64 now);
/* Whether a question is open. */
gboolean vmt_session_trust_is_asking (const VmtSessionTrust *self);
/* How many were shown so far. */
guint vmt_session_trust_get_asked (const VmtSessionTrust *self);
/* A link to a page in which the user can answer as well. */
void vmt_session_trust_show_page (VmtSessionTrust *self);
