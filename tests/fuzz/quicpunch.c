/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/quic/quicpunch.h>
#include <gst/videomeet/quic/quicstun.h>

#include <string.h>

/* A datagram from anybody: without the secret none is believed; an address
 * that a STUN server tells has a port. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) secret = g_bytes_new_static ("secret", 6);
  g_autofree guint8 *copy = g_memdup2 (data, size);
  VmQuicCandidate candidate = { "192.0.2.1", 4000 };
  g_autoptr (VmQuicOwn) own = vm_quic_own_new ();
  guint8 answer[VM_QUIC_PUNCH_SIZE], id[VM_QUIC_STUN_ID_SIZE] = { 0 };
  VmQuicAddress from, seen;
  VmQuicPunch punch;

  vm_quic_punch_init (&punch, TRUE, secret, &candidate, 1, own, FALSE, 0);
  g_assert_true (vm_quic_address_from_text ("192.0.2.1", 4000, &from));
  g_assert_cmpint (vm_quic_punch_take (&punch, copy, size, &from, answer), ==,
      VM_QUIC_PUNCH_FORGED);
  g_assert_null (vm_quic_punch_get_heard (&punch));
  if (size >= VM_QUIC_STUN_SIZE)
    memcpy (id, copy + 8, sizeof id);
  if (vm_quic_stun_read (copy, size, id, &seen))
    g_assert_cmpuint (seen.sin6_port, !=, 0);
}
