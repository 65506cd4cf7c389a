/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "discovery/interfaces.h"
#include "trust/keys/vmidentity-priv.h"
#include "node/nodeparts-priv.h"
#include "trust/keys/ephemerals.h"
#include <gst/videomeet/vmerror.h>

#include <string.h>

/* What is announced. */

static VmDeviceInfo *
dup_info_locked (VmNode *self, VmAnnounce *mode)
{
  VmDeviceInfo *info = vm_device_info_new ();

  g_free (info->user);
  g_free (info->device);
  g_free (info->status);
  g_strfreev (info->capabilities);
  info->user =
      g_strdup (self->host_user ? self->host_user : self->settings.user);
  info->device = g_strdup (self->settings.device);
  info->device_name = g_strdup (self->settings.device_name);
  /* protocol/discovery.md#txt; what the user says of itself counts more */
  info->status = g_strdup (
      self->calls && strcmp (self->settings.status, VM_STATUS_AVAILABLE) == 0
          ? VM_STATUS_BUSY
          : self->settings.status);
  info->capabilities = g_strsplit (self->settings.capabilities, ",", -1);
  info->device_id = g_strdup (vm_identity_get_device_id (self->identity));
  info->key_hash = g_strdup (vm_identity_get_key_hash (self->identity));
  info->max_participants = self->settings.max_participants;
  info->secure = self->secure;
  info->port = self->bound_port;
  if (self->meeting) {
    info->meeting = g_strdup (self->meeting);
    info->meeting_id = g_strdup (self->meeting_id);
    info->participants = self->participants;
    info->max_participants = self->meeting_max;
    info->epoch = self->epoch;
  }
  /* a meeting with a PIN hides, unless its host said otherwise;
   * protocol/discovery.md#announce */
  *mode = self->settings.announce;
  if (self->meeting && self->has_pin && !self->settings.announce_explicit)
    *mode = VM_ANNOUNCE_MINIMAL;
  return info;
}

static void
count_call (VmNode *self, gint by)
{
  g_mutex_lock (&self->lock);
  self->calls += by;
  g_mutex_unlock (&self->lock);
  vm_node_queue_refresh (self);
}

void
vm_node_begin_call (VmNode *self)
{
  count_call (self, 1);
}

void
vm_node_end_call (VmNode *self)
{
  count_call (self, -1);
}

/* To discovery and to who asks the server. Returns: what is shown. */
static VmDeviceInfo *
describe (VmNode *self)
{
  g_autoptr (VmDeviceInfo) info = NULL;
  VmDeviceInfo *shown;
  VmAnnounce mode;

  g_mutex_lock (&self->lock);
  info = dup_info_locked (self, &mode);
  g_mutex_unlock (&self->lock);
  vm_discovery_set_info (self->discovery, info, mode);
  shown = vm_discovery_dup_public_info (self->discovery);
  vm_server_set_device_info (self->server, shown);
  return shown;
}

/* On the thread. */
static void
refresh (gpointer data)
{
  VmNode *self = data;
  g_autoptr (VmDeviceInfo) shown = NULL;

  /* first: what changes from now on needs another one */
  g_atomic_int_set (&self->refreshing, FALSE);
  if (self->pairing)
    vm_node_refresh_trust (self, NULL);
  if (!self->discovery || !self->serving)
    return;
  shown = describe (self);
  /* who is announced without a name has none here either */
  vm_node_refresh_trust (self, *shown->user ? shown->user : shown->device);
}

void
vm_node_queue_refresh (VmNode *self)
{
  if (!g_atomic_int_compare_and_exchange (&self->refreshing, FALSE, TRUE))
    return;
  vm_node_thread_post (
      self->thread, refresh, g_object_ref (self), g_object_unref);
}

/* Called on the server's thread. */
static void
on_meeting (VmServer *server, const VmMeetingInfo *info, gpointer user_data)
{
  VmNode *self = user_data;

  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->meeting, g_free);
  g_clear_pointer (&self->meeting_id, g_free);
  if (info && info->state != VM_MEETING_STATE_ENDED) {
    self->meeting = g_strdup (info->name);
    self->meeting_id = g_strdup (info->id);
    self->participants = info->participants;
    self->meeting_max = info->max_participants;
    self->epoch = info->epoch;
    self->has_pin = info->has_pin;
  }
  g_mutex_unlock (&self->lock);
  vm_node_queue_refresh (self);
}

/* Roles, on the thread. */

