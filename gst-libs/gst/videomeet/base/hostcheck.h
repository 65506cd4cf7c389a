/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* The rules of security.md#http-server, against DNS rebinding and foreign
 * pages. Sans-I/O. */

/* "host", "host:port" or "[v6%zone]:port" -> host, lower case, without zone
 * and final dot; NULL when it is malformed. */
gchar *vm_host_from_header (const gchar *header);

/* Whether a Host header names this machine: an address in @addresses (of local
 * interfaces), localhost, "@host_name.local", or one of @names. */
gboolean vm_host_is_own (const gchar *header, GList *addresses,
    const gchar *host_name, const gchar *const *names);

/* Whether an Origin header (NULL: none sent) is this server's own, as the Host
 * header calls it. */
gboolean vm_origin_is_own (
    const gchar *origin, const gchar *host_header, gboolean secure);

/* An origin as browsers write it, from what a person wrote: scheme http or
 * https and host, lower case, and the port where it is not the scheme's own.
 * NULL when it is none, or has a path. */
gchar *vm_origin_from_text (const gchar *text);
/* Whether @origin is one of @origins, which are as vm_origin_from_text() makes
 * them; NULL: none. */
gboolean vm_origin_is_listed (const gchar *origin, const gchar *const *origins);

/* "application/json", parameters allowed. */
gboolean vm_type_is_json (const gchar *content_type);

/* What limits per address are counted by: the address, but of IPv6 from beyond
 * the link its /64, all of which is one customer's. @own: (element-type
 * GInetAddress): of this machine; whoever shares a /64 with one is on the
 * link. */
gchar *vm_address_group (GInetAddress *address, GList *own);
