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
/* The client behind @peer: @peer itself if it is no trusted proxy, else the
 * last address in @header (NULL: none was sent) that is none, or the first one
 * there if all are. Addresses before an untrusted one are not read. @told:
 * FALSE when a trusted proxy names no readable client, or all of
 * VM_FORWARDED_MAX addresses are trusted and more come before them: then the
 * client is unknown. Returns: (transfer full) */
GInetAddress *vm_proxies_find_client (GPtrArray *proxies, GInetAddress *peer,
    const gchar *header, gboolean *told);
