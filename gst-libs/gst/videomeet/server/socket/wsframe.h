/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The frames of a WebSocket, as a server reads and writes them (RFC 6455 §5);
 * wslay reads them. Sans-I/O. */

#define VM_WS_FRAME_HEADER_MAX 10 /* of a frame that is written */
#define VM_WS_CONTROL_MAX 125 /* payload of a control frame */

typedef enum
{
  VM_WS_TEXT = 1,
  VM_WS_BINARY = 2,
  VM_WS_CLOSE = 8,
  VM_WS_PING = 9,
  VM_WS_PONG = 10,
} VmWsOpcode;

typedef enum
{
  VM_WS_PIECE_DATA, /* of a message */
  VM_WS_PIECE_CONTROL, /* a whole control frame */
  VM_WS_PIECE_BAD, /* no frame of a client; nothing is read any more */
} VmWsPieceType;

typedef struct
{
  VmWsPieceType type;
  VmWsOpcode opcode; /* of the message, or the control frame */
  const guint8 *data; /* until the next call */
  gsize size;
  gsize missing; /* bytes of this frame that are still to come */
  gboolean final; /* the message's last frame */
} VmWsPiece;

typedef struct _VmWsFrames VmWsFrames;
typedef struct
{
  VmWsFrames *frames; /* NULL between frames: 4 KB for an idle client */
  guint8 message; /* the opcode of a message that has begun, or 0 */
  gboolean bad;
} VmWsReader;

/* The bytes that vm_ws_reader_next() reads until it returns FALSE. */
void vm_ws_reader_feed (VmWsReader *reader, const guint8 *data, gsize size);
gboolean vm_ws_reader_next (VmWsReader *reader, VmWsPiece *piece);
void vm_ws_reader_clear (VmWsReader *reader);
/* Returns: the size of the header */
gsize vm_ws_write_header (guint8 *header, VmWsOpcode opcode, gsize size);
