/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The terminal that an agent shares (protocol/agents.md#terminal): the command
 * and its screen, and who may type beside its user. What a viewer sees and says
 * is in agentviewer.c. */

#include "agent/term/agentviewer.h"
#include "wire/mesh/meshclient.h"

#include <string.h>

/* Between two looks of the local screen at whether it is over. */
#define LOOK_TIME G_USEC_PER_SEC

VmAgentTerm *
vm_agent_term_ref (VmAgentTerm *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clear (gpointer data)
{
  VmAgentTerm *self = data;

  vm_term_share_unref (self->share);
  g_ptr_array_unref (self->viewers);
  g_free (self->controller);
  g_free (self->peaceful);
  g_mutex_clear (&self->lock);
}

void
vm_agent_term_unref (VmAgentTerm *self)
{
  g_atomic_rc_box_release_full (self, clear);
}

VmAgentTerm *
vm_agent_get_term (VmAgent *agent)
{
  return agent->term ? vm_agent_term_ref (agent->term) : NULL;
}

/* Control, on the context's thread */

static const gchar *
own_id (VmAgentTerm *self)
{
  return vm_identity_get_device_id (self->agent->identity);
}

static gboolean
is_ready (VmAgentTerm *self)
{
  return self->agent && self->agent->control
         && vm_agent_control_is_ready (self->agent->control);
}

/* The server remembers that nobody controls it. */
static void
give_back (VmAgentTerm *self)
{
  if (is_ready (self))
    g_free (vm_agent_control_take_terminal (
        self->agent->control, own_id (self), NULL));
}

/* Whose input is taken from now on. */
static void
let_type (VmAgentTerm *self, const gchar *id, gint64 until)
{
  g_mutex_lock (&self->lock);
  g_free (self->controller);
  self->controller = g_strdup (id);
  self->control_until = until;
  vm_agent_viewers_know (self);
  g_mutex_unlock (&self->lock);
}

static void
set_controller (
    VmAgentTerm *self, const gchar *id, const gchar *user, gint64 until)
{
  let_type (self, id, until);
  vm_term_share_set_controller (self->share, user);
}

/* Whoever controls it does so no longer; @code: why, to be told to it. */
static void
end_control (VmAgentTerm *self, VmError code, const gchar *why)
{
  g_autofree gchar *id = g_strdup (self->controller);
  const VmTermControl control = { .action = VM_TERM_CONTROL_TAKE_BACK,
    .code = (gchar *) vm_error_to_code (code),
    .message = (gchar *) why };

  if (!id)
    return;
  let_type (self, NULL, 0);
  /* it hears why before it sees that it is so, and could ask again */
  vm_agent_viewers_tell (self, id, &control);
  vm_term_share_set_controller (self->share, NULL);
}

typedef struct
{
  VmAgentTerm *term;
  VmAgentViewer *viewer;
} Mint;

static void
answer (VmAgentViewer *viewer, const GError *why)
{
  const VmTermControl control = { .action = VM_TERM_CONTROL_DENIED,
    .code = (gchar *) vm_error_get_code (why),
    .message = why->message };

  vm_agent_viewer_tell (viewer, &control);
}

/* The user of this device learns of it, too: not of each, where one viewer asks
 * over and over. */
static void
deny (VmAgentTerm *self, VmAgentViewer *viewer, const GError *why)
{
  answer (viewer, why);
  vm_terminal_tell_asked (self->terminal, viewer->user, why);
}

static void
on_minted (const gchar *token, const GError *error, gpointer user_data)
{
  Mint *mint = user_data;
  VmAgentTerm *self = mint->term;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  VmTermControl control = { .action = VM_TERM_CONTROL_TOKEN };

  self->minting = FALSE;
  if (self->agent && error) {
    deny (self, mint->viewer, error);
  } else if (self->agent) {
    control.cap_token = (gchar *) token;
    control.expires_in = MAX (vm_mesh_token_get_expiry (token) - now, 0);
    vm_agent_viewer_expect_grant (mint->viewer);
    vm_agent_viewer_tell (mint->viewer, &control);
  }
  vm_agent_viewer_unref (mint->viewer);
  vm_agent_term_unref (self);
  g_free (mint);
}

static void
mint_for (VmAgentTerm *self, VmAgentViewer *viewer)
{
  Mint *mint = g_new (Mint, 1);

  *mint = (Mint){ vm_agent_term_ref (self), vm_agent_viewer_ref (viewer) };
  self->minting = TRUE;
  vm_agent_control_mint_control (
      self->agent->control, own_id (self), viewer->id, on_minted, mint);
}

static void
refuse_soon (GError **error)
{
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "Control cannot be asked for so soon again");
}

/* Whether it is given control when it asks. */
static gboolean
may_ask (VmAgentTerm *self, VmAgentViewer *viewer, gint64 now, GError **error)
{
  g_autofree gchar *user = NULL;

  if (!viewer->may_control) {
    g_set_error (error, VM_ERROR, VM_ERROR_CAP_REQUIRED,
        "The user of this device has not allowed \"%s\" to control the "
        "terminal",
        viewer->user);
    return FALSE;
  }
  if (now < self->peace_until && g_str_equal (self->peaceful, viewer->id)) {
    refuse_soon (error);
    return FALSE;
  }
  if (self->controller && !g_str_equal (self->controller, viewer->id)) {
    user = vm_agent_viewers_name (self, self->controller);
    g_set_error (error, VM_ERROR, VM_ERROR_DECLINED,
        "\"%s\" controls the terminal", user ? user : self->controller);
    return FALSE;
  }
  if (is_ready (self))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_DISCONNECTED,
      "Control is given by the server, which is not reached");
  return FALSE;
}

