/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/wire/p2p/hello.h>
#include <gst/videomeet/wire/p2p/reader.h>

/* The messages of one reader; how they came apart makes no difference. */
static gsize
take_all (const guint8 *data, gsize size, gsize piece, gboolean greeting,
    GByteArray *seen)
{
  g_autoptr (VmP2pReader) reader = vm_p2p_reader_new (greeting);
  gsize total = 0;

  for (gsize at = 0; at < size; at += piece) {
    g_autoptr (GError) error = NULL;
    gboolean good =
        vm_p2p_reader_take (reader, data + at, MIN (piece, size - at), &error);
    GBytes *body;
    guint8 type;

    g_assert_true (!good == !!error);
    while ((body = vm_p2p_reader_pop (reader, &type))) {
      gsize n = g_bytes_get_size (body);

      g_assert_cmpuint (n, <=, type ? VM_P2P_BODY_MAX : VM_P2P_HELLO_MAX);
      total += vm_p2p_message_size (type, n);
      g_byte_array_append (seen, &type, 1);
      if (n)
        g_byte_array_append (seen, g_bytes_get_data (body, NULL), n);
      g_bytes_unref (body);
    }
    if (!good)
      break;
  }
  g_assert_cmpuint (total, <=, size);
  return total;
}

/* The first byte says how it begins, and the size of the pieces. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) whole = g_byte_array_new ();
  g_autoptr (GByteArray) pieces = g_byte_array_new ();
  gsize piece;

  if (size < 2)
    return;
  piece = 1 + (data[0] >> 1);
  g_assert_cmpuint (take_all (data + 1, size - 1, size, data[0] & 1, whole), ==,
      take_all (data + 1, size - 1, piece, data[0] & 1, pieces));
  g_assert_cmpmem (whole->data, whole->len, pieces->data, pieces->len);
}
