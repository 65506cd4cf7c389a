/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* Proxies before a server, and whom their requests are from: X-Forwarded-For as
 * they all write it, each adding whom it heard from at its end. Sans-I/O. */

#define VM_FORWARDED_MAX 16 /* addresses of a header that are looked at */

/* Addresses, or networks as 10.0.0.0/8 or fd00::/8; @texts may be NULL.
 * VM_ERROR_BAD_REQUEST. Returns: (transfer full) (element-type
 * GInetAddressMask) */
GPtrArray *vm_proxies_read (const gchar *const *texts, GError **error);
gboolean vm_proxies_trust (GPtrArray *proxies, GInetAddress *address);
/* The last address of @header (NULL: none was sent) that is no trusted proxy's,
 * as far as it is written by @peer and others that are; @peer where that says
 * nothing. @told: FALSE when it ends with a proxy that says of nobody, or
 * nothing that can be read, whom it asks for: then it may be anybody. Returns:
 * (transfer full) */
GInetAddress *vm_proxies_find_client (GPtrArray *proxies, GInetAddress *peer,
    const gchar *header, gboolean *told);
