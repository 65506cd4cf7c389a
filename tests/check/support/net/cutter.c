/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/net/cutter.h"

#include <string.h>

struct _Cutter
{
  GSocketService *service;
  guint16 port;
  guint16 to;
  GPtrArray *pairs;
  guint messages;
  guint cut_at;
  gboolean deliver;
  gboolean refuse;
  GPtrArray *silent; /* connections that are never answered; NULL: none are */
  guint cuts;
};

typedef struct _Pair Pair;

/* What goes one way. */
typedef struct
{
  Pair *pair;
  GSocket *from;
  GSocket *to;
  GByteArray *bytes; /* read and not passed on */
  GSource *source;
} Way;

struct _Pair
{
  Cutter *cutter;
  GObject *connections[2];
  Way up; /* to the server */
  Way down;
  gboolean is_websocket;
};

static void
way_clear (Way *way)
{
  g_source_destroy (way->source);
  g_source_unref (way->source);
  g_byte_array_unref (way->bytes);
}

static void
pair_free (gpointer data)
{
  Pair *pair = data;

  way_clear (&pair->up);
  way_clear (&pair->down);
  for (guint i = 0; i < 2; i++) {
    g_io_stream_close (G_IO_STREAM (pair->connections[i]), NULL, NULL);
    g_object_unref (pair->connections[i]);
  }
  g_free (pair);
}

/* RFC 6455 §5.2; 0 while the frame is not whole. */
static gsize
frame_size (const GByteArray *bytes)
{
  const guint8 *b = bytes->data;
  gsize head = 2, size;
  guint extra;

  if (bytes->len < 2)
    return 0;
  size = b[1] & 0x7f;
  extra = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (bytes->len < head + extra)
    return 0;
  if (extra)
    size = 0;
  for (guint i = 0; i < extra; i++)
    size = size << 8 | b[head + i];
  head += extra + (b[1] & 0x80 ? 4 : 0);
  return bytes->len >= head + size ? head + size : 0;
}

static void
pass (Way *way, gsize size)
{
  gsize sent = 0;

  while (sent < size) {
    gssize n = g_socket_send_with_blocking (way->to,
        (gchar *) way->bytes->data + sent, size - sent, TRUE, NULL, NULL);

    if (n <= 0)
      break;
    sent += n;
  }
  g_byte_array_remove_range (way->bytes, 0, size);
}

/* FALSE when the pair is gone. */
static gboolean
pass_frames (Way *way)
{
  Cutter *cutter = way->pair->cutter;
  gsize size;

  while ((size = frame_size (way->bytes)) > 0) {
    gboolean cut = FALSE;

    if ((way->bytes->data[0] & 0x0f) == 1)
      cut = ++cutter->messages == cutter->cut_at;
    if (!cut || cutter->deliver)
      pass (way, size);
    if (cut) {
      cutter->cuts++;
      g_ptr_array_remove (cutter->pairs, way->pair);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
pass_on (Way *way)
{
  Pair *pair = way->pair;

  if (pair->is_websocket)
    return pass_frames (way);
  if (way == &pair->down && way->bytes->len >= 12
      && memcmp (way->bytes->data, "HTTP/1.1 101", 12) == 0) {
    const gchar *head = (gchar *) way->bytes->data;
    const gchar *end = g_strstr_len (head, way->bytes->len, "\r\n\r\n");

    if (!end)
      return TRUE;
    pair->is_websocket = TRUE;
    pass (way, end + 4 - head);
    return pass_frames (way);
  }
  pass (way, way->bytes->len);
  return TRUE;
}

static gboolean
on_readable (GSocket *socket, GIOCondition condition, gpointer data)
{
  Way *way = data;
  gchar block[16384];
  gssize n = g_socket_receive_with_blocking (
      socket, block, sizeof block, FALSE, NULL, NULL);

  if (n <= 0) {
    g_ptr_array_remove (way->pair->cutter->pairs, way->pair);
    return G_SOURCE_REMOVE;
  }
  g_byte_array_append (way->bytes, (guint8 *) block, n);
  return pass_on (way);
}

static void
way_init (Way *way, Pair *pair, GSocket *from, GSocket *to)
{
  way->pair = pair;
  way->from = from;
  way->to = to;
  way->bytes = g_byte_array_new ();
  way->source = g_socket_create_source (from, G_IO_IN | G_IO_HUP, NULL);
  g_source_set_callback (way->source, G_SOURCE_FUNC (on_readable), way, NULL);
  g_source_attach (way->source, NULL);
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *client,
    GObject *source, Cutter *cutter)
{
  g_autoptr (GSocketClient) connector = g_socket_client_new ();
  GSocketConnection *server;
  Pair *pair;

  if (cutter->refuse)
    return TRUE;
  if (cutter->silent) {
    g_ptr_array_add (cutter->silent, g_object_ref (client));
    return TRUE;
  }
  server = g_socket_client_connect_to_host (
      connector, "127.0.0.1", cutter->to, NULL, NULL);
  if (!server)
    return TRUE;
  pair = g_new0 (Pair, 1);
  pair->cutter = cutter;
  pair->connections[0] = g_object_ref (G_OBJECT (client));
  pair->connections[1] = G_OBJECT (server);
  way_init (&pair->up, pair, g_socket_connection_get_socket (client),
      g_socket_connection_get_socket (server));
  way_init (&pair->down, pair, g_socket_connection_get_socket (server),
      g_socket_connection_get_socket (client));
  g_ptr_array_add (cutter->pairs, pair);
  return TRUE;
}

Cutter *
cutter_new (guint16 port)
{
  return cutter_new_at ("127.0.0.1", 0, port);
}

Cutter *
cutter_new_at (const gchar *place, guint16 own_port, guint16 port)
{
  Cutter *cutter = g_new0 (Cutter, 1);
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string (place, own_port);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  cutter->to = port;
  cutter->pairs = g_ptr_array_new_with_free_func (pair_free);
  cutter->service = g_socket_service_new ();
  g_socket_listener_add_address (G_SOCKET_LISTENER (cutter->service), address,
      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error);
  g_assert_no_error (error);
  cutter->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_signal_connect (
      cutter->service, "incoming", G_CALLBACK (on_incoming), cutter);
  g_socket_service_start (cutter->service);
  return cutter;
}

void
cutter_free (Cutter *cutter)
{
  g_socket_service_stop (cutter->service);
  g_socket_listener_close (G_SOCKET_LISTENER (cutter->service));
  g_object_unref (cutter->service);
  g_ptr_array_unref (cutter->pairs);
  g_clear_pointer (&cutter->silent, g_ptr_array_unref);
  g_free (cutter);
}

guint16
cutter_get_port (Cutter *cutter)
{
  return cutter->port;
}

void
cutter_arm (Cutter *cutter, guint message, gboolean deliver)
{
  cutter->messages = 0;
  cutter->cut_at = message;
  cutter->deliver = deliver;
  cutter->cuts = 0;
}

guint
cutter_count_messages (Cutter *cutter)
{
  return cutter->messages;
}

guint
cutter_count_cuts (Cutter *cutter)
{
  return cutter->cuts;
}

void
cutter_cut (Cutter *cutter)
{
  g_ptr_array_set_size (cutter->pairs, 0);
}

void
cutter_silence (Cutter *cutter)
{
  cutter_cut (cutter);
  if (!cutter->silent)
    cutter->silent = g_ptr_array_new_with_free_func (g_object_unref);
}

void
cutter_refuse (Cutter *cutter, gboolean refuse)
{
  cutter->refuse = refuse;
}
