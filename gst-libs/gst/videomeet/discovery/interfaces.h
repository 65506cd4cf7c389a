/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* The network interfaces that discovery uses, tracked through netlink. Belongs
 * to the thread whose default context made it. */

typedef struct
{
  guint index;
  gchar *name;
  gboolean loopback;
  GPtrArray *masks; /* GInetAddressMask: each address with its prefix */
  GPtrArray *addresses; /* GInetAddress, in the kernel's order */
} VmInterface;

typedef struct _VmInterfaces VmInterfaces;
typedef void (*VmInterfacesFunc) (gpointer user_data);

/* @names: comma-separated; "" is every interface but the loopback ones,
 * "*" those too, which may have addresses that others reach. @func
 * runs after an interface in the selection has come, gone or changed its
 * addresses. */
VmInterfaces *vm_interfaces_new (
    const gchar *names, VmInterfacesFunc func, gpointer user_data);
void vm_interfaces_free (VmInterfaces *self);
GPtrArray *vm_interfaces_list (VmInterfaces *self); /* of VmInterface */
/* Whether @address can be reached without a router; @scope_id 0: any. */
gboolean vm_interfaces_on_link (
    VmInterfaces *self, GInetAddress *address, guint scope_id);
/* Whether this machine has @address, as text, on one of them. */
gboolean vm_interfaces_has_address (VmInterfaces *self, const gchar *address);
gboolean vm_interfaces_has_index (VmInterfaces *self, guint index);
/* Lower is better for reaching a device: IPv4 first, then global IPv6,
 * link-local addresses and at last loopback. */
guint vm_address_rank (GInetAddress *address);
/* The address to announce: IPv4 first, then global IPv6; NULL without a
 * network. */
gchar *vm_interfaces_best_address (VmInterfaces *self);
/* The networks, as one text, which changes when they do. */
gchar *vm_interfaces_networks (VmInterfaces *self);
/* A sentence for users when @names has interfaces that do not exist (yet),
 * which lists the existing ones; else NULL. */
gchar *vm_interfaces_check (const gchar *names);
