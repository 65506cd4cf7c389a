/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/net/handshake.h"

#include <gst/check/gstcheck.h>
#include <string.h>

void
net_shake_hands (GIOStream *stream)
{
  g_autoptr (GDataInputStream) in =
      g_data_input_stream_new (g_io_stream_get_input_stream (stream));
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  g_autofree gchar *accept = NULL, *answer = NULL;
  guint8 digest[20];
  gsize size = sizeof digest;
  gchar *line;

  g_filter_input_stream_set_close_base_stream (
      G_FILTER_INPUT_STREAM (in), FALSE);
  while ((line = g_data_input_stream_read_line (in, NULL, NULL, NULL))
         && strlen (line) > 1) {
    if (g_ascii_strncasecmp (line, "Sec-WebSocket-Key:", 18) == 0)
      g_checksum_update (sum, (guchar *) g_strstrip (line + 18), -1);
    g_free (line);
  }
  g_free (line);
  g_checksum_update (
      sum, (guchar *) "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", -1);
  g_checksum_get_digest (sum, digest, &size);
  accept = g_base64_encode (digest, size);
  answer = g_strdup_printf ("HTTP/1.1 101 Switching Protocols\r\n"
                            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Accept: %s\r\n\r\n",
      accept);
  fail_unless (
      g_output_stream_write_all (g_io_stream_get_output_stream (stream), answer,
          strlen (answer), NULL, NULL, NULL));
}
