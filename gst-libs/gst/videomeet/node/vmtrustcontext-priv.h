/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmnode.h>

#include <gst/gst.h>

/* How vmtrust and the elements that use the network agree on a trust store, by
 * a GstContext. Its structure has
 *
 *   store VmTrustStore, with the identity in its folder policy VmPolicy only if
 *   it was set approve VmApprove only if it was set
 */
#define VM_TRUST_CONTEXT "vm.trust"

/* @policy, @approve: NULL: as they are. */
GstContext *vm_trust_context_new (
    VmTrustStore *store, const VmPolicy *policy, const VmApprove *approve);

/* Applies the context to @node, which must not be started, unless it has these
 * settings already. FALSE with VM_ERROR_FAILED; TRUE for a context of another
 * type. */
gboolean
vm_trust_context_apply (GstContext *context, VmNode *node, GError **error);

/* Looks for the context; see below. (nullable): there is none. Returns:
 * (transfer full) */
GstContext *vm_trust_context_find (GstElement *element);

/* Looks for the context as elements do: in @element itself, its neighbours,
 * then by a message to the bins and the application; and applies it, if there
 * is one. Call it in READY→PAUSED. Errors: as above. */
gboolean
vm_trust_context_ask (GstElement *element, VmNode *node, GError **error);
