/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "support/net/netclient.h"

/* A client of /socket.io/ written by hand, that polls or has a WebSocket. */
typedef struct
{
  VmServer *server;
  gchar *sid; /* of the session */
  gchar *id; /* what it is called, once connected */
  NetSocket *socket; /* NULL: it polls */
  GQueue packets; /* of gchar *, that came with others */
} SocketClient;

/* A session; @query: more of the URL ("&pin=…"), or "". */
SocketClient *
socket_client_open (VmServer *server, gboolean polls, const gchar *query);
/* And connected to the namespace "/". */
SocketClient *
socket_client_connect (VmServer *server, gboolean polls, const gchar *query);
void socket_client_free (SocketClient *client);

/* A packet of Engine.IO, or several where it polls. */
void socket_client_say (SocketClient *client, const gchar *format, ...)
    G_GNUC_PRINTF (2, 3);
/* The next; NULL when the session is no more. */
gchar *socket_client_next (SocketClient *client);
/* Just this comes next. */
void socket_client_hears (SocketClient *client, const gchar *format, ...)
    G_GNUC_PRINTF (2, 3);
/* Waits for a packet that begins so; others are dropped. */
gchar *socket_client_wait (SocketClient *client, const gchar *start);

/* What one request is answered. */
NetAnswer *socket_poll (VmServer *server, const gchar *query);
NetAnswer *
socket_post (VmServer *server, const gchar *sid, const gchar *body, gsize size);
