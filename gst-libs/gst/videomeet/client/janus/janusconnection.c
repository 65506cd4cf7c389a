/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/janus/janusconnection.h"
#include "base/vmtimer-priv.h"
#include "client/linger.h"
#include "client/sendqueue.h"
#include "client/settle.h"
#include "client/signalsocket.h"

#include <string.h>

#define OPEN_MS 10000 /* for the WebSocket, TLS and all */
/* Data that waits for the server to read it; beyond, the connection is lost. */
#define UNSENT_BYTES (1024 * 1024)

struct _VmJanusConnection
{
  GObject parent;

  VmJanusClient *client;
  gchar *uri; /* NULL: it is at @base_uri */
  gchar *base_uri, *key_hash, *path, *ticket;
  VmIdentity *identity;
  VmJanusConnectionFunc func;
  gpointer user_data;

  GMainContext *context;
  SoupSession *session;
  SoupWebsocketConnection *socket;
  GCancellable *opening; /* or NULL */
  VmSendQueue unsent;
  GSource *wake;
  gboolean busy; /* hands on what the client gives */
  gboolean over;
};

G_DEFINE_FINAL_TYPE (VmJanusConnection, vm_janus_connection, G_TYPE_OBJECT)

static void run (VmJanusConnection *self);

static void
lose (VmJanusConnection *self, const GError *error)
{
  vm_janus_client_lost (self->client, error, g_get_monotonic_time ());
}

static void
lose_with (VmJanusConnection *self, VmError code, const gchar *what)
{
  g_autoptr (GError) error = g_error_new_literal (VM_ERROR, code, what);

  lose (self, error);
}

/* The socket */

/* Closes it once what it has to say is out. */
static void
drop_socket (VmJanusConnection *self)
{
  SoupWebsocketConnection *socket = g_steal_pointer (&self->socket);

  vm_send_queue_forget (&self->unsent);
  if (!socket)
    return;
  g_signal_handlers_disconnect_by_data (socket, self);
  if (soup_websocket_connection_get_state (socket)
      != SOUP_WEBSOCKET_STATE_OPEN) {
    g_object_unref (socket);
    return;
  }
  soup_websocket_connection_close (socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
  vm_linger (socket, self->context);
}

static void
on_message (SoupWebsocketConnection *socket, gint type, GBytes *message,
    VmJanusConnection *self)
{
  gsize size;
  const gchar *text = g_bytes_get_data (message, &size);

  if (type != SOUP_WEBSOCKET_DATA_TEXT)
    return;
  vm_janus_client_receive (
      self->client, text ? text : "", size, g_get_monotonic_time ());
  run (self);
}

static void
on_closed (SoupWebsocketConnection *socket, VmJanusConnection *self)
{
  drop_socket (self);
  lose_with (self, VM_ERROR_DISCONNECTED, "Janus has closed the connection");
  run (self);
}

static void
take_socket (VmJanusConnection *self, SoupWebsocketConnection *socket)
{
  const gchar *protocol = soup_websocket_connection_get_protocol (socket);

  self->socket = socket;
  vm_settle_watch (socket);
  soup_websocket_connection_set_max_incoming_payload_size (
      socket, VM_JSON_SIZE_MAX);
  g_signal_connect (socket, "message", G_CALLBACK (on_message), self);
  g_signal_connect (socket, "closed", G_CALLBACK (on_closed), self);
  if (g_strcmp0 (protocol, VM_JANUS_PROTOCOL) == 0) {
    vm_janus_client_opened (self->client, g_get_monotonic_time ());
    return;
  }
  drop_socket (self);
  lose_with (self, VM_ERROR_BAD_MESSAGE,
      "The server at this address does not speak the protocol of Janus");
}

static void
on_socket (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (VmJanusConnection) self = data;
  g_autoptr (GError) error = NULL;
  SoupWebsocketConnection *socket =
      vm_signal_socket_open_finish (SOUP_SESSION (source), result, &error);

  /* nobody waits for one that was given up */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->opening);
  if (self->over || !vm_janus_client_wants_socket (self->client))
    g_clear_object (&socket);
  else if (socket)
    take_socket (self, socket);
  else
    lose (self, error);
  run (self);
}

static void
open_socket (VmJanusConnection *self)
{
  const VmSignalSocketConfig config = { .uri = self->uri,
    .base_uri = self->base_uri,
    .key_hash = self->key_hash,
    .path = self->path,
    .ticket = self->ticket,
    .protocol = VM_JANUS_PROTOCOL,
    .timeout_ms = OPEN_MS };

  self->opening = g_cancellable_new ();
  vm_signal_socket_open_async (self->session, self->identity, &config,
      self->opening, on_socket, g_object_ref (self));
}

