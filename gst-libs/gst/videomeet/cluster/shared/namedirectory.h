/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/shared/roomshare.h"

G_BEGIN_DECLS

/* Records other than rooms, in the same store and by the same rules
 * (cluster.h): which server has which name. Events of the cluster are delivered
 * later, never from inside another call. */

typedef struct _VmNameDirectory VmNameDirectory;

/* The keys of each kind begin with its own letter, which no room's key does. */
typedef enum
{
  VM_SHARE_ROOMS, /* rooms: no letter, and no directory */
  VM_SHARE_USERS, /* users who call one another; a record of one seat each */
  VM_SHARE_N_KINDS
} VmShareKind;

/* These may call the directory. */
typedef struct
{
  /* The seat @epoch is held; with @error it is refused and forgotten. */
  void (*seated) (guint epoch, const GError *error, gpointer user_data);
  /* A held seat is lost. */
  void (*gone) (guint epoch, const GError *reason, gpointer user_data);
  /* The participants of the record with @key have changed. */
  void (*changed) (const gchar *key, gpointer user_data);
  void (*tick) (gint64 now, gpointer user_data);
} VmNameDirectoryFuncs;

/* It lives until vm_name_directory_free(), or the end of @share. */
VmNameDirectory *vm_name_directory_new (VmRoomShare *share, VmShareKind kind,
    const VmNameDirectoryFuncs *funcs, gpointer user_data);
void vm_name_directory_free (VmNameDirectory *directory);

/* A message of another server on the share's lines, in order and once. */
typedef void (*VmShareHear) (
    const gchar *node, GBytes *message, gpointer user_data);
/* @magic: of the messages for @hear; static. @hear NULL: removes the hearer. */
void vm_room_share_set_hearer (VmRoomShare *share, VmShareKind kind,
    const gchar *magic, VmShareHear hear, gpointer user_data);
/* Sends to the hearer at @node. */
void
vm_room_share_tell (VmRoomShare *share, const gchar *node, GBytes *message);
/* The name of this one. */
const gchar *vm_room_share_get_node (VmRoomShare *share);

/* As in cluster.h. @owner: the node whose seat it takes over, or NULL. */
guint vm_name_directory_take_seat (VmNameDirectory *directory,
    const gchar *name, guint size, const VmClusterParticipant *one,
    const gchar *owner, GError **error);
void vm_name_directory_leave (VmNameDirectory *directory, guint epoch);
const VmClusterRecord *
vm_name_directory_look_up (VmNameDirectory *directory, const gchar *name);
/* As vm_cluster_watch() and so on, of the record of @name. */
gboolean
vm_name_directory_watch (VmNameDirectory *directory, const gchar *name);
void vm_name_directory_unwatch (VmNameDirectory *directory, const gchar *name);
gboolean
vm_name_directory_has_read (VmNameDirectory *directory, const gchar *name);
/* Whether @node is in a record but has no beat. */
gboolean
vm_name_directory_is_absent (VmNameDirectory *directory, const gchar *node);

G_END_DECLS
