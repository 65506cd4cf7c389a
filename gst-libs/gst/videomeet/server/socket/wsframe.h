/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The frames of a WebSocket, as a server reads and writes them (RFC 6455 §5).
 * Sans-I/O. */

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
  VM_WS_PIECE_NONE, /* more bytes are needed */
  VM_WS_PIECE_DATA, /* of a message */
  VM_WS_PIECE_CONTROL, /* a whole control frame */
  VM_WS_PIECE_BAD, /* no frame of a client; nothing is read any more */
} VmWsPieceType;

typedef struct
{
  VmWsPieceType type;
  VmWsOpcode opcode; /* of the message, or the control frame */
  guint8 *data;
  gsize size;
  gsize missing; /* bytes of this frame that are still to come */
  gboolean final; /* the message's last frame */
} VmWsPiece;

typedef struct
{
  guint64 left; /* payload of this frame that is still to come */
  guint8 header[14]; /* of this frame */
  guint8 have; /* bytes of it */
  guint8 masked; /* bytes of the mask that were used, modulo 4 */
  guint8 message; /* the opcode of a message that has begun, or 0 */
  guint8 control_size;
  guint8 *control; /* payload of a control frame so far */
} VmWsReader;

/* Takes what it can, once, and unmasks it in place. @piece has what it was,
 * which is good until @data or the reader change. Returns: the bytes taken, at
 * least one of @size */
gsize vm_ws_reader_take (
    VmWsReader *reader, guint8 *data, gsize size, VmWsPiece *piece);
void vm_ws_reader_clear (VmWsReader *reader);
/* Returns: the size of the header */
gsize vm_ws_write_header (guint8 *header, VmWsOpcode opcode, gsize size);