VmIdentity *
vm_node_ensure_identity (VmNode *self, GError **error)
{
  VmIdentity *identity;

  g_mutex_lock (&self->lock);
  identity = self->identity;
  while (!identity) {
    g_autofree gchar *folder = g_strdup (self->config_dir);
    g_autoptr (VmIdentity) loaded = NULL;

    g_mutex_unlock (&self->lock);
    loaded = vm_identity_load (folder, error);
    if (!loaded)
      return NULL;
    vm_ephemerals_prepare ();
    g_mutex_lock (&self->lock);
    /* of another folder, if that was set meanwhile */
    if (!self->identity && g_strcmp0 (folder, self->config_dir) == 0)
      self->identity = g_steal_pointer (&loaded);
    identity = self->identity;
  }
  g_mutex_unlock (&self->lock);
  return identity;
}

static gboolean
start_server (VmNode *self, GError **error)
{
  VmServerConfig config = { 0 };
  g_autoptr (VmDeviceInfo) shown = NULL;
  g_auto (GStrv) names = NULL;
  g_auto (GStrv) origins = NULL;
  g_autofree gchar *web_root = NULL, *tls_cert = NULL, *tls_key = NULL;
  g_autofree gchar *address = NULL;
  guint16 port;
  gboolean secure;

  g_mutex_lock (&self->lock);
  config.port = self->settings.port;
  config.port_explicit = self->settings.port_explicit;
  config.loopback_only = !strcmp (self->settings.interfaces, "lo");
  config.insecure = self->settings.insecure;
  names =
      *self->settings.names ? g_strsplit (self->settings.names, ",", -1) : NULL;
  origins = *self->settings.origins
                ? g_strsplit (self->settings.origins, ",", -1)
                : NULL;
  web_root = vm_node_settings_dup_web_root (&self->settings);
  tls_cert = g_strdup (self->settings.tls_cert);
  tls_key = g_strdup (self->settings.tls_key);
  address = g_strdup (self->address);
  if (!self->server) {
    self->server = vm_server_new (self->identity);
    vm_server_set_pairing_service (self->server, self->pairing);
    vm_server_set_file_receiver (self->server, self->file_receiver);
  }
  g_mutex_unlock (&self->lock);
  config.names = (const gchar *const *) names;
  config.origins = (const gchar *const *) origins;
  config.web_root = web_root;
  config.tls_cert = tls_cert;
  config.tls_key = tls_key;
  vm_node_refresh_trust (self, NULL);
  vm_server_set_address (self->server, address);
  /* who asks as soon as the port is open is answered, too */
  shown = describe (self);
  if (!vm_server_start (self->server, &config, error))
    return FALSE;
  vm_server_set_meetings_func (self->server, on_meeting, self);
  port = vm_server_get_port (self->server);
  secure = vm_server_get_secure (self->server);
  g_mutex_lock (&self->lock);
  self->bound_port = port;
  self->secure = secure;
  self->tls_name = g_strdup (vm_server_get_name (self->server));
  g_mutex_unlock (&self->lock);
  self->serving = TRUE;
  return TRUE;
}

static void
stop_server (VmNode *self)
{
  self->serving = FALSE;
  vm_server_set_meetings_func (self->server, NULL, NULL);
  vm_server_stop (self->server);
  g_mutex_lock (&self->lock);
  self->bound_port = 0;
  g_clear_pointer (&self->tls_name, g_free);
  g_clear_pointer (&self->meeting, g_free);
  g_clear_pointer (&self->meeting_id, g_free);
  g_mutex_unlock (&self->lock);
}

static void
configure (VmNode *self)
{
  VmDiscoveryConfig config;
  g_autofree gchar *peers = NULL;
  g_autofree gchar *type = NULL;
  g_autofree gchar *interfaces = NULL;

  g_mutex_lock (&self->lock);
  config.methods = self->settings.methods;
  config.peers = peers = g_strdup (self->settings.peers);
  config.service_type = type = g_strdup (self->settings.service_type);
  config.interfaces = interfaces = g_strdup (self->settings.interfaces);
  config.timeout_ms = self->settings.timeout;
  config.insecure = self->settings.insecure;
  config.udp_port = self->udp_port;
  g_mutex_unlock (&self->lock);
  vm_discovery_configure (self->discovery, &config);
}

/* One that is not there may still come: no reason not to start. */
static void
warn_of_interfaces (VmNode *self)
{
  g_autofree gchar *names = NULL;
  g_autofree gchar *message = NULL;

  g_object_get (self, "interfaces", &names, NULL);
  message = vm_interfaces_check (names);
  if (message)
    g_signal_emit (self, vm_node_signals[VM_NODE_SIGNAL_WARNING], 0,
        "interfaces", message);
}

static gboolean
wants_server (VmNode *self)
{
  return self->counts[0] || self->counts[1];
}

static void
count (VmNode *self, VmNodeRoles roles, gint by)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->counts); i++) {
    if (roles & 1 << i && (by > 0 || self->counts[i] > 0))
      self->counts[i] += by;
  }
}

static gboolean
is_held (VmNode *self)
{
  return self->counts[0] || self->counts[1] || self->counts[2];
}

