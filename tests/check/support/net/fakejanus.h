/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

/* A Janus for tests, in the default main context: it answers each request as
 * Janus would, and keeps what it was asked. */
typedef struct
{
  SoupServer *server;
  guint port;
  GPtrArray *sockets; /* of SoupWebsocketConnection, as they came */
  GString *asked; /* every request, a line each */
  gboolean holds; /* the next ones are not opened */
  guint held;
  guint last_id; /* given to a session or a handle */
} FakeJanus;

FakeJanus *fake_janus_new (void);
void fake_janus_free (FakeJanus *janus);
/* Sends @text to the latest connection. */
void fake_janus_say (FakeJanus *janus, const gchar *text);
/* Closes all connections. */
void fake_janus_cut (FakeJanus *janus);
/* Whether a request with all of @parts came; NULL ends them. */
gboolean fake_janus_was_asked (
    FakeJanus *janus, const gchar *part, ...) G_GNUC_NULL_TERMINATED;
