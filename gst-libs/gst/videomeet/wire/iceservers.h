/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/iceserver.h"
#include "base/json/json.h"

/* STUN and TURN servers in both notations: a URI with everything in it
 * ("stun://host:port", "turn://user:password@host:port?transport=tcp", user and
 * password percent-encoded), and the member `iceServers` of an answer to POST
 * /meetings/join (protocol/http.md#ice-servers), which is a list of
 * RTCIceServer (W3C WebRTC, §4.2.4). Sans-I/O. */

/* Every participant asks each of them for every connection. */
#define VM_ICE_SERVERS_MAX 8 /* URLs; what follows is ignored */
/* The word of `iceTransportPolicy` (W3C WebRTC, §4.2.3). */
#define VM_ICE_POLICY_RELAY "relay"
/* Seconds of `iceExpiresIn`; a client ignores any other number. */
#define VM_ICE_EXPIRES_MIN 1
#define VM_ICE_EXPIRES_MAX (G_GINT64_CONSTANT (366) * 24 * 60 * 60)

/* The servers that a participant is given, and on what terms. */
typedef struct
{
  gchar **uris;
  gboolean relay_only; /* `iceTransportPolicy` "relay" */
  guint expires_in; /* seconds that the credentials are good; 0: for ever */
} VmIceGrant;

void vm_ice_grant_clear (VmIceGrant *grant);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmIceGrant, vm_ice_grant_clear)

/* Whether the server can give out these URIs. The error is BAD_REQUEST and
 * names no password. @uris may be NULL. */
gboolean vm_ice_servers_check (const gchar *const *uris, GError **error);
/* Writes the member, without URIs that cannot be given out. */
void vm_ice_servers_append (GString *out, const gchar *const *uris);
/* The URIs of @object's member, which is untrusted: an entry that is no such
 * server only counts in @ignored. Never NULL. */
gchar **
vm_ice_servers_read (const VmJson *json, VmJsonNode object, guint *ignored);
/* The three members of a grant, `iceServers`, `iceTransportPolicy` and
 * `iceExpiresIn`: an untrusted one with a wrong value counts as absent. */
void vm_ice_grant_append (GString *out, const VmIceGrant *grant);
void vm_ice_grant_read (
    VmIceGrant *grant, const VmJson *json, VmJsonNode object, guint *ignored);
void vm_ice_grant_copy (VmIceGrant *to, const VmIceGrant *from);
/* The URIs to use: the own ones, then those of vm_ice_servers_read() that are
 * not among them. Either may be NULL. Never NULL. */
gchar **
vm_ice_servers_merge (const gchar *const *own, const gchar *const *read);
