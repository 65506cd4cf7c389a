/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/httpclient.h"

#include <libsoup/soup.h>

/* Opens the WebSocket of a device's server (protocol/signalling.md). Belongs to
 * the thread of @session, which is vm_http_session_new()'s. */

/* With @uri, the whole address of a stranger's WebSocket,
 * "wss://host:port/path", the other fields that locate a device's server are
 * unused but @protocol, which is NULL for none; this device shows no key, and
 * the identity may be NULL. The system must trust the certificate, unless the
 * server is on this machine. The session is vm_signal_socket_session_new()'s.
 */
typedef struct
{
  const gchar *uri; /* or NULL */
  const gchar *bearer; /* for it: an access token (RFC 6750), or NULL */
  VmServerKey *server_key; /* likewise: whose own certificate it is; or NULL */

  const gchar *base_uri; /* "https://10.0.0.1:8080", without a path */
  const gchar *path; /* NULL: "/ws" */
  const gchar *protocol; /* the subprotocol; NULL: "videomeet.v2" */
  const gchar *ticket; /* NULL: to resume */
  const gchar *key_hash; /* of the server's key; NULL over plain HTTP */
  guint timeout_ms;
} VmSignalSocketConfig;

/* For the server of a stranger at @uri: with system trust and proxies, except
 * for one on this machine. */
SoupSession *vm_signal_socket_session_new (const gchar *uri);
/* Lets @message, to a stranger's server, take any certificate from this
 * machine. */
void vm_signal_socket_trust_own_machine (SoupMessage *message);
/* An address, or a name. */
gboolean vm_signal_host_is_loopback (const gchar *host);
gboolean vm_signal_uri_is_own_machine (const gchar *uri);

/* Errors: VM_ERROR_WRONG_KEY, VM_ERROR_NOT_TRUSTED, VM_ERROR_TIMEOUT,
 * VM_ERROR_DISCONNECTED. */
void vm_signal_socket_open_async (SoupSession *session, VmIdentity *identity,
    const VmSignalSocketConfig *config, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
SoupWebsocketConnection *vm_signal_socket_open_finish (
    SoupSession *session, GAsyncResult *result, GError **error);
/* The address of this device that @socket is bound to, as text; NULL: it is not
 * known. */
const gchar *
vm_signal_socket_get_local_address (SoupWebsocketConnection *socket);
