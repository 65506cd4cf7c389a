/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* Objects whose main context must keep running for a while after their last
 * user has dropped them, such as a closing WebSocket over TLS. Their pending
 * events hold a reference to the context, so if it never runs again, both leak.
 */

/* Counts @object in the thread-default context until it is finalized. */
void vm_settle_watch (gpointer object);
/* Runs the thread-default context, which this thread owns or can acquire, until
 * no object that is watched in it is left; FALSE: some are, after
 * @timeout_ms. */
gboolean vm_settle (guint timeout_ms);
