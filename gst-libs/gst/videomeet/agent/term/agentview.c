/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The terminal of another device: what is shown of it, and what is typed
 * (protocol/agents.md#terminal). */

#include "agent/term/agentterm.h"
#include "agent/term/vmterminal-priv.h"
#include "base/json/json.h"
#include "terminal/termfilter.h"
#include "terminal/termmessage.h"

#include <string.h>

/* Between two looks at whether it is over. */
#define LOOK_TIME (G_USEC_PER_SEC / 4)

/* Control, on the context's thread */

static void
set_control (VmTerminal *self, VmTerminalControl control, gint64 until)
{
  gboolean before = self->control == VM_TERMINAL_IN_CONTROL;

  self->control = control;
  self->control_until = until;
  if (control != VM_TERMINAL_TAKING)
    g_clear_pointer (&self->take_id, g_free);
  if (before != (control == VM_TERMINAL_IN_CONTROL))
    vm_terminal_tell_control (self);
}

static void
lose_control (VmTerminal *self, VmError code, const gchar *why)
{
  g_autoptr (GError) error = NULL;

  if (self->control == VM_TERMINAL_NO_CONTROL)
    return;
  set_control (self, VM_TERMINAL_NO_CONTROL, 0);
  error = g_error_new_literal (VM_ERROR, code, why);
  vm_terminal_tell_refused (self, error);
}

static void
say (VmTerminal *self, VmTermControlAction action)
{
  const VmTermControl control = { .action = action };

  vm_terminal_queue (
      self, VM_P2P_TERM_CONTROL, vm_term_control_write (&control));
}

static gboolean
is_ready (VmTerminal *self)
{
  return self->agent->control && self->target
         && vm_agent_control_is_ready (self->agent->control);
}

void
vm_agent_view_ask (VmTerminal *self)
{
  if (self->control != VM_TERMINAL_NO_CONTROL)
    return;
  set_control (
      self, VM_TERMINAL_ASKING, g_get_monotonic_time () + VM_TERMINAL_ASK_TIME);
  if (is_ready (self))
    say (self, VM_TERM_CONTROL_ASK);
  else
    lose_control (self, VM_ERROR_DISCONNECTED,
        "Control is given by the server, which is not reached");
}

void
vm_agent_view_release (VmTerminal *self)
{
  if (self->control == VM_TERMINAL_NO_CONTROL)
    return;
  set_control (self, VM_TERMINAL_NO_CONTROL, 0);
  say (self, VM_TERM_CONTROL_RELEASE);
  if (is_ready (self))
    g_free (vm_agent_control_take_terminal (
        self->agent->control, self->target, NULL));
}

static void
take (VmTerminal *self, const gchar *token)
{
  gboolean early =
      self->control == VM_TERMINAL_IN_CONTROL
      && self->control_until - g_get_monotonic_time () > VM_TERMINAL_RENEW_TIME;

  /* one at a time: the server has yet to answer */
  if (self->control == VM_TERMINAL_NO_CONTROL || self->take_id || early
      || !is_ready (self))
    return;
  if (self->control == VM_TERMINAL_ASKING)
    set_control (self, VM_TERMINAL_TAKING,
        g_get_monotonic_time () + VM_TERMINAL_ASK_TIME);
  self->take_id = vm_agent_control_take_terminal (
      self->agent->control, self->target, token);
}

static VmError
read_code (const gchar *text, VmError usual)
{
  VmError code = usual;

  if (text)
    vm_error_from_code (text, &code);
  return code;
}

void
vm_agent_view_hear (VmTerminal *self, GBytes *body)
{
  g_auto (VmTermControl) control = { 0 };

  if (!vm_term_control_read (&control, body, NULL))
    return;
  switch (control.action) {
    case VM_TERM_CONTROL_TOKEN:
      take (self, control.cap_token);
      break;
    case VM_TERM_CONTROL_TAKE_BACK:
      /* that is of an earlier one, which the server has ended first */
      if (self->control == VM_TERMINAL_ASKING)
        break;
      G_GNUC_FALLTHROUGH;
    case VM_TERM_CONTROL_DENIED:
      lose_control (self, read_code (control.code, VM_ERROR_CAP_REQUIRED),
          control.message ? control.message : "The control was not given");
      break;
    default:
      break;
  }
}

gboolean
vm_agent_view_take_news (VmTerminal *self, const VmMeshNews *news)
{
  const gchar *own = vm_identity_get_device_id (self->agent->identity);

  if (news->type == VM_MESH_NEWS_ERROR) {
    if (!self->take_id || g_strcmp0 (news->in_reply_to, self->take_id) != 0)
      return FALSE;
    lose_control (self, read_code (news->code, VM_ERROR_CAP_INVALID),
        news->message ? news->message : "The server gives no control");
    return TRUE;
  }
  if (g_strcmp0 (news->target_device_id, self->target) != 0)
    return FALSE;
  if (news->type == VM_MESH_NEWS_REFUSED) {
    lose_control (
        self, VM_ERROR_DECLINED, "Somebody else controls the terminal");
  } else if (strcmp (news->peer_id, own) != 0) {
    return FALSE;
  } else if (news->type == VM_MESH_NEWS_RELEASED) {
    /* before that it is of an earlier one */
    if (self->control == VM_TERMINAL_IN_CONTROL)
      lose_control (self, VM_ERROR_CAP_EXPIRED, "The control is over");
  } else if (self->control != VM_TERMINAL_NO_CONTROL) {
    set_control (self, VM_TERMINAL_IN_CONTROL,
        g_get_monotonic_time () + news->expires_in * G_USEC_PER_SEC);
  } else if (is_ready (self)) {
    /* it was given back meanwhile */
    g_free (vm_agent_control_take_terminal (
        self->agent->control, self->target, NULL));
  }
  return TRUE;
}

void
vm_agent_view_tick (VmTerminal *self, gint64 now)
{
  if (self->control == VM_TERMINAL_NO_CONTROL || now < self->control_until)
    return;
  if (self->control == VM_TERMINAL_IN_CONTROL)
    lose_control (self, VM_ERROR_CAP_EXPIRED, "The control has expired");
  else
    lose_control (
        self, VM_ERROR_TIMEOUT, "Nobody answers who asks for control");
}

/* The stream, on its threads */

static gpointer
send_typed (gpointer data)
{
  VmTerminal *self = data;

  while (!vm_terminal_is_over (self)) {
    VmTerminalMessage *message =
        vm_terminal_take (self, g_get_monotonic_time () + LOOK_TIME);
    gboolean sent;

    if (!message)
      continue;
    sent = vm_p2p_pipe_send (self->pipe, message->type, NULL, 0, message->body,
        VM_AGENT_TERM_SEND_TIME, NULL);
    vm_terminal_message_free (message);
    if (!sent)
      break;
  }
  return NULL;
}

typedef struct
{
  VmTerminal *terminal;
  VmTermFilter *filter;
  gboolean ended; /* the command has */
} View;

static gboolean
show_output (View *view, GBytes *body, GError **error)
{
  GString *out;
  gsize size;
  const guint8 *data = g_bytes_get_data (body, &size);

  if (!vm_term_out_check (body, error))
    return FALSE;
  out = g_string_sized_new (size);
  vm_term_filter_feed (view->filter, data, size, out);
  vm_terminal_show (
      view->terminal, VM_P2P_TERM_OUT, g_string_free_to_bytes (out), size);
  return TRUE;
}

static gboolean
show_status (View *view, GBytes *body, GError **error)
{
  g_auto (VmTermStatus) status = { 0 };

  if (!vm_term_status_read (&status, body, error))
    return FALSE;
  view->ended = view->ended || status.ended;
  vm_terminal_show (view->terminal, VM_P2P_TERM_STATUS, g_bytes_ref (body), 0);
  return TRUE;
}

static gboolean
show_control (View *view, GBytes *body, GError **error)
{
  g_auto (VmTermControl) control = { 0 };

  if (!vm_term_control_read (&control, body, error))
    return FALSE;
  vm_terminal_show (view->terminal, VM_P2P_TERM_CONTROL, g_bytes_ref (body), 0);
  return TRUE;
}

static gboolean
read_error (GBytes *body, GError **error)
{
  g_autofree gchar *code = NULL, *message = NULL;
  gsize size;
  const gchar *data = g_bytes_get_data (body, &size);
  VmJson json;

  if (!vm_json_read (&json, data ? data : "", size, error)
      || !vm_json_get_string (&json, 0, "code", VM_TERM_CODE_MAX, &code, error)
      || !vm_json_get_string (
          &json, 0, "message", VM_TERM_TEXT_MAX, &message, error))
    return FALSE;
  g_set_error (error, VM_ERROR, read_code (code, VM_ERROR_FAILED), "%s",
      message ? message : "The other side has ended it");
  return FALSE;
}

static gboolean
show_one (View *view, guint8 type, GBytes *body, GError **error)
{
  VmTermSize size;

  switch (type) {
    case VM_P2P_TERM_OUT:
      return show_output (view, body, error);
    case VM_P2P_TERM_RESIZE:
      if (!vm_term_size_read (&size, body, error))
        return FALSE;
      vm_terminal_show (
          view->terminal, VM_P2P_TERM_RESIZE, g_bytes_ref (body), 0);
      return TRUE;
    case VM_P2P_TERM_STATUS:
      return show_status (view, body, error);
    case VM_P2P_TERM_CONTROL:
      return show_control (view, body, error);
    case VM_P2P_ERROR:
      return read_error (body, error);
    default:
      g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
          "A terminal has no such message");
      return FALSE;
  }
}

