/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* The mesh at a server (protocol/mesh.md): sessions, connected pages and
 * agents, their capabilities, and the messages between agents. The room model
 * handles media, chat and presence of pages; agents hear of a room, but have no
 * seat in it. All on vm-net. */

/* Rooms of the mesh hold 2 to 4: a page cannot join a fuller room. */
#define VM_MESH_ROOM_SIZE 4
#define VM_MESH_SECRET_MAX 128 /* bytes */
/* Agents whose terminals one page may offer to see. */
#define VM_MESH_VIEWS_MAX 8

extern const VmServerProtocol vm_protocol_mesh;
