/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A thread, named "vm-node", with its own thread-default GMainContext. */
typedef struct _VmNodeThread VmNodeThread;
typedef void (*VmNodeFunc) (gpointer data);

VmNodeThread *vm_node_thread_new (const gchar *name);
/* Ends the loop and waits for the thread, unless it is the calling one. */
void vm_node_thread_free (VmNodeThread *self);
gboolean vm_node_thread_is_current (VmNodeThread *self);
/* Runs @func, then @destroy, in that thread's loop. */
void vm_node_thread_post (
    VmNodeThread *self, VmNodeFunc func, gpointer data, GDestroyNotify destroy);
/* The same, and waits until it has run: at most @timeout_ms, then FALSE, and
 * @data still belongs to the thread. On the thread itself: runs it at once. */
gboolean vm_node_thread_call (VmNodeThread *self, VmNodeFunc func,
    gpointer data, GDestroyNotify destroy, guint timeout_ms);
