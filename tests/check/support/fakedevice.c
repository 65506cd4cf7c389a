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
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  SoupServer *server; /* the thread's */

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

static gpointer
serve (gpointer data)
{
  Device *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  /* libsoup 3.6 fails on a connection that its client has closed just now */
  while (g_main_context_iteration (self->context, FALSE))
    ;
  soup_server_disconnect (self->server);
  g_clear_object (&self->server);
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
listen_locally (Device *self, gboolean secure)
{
  g_autoslist (GUri) uris = NULL;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (self->context);
  self->server = soup_server_new ("tls-certificate",
      vm_identity_get_tls_certificate (self->device.identity), NULL);
  soup_server_add_handler (self->server, "/status", on_status, self, NULL);
  soup_server_listen_local (self->server, 0,
      SOUP_SERVER_LISTEN_IPV4_ONLY | (secure ? SOUP_SERVER_LISTEN_HTTPS : 0),
      &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (self->server);
  self->device.port = g_uri_get_port (uris->data);
  g_main_context_pop_thread_default (self->context);
}

static FakeDevice *
start (Device *self, const gchar *user, gboolean secure)
{
  VmDeviceInfo *info = vm_device_info_new ();

  g_mutex_init (&self->lock);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  listen_locally (self, secure);
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
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  vm_device_info_free (self->said);
  vm_device_info_free (device->info);
  g_object_unref (device->identity);
  g_free (self->folder);
  g_free (self);
}
