/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/sendqueue.h"

#include "base/vmtimer-priv.h"

/* libsoup's own source, of the default priority, goes before: when this one has
 * its turn, nothing waits any more. */
#define PRIORITY_WRITTEN (G_PRIORITY_DEFAULT + 1)

void
vm_send_queue_add (VmSendQueue *self, SoupWebsocketConnection *socket,
    gsize size, GMainContext *context, GSourceFunc written, gpointer data)
{
  GOutputStream *stream = g_io_stream_get_output_stream (
      soup_websocket_connection_get_io_stream (socket));

  self->bytes += size;
  self->messages++;
  if (self->source)
    return;
  self->source = g_pollable_output_stream_create_source (
      G_POLLABLE_OUTPUT_STREAM (stream), NULL);
  g_source_set_priority (self->source, PRIORITY_WRITTEN);
  g_source_set_callback (self->source, written, data, NULL);
  g_source_attach (
      self->source, context ? context : g_main_context_get_thread_default ());
}

void
vm_send_queue_forget (VmSendQueue *self)
{
  vm_timer_clear (&self->source);
  self->bytes = 0;
  self->messages = 0;
}