/* What comes, until the other side ends it or it breaks. */
static gboolean
show_all (View *view, VmP2pPipe *pipe, GError **error)
{
  gboolean good = TRUE;

  while (good && !vm_terminal_is_over (view->terminal)) {
    g_autoptr (GError) why = NULL;
    guint8 type;
    g_autoptr (GBytes) body =
        vm_p2p_pipe_receive (pipe, LOOK_TIME, &type, &why);

    if (body) {
      good = show_one (view, type, body, error);
    } else if (!g_error_matches (why, VM_ERROR, VM_ERROR_TIMEOUT)) {
      /* a peer of the base protocol does not say that its command has ended */
      if (view->ended || !vm_p2p_pipe_is_over (pipe))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&why));
      return FALSE;
    }
  }
  return good;
}

static void
on_begun (VmAgentSession *session, gpointer data)
{
  VmTerminal *self = data;

  g_free (self->target);
  self->target = g_strdup (session->peer->device_id);
}

gboolean
vm_agent_view_run (
    VmTerminal *self, VmAgentSession *session, VmP2pPipe *pipe, GError **error)
{
  g_autoptr (VmTermFilter) filter = vm_term_filter_new (VM_TERM_FILTER_SHOW);
  View view = { self, filter };
  GThread *sender;
  gboolean good, cancelled;

  g_mutex_lock (&self->lock);
  self->pipe = pipe;
  g_mutex_unlock (&self->lock);
  vm_agent_session_post (
      session, on_begun, g_object_ref (self), g_object_unref);
  vm_terminal_queue (self, VM_P2P_TERM_SEEN, vm_agent_seen_write (0));
  sender = g_thread_new ("vm-term-typed", send_typed, self);
  good = show_all (&view, pipe, error);
  g_mutex_lock (&self->lock);
  cancelled = self->over;
  self->over = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  g_thread_join (sender);
  g_mutex_lock (&self->lock);
  self->pipe = NULL;
  g_mutex_unlock (&self->lock);
  if (cancelled && good) {
    g_set_error (error, VM_ERROR, VM_ERROR_CANCELLED, "The view was ended");
    good = FALSE;
  }
  return good;
}

