/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Which of the devices of a meeting is its bridge to the cloud
 * (protocol/bridge.md#bridge). Pure: time comes in, as monotonic µs.
 *
 * Of those that their users have chosen, else of those that are able, the
 * earliest that is heard is the bridge. */

typedef enum
{
  VM_BRIDGE_ROLE_NO, /* has no room in the cloud, or does not reach it */
  VM_BRIDGE_ROLE_ABLE,
  VM_BRIDGE_ROLE_CHOSEN,
} VmBridgeRole;

const gchar *vm_bridge_role_to_word (VmBridgeRole role);
/* NO for any other word, and NULL. */
VmBridgeRole vm_bridge_role_from_word (const gchar *word);

/* After joining, until what the others tell of themselves has arrived. */
#define VM_BRIDGE_SETTLE_US (2 * G_USEC_PER_SEC)
/* A participant is quiet after 2 s without its heartbeat; this much later it
 * is passed over. */
#define VM_BRIDGE_LOST_US (1500 * G_TIME_SPAN_MILLISECOND)

typedef struct _VmBridgeRoster VmBridgeRoster;

VmBridgeRoster *vm_bridge_roster_new (void);
void vm_bridge_roster_free (VmBridgeRoster *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmBridgeRoster, vm_bridge_roster_free)
/* This device is in the meeting as @id, alone until others are added. */
void vm_bridge_roster_begin (VmBridgeRoster *self, const gchar *id, gint64 now);
void vm_bridge_roster_set_own_role (VmBridgeRoster *self, VmBridgeRole role);
void vm_bridge_roster_add (VmBridgeRoster *self, const gchar *id);
void vm_bridge_roster_remove (VmBridgeRoster *self, const gchar *id);
void vm_bridge_roster_set_role (
    VmBridgeRoster *self, const gchar *id, VmBridgeRole role);
void vm_bridge_roster_set_heartbeat (
    VmBridgeRoster *self, const gchar *id, gboolean beats, gint64 now);
/* Whether this device is the bridge at @now; FALSE before it has begun. */
gboolean vm_bridge_roster_is_bridge (VmBridgeRoster *self, gint64 now);

/* The bridge's connection to the room may come back by itself so long. */
#define VM_BRIDGE_AWAY_US (15 * G_USEC_PER_SEC)
/* Whether the bridge, which lost its connection at @lost_at (0: it has one), is
 * to leave the room to another: one that is able, and heard. */
gboolean
vm_bridge_roster_gives_way (VmBridgeRoster *self, gint64 lost_at, gint64 now);

/* A participant's streams are published when there was a frame of one for this
 * long: the others begin meanwhile. */
#define VM_BRIDGE_GATHER_MS 400
/* A picture comes with its first key frame, later than the sound. Without the
 * one or the other, they are published then; what is added later is another
 * connection, in which those who watch lose the first. */
#define VM_BRIDGE_GATHER_MAX_MS 2000
/* Whether what a participant sends is published, @waited µs after the first
 * frame of a stream that is not. @sound, @picture: there are such frames, or
 * such a stream is published. */
gboolean
vm_bridge_is_gathered (gint64 waited, gboolean sound, gboolean picture);
