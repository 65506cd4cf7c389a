/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "node/vmtrustcontext-priv.h"

GstContext *
vm_trust_context_new (
    VmTrustStore *store, const VmPolicy *policy, const VmApprove *approve)
{
  GstContext *context = gst_context_new (VM_TRUST_CONTEXT, TRUE);
  GstStructure *s = gst_context_writable_structure (context);

  gst_structure_set (s, "store", VM_TYPE_TRUST_STORE, store, NULL);
  if (policy)
    gst_structure_set (s, "policy", VM_TYPE_POLICY, *policy, NULL);
  if (approve)
    gst_structure_set (s, "approve", VM_TYPE_APPROVE, *approve, NULL);
  return context;
}

gboolean
vm_trust_context_apply (GstContext *context, VmNode *node, GError **error)
{
  const GstStructure *s = gst_context_get_structure (context);
  g_autoptr (VmTrustStore) store = NULL;
  gint policy, approve;

  if (!gst_context_has_context_type (context, VM_TRUST_CONTEXT)
      || !gst_structure_get (s, "store", VM_TYPE_TRUST_STORE, &store, NULL))
    return TRUE;
  if (!vm_node_set_trust_store (node, store, error))
    return FALSE;
  if (gst_structure_get_enum (s, "policy", VM_TYPE_POLICY, &policy))
    g_object_set (node, "policy", policy, NULL);
  if (gst_structure_get_enum (s, "approve", VM_TYPE_APPROVE, &approve))
    g_object_set (node, "approve", approve, NULL);
  return TRUE;
}

static gboolean
ask_peer (GstElement *element, GstPad *pad, gpointer answered)
{
  g_autoptr (GstQuery) query = gst_query_new_context (VM_TRUST_CONTEXT);
  GstContext *context = NULL;

  if (!gst_pad_peer_query (pad, query))
    return TRUE;
  gst_query_parse_context (query, &context);
  if (!context)
    return TRUE;
  gst_element_set_context (element, context);
  *(gboolean *) answered = TRUE;
  return FALSE;
}

GstContext *
vm_trust_context_find (GstElement *element)
{
  GstContext *context = gst_element_get_context (element, VM_TRUST_CONTEXT);
  gboolean answered = FALSE;

  if (context)
    return context;
  gst_element_foreach_src_pad (element, ask_peer, &answered);
  if (!answered)
    gst_element_foreach_sink_pad (element, ask_peer, &answered);
  if (!answered)
    gst_element_post_message (element,
        gst_message_new_need_context (GST_OBJECT (element), VM_TRUST_CONTEXT));
  return gst_element_get_context (element, VM_TRUST_CONTEXT);
}

gboolean
vm_trust_context_ask (GstElement *element, VmNode *node, GError **error)
{
  g_autoptr (GstContext) context = vm_trust_context_find (element);

  return !context || vm_trust_context_apply (context, node, error);
}
