/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/signal.h"

/* Shared by native.c and nativeparticipants.c. */

#define IN(type) (1u << VM_SIGNAL_##type)

/* FALSE with VM_ERROR_BAD_MESSAGE: the field @key @what. */
gboolean vm_native_bad (GError **error, const gchar *key, const gchar *what);
/* A string member of @node, of @max bytes: without control characters, or lines
 * of text. *@value is left alone when it is absent. */
gboolean vm_native_read_name (const VmJson *json, VmJsonNode node,
    const gchar *key, gsize max, gchar **value, GError **error);
gboolean vm_native_read_text (const VmJson *json, VmJsonNode node,
    const gchar *key, gsize max, gchar **value, GError **error);

/* For the types that have participants. */
gboolean vm_native_read_participants (
    const VmJson *json, VmSignal *signal, GError **error);
void vm_native_write_participants (GString *out, const VmSignal *signal);
