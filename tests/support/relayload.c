/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Clients of a server of rooms on this machine, as many as the benches of the
 * relay need and cheap enough to stand beside it. They meet two and two, and
 * stay. usage: relayload PORT room|socketio; then lines on the standard input,
 * each answered by one when it is done:
 *
 *   connect N   so many more clients, an even number
 *   offers N M  the first M send N offers each, the next when one has come
 *
 * It ends with the input, and with status 1 when a message is missing, comes
 * twice, is no offer, or does not come for long. */

#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX 16384
#define OPENING_MAX 64 /* at a time, so that no server has to refuse one */
#define OFFERS_MAX 1000
#define SDP_SIZE 4096
#define SILENCE_MS (120 * 1000)
#define EVENTS 64
#define BUFFER (64 * 1024)
#define OFFER_MAX (SDP_SIZE * 2)

enum
{
  OP_TEXT = 1,
  OP_CLOSE = 8,
  OP_PING = 9,
  OP_PONG = 10,
};

typedef struct
{
  guint index;
  int fd;
  gboolean upgraded;
  gboolean joined;
  gchar *id; /* what others call it */
  GByteArray *rest; /* of a frame that is not whole; NULL: nothing */
  GByteArray *offer; /* the frame, when it sends any */
  guint to_send;
  guint received;
} Client;

typedef struct
{
  guint16 port;
  gboolean socketio;
  int epoll;
  GPtrArray *clients;
  guint joined;
  guint opening;
} Load;

static void G_GNUC_NORETURN G_GNUC_PRINTF (1, 2) fail (const gchar *format, ...)
{
  va_list args;

  va_start (args, format);
  fputs ("relayload: ", stderr);
  vfprintf (stderr, format, args);
  fputc ('\n', stderr);
  va_end (args);
  exit (1);
}

static void
send_all (Client *client, const void *data, gsize size)
{
  /* never more than one offer is on its way: there is room for it */
  if (send (client->fd, data, size, MSG_NOSIGNAL) != (gssize) size)
    fail ("client %u cannot send: %s", client->index, g_strerror (errno));
}

/* A masked frame, RFC 6455 §5.2. */
static GByteArray *
frame_new (guint8 op, const gchar *text, gsize size)
{
  static const guint8 mask[4] = { 0x5a, 0xc3, 0x17, 0x9e };
  guint8 head[4] = { 0x80 | op, 0x80 | (size < 126 ? size : 126), size >> 8,
    size & 0xff };
  GByteArray *frame = g_byte_array_new ();

  g_assert (size <= G_MAXUINT16);
  g_byte_array_append (frame, head, size < 126 ? 2 : 4);
  g_byte_array_append (frame, mask, sizeof mask);
  for (gsize i = 0; i < size; i++) {
    guint8 byte = text[i] ^ mask[i % 4];

    g_byte_array_append (frame, &byte, 1);
  }
  return frame;
}

static void
say (Client *client, guint8 op, const gchar *text, gsize size)
{
  g_autoptr (GByteArray) frame = frame_new (op, text, size);

  send_all (client, frame->data, frame->len);
}

static void
say_text (Client *client, const gchar *text)
{
  say (client, OP_TEXT, text, strlen (text));
}

/* As a browser's: many short lines, written as JSON writes them. */
static gchar *
make_sdp (void)
{
  GString *sdp = g_string_new ("v=0\\r\\no=- 4611731400430051336 2 IN IP4 "
                               "127.0.0.1\\r\\ns=-\\r\\nt=0 0\\r\\n"
                               "a=group:BUNDLE 0 1\\r\\n");

  for (guint i = 96; sdp->len < SDP_SIZE - 64; i++)
    g_string_append_printf (sdp,
        "a=rtpmap:%u VP8/90000\\r\\na=rtcp-fb:%u "
        "transport-cc\\r\\n",
        i, i);
  while (sdp->len < SDP_SIZE - 4)
    g_string_append_c (sdp, 'x');
  g_string_append (sdp, "\\r\\n");
  return g_string_free (sdp, FALSE);
}

static void
make_offer (const Load *load, Client *client)
{
  const Client *other = g_ptr_array_index (load->clients, client->index ^ 1);
  g_autofree gchar *sdp = make_sdp ();
  const gchar *format =
      load->socketio
          ? "42[\"offer\",{\"target\":\"%s\",\"offer\":{\"type\":\"offer\","
            "\"sdp\":\"%s\"}}]"
          : "{\"type\":\"offer\",\"targetId\":\"%s\",\"offer\":{\"type\":"
            "\"offer\",\"sdp\":\"%s\"}}";
  g_autofree gchar *text = g_strdup_printf (format, other->id, sdp);

  client->offer = frame_new (OP_TEXT, text, strlen (text));
}

