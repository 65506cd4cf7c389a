/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/shared/roomshare.h"

G_BEGIN_DECLS

/* Other records than those of rooms, in the same store and by the same rules
 * (cluster.h): who is who at which server. What the cluster says is told when
 * nobody is in the middle of something. */

typedef struct _VmShareLedger VmShareLedger;

/* Each has keys that begin with its letter, which no room's does. */
typedef enum
{
  VM_SHARE_ROOMS, /* those have none, and no ledger */
  VM_SHARE_USERS, /* who call one another; a record each, of one seat */
  VM_SHARE_N_KINDS
} VmShareKind;

/* These may call the ledger. */
typedef struct
{
  /* The seat @epoch is held; @error: it is not, and forgotten. */
  void (*seated) (guint epoch, const GError *error, gpointer user_data);
  /* A seat that was held is lost. */
  void (*gone) (guint epoch, const GError *reason, gpointer user_data);
  /* Others than before are in the record whose name has @key. */
  void (*changed) (const gchar *key, gpointer user_data);
  void (*tick) (gint64 now, gpointer user_data);
} VmShareLedgerFuncs;

/* It lives until vm_share_ledger_free(), or the end of @share. */
VmShareLedger *vm_share_ledger_new (VmRoomShare *share, VmShareKind kind,
    const VmShareLedgerFuncs *funcs, gpointer user_data);
void vm_share_ledger_free (VmShareLedger *ledger);

/* What another server says to the share's lines, in order and once. */
typedef void (*VmShareHear) (
    const gchar *node, GBytes *message, gpointer user_data);
/* @magic: of what @hear is for; static. @hear NULL: nobody hears it any
 * more. */
void vm_room_share_set_hearer (VmRoomShare *share, VmShareKind kind,
    const gchar *magic, VmShareHear hear, gpointer user_data);
/* To the hearer of @node. */
void
vm_room_share_tell (VmRoomShare *share, const gchar *node, GBytes *message);
/* The name of this one. */
const gchar *vm_room_share_get_node (VmRoomShare *share);

/* As in cluster.h. @owner: the node whose seat it takes over, or NULL. */
guint
vm_share_ledger_take_seat (VmShareLedger *ledger, const gchar *name, guint size,
    const VmClusterParticipant *one, const gchar *owner, GError **error);
void vm_share_ledger_leave (VmShareLedger *ledger, guint epoch);
const VmClusterRecord *
vm_share_ledger_look_up (VmShareLedger *ledger, const gchar *name);
/* Whether the beat of @node, which is in a record, is missed. */
gboolean vm_share_ledger_is_absent (VmShareLedger *ledger, const gchar *node);

G_END_DECLS
