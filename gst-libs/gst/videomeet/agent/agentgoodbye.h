/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#define VM_AGENT_GOODBYE_TIME 1000 /* ms: for the server to close */

/* Closes @socket, if it is open. @done is called when the server knows of it,
 * or after VM_AGENT_GOODBYE_TIME: before, this device cannot sign in again. On
 * the thread of the socket's context. */
void vm_agent_goodbye (
    SoupWebsocketConnection *socket, GDestroyNotify done, gpointer data);
