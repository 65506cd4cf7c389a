/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* One STUN or TURN server, taken apart; anybody may have written it. Pure: any
 * thread. */

#define VM_ICE_HOST_MAX 253 /* bytes; RFC 1035 §2.3.4 */
#define VM_ICE_CREDENTIAL_MAX 256 /* bytes of a user name, of a password */

typedef struct
{
  const gchar *scheme; /* "stun", "turn" or "turns" */
  gchar *host; /* without brackets */
  guint16 port;
  const gchar *transport; /* "udp", "tcp", or NULL: not said */
  gchar *user, *password; /* of a TURN server, as they are */
} VmIceServer;

void vm_ice_server_clear (VmIceServer *server);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmIceServer, vm_ice_server_clear)

/* @server must be all zero, and is to be cleared whatever comes of it. A URI
 * has everything in it ("turn://user:password@host:port?transport=tcp", user
 * and password percent-encoded), a URL of an RTCIceServer (W3C WebRTC, §4.2.4)
 * has them beside it. */
gboolean vm_ice_server_from_uri (VmIceServer *server, const gchar *uri);
gboolean vm_ice_server_from_url (VmIceServer *server, const gchar *url,
    const gchar *user, const gchar *password);
gchar *vm_ice_server_to_uri (const VmIceServer *server);
gchar *vm_ice_server_to_url (const VmIceServer *server);