static void
stop_opening (VmJanusConnection *self)
{
  if (self->opening)
    g_cancellable_cancel (self->opening);
  g_clear_object (&self->opening);
}

static void
follow_socket (VmJanusConnection *self)
{
  if (self->over || !vm_janus_client_wants_socket (self->client)) {
    stop_opening (self);
    drop_socket (self);
  } else if (!self->socket && !self->opening) {
    open_socket (self);
  }
}

/* What the client gives */

static gboolean
on_written (GObject *stream, gpointer data)
{
  vm_send_queue_forget (&((VmJanusConnection *) data)->unsent);
  return G_SOURCE_REMOVE;
}

static void
send_texts (VmJanusConnection *self)
{
  gchar *text;

  while ((text = vm_janus_client_take_text (self->client))) {
    if (self->socket
        && soup_websocket_connection_get_state (self->socket)
               == SOUP_WEBSOCKET_STATE_OPEN) {
      vm_send_queue_add (&self->unsent, self->socket, strlen (text),
          self->context, G_SOURCE_FUNC (on_written), self);
      soup_websocket_connection_send_text (self->socket, text);
    }
    g_free (text);
  }
  if (self->unsent.bytes > UNSENT_BYTES) {
    drop_socket (self);
    lose_with (
        self, VM_ERROR_DISCONNECTED, "Janus does not read what is sent to it");
  }
}

static gboolean
tell_event (VmJanusConnection *self)
{
  g_autoptr (VmJanusEvent) event = vm_janus_client_take_event (self->client);

  if (event && !self->over)
    self->func (self, event, self->user_data);
  return event != NULL;
}

static gboolean
on_wake (gpointer data)
{
  VmJanusConnection *self = data;

  vm_timer_clear (&self->wake);
  vm_janus_client_tick (self->client, g_get_monotonic_time ());
  run (self);
  return G_SOURCE_REMOVE;
}

static void
arm (VmJanusConnection *self)
{
  gint64 wake = vm_janus_client_get_wake (self->client);
  gint64 left = wake - g_get_monotonic_time ();

  vm_timer_clear (&self->wake);
  if (wake == G_MAXINT64 || self->over)
    return;
  /* not before its time: it would be in vain */
  self->wake = vm_timer_new (self->context,
      (guint) CLAMP ((left + 999) / 1000, 0, G_MAXINT), on_wake, self);
}

/* Hands on all that the client gives, follows its wishes, and waits for its
 * next. */
static void
run (VmJanusConnection *self)
{
  g_autoptr (VmJanusConnection) alive = g_object_ref (self);

  if (self->busy)
    return;
  self->busy = TRUE;
  do
    send_texts (self);
  while (tell_event (self));
  self->busy = FALSE;
  follow_socket (self);
  arm (self);
}

/* The object */

static void
vm_janus_connection_dispose (GObject *object)
{
  VmJanusConnection *self = VM_JANUS_CONNECTION (object);

  self->over = TRUE;
  vm_timer_clear (&self->wake);
  stop_opening (self);
  drop_socket (self);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (vm_janus_connection_parent_class)->dispose (object);
}

static void
vm_janus_connection_finalize (GObject *object)
{
  VmJanusConnection *self = VM_JANUS_CONNECTION (object);

  g_clear_pointer (&self->client, vm_janus_client_free);
  g_free (self->uri);
  g_free (self->base_uri);
  g_free (self->key_hash);
  g_free (self->path);
  g_free (self->ticket);
  g_clear_object (&self->identity);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (vm_janus_connection_parent_class)->finalize (object);
}

static void
vm_janus_connection_class_init (VmJanusConnectionClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = vm_janus_connection_dispose;
  G_OBJECT_CLASS (klass)->finalize = vm_janus_connection_finalize;
}

static void
vm_janus_connection_init (VmJanusConnection *self)
{
  self->context = g_main_context_ref_thread_default ();
  vm_settle_watch (self);
}

static VmJanusConnection *
connection_new (const VmJanusClientConfig *config, VmJanusConnectionFunc func,
    gpointer user_data, GError **error)
{
  VmJanusClient *client = vm_janus_client_new (config, error);
  VmJanusConnection *self;

  if (!client)
    return NULL;
  self = g_object_new (VM_TYPE_JANUS_CONNECTION, NULL);
  self->client = client;
  self->func = func;
  self->user_data = user_data;
  return self;
}

