/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-vmdiscoversrc
 * @title: vmdiscoversrc
 * @short_description: who is on the local network
 *
 * Announces this device to the local network and finds the others, by mDNS, by
 * datagrams, and at addresses given. The element exists so that one gst-launch
 * line is a device monitor, and so that a pipeline can react to who comes and
 * goes. Alone in a pipeline it makes the device whole: it answers GET /status
 * and is found by others.
 *
 * Each event is one buffer with one line of JSON, `{"event":"added",…}`,
 * `changed` or `removed`, and an element message `vm-device-added`,
 * `vm-device-changed` or `vm-device-removed`; `vm-discovery-state` tells where
 * discovery is. Devices are known by their id, the hash of their key, and port;
 * names and addresses are labels.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -q vmdiscoversrc ! fdsink
 * ]| Prints a line for every device that comes, changes or goes.
 * |[
 * gst-launch-1.0 -m vmdiscoversrc announce=off methods=udp ! fakesink
 * ]| Looks for others by datagrams only, unseen, and shows the bus messages.
 * |[
 * gst-launch-1.0 -q vmdiscoversrc methods=manual \
 *   peers=192.168.1.20:8080 ! fdsink
 * ]| Watches one device at a known address, where multicast does not reach.
 */

#include "vmdiscoversrc.h"
#include "vmdevicemessage.h"
#include "vmparamspec.h"

#include <gst/videomeet/node/vmtrustcontext-priv.h>
#include <gst/videomeet/plugin/livesource.h>

#include <string.h>

GST_DEBUG_CATEGORY_STATIC (vm_discover_src_debug);
#define GST_CAT_DEFAULT vm_discover_src_debug

/* Lines kept for a downstream that does not take them: four times the devices
 * that are kept (protocol/discovery.md#probe); then the oldest are lost. */
#define QUEUE_MAX 1024

#define ROLES \
  (VM_NODE_ROLES_SERVE | VM_NODE_ROLES_ANNOUNCE | VM_NODE_ROLES_BROWSE)

struct _VmDiscoverSrc
{
  GstPushSrc parent;

  VmNode *node;
  gulong handlers[5];
  gboolean started;
  VmLiveSource live;

  GMutex lock; /* of what follows; nothing is called under it */
  GCond cond;
  GQueue lines; /* of GBytes */
  gboolean flushing;
  GHashTable *known; /* "id port" of devices told of */
};

/* Properties are the node's own, by name. */
static const struct
{
  const gchar *name, *group;
  GParamFlags when;
} proxied[] = {
  { "user", "Device", GST_PARAM_MUTABLE_PLAYING },
  { "device", "Device", GST_PARAM_MUTABLE_PLAYING },
  { "device-name", "Device", GST_PARAM_MUTABLE_PLAYING },
  { "device-id", "Device", 0 },
  { "fingerprint", "Device", 0 },
  { "port", "Network", GST_PARAM_MUTABLE_READY },
  { "announce", "Discovery", GST_PARAM_MUTABLE_PLAYING },
  { "methods", "Discovery", GST_PARAM_MUTABLE_READY },
  { "peers", "Discovery", GST_PARAM_MUTABLE_READY },
  { "status", "Device", GST_PARAM_MUTABLE_PLAYING },
  { "capabilities", "Device", GST_PARAM_MUTABLE_PLAYING },
  { "service-type", "Discovery", GST_PARAM_MUTABLE_READY },
  { "interfaces", "Network", GST_PARAM_MUTABLE_READY },
  { "timeout", "Discovery", GST_PARAM_MUTABLE_READY },
  { "insecure", "Network", GST_PARAM_MUTABLE_READY },
  { "discovery-state", "Discovery", 0 },
};
/* places in the table, from 1 */
#define PROP_DEVICE_ID 4
#define PROP_FINGERPRINT 5

static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
        GST_STATIC_CAPS ("application/x-vm-device-event"));

G_DEFINE_FINAL_TYPE (VmDiscoverSrc, vm_discover_src, GST_TYPE_PUSH_SRC)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (vmdiscoversrc, "vmdiscoversrc",
    GST_RANK_NONE, VM_TYPE_DISCOVER_SRC,
    GST_DEBUG_CATEGORY_INIT (
        vm_discover_src_debug, "vmdiscoversrc", 0, "device discovery"));

/* Events, on the thread "vm-node"; what was known before, from start(). */

static void
queue_line (VmDiscoverSrc *self, const gchar *event, VmDevice *device)
{
  g_autofree gchar *json = vm_device_to_json (device);
  gchar *line = g_strdup_printf ("{\"event\":\"%s\",%s\n", event, json + 1);
  GBytes *bytes = g_bytes_new_take (line, strlen (line));
  GBytes *lost = NULL;

  g_mutex_lock (&self->lock);
  if (self->lines.length >= QUEUE_MAX)
    lost = g_queue_pop_head (&self->lines);
  g_queue_push_tail (&self->lines, bytes);
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
  if (lost) {
    GST_WARNING_OBJECT (self, "downstream is too slow, an event is lost");
    g_bytes_unref (lost);
  }
}

