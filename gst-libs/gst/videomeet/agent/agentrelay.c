/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent/agentrelay.h"
#include "client/signalsocket.h"

#define OPEN_TIME 10000 /* ms */
#define DATAGRAM_MAX 1500 /* bytes */

struct _VmAgentRelay
{
  GMainContext *context;
  gchar *uri;
  VmServerKey *key; /* or NULL */
  const VmAgentRelayFuncs *funcs; /* NULL: closed */
  gpointer user_data;

  SoupSession *session; /* NULL: not opened */
  GCancellable *cancellable;
  SoupWebsocketConnection *socket; /* or NULL */

  GMutex lock; /* of what follows */
  GQueue queue; /* of GBytes */
  gboolean open;
  gboolean woken; /* a source is about to send the queue */
};

VmAgentRelay *
vm_agent_relay_new (const gchar *server, VmServerKey *key, const gchar *ticket,
    const VmAgentRelayFuncs *funcs, gpointer user_data)
{
  VmAgentRelay *self = g_atomic_rc_box_new0 (VmAgentRelay);
  g_autofree gchar *escaped = g_uri_escape_string (ticket, NULL, FALSE);

  self->context = g_main_context_ref_thread_default ();
  /* http -> ws, https -> wss */
  self->uri = g_strdup_printf ("ws%s/v2/relay?ticket=%s", server + 4, escaped);
  if (key)
    self->key = vm_server_key_ref (key);
  self->funcs = funcs;
  self->user_data = user_data;
  g_mutex_init (&self->lock);
  return self;
}

VmAgentRelay *
vm_agent_relay_ref (VmAgentRelay *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clear (gpointer data)
{
  VmAgentRelay *self = data;

  g_queue_clear_full (&self->queue, (GDestroyNotify) g_bytes_unref);
  g_mutex_clear (&self->lock);
  g_free (self->uri);
  g_clear_pointer (&self->key, vm_server_key_unref);
  g_main_context_unref (self->context);
}

void
vm_agent_relay_unref (VmAgentRelay *self)
{
  g_atomic_rc_box_release_full (self, clear);
}

/* Sending */

/* A socket that does not get rid of what it has loses the rest. */
static gboolean
is_behind (VmAgentRelay *self)
{
  GIOStream *stream = soup_websocket_connection_get_io_stream (self->socket);

  return soup_websocket_connection_get_state (self->socket)
             != SOUP_WEBSOCKET_STATE_OPEN
         || !stream
         || !g_pollable_output_stream_is_writable (
             G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream)));
}

static void
send_queue (VmAgentRelay *self)
{
  GQueue taken = G_QUEUE_INIT;
  GBytes *bytes;

  g_mutex_lock (&self->lock);
  self->woken = FALSE;
  taken = self->queue;
  g_queue_init (&self->queue);
  g_mutex_unlock (&self->lock);
  while ((bytes = g_queue_pop_head (&taken))) {
    if (self->socket && !is_behind (self))
      soup_websocket_connection_send_message (
          self->socket, SOUP_WEBSOCKET_DATA_BINARY, bytes);
    g_bytes_unref (bytes);
  }
}

static gboolean
on_wake (gpointer data)
{
  send_queue (data);
  return G_SOURCE_REMOVE;
}

void
vm_agent_relay_send (VmAgentRelay *self, const guint8 *data, gsize size)
{
  gboolean wake = FALSE;

  g_mutex_lock (&self->lock);
  if (self->open && size && size <= DATAGRAM_MAX
      && self->queue.length < VM_AGENT_RELAY_QUEUE) {
    g_queue_push_tail (&self->queue, g_bytes_new (data, size));
    wake = !self->woken;
    self->woken = TRUE;
  }
  g_mutex_unlock (&self->lock);
  if (wake) {
    GSource *source = g_idle_source_new ();

    g_source_set_priority (source, G_PRIORITY_DEFAULT);
    g_source_set_callback (source, on_wake, vm_agent_relay_ref (self),
        (GDestroyNotify) vm_agent_relay_unref);
    g_source_attach (source, self->context);
    g_source_unref (source);
  }
}

/* The socket */

static void
set_open (VmAgentRelay *self, gboolean open)
{
  g_mutex_lock (&self->lock);
  self->open = open;
  g_mutex_unlock (&self->lock);
}

static void
on_message (SoupWebsocketConnection *socket, gint type, GBytes *message,
    VmAgentRelay *self)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (message, &size);

  if (type == SOUP_WEBSOCKET_DATA_BINARY && size && size <= DATAGRAM_MAX
      && self->funcs)
    self->funcs->take (data, size, self->user_data);
}

static void
on_closed (SoupWebsocketConnection *socket, VmAgentRelay *self)
{
  const gchar *why = soup_websocket_connection_get_close_data (socket);

  g_info ("the relay has closed: %s", why ? why : "it was lost");
  set_open (self, FALSE);
}

static void
on_open (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (VmAgentRelay) self = user_data;
  g_autoptr (GError) error = NULL;
  SoupWebsocketConnection *socket =
      vm_signal_socket_open_finish (SOUP_SESSION (source), result, &error);

  if (!socket) {
    g_info ("the relay cannot be used: %s", error->message);
    return;
  }
  if (!self->funcs) {
    soup_websocket_connection_close (socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
    g_object_unref (socket);
    return;
  }
  self->socket = socket;
  soup_websocket_connection_set_max_incoming_payload_size (
      socket, DATAGRAM_MAX);
  g_signal_connect (socket, "message", G_CALLBACK (on_message), self);
  g_signal_connect (socket, "closed", G_CALLBACK (on_closed), self);
  set_open (self, TRUE);
  self->funcs->open (self->user_data);
}

void
vm_agent_relay_open (VmAgentRelay *self)
{
  const VmSignalSocketConfig config = {
    .uri = self->uri, .server_key = self->key, .timeout_ms = OPEN_TIME
  };

  if (self->session || !self->funcs)
    return;
  self->session = vm_signal_socket_session_new (self->uri);
  self->cancellable = g_cancellable_new ();
  vm_signal_socket_open_async (self->session, NULL, &config, self->cancellable,
      on_open, vm_agent_relay_ref (self));
}

void
vm_agent_relay_close (VmAgentRelay *self)
{
  self->funcs = NULL;
  set_open (self, FALSE);
  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
  if (self->socket) {
    g_signal_handlers_disconnect_by_data (self->socket, self);
    send_queue (self); /* what ends the connection may be in it */
    if (soup_websocket_connection_get_state (self->socket)
        == SOUP_WEBSOCKET_STATE_OPEN)
      soup_websocket_connection_close (
          self->socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
  }
  g_clear_object (&self->socket);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->session);
}
