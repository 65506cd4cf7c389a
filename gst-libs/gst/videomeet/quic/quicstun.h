/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quic/quicaddress.h"

/* How a STUN server sees this endpoint: the binding request of RFC 8489,
 * without authentication. Pure. */

#define VM_QUIC_STUN_SIZE 20 /* bytes of a request */
#define VM_QUIC_STUN_ID_SIZE 12 /* bytes */

gboolean vm_quic_stun_is (const guint8 *data, gsize size);
void vm_quic_stun_write (
    guint8 data[VM_QUIC_STUN_SIZE], const guint8 id[VM_QUIC_STUN_ID_SIZE]);
/* FALSE: no success response to the request with @id, or without address. */
gboolean vm_quic_stun_read (const guint8 *data, gsize size,
    const guint8 id[VM_QUIC_STUN_ID_SIZE], VmQuicAddress *address);
