/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/term/agentterm.h"
#include "agent/term/vmterminal-priv.h"
#include "terminal/termshare.h"

/* Shared by agentterm.c and agentviewer.c. */

/* Between two tries to renew a control. */
#define VM_AGENT_TERM_RENEW_PAUSE (5 * G_USEC_PER_SEC)

typedef struct _VmAgentViewer VmAgentViewer;

struct _VmAgentTerm
{
  VmTermShare *share;

  /* of the context's thread */
  VmTerminal *terminal; /* until it has ended */
  VmTermView *local_view;
  GThread *local; /* shows it to the user of this device */
  gboolean announced, minting;
  gint64 renewed_at;
  gint64 ends_at; /* the command has ended, and those who view it hear of it */
  gchar *peaceful; /* whose control was taken back; or NULL */
  gint64 peace_until;

  GMutex lock; /* of what follows, which that thread alone changes but for the
                * viewers */
  VmAgent *agent; /* until it has ended */
  GPtrArray *viewers; /* of VmAgentViewer */
  gchar *controller; /* id of a viewer, or NULL */
  gint64 control_until; /* monotonic */
};

/* Somebody who views it, on two threads: one sends, the other hears. */
struct _VmAgentViewer
{
  VmAgentTerm *term; /* lives longer */
  gchar *id, *user;
  gboolean may_control;
  VmP2pPipe *pipe;
  gint64 asked_at; /* of the context's thread */
  gint64 refused_at; /* of the one that hears */

  /* with the lock of the terminal */
  VmTermView *view; /* NULL: it is not served any more */
  GCond cond;
  GQueue unsent; /* of VmTerminalMessage */
  gboolean over;
  gint64 granted_until; /* monotonic: it has a token, and the server's word that
                         * it has control may still be on its way; 0: no */
  gboolean waits; /* what it types waits for that */
  gboolean asks, releases; /* the context's thread has yet to hear it */
  gboolean extended; /* it knows more than the base protocol */
  gboolean tells; /* what it has shown */
  guint64 sent, seen; /* bytes of TERM_OUT */
  GArray *ends; /* of guint64: @sent after each message that it has not shown */
  GError *error; /* why it is over, or NULL */
};

VmAgentViewer *vm_agent_viewer_ref (VmAgentViewer *self);
void vm_agent_viewer_unref (VmAgentViewer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmAgentViewer, vm_agent_viewer_unref)
/* Any thread. */
void vm_agent_viewer_tell (VmAgentViewer *self, const VmTermControl *control);
/* All that are of @id. */
void vm_agent_viewers_tell (
    VmAgentTerm *term, const gchar *id, const VmTermControl *control);
/* It has a token: what it types waits for the server's word. */
void vm_agent_viewer_expect_grant (VmAgentViewer *self);
/* With the lock: who has control is known now. */
void vm_agent_viewers_know (VmAgentTerm *term);
/* One that may control it. Returns: (transfer full) (nullable) */
VmAgentViewer *
vm_agent_viewers_find_controller (VmAgentTerm *term, const gchar *id);
/* The user of @id; NULL: it does not view it. Returns: (transfer full)
 * (nullable) */
gchar *vm_agent_viewers_name (VmAgentTerm *term, const gchar *id);

/* agentterm.c */
/* Any thread; @func runs on the context's, unless the terminal has ended. */
void vm_agent_term_post (
    VmAgentTerm *self, GSourceFunc func, gpointer data, GDestroyNotify destroy);
/* The context's thread. */
void vm_agent_term_hear_ask (VmAgentTerm *self, VmAgentViewer *viewer);
void vm_agent_term_hear_release (VmAgentTerm *self, VmAgentViewer *viewer);
void vm_agent_term_hear_gone (VmAgentTerm *self, VmAgentViewer *viewer);