static void
tell (VmDiscoverSrc *self, const gchar *event, VmDevice *device)
{
  g_autofree gchar *name = g_strconcat ("vm-device-", event, NULL);

  queue_line (self, event, device);
  gst_element_post_message (
      GST_ELEMENT (self), gst_message_new_element (GST_OBJECT (self),
                              vm_device_to_structure (device, name)));
}

static gchar *
key_of (VmDevice *device)
{
  return g_strdup_printf (
      "%s %u", vm_device_get_id (device), vm_device_get_port (device));
}

static void
on_added (VmNode *node, VmDevice *device, VmDiscoverSrc *self)
{
  gboolean news;

  g_mutex_lock (&self->lock);
  news = g_hash_table_add (self->known, key_of (device));
  g_mutex_unlock (&self->lock);
  if (news)
    tell (self, "added", device);
}

static void
on_changed (VmNode *node, VmDevice *device, VmDiscoverSrc *self)
{
  tell (self, "changed", device);
}

static void
on_removed (VmNode *node, VmDevice *device, VmDiscoverSrc *self)
{
  g_autofree gchar *key = key_of (device);
  gboolean was_known;

  g_mutex_lock (&self->lock);
  was_known = g_hash_table_remove (self->known, key);
  g_mutex_unlock (&self->lock);
  if (was_known)
    tell (self, "removed", device);
}

static void
on_state (VmNode *node, VmDiscoveryState before, VmDiscoveryState now,
    VmDiscoverSrc *self)
{
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("vm-discovery-state", "old", G_TYPE_STRING,
              vm_discovery_state_to_string (before), "new", G_TYPE_STRING,
              vm_discovery_state_to_string (now), NULL)));
  g_object_notify (G_OBJECT (self), "discovery-state");
}

static void
on_warning (VmNode *node, const gchar *method, const gchar *message,
    VmDiscoverSrc *self)
{
  GST_ELEMENT_WARNING_WITH_DETAILS (self, RESOURCE, NOT_FOUND, ("%s", message),
      (NULL), ("method", G_TYPE_STRING, method, NULL));
}

static void
unref_closure_data (gpointer data, GClosure *closure)
{
  gst_object_unref (data);
}

/* The reference keeps the element whole while a handler runs. */
static void
connect_one (VmDiscoverSrc *self, guint i, const gchar *signal, GCallback func)
{
  self->handlers[i] = g_signal_connect_data (
      self->node, signal, func, gst_object_ref (self), unref_closure_data, 0);
}

static void
connect_node (VmDiscoverSrc *self)
{
  connect_one (self, 0, "device-added", G_CALLBACK (on_added));
  connect_one (self, 1, "device-changed", G_CALLBACK (on_changed));
  connect_one (self, 2, "device-removed", G_CALLBACK (on_removed));
  connect_one (self, 3, "discovery-state-changed", G_CALLBACK (on_state));
  connect_one (self, 4, "warning", G_CALLBACK (on_warning));
}

static void
disconnect_node (VmDiscoverSrc *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->handlers); i++)
    g_clear_signal_handler (&self->handlers[i], self->node);
}

static void
fail (VmDiscoverSrc *self, const GError *error)
{
  GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, OPEN_READ_WRITE,
      ("%s", error->message), (NULL),
      ("code", G_TYPE_STRING, vm_error_get_code (error), NULL));
}

static gboolean
vm_discover_src_start (GstBaseSrc *src)
{
  VmDiscoverSrc *self = VM_DISCOVER_SRC (src);
  g_autoptr (GError) error = NULL;
  GList *known;

  if (!vm_trust_context_ask (GST_ELEMENT (self), self->node, &error)) {
    fail (self, error);
    return FALSE;
  }
  /* before the start: nothing that it brings is missed */
  connect_node (self);
  if (!vm_node_start (self->node, ROLES, &error)) {
    disconnect_node (self);
    fail (self, error);
    return FALSE;
  }
  self->started = TRUE;
  /* another element of this process may have found them before */
  known = vm_node_list_devices (self->node);
  for (GList *l = known; l; l = l->next)
    on_added (self->node, l->data, self);
  g_list_free_full (known, g_object_unref);
  return TRUE;
}

/* Who this device is cannot change under those who know it. */
static void
vm_discover_src_set_context (GstElement *element, GstContext *context)
{
  VmDiscoverSrc *self = VM_DISCOVER_SRC (element);
  g_autoptr (GError) error = NULL;

  GST_ELEMENT_CLASS (vm_discover_src_parent_class)
      ->set_context (element, context);
  if (self->started && !vm_trust_context_apply (context, self->node, &error))
    fail (self, error);
}