static void
send_offer (Client *client)
{
  if (!client->to_send)
    return;
  client->to_send--;
  send_all (client, client->offer->data, client->offer->len);
}

/* What the server says */

static void
join (const Load *load, Client *client)
{
  g_autofree gchar *text = g_strdup_printf (
      load->socketio ? "42[\"join_room\",{\"room\":\"r%u\"}]"
                     : "{\"type\":\"join\",\"roomId\":\"r%u\"}",
      client->index / 2);

  say_text (client, text);
}

static gchar *
text_of (const gchar *text, gsize size, const gchar *key)
{
  g_autofree gchar *copy = g_strndup (text, size);
  const gchar *found = strstr (copy, key);
  const gchar *end = found ? strchr (found + strlen (key), '"') : NULL;

  if (!end)
    fail ("there is no %s in %s", key, copy);
  found += strlen (key);
  return g_strndup (found, end - found);
}

static gboolean
is (const gchar *text, gsize size, const gchar *begin)
{
  return size >= strlen (begin) && memcmp (text, begin, strlen (begin)) == 0;
}

static void
take_joined (Load *load, Client *client)
{
  client->joined = TRUE;
  load->joined++;
  load->opening--;
}

static void
take_offer (Client *client, gsize size)
{
  if (!client->offer || size < SDP_SIZE || size > OFFER_MAX)
    fail ("client %u is sent an offer of %zu bytes", client->index, size);
  client->received++;
  send_offer (client);
}

static gboolean
take_socketio (Load *load, Client *client, const gchar *text, gsize size)
{
  if (is (text, size, "42[\"offer\"")) {
    take_offer (client, size);
  } else if (size == 1 && *text == '2') {
    say_text (client, "3");
  } else if (is (text, size, "0{")) {
    say_text (client, "40");
  } else if (is (text, size, "40{")) {
    client->id = text_of (text, size, "\"sid\":\"");
    join (load, client);
  } else if (is (text, size, "42[\"room_joined\"")) {
    take_joined (load, client);
  } else {
    return is (text, size, "42[\"user_joined\"");
  }
  return TRUE;
}

static gboolean
take_room (Load *load, Client *client, const gchar *text, gsize size)
{
  if (is (text, size, "{\"type\":\"offer\"")) {
    take_offer (client, size);
  } else if (is (text, size, "{\"type\":\"id\"")) {
    client->id = text_of (text, size, "\"id\":\"");
    join (load, client);
  } else if (is (text, size, "{\"type\":\"joined\"")) {
    take_joined (load, client);
  } else {
    return is (text, size, "{\"type\":\"peer-joined\"");
  }
  return TRUE;
}

static void
take_frame (
    Load *load, Client *client, guint8 op, const gchar *text, gsize size)
{
  if (op == OP_PING)
    say (client, OP_PONG, text, size);
  else if (op != OP_TEXT
           || !(load->socketio ? take_socketio (load, client, text, size)
                               : take_room (load, client, text, size)))
    fail ("client %u is sent a frame of type %u: %.*s", client->index, op,
        (int) MIN (size, 200), text);
}

/* How many bytes of @data are a whole frame, 0: not yet. */
static gsize
read_frame (Load *load, Client *client, const guint8 *data, gsize size)
{
  gsize head = 2, length;

  if (size < 2)
    return 0;
  length = data[1] & 0x7f;
  if (length == 126) {
    head = 4;
    if (size < head)
      return 0;
    length = data[2] << 8 | data[3];
  } else if (length == 127) {
    fail ("client %u is sent more than 64 KiB", client->index);
  }
  if (size < head + length)
    return 0;
  take_frame (load, client, data[0] & 0xf, (const gchar *) data + head, length);
  return head + length;
}

/* The answer to the upgrade ends with an empty line. */
static gsize
read_head (Client *client, const guint8 *data, gsize size)
{
  const guint8 *end = memmem (data, size, "\r\n\r\n", 4);

  if (!end)
    return 0;
  if (!is ((const gchar *) data, size, "HTTP/1.1 101"))
    fail ("client %u is not upgraded: %.*s", client->index, (int) (end - data),
        data);
  client->upgraded = TRUE;
  return end + 4 - data;
}