/* What the application asks for */

static void
on_viewed (GObject *source, GAsyncResult *result, gpointer data)
{
  VmTerminal *self = data;
  VmAgent *agent = VM_AGENT (source);
  g_autoptr (GError) error = NULL;

  g_task_propagate_boolean (G_TASK (result), &error);
  vm_terminal_end (self, error);
  g_ptr_array_remove (agent->views, self);
  g_object_unref (self);
}

static gboolean
on_cancel (gpointer data)
{
  VmTerminal *self = data;
  g_autoptr (GError) error =
      g_error_new (VM_ERROR, VM_ERROR_CANCELLED, "The view was ended");

  if (!self->agent)
    return G_SOURCE_REMOVE;
  if (self->control == VM_TERMINAL_IN_CONTROL)
    vm_agent_view_release (self);
  vm_agent_requests_cancel (self->agent, self->job_id);
  vm_terminal_set_over (self, error);
  return G_SOURCE_REMOVE;
}

/* Any thread. */
static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  VmTerminal *self = data;

  vm_mailbox_post (
      self->agent->mailbox, on_cancel, g_object_ref (self), g_object_unref);
}

/**
 * vm_agent_view_terminal:
 * @self: a #VmAgent that was started
 * @name: a user whose only agent in the room is meant, or the device id of one
 * @cancellable: (nullable): ends the view
 *
 * Shows the terminal that another agent shares. An agent of that name need not
 * be there yet: it is waited for, for 5 s.
 *
 * Returns: (transfer full): what is seen of it; #VmTerminal::ended says when it
 *   is over, or cannot be
 *
 * Since: 0.3
 */
VmTerminal *
vm_agent_view_terminal (
    VmAgent *self, const gchar *name, GCancellable *cancellable)
{
  VmTerminal *terminal;

  g_return_val_if_fail (VM_IS_AGENT (self), NULL);
  g_return_val_if_fail (name && *name, NULL);

  terminal = vm_terminal_new (self, name);
  g_ptr_array_add (self->views, g_object_ref (terminal));
  vm_agent_request_view (self, terminal, on_viewed, g_object_ref (terminal));
  if (cancellable && terminal->agent) {
    terminal->cancellable = g_object_ref (cancellable);
    terminal->cancelled_handler = g_cancellable_connect (
        cancellable, G_CALLBACK (on_cancelled), terminal, NULL);
  }
  return terminal;
}
