/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bridge/vmbridge.h"
#include "bridge/vmbridgeroster.h"
#include "media/vmoutput.h"

#include <gst/videomeet/base/vmmailbox-priv.h>
#include <gst/videomeet/base/vmtimer-priv.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);

/* Shared by vmbridge.c (who is the bridge, and the room), vmbridge-guest.c (the
 * cloud's participants in the meeting) and vmbridge-publish.c (the meeting's
 * participants in the cloud). */

typedef enum
{
  VM_BRIDGE_IDLE,
  VM_BRIDGE_OPENING,
  VM_BRIDGE_OPEN,
  VM_BRIDGE_PAUSED,
} VmBridgeState;

/* A participant of the cloud. */
typedef struct
{
  gchar *id; /* in the room */
  gchar *origin_id, *user;
  GstElement *element; /* NULL: it is to be tried again, or never */
  GPtrArray *links; /* GstPad: sink pads of @element */
  gint64 due; /* µs: when it enters, without @element; 0: not */
  guint failures; /* in a row to enter, or stay */
  gint64 failed_at; /* µs: the last of them */
} VmBridgeGuest;

/* A participant of the meeting, this device's own included. */
typedef struct
{
  gchar *id, *user;
  GstElement *element; /* of this device: the room; or NULL */
  gint64 first; /* µs: when its first frame came that is not published; or 0 */
  gint64 again; /* µs: before that, it is not published; or 0 */
} VmBridgePublisher;

/* What a participant of the meeting sends. */
typedef struct
{
  gchar *id; /* NULL: this device */
  VmPeerStream stream;
  GstCaps *caps;
  VmOutput *output; /* NULL: not yet */
  GstPad *sink; /* of the publisher; NULL without @output */
} VmBridgeStream;

struct _VmBridge
{
  GObject parent;

  GstBin *bin;
  const VmBridgeFuncs *funcs;
  gchar *uri, *user, *pin, *api_secret, *token;
  gboolean make_room;
  VmBridgeRole role; /* while the room does not fail */

  GMainContext *context;
  GMainLoop *loop;
  VmMailbox *mailbox;
  GThread *thread;

  /* its thread */
  VmBridgeRoster *roster;
  VmBridgeState state;
  gchar *id, *meeting, *meeting_id, *link; /* of the meeting; or NULL */
  gboolean unable; /* others have heard that the room is not reached */
  GstElement *room; /* or NULL */
  gint64 lost_at; /* µs: when @room lost its connection, or 0 */
  GPtrArray *guests, *publishers;
  GHashTable *barred; /* origin ids that the meeting has removed */
  GSource *tick, *pause;
  guint made; /* elements so far, for their names */
  gboolean left_alone; /* stopped by its own thread, which then owns this and
                          @bin */

  GMutex lock; /* guards what follows; nothing is called under it */
  GCond cond;
  GPtrArray *streams; /* VmBridgeStream */
  guint closing; /* elements that are being stopped */
  gboolean stopped;
};

/* vmbridge.c */
/* A child vmsignalbin, which does not run yet. @role: for its name. */
GstElement *vm_bridge_make (VmBridge *self, const gchar *role);
void vm_bridge_run (VmBridge *self, GstElement *element);
/* Stops and removes it, on another thread; NULL is nothing. */
void vm_bridge_close_element (VmBridge *self, GstElement **element);
/* For the bus: what has happened. Either text may be NULL. */
void vm_bridge_tell (VmBridge *self, const gchar *event, const gchar *user,
    const gchar *message, const gchar *code);
/* In the room's name; (transfer full) */
gchar *vm_bridge_mark (VmBridge *self, const gchar *user, const gchar *id);

/* vmbridge-guest.c */
void vm_bridge_guest_free (gpointer guest);
void vm_bridge_add_guest (VmBridge *self, const GstStructure *joined);
void vm_bridge_remove_guest (VmBridge *self, const gchar *id);
void vm_bridge_drop_guests (VmBridge *self);
void vm_bridge_link_guest (VmBridge *self, GstPad *pad);
void vm_bridge_unlink_guest (VmBridge *self, GstPad *pad);
/* FALSE: it is none of theirs. */
gboolean vm_bridge_fail_guest (VmBridge *self, GstElement *element,
    const GError *error, const gchar *code);
void vm_bridge_try_guests (VmBridge *self, gint64 now);

/* vmbridge-publish.c */
void vm_bridge_publisher_free (gpointer publisher);
void vm_bridge_stream_free (gpointer stream);
void
vm_bridge_add_publisher (VmBridge *self, const gchar *id, const gchar *user);
void vm_bridge_remove_publisher (VmBridge *self, const gchar *id);
/* Their elements go, and they stay. */
void vm_bridge_drop_publishers (VmBridge *self);
gboolean vm_bridge_fail_publisher (
    VmBridge *self, GstElement *element, const GError *error);
void vm_bridge_try_publishers (VmBridge *self, gint64 now);
