/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a guest keeps its seat when its socket is lost
 * (protocol/signalling.md#resume): by another socket, within 30 s, and the
 * messages that either side has missed. At a server of calls nobody has a seat:
 * there it registers again. */

#include "client/signalclient-priv.h"

/* How long a socket has to last, to be one that is there. */
#define STEADY_TIME G_USEC_PER_SEC

/* Before each attempt to resume, ms; the last one repeats. */
static const guint delays[] = { 0, 500, 1000, 2000, 4000 };

static gboolean
is_caller (VmSignalClient *self)
{
  return self->config.dialect == VM_DIALECT_NAME_CALL;
}

static gboolean
may_return (VmSignalClient *self)
{
  return is_caller (self) ? self->welcomed && self->config.return_ms > 0
                          : self->token != NULL;
}

static gint64
give_up_at (VmSignalClient *self)
{
  guint ms = is_caller (self) ? self->config.return_ms : self->config.resume_ms;

  return self->lost_at + (gint64) ms * 1000;
}

/* The deadline of one attempt, which ends with the time for all of them. */
static guint
attempt_ms (VmSignalClient *self)
{
  gint64 left = give_up_at (self) - g_get_monotonic_time ();

  return (guint) CLAMP (left / 1000, 1, self->config.timeout_ms);
}

static gboolean
on_no_answer (gpointer data)
{
  vm_signal_client_interrupt (data);
  return G_SOURCE_REMOVE;
}

static VmSignal *
make_resume (VmSignalClient *self)
{
  VmSignal *hello = vm_signal_new (VM_SIGNAL_HELLO);

  hello->resume = g_strdup (self->token);
  hello->meeting_id = g_strdup (self->meeting_id);
  hello->last_seq = vm_line_get_received (self->line);
  return hello;
}

static void
ask_to_resume (VmSignalClient *self)
{
  g_autoptr (VmSignal) hello = is_caller (self)
                                   ? vm_signal_client_make_hello (self)
                                   : make_resume (self);
  g_autoptr (GBytes) bytes = NULL;

  bytes = vm_line_format (self->line, hello);
  self->resuming = TRUE;
  vm_signal_client_set_timer (
      self, &self->retry, attempt_ms (self), on_no_answer);
  vm_signal_client_send_bytes (self, bytes);
}

static void
on_socket_again (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (VmSignalClient) self = data;
  g_autoptr (GError) error = NULL;
  SoupWebsocketConnection *socket =
      vm_signal_socket_open_finish (SOUP_SESSION (source), result, &error);

  if (self->over || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_clear_object (&socket);
  } else if (socket) {
    vm_signal_client_take_socket (self, socket);
    ask_to_resume (self);
  } else {
    g_debug ("not yet resumed: %s", error->message);
    vm_signal_client_interrupt (self);
  }
}

static gboolean
on_retry (gpointer data)
{
  VmSignalClient *self = data;
  VmSignalSocketConfig config = {
    .uri = is_caller (self) ? self->config.uri : NULL,
    .base_uri = self->config.base_uri,
    .key_hash = self->key_hash,
    .timeout_ms = attempt_ms (self),
  };

  vm_timer_clear (&self->retry);
  if (g_get_monotonic_time () >= give_up_at (self))
    vm_signal_client_lose_with (self, VM_ERROR_DISCONNECTED,
        "The connection to the host of the meeting was lost");
  else
    vm_signal_socket_open_async (self->session, self->identity, &config,
        self->cancellable, on_socket_again, g_object_ref (self));
  return G_SOURCE_REMOVE;
}

/* The socket is lost, or an attempt to have it back has failed. */
void
vm_signal_client_interrupt (VmSignalClient *self)
{
  gint64 now = g_get_monotonic_time ();
  guint delay;
  g_autoptr (VmSignalClient) alive = g_object_ref (self);

  if (self->over)
    return;
  vm_signal_client_drop_socket (self);
  if (!may_return (self)) {
    self->cut = TRUE;
    vm_signal_client_lose_with (self, VM_ERROR_DISCONNECTED,
        "The connection to the host of the meeting was lost");
    return;
  }
  if (!self->lost_at) {
    /* a server that drops each anew is not asked without a pause */
    if (now - self->back_at >= STEADY_TIME)
      self->attempts = 0;
    vm_signal_client_set_lost (self, now);
    if (self->over)
      return;
  }
  if (!self->cancellable)
    self->cancellable = g_cancellable_new ();
  delay = delays[MIN (self->attempts, G_N_ELEMENTS (delays) - 1)];
  self->attempts++;
  delay = MIN (delay, MAX (give_up_at (self) - now, 0) / 1000 + 1);
  vm_signal_client_set_timer (self, &self->retry, delay, on_retry);
}

const gchar *
vm_signal_client_get_local_address (VmSignalClient *self)
{
  return self->socket ? vm_signal_socket_get_local_address (self->socket)
                      : NULL;
}

void
vm_signal_client_renew (VmSignalClient *self)
{
  if (self->over || (!self->socket && !self->lost_at))
    return;
  /* an attempt from a lost address would wait for its deadline */
  if (self->cancellable) {
    g_cancellable_cancel (self->cancellable);
    g_clear_object (&self->cancellable);
  }
  self->attempts = 0;
  vm_signal_client_interrupt (self);
}

void
vm_signal_client_move (VmSignalClient *self, const gchar *base_uri)
{
  g_autofree gchar *old = (gchar *) self->config.base_uri;

  self->config.base_uri = g_strdup (base_uri);
  vm_signal_client_renew (self);
}

/* The seat is ours still: what either side has missed is sent again. */
static void
take_resumed (VmSignalClient *self, const VmSignal *welcome)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) again =
      vm_line_resume (self->line, MAX (welcome->ack, 0), &error);

  if (!again) {
    vm_signal_client_lose (self, error);
    return;
  }
  vm_timer_clear (&self->retry);
  vm_signal_client_take_token (self, welcome->resume);
  self->resuming = FALSE;
  for (guint i = 0; i < again->len; i++)
    vm_signal_client_send_bytes (self, g_ptr_array_index (again, i));
  /* says that the token has arrived */
  vm_signal_client_send_ack (self);
  vm_signal_client_set_lost (self, 0);
}

