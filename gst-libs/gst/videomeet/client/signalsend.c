/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a VmSignalClient says, and that the server takes it. */

#include "client/signalclient-priv.h"

void
vm_signal_client_forget_unsent (VmSignalClient *self)
{
  vm_send_queue_forget (&self->unsent);
}

static gboolean
on_written (GObject *stream, gpointer data)
{
  vm_signal_client_forget_unsent (data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_not_taken (gpointer data)
{
  vm_signal_client_lose_with (data, VM_ERROR_DISCONNECTED,
      "The server does not take what is sent to it");
  return G_SOURCE_REMOVE;
}

static gboolean
is_too_much (VmSignalClient *self)
{
  return self->unsent.bytes > VM_SIGNAL_UNSENT_BYTES
         || self->unsent.messages > VM_SIGNAL_UNSENT_MESSAGES;
}

/* Whether a message of @size may be said; if not, it is over once the caller is
 * done. */
static gboolean
count_unsent (VmSignalClient *self, gsize size)
{
  if (is_too_much (self))
    return FALSE;
  vm_send_queue_add (&self->unsent, self->socket, size, self->context,
      G_SOURCE_FUNC (on_written), self);
  if (is_too_much (self))
    vm_signal_client_set_timer (self, &self->unsent.source, 0, on_not_taken);
  return !is_too_much (self);
}

void
vm_signal_client_send_bytes (VmSignalClient *self, GBytes *bytes)
{
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);
  g_autofree gchar *text = g_strndup (data, size);

  if (self->socket
      && soup_websocket_connection_get_state (self->socket)
             == SOUP_WEBSOCKET_STATE_OPEN
      && count_unsent (self, size))
    soup_websocket_connection_send_text (self->socket, text);
}

void
vm_signal_client_send (VmSignalClient *self, const VmSignal *signal)
{
  g_autoptr (GBytes) bytes = NULL;

  if (self->over || !self->line)
    return;
  bytes = vm_line_format (self->line, signal);
  /* what is said while the socket is lost goes out once it is back */
  if (bytes && !self->resuming)
    vm_signal_client_send_bytes (self, bytes);
}

void
vm_signal_client_send_ack (VmSignalClient *self)
{
  g_autoptr (VmSignal) ack = vm_signal_new (VM_SIGNAL_ACK);

  vm_signal_client_send (self, ack);
}
