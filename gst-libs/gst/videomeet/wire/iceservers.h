/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/iceserver.h"
#include "base/json/json.h"

/* STUN and TURN servers in both notations: a URI with everything in it
 * ("stun://host:port", "turn://user:password@host:port?transport=tcp", user and
 * password percent-encoded), and the member `iceServers` of an answer to POST
 * /meetings/join (protocol/http.md#ice-servers), which is a list of
 * RTCIceServer (W3C WebRTC, §4.2.4). Sans-I/O. */

/* Each is asked by everybody for every connection. */
#define VM_ICE_SERVERS_MAX 8 /* URLs; what follows is ignored */

/* Whether these URIs can be handed out. The error is BAD_REQUEST and names no
 * password. @uris may be NULL. */
gboolean vm_ice_servers_check (const gchar *const *uris, GError **error);
/* Writes the member; what cannot be handed out is left out. */
void vm_ice_servers_append (GString *out, const gchar *const *uris);
/* The URIs of @object's member, which anybody may have written: whatever is not
 * one of these servers counts in @ignored only. Never NULL. */
gchar **
vm_ice_servers_read (const VmJson *json, VmJsonNode object, guint *ignored);
/* What is used: the own URIs, then those of vm_ice_servers_read()
 * that are not among them. Either may be NULL. Never NULL. */
gchar **
vm_ice_servers_merge (const gchar *const *own, const gchar *const *read);
