/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "discovery/finder.h"
#include "discovery/interfaces.h"

/* Discovery by datagrams (protocol/discovery.md#udp): for networks whose mDNS
 * is filtered or absent. All limits are from there: */
#define VM_UDP_PORT 48080
#define VM_UDP_GROUP4 "239.255.86.77"
#define VM_UDP_GROUP6 "ff02::5677"
#define VM_UDP_INTERVAL 30000 /* ms, after the burst */
#define VM_UDP_REPLY_DELAY 100 /* ms, at most */
#define VM_UDP_REPLY_SPACING 1000 /* ms between replies to one address */
/* addresses whose last reply is remembered */
#define VM_UDP_ADDRESSES_MAX 256

typedef struct _VmUdp VmUdp;

/* @port: VM_UDP_PORT; tests choose another. */
VmUdp *vm_udp_new (guint16 port, VmInterfaces *interfaces,
    const VmFinderEvents *events, gpointer user_data);
/* Sends bye when something was announced. */
void vm_udp_free (VmUdp *self);
/* Whether to ask and to listen; FALSE at first. */
void vm_udp_set_browse (VmUdp *self, gboolean browse);
/* NULL: stops announcing, with a bye. */
void vm_udp_announce (VmUdp *self, const VmDeviceInfo *info);
/* Interfaces came or went: joins the groups there and begins a new burst. */
void vm_udp_network_changed (VmUdp *self);
