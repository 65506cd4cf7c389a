/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Keys of a local terminal, which is in raw mode meanwhile; a thread reads
 * them. */
typedef struct _VmTermKeys VmTermKeys;

/* Ctrl-]: leaves. */
#define VM_TERM_KEY_LEAVE 0x1d

/* @bytes: what was typed; NULL: VM_TERM_KEY_LEAVE was. On the thread. */
typedef void (*VmTermKeysFunc) (GBytes *bytes, gpointer user_data);

VmTermKeys *vm_term_keys_new (gint fd, VmTermKeysFunc func, gpointer user_data);
/* The terminal is as it was before. Not on the thread. */
void vm_term_keys_free (VmTermKeys *self);
