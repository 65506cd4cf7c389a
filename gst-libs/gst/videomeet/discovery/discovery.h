/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmdiscoverystate.h>
#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmdevice.h>
#include "discovery/finder.h"

/* Announcer and browser of one device: the state machine of
 * protocol/discovery.md#discovery-states over the methods and the table of
 * devices. Belongs to the thread whose default context made it; all events are
 * emitted there, always from the loop, never from inside a call. */

#define VM_DISCOVERY_RETRY 5000 /* ms after every method failed */

typedef struct
{
  void (*added) (gpointer user_data, VmDevice *device);
  void (*changed) (gpointer user_data, VmDevice *device);
  void (*removed) (gpointer user_data, VmDevice *device);
  void (*state) (
      gpointer user_data, VmDiscoveryState before, VmDiscoveryState now);
  void (*warning) (gpointer user_data, VmMethods method, const gchar *message);
  /* the best address for others has changed, or is NULL */
  void (*network) (gpointer user_data, const gchar *best_address);
} VmDiscoveryEvents;

typedef struct
{
  VmMethods methods;
  const gchar *peers;
  const gchar *service_type;
  const gchar *interfaces;
  guint timeout_ms;
  gboolean insecure;
  guint16 udp_port;
} VmDiscoveryConfig;

typedef struct _VmDiscovery VmDiscovery;

VmDiscovery *vm_discovery_new (
    VmIdentity *identity, const VmDiscoveryEvents *events, gpointer user_data);
void vm_discovery_free (VmDiscovery *self);
/* Does nothing unless OFFLINE. */
void
vm_discovery_configure (VmDiscovery *self, const VmDiscoveryConfig *config);
/* What to announce, complete: @announce removes hidden fields. */
void vm_discovery_set_info (
    VmDiscovery *self, const VmDeviceInfo *info, VmAnnounce announce);
/* The info as announced, for GET /status. */
VmDeviceInfo *vm_discovery_dup_public_info (VmDiscovery *self);
void
vm_discovery_set_roles (VmDiscovery *self, gboolean announce, gboolean browse);
/* Runs due state changes now: after set_roles (FALSE, FALSE) it is OFFLINE when
 * this returns. Only from the loop. */
void vm_discovery_settle (VmDiscovery *self);
