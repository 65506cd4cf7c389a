/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/server/server-priv.h>
#include <libsoup/soup.h>

/* A client that sends exactly the bytes a test wants, over a real loopback
 * socket, and never waits longer than NET_SECONDS. */

#define NET_SECONDS 60 /* a sanitizer on a busy machine is slow */

typedef struct
{
  guint status; /* 0: the connection was closed without an answer */
  gchar *text; /* the whole answer */
  const gchar *body; /* inside text */
} NetAnswer;

/* A server that waits longer than any test: of these a test shortens the one it
 * is about, for a client on a busy machine is slow in all the others. */
#define NET_LONG (600 * G_TIME_SPAN_SECOND)
extern const VmServerTimes patient;

/* Whom TLS connections show from now on; NULL: nobody. */
void net_use_identity (VmIdentity *identity);
/* From which address of 127.0.0.0/8 net_connect() comes; NULL: any. */
void net_use_address (const gchar *address);
/* With @times, or patient. */
VmServer *net_server (VmServerConfig *config, const VmServerTimes *times);
/* Runs @func on vm-net, and waits for its end. */
void net_run (VmServer *server, VmServerFunc func, gpointer data);
GIOStream *net_connect (VmServer *server);
/* Sends all of @request and reads one answer with its body. */
NetAnswer *net_ask_on (GIOStream *stream, const gchar *request, gsize size);
NetAnswer *
net_ask (VmServer *server, const gchar *format, ...) G_GNUC_PRINTF (2, 3);
void net_answer_free (NetAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetAnswer, net_answer_free)

/* POSTs @json to /meetings/join. */
NetAnswer *net_join (VmServer *server, const gchar *json);
/* A ticket for @meeting; @user joins. */
gchar *net_ticket (VmServer *server, const gchar *meeting, const gchar *user);

/* A WebSocket that keeps what it gets; the caller's main context runs it. */
typedef struct
{
  SoupWebsocketConnection *socket;
  GQueue texts; /* of gchar * */
  gboolean closed;
} NetSocket;

/* NULL with @error when the server refuses. */
NetSocket *net_socket_open (
    VmServer *server, const gchar *path, const gchar *protocol, GError **error);
/* With a ticket for @meeting, and hello said. */
NetSocket *
net_socket_join (VmServer *server, const gchar *meeting, const gchar *user);
void net_socket_send (NetSocket *socket, const gchar *format, ...)
    G_GNUC_PRINTF (2, 3);
/* The next message, or NULL when the server closed first. */
gchar *net_socket_next (NetSocket *socket);
/* The next message of @type; others are dropped. */
gchar *net_socket_wait (NetSocket *socket, const gchar *type);
/* Waits for the end; the close code, 0 without one. */
guint net_socket_wait_closed (NetSocket *socket);
void net_socket_free (NetSocket *socket);

/* A WebSocket written by hand, for what no well-behaved client does: @user has
 * a ticket for the meeting “standup”; no hello was said. */
GIOStream *net_raw_open (VmServer *server, const gchar *user);
/* The same at @path, with the lines @header besides; of no dialect in
 * particular. */
GIOStream *
net_raw_upgrade (VmServer *server, const gchar *path, const gchar *header);
/* One frame, masked with zeros. FALSE when the server has hung up. */
gboolean net_raw_send (
    GIOStream *stream, guint8 first_byte, const gchar *payload, gsize size);
/* That frame, so many times at once. */
gboolean net_raw_send_many (GIOStream *stream, guint8 first_byte,
    const gchar *payload, gsize size, guint times);
/* The next frame, of at most NET_RAW_MAX bytes; its first byte, 0 at the
 * end. */
#define NET_RAW_MAX 65536
guint8 net_raw_read (GIOStream *stream, guint8 *payload, gsize *size);
/* Reads on until the close frame; its code, 0 without one. */
guint net_raw_close_code (GIOStream *stream);
