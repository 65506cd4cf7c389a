/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The device id of the agent whose device id or user is @name, of @peers
 * (device id -> user). VM_ERROR_UNROUTABLE: none is there, or several; it says
 * who is. */
const gchar *
vm_agent_peers_find (GHashTable *peers, const gchar *name, GError **error);