void
vm_agent_term_hear_ask (VmAgentTerm *self, VmAgentViewer *viewer)
{
  gint64 now = g_get_monotonic_time ();
  gboolean soon = now - viewer->asked_at < VM_AGENT_TERM_REFUSAL_TIME;
  g_autoptr (GError) error = NULL;

  viewer->asked_at = now;
  if (soon) {
    refuse_soon (&error);
    answer (viewer, error);
    return;
  }
  if (!may_ask (self, viewer, now, &error)) {
    deny (self, viewer, error);
    return;
  }
  vm_terminal_tell_asked (self->terminal, viewer->user, NULL);
  mint_for (self, viewer);
}

void
vm_agent_term_hear_release (VmAgentTerm *self, VmAgentViewer *viewer)
{
  /* it tells the server itself */
  if (g_strcmp0 (self->controller, viewer->id) == 0)
    set_controller (self, NULL, NULL, 0);
}

void
vm_agent_term_hear_gone (VmAgentTerm *self, VmAgentViewer *viewer)
{
  g_autofree gchar *another = NULL;

  if (g_strcmp0 (self->controller, viewer->id) != 0
      || (another = vm_agent_viewers_name (self, viewer->id)))
    return;
  set_controller (self, NULL, NULL, 0);
  give_back (self);
}

void
vm_agent_term_take_back (VmAgentTerm *self)
{
  if (self->controller) {
    g_free (self->peaceful);
    self->peaceful = g_strdup (self->controller);
    self->peace_until = g_get_monotonic_time () + VM_AGENT_TERM_PEACE_TIME;
  }
  end_control (
      self, VM_ERROR_CAP_REQUIRED, "The user of the device has taken it back");
  /* also from one who has told this device alone that it is given back */
  give_back (self);
}

static void
take_grant (VmAgentTerm *self, const VmMeshNews *news)
{
  g_autoptr (VmAgentViewer) viewer =
      vm_agent_viewers_find_controller (self, news->peer_id);
  gint64 now = g_get_monotonic_time ();

  if (!viewer
      || (now < self->peace_until
          && g_str_equal (self->peaceful, news->peer_id))) {
    g_info (
        "the server gives control to %s, who may not have it", news->peer_id);
    if (g_strcmp0 (self->controller, news->peer_id) == 0)
      end_control (self, VM_ERROR_CAP_REQUIRED, "The control is over");
    give_back (self);
    return;
  }
  if (self->controller && !g_str_equal (self->controller, news->peer_id))
    end_control (
        self, VM_ERROR_DECLINED, "Somebody else controls the terminal");
  set_controller (self, viewer->id, viewer->user,
      now
          + MIN (
              news->expires_in * G_USEC_PER_SEC, VM_AGENT_TERM_CONTROL_TIME));
}

