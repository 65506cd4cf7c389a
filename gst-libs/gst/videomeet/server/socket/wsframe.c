/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/socket/wsframe.h"

#include <string.h>
#include <wslay/wslay.h>

#define FINAL 0x80
#define LENGTH_16 126
#define LENGTH_64 127
#define MASK_SIZE 4

struct _VmWsFrames
{
  wslay_frame_context_ptr context;
  const guint8 *input;
  gsize left; /* bytes of @input */
  gsize held; /* bytes that the context has, of frames that have not ended */
  guint64 got; /* payload of this frame */
  guint8 control[VM_WS_CONTROL_MAX];
};

static ssize_t
take_input (uint8_t *buffer, size_t size, int flags, void *user_data)
{
  VmWsFrames *frames = user_data;

  size = MIN (size, frames->left);
  if (!size)
    return -1;
  memcpy (buffer, frames->input, size);
  frames->input += size;
  frames->left -= size;
  frames->held += size;
  return size;
}

void
vm_ws_reader_feed (VmWsReader *reader, const guint8 *data, gsize size)
{
  static const struct wslay_frame_callbacks callbacks = { .recv_callback =
                                                              take_input };

  if (!reader->frames) {
    reader->frames = g_new0 (VmWsFrames, 1);
    if (wslay_frame_context_init (
            &reader->frames->context, &callbacks, reader->frames)
        != 0)
      g_error ("no memory for a WebSocket");
  }
  reader->frames->input = data;
  reader->frames->left = size;
}

void
vm_ws_reader_clear (VmWsReader *reader)
{
  if (!reader->frames)
    return;
  wslay_frame_context_free (reader->frames->context);
  g_clear_pointer (&reader->frames, g_free);
}

/* What wslay leaves to its caller: extensions, masks, and the order of
 * frames. */
static gboolean
is_allowed (const VmWsReader *reader, const struct wslay_frame_iocb *frame)
{
  if (frame->rsv || !frame->mask)
    return FALSE;
  if (wslay_is_ctrl_frame (frame->opcode))
    return frame->opcode <= WSLAY_PONG;
  return frame->opcode <= WSLAY_BINARY_FRAME
         && (frame->opcode == WSLAY_CONTINUATION_FRAME)
                == (reader->message != 0);
}

static gsize
header_size (guint64 payload)
{
  return 2 + (payload < LENGTH_16 ? 0 : payload < 0x10000 ? 2 : 8);
}

/* Whether @frame, of which wslay has read more, makes a piece. */
static gboolean
make_piece (
    VmWsReader *reader, const struct wslay_frame_iocb *frame, VmWsPiece *piece)
{
  VmWsFrames *frames = reader->frames;
  gboolean control = wslay_is_ctrl_frame (frame->opcode);
  gsize missing;

  if (control)
    memcpy (frames->control + frames->got, frame->data, frame->data_length);
  else if (frame->opcode)
    reader->message = frame->opcode;
  frames->got += frame->data_length;
  missing = frame->payload_length - frames->got;
  *piece =
      (VmWsPiece){ .type = control ? VM_WS_PIECE_CONTROL : VM_WS_PIECE_DATA,
        .opcode = control ? frame->opcode : reader->message,
        .data = control ? frames->control : frame->data,
        .size = control ? frames->got : frame->data_length,
        .missing = missing,
        .final = frame->fin };
  if (missing)
    return !control;
  frames->held -=
      header_size (frame->payload_length) + MASK_SIZE + frame->payload_length;
  frames->got = 0;
  if (!control && frame->fin)
    reader->message = 0;
  return TRUE;
}

gboolean
vm_ws_reader_next (VmWsReader *reader, VmWsPiece *piece)
{
  VmWsFrames *frames = reader->frames;
  struct wslay_frame_iocb frame;
  ssize_t size;

  while (frames && !reader->bad) {
    memset (&frame, 0, sizeof frame);
    size = wslay_frame_recv (frames->context, &frame);
    if (size == WSLAY_ERR_PROTO
        || (size >= 0 && !frames->got && !is_allowed (reader, &frame))) {
      *piece = (VmWsPiece){ .type = VM_WS_PIECE_BAD };
      reader->bad = TRUE;
      return TRUE;
    }
    if (size < 0)
      break;
    if (make_piece (reader, &frame, piece))
      return TRUE;
  }
  if (frames && (reader->bad || !frames->held))
    vm_ws_reader_clear (reader);
  return FALSE;
}

gsize
vm_ws_write_header (guint8 *header, VmWsOpcode opcode, gsize size)
{
  gsize bytes = header_size (size) - 2;

  header[0] = FINAL | opcode;
  header[1] = bytes == 0 ? size : bytes == 2 ? LENGTH_16 : LENGTH_64;
  for (gsize i = 0; i < bytes; i++)
    header[2 + i] = (guint64) size >> 8 * (bytes - 1 - i);
  return 2 + bytes;
}
