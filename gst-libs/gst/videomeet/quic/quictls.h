/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quic/quic.h"

#include <ngtcp2/ngtcp2_crypto.h>

/* TLS 1.3 for QUIC: each device shows its certificate, and judges the other's
 * by the fingerprint alone (protocol/agents.md#connection). */

typedef struct _VmQuicTls VmQuicTls;

/* VM_ERROR_IDENTITY. */
VmQuicTls *
vm_quic_tls_new (VmIdentity *identity, const gchar *alpn, GError **error);
void vm_quic_tls_free (VmQuicTls *self);
/* Of the own certificate. */
const guint8 *vm_quic_tls_get_fingerprint (const VmQuicTls *self);

/* Whether the device with that certificate is the one to talk to. */
typedef gboolean (*VmQuicJudge) (
    const guint8 fingerprint[VM_QUIC_FINGERPRINT_SIZE], gpointer user_data);

/* One handshake; its owner keeps it in place until the session is gone. */
typedef struct
{
  ngtcp2_crypto_conn_ref ref; /* first: ngtcp2 takes one for the other */
  VmQuicTls *tls;
  VmQuicJudge judge;
  gpointer user_data;
} VmQuicTlsPeer;

/* The native handle of a connection. Returns: (nullable) */
gpointer vm_quic_tls_session_new (VmQuicTlsPeer *peer, gboolean server);
void vm_quic_tls_session_free (gpointer session);
