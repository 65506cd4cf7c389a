/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/p2p/pipe.h"

/* A stream of p2p messages over a socket of this machine, whose other end is in
 * the same process or in another one. What the kernel holds bounds it. */

/* Takes @fd, a connected stream socket. Returns: (transfer full) */
VmP2pPipe *vm_p2p_socket_new (gint fd);
/* Waits until something can be read, for at most @timeout µs. FALSE: nothing
 * came, or the stream is over. */
gboolean vm_p2p_socket_wait (VmP2pPipe *self, gint64 timeout);
