/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One viewer of the terminal that an agent shares: what it is sent, and what is
 * heard of it. */

#include "agent/term/agentviewer.h"
#include "base/json/json.h"

#include <string.h>

/* Between two looks of a thread at whether it is over. */
#define LOOK_TIME (G_USEC_PER_SEC / 4)

static void
clear (gpointer data)
{
  VmAgentViewer *self = data;

  g_free (self->id);
  g_free (self->user);
  g_queue_clear_full (&self->unsent, vm_terminal_message_free);
  g_array_unref (self->ends);
  g_clear_error (&self->error);
  g_cond_clear (&self->cond);
  vm_agent_term_unref (self->term);
}

VmAgentViewer *
vm_agent_viewer_ref (VmAgentViewer *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
vm_agent_viewer_unref (VmAgentViewer *self)
{
  g_atomic_rc_box_release_full (self, clear);
}

static VmAgentViewer *
viewer_new (VmAgentTerm *term, const VmAgentTermViewer *viewer, VmP2pPipe *pipe)
{
  VmAgentViewer *self = g_atomic_rc_box_new0 (VmAgentViewer);

  self->term = vm_agent_term_ref (term);
  self->id = g_strdup (viewer->id);
  self->user = g_strdup (viewer->user);
  self->may_control = viewer->may_control;
  self->pipe = pipe;
  self->asked_at = self->refused_at = G_MININT64 / 2;
  self->ends = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_cond_init (&self->cond);
  g_queue_init (&self->unsent);
  return self;
}

/* What the context's thread says to them */

/* With the lock. */
static void
wake (VmAgentViewer *self)
{
  g_cond_broadcast (&self->cond);
  if (self->view)
    vm_term_view_wake (self->view);
}

/* With the lock; takes @body, which may be NULL. */
static void
push (VmAgentViewer *self, guint8 type, GBytes *body)
{
  VmTerminalMessage *message;

  if (self->unsent.length >= VM_AGENT_TERM_UNSENT_MAX) {
    g_clear_pointer (&body, g_bytes_unref);
    if (!self->over)
      g_set_error (&self->error, VM_ERROR, VM_ERROR_RATE_LIMITED,
          "The viewer does not read what it is told");
    self->over = TRUE;
    wake (self);
    return;
  }
  message = g_new0 (VmTerminalMessage, 1);
  message->type = type;
  message->body = body;
  g_queue_push_tail (&self->unsent, message);
  wake (self);
}

void
vm_agent_viewer_tell (VmAgentViewer *self, const VmTermControl *control)
{
  g_mutex_lock (&self->term->lock);
  if (self->extended && !self->over)
    push (self, VM_P2P_TERM_CONTROL, vm_term_control_write (control));
  g_mutex_unlock (&self->term->lock);
}

void
vm_agent_viewers_tell (
    VmAgentTerm *term, const gchar *id, const VmTermControl *control)
{
  g_mutex_lock (&term->lock);
  for (guint i = 0; i < term->viewers->len; i++) {
    VmAgentViewer *viewer = g_ptr_array_index (term->viewers, i);

    if (strcmp (viewer->id, id) == 0 && viewer->extended && !viewer->over)
      push (viewer, VM_P2P_TERM_CONTROL, vm_term_control_write (control));
  }
  g_mutex_unlock (&term->lock);
}

void
vm_agent_viewer_expect_grant (VmAgentViewer *self)
{
  g_mutex_lock (&self->term->lock);
  self->granted_until = g_get_monotonic_time () + VM_AGENT_TERM_GRANT_TIME;
  g_mutex_unlock (&self->term->lock);
}

void
vm_agent_viewers_know (VmAgentTerm *term)
{
  for (guint i = 0; i < term->viewers->len; i++) {
    VmAgentViewer *viewer = g_ptr_array_index (term->viewers, i);

    viewer->granted_until = 0;
    g_cond_broadcast (&viewer->cond);
  }
}

VmAgentViewer *
vm_agent_viewers_find_controller (VmAgentTerm *term, const gchar *id)
{
  VmAgentViewer *found = NULL;

  g_mutex_lock (&term->lock);
  for (guint i = 0; !found && i < term->viewers->len; i++) {
    VmAgentViewer *viewer = g_ptr_array_index (term->viewers, i);

    if (strcmp (viewer->id, id) == 0 && viewer->may_control && !viewer->over)
      found = vm_agent_viewer_ref (viewer);
  }
  g_mutex_unlock (&term->lock);
  return found;
}

gchar *
vm_agent_viewers_name (VmAgentTerm *term, const gchar *id)
{
  gchar *name = NULL;

  g_mutex_lock (&term->lock);
  for (guint i = 0; !name && i < term->viewers->len; i++) {
    const VmAgentViewer *viewer = g_ptr_array_index (term->viewers, i);

    if (strcmp (viewer->id, id) == 0 && !viewer->over)
      name = g_strdup (viewer->user);
  }
  g_mutex_unlock (&term->lock);
  return name;
}

/* Hearing */

GBytes *
vm_agent_seen_write (guint64 bytes)
{
  guint64 number = GUINT64_TO_BE (bytes);

  return g_bytes_new (&number, sizeof number);
}

gboolean
vm_agent_seen_read (GBytes *body, guint64 *bytes, GError **error)
{
  gsize size;
  const void *data = g_bytes_get_data (body, &size);

  if (size != sizeof *bytes) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "TERM_SEEN is a number of 8 bytes");
    return FALSE;
  }
  memcpy (bytes, data, size);
  *bytes = GUINT64_FROM_BE (*bytes);
  return TRUE;
}

