/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/mesh/mesh.h"

/* The sessions between two agents that a server has made, for what is said of
 * them later (protocol/agents.md#sessions). A server does not see when one
 * ends, unless an agent says so: the oldest make room. Sans-I/O: times are
 * monotonic, in µs. */

#define VM_MESH_LINKS_MAX 4096
#define VM_MESH_LINKS_PER_DEVICE 64 /* that it has asked for */
/* that devices of one address have asked for: keys are free, addresses are not
 */
#define VM_MESH_LINKS_PER_ADDRESS 1024

typedef enum
{
  VM_MESH_SIDE_A, /* asked for it */
  VM_MESH_SIDE_B,
  VM_MESH_N_SIDES
} VmMeshSide;

typedef struct
{
  gchar *id;
  gchar *room;
  VmMeshKind kind;
  gchar *device[VM_MESH_N_SIDES];
  gchar *address; /* of the device that asked */
  /* to the relay; NULL once it is used */
  gchar *ticket[VM_MESH_N_SIDES];
  gint64 ticket_at; /* when they were made */
  gpointer end[VM_MESH_N_SIDES]; /* of the relay, or NULL */
  guint64 number; /* they are numbered as they are made */
  /* of the relay: what it has carried, and what it may carry at once */
  guint64 carried;
  gdouble credit;
  gint64 credit_at;
} VmMeshLink;

typedef struct _VmMeshLinks VmMeshLinks;

VmMeshLinks *vm_mesh_links_new (void);
void vm_mesh_links_free (VmMeshLinks *links);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmMeshLinks, vm_mesh_links_free)
/* The link that must go before @device, at @address, may have another; or NULL.
 */
VmMeshLink *vm_mesh_links_find_surplus (
    VmMeshLinks *links, const gchar *device, const gchar *address);
VmMeshLink *vm_mesh_links_add (VmMeshLinks *links, const gchar *id,
    const gchar *room, VmMeshKind kind, const gchar *a, const gchar *b,
    const gchar *address, gint64 now);
/* The session of @device in @room, and its side; NULL: there is none. */
VmMeshLink *vm_mesh_links_find (VmMeshLinks *links, const gchar *id,
    const gchar *room, const gchar *device, VmMeshSide *side);
/* Whose ticket it is, which is not older than @age. BAD_TICKET. */
VmMeshLink *vm_mesh_links_find_ticket (VmMeshLinks *links, const gchar *ticket,
    gint64 age, gint64 now, VmMeshSide *side, GError **error);
void vm_mesh_link_use_ticket (VmMeshLink *link, VmMeshSide side);
/* Both ends of it must be gone. */
void vm_mesh_links_remove (VmMeshLinks *links, VmMeshLink *link);
/* All of @device in @room; all where they are NULL.
 * Returns: (transfer container) */
GPtrArray *
vm_mesh_links_list (VmMeshLinks *links, const gchar *room, const gchar *device);
guint vm_mesh_links_count (VmMeshLinks *links);
