/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmterminal
 * @title: VmTerminal
 * @short_description: a terminal that several see
 *
 * A terminal that an agent shares in its room, or one of another agent that it
 * shows (`protocol/agents.md#terminal`). Others see it, and nobody but the user
 * of its device types into it, unless that user has allowed it
 * (vm_agent_allow()) and whoever may asks for control: one at a time has it.
 *
 * A terminal belongs to the thread of its agent. What #VmTerminal::output gives
 * is UTF-8, and has no escape sequence but those that draw: none that a
 * terminal would answer, and none that reaches a clipboard or a title.
 */

#include "agent/term/vmterminal-priv.h"
#include "terminal/termmessage.h"

enum
{
  PROP_NAME = 1,
  PROP_COMMAND,
  PROP_VIEWERS,
  PROP_CONTROLLER,
  PROP_CONTROL,
  N_PROPS
};

enum
{
  SIGNAL_RESIZED,
  SIGNAL_OUTPUT,
  SIGNAL_ASKED,
  SIGNAL_REFUSED,
  SIGNAL_ENDED,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (VmTerminal, vm_terminal, G_TYPE_OBJECT)

void
vm_terminal_message_free (gpointer data)
{
  VmTerminalMessage *message = data;

  g_clear_pointer (&message->body, g_bytes_unref);
  g_free (message);
}

static void
push (GQueue *queue, gsize *size, guint8 type, GBytes *body, gsize weight)
{
  VmTerminalMessage *message = g_new (VmTerminalMessage, 1);

  *message = (VmTerminalMessage){ type, body, weight };
  *size += g_bytes_get_size (body);
  g_queue_push_tail (queue, message);
}

/* What is told */

void
vm_terminal_set_status (
    VmTerminal *self, gchar **viewers, const gchar *controller)
{
  if (!self->viewers
      || !g_strv_equal ((const gchar *const *) viewers,
          (const gchar *const *) self->viewers)) {
    g_strfreev (self->viewers);
    self->viewers = g_strdupv (viewers);
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_VIEWERS]);
  }
  if (g_strcmp0 (controller, self->controller) != 0) {
    g_free (self->controller);
    self->controller = g_strdup (controller);
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CONTROLLER]);
  }
}

void
vm_terminal_tell_control (VmTerminal *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CONTROL]);
}

void
vm_terminal_tell_refused (VmTerminal *self, const GError *error)
{
  g_signal_emit (self, signals[SIGNAL_REFUSED], 0, error);
}

void
vm_terminal_tell_asked (
    VmTerminal *self, const gchar *user, const GError *refused)
{
  g_signal_emit (self, signals[SIGNAL_ASKED], 0, user, refused);
}

static void
disconnect_cancellable (VmTerminal *self)
{
  if (self->cancellable)
    g_cancellable_disconnect (self->cancellable, self->cancelled_handler);
  g_clear_object (&self->cancellable);
}

void
vm_terminal_end (VmTerminal *self, const GError *error)
{
  VmAgent *agent;

  if (!self->agent)
    return;
  disconnect_cancellable (self);
  agent = g_steal_pointer (&self->agent);
  vm_terminal_set_over (self, NULL);
  g_clear_pointer (&self->term, vm_agent_term_unref);
  if (self->control != VM_TERMINAL_NO_CONTROL) {
    self->control = VM_TERMINAL_NO_CONTROL;
    vm_terminal_tell_control (self);
  }
  g_signal_emit (self, signals[SIGNAL_ENDED], 0, self->status, error);
  g_object_unref (agent);
}

/* The screen */

static void
take_status (VmTerminal *self, GBytes *body)
{
  g_auto (VmTermStatus) status = { 0 };

  if (!vm_term_status_read (&status, body, NULL))
    return;
  if (g_strcmp0 (status.command, self->command) != 0) {
    g_free (self->command);
    self->command = g_strdup (status.command);
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_COMMAND]);
  }
  if (status.ended)
    self->status = status.code;
  vm_terminal_set_status (self, status.viewers, status.controller);
}

