/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#define VM_LINGER_MS 1000 /* for a goodbye to get out */

/* Keeps @socket (transfer full) until the server has hung up, or VM_LINGER_MS:
 * it reads on in @context, because one that is closed with something unread in
 * it resets the connection, and what was written last is lost with it. */
void vm_linger (SoupWebsocketConnection *socket, GMainContext *context);
