/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmerror.h>

#include "client/serverkey.h"

/* HTTP client of one device towards others, on libsoup: kept-alive
 * connections, TLS with the peer's key compared with the one announced. All
 * functions belong to the thread whose default context made the client. */

/* bytes of an answer read; security.md#limits */
#define VM_HTTP_BODY_MAX 65536

#define VM_TYPE_HTTP_CLIENT (vm_http_client_get_type ())
G_DECLARE_FINAL_TYPE (VmHttpClient, vm_http_client, VM, HTTP_CLIENT, GObject)

typedef struct
{
  guint status; /* HTTP status */
  GBytes *body;
  gchar *key_hash; /* of the key TLS presented; NULL over plain HTTP */
  GTlsCertificate *certificate; /* from TLS, or NULL */
} VmHttpReply;

VmHttpClient *vm_http_client_new (VmIdentity *identity);
/* For the server of a stranger at @uri, as vm_signal_socket_session_new(). */
VmHttpClient *vm_http_client_new_stranger (const gchar *uri);
/* For a stranger whose own certificate may be taken. */
void vm_http_client_set_server_key (VmHttpClient *self, VmServerKey *key);
/* The access token (RFC 6750) of later requests, or NULL. */
void vm_http_client_set_bearer (VmHttpClient *self, const gchar *token);

/* Sends @method to @uri ("https://[fe80::1%eth0]:8080/status"). With
 * @expected_key_hash the connection is refused with VM_ERROR_WRONG_KEY before
 * anything is sent when TLS presents another key; NULL accepts any key (the
 * caller compares reply->key_hash). @timeout_ms is for the whole exchange:
 * VM_ERROR_TIMEOUT. An answer of status 4xx/5xx is a reply, not an error. */
void vm_http_client_send_async (VmHttpClient *self, const gchar *method,
    const gchar *uri, const gchar *expected_key_hash, GBytes *json_body,
    guint timeout_ms, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
VmHttpReply *vm_http_client_send_finish (
    VmHttpClient *self, GAsyncResult *result, GError **error);
void vm_http_reply_free (VmHttpReply *reply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmHttpReply, vm_http_reply_free)

/* For the WebSocket client: connects SoupMessage::accept-certificate so that
 * @expected_key_hash is enforced (NULL: any key) and the key seen is stored in
 * the qdata "vm-key-hash" of @message; a refused one leaves "vm-wrong-key".
 * Only on a session from vm_http_session_new(): libsoup asks only about
 * certificates that it cannot verify, and that session verifies none. */
typedef struct _SoupSession SoupSession;
void vm_http_pin_message (SoupMessage *message, const gchar *expected_key_hash);
/* @token may be NULL. */
void vm_http_set_bearer (SoupMessage *message, const gchar *token);
SoupSession *vm_http_session_new (void);

/* Cancels a request without harm. libsoup up to 3.6.5 frees a request twice
 * that is cancelled after its answer has begun and before libsoup has told of
 * that (9ba1243a there). Such a request is cancelled once libsoup has told of
 * it. */
typedef struct _VmHttpCancellable VmHttpCancellable;

/* For @message, which is sent in the thread-default context. */
VmHttpCancellable *vm_http_cancellable_new (SoupMessage *message);
VmHttpCancellable *vm_http_cancellable_ref (VmHttpCancellable *self);
void vm_http_cancellable_unref (VmHttpCancellable *self);
/* The GCancellable for soup_session_send_async() and for reading the answer. */
GCancellable *vm_http_cancellable_get_inner (VmHttpCancellable *self);
/* Cancels the request. Any thread. */
void vm_http_cancellable_cancel (VmHttpCancellable *self);
/* Call this behind soup_session_send_finish(). */
void vm_http_cancellable_told (VmHttpCancellable *self);
