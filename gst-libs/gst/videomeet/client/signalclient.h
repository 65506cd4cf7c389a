/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmtruststore.h>
#include <gst/videomeet/vmenums.h>
#include "wire/signal.h"
#include "client/hostverifier.h"
#include "client/janus/janusconnection.h"

/* The way into a meeting that another device hosts: GET /status, POST
 * /meetings/join, the WebSocket with the ticket, then hello
 * (protocol/http.md#join, protocol/signalling.md). All belongs to the thread
 * whose default context made the client. */

#define VM_TYPE_SIGNAL_CLIENT (vm_signal_client_get_type ())
G_DECLARE_FINAL_TYPE (
    VmSignalClient, vm_signal_client, VM, SIGNAL_CLIENT, GObject)

/* A host by its key, and by the names that it claims. */
typedef struct
{
  gchar *device_id;
  gchar *user;
  gchar *device;
} VmHostNames;

void vm_host_names_free (VmHostNames *names);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmHostNames, vm_host_names_free)

typedef struct
{
  /* any but the native one uses @uri alone. In a room a lost socket loses the
   * seat. */
  VmDialectName dialect;
  const gchar *uri; /* "wss://host/", of a room server */
  const gchar *base_uri; /* "https://10.0.0.1:8080", or with a proxy's path */
  const gchar *key_hash; /* as announced; NULL: any key */
  VmTrustStore *store; /* checks the host's key; NULL: no check */
  VmPolicy policy; /* applied to the host with @store */
  VmCloudTrust cloud_trust;
  const gchar *meeting;
  const gchar *user;
  const gchar *device;
  /* or NULL; sent, with the meeting's name, only to a host with a known key or
   * that of @host_id: VM_ERROR_HOST_UNKNOWN */
  const gchar *pin;
  const gchar *host_id; /* device id; or NULL */
  gboolean insecure; /* shows the PIN over plain HTTP, too, to other machines */
  const gchar *nonce; /* sent to the others when joining, or NULL */
  /* for a mesh; NULL: from its server. Else the access token for a server that
   * requires one; or NULL */
  const gchar *cap_token;
  VmCallType call_type;
  /* of a participant of the cloud: the participant that this device is as well,
   * which passes it on, and what it is called there; or NULL */
  const gchar *via, *origin_id;
  gboolean takes_sfu; /* can follow where the server takes the room */
  guint timeout_ms; /* for each of the steps */
  /* to regain a lost socket's seat; protocol/signalling.md#resume */
  guint resume_ms;
  guint return_ms; /* to reconnect to a server of calls */
} VmSignalClientConfig;

/* Signals from the host's server, `welcome` first. */
typedef void (*VmSignalClientFunc) (
    VmSignalClient *self, const VmSignal *signal, gpointer user_data);
/* Once, when the connection is lost for good or was closed by the server; not
 * after vm_signal_client_close(). A lost socket is silently replaced by another
 * within 30 s (protocol/signalling.md#resume): messages in either direction
 * arrive once and in order. At a server of calls the configuration sets the
 * time, and messages sent meanwhile are lost. VM_ERROR_DISCONNECTED: the time
 * is over; VM_ERROR_RESUME_FAILED: the server has given the seat away, or more
 * messages were missed than are kept. */
typedef void (*VmSignalClientClosedFunc) (
    VmSignalClient *self, const GError *error, gpointer user_data);

VmSignalClient *
vm_signal_client_new (VmIdentity *identity, VmSignalClientFunc func,
    VmSignalClientClosedFunc closed, gpointer user_data);

/* Once for each client. Done when hello is sent. Errors: the server's error, by
 * its code; VM_ERROR_WRONG_KEY when TLS shows another key than @key_hash, or
 * one that does not hash to the host's device id; VM_ERROR_KEY_CHANGED when
 * @store knows the host by another key; VM_ERROR_TIMEOUT,
 * VM_ERROR_DISCONNECTED. */
void vm_signal_client_join_async (VmSignalClient *self,
    const VmSignalClientConfig *config, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
gboolean vm_signal_client_join_finish (
    VmSignalClient *self, GAsyncResult *result, GError **error);

/* The host's STUN and TURN servers, as URIs; NULL before the grant, and of a
 * room server. */
const gchar *const *vm_signal_client_get_ice_servers (VmSignalClient *self);
/* Whether the host asks to use TURN servers alone. */
gboolean vm_signal_client_get_relay_only (VmSignalClient *self);

/* The host that was refused with VM_ERROR_HOST_UNKNOWN; else NULL. */
const VmHostNames *vm_signal_client_get_stranger (VmSignalClient *self);

/* Where the server is, and this device's key; the strings belong to the client.
 */
void vm_signal_client_get_place (VmSignalClient *self, VmJanusPlace *place);

/* NULL before the grant, and of a room server. */
VmHostVerifier *vm_signal_client_get_judge (VmSignalClient *self);

/* When the socket is lost, and when it is back; in the client's thread. */
typedef void (*VmSignalClientLostFunc) (
    VmSignalClient *self, gboolean lost, gpointer user_data);
void vm_signal_client_set_lost_func (
    VmSignalClient *self, VmSignalClientLostFunc func);
gboolean vm_signal_client_is_lost (VmSignalClient *self);
/* After the close: whether the socket was lost, and not closed for a reason. */
gboolean vm_signal_client_was_cut (VmSignalClient *self);
/* Finds out within seconds whether the server still answers; when it does not,
 * the socket is lost. */
void vm_signal_client_probe (VmSignalClient *self);
/* The address of this device that its socket is bound to, as text; NULL: there
 * is no socket, or it is not known. */
const gchar *vm_signal_client_get_local_address (VmSignalClient *self);
/* The socket is lost, whatever it says: opens another one at once. */
void vm_signal_client_renew (VmSignalClient *self);
/* As vm_signal_client_close(), without a goodbye: to the server the socket is
 * lost. */
void vm_signal_client_abandon (VmSignalClient *self);
/* Whether nothing was heard of the server for @ms. */
gboolean vm_signal_client_is_silent (VmSignalClient *self, guint ms);
/* As vm_signal_client_renew(), at another address of the same server. */
void vm_signal_client_move (VmSignalClient *self, const gchar *base_uri);

void vm_signal_client_send (VmSignalClient *self, const VmSignal *signal);
/* Sends @bytes unchanged. */
void vm_signal_client_send_bytes (VmSignalClient *self, GBytes *bytes);
/* Leaves the room and joins it again, so that all participants offer anew. Only
 * in a dialect without `restart`. */
void vm_signal_client_join_again (VmSignalClient *self);
/* The dialect's state of the connection; NULL before `welcome`. */
gpointer vm_signal_client_get_state (VmSignalClient *self);
/* Sends bye before it returns. Calls no callback afterwards. */
void vm_signal_client_close (VmSignalClient *self);