void
vm_agent_term_take_news (VmAgentTerm *self, const VmMeshNews *news)
{
  if (news->type == VM_MESH_NEWS_GRANTED)
    take_grant (self, news);
  else if (news->type == VM_MESH_NEWS_RELEASED
           && g_strcmp0 (self->controller, news->peer_id) == 0)
    end_control (self, VM_ERROR_CAP_EXPIRED, "The control is over");
}

/* Whether somebody is still to hear how it has ended. */
static gboolean
is_heard (VmAgentTerm *self)
{
  const GPtrArray *sessions = self->agent->sessions;

  for (guint i = 0; i < sessions->len; i++) {
    if (((VmAgentSession *) g_ptr_array_index (sessions, i))->term == self)
      return TRUE;
  }
  return FALSE;
}

void
vm_agent_term_tick (VmAgentTerm *self, gint64 now)
{
  g_autoptr (VmAgentViewer) viewer = NULL;

  if (self->ends_at && (now >= self->ends_at || !is_heard (self))) {
    vm_agent_term_end (self, NULL);
    return;
  }
  if (!self->controller)
    return;
  if (now >= self->control_until) {
    end_control (self, VM_ERROR_CAP_EXPIRED, "The control has expired");
    return;
  }
  if (self->control_until - now > VM_AGENT_RENEW_TIME * G_USEC_PER_SEC
      || self->minting || now < self->renewed_at + VM_AGENT_TERM_RENEW_PAUSE
      || !is_ready (self))
    return;
  viewer = vm_agent_viewers_find_controller (self, self->controller);
  if (!viewer)
    return;
  self->renewed_at = now;
  mint_for (self, viewer);
}

/* The command */

gboolean
vm_agent_term_type (VmAgentTerm *self, const guint8 *data, gsize size)
{
  return vm_term_share_write_input (self->share, data, size);
}

void
vm_agent_term_resize (VmAgentTerm *self, guint columns, guint rows)
{
  const VmTermSize size = { columns, rows };

  vm_term_share_resize (self->share, &size);
}

void
vm_agent_term_announce (VmAgentTerm *self)
{
  if (self->announced || !is_ready (self))
    return;
  self->announced = TRUE;
  vm_agent_control_report (self->agent->control, NULL);
}

void
vm_agent_term_end (VmAgentTerm *self, const GError *why)
{
  VmAgent *agent = self->agent;
  VmTerminal *terminal = g_steal_pointer (&self->terminal);

  if (!agent)
    return;
  end_control (self, VM_ERROR_DISCONNECTED, "The terminal is shared no more");
  give_back (self);
  g_mutex_lock (&self->lock);
  self->agent = NULL;
  g_mutex_unlock (&self->lock);
  vm_term_share_hang_up (self->share);
  vm_terminal_set_over (terminal, NULL);
  vm_term_view_wake (self->local_view);
  g_thread_join (g_steal_pointer (&self->local));
  vm_term_view_detach (g_steal_pointer (&self->local_view));
  vm_term_share_has_ended (self->share, &terminal->status);
  g_object_ref (agent);
  agent->term = NULL;
  vm_terminal_end (terminal, why);
  g_object_unref (terminal);
  vm_agent_look_whether_stopped (agent);
  g_object_unref (agent);
  vm_agent_term_unref (self);
}

static gboolean
on_local_end (gpointer data)
{
  VmAgentTerm *self = data;

  if (!self->agent)
    return G_SOURCE_REMOVE;
  if (is_heard (self))
    self->ends_at = g_get_monotonic_time () + VM_AGENT_LAST_WORDS_TIME;
  else
    vm_agent_term_end (self, NULL);
  return G_SOURCE_REMOVE;
}

/* FALSE: nothing more comes. */
static gboolean
show_frame (VmAgentTerm *self, VmTerminal *terminal, const VmTermFrame *frame)
{
  switch (frame->type) {
    case VM_TERM_FRAME_RESIZE:
      return vm_terminal_show (
          terminal, VM_P2P_TERM_RESIZE, vm_term_size_write (&frame->size), 0);
    case VM_TERM_FRAME_OUT:
      return vm_terminal_show (
          terminal, VM_P2P_TERM_OUT, g_bytes_ref (frame->bytes), 0);
    case VM_TERM_FRAME_STATUS:
      return vm_terminal_show (
          terminal, VM_P2P_TERM_STATUS, g_bytes_ref (frame->bytes), 0);
    default:
      vm_agent_term_post (self, on_local_end, vm_agent_term_ref (self),
          (GDestroyNotify) vm_agent_term_unref);
      return FALSE;
  }
}

