/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:provider-vmdeviceprovider
 * @title: vmdeviceprovider
 * @short_description: who is on the local network, for device menus
 *
 * The devices of the network in every application's device list. It only
 * browses: looking at a list must not tell the network that somebody is here.
 * A device makes a vmsignalbin that joins the meeting there.
 *
 * ## Example launch lines
 * |[
 * gst-device-monitor-1.0 Network/VideoMeet
 * ]| Shows who is there.
 * |[
 * gst-device-monitor-1.0 -f Network/VideoMeet
 * ]| Shows who comes and goes, until Ctrl-C.
 */

#include "vmdeviceprovider.h"
#include "vmgstdevice.h"

#include <gst/videomeet/videomeet.h>

GST_DEBUG_CATEGORY_STATIC (vm_device_provider_debug);
#define GST_CAT_DEFAULT vm_device_provider_debug

/* How long a list waits for its devices, which takes a question and an answer
 * of each: who asks for a list once, as gst-device-monitor-1.0 does, or shows a
 * menu, gets no other. Until the first, and since the last. */
#define FIRST_WAIT (450 * G_TIME_SPAN_MILLISECOND)
#define NEXT_WAIT (150 * G_TIME_SPAN_MILLISECOND)

struct _VmDeviceProvider
{
  GstDeviceProvider parent;

  VmNode *node; /* while started */
  gulong handlers[3];

  GMutex lock; /* of what follows */
  GCond cond;
  guint added;
};

G_DEFINE_FINAL_TYPE (
    VmDeviceProvider, vm_device_provider, GST_TYPE_DEVICE_PROVIDER)
GST_DEVICE_PROVIDER_REGISTER_DEFINE (vmdeviceprovider, "vmdeviceprovider",
    GST_RANK_MARGINAL, VM_TYPE_DEVICE_PROVIDER)

/* Our device for that one, or NULL; a reference. */
static GstDevice *
find (GstDeviceProvider *provider, VmDevice *device)
{
  GstDevice *found = NULL;

  GST_OBJECT_LOCK (provider);
  for (GList *l = provider->devices; l && !found; l = l->next) {
    if (vm_gst_device_is (VM_GST_DEVICE (l->data), device))
      found = gst_object_ref (l->data);
  }
  GST_OBJECT_UNLOCK (provider);
  return found;
}

static void
on_added (VmNode *node, VmDevice *device, gpointer provider)
{
  VmDeviceProvider *self = VM_DEVICE_PROVIDER (provider);
  g_autoptr (GstDevice) known = find (provider, device);

  if (!known)
    gst_device_provider_device_add (provider, vm_gst_device_new (device));
  g_mutex_lock (&self->lock);
  self->added++;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
}

/* Until no more come, FIRST_WAIT at most. */
static void
wait_for_devices (VmDeviceProvider *self)
{
  gint64 end = g_get_monotonic_time () + FIRST_WAIT, until = end;
  guint added;

  g_mutex_lock (&self->lock);
  do {
    added = self->added;
    while (added == self->added
           && g_cond_wait_until (&self->cond, &self->lock, until))
      continue;
    until = MIN (end, g_get_monotonic_time () + NEXT_WAIT);
  } while (added != self->added && until > g_get_monotonic_time ());
  g_mutex_unlock (&self->lock);
}

static void
on_changed (VmNode *node, VmDevice *device, gpointer provider)
{
  g_autoptr (GstDevice) known = find (provider, device);

  if (known)
    gst_device_provider_device_changed (
        provider, vm_gst_device_new (device), known);
}

static void
on_removed (VmNode *node, VmDevice *device, gpointer provider)
{
  g_autoptr (GstDevice) known = find (provider, device);

  if (known)
    gst_device_provider_device_remove (provider, known);
}

static void
unref_closure_data (gpointer data, GClosure *closure)
{
  gst_object_unref (data);
}

