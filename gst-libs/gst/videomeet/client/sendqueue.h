/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

/* Counts the unsent data of a WebSocket: libsoup buffers without limit what the
 * other end does not read, and does not report it. One thread: that of the
 * socket. */
typedef struct
{
  gsize bytes; /* possibly waiting in libsoup */
  guint messages;
  GSource *source; /* runs when none wait; or the caller's own timer */
} VmSendQueue;

/* @size bytes were, or are about to be, handed to @socket. @written is called,
 * and the count reset, when no data waits any more; in @context, or, with NULL,
 * in the thread's own. */
void vm_send_queue_add (VmSendQueue *self, SoupWebsocketConnection *socket,
    gsize size, GMainContext *context, GSourceFunc written, gpointer data);
/* For a socket that is gone. */
void vm_send_queue_forget (VmSendQueue *self);