typedef struct
{
  VmAgentViewer *viewer;
  void (*func) (VmAgentTerm *term, VmAgentViewer *viewer);
  gboolean *waits; /* of the viewer; or NULL */
} Heard;

static gboolean
on_heard (gpointer data)
{
  Heard *heard = data;

  if (heard->waits) {
    g_mutex_lock (&heard->viewer->term->lock);
    *heard->waits = FALSE;
    g_mutex_unlock (&heard->viewer->term->lock);
  }
  if (heard->viewer->term->agent)
    heard->func (heard->viewer->term, heard->viewer);
  return G_SOURCE_REMOVE;
}

static void
heard_free (gpointer data)
{
  Heard *heard = data;

  vm_agent_viewer_unref (heard->viewer);
  g_free (heard);
}

/* @waits: of @self; or NULL. While it is set, another of these waits to be
 * heard, which stands for this one, too. */
static void
post (VmAgentViewer *self,
    void (*func) (VmAgentTerm *term, VmAgentViewer *viewer), gboolean *waits)
{
  gboolean waited;
  Heard *heard;

  g_mutex_lock (&self->term->lock);
  waited = waits && *waits;
  if (waits)
    *waits = TRUE;
  g_mutex_unlock (&self->term->lock);
  if (waited)
    return;
  heard = g_new (Heard, 1);
  *heard = (Heard){ vm_agent_viewer_ref (self), func, waits };
  vm_agent_term_post (self->term, on_heard, heard, heard_free);
}

static GBytes *
write_error (VmError code, const gchar *message)
{
  GString *out = g_string_new ("{");

  vm_json_append_member (out, "code", vm_error_to_code (code));
  vm_json_append_member (out, "message", message);
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
}

/* Who types without control is told so, as often as it is not a burden. */
static void
refuse_typing (VmAgentViewer *self)
{
  static const gchar why[] = "Only who controls the terminal types into it";
  const VmTermControl control = { .action = VM_TERM_CONTROL_DENIED,
    .code = (gchar *) vm_error_to_code (VM_ERROR_CAP_REQUIRED),
    .message = (gchar *) why };
  gint64 now = g_get_monotonic_time ();

  if (now - self->refused_at < VM_AGENT_TERM_REFUSAL_TIME)
    return;
  self->refused_at = now;
  g_mutex_lock (&self->term->lock);
  if (self->extended)
    push (self, VM_P2P_TERM_CONTROL, vm_term_control_write (&control));
  else
    push (self, VM_P2P_ERROR, write_error (VM_ERROR_CAP_REQUIRED, why));
  g_mutex_unlock (&self->term->lock);
}

/* With the lock. */
static gboolean
may_type (VmAgentViewer *self, gint64 now)
{
  return self->may_control && g_strcmp0 (self->term->controller, self->id) == 0
         && now < self->term->control_until;
}

/* With the lock, which is released meanwhile. The server tells both sides, and
 * the viewer may hear it first and type at once. */
static gboolean
wait_to_type (VmAgentViewer *self)
{
  gint64 now = g_get_monotonic_time ();

  while (!may_type (self, now) && now < self->granted_until && !self->over) {
    self->waits = TRUE;
    g_cond_wait_until (&self->cond, &self->term->lock,
        MIN (self->granted_until, now + LOOK_TIME));
    now = g_get_monotonic_time ();
  }
  self->waits = FALSE;
  return may_type (self, now);
}

