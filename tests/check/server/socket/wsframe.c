/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Frames of a WebSocket, RFC 6455 §5. */

#include <gst/videomeet/server/socket/wsframe.h>

#include "program.h"

#include <string.h>

#define MASK "\x37\xfa\x21\x3d"
#define HELLO "\x7f\x9f\x4d\x51\x58" /* masked with MASK, as in §5.7 */

/* What @bytes say, in pieces of @step bytes: "text hello|pong |..". */
static gchar *
read_frames (const gchar *bytes, gsize size, gsize step)
{
  g_autofree guint8 *copy = g_memdup2 (bytes, size);
  VmWsReader reader = { 0 };
  GString *said = g_string_new (NULL);

  for (gsize at = 0; at < size && !reader.bad; at += step) {
    VmWsPiece piece;

    vm_ws_reader_feed (&reader, copy + at, MIN (step, size - at));
    while (vm_ws_reader_next (&reader, &piece)) {
      if (piece.type == VM_WS_PIECE_BAD)
        g_string_append (said, "bad");
      if (piece.type == VM_WS_PIECE_CONTROL)
        g_string_append_printf (said, "%d:", piece.opcode);
      g_string_append_len (said, (const gchar *) piece.data, piece.size);
      if (piece.type == VM_WS_PIECE_CONTROL
          || (piece.type == VM_WS_PIECE_DATA && piece.final && !piece.missing))
        g_string_append_c (said, '|');
    }
  }
  /* nothing is held for an idle client */
  fail_unless (!reader.frames);
  vm_ws_reader_clear (&reader);
  return g_string_free (said, FALSE);
}

static const struct
{
  const gchar *bytes;
  gsize size;
  const gchar *said;
} frames[] = {
#define FRAMES(bytes, said)         \
  {                                 \
    bytes, sizeof (bytes) - 1, said \
  }
  FRAMES ("\x81\x85" MASK HELLO, "Hello|"),
  FRAMES ("\x82\x85" MASK HELLO "\x81\x80" MASK, "Hello||"),
  FRAMES ("\x89\x85" MASK HELLO "\x8a\x80" MASK, "9:Hello|10:|"),
  FRAMES ("\x01\x83" MASK "\x7f\x9f\x4d\x80\x82" MASK "\x5b\x95", "Hello|"),
  /* a ping inside a message */
  FRAMES ("\x01\x83" MASK "\x7f\x9f\x4d\x89\x80" MASK "\x80\x82" MASK
          "\x5b\x95",
      "Hel9:|lo|"),
  FRAMES ("\x88\x82" MASK "\x34\x12", "8:\x03\xe8|"),
  FRAMES ("\x81\x05Hello", "bad"), /* no mask */
  /* a length in more bytes than it needs */
  FRAMES ("\x81\xfe\x00\x05" MASK HELLO, "bad"),
  FRAMES ("\x81\xff\x00\x00\x00\x00\x00\x00\x00\x05" MASK HELLO, "bad"),
  FRAMES ("\xc1\x85" MASK HELLO, "bad"), /* a reserved bit */
  FRAMES ("\xa1\x85" MASK HELLO, "bad"),
  FRAMES ("\x91\x85" MASK HELLO, "bad"),
  FRAMES ("\x83\x85" MASK HELLO, "bad"), /* a reserved opcode */
  FRAMES ("\x8b\x85" MASK HELLO, "bad"),
  FRAMES ("\x80\x85" MASK HELLO, "bad"), /* goes on with nothing */
  FRAMES ("\x01\x80" MASK "\x81\x80" MASK, "bad"), /* begins in a message */
  FRAMES ("\x09\x80" MASK, "bad"), /* a ping in fragments */
  FRAMES ("\x89\xfe\x00\x7e" MASK, "bad"), /* a ping of 126 bytes */
  FRAMES ("\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00" MASK, "bad"),
};

GST_START_TEST (test_frames)
{
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++) {
    for (gsize step = 1; step <= frames[i].size; step++) {
      g_autofree gchar *said =
          read_frames (frames[i].bytes, frames[i].size, step);

      fail_unless (strcmp (said, frames[i].said) == 0,
          "frames %u by %" G_GSIZE_FORMAT ": %s", i, step, said);
    }
  }
}

GST_END_TEST;

/* At each length where the header changes, a frame that is written is one. */
GST_START_TEST (test_lengths)
{
  static const gsize sizes[] = { 0, 1, 125, 126, 65535, 65536, 70001 };
  static const gsize headers[] = { 2, 2, 2, 4, 4, 10, 10 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    guint8 header[VM_WS_FRAME_HEADER_MAX];
    gsize size = vm_ws_write_header (header, VM_WS_TEXT, sizes[i]);
    g_autofree gchar *payload = g_strnfill (sizes[i], 'a');
    g_autoptr (GByteArray) frame = g_byte_array_new ();
    g_autofree gchar *wanted = g_strconcat (payload, "|", NULL);
    g_autofree gchar *said = NULL;

    fail_unless_equals_uint64 (size, headers[i]);
    header[1] |= 0x80;
    g_byte_array_append (frame, header, size);
    g_byte_array_append (frame, (const guint8 *) "\0\0\0\0", 4);
    g_byte_array_append (frame, (const guint8 *) payload, sizes[i]);
    said = read_frames ((const gchar *) frame->data, frame->len, frame->len);
    fail_unless_equals_string (said, wanted);
  }
}

GST_END_TEST;

static Suite *
wsframe_suite (void)
{
  Suite *s = suite_create ("wsframe");
  TCase *tc = tcase_create ("wsframe");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_frames);
  tcase_add_test (tc, test_lengths);
  return s;
}

CHECK_PROGRAM (wsframe)
