/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/json/json.h"

/* Socket.IO protocol 5, "Packet encoding": the content of the messages of an
 * Engine.IO session. Sans-I/O: pure, any thread. The events of the Socket.IO
 * dialect, which they carry, are vm_dialect_socketio's. */

#define VM_SOCKET_NAMESPACE_MAX 128 /* bytes, with the slash */
/* of a binary packet, told by its head */
#define VM_SOCKET_ATTACHMENTS_MAX 16

typedef enum
{
  VM_SOCKET_CONNECT,
  VM_SOCKET_DISCONNECT,
  VM_SOCKET_EVENT,
  VM_SOCKET_ACK,
  VM_SOCKET_CONNECT_ERROR,
  VM_SOCKET_BINARY_EVENT,
  VM_SOCKET_BINARY_ACK,
  VM_SOCKET_N_TYPES
} VmSocketType;

typedef struct
{
  VmSocketType type;
  gchar *space; /* the namespace; "/" where none is named */
  gint64 id; /* of the acknowledgement requested, or given; -1: none */
  gint64 attachments; /* binary messages that follow */
  VmSpan data; /* as checked JSON in what was read; empty: none */
} VmSocketPacket;

/* VM_ERROR_BAD_MESSAGE: it is no packet. Checks what each type must carry: an
 * event an array that begins with a name, an acknowledgement an array and an
 * id, a connection an object or nothing. */
gboolean vm_socket_packet_read (
    const gchar *data, gsize size, VmSocketPacket *packet, GError **error);
void vm_socket_packet_clear (VmSocketPacket *packet);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmSocketPacket, vm_socket_packet_clear)

/* The text of a packet; @id -1: none, @data NULL: none. */
gchar *vm_socket_packet_write (VmSocketType type, const gchar *space, gint64 id,
    const gchar *data, gsize size);
