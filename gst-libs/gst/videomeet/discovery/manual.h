/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "discovery/finder.h"

/* The addresses a user gave, "host:port,host:port"
 * (protocol/discovery.md#manual-addresses). */

#define VM_MANUAL_PEERS_MAX 64 /* the rest is ignored */
#define VM_MANUAL_RETRY 1000 /* ms, doubled after each try */
#define VM_MANUAL_RETRY_MAX 15000 /* ms */

typedef struct _VmManual VmManual;

VmManual *vm_manual_new (
    const gchar *peers, const VmFinderEvents *events, gpointer user_data);
void vm_manual_free (VmManual *self);
