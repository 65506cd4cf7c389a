/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/vmpeer.h"

#include <gst/videomeet/base/limits.h>

#include <gst/gst.h>

/* The bridge between a meeting and a room of Janus (protocol/bridge.md#bridge).
 * It is made of elements vmsignalbin, children of the element whose meeting it
 * is, and passes encoded frames between them as they are:
 *
 *   room       in the cloud in the name of this device; has a src pad for each
 *              stream of the others there
 *   publisher  in the cloud in the name of another participant of the meeting;
 *              gets what this device hears of it
 *   guest      in the meeting in the name of a participant of the cloud; its
 *              sink pads are linked to the src pads of the room
 *
 *   state  | goes on to | when
 *   idle   | opening    | this device is to be the bridge (vmbridgeroster.h)
 *   opening| open       | the room is joined; others hear that this device is
 *          |            | able to be the bridge, if they have heard otherwise
 *          | paused     | the room fails; others hear that this device is not
 *          |            | able to be the bridge
 *   open   | idle       | another is to be the bridge, or the meeting is left
 *          | paused     | the room fails; its connection is lost for
 *          |            | VM_BRIDGE_AWAY_US, and another device is able
 *   paused | idle       | after VM_BRIDGE_PAUSE_MS
 *
 * The publishers and guests are there while it is open. It has a thread of its
 * own, because elements may take time to stop. */

#define VM_BRIDGE_PAUSE_MS 15000
#define VM_BRIDGE_AGAIN_MS                           \
  2000 /* before a guest or publisher is tried again \
        */
/* A guest's pause doubles so often, to 32 s; after a failure that is longer ago
 * than VM_BRIDGE_STEADY_MS it begins anew. */
#define VM_BRIDGE_DOUBLINGS_MAX 4
#define VM_BRIDGE_STEADY_MS 60000
/* A participant of the room that sends nothing comes to the meeting then. */
#define VM_BRIDGE_GUEST_MS 3000
#define VM_BRIDGE_GUESTS_MAX VM_ROOM_VIA_MAX

#define VM_TYPE_BRIDGE (vm_bridge_get_type ())
G_DECLARE_FINAL_TYPE (VmBridge, vm_bridge, VM, BRIDGE, GObject)

typedef struct
{
  const gchar *uri; /* janus+ws://… */
  const gchar *user, *pin, *api_secret, *token; /* of the room; or NULL */
  gboolean make_room, chosen;
} VmBridgeConfig;

/* What it asks of the element; any thread. */
typedef struct
{
  /* As vm_controller_set_bridge(). */
  void (*tell_role) (GstBin *bin, const gchar *word);
  /* Whether vm_bridge_hear() is to be called. */
  void (*listen) (GstBin *bin, VmBridge *bridge, gboolean listen);
  /* As vm_controller_request_key_unit(). */
  void (*request_key_unit) (GstBin *bin, const gchar *id, VmPeerStream stream);
  /* Takes @structure, for the bus. */
  void (*post) (GstBin *bin, GstStructure *structure);
} VmBridgeFuncs;

/* @bin: there until vm_bridge_stop(), which may take a reference. Copies
 * @config. */
VmBridge *vm_bridge_new (
    GstBin *bin, const VmBridgeConfig *config, const VmBridgeFuncs *funcs);
/* All its elements are gone afterwards; from its own thread, as which it calls
 * @funcs, soon. */
void vm_bridge_stop (VmBridge *self);
/* What the element posts. Any thread. */
void vm_bridge_take (VmBridge *self, const GstStructure *structure);
/* Takes a message that a child of @bin posts. TRUE: the child is an element of
 * a bridge, and the bus of the application does not get the message. @self:
 * NULL once it has stopped, which some of its elements may outlive. Any thread.
 */
gboolean
vm_bridge_take_message (VmBridge *self, GstBin *bin, GstMessage *message);
/* As VmControllerTap. */
void vm_bridge_hear (
    gpointer bridge, const gchar *id, VmPeerStream stream, GstSample *sample);
