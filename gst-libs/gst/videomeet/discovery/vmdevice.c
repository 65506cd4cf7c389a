/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmdevice
 * @title: VmDevice
 * @short_description: another device on the network
 *
 * What a device said of itself when it last answered, after its key was checked
 * (`protocol/discovery.md#probe`). A #VmDevice never changes: when the device
 * does, #VmNode::device-changed brings a new one with the same id and port. So
 * all getters may be called from any thread, and what they return lives as long
 * as the object.
 *
 * A device is known by its id and port together: several processes of one user
 * share an id. Names and addresses are only labels.
 */

#include <gst/videomeet/vmdevice.h>
#include "discovery/device-priv.h"
#include "discovery/probe.h"
#include <gst/videomeet/vmidentity.h>
#include "base/json/json.h"

#include <string.h>

struct _VmDevice
{
  GObject parent;

  VmDeviceInfo *info;
  gchar **addresses;
  gchar **base_uris; /* one an address */
  VmMethods methods;
  gboolean trusted;
};

G_DEFINE_FINAL_TYPE (VmDevice, vm_device, G_TYPE_OBJECT)

static void
vm_device_finalize (GObject *object)
{
  VmDevice *self = VM_DEVICE (object);

  vm_device_info_free (self->info);
  g_strfreev (self->addresses);
  g_strfreev (self->base_uris);
  G_OBJECT_CLASS (vm_device_parent_class)->finalize (object);
}

static void
vm_device_class_init (VmDeviceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_device_finalize;
}

static void
vm_device_init (VmDevice *self)
{
}

VmDevice *
vm_device_new (
    const VmDeviceInfo *info, GPtrArray *addresses, VmMethods methods)
{
  VmDevice *self = g_object_new (VM_TYPE_DEVICE, NULL);
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) uris = g_strv_builder_new ();

  self->info = vm_device_info_copy (info);
  self->methods = methods;
  for (guint i = 0; i < addresses->len; i++) {
    g_autofree gchar *text = vm_address_to_string (addresses->pdata[i]);
    g_autofree gchar *uri = vm_base_uri (addresses->pdata[i], info->secure);

    g_strv_builder_add (list, text);
    g_strv_builder_add (uris, uri);
  }
  self->addresses = g_strv_builder_end (list);
  self->base_uris = g_strv_builder_end (uris);
  return self;
}

VmDevice *
vm_device_new_trusted (VmDevice *device, gboolean trusted)
{
  VmDevice *self = g_object_new (VM_TYPE_DEVICE, NULL);

  self->info = vm_device_info_copy (device->info);
  self->addresses = g_strdupv (device->addresses);
  self->base_uris = g_strdupv (device->base_uris);
  self->methods = device->methods;
  self->trusted = trusted;
  return self;
}

gboolean
vm_device_equal (VmDevice *a, VmDevice *b)
{
  return a->methods == b->methods && vm_device_info_equal (a->info, b->info)
         && g_strv_equal ((const gchar *const *) a->addresses,
             (const gchar *const *) b->addresses);
}

/**
 * vm_device_get_id:
 * @self: a #VmDevice
 *
 * Returns: (transfer none): its device id, see vm_identity_get_device_id(). Of
 *   a device that speaks plain HTTP and hides its id, the name it goes by.
 *
 * Since: 0.1
 */
const gchar *
vm_device_get_id (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), NULL);

  return self->info->device_id;
}

/**
 * vm_device_get_key_hash:
 * @self: a #VmDevice
 *
 * Returns: (transfer none) (nullable): base64url SHA-256 of the key that TLS
 *   showed; over plain HTTP what the device says, or %NULL
 *
 * Since: 0.1
 */
const gchar *
vm_device_get_key_hash (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), NULL);

  return self->info->key_hash;
}

/**
 * vm_device_get_user:
 * @self: a #VmDevice
 *
 * Returns: (transfer none): its user's name, at most 128 bytes; empty when the
 *   device announces itself minimally
 *
 * Since: 0.1
 */
const gchar *
vm_device_get_user (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), NULL);

  return self->info->user;
}

/**
 * vm_device_get_device:
 * @self: a #VmDevice
 *
 * Returns: (transfer none): its name, as `macbook-pro-123`
 *   (`protocol/discovery.md#txt`)
 *
 * Since: 0.1
 */
const gchar *
vm_device_get_device (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), NULL);

  return self->info->device;
}

/**
 * vm_device_get_status:
 * @self: a #VmDevice
 *
 * Returns: (transfer none): `available`, `busy`, `away`, or what it says
 *
 * Since: 0.1
 */
const gchar *
vm_device_get_status (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), NULL);

  return self->info->status;
}

/**
 * vm_device_get_capabilities:
 * @self: a #VmDevice
 *
 * Returns: (transfer none) (array zero-terminated=1): words as `video`,
 *   `audio`, `share`; at most 16
 *
 * Since: 0.1
 */
const gchar *const *
vm_device_get_capabilities (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), NULL);

  return (const gchar *const *) self->info->capabilities;
}

/**
 * vm_device_get_methods:
 * @self: a #VmDevice
 *
 * Returns: the methods that have found it
 *
 * Since: 0.1
 */
VmMethods
vm_device_get_methods (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), VM_METHODS_NONE);

  return self->methods;
}

/**
 * vm_device_get_meeting:
 * @self: a #VmDevice
 *
 * Returns: (transfer none) (nullable): the name of the meeting it hosts,
 *   `private` when it hides that, %NULL without one
 *
 * Since: 0.1
 */
const gchar *
vm_device_get_meeting (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), NULL);

  return self->info->meeting;
}

/**
 * vm_device_get_meeting_id:
 * @self: a #VmDevice
 *
 * Returns: (transfer none) (nullable): the meeting's uuid
 *
 * Since: 0.1
 */
