/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* Proxies in front of a server, and the clients of their requests: by
 * X-Forwarded-For, to which each proxy appends its client. Sans-I/O. */

#define VM_FORWARDED_MAX 16 /* addresses read of a header */

/* Addresses, or networks as 10.0.0.0/8 or fd00::/8; @texts may be NULL.
 * VM_ERROR_BAD_REQUEST. Returns: (transfer full) (element-type
 * GInetAddressMask) */
GPtrArray *vm_proxies_read (const gchar *const *texts, GError **error);
gboolean vm_proxies_trust (GPtrArray *proxies, GInetAddress *address);
/* The last address in @header (NULL: none was sent) that is no trusted proxy's,
 * provided that @peer and later writers are trusted; @peer without one. @told:
 * FALSE when the last proxy names no readable client: then the client is
 * unknown. Returns: (transfer full) */
GInetAddress *vm_proxies_find_client (GPtrArray *proxies, GInetAddress *peer,
    const gchar *header, gboolean *told);