static gboolean
take_typed (VmAgentViewer *self, GBytes *body, GError **error)
{
  VmAgentTerm *term = self->term;
  gboolean may;
  gsize size;
  const guint8 *data = g_bytes_get_data (body, &size);

  if (!vm_term_in_check (body, error))
    return FALSE;
  g_mutex_lock (&term->lock);
  may = wait_to_type (self);
  g_mutex_unlock (&term->lock);
  if (may)
    vm_term_share_write_input (term->share, data, size);
  else
    refuse_typing (self);
  return TRUE;
}

/* From its first message that is not of the base protocol on it gets such
 * messages; the status that it was not told is told now. */
static void
set_extended (VmAgentViewer *self)
{
  if (self->extended)
    return;
  g_mutex_lock (&self->term->lock);
  self->extended = TRUE;
  push (self, VM_P2P_TERM_STATUS, NULL);
  g_mutex_unlock (&self->term->lock);
}

static gboolean
take_control (VmAgentViewer *self, GBytes *body, GError **error)
{
  g_auto (VmTermControl) control = { 0 };

  if (!vm_term_control_read (&control, body, error))
    return FALSE;
  set_extended (self);
  if (control.action == VM_TERM_CONTROL_ASK)
    post (self, vm_agent_term_hear_ask, &self->asks);
  else if (control.action == VM_TERM_CONTROL_RELEASE)
    post (self, vm_agent_term_hear_release, &self->releases);
  return TRUE;
}

static gboolean
take_seen (VmAgentViewer *self, GBytes *body, GError **error)
{
  guint64 seen;
  guint n = 0;

  if (!vm_agent_seen_read (body, &seen, error))
    return FALSE;
  set_extended (self);
  g_mutex_lock (&self->term->lock);
  self->tells = TRUE;
  self->seen = CLAMP (seen, self->seen, self->sent);
  while (n < self->ends->len
         && g_array_index (self->ends, guint64, n) <= self->seen)
    n++;
  g_array_remove_range (self->ends, 0, n);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->term->lock);
  return TRUE;
}

static gboolean
take_one (VmAgentViewer *self, guint8 type, GBytes *body, GError **error)
{
  switch (type) {
    case VM_P2P_TERM_IN:
      return take_typed (self, body, error);
    case VM_P2P_TERM_CONTROL:
      return take_control (self, body, error);
    case VM_P2P_TERM_SEEN:
      return take_seen (self, body, error);
    case VM_P2P_TERM_RESIZE:
      /* its own size is of no matter */
      return TRUE;
    default:
      g_set_error (error, VM_ERROR, VM_ERROR_CAP_REQUIRED,
          "The session is for a terminal");
      return FALSE;
  }
}

static gboolean
is_over (VmAgentViewer *self)
{
  gboolean over;

  g_mutex_lock (&self->term->lock);
  over = self->over;
  g_mutex_unlock (&self->term->lock);
  return over;
}

/* @error: nullable; taken */
static void
set_over (VmAgentViewer *self, GError *error)
{
  g_mutex_lock (&self->term->lock);
  if (!self->over)
    self->error = g_steal_pointer (&error);
  self->over = TRUE;
  wake (self);
  g_mutex_unlock (&self->term->lock);
  g_clear_error (&error);
}

static gpointer
hear (gpointer data)
{
  VmAgentViewer *self = data;

  while (!is_over (self)) {
    GError *error = NULL;
    guint8 type;
    g_autoptr (GBytes) body =
        vm_p2p_pipe_receive (self->pipe, LOOK_TIME, &type, &error);

    if (body && take_one (self, type, body, &error))
      continue;
    if (!body && g_error_matches (error, VM_ERROR, VM_ERROR_TIMEOUT))
      g_error_free (error);
    else
      set_over (self, error);
  }
  return NULL;
}

/* Sending */

static gboolean
send_body (VmAgentViewer *self, guint8 type, GBytes *body)
{
  GError *error = NULL;

  if (vm_p2p_pipe_send (
          self->pipe, type, NULL, 0, body, VM_AGENT_TERM_SEND_TIME, &error))
    return TRUE;
  set_over (self, error);
  return FALSE;
}

