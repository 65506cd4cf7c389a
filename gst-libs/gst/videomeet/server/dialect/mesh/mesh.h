/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "room/rooms.h"
#include "wire/mesh/mesh.h"

/* The mesh at a server (protocol/mesh.md): who has signed in, the pages and
 * agents that are connected, what they may do by which capability, and what
 * goes on between agents. Media, chat and presence of pages are the room
 * model's; agents are told of a room, and have no seat in it. All on vm-net. */

/* Rooms of the mesh hold 2 to 4: a page comes into no room that is fuller. */
#define VM_MESH_ROOM_SIZE 4
#define VM_MESH_SECRET_MAX 128 /* bytes */

#define VM_MESH_SESSIONS_PATH "/v2/sessions"

typedef struct _VmServer VmServer;
typedef struct _VmMesh VmMesh;
typedef struct _VmMeshGuest VmMeshGuest;

VmMesh *vm_mesh_new (VmServer *server);
void vm_mesh_free (VmMesh *mesh);
/* What a session is opened by; NULL: nothing is asked for. */
void vm_mesh_set_secret (VmMesh *mesh, const gchar *secret);
/* 0: VM_MESH_ROOM_SIZE */
void vm_mesh_set_room_size (VmMesh *mesh, guint size);
/* An agent is sent out of @room, where the room model has no seat to take from
 * it, and stays out while that is there. FALSE: it is not in it. */
gboolean vm_mesh_remove_agent (
    VmMesh *mesh, VmRoom *room, const gchar *device_id, const GError *reason);
/* Ends what has run out. */
void vm_mesh_tick (VmMesh *mesh);
