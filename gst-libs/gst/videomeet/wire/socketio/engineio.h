/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

/* Engine.IO protocol 4, "Packet encoding": packets of one session, each a frame
 * of a WebSocket, or several in the body of an HTTP request or its answer.
 * Sans-I/O: pure, any thread. */

#define VM_ENGINE_PROTOCOL "4" /* as ?EIO= says it */

/* One frame, or one body; what `maxPayload` of the handshake says
 * (protocol/socketio.md#sessions). */
#define VM_ENGINE_PAYLOAD_MAX (256 * 1024)
/* Packets in one body: as many as wait for a client at most. */
#define VM_ENGINE_PACKETS_MAX 256

typedef enum
{
  VM_ENGINE_OPEN,
  VM_ENGINE_CLOSE,
  VM_ENGINE_PING,
  VM_ENGINE_PONG,
  VM_ENGINE_MESSAGE,
  VM_ENGINE_UPGRADE,
  VM_ENGINE_NOOP,
  VM_ENGINE_N_TYPES
} VmEngineType;

/* It points into what it was read from. */
typedef struct
{
  VmEngineType type;
  gboolean binary; /* a message, whose data is base64 in a body */
  const gchar *data;
  gsize size;
} VmEnginePacket;

/* The text of a frame. VM_ERROR_BAD_MESSAGE: it is no packet, not UTF-8, or
 * longer than a body may be. */
gboolean vm_engine_packet_read (
    const gchar *data, gsize size, VmEnginePacket *packet, GError **error);

/* A body, packet by packet. */
typedef struct
{
  const gchar *data;
  gsize size; /* that is left */
  guint count; /* packets so far */
  gboolean done;
} VmEngineReader;

void
vm_engine_reader_init (VmEngineReader *reader, const gchar *data, gsize size);
/* The next; FALSE with @error, as vm_engine_packet_read() or because there are
 * more than VM_ENGINE_PACKETS_MAX, and FALSE without at the end. */
gboolean vm_engine_reader_next (
    VmEngineReader *reader, VmEnginePacket *packet, GError **error);

/* A packet of text, as a frame. Returns: (transfer full) */
GBytes *vm_engine_packet_new (VmEngineType type, const gchar *data, gsize size);
/* Another of a body. */
void vm_engine_append (GString *body, GBytes *packet);

typedef struct
{
  const gchar *sid;
  gboolean upgrades; /* to a WebSocket */
  gint64 ping_interval; /* µs */
  gint64 ping_timeout;
} VmEngineHandshake;

/* The first packet of a session. Returns: (transfer full) */
GBytes *vm_engine_handshake_new (const VmEngineHandshake *handshake);