static void
on_entered_again (GObject *source, GAsyncResult *result, gpointer data)
{
  VmSignalClient *self = VM_SIGNAL_CLIENT (source);
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    vm_signal_client_set_lost (self, 0);
  else
    vm_signal_client_lose (self, error);
}

static void
take_refusal (VmSignalClient *self, const VmSignal *signal)
{
  g_autoptr (GError) error = vm_signal_get_error (signal);

  if (!error)
    g_set_error (&error, VM_ERROR, VM_ERROR_RESUME_FAILED,
        "The host's server has given the seat away");
  if (self->welcomed) {
    vm_signal_client_lose (self, error);
    return;
  }
  /* hello never came there, and no seat was taken: from the beginning */
  vm_signal_client_drop_socket (self);
  vm_signal_client_enter (
      self, g_task_new (self, self->cancellable, on_entered_again, NULL));
}

/* An error is not the last word: a server that is about to stop says one, and
 * one that has not missed the lost socket yet takes this device for somebody
 * else. */
static void
take_registered (VmSignalClient *self, GBytes *message)
{
  g_autoptr (VmSignal) signal = vm_line_parse (self->line, message, NULL);

  if (signal && signal->type == VM_SIGNAL_ERROR) {
    g_debug ("not yet registered again: %s", signal->message);
    vm_signal_client_interrupt (self);
  } else if (signal && signal->type == VM_SIGNAL_WELCOME) {
    vm_timer_clear (&self->retry);
    self->resuming = FALSE;
    vm_signal_client_set_lost (self, 0);
  }
}

/* While a resume is under way nothing has a number of the line. */
static void
take_resume_answer (VmSignalClient *self, GBytes *message)
{
  const VmDialect *dialect = &vm_dialect_native_client;
  gpointer state = dialect->state_new ();
  g_autoptr (VmSignal) signal = dialect->parse (state, message, NULL);

  dialect->state_free (state);
  if (signal && signal->type == VM_SIGNAL_ERROR)
    take_refusal (self, signal);
  else if (signal && signal->type == VM_SIGNAL_WELCOME && signal->resumed)
    take_resumed (self, signal);
}

void
vm_signal_client_take_answer (VmSignalClient *self, GBytes *message)
{
  if (is_caller (self))
    take_registered (self, message);
  else
    take_resume_answer (self, message);
}
