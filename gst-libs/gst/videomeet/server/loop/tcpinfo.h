/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Bytes that a TCP socket has received so far; 0 when unknown. */
guint64 vm_socket_received (int fd);
/* How many of them a program has taken out of the socket. */
guint64 vm_socket_taken (int fd);
/* Whether the other end is slow, not gone: bytes that were sent wait for it,
 * and within @time, in µs, it has acknowledged something. */
gboolean vm_socket_is_slow (int fd, gint64 time);
/* Whether the other end has closed it. */
gboolean vm_socket_is_left (int fd);
