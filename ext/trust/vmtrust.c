/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-vmtrust
 * @title: vmtrust
 * @short_description: who this device is, and whom it trusts
 *
 * Holds the identity of this device and its trust store for a pipeline, and
 * shares them with the other elements of it as the GstContext `vm.trust`,
 * wherever in the line it stands. It exists so that a launch line can say with
 * one word whom a meeting is for, and so that an application can ask its user
 * about other devices' requests for trust. Without it those elements use the
 * store in `$XDG_CONFIG_HOME/videomeet`, and the policy `pin`.
 *
 * When another device asks for trust the message `vm-trust-requested` is
 * posted, and the signal `trust-requested` emitted, with six digits: the two
 * users compare them, and each says yes or no, here by the action signals
 * `approve` and `deny`. `vm-trust-established`, `vm-trust-failed` and
 * `vm-trust-changed` tell what comes of it. That needs an element that is on
 * the network, as vmsignalbin or vmdiscoversrc.
 *
 * Linked, it authenticates what flows: with `mode=sign` each buffer gets a tag
 * at its end, and with `mode=verify` that tag is checked and taken off again,
 * by this device or another, at once or, from a recording, later. What was
 * changed, is not from `peer`, came before, or has no tag ends the stream, or
 * with `on-failure=drop` is left out. Buffers that are missing are told by
 * `vm-trust-missed`; that the last ones are is not found out. The bytes of a
 * buffer are protected and the order of buffers, not their times and caps;
 * buffers must arrive as they were sent, as through gdppay or a datagram.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 vmtrust policy=require vmsignalbin meeting=vault mode=host
 * ]|
 * Hosts a meeting that only trusted devices can join.
 * |[
 * gst-launch-1.0 -m vmtrust store=trust approve=auto vmdiscoversrc ! fakesink
 * ]|
 * A device whose key and trust lie in the folder "trust". It approves every
 * request for trust unseen, which is for laboratories.
 * |[
 * gst-launch-1.0 -m vmtrust request=10.77.1.1:8080 approve=auto
 * ]|
 * Asks that device for trust, and approves unseen what it shows.
 * |[
 * gst-launch-1.0 filesrc location=a.ogg ! vmtrust mode=sign ! gdppay \
 *   ! filesink location=a.signed
 * ]|
 * Keeps a file with the signature of this device on each part.
 * |[
 * gst-launch-1.0 filesrc location=a.signed ! gdpdepay ! vmtrust mode=verify \
 *   ! filesink location=b.ogg
 * ]|
 * Takes it apart again, and stops where it is not what was signed.
 */

#include "vmtrust-priv.h"

#include <gst/videomeet/plugin/plugin.h>

GST_DEBUG_CATEGORY (vm_trust_debug);
#define GST_CAT_DEFAULT vm_trust_debug

G_DEFINE_FINAL_TYPE (VmTrust, vm_trust, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (vmtrust, "vmtrust", GST_RANK_NONE,
    VM_TYPE_TRUST,
    GST_DEBUG_CATEGORY_INIT (
        vm_trust_debug, "vmtrust", 0, "identity and trust"));

void
vm_trust_post (VmTrust *self, GstStructure *structure)
{
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), structure));
}

VmTrustStore *
vm_trust_ref_store (VmTrust *self)
{
  g_autofree gchar *folder = NULL;
  VmTrustStore *store;

  GST_OBJECT_LOCK (self);
  store = self->store ? g_object_ref (self->store) : NULL;
  folder = g_strdup (self->folder);
  GST_OBJECT_UNLOCK (self);
  return store ? store : vm_trust_store_new (folder);
}

static void
fail (VmTrust *self, const GError *error)
{
  GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, OPEN_READ_WRITE,
      ("%s", error->message), (NULL),
      ("code", G_TYPE_STRING, vm_error_get_code (error), NULL));
}