const gchar *
vm_device_get_meeting_id (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), NULL);

  return self->info->meeting_id;
}

guint
vm_device_get_epoch (VmDevice *self)
{
  return self->info->epoch;
}

/**
 * vm_device_get_participants:
 * @self: a #VmDevice
 *
 * Returns: how many are in its meeting, itself included; 0 without one
 *
 * Since: 0.1
 */
guint
vm_device_get_participants (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), 0);

  return self->info->participants;
}

/**
 * vm_device_get_max_participants:
 * @self: a #VmDevice
 *
 * Returns: how many its meetings can hold
 *
 * Since: 0.1
 */
guint
vm_device_get_max_participants (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), 0);

  return self->info->max_participants;
}

/**
 * vm_device_get_secure:
 * @self: a #VmDevice
 *
 * Returns: whether it speaks TLS, that is, whether its id is proven
 *
 * Since: 0.1
 */
gboolean
vm_device_get_secure (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), FALSE);

  return self->info->secure;
}

/**
 * vm_device_get_trusted:
 * @self: a #VmDevice
 *
 * Returns: whether it was trusted by the trust store of this device when it was
 *   made: both users have compared the digits, and neither has taken it back.
 *   When that changes, #VmNode::device-changed brings a new one.
 *
 * Since: 0.1
 */
gboolean
vm_device_get_trusted (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), FALSE);

  return self->trusted;
}

/**
 * vm_device_get_port:
 * @self: a #VmDevice
 *
 * Returns: the TCP port of its server
 *
 * Since: 0.1
 */
guint16
vm_device_get_port (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), 0);

  return self->info->port;
}

/**
 * vm_device_get_addresses:
 * @self: a #VmDevice
 *
 * Returns: (transfer none) (array zero-terminated=1): its IP addresses, the one
 *   that answered last first; link-local IPv6 as `fe80::1%eth0`
 *
 * Since: 0.1
 */
const gchar *const *
vm_device_get_addresses (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), NULL);

  return (const gchar *const *) self->addresses;
}

/**
 * vm_device_get_base_uri:
 * @self: a #VmDevice
 *
 * Returns: (transfer full): where its server is, `https://10.0.0.1:8080`; the
 *   zone of a link-local address is written as RFC 6874 says, `%25eth0`
 *
 * Since: 0.1
 */
gchar *
vm_device_get_base_uri (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), NULL);

  return g_strdup (self->base_uris[0]);
}

/**
 * vm_device_get_base_uris:
 * @self: a #VmDevice
 *
 * Returns: (transfer none) (array zero-terminated=1): where its server is, at
 *   each of its addresses, in their order, as vm_device_get_base_uri()
 *
 * Since: 0.1
 */
const gchar *const *
vm_device_get_base_uris (VmDevice *self)
{
  g_return_val_if_fail (VM_IS_DEVICE (self), NULL);

  return (const gchar *const *) self->base_uris;
}

/**
 * vm_device_get_uri:
 * @self: a #VmDevice
 *
 * Returns: (transfer full): what the property `uri` of vmsignalbin takes to
 *   join its meeting, `videomeet://10.0.0.1:8080/standup`, the name
 *   percent-encoded; without a meeting the path is `/`
 *
 * Since: 0.1
 */
gchar *
vm_device_get_uri (VmDevice *self)
{
  g_autofree gchar *name = NULL;

  g_return_val_if_fail (VM_IS_DEVICE (self), NULL);

  name = g_uri_escape_string (
      self->info->meeting ? self->info->meeting : "", NULL, FALSE);
  return g_strdup_printf (
      "videomeet%s/%s", strstr (self->base_uris[0], "://"), name);
}

static gchar **
method_nicks (VmMethods methods)
{
  g_autoptr (GFlagsClass) klass = g_type_class_ref (VM_TYPE_METHODS);
  g_autoptr (GStrvBuilder) nicks = g_strv_builder_new ();

  for (guint bit = VM_METHODS_MDNS; bit <= VM_METHODS_MANUAL; bit <<= 1) {
    if (methods & bit)
      g_strv_builder_add (
          nicks, g_flags_get_first_value (klass, bit)->value_nick);
  }
  return g_strv_builder_end (nicks);
}

/**
 * vm_device_to_json:
 * @self: a #VmDevice
 *
 * The members of `GET /status` (`protocol/http.md#requests`), and where the
 * device is: `address`, `addresses`, `port`, `uri` (see vm_device_get_uri()),
 * and `methods`, which found it; `trusted` and `fingerprint`.
 *
 * Returns: (transfer full): one JSON object without line breaks
 *
 * Since: 0.1
 */
gchar *
vm_device_to_json (VmDevice *self)
{
  GString *out;
  g_autofree gchar *uri = NULL;
  g_autofree gchar *fingerprint = NULL;
  g_auto (GStrv) methods = NULL;

  g_return_val_if_fail (VM_IS_DEVICE (self), NULL);

  out = g_string_new ("{");
  uri = vm_device_get_uri (self);
  methods = method_nicks (self->methods);
  vm_device_info_append_status (out, self->info);
  vm_json_append_member (out, "address", self->addresses[0]);
  vm_json_append_strings (
      out, "addresses", (const gchar *const *) self->addresses);
  vm_json_append_int (out, "port", self->info->port);
  vm_json_append_member (out, "uri", uri);
  vm_json_append_strings (out, "methods", (const gchar *const *) methods);
  vm_json_append_boolean (out, "trusted", self->trusted);
  if (self->info->device_id)
    fingerprint = vm_fingerprint_from_device_id (self->info->device_id);
  vm_json_append_member (out, "fingerprint", fingerprint);
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}
