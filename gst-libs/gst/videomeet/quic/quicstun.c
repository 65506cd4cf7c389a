/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "quic/quicstun.h"

#include <string.h>

/* RFC 8489 §5, §14.1, §14.2 */
#define BINDING_REQUEST 0x0001
#define BINDING_SUCCESS 0x0101
#define MAPPED_ADDRESS 0x0001
#define XOR_MAPPED_ADDRESS 0x0020
#define AT_COOKIE 4
#define AT_ID 8
#define FAMILY_V4 1
#define FAMILY_V6 2

static const guint8 cookie[4] = { 0x21, 0x12, 0xa4, 0x42 };

static guint16
get_u16 (const guint8 *data)
{
  return data[0] << 8 | data[1];
}

gboolean
vm_quic_stun_is (const guint8 *data, gsize size)
{
  return size >= VM_QUIC_STUN_SIZE && data[0] < 4
         && memcmp (data + AT_COOKIE, cookie, sizeof cookie) == 0;
}

void
vm_quic_stun_write (
    guint8 data[VM_QUIC_STUN_SIZE], const guint8 id[VM_QUIC_STUN_ID_SIZE])
{
  memset (data, 0, VM_QUIC_STUN_SIZE);
  data[1] = BINDING_REQUEST;
  memcpy (data + AT_COOKIE, cookie, sizeof cookie);
  memcpy (data + AT_ID, id, VM_QUIC_STUN_ID_SIZE);
}

/* @mask: cookie and id, or NULL when the address is written as it is. */
static gboolean
read_address (
    const guint8 *value, gsize size, const guint8 *mask, VmQuicAddress *address)
{
  gsize n = size >= 4 && value[1] == FAMILY_V6 ? 16 : 4;
  guint8 ip[16];
  guint16 port;

  if (size != 4 + n || (value[1] != FAMILY_V4 && value[1] != FAMILY_V6))
    return FALSE;
  port = get_u16 (value + 2) ^ (mask ? get_u16 (mask) : 0);
  for (gsize i = 0; i < n; i++)
    ip[i] = value[4 + i] ^ (mask ? mask[i] : 0);
  memset (address, 0, sizeof *address);
  address->sin6_family = AF_INET6;
  address->sin6_port = g_htons (port);
  if (n == 4)
    memset (&address->sin6_addr.s6_addr[10], 0xff, 2);
  memcpy (&address->sin6_addr.s6_addr[16 - n], ip, n);
  return port != 0;
}

gboolean
vm_quic_stun_read (const guint8 *data, gsize size,
    const guint8 id[VM_QUIC_STUN_ID_SIZE], VmQuicAddress *address)
{
  gsize at = VM_QUIC_STUN_SIZE, end;
  gboolean found = FALSE;

  if (!vm_quic_stun_is (data, size) || get_u16 (data) != BINDING_SUCCESS
      || memcmp (data + AT_ID, id, VM_QUIC_STUN_ID_SIZE) != 0)
    return FALSE;
  end = VM_QUIC_STUN_SIZE + get_u16 (data + 2);
  if (end > size)
    return FALSE;
  while (at + 4 <= end) {
    guint16 type = get_u16 (data + at), length = get_u16 (data + at + 2);

    at += 4;
    if (length > end - at)
      break;
    if (type == XOR_MAPPED_ADDRESS
        && read_address (data + at, length, data + AT_COOKIE, address))
      return TRUE;
    if (type == MAPPED_ADDRESS && !found)
      found = read_address (data + at, length, NULL, address);
    at += (length + 3u) & ~3u;
  }
  return found;
}
