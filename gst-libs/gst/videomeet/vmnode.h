/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmdiscoverystate.h>
#include <gst/videomeet/vmfilereceiver.h>
#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmtruststore.h>
#include <gst/videomeet/vmdevice.h>
#include <gst/videomeet/vmenums.h>

G_BEGIN_DECLS

/**
 * VmNodeRoles:
 * @VM_NODE_ROLES_NONE: none
 * @VM_NODE_ROLES_SERVE: answer GET /status and host meetings
 * @VM_NODE_ROLES_ANNOUNCE: tell the network about this device; implies SERVE
 * @VM_NODE_ROLES_BROWSE: find other devices
 *
 * What a holder of the node wants from it.
 *
 * Since: 0.1
 */
typedef enum /*< flags >*/
{
  VM_NODE_ROLES_NONE = 0,
  VM_NODE_ROLES_SERVE = 1 << 0,
  VM_NODE_ROLES_ANNOUNCE = 1 << 1,
  VM_NODE_ROLES_BROWSE = 1 << 2,
} VmNodeRoles;

#define VM_TYPE_NODE_ROLES (vm_node_roles_get_type ())
VM_API GType vm_node_roles_get_type (void);

/**
 * VmNode:
 *
 * This device, once a process: its identity, its announcement, its search for
 * others and its server.
 *
 * Since: 0.1
 */
#define VM_TYPE_NODE (vm_node_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmNode, vm_node, VM, NODE, GObject)

VM_API VmNode *vm_node_get_default (void);
VM_API gboolean vm_node_start (VmNode *self, VmNodeRoles roles, GError **error);
VM_API void vm_node_stop (VmNode *self, VmNodeRoles roles);
VM_API VmIdentity *vm_node_get_identity (VmNode *self);
VM_API GList *vm_node_list_devices (VmNode *self);
VM_API VmDiscoveryState vm_node_get_discovery_state (VmNode *self);
VM_API guint16 vm_node_get_port (VmNode *self);
VM_API gchar *vm_node_get_link (VmNode *self, const gchar *meeting);
VM_API gchar *vm_node_make_invitation (
    VmNode *self, const gchar *meeting_id, guint lifetime, GError **error);
VM_API gchar *
vm_node_make_approval_link (VmNode *self, const gchar *meeting, GError **error);
VM_API void vm_node_set_file_receiver (VmNode *self, VmFileReceiver *receiver);
VM_API VmTrustStore *vm_node_get_trust_store (VmNode *self);
VM_API gboolean vm_node_set_trust_store (
    VmNode *self, VmTrustStore *store, GError **error);
VM_API gboolean vm_node_approve_trust (
    VmNode *self, const gchar *request_id, GError **error);
VM_API gboolean vm_node_deny_trust (
    VmNode *self, const gchar *request_id, GError **error);

G_END_DECLS
