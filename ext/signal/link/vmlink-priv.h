/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "link/vmlink.h"
#include "link/vmslots.h"
#include "media/vmoutput.h"
#include "media/vmpending.h"

#include <gst/videomeet/base/vmtimer-priv.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);

/* Shared by vmlink.c (the connection),
 * vmlink-negotiate.c (the descriptions), vmlink-media.c (the frames),
 * vmlink-talk.c (the data channels) and vmlink-files.c (those of files). */

typedef struct _VmLinkFiles VmLinkFiles;

struct _VmLink
{
  GObject parent;

  const VmLinkOwner *owner;
  VmController *controller; /* of the owner: closes it, and is there as long */
  const VmLinkBin *bin_funcs;
  VmSignalBin *bin; /* not owned */
  GMainContext *context; /* this, and the next two: the owner's */
  VmNode *node;
  const VmLinkConfig *config;
  VmParticipant *participant;
  VmPeer *peer; /* control thread */
  VmPeer *old_peer; /* what it replaces, while the host is lost */
  VmMediaSession *media, *old_media; /* of those; NULL: nobody has a key */
  gboolean told_forged; /* reported a forgery, once for each link */
  GSource *old_source; /* until then at most */
  gulong handlers[7];
  gchar *session;
  gchar *theirs; /* vm_peer_name_connection() of what was taken last, or NULL */
  guint generation, failed; /* attempts, since it was connected */
  GQueue early; /* Early */
  guint slot, second_slot; /* or VM_SLOT_NONE */
  guint slots[VM_PEER_N_STREAMS]; /* which of them its output has */
  VmInput *inputs[VM_PEER_N_STREAMS]; /* that this is a consumer of */
  GSource *restart_source; /* an offer of ours is due */
  GSource *offer_wait; /* until when theirs must have come */
  gint64 connected_at; /* µs: when the last connection was begun */
  VmLinkDescription *held; /* an offer that came too soon */
  GSource *held_source;
  VmPeerState state;
  gchar *path;
  gboolean closed;
  VmLinkFiles *files; /* once there was one */

  GMutex lock; /* guards what follows; nothing is called under it */
  VmPeer *sender; /* == peer while media may be pushed */
  VmCodec codecs[VM_PEER_N_STREAMS]; /* what is sent to it */
  VmOutput *outputs[VM_PEER_N_STREAMS];
  GstPad *pads[VM_PEER_N_STREAMS];
  gboolean asked[VM_PEER_N_STREAMS]; /* an output is being made, or refused */
  gboolean
      renewed[VM_PEER_N_STREAMS]; /* its codec is another than the output's */
  VmPending pending[VM_PEER_N_STREAMS]; /* until the output is there */
  guint64 frames[VM_PEER_N_STREAMS];
  /* µs: when the last key frame came, or was asked for without one; 0: none */
  gint64 key_at[VM_PEER_N_STREAMS];
  guint64 key_frames[VM_PEER_N_STREAMS]; /* frames that there were then */
  VmRecorder *recorder;
};

/* vmlink.c */
/* Returns: (transfer none) (nullable) */
VmMeeting *vm_link_get_meeting (VmLink *self);
/* Begins a connection in place of the retired one. */
void vm_link_connect (VmLink *self, gboolean offerer, const gchar *offer);
/* Another connection is about to take its place. */
void vm_link_retire_peer (VmLink *self);
void vm_link_close_peer (VmLink *self);

/* vmlink-retry.c */
/* Milliseconds until a new connection may begin: repeated requests get one a
 * second. */
guint vm_link_connect_delay (VmLink *self);
/* The connection is given up, and tried again if that may help. */
void vm_link_fail (VmLink *self, const GError *error);
/* The other side has closed the connection: where that is a call, it has hung
 * up; else it is tried again. */
void vm_link_end (VmLink *self, const GError *error);
/* An offer is refused, and the connection is as it was. */
void vm_link_warn_refused (VmLink *self, const GError *error);
/* Acquires the inputs that @offer newly takes in the existing connection. */
void vm_link_acquire_more (VmLink *self, const gchar *offer);

/* vmlink-negotiate.c */
void vm_link_start_negotiating (VmLink *self);
void vm_link_stop_negotiating (VmLink *self);
void vm_link_add_early_candidates (VmLink *self);
/* The field of a description that @error is about, as "a=setup"; or NULL. */
gchar *vm_link_find_field (const GError *error);
/* Tells the other side if @error is a refusal of its description. */
void vm_link_tell_refusal (VmLink *self, const GError *error);

/* vmlink-media.c */
void vm_link_on_sample (gpointer link, VmPeerStream stream, GstSample *sample);
void vm_link_end_outputs (VmLink *self);
void vm_link_end_stream (VmLink *self, VmPeerStream stream);
void vm_link_start_recording (VmLink *self);
void vm_link_stop_recording (VmLink *self);

/* vmlink-talk.c: data channels */
void vm_link_start_talk (VmLink *self);
void vm_link_stop_talk (VmLink *self);
/* While the host is lost, the messages that replace a connection go over the
 * old one: whether it is kept for that. */
gboolean vm_link_keep_old_peer (VmLink *self);
void vm_link_drop_old_peer (VmLink *self);

/* vmlink-files.c */
/* A message that came on one of the two channels for files. */
void vm_link_take_file (VmLink *self, GBytes *data, gboolean text);
/* The channels are those of another connection, or of none. */
void vm_link_restart_files (VmLink *self);
/* Tells the senders that the participant has left, and ends its pad. */
void vm_link_end_files (VmLink *self);
