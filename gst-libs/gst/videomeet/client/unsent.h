/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

/* libsoup keeps what a WebSocket is given and the other end does not read,
 * however much that is, and does not tell; so it is counted here, until nothing
 * waits. One thread: that of the socket. */
typedef struct
{
  gsize bytes; /* that may wait in libsoup */
  guint messages;
  GSource *source; /* when nothing does; or the caller's own timer */
} VmUnsent;

/* @size bytes were, or are about to be, handed to @socket. @written is called
 * when none of all that waits any more, and forgets what was counted; in
 * @context, or, with NULL, in the thread's own. */
void vm_unsent_add (VmUnsent *self, SoupWebsocketConnection *socket, gsize size,
    GMainContext *context, GSourceFunc written, gpointer data);
/* For a socket that is gone. */
void vm_unsent_forget (VmUnsent *self);