/* A start or stop on its way to the thread. */
typedef struct
{
  VmNode *node;
  VmNodeRoles roles;
  gboolean nested; /* from a signal handler: discovery goes on later */
  GError *error;
  gboolean started;
} Request;

static Request *
request_new (VmNode *self, VmNodeRoles roles)
{
  Request *request = g_atomic_rc_box_new0 (Request);

  request->node = g_object_ref (self);
  request->roles = roles;
  request->nested = vm_node_thread_is_current (self->thread);
  return request;
}

static void
request_clear (gpointer data)
{
  Request *request = data;

  g_clear_error (&request->error);
  g_object_unref (request->node);
}

static void
request_unref (gpointer request)
{
  g_atomic_rc_box_release_full (request, request_clear);
}

static void
do_start (gpointer data)
{
  Request *request = data;
  VmNode *self = request->node;
  gboolean held = is_held (self);

  if (!vm_node_ensure_identity (self, &request->error))
    return;
  vm_node_ensure_pairing_service (self);
  if (!self->discovery)
    self->discovery =
        vm_discovery_new (self->identity, &vm_node_discovery_events, self);
  configure (self);
  if (request->roles & (VM_NODE_ROLES_SERVE | VM_NODE_ROLES_ANNOUNCE)
      && !self->serving && !start_server (self, &request->error))
    return;
  count (self, request->roles, 1);
  /* whoever forgets to stop keeps the node; signals need it whole */
  if (!held) {
    g_object_ref (self);
    warn_of_interfaces (self);
  }
  refresh (self);
  vm_discovery_set_roles (
      self->discovery, self->counts[1] > 0, self->counts[2] > 0);
  if (!request->nested)
    vm_discovery_settle (self->discovery);
  request->started = TRUE;
}

static void
do_stop (gpointer data)
{
  Request *request = data;
  VmNode *self = request->node;
  gboolean held = is_held (self);

  if (!held)
    return;
  count (self, request->roles, -1);
  vm_discovery_set_roles (
      self->discovery, self->counts[1] > 0, self->counts[2] > 0);
  vm_discovery_settle (self->discovery);
  /* after the goodbye: whoever asks meanwhile is still answered */
  if (!wants_server (self) && self->serving)
    stop_server (self);
  if (!is_held (self))
    g_object_unref (self);
}

/**
 * vm_node_start:
 * @self: a #VmNode
 * @roles: what the caller needs it for
 * @error: #VM_ERROR_PORT_IN_USE when #VmNode:port was set and is taken,
 *   #VM_ERROR_IDENTITY when there is no key, or why the server did not start
 *
 * Takes roles; each start is ended by a vm_node_stop() with the same roles.
 * The server runs when this returns; discovery begins, and what it finds comes
 * as signals. Properties that say how (port, methods, interfaces and so on)
 * count from the first start on. Blocks for milliseconds; at most 15 s.
 *
 * Returns: whether the roles are taken
 *
 * Since: 0.1
 */
gboolean
vm_node_start (VmNode *self, VmNodeRoles roles, GError **error)
{
  Request *request;
  gboolean started;

  g_return_val_if_fail (VM_IS_NODE (self), FALSE);

  request = request_new (self, roles);
  if (!vm_node_thread_call (self->thread, do_start,
          g_atomic_rc_box_acquire (request), request_unref, CALL_TIMEOUT)) {
    /* it may still succeed later: nobody else would end it */
    vm_node_thread_post (self->thread, do_stop,
        g_atomic_rc_box_acquire (request), request_unref);
    g_set_error (error, VM_ERROR, VM_ERROR_TIMEOUT,
        "The node did not start within %d s", CALL_TIMEOUT / 1000);
    request_unref (request);
    return FALSE;
  }
  started = request->started;
  if (request->error)
    g_propagate_error (error, g_steal_pointer (&request->error));
  request_unref (request);
  return started;
}

/**
 * vm_node_stop:
 * @self: a #VmNode
 * @roles: as given to vm_node_start()
 *
 * Gives roles back. When the last one that announces is given back, the
 * goodbye has left when this returns; when the last one that browses is, all
 * devices are removed. Called from a handler of one of the node's signals it
 * takes effect after the handler has returned.
 *
 * Since: 0.1
 */
void
vm_node_stop (VmNode *self, VmNodeRoles roles)
{
  Request *request;

  g_return_if_fail (VM_IS_NODE (self));

  request = request_new (self, roles);
  if (request->nested)
    vm_node_thread_post (self->thread, do_stop,
        g_atomic_rc_box_acquire (request), request_unref);
  else if (!vm_node_thread_call (self->thread, do_stop,
               g_atomic_rc_box_acquire (request), request_unref, CALL_TIMEOUT))
    g_warning ("the node did not stop within %d s", CALL_TIMEOUT / 1000);
  request_unref (request);
}
