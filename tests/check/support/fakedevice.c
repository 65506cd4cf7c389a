/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/fakedevice.h"
#include "trust/keys/vmidentity-priv.h"
#include "support/eventlog.h"

#include <libsoup/soup.h>
#include <unistd.h>

#define STOP_SECONDS 60 /* a sanitizer on a busy machine is slow */

typedef struct
{
  FakeDevice device;

  gchar *folder; /* of the key, or NULL */
  gboolean secure;
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;

  /* the thread's */
  GSocketService *service;
  SoupServer *server; /* NULL when it has stopped */
  GCancellable *cancellable; /* of handshakes */
  guint handshakes; /* under way */

  GMutex lock; /* of what follows */
  VmDeviceInfo *said;
  guint asked;
  gboolean stopped;
} Device;

static void
on_status (SoupServer *server, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer user_data)
{
  Device *self = user_data;
  g_autoptr (GBytes) body = NULL;
  g_autofree gchar *user = NULL;

  g_mutex_lock (&self->lock);
  body = vm_device_info_to_status (self->said);
  user = g_strdup (self->said->user);
  self->asked++;
  g_mutex_unlock (&self->lock);
  soup_server_message_set_response (message, "application/json",
      SOUP_MEMORY_COPY, g_bytes_get_data (body, NULL), g_bytes_get_size (body));
  soup_server_message_set_status (message, 200, NULL);
  event_log ("asked %s", user);
}

static void
accept_stream (Device *self, GIOStream *stream, GSocketConnection *connection)
{
  g_autoptr (GSocketAddress) local =
      g_socket_connection_get_local_address (connection, NULL);
  g_autoptr (GSocketAddress) remote =
      g_socket_connection_get_remote_address (connection, NULL);

  /* NULL if its client has closed it already */
  if (local && remote)
    soup_server_accept_iostream (self->server, stream, local, remote, NULL);
}

static void
on_handshake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Device *self = user_data;
  g_autoptr (GIOStream) base = NULL;

  self->handshakes--;
  g_object_get (source, "base-io-stream", &base, NULL);
  if (g_tls_connection_handshake_finish (
          G_TLS_CONNECTION (source), result, NULL))
    accept_stream (self, G_IO_STREAM (source), G_SOCKET_CONNECTION (base));
}

/* libsoup up to 3.6.5 uses memory that it has freed if the server ends during a
 * handshake of its own (e9b681a5 there), so this one is not its own. */
static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection,
    GObject *source, gpointer user_data)
{
  Device *self = user_data;
  g_autoptr (GIOStream) tls = NULL;

  if (!self->secure) {
    accept_stream (self, G_IO_STREAM (connection), connection);
    return TRUE;
  }
  tls = g_tls_server_connection_new (G_IO_STREAM (connection),
      vm_identity_get_tls_certificate (self->device.identity), NULL);
  self->handshakes++;
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT,
      self->cancellable, on_handshake, self);
  return TRUE;
}

static gpointer
serve (gpointer data)
{
  Device *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_cancellable_cancel (self->cancellable);
  while (self->handshakes > 0 || g_main_context_pending (self->context))
    g_main_context_iteration (self->context, TRUE);
  soup_server_disconnect (self->server);
  g_clear_object (&self->server);
  g_clear_object (&self->service);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  g_mutex_lock (&self->lock);
  self->stopped = TRUE;
  g_mutex_unlock (&self->lock);
  g_main_context_wakeup (NULL);
  return NULL;
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static gboolean
is_stopped (Device *self)
{
  gboolean stopped;

  g_mutex_lock (&self->lock);
  stopped = self->stopped;
  g_mutex_unlock (&self->lock);
  return stopped;
}

static void
listen_locally (Device *self)
{
  g_autoptr (GSocketAddress) any =
      g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (self->context);
  self->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (self->server, "/status", on_status, self, NULL);
  self->cancellable = g_cancellable_new ();
  self->service = g_socket_service_new ();
  g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), any,
      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &address, &error);
  g_assert_no_error (error);
  self->device.port =
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_incoming), self);
  g_main_context_pop_thread_default (self->context);
}

static FakeDevice *
start (Device *self, const gchar *user, gboolean secure)
{
  VmDeviceInfo *info = vm_device_info_new ();

  self->secure = secure;
  g_mutex_init (&self->lock);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  listen_locally (self);
  g_free (info->user);
  info->user = g_strdup (user);
  info->device_id =
      g_strdup (vm_identity_get_device_id (self->device.identity));
  info->key_hash = g_strdup (vm_identity_get_key_hash (self->device.identity));
  info->secure = secure;
  info->port = self->device.port;
  self->device.info = info;
  self->said = vm_device_info_copy (info);
  self->thread = g_thread_new ("fake-device", serve, self);
  return &self->device;
}

FakeDevice *
fake_device_new (const gchar *user, gboolean secure)
{
  Device *self = g_new0 (Device, 1);

  self->folder = g_dir_make_tmp ("vm-device-XXXXXX", NULL);
  self->device.identity = vm_identity_load (self->folder, NULL);
  return start (self, user, secure);
}

FakeDevice *
fake_device_new_twin (const gchar *user, FakeDevice *other)
{
  Device *self = g_new0 (Device, 1);

  self->device.identity = g_object_ref (other->identity);
  return start (self, user, TRUE);
}

void
fake_device_say (FakeDevice *device)
{
  Device *self = (Device *) device;

  g_mutex_lock (&self->lock);
  vm_device_info_free (self->said);
  self->said = vm_device_info_copy (device->info);
  g_mutex_unlock (&self->lock);
}

guint
fake_device_asked (FakeDevice *device)
{
  Device *self = (Device *) device;
  guint asked;

  g_mutex_lock (&self->lock);
  asked = self->asked;
  g_mutex_unlock (&self->lock);
  return asked;
}

void
fake_device_stop (FakeDevice *device)
{
  Device *self = (Device *) device;
  g_autoptr (GSource) source = NULL;

  if (!self->thread)
    return;
  /* quitting a loop that does not run yet would be forgotten */
  source = g_idle_source_new ();
  g_source_set_callback (source, quit, self->loop, NULL);
  g_source_attach (source, self->context);
  WAIT_FOR (is_stopped (self), STOP_SECONDS);
  g_thread_join (g_steal_pointer (&self->thread));
}

void
fake_device_free (FakeDevice *device)
{
  Device *self = (Device *) device;

  fake_device_stop (device);
  if (self->folder) {
    g_autofree gchar *file =
        g_build_filename (self->folder, "identity.pem", NULL);

    unlink (file);
    rmdir (self->folder);
  }
  g_object_unref (self->cancellable);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  vm_device_info_free (self->said);
  vm_device_info_free (device->info);
  g_object_unref (device->identity);
  g_free (self->folder);
  g_free (self);
}
