/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "discovery/discovery.h"
#include "node/node-priv.h"
#include "node/nodesettings.h"
#include "base/nodethread.h"
#include "server/pairing/pairingservice.h"

/* Shared by vmnode.c (the object) and the files for its thread. */

/* Starting and stopping: the server has 5 s (server.h), Avahi's calls to its
 * daemon are over in milliseconds or fail. */
#define CALL_TIMEOUT 15000 /* ms */

struct _VmNode
{
  GObject parent;

  gchar *config_dir;
  guint16 udp_port;
  VmNodeThread *thread;
  gint refreshing; /* atomic: a refresh is on its way to the thread */

  /* Only the thread "vm-node" from here to the lock. */
  VmDiscovery *discovery;
  guint counts[3]; /* holders of SERVE, ANNOUNCE, BROWSE */
  gboolean serving;
  VmPairingService *pairing; /* from the first start on */
  GWeakRef weak; /* this node, for callbacks that may outlive it; any thread */

  GMutex lock; /* of everything below; never held across a call out */
  VmIdentity *identity;
  VmServer *server;
  VmFileReceiver *file_receiver; /* or NULL */
  VmNodeSettings settings;
  guint16 bound_port; /* 0 while not serving */
  gboolean secure;
  gchar *tls_name; /* of tls-cert, while serving; or NULL */
  gchar *address; /* best of this device, or NULL */
  VmDiscoveryState state;
  GPtrArray *devices;
  gchar *meeting, *meeting_id; /* hosted here, or NULL */
  guint participants, meeting_max, epoch;
  gboolean has_pin;
  guint calls; /* calls under way */
  gboolean host_taken; /* a meeting is or may be hosted here */
  gchar *host_user; /* the host's user, if not the node's; or NULL */
  VmTrustStore *store; /* NULL before it is asked for */
  gchar *asked; /* the prompted trust request, or NULL */
};

typedef enum
{
  VM_NODE_SIGNAL_DEVICE_ADDED,
  VM_NODE_SIGNAL_DEVICE_CHANGED,
  VM_NODE_SIGNAL_DEVICE_REMOVED,
  VM_NODE_SIGNAL_STATE_CHANGED,
  VM_NODE_SIGNAL_WARNING,
  VM_NODE_SIGNAL_TRUST_REQUESTED,
  VM_NODE_SIGNAL_TRUST_ESTABLISHED,
  VM_NODE_SIGNAL_TRUST_FAILED,
  VM_NODE_SIGNAL_TRUST_CHANGED,
  VM_NODE_SIGNAL_TRUST_ANSWERED,
  VM_NODE_N_SIGNALS
} VmNodeSignal;
extern guint vm_node_signals[VM_NODE_N_SIGNALS];

/* Any thread. */
VmIdentity *vm_node_ensure_identity (VmNode *self, GError **error);
/* Announces changes again, once for all changes until the thread runs. */
void vm_node_queue_refresh (VmNode *self);

/* nodeevents.c; on the thread */
extern const VmDiscoveryEvents vm_node_discovery_events;
/* @device_id: the device, or NULL: any */
void vm_node_trust_changed (VmNode *self, const gchar *device_id);

/* nodetrust.c; on the thread */
void vm_node_install_trust_signals (void);
void vm_node_ensure_pairing_service (VmNode *self);
void
vm_node_close_pairing_service (VmNode *self); /* on any thread, at the end */
/* Passes the user's settings to the pairing service and the server. @name: this
 * device's name for trust requesters, or NULL: as before. */
void vm_node_refresh_trust (VmNode *self, const gchar *name);
