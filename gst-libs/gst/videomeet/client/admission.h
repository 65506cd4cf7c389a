/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/httpclient.h"
#include "client/judge.h"
#include "client/signalclient.h"

/* How a guest is admitted (protocol/http.md#join): GET /status over TLS, the
 * key held against the device id and against what is remembered of the device,
 * which must be one that the guest's own policy accepts; then POST
 * /meetings/join on a connection of the same key, with the token that the host
 * once gave. A host that hides its names from strangers is held to them when
 * the grant tells them. Over plain HTTP there is no key and only the last step,
 * or none under VM_POLICY_REQUIRE. With a PIN the last step is for a host whose
 * key is known already, or that of host_id; plain HTTP for this machine, or for
 * who is insecure. Belongs to the thread of @http. */

typedef struct
{
  gchar *ticket;
  gchar *key_hash; /* of the key to find again; NULL over plain HTTP */
  gchar **ice_servers; /* URIs that the host names; see iceservers.h */
  VmJudge *judge; /* what it says is believed by */
} VmAdmission;

void vm_admission_free (VmAdmission *admission);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmAdmission, vm_admission_free)

/* Errors: those of vm_signal_client_join_async(). */
void vm_admission_ask_async (VmHttpClient *http, VmIdentity *identity,
    const VmSignalClientConfig *config, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
VmAdmission *vm_admission_ask_finish (
    VmHttpClient *http, GAsyncResult *result, GError **error);
/* The host that was refused with VM_ERROR_HOST_UNKNOWN and has a key; else
 * NULL. */
VmHostNames *vm_admission_steal_stranger (GAsyncResult *result);
