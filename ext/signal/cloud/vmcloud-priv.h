/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cloud/vmcloud.h"

#include <gst/videomeet/base/vmtimer-priv.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);

/* Shared by vmcloud.c, vmcloud-publish.c and vmcloud-subscribe.c. */

typedef enum
{
  VM_CLOUD_IDLE,
  VM_CLOUD_OFFERING,
  VM_CLOUD_PUBLISHING,
  VM_CLOUD_ENDING,
  VM_CLOUD_PAUSED,
} VmCloudPublisher;

/* A stream that a participant sends, and is received. */
typedef struct
{
  gint64 feed;
  gchar *mid;
  VmLink *link;
  VmPeerStream stream; /* of the link */
  gint mline; /* of the subscriber's connection; -1: none yet */
  gboolean wanted; /* the server is asked for it */
} VmCloudSource;

/* What an m-line of the subscriber carries. */
typedef struct
{
  VmLink *link; /* NULL: nothing */
  VmPeerStream stream;
  guint number; /* of vm_link_hear_from() */
  gboolean wait_key; /* drops until a key frame */
} VmCloudSlot;

struct _VmCloud
{
  gatomicrefcount ref_count;
  const VmLinkOwner *owner;
  VmController *controller;
  const VmLinkBin *bin_funcs;
  VmSignalBin *bin; /* not owned */
  VmMeeting *meeting; /* not owned: it is there until vm_cloud_close() */
  const VmLinkConfig *config;
  gboolean closed, joined, inputs_ready;

  VmCloudPublisher publisher;
  VmPeer *out; /* or NULL */
  VmInput *inputs[VM_PEER_N_STREAMS];
  guint choice; /* index of the codec for pictures that is tried */
  guint out_failed; /* attempts, since @out was connected */
  guint out_told; /* of them */
  guint limit; /* of each picture, bit/s; 0: none */
  GSource *pause;

  VmPeer *in; /* or NULL */
  guint in_failed; /* attempts, since @in was connected */
  gboolean answered; /* its first offer */
  gboolean pairs; /* see vm_cloud_set_pairs() */
  GPtrArray *sources; /* VmCloudSource */

  GMutex lock; /* guards what follows; nothing is called under it */
  VmPeer *sending; /* == out while media may be pushed */
  VmCodec codecs[VM_PEER_N_STREAMS]; /* sent */
  VmCloudSlot slots[VM_PEER_STREAMS_OF_MANY];
  VmPeer *hearing; /* == in */
};

/* vmcloud.c */
/* NULL once the meeting is over. */
VmJanusConnection *vm_cloud_get_connection (VmCloud *self);
/* Fills in what both peers have, after so many failed attempts. @clock is to be
 * unreferenced. */
void vm_cloud_configure (
    VmCloud *self, VmPeerConfig *config, guint failed, GstClock **clock);
void vm_cloud_warn (VmCloud *self, const gchar *what, const GError *error);
/* The candidates of a peer that are there with its description. */
void vm_cloud_send_found (VmCloud *self, VmJanusRole role, VmPeer *peer);
void vm_cloud_close_peer (VmCloud *self, VmPeer **peer);

/* vmcloud-publish.c */
void vm_cloud_publish (VmCloud *self);
void vm_cloud_take_published (VmCloud *self, const VmJanusEvent *event);
void vm_cloud_take_refusal (VmCloud *self, const VmJanusEvent *event);
/* The server has ended it. */
void vm_cloud_lose_publisher (VmCloud *self, const GError *error);
void vm_cloud_stop_publishing (VmCloud *self);
/* Whether another codec for pictures is left to be tried. */
gboolean vm_cloud_has_choice (VmCloud *self);

/* vmcloud-subscribe.c */
void
vm_cloud_add_source (VmCloud *self, const VmJanusEvent *event, VmLink *link);
void vm_cloud_remove_source (VmCloud *self, const VmJanusEvent *event);
void vm_cloud_take_offer (VmCloud *self, const VmJanusEvent *event);
void vm_cloud_lose_subscriber (VmCloud *self);
void vm_cloud_stop_subscribing (VmCloud *self);
void vm_cloud_source_free (gpointer source);