/* Takes @data, the terminal: vm_agent_term_end() takes the one of @self away
 * before this thread has ended, and perhaps before it has begun. */
static gpointer
show_local (gpointer data)
{
  g_autoptr (VmTerminal) terminal = data;
  VmAgentTerm *self = terminal->term;
  gboolean good = TRUE;

  while (good && !vm_terminal_is_over (terminal)) {
    g_auto (VmTermFrame) frame = { 0 };

    if (vm_term_view_next (
            self->local_view, g_get_monotonic_time () + LOOK_TIME, &frame))
      good = show_frame (self, terminal, &frame);
  }
  return NULL;
}

void
vm_agent_term_post (
    VmAgentTerm *self, GSourceFunc func, gpointer data, GDestroyNotify destroy)
{
  g_mutex_lock (&self->lock);
  if (self->agent)
    vm_mailbox_post (self->agent->mailbox, func, data, destroy);
  else
    destroy (data);
  g_mutex_unlock (&self->lock);
}

/* What the application asks for */

static gboolean
on_cancel (gpointer data)
{
  VmTerminal *terminal = data;

  /* its end, and how it has ended, are told as those of any command */
  if (terminal->term)
    vm_term_share_hang_up (terminal->term->share);
  return G_SOURCE_REMOVE;
}

/* Any thread. */
static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  VmTerminal *terminal = data;

  vm_mailbox_post (terminal->agent->mailbox, on_cancel, g_object_ref (terminal),
      g_object_unref);
}

/**
 * vm_agent_share_terminal:
 * @self: a #VmAgent
 * @argv: (array zero-terminated=1): a command, which is looked for in the PATH
 * @columns: 1 to 500
 * @rows: 1 to 200
 * @cancellable: (nullable): ends the command by SIGHUP, and by SIGKILL if it
 *   still runs after a second
 * @error: VM_ERROR_NOT_FOUND: there is no such program; VM_ERROR_BAD_REQUEST:
 *   another terminal is shared, or the size is none
 *
 * Runs a command in a terminal, and lets the other agents of the room see it:
 * any under %VM_POLICY_OPEN, else those that may by vm_agent_allow() or by
 * their token. The agent need not be started yet.
 *
 * Returns: (transfer full): the terminal, which ends with the command
 *
 * Since: 0.3
 */
VmTerminal *
vm_agent_share_terminal (VmAgent *self, const gchar *const *argv, guint columns,
    guint rows, GCancellable *cancellable, GError **error)
{
  const VmTermSize size = { columns, rows };
  VmTermShare *share;
  VmAgentTerm *term;
  VmTerminal *terminal;

  g_return_val_if_fail (VM_IS_AGENT (self), NULL);
  g_return_val_if_fail (argv && *argv, NULL);

  if (self->term || !vm_term_size_is_valid (columns, rows)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        self->term ? "A terminal is shared already"
                   : "A terminal has 1 to 500 columns and 1 to 200 rows");
    return NULL;
  }
  share = vm_term_share_new (argv, &size, error);
  if (!share)
    return NULL;
  terminal = vm_terminal_new (self, self->user);
  term = g_atomic_rc_box_new0 (VmAgentTerm);
  g_mutex_init (&term->lock);
  term->agent = self;
  term->share = share;
  term->viewers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_agent_viewer_unref);
  term->terminal = g_object_ref (terminal);
  terminal->term = vm_agent_term_ref (term);
  self->term = term;
  term->local_view = vm_term_share_attach (share, NULL);
  term->local =
      g_thread_new ("vm-term-local", show_local, g_object_ref (terminal));
  if (cancellable) {
    terminal->cancellable = g_object_ref (cancellable);
    terminal->cancelled_handler = g_cancellable_connect (
        cancellable, G_CALLBACK (on_cancelled), terminal, NULL);
  }
  vm_agent_term_announce (term);
  return terminal;
}