VmJanusConnection *
vm_janus_connection_new (const gchar *uri, const VmJanusClientConfig *config,
    VmJanusConnectionFunc func, gpointer user_data, GError **error)
{
  VmJanusConnection *self = connection_new (config, func, user_data, error);

  if (!self)
    return NULL;
  self->uri = g_strdup (uri);
  self->session = vm_signal_socket_session_new (uri);
  return self;
}

VmJanusConnection *
vm_janus_connection_new_at (const VmJanusPlace *place,
    const VmJanusClientConfig *config, VmJanusConnectionFunc func,
    gpointer user_data, GError **error)
{
  VmJanusConnection *self = connection_new (config, func, user_data, error);

  if (!self)
    return NULL;
  self->base_uri = g_strdup (place->base_uri);
  self->key_hash = g_strdup (place->key_hash);
  self->path = g_strdup (place->path);
  self->ticket = g_strdup (place->ticket);
  self->identity = g_object_ref (place->identity);
  self->session = vm_http_session_new ();
  return self;
}

VmJanusClient *
vm_janus_connection_get_client (VmJanusConnection *self)
{
  return self->client;
}

/* The owner's calls. What follows is handed on in a turn of its own, or the
 * owner would be called inside its call. */

static void
follow (VmJanusConnection *self)
{
  if (self->busy || self->over)
    return;
  vm_timer_clear (&self->wake);
  self->wake = vm_timer_new (self->context, 0, on_wake, self);
}

void
vm_janus_connection_start (VmJanusConnection *self)
{
  vm_janus_client_start (self->client, g_get_monotonic_time ());
  follow (self);
}

void
vm_janus_connection_leave (VmJanusConnection *self)
{
  vm_janus_client_leave (self->client, g_get_monotonic_time ());
  follow (self);
}

void
vm_janus_connection_close (VmJanusConnection *self)
{
  if (self->over)
    return;
  self->over = TRUE;
  vm_janus_client_leave (self->client, g_get_monotonic_time ());
  send_texts (self);
  vm_timer_clear (&self->wake);
  stop_opening (self);
  drop_socket (self);
}

gboolean
vm_janus_connection_publish (VmJanusConnection *self, const gchar *sdp,
    const gchar *const *descriptions, GError **error)
{
  gboolean done = vm_janus_client_publish (
      self->client, sdp, descriptions, g_get_monotonic_time (), error);

  follow (self);
  return done;
}

void
vm_janus_connection_unpublish (VmJanusConnection *self)
{
  vm_janus_client_unpublish (self->client, g_get_monotonic_time ());
  follow (self);
}

void
vm_janus_connection_add_candidate (VmJanusConnection *self, VmJanusRole role,
    const gchar *candidate, const gchar *mid, gint64 mline)
{
  vm_janus_client_add_candidate (
      self->client, role, candidate, mid, mline, g_get_monotonic_time ());
  follow (self);
}

gboolean
vm_janus_connection_want (
    VmJanusConnection *self, gint64 feed, const gchar *mid, GError **error)
{
  gboolean done = vm_janus_client_want (
      self->client, feed, mid, g_get_monotonic_time (), error);

  follow (self);
  return done;
}

void
vm_janus_connection_drop (
    VmJanusConnection *self, gint64 feed, const gchar *mid)
{
  vm_janus_client_drop (self->client, feed, mid, g_get_monotonic_time ());
  follow (self);
}

void
vm_janus_connection_ask_key_frame (
    VmJanusConnection *self, gint64 feed, const gchar *mid)
{
  vm_janus_client_ask_key_frame (
      self->client, feed, mid, g_get_monotonic_time ());
  follow (self);
}

void
vm_janus_connection_choose_layers (VmJanusConnection *self, gint64 feed,
    const gchar *mid, gint substream, gint temporal)
{
  vm_janus_client_choose_layers (
      self->client, feed, mid, substream, temporal, g_get_monotonic_time ());
  follow (self);
}

void
vm_janus_connection_answer (VmJanusConnection *self, const gchar *sdp)
{
  vm_janus_client_answer (self->client, sdp, g_get_monotonic_time ());
  follow (self);
}

void
vm_janus_connection_renew_subscriber (
    VmJanusConnection *self, const GError *error)
{
  vm_janus_client_renew_subscriber (
      self->client, error, g_get_monotonic_time ());
  follow (self);
}
