/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmenums.h>

/* What a user sets on a VmNode: the values, their defaults and the GObject
 * properties that carry them. The node's lock guards all of it. */

#define VM_STATUS_AVAILABLE "available"
#define VM_STATUS_BUSY "busy"

typedef struct
{
  gchar *user, *device, *device_name, *status, *capabilities;
  gchar *peers, *service_type, *interfaces, *names, *origins, *web_root;
  gchar *tls_cert, *tls_key;
  guint port, timeout, max_participants;
  gboolean port_explicit, announce_explicit; /* set, and not the default */
  gboolean insecure;
  VmAnnounce announce;
  VmMethods methods;
  VmPolicy policy;
  VmCloudTrust cloud_trust;
  VmApprove approve;
  VmPermissions permissions;
} VmNodeSettings;

enum
{
  VM_NODE_PROP_0,
  VM_NODE_PROP_USER,
  VM_NODE_PROP_DEVICE,
  VM_NODE_PROP_DEVICE_NAME,
  VM_NODE_PROP_DEVICE_ID,
  VM_NODE_PROP_PORT,
  VM_NODE_PROP_ANNOUNCE,
  VM_NODE_PROP_METHODS,
  VM_NODE_PROP_PEERS,
  VM_NODE_PROP_STATUS,
  VM_NODE_PROP_CAPABILITIES,
  VM_NODE_PROP_MAX_PARTICIPANTS,
  VM_NODE_PROP_SERVICE_TYPE,
  VM_NODE_PROP_INTERFACES,
  VM_NODE_PROP_TIMEOUT,
  VM_NODE_PROP_INSECURE,
  VM_NODE_PROP_NAMES,
  VM_NODE_PROP_ORIGINS,
  VM_NODE_PROP_WEB_ROOT,
  VM_NODE_PROP_DISCOVERY_STATE,
  VM_NODE_PROP_POLICY,
  VM_NODE_PROP_CLOUD_TRUST,
  VM_NODE_PROP_APPROVE,
  VM_NODE_PROP_FINGERPRINT,
  VM_NODE_PROP_PERMISSIONS,
  VM_NODE_PROP_TLS_CERT,
  VM_NODE_PROP_TLS_KEY,
  VM_NODE_N_PROPS
};

void vm_node_settings_init (VmNodeSettings *self);
void vm_node_settings_clear (VmNodeSettings *self);
void vm_node_settings_install (GObjectClass *klass);
/* A name as it is announced. */
gchar *vm_node_settings_clean (const gchar *text);
/* FALSE when @id is not one of the settings. */
gboolean
vm_node_settings_set (VmNodeSettings *self, guint id, const GValue *value);
gboolean vm_node_settings_get (VmNodeSettings *self, guint id, GValue *value);
/* The folder of the page: what was set, $VM_WEB_ROOT, or where it is
 * installed. */
gchar *vm_node_settings_dup_web_root (VmNodeSettings *self);