static gboolean
vm_discover_src_stop (GstBaseSrc *src)
{
  VmDiscoverSrc *self = VM_DISCOVER_SRC (src);

  /* still connected: the way to offline is told as well */
  if (self->started)
    vm_node_stop (self->node, ROLES);
  self->started = FALSE;
  disconnect_node (self);
  g_mutex_lock (&self->lock);
  g_queue_clear_full (&self->lines, (GDestroyNotify) g_bytes_unref);
  g_hash_table_remove_all (self->known);
  g_mutex_unlock (&self->lock);
  vm_live_source_clear (&self->live);
  return TRUE;
}

/* Streaming. */

static gboolean
set_flushing (VmDiscoverSrc *self, gboolean flushing)
{
  g_mutex_lock (&self->lock);
  self->flushing = flushing;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static gboolean
vm_discover_src_unlock (GstBaseSrc *src)
{
  VmDiscoverSrc *self = VM_DISCOVER_SRC (src);

  return vm_live_source_is_pausing (&self->live) || set_flushing (self, TRUE);
}

static GstStateChangeReturn
vm_discover_src_change_state (GstElement *element, GstStateChange transition)
{
  return vm_live_source_change_state (&VM_DISCOVER_SRC (element)->live, element,
      transition, vm_discover_src_parent_class);
}

static gboolean
vm_discover_src_unlock_stop (GstBaseSrc *src)
{
  return set_flushing (VM_DISCOVER_SRC (src), FALSE);
}

static GstFlowReturn
vm_discover_src_create (GstPushSrc *src, GstBuffer **buffer)
{
  VmDiscoverSrc *self = VM_DISCOVER_SRC (src);
  g_autoptr (GBytes) line = NULL;

  if (vm_live_source_again (&self->live, buffer))
    return GST_FLOW_OK;
  g_mutex_lock (&self->lock);
  /* without a deadline: nobody may come for hours, and unlock() ends it */
  while (!self->flushing && self->lines.length == 0)
    g_cond_wait (&self->cond, &self->lock);
  if (!self->flushing)
    line = g_queue_pop_head (&self->lines);
  g_mutex_unlock (&self->lock);
  if (!line)
    return GST_FLOW_FLUSHING;
  *buffer = gst_buffer_new_wrapped_bytes (line);
  vm_live_source_keep (&self->live, *buffer);
  return GST_FLOW_OK;
}

/* The object. */

static void
vm_discover_src_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  g_object_set_property (
      G_OBJECT (VM_DISCOVER_SRC (object)->node), pspec->name, value);
}

static void
vm_discover_src_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmDiscoverSrc *self = VM_DISCOVER_SRC (object);

  /* reading it would make the key: looking at an element must not */
  if ((id != PROP_DEVICE_ID && id != PROP_FINGERPRINT) || self->started)
    g_object_get_property (G_OBJECT (self->node), pspec->name, value);
}

static void
vm_discover_src_finalize (GObject *object)
{
  VmDiscoverSrc *self = VM_DISCOVER_SRC (object);

  g_clear_object (&self->node);
  g_queue_clear_full (&self->lines, (GDestroyNotify) g_bytes_unref);
  g_hash_table_unref (self->known);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  G_OBJECT_CLASS (vm_discover_src_parent_class)->finalize (object);
}

/* One description of a property for the library and the element. */
static void
install_properties (GObjectClass *klass)
{
  g_autoptr (GTypeClass) node_class = g_type_class_ref (VM_TYPE_NODE);

  for (guint i = 0; i < G_N_ELEMENTS (proxied); i++) {
    GParamSpec *spec = g_object_class_find_property (
        G_OBJECT_CLASS (node_class), proxied[i].name);

    g_object_class_install_property (klass, i + 1,
        vm_param_spec_copy (spec, proxied[i].group, proxied[i].when));
  }
}

static void
vm_discover_src_class_init (VmDiscoverSrcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *base_class = GST_BASE_SRC_CLASS (klass);

  object_class->set_property = vm_discover_src_set_property;
  object_class->get_property = vm_discover_src_get_property;
  object_class->finalize = vm_discover_src_finalize;
  install_properties (object_class);
  element_class->set_context = vm_discover_src_set_context;
  base_class->start = vm_discover_src_start;
  base_class->stop = vm_discover_src_stop;
  element_class->change_state = vm_discover_src_change_state;
  base_class->unlock = vm_discover_src_unlock;
  base_class->unlock_stop = vm_discover_src_unlock_stop;
  GST_PUSH_SRC_CLASS (klass)->create = vm_discover_src_create;
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "Video meeting discovery (videomeet)", "Source/Network",
      "Announces this device on the local network and tells, one line of JSON "
      "an event, which other devices come, change and go",
      "The gst-videomeet developers");
}

static void
vm_discover_src_init (VmDiscoverSrc *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_queue_init (&self->lines);
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->node = vm_node_get_default ();
  /* live: without NO_PREROLL a pipeline would wait in PAUSED for a device */
  vm_live_source_init (&self->live, GST_ELEMENT (self));
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
  gst_base_src_set_do_timestamp (GST_BASE_SRC (self), TRUE);
}
