/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* What `videomeet join` was given: a name to look for, or the place where the
 * meeting is. Exactly one of @meeting and @uri is set; @uri is
 * "videomeet://HOST:PORT/NAME", with the path of a proxy before the name, or
 * "ws://HOST:PORT/ROOM" (wss) as it was given. The https:// link that a host
 * shows is taken as well, since that is what people paste. */
gboolean vmt_target_parse_meeting (
    const gchar *text, gchar **meeting, gchar **uri, GError **error);

/* The device id of the host that a link names, "#key=ID", or NULL; and such a
 * link. */
gchar *vmt_target_get_host_key (const gchar *text);
gchar *vmt_target_with_host_key (const gchar *link, const gchar *device_id);

/* The name of the meeting or room at such a @uri, or NULL. */
gchar *vmt_target_get_name (const gchar *uri);

/* What the server at @uri (or NULL) speaks: @asked for by the user, or NULL.
 * NULL when that cannot be. */
const gchar *vmt_target_choose_dialect (
    const gchar *uri, const gchar *asked, GError **error);

/* "HOST", "HOST:PORT", "[IPv6]:PORT", a bare IPv6 address, or a link, as
 * "https://HOST:PORT" (http with @insecure). */
gchar *
vmt_target_parse_address (const gchar *text, gboolean insecure, GError **error);
/* The line for a videomeet device at the place of a ws:// or wss:// URI, which
 * users take for its address; NULL for other URIs. */
gchar *vmt_target_as_native (const gchar *uri);

/* Writes http as ws and https as wss, or the other way round. */
void vmt_target_set_scheme (gchar **server, gboolean web_socket);
/* Whether @server is "ws://HOST:PORT", or wss, with or without a path. */
gboolean vmt_target_check_server (const gchar *server, GError **error);
/* Where @user is called at that: "ws://HOST:PORT/USER". */
gchar *vmt_target_of_user (const gchar *server, const gchar *user);