static void
show (VmTerminal *self, const VmTerminalMessage *message)
{
  VmTermSize size;

  switch (message->type) {
    case VM_P2P_TERM_RESIZE:
      if (vm_term_size_read (&size, message->body, NULL))
        g_signal_emit (self, signals[SIGNAL_RESIZED], 0, size.cols, size.rows);
      break;
    case VM_P2P_TERM_OUT:
      self->shown += message->weight;
      g_signal_emit (self, signals[SIGNAL_OUTPUT], 0, message->body);
      break;
    case VM_P2P_TERM_STATUS:
      take_status (self, message->body);
      break;
    case VM_P2P_TERM_CONTROL:
      vm_agent_view_hear (self, message->body);
      break;
    default:
      break;
  }
}

static gboolean
on_unshown (gpointer data)
{
  VmTerminal *self = data;
  GQueue taken;
  VmTerminalMessage *message;
  guint64 before = self->shown;

  g_mutex_lock (&self->lock);
  taken = self->unshown;
  g_queue_init (&self->unshown);
  self->unshown_size = 0;
  self->posted = FALSE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  while ((message = g_queue_pop_head (&taken))) {
    /* its user may have ended it */
    if (self->agent)
      show (self, message);
    vm_terminal_message_free (message);
  }
  if (self->agent && !self->term && self->shown != before)
    vm_terminal_queue (
        self, VM_P2P_TERM_SEEN, vm_agent_seen_write (self->shown));
  return G_SOURCE_REMOVE;
}

gboolean
vm_terminal_show (VmTerminal *self, guint8 type, GBytes *body, gsize weight)
{
  gboolean good;

  g_mutex_lock (&self->lock);
  while (!self->over && self->unshown_size >= VM_TERMINAL_UNSHOWN_MAX)
    g_cond_wait (&self->cond, &self->lock);
  good = !self->over;
  if (good) {
    push (&self->unshown, &self->unshown_size, type, body, weight);
    self->unshown_size += VM_TERMINAL_MESSAGE_SIZE;
    if (!self->posted)
      vm_mailbox_post (self->agent->mailbox, on_unshown, g_object_ref (self),
          g_object_unref);
    self->posted = TRUE;
  } else {
    g_bytes_unref (body);
  }
  g_mutex_unlock (&self->lock);
  return good;
}

/* The number of bytes that were shown takes the place of an earlier one. */
static void
drop_seen (VmTerminal *self)
{
  VmTerminalMessage *last = g_queue_peek_tail (&self->unsent);

  if (!last || last->type != VM_P2P_TERM_SEEN)
    return;
  self->unsent_size -= g_bytes_get_size (last->body);
  vm_terminal_message_free (g_queue_pop_tail (&self->unsent));
}

gboolean
vm_terminal_queue (VmTerminal *self, guint8 type, GBytes *body)
{
  gsize size = g_bytes_get_size (body);
  gboolean good;

  g_mutex_lock (&self->lock);
  if (type == VM_P2P_TERM_SEEN)
    drop_seen (self);
  good = !self->over
         && (type != VM_P2P_TERM_IN
             || self->unsent_size + size <= VM_TERMINAL_UNSENT_MAX);
  if (good)
    push (&self->unsent, &self->unsent_size, type, body, 0);
  else
    g_bytes_unref (body);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  return good;
}

VmTerminalMessage *
vm_terminal_take (VmTerminal *self, gint64 deadline)
{
  VmTerminalMessage *message;

  g_mutex_lock (&self->lock);
  while (!self->over && !self->unsent.length
         && g_cond_wait_until (&self->cond, &self->lock, deadline))
    continue;
  message = self->over ? NULL : g_queue_pop_head (&self->unsent);
  if (message)
    self->unsent_size -= g_bytes_get_size (message->body);
  g_mutex_unlock (&self->lock);
  return message;
}

gboolean
vm_terminal_is_over (VmTerminal *self)
{
  gboolean over;

  g_mutex_lock (&self->lock);
  over = self->over;
  g_mutex_unlock (&self->lock);
  return over;
}