static void
read_all (Load *load, Client *client, const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) rest = g_steal_pointer (&client->rest);
  gsize used;

  if (rest) {
    g_byte_array_append (rest, data, size);
    data = rest->data;
    size = rest->len;
  }
  do {
    used = client->upgraded ? read_frame (load, client, data, size)
                            : read_head (client, data, size);
    data += used;
    size -= used;
  } while (used && size);
  if (size) {
    client->rest = g_byte_array_new ();
    g_byte_array_append (client->rest, data, size);
  }
}

static void
handle (Load *load, Client *client)
{
  static guint8 buffer[BUFFER];
  gssize size = recv (client->fd, buffer, sizeof buffer, 0);

  if (size > 0)
    read_all (load, client, buffer, size);
  else if (size == 0 || (errno != EAGAIN && errno != EINTR))
    fail ("client %u is hung up", client->index);
}

static void
turn (Load *load)
{
  struct epoll_event events[EVENTS];
  int n = epoll_wait (load->epoll, events, EVENTS, SILENCE_MS);

  if (n == 0)
    fail ("nothing comes");
  for (int i = 0; i < n; i++)
    handle (load, events[i].data.ptr);
}

/* Connecting */

static void
open_client (Load *load)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
    .sin_port = htons (load->port),
    .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  Client *client = g_new0 (Client, 1);
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };
  g_autofree gchar *request = g_strdup_printf (
      "GET %s HTTP/1.1\r\nHost: localhost:%u\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      load->socketio ? "/socket.io/?EIO=4&transport=websocket" : "/",
      load->port);
  int one = 1;

  client->index = load->clients->len;
  client->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (client->fd < 0
      || connect (client->fd, (struct sockaddr *) &address, sizeof address)
             != 0)
    fail ("client %u cannot connect: %s", client->index, g_strerror (errno));
  setsockopt (client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  g_ptr_array_add (load->clients, client);
  load->opening++;
  send_all (client, request, strlen (request));
  epoll_ctl (load->epoll, EPOLL_CTL_ADD, client->fd, &event);
}

static void
connect_more (Load *load, guint n)
{
  guint wanted = load->clients->len + n;

  if (wanted > CLIENTS_MAX || n % 2)
    fail ("%u clients: too many, or not two and two", wanted);
  while (load->joined < wanted) {
    while (load->clients->len < wanted && load->opening < OPENING_MAX)
      open_client (load);
    turn (load);
  }
  printf ("connected %u\n", load->joined);
}

/* Offers */

static void
send_offers (Load *load, guint n, guint clients)
{
  guint missing = 0;

  if (n > OFFERS_MAX || clients > load->joined || clients % 2)
    fail ("%u offers of %u clients: too many", n, clients);
  for (guint i = 0; i < clients; i++) {
    Client *client = g_ptr_array_index (load->clients, i);

    if (!client->offer)
      make_offer (load, client);
    client->to_send = n;
    client->received = 0;
  }
  for (guint i = 0; i < clients; i++)
    send_offer (g_ptr_array_index (load->clients, i));
  do {
    turn (load);
    missing = 0;
    for (guint i = 0; i < clients; i++) {
      const Client *client = g_ptr_array_index (load->clients, i);

      if (client->received > n)
        fail ("client %u is sent %u offers, not %u", i, client->received, n);
      missing += n - client->received;
    }
  } while (missing);
  printf ("offers %u\n", n * clients);
}

static void
obey (Load *load, const gchar *line)
{
  guint n, clients;

  if (sscanf (line, "connect %u", &n) == 1)
    connect_more (load, n);
  else if (sscanf (line, "offers %u %u", &n, &clients) == 2)
    send_offers (load, n, clients);
  else
    fail ("what is \"%s\"?", line);
  fflush (stdout);
}

/* Between two commands the server may have something to say as well. */
static gboolean
wait_for_line (Load *load)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
  struct epoll_event events[EVENTS];
  gboolean asked = FALSE;

  epoll_ctl (load->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
  while (!asked) {
    int n = epoll_wait (load->epoll, events, EVENTS, -1);

    for (int i = 0; i < n; i++) {
      if (events[i].data.ptr)
        handle (load, events[i].data.ptr);
      else
        asked = TRUE;
    }
  }
  epoll_ctl (load->epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
  return TRUE;
}

int
main (int argc, char **argv)
{
  Load load = { .clients = g_ptr_array_new () };
  gchar line[80];

  if (argc != 3)
    fail ("usage: relayload PORT room|socketio");
  load.port = atoi (argv[1]);
  load.socketio = g_str_equal (argv[2], "socketio");
  load.epoll = epoll_create1 (EPOLL_CLOEXEC);
  setvbuf (stdin, NULL, _IONBF, 0);
  while (wait_for_line (&load) && fgets (line, sizeof line, stdin))
    obey (&load, line);
  return 0;
}
