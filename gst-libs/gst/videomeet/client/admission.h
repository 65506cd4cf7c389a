/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/httpclient.h"
#include "client/hostverifier.h"
#include "client/signalclient.h"
#include "wire/iceservers.h"

/* How a guest is admitted (protocol/http.md#join): GET /status over TLS, the
 * key is compared with the device id and with the stored facts about the
 * device, which the guest's own policy must accept; then POST /meetings/join on
 * a connection with the same key, with the token that the host once gave. The
 * names of a host that hides them from strangers are checked when the grant
 * gives them. Over plain HTTP there is no key and only the last step, or none
 * under VM_POLICY_REQUIRE. With a PIN the last step requires a host whose key
 * is known, or that of host_id; plain HTTP requires this machine, or the
 * insecure setting. Belongs to the thread of @http. */

typedef struct
{
  gchar *ticket;
  gchar *key_hash; /* of the key to find again; NULL over plain HTTP */
  VmIceGrant ice; /* from the host */
  VmHostVerifier *verifier; /* checks the host's messages */
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
