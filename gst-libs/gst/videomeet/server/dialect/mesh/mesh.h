/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* The mesh at a server (protocol/mesh.md): who has signed in, the pages and
 * agents that are connected, what they may do by which capability, and what
 * goes on between agents. Media, chat and presence of pages are the room
 * model's; agents are told of a room, and have no seat in it. All on vm-net. */

/* Rooms of the mesh hold 2 to 4: a page comes into no room that is fuller. */
#define VM_MESH_ROOM_SIZE 4
#define VM_MESH_SECRET_MAX 128 /* bytes */

extern const VmServerProtocol vm_protocol_mesh;
