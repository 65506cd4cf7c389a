/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a VmSignalClient says. libsoup keeps what the server does not take, however
 * much that is, and does not tell; so it is counted here. */

#include "signalclient-priv.h"

/* libsoup's own source, of the default priority, goes before: when this one has its
 * turn, nothing waits any more. */
#define PRIORITY_WRITTEN (G_PRIORITY_DEFAULT + 1)

void
vm_signal_client_forget_unsent (VmSignalClient *self)
{
  vm_timer_clear (&self->unsent);
  self->unsent_bytes = 0;
  self->unsent_messages = 0;
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

static void
watch (VmSignalClient *self)
{
  GOutputStream *stream = g_io_stream_get_output_stream (
      soup_websocket_connection_get_io_stream (self->socket));

  if (self->unsent)
    return;
  self->unsent = g_pollable_output_stream_create_source (
      G_POLLABLE_OUTPUT_STREAM (stream), NULL);
  g_source_set_priority (self->unsent, PRIORITY_WRITTEN);
  g_source_set_callback (self->unsent, G_SOURCE_FUNC (on_written), self, NULL);
  g_source_attach (self->unsent, self->context);
}

static gboolean
is_too_much (VmSignalClient *self)
{
  return self->unsent_bytes > VM_SIGNAL_UNSENT_BYTES
         || self->unsent_messages > VM_SIGNAL_UNSENT_MESSAGES;
}

/* Whether a message of @size may be said; if not, it is over once the caller is done. */
static gboolean
count_unsent (VmSignalClient *self, gsize size)
{
  if (is_too_much (self))
    return FALSE;
  self->unsent_bytes += size;
  self->unsent_messages++;
  if (is_too_much (self))
    vm_signal_client_set_timer (self, &self->unsent, 0, on_not_taken);
  else
    watch (self);
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
