/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmterminal.h>

#include "agent/agent-priv.h"

/* A VmTerminal as the files of the agent know it. It belongs to the thread of
 * the agent's context. One thread brings it what its screen shows; of a
 * terminal of another device, another sends what is typed. */

/* What waits to be shown; whoever brings more waits. A message counts for more
 * than its body, which may have nothing in it and take long to be shown. */
#define VM_TERMINAL_UNSHOWN_MAX (256 * 1024) /* bytes */
#define VM_TERMINAL_MESSAGE_SIZE 1024 /* of one, beside its body */
/* What waits to be sent to the other device; what is typed beyond is lost. */
#define VM_TERMINAL_UNSENT_MAX (64 * 1024) /* bytes */
/* Control that lasts longer is not prolonged: the server need not be asked
 * again and again because the other device says so. */
#define VM_TERMINAL_RENEW_TIME (60 * G_USEC_PER_SEC)
/* For an answer to who asks for control. */
#define VM_TERMINAL_ASK_TIME (10 * G_USEC_PER_SEC)

typedef struct
{
  guint8 type; /* VmP2pType */
  GBytes *body;
  gsize weight; /* bytes of a TERM_OUT as they came */
} VmTerminalMessage;

void vm_terminal_message_free (gpointer message);

typedef enum
{
  VM_TERMINAL_NO_CONTROL,
  VM_TERMINAL_ASKING, /* the other device */
  VM_TERMINAL_TAKING, /* at the server */
  VM_TERMINAL_IN_CONTROL,
} VmTerminalControl;

struct _VmTerminal
{
  GObject parent;

  VmAgent *agent; /* until it is over */
  VmAgentTerm *term; /* of this device; or NULL */
  gchar *name; /* of whose it is */
  gchar *command, *controller;
  gchar **viewers;
  GCancellable *cancellable; /* or NULL */
  gulong cancelled_handler;
  gint status; /* of the command, once it has ended; else -1 */

  /* of another device */
  guint64 job_id;
  VmTerminalControl control;
  gint64 control_until; /* monotonic: of an answer, or of the control */
  gchar *target; /* its device id, once there is a session */
  gchar *take_id; /* of the message to the server; or NULL */
  guint64 shown; /* bytes */

  GMutex lock; /* of what follows */
  GCond cond;
  GQueue unshown; /* of VmTerminalMessage */
  gsize unshown_size; /* bytes */
  gboolean posted; /* the context's thread will look */
  GQueue unsent; /* of VmTerminalMessage */
  gsize unsent_size; /* bytes */
  VmP2pPipe *pipe; /* of the session; or NULL */
  gboolean over;
};

VmTerminal *vm_terminal_new (VmAgent *agent, const gchar *name);

/* Any thread. For the screen: waits while much is unshown. FALSE: it is over.
 * Takes @body. */
gboolean
vm_terminal_show (VmTerminal *self, guint8 type, GBytes *body, gsize weight);
/* For the other device. FALSE: too much that was typed waits. Takes @body. */
gboolean vm_terminal_queue (VmTerminal *self, guint8 type, GBytes *body);
/* The next for it; NULL: there is none until @deadline, or it is over. */
VmTerminalMessage *vm_terminal_take (VmTerminal *self, gint64 deadline);
gboolean vm_terminal_is_over (VmTerminal *self);
/* Nothing is brought or taken any more, and those who wait for it go on. */
void vm_terminal_set_over (VmTerminal *self, const GError *why);

/* The context's thread; it may be over. */
void vm_terminal_set_status (
    VmTerminal *self, gchar **viewers, const gchar *controller);
void vm_terminal_tell_control (VmTerminal *self);
void vm_terminal_tell_refused (VmTerminal *self, const GError *error);
void vm_terminal_tell_asked (
    VmTerminal *self, const gchar *user, const GError *refused);
/* The last that it tells. @error: nullable */
void vm_terminal_end (VmTerminal *self, const GError *error);

/* agentterm.c: the one of this device, on the context's thread */
gboolean vm_agent_term_type (VmAgentTerm *self, const guint8 *data, gsize size);
void vm_agent_term_resize (VmAgentTerm *self, guint columns, guint rows);
void vm_agent_term_take_back (VmAgentTerm *self);
/* The agent is in the room, again. */
void vm_agent_term_announce (VmAgentTerm *self);
void vm_agent_term_take_news (VmAgentTerm *self, const VmMeshNews *news);
void vm_agent_term_tick (VmAgentTerm *self, gint64 now);
/* Ends the command; frees nothing. @why: nullable */
void vm_agent_term_end (VmAgentTerm *self, const GError *why);

/* TERM_SEEN: how many bytes of TERM_OUT were shown. */
GBytes *vm_agent_seen_write (guint64 bytes);
gboolean vm_agent_seen_read (GBytes *body, guint64 *bytes, GError **error);

/* agentview.c: the terminal of another device */
/* The job of a session; on the thread of its stream. */
gboolean vm_agent_view_run (
    VmTerminal *self, VmAgentSession *session, VmP2pPipe *pipe, GError **error);
/* The context's thread. */
void vm_agent_view_ask (VmTerminal *self);
void vm_agent_view_release (VmTerminal *self);
void vm_agent_view_hear (VmTerminal *self, GBytes *control);
/* FALSE: it is not for this one. */
gboolean vm_agent_view_take_news (VmTerminal *self, const VmMeshNews *news);
void vm_agent_view_tick (VmTerminal *self, gint64 now);
/* agentrequest.c: asks for the session of it. */
void vm_agent_request_view (VmAgent *self, VmTerminal *terminal,
    GAsyncReadyCallback callback, gpointer user_data);
