/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/httpclient.h"
#include <gst/videomeet/vmdevice.h>
#include "discovery/finder.h"

/* The devices that are known: hints go in, devices that answered come out
 * (protocol/discovery.md#probe). Belongs to the thread whose default context
 * made it. */

#define VM_TABLE_MAX 256 /* devices kept; protocol/discovery.md#probe */
#define VM_TABLE_ADDRESSES_MAX 8 /* of one device */
/* ms between probes; protocol/discovery.md#probe */
#define VM_PROBE_INTERVAL 3000
/* ms after a miss: 3 misses end 8 s after the last answer, inside the 10 s of
 * protocol/discovery.md#probe */
#define VM_PROBE_RETRY 1000
#define VM_PROBE_HURRY 250 /* ms, after a device is said to leave */
#define VM_PROBE_MISSES 3 /* misses until gone; protocol/discovery.md#probe */

typedef struct
{
  void (*added) (gpointer user_data, VmDevice *device);
  void (*changed) (gpointer user_data, VmDevice *device);
  void (*removed) (gpointer user_data, VmDevice *device);
  void (*warning) (gpointer user_data, VmMethods method, const gchar *message);
} VmTableEvents;

typedef struct
{
  gchar *own_id; /* this process, with own_port: never listed */
  guint16 own_port;
  guint timeout_ms; /* of one probe */
  gboolean insecure; /* plain HTTP is trusted beyond loopback */
} VmTableConfig;

typedef struct _VmTable VmTable;

VmTable *vm_table_new (VmHttpClient *client, const VmTableConfig *config,
    const VmTableEvents *events, gpointer user_data);
/* Forgets all devices without events. */
void vm_table_free (VmTable *self);
/* Emits removed for all devices and forgets them. */
void vm_table_clear (VmTable *self);
void vm_table_set_own_port (VmTable *self, guint16 port);
void vm_table_found (VmTable *self, VmMethods method, GSocketAddress *address,
    const VmDeviceInfo *info);
void vm_table_gone (
    VmTable *self, GSocketAddress *address, const VmDeviceInfo *info);
guint vm_table_size (VmTable *self); /* devices that answered */
guint vm_table_pending (VmTable *self); /* hints not yet confirmed */
