/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which device vmsignalbin is, and whom it meets: its own policy and what a
 * vmtrust in the same pipeline says. */

#include "bin/vmsignalbin-priv.h"
#include "plugin/plugin.h"

#include <gst/videomeet/node/vmtrustcontext-priv.h>

static VmNode *
ref_node (VmSignalBin *self)
{
  VmNode *node;

  GST_OBJECT_LOCK (self);
  node = self->node ? g_object_ref (self->node) : NULL;
  GST_OBJECT_UNLOCK (self);
  return node;
}

/* Who hosts is announced as the user of this element, and on its port; who
 * joins is not, and shares what the process has. */
static VmNode *
choose_node (VmSignalBin *self, const VmControllerConfig *config)
{
  g_autoptr (VmNode) node = vm_node_get_default ();
  guint port;

  GST_OBJECT_LOCK (self);
  port = self->port;
  GST_OBJECT_UNLOCK (self);
  if (config->mode == VM_MEETING_MODE_JOIN) {
    if (port)
      g_object_set (node, "port", port, NULL);
    return g_steal_pointer (&node);
  }
  return VM_PLUGIN (vm_node_take_to_host) (node, config->user, port);
}

/* Its own policy was set for this element alone, and so counts more. */
gboolean
vm_signal_bin_take_node (VmSignalBin *self, const VmControllerConfig *config)
{
  g_autoptr (VmNode) node = choose_node (self, config);
  g_autofree gchar *tls_cert = NULL, *tls_key = NULL, *interfaces = NULL;
  gboolean announce_set;
  VmAnnounce announce;
  g_autoptr (GError) error = NULL;

  GST_OBJECT_LOCK (self);
  self->node = g_object_ref (node);
  self->hosts = config->mode != VM_MEETING_MODE_JOIN;
  GST_OBJECT_UNLOCK (self);
  if (!vm_trust_context_ask (GST_ELEMENT (self), node, &error)) {
    vm_signal_bin_fail (self, error);
    vm_signal_bin_drop_node (self);
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  tls_cert = g_strdup (self->tls_cert);
  tls_key = g_strdup (self->tls_key);
  interfaces = g_strdup (self->interfaces);
  announce = self->announce;
  announce_set = self->announce_set;
  GST_OBJECT_UNLOCK (self);
  if (tls_cert)
    g_object_set (node, "tls-cert", tls_cert, "tls-key", tls_key, NULL);
  if (interfaces)
    g_object_set (node, "interfaces", interfaces, NULL);
  if (announce_set)
    g_object_set (node, "announce", announce, NULL);
  vm_signal_bin_apply_policy (self);
  return TRUE;
}

void
vm_signal_bin_apply_policy (VmSignalBin *self)
{
  g_autoptr (VmNode) node = ref_node (self);
  VmPolicy policy;
  VmCloudTrust cloud_trust;
  gboolean set, cloud_trust_set;

  GST_OBJECT_LOCK (self);
  policy = self->policy;
  set = self->policy_set;
  cloud_trust = self->cloud_trust;
  cloud_trust_set = self->cloud_trust_set;
  GST_OBJECT_UNLOCK (self);
  if (node && cloud_trust_set)
    g_object_set (node, "cloud-trust", cloud_trust, NULL);
  if (node && set)
    g_object_set (node, "policy", policy, NULL);
}

void
vm_signal_bin_drop_node (VmSignalBin *self)
{
  VmNode *node;
  gboolean hosts;

  GST_OBJECT_LOCK (self);
  node = g_steal_pointer (&self->node);
  hosts = self->hosts;
  self->hosts = FALSE;
  GST_OBJECT_UNLOCK (self);
  if (node && hosts)
    VM_PLUGIN (vm_node_end_hosting) (node);
  g_clear_object (&node);
}

/* Looking at an element must not make a key: before it is used there is
 * none. */
gchar *
vm_signal_bin_dup_fingerprint (VmSignalBin *self)
{
  g_autoptr (VmNode) node = ref_node (self);
  gchar *fingerprint = NULL;

  if (node)
    g_object_get (node, "fingerprint", &fingerprint, NULL);
  return fingerprint;
}

/* Who this device is cannot change under those who know it. */
void
vm_signal_bin_set_context (GstElement *element, GstContext *context)
{
  VmSignalBin *self = VM_SIGNAL_BIN (element);
  g_autoptr (VmNode) node = ref_node (self);
  g_autoptr (GError) error = NULL;
  GstElementClass *parent_class =
      g_type_class_peek_parent (GST_ELEMENT_GET_CLASS (element));

  parent_class->set_context (element, context);
  if (node && !vm_trust_context_apply (context, node, &error))
    vm_signal_bin_fail (self, error);
  else if (node)
    vm_signal_bin_apply_policy (self);
}
