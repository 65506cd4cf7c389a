/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A nats-server with JetStream on a port of loopback that it finds itself, and
 * keeps when it is started again. */

typedef struct
{
  GSubprocess *process; /* NULL: it is stopped */
  gchar *dir;
  gchar *port; /* NULL: not yet found */
} NatsServer;

typedef gboolean (*NatsCondition) (gpointer user_data);

/* Runs the main context until @condition holds; fails after a minute, and names
 * the condition and the line that waits for it. */
#define nats_wait(condition, user_data) \
  nats_wait_for (condition, user_data, #condition, G_STRLOC)
void nats_wait_for (NatsCondition condition, gpointer user_data,
    const gchar *name, const gchar *place);

/* @argument, @more: to be given to it, or NULL. */
void nats_server_start (
    NatsServer *server, const gchar *argument, const gchar *more);
/* With a certificate for @host ("IP:127.0.0.1"), for the user ann with the
 * password secret-of-ann. */
void nats_server_start_tls (NatsServer *server, const gchar *host);
/* With SIGKILL; what it has on disk stays. */
void nats_server_kill (NatsServer *server);
/* And removes its folder. */
void nats_server_clear (NatsServer *server);
/* A file in its folder. */
gchar *nats_server_path (NatsServer *server, const gchar *name);

G_END_DECLS
