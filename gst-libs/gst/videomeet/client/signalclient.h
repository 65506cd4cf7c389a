/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmtruststore.h>
#include <gst/videomeet/vmenums.h>
#include "wire/signal.h"
#include "client/judge.h"

/* The way into a meeting that another device hosts: GET /status, POST
 * /meetings/join, the WebSocket with the ticket, then hello
 * (protocol/http.md#join, protocol/signalling.md). All belongs to the thread
 * whose default context made the client. */

#define VM_TYPE_SIGNAL_CLIENT (vm_signal_client_get_type ())
G_DECLARE_FINAL_TYPE (
    VmSignalClient, vm_signal_client, VM, SIGNAL_CLIENT, GObject)

/* A host by its key, and by what it says that it is called. */
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
  /* but for the native one: @uri alone says where. In a room a socket that is
   * lost is a seat that is lost. */
  VmDialectName dialect;
  const gchar *uri; /* "wss://host/", of a room server */
  const gchar *base_uri; /* "https://10.0.0.1:8080", without a path */
  const gchar *key_hash; /* as announced; NULL: any key */
  VmTrustStore *store; /* holds the host to its key; NULL: none does */
  VmPolicy policy; /* what @store must say of the host */
  const gchar *meeting;
  const gchar *user;
  const gchar *device;
  /* or NULL; a host is shown it, and told the meeting's name, if its key is
   * known or that of @host_id: VM_ERROR_HOST_UNKNOWN */
  const gchar *pin;
  const gchar *host_id; /* device id; or NULL */
  gboolean insecure; /* shows the PIN over plain HTTP, too, to other machines */
  const gchar *nonce; /* to tell the others at coming, or NULL */
  /* for a mesh; NULL: what its server gives. Else what a server is shown that
   * admits those alone who have a token; or NULL */
  const gchar *cap_token;
  VmCallType call_type;
  guint timeout_ms; /* for each of the steps */
  /* for having a lost socket's seat back; protocol/signalling.md#resume */
  guint resume_ms;
  guint return_ms; /* at a server of calls, for coming back to it */
} VmSignalClientConfig;

/* What the host's server says, `welcome` first. */
typedef void (*VmSignalClientFunc) (
    VmSignalClient *self, const VmSignal *signal, gpointer user_data);
/* Once, when the connection is lost for good or was closed by the server; not
 * after vm_signal_client_close(). A socket that is lost is replaced by another
 * within 30 s (protocol/signalling.md#resume) and nobody hears of it: what is
 * said meanwhile, either way, arrives once and in order. At a server of calls
 * it is the same but for that: it takes as long as the configuration says, and
 * what is said meanwhile is lost. VM_ERROR_DISCONNECTED: the time is over;
 * VM_ERROR_RESUME_FAILED: the server has given the seat away, or more was
 * missed than is kept. */
typedef void (*VmSignalClientClosedFunc) (
    VmSignalClient *self, const GError *error, gpointer user_data);

VmSignalClient *
vm_signal_client_new (VmIdentity *identity, VmSignalClientFunc func,
    VmSignalClientClosedFunc closed, gpointer user_data);

/* Once a client. Done when hello is sent. Errors: what the server answered, by
 * its code; VM_ERROR_WRONG_KEY when TLS shows another key than @key_hash, or
 * one that does not hash to the host's device id; VM_ERROR_KEY_CHANGED when
 * @store knows the host by another key; VM_ERROR_TIMEOUT,
 * VM_ERROR_DISCONNECTED. */
void vm_signal_client_join_async (VmSignalClient *self,
    const VmSignalClientConfig *config, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
gboolean vm_signal_client_join_finish (
    VmSignalClient *self, GAsyncResult *result, GError **error);

/* The STUN and TURN servers that the host names, as URIs; NULL before
 * the grant, and of a room server. */
const gchar *const *vm_signal_client_get_ice_servers (VmSignalClient *self);

/* The host that was refused with VM_ERROR_HOST_UNKNOWN; else NULL. */
const VmHostNames *vm_signal_client_get_stranger (VmSignalClient *self);

/* NULL before the grant, and of a room server. */
VmJudge *vm_signal_client_get_judge (VmSignalClient *self);

/* When the socket is lost, and when it is back; in the client's thread. */
typedef void (*VmSignalClientLostFunc) (
    VmSignalClient *self, gboolean lost, gpointer user_data);
void vm_signal_client_set_lost_func (
    VmSignalClient *self, VmSignalClientLostFunc func);
gboolean vm_signal_client_is_lost (VmSignalClient *self);
/* Of one that is closed: whether its socket was lost, and not closed for a
 * reason. */
gboolean vm_signal_client_was_cut (VmSignalClient *self);
/* Finds out within seconds whether the server still answers; when it does not,
 * the socket is lost. */
void vm_signal_client_probe (VmSignalClient *self);

void vm_signal_client_send (VmSignalClient *self, const VmSignal *signal);
/* As it is. */
void vm_signal_client_send_bytes (VmSignalClient *self, GBytes *bytes);
/* Leaves the room and joins it: everybody there offers anew. Only in a dialect
 * without `restart`. */
void vm_signal_client_join_again (VmSignalClient *self);
/* What the dialect remembers of the connection; NULL before `welcome`. */
gpointer vm_signal_client_get_state (VmSignalClient *self);
/* Says bye; it is on its way when this returns. No function is called any
 * more. */
void vm_signal_client_close (VmSignalClient *self);
