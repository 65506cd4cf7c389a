/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Functions that other threads let the thread of a GMainContext run, in the
 * order in which they were posted, as sources of the default priority would be.
 *
 * What a source of its own does not give: the lock of a GMainContext is held
 * while its thread is woken. Where every processor is taken, who is woken goes
 * first, and then waits for that lock until a thread that gives way
 * (vmthread-priv.h) has its turn again. Here the waking is done with no lock
 * held. */
typedef struct _VmMailbox VmMailbox;

/* @context: kept until vm_mailbox_free() */
VmMailbox *vm_mailbox_new (GMainContext *context);
/* What has not run by now does not: its @destroy is called here. What is posted
 * later is destroyed at once. Any thread, @context's too, even from inside a
 * function that it runs. */
void vm_mailbox_close (VmMailbox *self);
/* Likewise, and @self is gone. */
void vm_mailbox_free (VmMailbox *self);
/* Any thread. @func runs once, never inside this call, and its result says
 * nothing;
 * @destroy, or NULL, follows. Whoever runs it may free @self with that. */
void vm_mailbox_post (
    VmMailbox *self, GSourceFunc func, gpointer data, GDestroyNotify destroy);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmMailbox, vm_mailbox_free)