void
vm_terminal_set_over (VmTerminal *self, const GError *why)
{
  g_mutex_lock (&self->lock);
  if (!self->over && self->pipe)
    vm_p2p_pipe_close (self->pipe, why);
  self->over = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

/* The user */

/**
 * vm_terminal_write:
 * @self: a #VmTerminal
 * @data: (array length=size): what was typed
 * @size: bytes
 *
 * Types into a terminal: into one that this device shares at any time, into
 * that of another device while #VmTerminal:control is %TRUE.
 *
 * Returns: whether it is on its way: %FALSE without control, when too much
 *   waits already, or when the terminal has ended
 *
 * Since: 0.3
 */
gboolean
vm_terminal_write (VmTerminal *self, const guint8 *data, gsize size)
{
  g_return_val_if_fail (VM_IS_TERMINAL (self), FALSE);

  if (!self->agent)
    return FALSE;
  if (self->term)
    return vm_agent_term_type (self->term, data, size);
  if (self->control != VM_TERMINAL_IN_CONTROL)
    return FALSE;
  while (size) {
    gsize n = MIN (size, VM_TERM_IN_MAX);

    if (!vm_terminal_queue (self, VM_P2P_TERM_IN, g_bytes_new (data, n)))
      return FALSE;
    data += n;
    size -= n;
  }
  return TRUE;
}

/**
 * vm_terminal_resize:
 * @self: a #VmTerminal that this device shares
 * @columns: 1 to 500
 * @rows: 1 to 200
 *
 * Gives the command a terminal of another size.
 *
 * Since: 0.3
 */
void
vm_terminal_resize (VmTerminal *self, guint columns, guint rows)
{
  g_return_if_fail (VM_IS_TERMINAL (self));

  if (self->term)
    vm_agent_term_resize (self->term, columns, rows);
}

/**
 * vm_terminal_set_control:
 * @self: a #VmTerminal
 * @control: of the terminal of another device: %TRUE asks for its control,
 *   %FALSE gives it back; of one that this device shares, %FALSE takes it back
 *   from whoever has it
 *
 * What comes of it is seen by #VmTerminal:control, or told by
 * #VmTerminal::refused. Control lasts while both devices are in the room, and
 * without the server for two minutes at most.
 *
 * Since: 0.3
 */
void
vm_terminal_set_control (VmTerminal *self, gboolean control)
{
  g_return_if_fail (VM_IS_TERMINAL (self));

  if (!self->agent)
    return;
  if (self->term) {
    if (!control)
      vm_agent_term_take_back (self->term);
  } else if (control) {
    vm_agent_view_ask (self);
  } else {
    vm_agent_view_release (self);
  }
}

/* The object */

static void
vm_terminal_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmTerminal *self = VM_TERMINAL (object);

  switch (id) {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_COMMAND:
      g_value_set_string (value, self->command);
      break;
    case PROP_VIEWERS:
      g_value_set_boxed (value, self->viewers);
      break;
    case PROP_CONTROLLER:
      g_value_set_string (value, self->controller);
      break;
    case PROP_CONTROL:
      g_value_set_boolean (value, self->control == VM_TERMINAL_IN_CONTROL);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
vm_terminal_finalize (GObject *object)
{
  VmTerminal *self = VM_TERMINAL (object);

  disconnect_cancellable (self);
  g_clear_pointer (&self->term, vm_agent_term_unref);
  g_clear_object (&self->agent);
  g_free (self->name);
  g_free (self->command);
  g_free (self->controller);
  g_strfreev (self->viewers);
  g_free (self->target);
  g_free (self->take_id);
  g_queue_clear_full (&self->unshown, vm_terminal_message_free);
  g_queue_clear_full (&self->unsent, vm_terminal_message_free);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  G_OBJECT_CLASS (vm_terminal_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * VmTerminal:name:
   *
   * The user whose terminal it is, or the device id, as it was asked for.
   *
   * Since: 0.3
   */
  props[PROP_NAME] =
      g_param_spec_string ("name", "Name", "Whose terminal it is", NULL, flags);
  /**
   * VmTerminal:command:
   *
   * The command that runs in it; %NULL while it is not known.
   *
   * Since: 0.3
   */
  props[PROP_COMMAND] = g_param_spec_string (
      "command", "Command", "The command that runs in it", NULL, flags);
  /**
   * VmTerminal:viewers:
   *
   * The names of those who view it, its own user aside.
   *
   * Since: 0.3
   */
  props[PROP_VIEWERS] = g_param_spec_boxed ("viewers", "Viewers",
      "The names of those who view it", G_TYPE_STRV, flags);
  /**
   * VmTerminal:controller:
   *
   * The name of the viewer who controls it; %NULL: nobody but its user.
   *
   * Since: 0.3
   */
  props[PROP_CONTROLLER] = g_param_spec_string ("controller", "Controller",
      "The name of the viewer who controls it", NULL, flags);
  /**
   * VmTerminal:control:
   *
   * Whether this device controls a terminal of another one.
   *
   * Since: 0.3
   */
  props[PROP_CONTROL] = g_param_spec_boolean ("control", "Control",
      "Whether this device controls a terminal of another one", FALSE, flags);
  g_object_class_install_properties (klass, N_PROPS, props);
}

static void
install_signals (void)
{
  /**
   * VmTerminal::resized:
   * @self: the terminal
   * @columns: 1 to 500
   * @rows: 1 to 200
   *
   * The output that follows is for a screen of this size.
   *
   * Since: 0.3
   */
  signals[SIGNAL_RESIZED] =
      g_signal_new ("resized", VM_TYPE_TERMINAL, G_SIGNAL_RUN_LAST, 0, NULL,
          NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_UINT);
  /**
   * VmTerminal::output:
   * @self: the terminal
   * @bytes: (transfer none): text and escape sequences, UTF-8
   *
   * Something is shown. Where some output was left out, because it comes faster
   * than it can be shown, the next paints the whole screen.
   *
   * Since: 0.3
   */
  signals[SIGNAL_OUTPUT] = g_signal_new ("output", VM_TYPE_TERMINAL,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
      G_TYPE_BYTES | G_SIGNAL_TYPE_STATIC_SCOPE);
  /**
   * VmTerminal::asked:
   * @self: the terminal, of this device
   * @user: who asks for control
   * @error: (nullable): why it is not given; %NULL: it is
   *
   * A viewer has asked for control.
   *
   * Since: 0.3
   */
  signals[SIGNAL_ASKED] = g_signal_new ("asked", VM_TYPE_TERMINAL,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING,
      G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
  /**
   * VmTerminal::refused:
   * @self: the terminal, of another device
   * @error: why
   *
   * Control is not given, or was taken back.
   *
   * Since: 0.3
   */
  signals[SIGNAL_REFUSED] = g_signal_new ("refused", VM_TYPE_TERMINAL,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
      G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
  /**
   * VmTerminal::ended:
   * @self: the terminal
   * @status: the exit status of the command, or 128 and the number of the
   *   signal that has ended it; -1: it has not ended
   * @error: (nullable): why it is not shown any more
   *
   * Nothing comes any more.
   *
   * Since: 0.3
   */
  signals[SIGNAL_ENDED] = g_signal_new ("ended", VM_TYPE_TERMINAL,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_INT,
      G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
vm_terminal_class_init (VmTerminalClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = vm_terminal_get_property;
  object_class->finalize = vm_terminal_finalize;
  install_properties (object_class);
  install_signals ();
}

static void
vm_terminal_init (VmTerminal *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_queue_init (&self->unshown);
  g_queue_init (&self->unsent);
  self->status = -1;
  self->viewers = g_new0 (gchar *, 1);
}

VmTerminal *
vm_terminal_new (VmAgent *agent, const gchar *name)
{
  VmTerminal *self = g_object_new (VM_TYPE_TERMINAL, NULL);

  self->agent = g_object_ref (agent);
  self->name = g_strdup (name);
  return self;
}
