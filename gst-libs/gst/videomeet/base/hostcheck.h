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

/* Turns an origin that a person wrote into the form that browsers write: scheme
 * http or https and host, lower case, and the port where it is not the scheme's
 * own. NULL when @text is no origin, or has a path. */
gchar *vm_origin_from_text (const gchar *text);
/* Whether @origin is one of @origins, which are as vm_origin_from_text() makes
 * them; NULL: none. */
gboolean vm_origin_is_listed (const gchar *origin, const gchar *const *origins);

/* "application/json", parameters allowed. */
gboolean vm_type_is_json (const gchar *content_type);

/* The key by which limits per address are counted: the address, or for IPv6
 * from beyond the link its /64, which belongs to one customer. @own:
 * (element-type GInetAddress): of this machine; an address in the same /64 as
 * one of them is on the link. */
gchar *vm_address_group (GInetAddress *address, GList *own);
