/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The parts of one STUN or TURN server, from untrusted text. Pure: any thread.
 */

#define VM_ICE_HOST_MAX 253 /* bytes; RFC 1035 §2.3.4 */
#define VM_ICE_CREDENTIAL_MAX 256 /* bytes of a user name, of a password */

typedef struct
{
  const gchar *scheme; /* "stun", "turn" or "turns" */
  gchar *host; /* without brackets */
  guint16 port;
  const gchar *transport; /* "udp", "tcp", or NULL: not given */
  gchar *user, *password; /* of a TURN server, decoded */
} VmIceServer;

void vm_ice_server_clear (VmIceServer *server);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmIceServer, vm_ice_server_clear)

/* @server must be all zero, and must be cleared even after FALSE. A URI has
 * everything in it ("turn://user:password@host:port?transport=tcp", user and
 * password percent-encoded), a URL of an RTCIceServer (W3C WebRTC, §4.2.4) has
 * user and password beside it. */
gboolean vm_ice_server_from_uri (VmIceServer *server, const gchar *uri);
gboolean vm_ice_server_from_url (VmIceServer *server, const gchar *url,
    const gchar *user, const gchar *password);
gchar *vm_ice_server_to_uri (const VmIceServer *server);
gchar *vm_ice_server_to_url (const VmIceServer *server);
