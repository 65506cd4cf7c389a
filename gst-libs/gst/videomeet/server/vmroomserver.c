/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmroomserver
 * @title: VmRoomServer
 * @short_description: a signalling server for rooms that nobody hosts
 *
 * An HTTP and WebSocket server in which a room begins with whoever comes first
 * and is gone with the last, and over which users call each other
 * (`protocol/rooms.md#open-rooms`). It passes on what participants say to set
 * up their connections; sound, pictures and files go between them directly, or
 * by an SFU (#VmRoomServer:sfu-uri) where there are many. It admits anybody, or
 * whoever shows a token (#VmRoomServer:auth-keys), announces itself nowhere,
 * and is not a device of #VmNode.
 *
 * Properties are read by vm_room_server_start(). The server has a thread of its
 * own, `vm-net`; the functions here may be called from one thread at a time,
 * and #VmRoomServer::room-changed is emitted in the main context that was this
 * thread's default at the start.
 */

#include "server/vmroomserver-priv.h"
#include "wire/turncredential.h"
#include <gst/videomeet/vmerror.h>

G_DEFINE_FINAL_TYPE (VmRoomServer, vm_room_server, G_TYPE_OBJECT)

static void
vm_room_server_finalize (GObject *object)
{
  VmRoomServer *self = VM_ROOM_SERVER (object);

  vm_room_server_stop (self);
  g_clear_object (&self->server);
  g_free (self->tls_cert);
  g_free (self->tls_key);
  g_free (self->turn_secret);
  g_free (self->state_file);
  g_free (self->cluster);
  g_free (self->cluster_credentials);
  g_free (self->cluster_ca);
  g_free (self->gotify_url);
  g_free (self->gotify_key);
  g_free (self->sfu_uri);
  g_free (self->sfu_secret);
  g_free (self->auth_keys);
  g_strfreev (self->names);
  g_strfreev (self->origins);
  g_strfreev (self->proxies);
  g_strfreev (self->ice_servers);
  g_strfreev (self->turn_servers);
  g_hash_table_unref (self->changed);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (vm_room_server_parent_class)->finalize (object);
}

static void
vm_room_server_class_init (VmRoomServerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_room_server_finalize;
  vm_room_server_install (G_OBJECT_CLASS (klass));
}

static void
vm_room_server_init (VmRoomServer *self)
{
  g_mutex_init (&self->lock);
  self->changed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->room_size = 10;
  self->turn_lifetime = VM_TURN_LIFETIME;
  self->max_per_address = 64;
}

static gboolean
tell (gpointer data)
{
  VmRoomServer *self = data;
  g_autoptr (GHashTable) changed = NULL;
  GHashTableIter iter;
  gpointer id, participants;

  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->source, g_source_unref);
  changed = g_steal_pointer (&self->changed);
  self->changed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_mutex_unlock (&self->lock);
  g_hash_table_iter_init (&iter, changed);
  while (g_hash_table_iter_next (&iter, &id, &participants))
    g_signal_emit (
        self, vm_room_server_changed, 0, id, GPOINTER_TO_UINT (participants));
  return G_SOURCE_REMOVE;
}

static void
on_room (
    VmServer *server, const gchar *id, guint participants, gpointer user_data)
{
  VmRoomServer *self = user_data;

  g_mutex_lock (&self->lock);
  g_hash_table_insert (
      self->changed, g_strdup (id), GUINT_TO_POINTER (participants));
  if (self->tells && !self->source) {
    self->source = g_idle_source_new ();
    g_source_set_priority (self->source, G_PRIORITY_DEFAULT);
    g_source_set_callback (
        self->source, tell, g_object_ref (self), g_object_unref);
    g_source_attach (self->source, self->context);
  }
  g_mutex_unlock (&self->lock);
}

static void
describe (VmServer *server, VmIdentity *identity)
{
  VmDeviceInfo *info = vm_device_info_new ();

  g_free (info->device);
  info->device = vm_text_to_label (g_get_host_name (), VM_SIGNAL_NAME_MAX);
  g_free (info->device_id);
  info->device_id = g_strdup (vm_identity_get_device_id (identity));
  g_strfreev (info->capabilities);
  info->capabilities = g_strsplit ("rooms", " ", -1);
  vm_server_set_device_info (server, info);
  vm_device_info_free (info);
}

/**
 * vm_room_server_new:
 * @identity: the key by which it is known: of its TLS, and of what it signs
 *
 * Returns: (transfer full): a server that is not started
 *
 * Since: 0.1
 */
VmRoomServer *
vm_room_server_new (VmIdentity *identity)
{
  VmRoomServer *self;

  g_return_val_if_fail (VM_IS_IDENTITY (identity), NULL);

  self = g_object_new (VM_TYPE_ROOM_SERVER, NULL);
  self->server = vm_server_new (identity);
  vm_server_set_policy (self->server, VM_POLICY_OPEN);
  vm_server_set_room_func (self->server, on_room, self);
  describe (self->server, identity);
  return self;
}

static gchar *
web_root (void)
{
  const gchar *told = g_getenv ("VM_WEB_ROOT");

  return g_strdup (told ? told : VM_WEB_DIR);
}

/**
 * vm_room_server_start:
 * @self: a #VmRoomServer that does not run
 * @error: return location for an error
 *
 * Listens, and serves from now on. Blocks until it does, 5 s at most.
 *
 * Returns: %FALSE with #VM_ERROR_PORT_IN_USE, #VM_ERROR_BAD_REQUEST when a
 *   property is of no use (what it says of addresses and servers, a size), or
 *   why a file cannot be read
 *
 * Since: 0.1
 */
gboolean
vm_room_server_start (VmRoomServer *self, GError **error)
{
  g_autofree gchar *web = web_root ();
  VmServerConfig config = { 0 };

  g_return_val_if_fail (VM_IS_ROOM_SERVER (self), FALSE);
  g_return_val_if_fail (!self->context, FALSE);

  config.port = self->port;
  config.port_explicit = self->port != 0;
  config.loopback_only = self->loopback;
  config.insecure = self->insecure;
  config.names = (const gchar *const *) self->names;
  config.origins = (const gchar *const *) self->origins;
  config.web_root = web;
  config.tls_cert = self->tls_cert;
  config.tls_key = self->tls_key;
  config.open_rooms = TRUE;
  config.calls = TRUE;
  /* 0 would be the default there */
  config.room_size = MAX (self->room_size, 1);
  config.max_per_address = self->max_per_address;
  config.trusted_proxies = (const gchar *const *) self->proxies;
  config.ice_servers = (const gchar *const *) self->ice_servers;
  config.turn_servers = (const gchar *const *) self->turn_servers;
  config.turn_secret = self->turn_secret;
  /* as of the size */
  config.turn_lifetime = MAX (self->turn_lifetime, 1);
  config.relay_only = self->relay_only;
  config.state_file = self->state_file;
  config.cluster = self->cluster;
  config.cluster_credentials = self->cluster_credentials;
  config.cluster_ca = self->cluster_ca;
  config.notify_url = self->gotify_url;
  config.notify_key = self->gotify_key;
  config.sfu_uri = self->sfu_uri;
  config.sfu_secret = self->sfu_secret;
  config.mesh_max = self->mesh_max;
  config.mesh_return = self->mesh_return;
  config.auth_keys = self->auth_keys;
  config.auth_any_room = self->auth_any_room;
  config.unmoderated = self->unmoderated;
  self->context = g_main_context_ref_thread_default ();
  g_mutex_lock (&self->lock);
  self->tells = TRUE;
  g_mutex_unlock (&self->lock);
  if (vm_server_start (self->server, &config, error))
    return TRUE;
  g_clear_pointer (&self->context, g_main_context_unref);
  return FALSE;
}

/**
 * vm_room_server_get_port:
 * @self: a #VmRoomServer
 *
 * Returns: the port that it listens on; 0 when it does not run
 *
 * Since: 0.1
 */
guint
vm_room_server_get_port (VmRoomServer *self)
{
  g_return_val_if_fail (VM_IS_ROOM_SERVER (self), 0);

  return vm_server_get_port (self->server);
}

/**
 * vm_room_server_get_secure:
 * @self: a #VmRoomServer
 *
 * Returns: whether it speaks TLS
 *
 * Since: 0.1
 */
gboolean
vm_room_server_get_secure (VmRoomServer *self)
{
  g_return_val_if_fail (VM_IS_ROOM_SERVER (self), FALSE);

  return vm_server_get_secure (self->server);
}

/**
 * vm_room_server_drain:
 * @self: a #VmRoomServer
 *
 * Admits nobody from now on; those in the rooms go on. `GET /healthz` is
 * answered with 503, so that others are sent elsewhere. To be followed by
 * vm_room_server_stop().
 *
 * Since: 0.1
 */
void
vm_room_server_drain (VmRoomServer *self)
{
  g_return_if_fail (VM_IS_ROOM_SERVER (self));

  vm_server_drain (self->server);
}

/**
 * vm_room_server_stop:
 * @self: a #VmRoomServer
 *
 * Closes every connection with 1001, by which clients know that they may come
 * back, and stops. Connections between participants stay. Blocks, 5 s at most.
 * May be called when it does not run.
 *
 * Since: 0.1
 */
void
vm_room_server_stop (VmRoomServer *self)
{
  g_return_if_fail (VM_IS_ROOM_SERVER (self));

  if (!self->context)
    return;
  /* vm-net must not hold on to what may be on its way out */
  g_mutex_lock (&self->lock);
  self->tells = FALSE;
  g_mutex_unlock (&self->lock);
  vm_server_stop (self->server);
  g_mutex_lock (&self->lock);
  g_hash_table_remove_all (self->changed);
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&self->context, g_main_context_unref);
}
