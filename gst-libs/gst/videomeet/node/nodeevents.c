/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What discovery tells, on the thread: the devices of the node, and its
 * signals. */

#include "discovery/device-priv.h"
#include "node/nodeparts-priv.h"
#include "trust/store/vmtruststore-priv.h"

#include <string.h>

static const gchar *const method_names[] = { "mdns", "udp", "manual" };

static gint
find_device (VmNode *self, VmDevice *device)
{
  for (guint i = 0; i < self->devices->len; i++) {
    VmDevice *one = self->devices->pdata[i];

    if (vm_device_get_port (one) == vm_device_get_port (device)
        && !strcmp (vm_device_get_id (one), vm_device_get_id (device)))
      return i;
  }
  return -1;
}

/* Reads a few small files; whoever trusts another says so rarely. */
static VmDevice *
with_trust (VmNode *self, VmDevice *device)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  VmTrustLevel level = VM_TRUST_LEVEL_UNKNOWN;
  g_autoptr (VmTrustFacts) facts = NULL;

  /* over plain HTTP the id is only said */
  if (vm_device_get_secure (device))
    facts = vm_trust_store_admit (vm_node_get_trust_store (self),
        vm_device_get_id (device), VM_POLICY_REQUIRE, VM_PERMISSIONS_CALL, now,
        &level, NULL);
  return vm_device_new_trusted (device, level == VM_TRUST_LEVEL_TRUSTED);
}

static void
on_added (gpointer user_data, VmDevice *found)
{
  VmNode *self = user_data;
  g_autoptr (VmDevice) device = with_trust (self, found);

  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->devices, g_object_ref (device));
  g_mutex_unlock (&self->lock);
  g_signal_emit (self, vm_node_signals[VM_NODE_SIGNAL_DEVICE_ADDED], 0, device);
}

static void
on_changed (gpointer user_data, VmDevice *found)
{
  VmNode *self = user_data;
  g_autoptr (VmDevice) device = with_trust (self, found);
  gint i;

  g_mutex_lock (&self->lock);
  i = find_device (self, device);
  if (i >= 0)
    g_set_object ((VmDevice **) &self->devices->pdata[i], device);
  g_mutex_unlock (&self->lock);
  g_signal_emit (
      self, vm_node_signals[VM_NODE_SIGNAL_DEVICE_CHANGED], 0, device);
}

static void
on_removed (gpointer user_data, VmDevice *device)
{
  VmNode *self = user_data;
  gint i;

  g_mutex_lock (&self->lock);
  i = find_device (self, device);
  if (i >= 0)
    g_ptr_array_remove_index (self->devices, i);
  g_mutex_unlock (&self->lock);
  g_signal_emit (
      self, vm_node_signals[VM_NODE_SIGNAL_DEVICE_REMOVED], 0, device);
}

static void
on_state (gpointer user_data, VmDiscoveryState before, VmDiscoveryState now)
{
  VmNode *self = user_data;

  g_mutex_lock (&self->lock);
  self->state = now;
  g_mutex_unlock (&self->lock);
  g_signal_emit (
      self, vm_node_signals[VM_NODE_SIGNAL_STATE_CHANGED], 0, before, now);
  g_object_notify (G_OBJECT (self), "discovery-state");
}

static void
on_warning (gpointer user_data, VmMethods method, const gchar *message)
{
  const gchar *name = method & VM_METHODS_MDNS  ? method_names[0]
                      : method & VM_METHODS_UDP ? method_names[1]
                                                : method_names[2];

  g_signal_emit (
      user_data, vm_node_signals[VM_NODE_SIGNAL_WARNING], 0, name, message);
}

static void
on_network (gpointer user_data, const gchar *best_address)
{
  VmNode *self = user_data;
  g_autoptr (VmServer) server = NULL;

  g_mutex_lock (&self->lock);
  g_free (self->address);
  self->address = g_strdup (best_address);
  g_set_object (&server, self->server);
  g_mutex_unlock (&self->lock);
  if (server)
    vm_server_set_address (server, best_address);
}

void
vm_node_trust_changed (VmNode *self, const gchar *device_id)
{
  GList *devices = vm_node_list_devices (self);

  for (GList *l = devices; l; l = l->next) {
    g_autoptr (VmDevice) now = NULL;

    if (device_id && strcmp (vm_device_get_id (l->data), device_id) != 0)
      continue;
    now = with_trust (self, l->data);
    if (vm_device_get_trusted (now) != vm_device_get_trusted (l->data))
      on_changed (self, l->data);
  }
  g_list_free_full (devices, g_object_unref);
}

const VmDiscoveryEvents vm_node_discovery_events = { on_added, on_changed,
  on_removed, on_state, on_warning, on_network };
