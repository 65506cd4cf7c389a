/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "discovery/finder.h"
#include "discovery/interfaces.h"

/* DNS-SD over mDNS, by the Avahi daemon (protocol/discovery.md#mdns). */

/* 256 devices on two interfaces by two protocols */
#define VM_MDNS_SERVICES_MAX 1024
#define VM_MDNS_AGAIN 15000 /* ms; resolved services are reported again */
#define VM_MDNS_RETRY 5000 /* ms until a lost daemon or resolver is retried */

typedef struct _VmMdns VmMdns;

VmMdns *vm_mdns_new (const gchar *service_type, VmInterfaces *interfaces,
    const VmFinderEvents *events, gpointer user_data);
/* Withdraws what was announced: the daemon sends the goodbye. */
void vm_mdns_free (VmMdns *self);
void vm_mdns_set_browse (VmMdns *self, gboolean browse); /* FALSE at first */
/* NULL: nothing. A change of TXT alone is an update in place. */
void vm_mdns_announce (VmMdns *self, const VmDeviceInfo *info);
/* Interfaces came or went. */
void vm_mdns_network_changed (VmMdns *self);
