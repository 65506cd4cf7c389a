/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Functions that other threads let the thread of a GMainContext run, in the
 * order in which they were posted, as sources of the default priority would be.
 *
 * A plain GSource would not do: GLib wakes a GMainContext's thread while it
 * holds the context's lock. When every processor is busy, the woken thread runs
 * first and then waits for that lock until a thread that gives way
 * (vmthread-priv.h) runs again. A mailbox wakes the thread with no lock
 * held. */
typedef struct _VmMailbox VmMailbox;

/* @context: kept until vm_mailbox_free() */
VmMailbox *vm_mailbox_new (GMainContext *context);
/* Functions that have not run do not run: their @destroy is called here. A
 * function posted later is destroyed at once. Any thread, @context's too, even
 * from inside a function that it runs. */
void vm_mailbox_close (VmMailbox *self);
/* Likewise, and frees @self. */
void vm_mailbox_free (VmMailbox *self);
/* Any thread. @func runs once, never inside this call; its result is ignored;
 * @destroy, or NULL, follows. @func may free @self. */
void vm_mailbox_post (
    VmMailbox *self, GSourceFunc func, gpointer data, GDestroyNotify destroy);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmMailbox, vm_mailbox_free)
