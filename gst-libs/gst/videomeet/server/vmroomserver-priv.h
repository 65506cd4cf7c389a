/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/server.h"
#include <gst/videomeet/vmroomserver.h>

/* Shared by vmroomserver.c and vmroomserver-class.c, which has the properties
 * and the signal. */

struct _VmRoomServer
{
  GObject parent;

  VmServer *server;
  guint port, room_size, max_per_address, turn_lifetime;
  guint mesh_max, mesh_return;
  gboolean loopback, insecure, relay_only;
  gchar *tls_cert, *tls_key, *turn_secret, *state_file;
  gchar *cluster, *cluster_credentials, *cluster_ca;
  gchar *gotify_url, *gotify_key;
  gchar *sfu_uri, *sfu_secret;
  gchar *auth_keys;
  gboolean auth_any_room, unmoderated;
  gchar **names, **origins, **proxies, **ice_servers, **turn_servers;
  GMainContext *context; /* of the signal, while it runs */

  GMutex lock; /* guards what follows */
  GHashTable *changed; /* id of a room -> participants, to be reported */
  GSource *source; /* that reports; NULL: nothing has changed */
  gboolean tells; /* from the start to the stop */
};

/* Everything but finalize. */
void vm_room_server_install (GObjectClass *klass);
/* The signal room-changed. */
extern guint vm_room_server_changed;
