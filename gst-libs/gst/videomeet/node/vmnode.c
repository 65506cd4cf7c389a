/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmnode
 * @title: VmNode
 * @short_description: this device on the network
 *
 * One object a process holds this device's identity, its server, its
 * announcement and the list of other devices, however many elements use them:
 * two elements in one pipeline announce once, and the port announced is the
 * server's. Everybody who needs the node takes a reference with
 * vm_node_get_default() and a role with vm_node_start().
 *
 * The node has a thread of its own, "vm-node". All its signals are emitted
 * there; a handler must not block, or the node no longer notices who comes and
 * goes. Functions and properties may be used from any thread.
 *
 * How a device is found and believed is `protocol/discovery.md#probe`: mDNS,
 * UDP and manual addresses bring hints, and only an answer to `GET /status`
 * from the announced key makes a #VmDevice. It is asked every 3 s and gone
 * after 3 misses, within 10 s.
 */

#include <gst/videomeet/vmnode.h>
#include "node/node-priv.h"
#include "node/nodeparts-priv.h"
#include "discovery/udp.h"
#include <gst/videomeet/vmerror.h>

#include <string.h>

guint vm_node_signals[VM_NODE_N_SIGNALS];

G_DEFINE_FINAL_TYPE (VmNode, vm_node, G_TYPE_OBJECT)

GType
vm_node_roles_get_type (void)
{
  static gsize type = 0;
  static const GFlagsValue values[] = { { VM_NODE_ROLES_NONE,
                                            "VM_NODE_ROLES_NONE", "none" },
    { VM_NODE_ROLES_SERVE, "VM_NODE_ROLES_SERVE", "serve" },
    { VM_NODE_ROLES_ANNOUNCE, "VM_NODE_ROLES_ANNOUNCE", "announce" },
    { VM_NODE_ROLES_BROWSE, "VM_NODE_ROLES_BROWSE", "browse" },
    { 0, NULL, NULL } };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_flags_register_static ("VmNodeRoles", values));
  return type;
}

/* The object. */

static void
vm_node_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmNode *self = VM_NODE (object);
  gboolean known;

  g_mutex_lock (&self->lock);
  known = vm_node_settings_set (&self->settings, id, value);
  g_mutex_unlock (&self->lock);
  if (known)
    vm_node_queue_refresh (self);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
take_id (GValue *value, gboolean as_fingerprint, const gchar *device_id)
{
  if (as_fingerprint)
    g_value_take_string (value, vm_fingerprint_from_device_id (device_id));
  else
    g_value_set_string (value, device_id);
}

static void
vm_node_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmNode *self = VM_NODE (object);
  VmIdentity *identity;
  gboolean known = TRUE;

  if (id == VM_NODE_PROP_DEVICE_ID || id == VM_NODE_PROP_FINGERPRINT) {
    identity = vm_node_get_identity (self);
    take_id (value, id == VM_NODE_PROP_FINGERPRINT,
        identity ? vm_identity_get_device_id (identity) : NULL);
    return;
  }
  g_mutex_lock (&self->lock);
  if (id == VM_NODE_PROP_DISCOVERY_STATE)
    g_value_set_enum (value, self->state);
  else if (id == VM_NODE_PROP_PORT && self->bound_port)
    g_value_set_uint (value, self->bound_port);
  else
    known = vm_node_settings_get (&self->settings, id, value);
  g_mutex_unlock (&self->lock);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
free_discovery (gpointer data)
{
  VmNode *self = data;

  g_clear_pointer (&self->discovery, vm_discovery_free);
}

static void
vm_node_finalize (GObject *object)
{
  VmNode *self = VM_NODE (object);

  /* nobody holds a role any more: they hold a reference */
  vm_node_thread_call (self->thread, free_discovery, self, NULL, CALL_TIMEOUT);
  vm_node_close_pairing_service (self);
  vm_node_thread_free (self->thread);
  g_clear_object (&self->server);
  g_clear_object (&self->file_receiver);
  g_clear_object (&self->identity);
  g_clear_object (&self->store);
  g_free (self->asked);
  g_ptr_array_unref (self->devices);
  vm_node_settings_clear (&self->settings);
  g_free (self->address);
  g_free (self->tls_name);
  g_free (self->meeting);
  g_free (self->meeting_id);
  g_free (self->host_user);
  g_free (self->config_dir);
  g_weak_ref_clear (&self->weak);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (vm_node_parent_class)->finalize (object);
}

