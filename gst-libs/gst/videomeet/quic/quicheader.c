/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a datagram says before it is decrypted. */

#include "quic/quiclink-priv.h"

#include <string.h>

void
vm_quic_cid_set (VmQuicCid *cid, const guint8 *data, gsize size)
{
  memset (cid, 0, sizeof *cid);
  cid->size = size;
  if (size)
    memcpy (cid->data, data, size);
}

gboolean
vm_quic_header_read (const guint8 *data, gsize size, VmQuicHeader *header)
{
  ngtcp2_version_cid ids;
  ngtcp2_pkt_hd hd;

  memset (header, 0, sizeof *header);
  if (!size
      || ngtcp2_pkt_decode_version_cid (&ids, data, size, VM_QUIC_CID_SIZE) != 0
      || ids.dcidlen > VM_QUIC_CID_MAX || ids.scidlen > VM_QUIC_CID_MAX)
    return FALSE;
  vm_quic_cid_set (&header->to, ids.dcid, ids.dcidlen);
  vm_quic_cid_set (&header->from, ids.scid, ids.scidlen);
  header->version = ids.version;
  if (data[0] & 0x80) {
    if (ids.version != NGTCP2_PROTO_VER_V1)
      return FALSE;
    header->initial = ngtcp2_accept (&hd, data, size) == 0;
  }
  return TRUE;
}