/* The reference keeps the provider whole while a handler runs. */
static void
connect_one (
    VmDeviceProvider *self, guint i, const gchar *signal, GCallback func)
{
  self->handlers[i] = g_signal_connect_data (
      self->node, signal, func, gst_object_ref (self), unref_closure_data, 0);
}

static gboolean
vm_device_provider_start (GstDeviceProvider *provider)
{
  VmDeviceProvider *self = VM_DEVICE_PROVIDER (provider);
  g_autoptr (GError) error = NULL;
  GList *known;

  self->node = vm_node_get_default ();
  connect_one (self, 0, "device-added", G_CALLBACK (on_added));
  connect_one (self, 1, "device-changed", G_CALLBACK (on_changed));
  connect_one (self, 2, "device-removed", G_CALLBACK (on_removed));
  self->added = 0;
  /* no server to start: milliseconds */
  if (!vm_node_start (self->node, VM_NODE_ROLES_BROWSE, &error)) {
    GST_WARNING_OBJECT (self, "no devices: %s", error->message);
    for (guint i = 0; i < G_N_ELEMENTS (self->handlers); i++)
      g_clear_signal_handler (&self->handlers[i], self->node);
    g_clear_object (&self->node);
    return FALSE;
  }
  /* somebody else in this process may have found them before */
  known = vm_node_list_devices (self->node);
  for (GList *l = known; l; l = l->next)
    on_added (self->node, l->data, self);
  g_list_free_full (known, g_object_unref);
  wait_for_devices (self);
  return TRUE;
}

static void
vm_device_provider_stop (GstDeviceProvider *provider)
{
  VmDeviceProvider *self = VM_DEVICE_PROVIDER (provider);

  for (guint i = 0; i < G_N_ELEMENTS (self->handlers); i++)
    g_clear_signal_handler (&self->handlers[i], self->node);
  vm_node_stop (self->node, VM_NODE_ROLES_BROWSE);
  g_clear_object (&self->node);
}

static GList *
list_known (void)
{
  g_autoptr (VmNode) node = vm_node_get_default ();
  GList *known = vm_node_list_devices (node);
  GList *list = NULL;

  for (GList *l = known; l; l = l->next)
    list = g_list_prepend (
        list, gst_object_ref_sink (vm_gst_device_new (l->data)));
  g_list_free_full (known, g_object_unref);
  return g_list_reverse (list);
}

/* Of who does not want to know who comes and goes: it looks for once. */
static GList *
vm_device_provider_probe (GstDeviceProvider *provider)
{
  g_autoptr (VmDeviceProvider) looks = NULL;
  GList *list = list_known ();

  if (list)
    return list;
  looks = gst_object_ref_sink (g_object_new (VM_TYPE_DEVICE_PROVIDER, NULL));
  if (vm_device_provider_start (GST_DEVICE_PROVIDER (looks))) {
    list = list_known ();
    vm_device_provider_stop (GST_DEVICE_PROVIDER (looks));
  }
  return list;
}

static void
vm_device_provider_finalize (GObject *object)
{
  VmDeviceProvider *self = VM_DEVICE_PROVIDER (object);

  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  G_OBJECT_CLASS (vm_device_provider_parent_class)->finalize (object);
}

static void
vm_device_provider_class_init (VmDeviceProviderClass *klass)
{
  GstDeviceProviderClass *provider_class = GST_DEVICE_PROVIDER_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (vm_device_provider_debug, "vmdeviceprovider", 0,
      "devices of video meetings");
  G_OBJECT_CLASS (klass)->finalize = vm_device_provider_finalize;
  provider_class->probe = vm_device_provider_probe;
  provider_class->start = vm_device_provider_start;
  provider_class->stop = vm_device_provider_stop;
  gst_device_provider_class_set_static_metadata (provider_class,
      "Video meeting devices", "Network/VideoMeet",
      "Lists the devices of video meetings on the local network",
      "The gst-videomeet developers");
}

static void
vm_device_provider_init (VmDeviceProvider *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
}
