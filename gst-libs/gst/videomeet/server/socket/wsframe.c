/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/socket/wsframe.h"

#include <string.h>

#define FINAL 0x80
#define RESERVED 0x70
#define OPCODE 0x0f
#define CONTROL 0x08
#define MASKED 0x80
#define LENGTH 0x7f
#define LENGTH_16 126
#define LENGTH_64 127
#define MASK_SIZE 4
#define BAD G_MAXUINT8 /* as VmWsReader:have */

/* Of a header that has begun. */
static guint
header_size (const VmWsReader *reader)
{
  guint length = reader->have < 2 ? 0 : reader->header[1] & LENGTH;

  if (reader->have < 2)
    return 2;
  return 2
         + (length == LENGTH_16    ? 2
             : length == LENGTH_64 ? 8
                                   : 0)
         + MASK_SIZE;
}

static guint8
opcode_of (const VmWsReader *reader)
{
  return reader->header[0] & OPCODE;
}

static gboolean
is_final (const VmWsReader *reader)
{
  return (reader->header[0] & FINAL) != 0;
}

static guint64
read_length (const VmWsReader *reader)
{
  guint length = reader->header[1] & LENGTH;
  guint bytes = length == LENGTH_16 ? 2 : length == LENGTH_64 ? 8 : 0;
  guint64 value = 0;

  if (!bytes)
    return length;
  for (guint i = 0; i < bytes; i++)
    value = value << 8 | reader->header[2 + i];
  return value;
}

/* Its first two bytes say all but the length. */
static gboolean
is_allowed (const VmWsReader *reader)
{
  guint8 opcode = opcode_of (reader);

  if (reader->header[0] & RESERVED || !(reader->header[1] & MASKED))
    return FALSE;
  if (opcode & CONTROL)
    return opcode <= VM_WS_PONG && is_final (reader)
           && (reader->header[1] & LENGTH) <= VM_WS_CONTROL_MAX;
  if (opcode > VM_WS_BINARY)
    return FALSE;
  return (opcode == 0) == (reader->message != 0);
}

static void
unmask (VmWsReader *reader, guint8 *data, gsize size)
{
  const guint8 *mask = reader->header + reader->have - MASK_SIZE;
  guint8 turned[sizeof (guint64)];
  guint64 word, bytes;
  gsize i = 0;

  for (guint n = 0; n < sizeof turned; n++)
    turned[n] = mask[(reader->masked + n) % MASK_SIZE];
  memcpy (&word, turned, sizeof word);
  for (; i + sizeof word <= size; i += sizeof word) {
    memcpy (&bytes, data + i, sizeof bytes);
    bytes ^= word;
    memcpy (data + i, &bytes, sizeof bytes);
  }
  for (; i < size; i++)
    data[i] ^= turned[i % MASK_SIZE];
  reader->masked = (reader->masked + size) % MASK_SIZE;
}

static void
end_frame (VmWsReader *reader)
{
  if (!(opcode_of (reader) & CONTROL) && is_final (reader))
    reader->message = 0;
  reader->have = reader->masked = reader->control_size = 0;
}

static gsize
take_data (VmWsReader *reader, guint8 *data, gsize size, VmWsPiece *piece)
{
  size = MIN (size, reader->left);
  unmask (reader, data, size);
  reader->left -= size;
  *piece = (VmWsPiece){ .type = VM_WS_PIECE_DATA,
    .opcode = reader->message,
    .data = data,
    .size = size,
    .missing = reader->left,
    .final = is_final (reader) };
  if (!reader->left)
    end_frame (reader);
  return size;
}

static gsize
take_control (VmWsReader *reader, guint8 *data, gsize size, VmWsPiece *piece)
{
  gboolean split = reader->control || size < reader->left;

  size = MIN (size, reader->left);
  unmask (reader, data, size);
  if (!reader->control && split)
    reader->control = g_malloc (VM_WS_CONTROL_MAX);
  if (split)
    memcpy (reader->control + reader->control_size, data, size);
  reader->control_size += size;
  reader->left -= size;
  if (reader->left)
    return size;
  *piece = (VmWsPiece){ .type = VM_WS_PIECE_CONTROL,
    .opcode = opcode_of (reader),
    .data = split ? reader->control : data,
    .size = reader->control_size,
    .final = TRUE };
  end_frame (reader);
  return size;
}

void
vm_ws_reader_clear (VmWsReader *reader)
{
  g_clear_pointer (&reader->control, g_free);
}

gsize
vm_ws_reader_take (
    VmWsReader *reader, guint8 *data, gsize size, VmWsPiece *piece)
{
  gsize used = 0;

  *piece = (VmWsPiece){ .type = VM_WS_PIECE_NONE };
  if (reader->have != BAD && !reader->left) {
    if (!reader->have)
      vm_ws_reader_clear (reader);
    while (used < size && reader->have < header_size (reader)) {
      reader->header[reader->have++] = data[used++];
      if (reader->have == 2 && !is_allowed (reader))
        reader->have = BAD;
    }
    if (reader->have != BAD && reader->have < header_size (reader))
      return used;
    if (reader->have != BAD
        && (reader->left = read_length (reader)) > G_MAXINT64)
      reader->have = BAD;
    if (reader->have != BAD && !(opcode_of (reader) & CONTROL)
        && opcode_of (reader))
      reader->message = opcode_of (reader);
  }
  if (reader->have == BAD) {
    piece->type = VM_WS_PIECE_BAD;
    return size;
  }
  if (used == size && reader->left)
    return used;
  return used
         + (opcode_of (reader) & CONTROL
                 ? take_control (reader, data + used, size - used, piece)
                 : take_data (reader, data + used, size - used, piece));
}

gsize
vm_ws_write_header (guint8 *header, VmWsOpcode opcode, gsize size)
{
  guint bytes = size < LENGTH_16 ? 0 : size < 0x10000 ? 2 : 8;

  header[0] = FINAL | opcode;
  header[1] = bytes == 0 ? size : bytes == 2 ? LENGTH_16 : LENGTH_64;
  for (guint i = 0; i < bytes; i++)
    header[2 + i] = (guint64) size >> 8 * (bytes - 1 - i);
  return 2 + bytes;
}
