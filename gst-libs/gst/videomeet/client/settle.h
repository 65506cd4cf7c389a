/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* Objects that need their main context to run on for a while after their last
 * user has dropped them, as a WebSocket over TLS that closes: what they wait
 * for is delivered to the context and refers to it, so with a context that
 * never runs again they stay for ever, and it with them. */

/* Counts @object in the thread-default context until it is finalized. */
void vm_settle_watch (gpointer object);
/* Runs the thread-default context, which this thread owns or can acquire, until
 * no object that is watched in it is left; FALSE: some are, after
 * @timeout_ms. */
gboolean vm_settle (guint timeout_ms);