GstContext *
vm_trust_make_context (VmTrust *self)
{
  g_autoptr (VmTrustStore) store = vm_trust_ref_store (self);
  VmPolicy policy;
  VmApprove approve;
  gboolean policy_set, approve_set;

  GST_OBJECT_LOCK (self);
  policy = self->policy;
  approve = self->approve;
  policy_set = self->policy_set;
  approve_set = self->approve_set;
  GST_OBJECT_UNLOCK (self);
  return vm_trust_context_new (
      store, policy_set ? &policy : NULL, approve_set ? &approve : NULL);
}

static gboolean
share (VmTrust *self)
{
  g_autoptr (GstContext) context = vm_trust_make_context (self);
  g_autoptr (GError) error = NULL;

  if (!vm_trust_apply (self, &error)) {
    fail (self, error);
    return FALSE;
  }
  gst_element_set_context (GST_ELEMENT (self), context);
  gst_element_post_message (
      GST_ELEMENT (self), gst_message_new_have_context (
                              GST_OBJECT (self), g_steal_pointer (&context)));
  return TRUE;
}

static gboolean
open_store (VmTrust *self)
{
  g_autoptr (VmTrustStore) store = vm_trust_ref_store (self);
  g_autoptr (GError) error = NULL;
  VmIdentity *identity =
      vm_identity_load (VM_PLUGIN (vm_trust_store_get_folder) (store), &error);

  if (!identity) {
    fail (self, error);
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  self->store = g_steal_pointer (&store);
  self->identity = identity;
  self->node = vm_node_get_default ();
  self->refused = 0;
  GST_OBJECT_UNLOCK (self);
  vm_trust_connect_node (self);
  return TRUE;
}

static void
close_store (VmTrust *self)
{
  VmNode *node;
  VmIdentity *identity;
  VmTrustStore *store;

  vm_trust_disconnect_node (self);
  GST_OBJECT_LOCK (self);
  node = g_steal_pointer (&self->node);
  identity = g_steal_pointer (&self->identity);
  store = g_steal_pointer (&self->store);
  GST_OBJECT_UNLOCK (self);
  g_clear_object (&node);
  g_clear_object (&identity);
  g_clear_object (&store);
}

static GstStateChangeReturn
vm_trust_change_state (GstElement *element, GstStateChange transition)
{
  VmTrust *self = VM_TRUST (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_NULL_TO_READY) {
    if (!open_store (self))
      return GST_STATE_CHANGE_FAILURE;
    if (!share (self)) {
      close_store (self);
      return GST_STATE_CHANGE_FAILURE;
    }
  }
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED
      && !(vm_trust_open_stream (self) && vm_trust_start_request (self))) {
    vm_trust_close_stream (self);
    return GST_STATE_CHANGE_FAILURE;
  }
  ret = GST_ELEMENT_CLASS (vm_trust_parent_class)
            ->change_state (element, transition);
  if (ret == GST_STATE_CHANGE_FAILURE) {
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
      vm_trust_stop_request (self);
      vm_trust_close_stream (self);
    }
    return ret;
  }
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    vm_trust_stop_request (self);
    vm_trust_close_stream (self);
  } else if (transition == GST_STATE_CHANGE_READY_TO_NULL)
    close_store (self);
  return ret;
}

static void
vm_trust_finalize (GObject *object)
{
  VmTrust *self = VM_TRUST (object);

  g_free (self->folder);
  g_free (self->peer);
  g_free (self->stream);
  g_free (self->request);
  G_OBJECT_CLASS (vm_trust_parent_class)->finalize (object);
}

static void
vm_trust_class_init (VmTrustClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->finalize = vm_trust_finalize;
  vm_trust_install_properties (object_class);
  vm_trust_install_signals ();
  vm_trust_install_pads (element_class);
  element_class->change_state = vm_trust_change_state;
  gst_element_class_set_static_metadata (element_class,
      "Video meeting trust (videomeet)", "Filter/Network/Security",
      "Says for a pipeline which device it is and whom it trusts; linked, "
      "signs "
      "what flows, or verifies it",
      "The gst-videomeet developers");
  vm_trust_describe_signals (element_class);
}

static void
vm_trust_init (VmTrust *self)
{
  self->policy = VM_POLICY_PIN;
  self->protection = VM_PROTECTION_SIGNATURE;
  vm_trust_add_pads (self);
}
