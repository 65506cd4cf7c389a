/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "support/net/nethost.h"

/* Scripted pages and agents of the mesh, at the server of nethost.h. */

typedef struct
{
  gchar *access_token;
  gchar *user_id;
  gchar *id; /* peer_id, or device_id of an agent */
  NetSocket *socket;
  gchar *from; /* of the last message */
} MeshClient;

/* POSTs @body to @path, with @access_token if there is one. */
NetAnswer *
mesh_post (const gchar *access_token, const gchar *path, const gchar *body);
NetAnswer *mesh_get (const gchar *access_token, const gchar *path);
/* A session for @user. */
gchar *mesh_session (const gchar *user);

/* Connected, and welcomed; @device_id NULL: a page. @query: of the URL, as
 * "&pin=123456", or "". */
MeshClient *
mesh_open (const gchar *user, const gchar *device_id, const gchar *query);
/* With the session of @of; @device_id: as above. */
MeshClient *mesh_open_again (const MeshClient *of, const gchar *device_id);
/* The same, and in the meeting "standup"; what it is told of that is read: its
 * own room.joined and @others more. */
MeshClient *mesh_sit (const gchar *user, const gchar *device_id, guint others);
void mesh_free (MeshClient *client);

/* A message of @type, with the id "m-1". */
void mesh_say (MeshClient *client, const gchar *type, const gchar *format, ...)
    G_GNUC_PRINTF (3, 4);
/* The next message is of @type, and its payload just this. */
void mesh_hears (MeshClient *client, const gchar *type, const gchar *format,
    ...) G_GNUC_PRINTF (3, 4);
/* The next is an error of that code, which answers "m-1". */
void mesh_fails (MeshClient *client, const gchar *code);
/* The payload of the next message, which is of @type. */
gchar *mesh_next (MeshClient *client, const gchar *type);
/* A member of a JSON object. */
gchar *mesh_text_of (const gchar *json, const gchar *key);

/* A capability of the server; @more: members, as ",\"ttl\":60", or "". */
gchar *
mesh_mint (const MeshClient *client, const gchar *caps, const gchar *more);