static void
send_output (VmAgentViewer *self, GBytes *bytes)
{
  if (!send_body (self, VM_P2P_TERM_OUT, bytes))
    return;
  g_mutex_lock (&self->term->lock);
  self->sent += g_bytes_get_size (bytes);
  if (self->tells)
    g_array_append_val (self->ends, self->sent);
  g_mutex_unlock (&self->term->lock);
}

static gboolean
is_extended (VmAgentViewer *self)
{
  gboolean extended;

  g_mutex_lock (&self->term->lock);
  extended = self->extended;
  g_mutex_unlock (&self->term->lock);
  return extended;
}

/* Without a body it is a status, which is as it is by now. */
static void
send_message (VmAgentViewer *self, const VmTerminalMessage *message)
{
  g_auto (VmTermStatus) status = { 0 };
  g_autoptr (GBytes) body = NULL;

  if (message->body) {
    send_body (self, message->type, message->body);
    return;
  }
  vm_term_share_get_status (self->term->share, &status);
  body = vm_term_status_write (&status);
  send_body (self, message->type, body);
}

static void
send_frame (VmAgentViewer *self, const VmTermFrame *frame)
{
  g_autoptr (GBytes) body = NULL;

  switch (frame->type) {
    case VM_TERM_FRAME_RESIZE:
      body = vm_term_size_write (&frame->size);
      send_body (self, VM_P2P_TERM_RESIZE, body);
      break;
    case VM_TERM_FRAME_OUT:
      send_output (self, frame->bytes);
      break;
    case VM_TERM_FRAME_STATUS:
      if (is_extended (self))
        send_body (self, VM_P2P_TERM_STATUS, frame->bytes);
      break;
    default:
      set_over (self, NULL);
  }
}

/* What else there is to say; NULL: nothing, and *@may_show tells whether there
 * is room for more of the screen, for which it waits a while. */
static VmTerminalMessage *
next_message (VmAgentViewer *self, gboolean *may_show)
{
  gint64 until = g_get_monotonic_time () + LOOK_TIME;
  VmTerminalMessage *message;

  g_mutex_lock (&self->term->lock);
  do {
    message = g_queue_pop_head (&self->unsent);
    *may_show = !self->tells
                || (self->sent - self->seen < VM_AGENT_TERM_WINDOW
                    && self->ends->len < VM_AGENT_TERM_MESSAGES_MAX);
  } while (!message && !*may_show && !self->over
           && g_cond_wait_until (&self->cond, &self->term->lock, until));
  g_mutex_unlock (&self->term->lock);
  return message;
}

static void
serve (VmAgentViewer *self)
{
  while (!is_over (self)) {
    g_auto (VmTermFrame) frame = { 0 };
    gboolean may_show;
    VmTerminalMessage *message = next_message (self, &may_show);

    if (message) {
      send_message (self, message);
      vm_terminal_message_free (message);
    } else if (may_show
               && vm_term_view_next (self->view,
                   g_get_monotonic_time () + G_USEC_PER_SEC, &frame)) {
      send_frame (self, &frame);
    }
  }
}

static gboolean
attach (VmAgentViewer *self, GError **error)
{
  VmAgentTerm *term = self->term;
  VmTermView *view = vm_term_share_attach (term->share, self->user);

  if (!view) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "A terminal has at most %d viewers", VM_TERMINAL_VIEWERS_MAX);
    return FALSE;
  }
  g_mutex_lock (&term->lock);
  self->view = view;
  g_ptr_array_add (term->viewers, vm_agent_viewer_ref (self));
  g_mutex_unlock (&term->lock);
  return TRUE;
}

static void
detach (VmAgentViewer *self)
{
  VmTermView *view;

  g_mutex_lock (&self->term->lock);
  view = g_steal_pointer (&self->view);
  g_ptr_array_remove (self->term->viewers, self);
  g_mutex_unlock (&self->term->lock);
  vm_term_view_detach (view);
  post (self, vm_agent_term_hear_gone, NULL);
}

gboolean
vm_agent_term_serve (VmAgentTerm *term, const VmAgentTermViewer *viewer,
    VmP2pPipe *pipe, GError **error)
{
  g_autoptr (VmAgentViewer) self = viewer_new (term, viewer, pipe);
  GThread *hearing;
  gboolean good;

  if (!attach (self, error))
    return FALSE;
  hearing = g_thread_new ("vm-term-hear", hear, self);
  serve (self);
  g_thread_join (hearing);
  detach (self);
  good = !self->error;
  if (!good)
    g_propagate_error (error, g_steal_pointer (&self->error));
  return good;
}