static guint
device_signal (const gchar *name)
{
  return g_signal_new (name, VM_TYPE_NODE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
      NULL, G_TYPE_NONE, 1, VM_TYPE_DEVICE);
}

static void
vm_node_class_init (VmNodeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = vm_node_set_property;
  object_class->get_property = vm_node_get_property;
  object_class->finalize = vm_node_finalize;
  vm_node_settings_install (object_class);

  /**
   * VmNode::device-added:
   * @self: the node
   * @device: a device that has just answered for the first time
   *
   * Emitted on the thread "vm-node".
   *
   * Since: 0.1
   */
  vm_node_signals[VM_NODE_SIGNAL_DEVICE_ADDED] = device_signal ("device-added");
  /**
   * VmNode::device-changed:
   * @self: the node
   * @device: what takes the place of the #VmDevice of that id and port
   *
   * Emitted on the thread "vm-node".
   *
   * Since: 0.1
   */
  vm_node_signals[VM_NODE_SIGNAL_DEVICE_CHANGED] =
      device_signal ("device-changed");
  /**
   * VmNode::device-removed:
   * @self: the node
   * @device: a device that is gone
   *
   * Emitted on the thread "vm-node".
   *
   * Since: 0.1
   */
  vm_node_signals[VM_NODE_SIGNAL_DEVICE_REMOVED] =
      device_signal ("device-removed");
  /**
   * VmNode::discovery-state-changed:
   * @self: the node
   * @old_state: where discovery was
   * @new_state: where it is
   *
   * Emitted on the thread "vm-node".
   *
   * Since: 0.1
   */
  vm_node_signals[VM_NODE_SIGNAL_STATE_CHANGED] = g_signal_new (
      "discovery-state-changed", VM_TYPE_NODE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
      NULL, G_TYPE_NONE, 2, VM_TYPE_DISCOVERY_STATE, VM_TYPE_DISCOVERY_STATE);
  /**
   * VmNode::warning:
   * @self: the node
   * @method: what does not work: `mdns`, `udp` or `manual`, or `interfaces`
   *   when #VmNode:interfaces has one that does not exist
   * @message: a sentence for users
   *
   * Something does not work, the rest goes on. Emitted on the thread "vm-node".
   *
   * Since: 0.1
   */
  vm_node_signals[VM_NODE_SIGNAL_WARNING] =
      g_signal_new ("warning", VM_TYPE_NODE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
          NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
  vm_node_install_trust_signals ();
}

static void
vm_node_init (VmNode *self)
{
  g_mutex_init (&self->lock);
  vm_node_settings_init (&self->settings);
  self->udp_port = VM_UDP_PORT;
  self->state = VM_DISCOVERY_STATE_OFFLINE;
  self->devices = g_ptr_array_new_with_free_func (g_object_unref);
  g_weak_ref_init (&self->weak, self);
  self->thread = vm_node_thread_new ("vm-node");
}

VmNode *
vm_node_new (const gchar *config_dir)
{
  VmNode *self = g_object_new (VM_TYPE_NODE, NULL);

  self->config_dir = g_strdup (config_dir);
  return self;
}

void
vm_node_set_udp_port (VmNode *self, guint16 port)
{
  self->udp_port = port;
}

/**
 * vm_node_get_default:
 *
 * The process's one node. It lives as long as somebody holds a reference or a
 * role; then the next call makes a new one.
 *
 * Returns: (transfer full): the node
 *
 * Since: 0.1
 */
VmNode *
vm_node_get_default (void)
{
  static GMutex lock; /* of the default; no other is taken under it */
  static GWeakRef weak;
  VmNode *self;

  g_mutex_lock (&lock);
  self = g_weak_ref_get (&weak);
  if (!self) {
    self = vm_node_new (NULL);
    g_weak_ref_set (&weak, self);
  }
  g_mutex_unlock (&lock);
  return self;
}

/**
 * vm_node_get_identity:
 * @self: a #VmNode
 *
 * Makes the key at first use; blocks for the disk then.
 *
 * Returns: (transfer none) (nullable): this device's key, %NULL when it can be
 *   neither read nor made (vm_node_start() says why)
 *
 * Since: 0.1
 */
VmIdentity *
vm_node_get_identity (VmNode *self)
{
  g_return_val_if_fail (VM_IS_NODE (self), NULL);

  return vm_node_ensure_identity (self, NULL);
}

/**
 * vm_node_list_devices:
 * @self: a #VmNode
 *
 * Returns: (transfer full) (element-type VmDevice): the devices there are now;
 *   this process is not among them
 *
 * Since: 0.1
 */
GList *
vm_node_list_devices (VmNode *self)
{
  GList *list = NULL;

  g_return_val_if_fail (VM_IS_NODE (self), NULL);

  g_mutex_lock (&self->lock);
  for (guint i = self->devices->len; i > 0; i--)
    list = g_list_prepend (list, g_object_ref (self->devices->pdata[i - 1]));
  g_mutex_unlock (&self->lock);
  return list;
}

/**
 * vm_node_get_discovery_state:
 * @self: a #VmNode
 *
 * Returns: where discovery is
 *
 * Since: 0.1
 */
VmDiscoveryState
vm_node_get_discovery_state (VmNode *self)
{
  VmDiscoveryState state;

  g_return_val_if_fail (VM_IS_NODE (self), VM_DISCOVERY_STATE_OFFLINE);

  g_mutex_lock (&self->lock);
  state = self->state;
  g_mutex_unlock (&self->lock);
  return state;
}

/**
 * vm_node_get_port:
 * @self: a #VmNode
 *
 * Returns: the port the server listens on, 0 while it does not run
 *
 * Since: 0.1
 */
guint16
vm_node_get_port (VmNode *self)
{
  guint16 port;

  g_return_val_if_fail (VM_IS_NODE (self), 0);

  g_mutex_lock (&self->lock);
  port = self->bound_port;
  g_mutex_unlock (&self->lock);
  return port;
}

/* With the lock. RFC 6762 names are known where mDNS is, which is not
 * everywhere: many phones are without. */
static gboolean
is_name_for_all (VmNode *self)
{
  return self->tls_name && self->secure
         && !g_str_has_suffix (self->tls_name, ".local");
}

/**
 * vm_node_get_link:
 * @self: a #VmNode
 * @meeting: name of a meeting
 *
 * What to give to somebody who is to join with a browser. The host is the name
 * that #VmNode:tls-cert is for, if there is one that does not end with `.local`
 * (many devices cannot resolve such a name), else an address that others
 * can reach when there is one, else this machine's own. Where there are
 * link-local IPv6 addresses alone it has a zone, which is this device's word
 * for the interface, and which browsers do not take.
 *
 * Returns: (transfer full): `https://10.0.0.1:8080/?meeting=standup`, the name
 *   percent-encoded
 *
 * Since: 0.1
 */
gchar *
vm_node_get_link (VmNode *self, const gchar *meeting)
{
  g_autofree gchar *name = NULL;
  g_autofree gchar *address = NULL;
  gboolean v6, secure;
  guint port;

  g_return_val_if_fail (VM_IS_NODE (self), NULL);
  g_return_val_if_fail (meeting != NULL, NULL);

  g_mutex_lock (&self->lock);
  address = g_strdup (is_name_for_all (self) ? self->tls_name
                      : self->address        ? self->address
                                             : "127.0.0.1");
  secure = self->secure;
  port = self->bound_port ? self->bound_port : self->settings.port;
  g_mutex_unlock (&self->lock);
  name = g_uri_escape_string (meeting, NULL, FALSE);
  v6 = strchr (address, ':') != NULL;
  /* of a zone; RFC 6874 §2 */
  if (strchr (address, '%')) {
    g_auto (GStrv) parts = g_strsplit (address, "%", 2);

    g_free (address);
    address = g_strjoinv ("%25", parts);
  }
  return g_strdup_printf ("%s://%s%s%s:%u/?meeting=%s",
      secure ? "https" : "http", v6 ? "[" : "", address, v6 ? "]" : "", port,
      name);
}

/**
 * vm_node_make_invitation:
 * @self: a #VmNode
 * @meeting_id: id of a meeting that is hosted here
 * @lifetime: for how long it is good, in seconds, 1 to 86400
 * @error: return location for an error
 *
 * What vm_meeting_make_invitation() puts behind `#invitation=` of its link, for
 * whoever has the link already. A secret. Blocks for 5 s at most; any thread.
 * Errors as there; %VM_ERROR_MEETING_ENDED also for a meeting that is not
 * hosted here.
 *
 * Returns: (transfer full) (nullable): 43 characters that need no escaping in a
 *   URI
 *
 * Since: 0.1
 */
gchar *
vm_node_make_invitation (
    VmNode *self, const gchar *meeting_id, guint lifetime, GError **error)
{
  g_autoptr (VmServer) server = NULL;

  g_return_val_if_fail (VM_IS_NODE (self), NULL);
  g_return_val_if_fail (meeting_id != NULL, NULL);

  g_mutex_lock (&self->lock);
  g_set_object (&server, self->server);
  g_mutex_unlock (&self->lock);
  if (server)
    return vm_server_make_invitation (
        server, meeting_id, (gint64) lifetime * G_TIME_SPAN_SECOND, error);
  g_set_error (error, VM_ERROR, VM_ERROR_MEETING_ENDED,
      "The meeting is over: nobody can be invited to it");
  return NULL;
}

/**
 * vm_node_make_approval_link:
 * @self: a #VmNode that serves
 * @meeting: (nullable): name of the meeting that the page is for
 * @error: return location for an error
 *
 * Makes a link to the page in which this device's user can answer who asks for
 * trust, beside whoever handles #VmNode::trust-requested: the first answer
 * counts. It works once, within ten minutes, and in a browser on this machine
 * only; the page then asks for as long as it is open, or until another one is.
 * It is a secret: who has it can trust others in the user's name. Source:
 * `security.md#pairing`. Blocks for 5 s at most; any thread.
 *
 * Errors: %VM_ERROR_FAILED when the node does not serve, or speaks plain HTTP,
 * over which nobody asks; %VM_ERROR_TIMEOUT.
 *
 * Returns: (transfer full) (nullable): the link,
 *   `https://localhost:8080/?meeting=standup#approve=…`
 *
 * Since: 0.1
 */
gchar *
vm_node_make_approval_link (VmNode *self, const gchar *meeting, GError **error)
{
  g_autoptr (VmServer) server = NULL;
  g_autofree gchar *secret = NULL;
  g_autofree gchar *name = NULL;
  gboolean secure;
  guint port;

  g_return_val_if_fail (VM_IS_NODE (self), NULL);

  g_mutex_lock (&self->lock);
  g_set_object (&server, self->server);
  secure = self->secure;
  port = self->bound_port;
  g_mutex_unlock (&self->lock);
  if (!server || !secure) {
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "There is no page to answer in: this device does not serve over TLS");
    return NULL;
  }
  secret = vm_server_make_approval_secret (server, error);
  if (!secret)
    return NULL;
  name = meeting ? g_uri_escape_string (meeting, NULL, FALSE) : NULL;
  return g_strdup_printf ("https://localhost:%u/%s%s#approve=%s", port,
      name ? "?meeting=" : "", name ? name : "", secret);
}

VmServer *
vm_node_get_server (VmNode *self)
{
  VmServer *server;

  g_mutex_lock (&self->lock);
  server = self->server;
  g_mutex_unlock (&self->lock);
  return server;
}
