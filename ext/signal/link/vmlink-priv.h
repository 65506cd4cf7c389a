/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "link/vmlink.h"
#include "link/vmslots.h"
#include "media/vmoutput.h"
#include "media/vmpending.h"

#include <gst/videomeet/base/vmtimer-priv.h>
#include <gst/videomeet/trust/pairing/comparison.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);

/* Shared by vmlink.c (the connection),
 * vmlink-negotiate.c (the descriptions), vmlink-media.c (the frames),
 * vmlink-talk.c (the data channels) and vmlink-files.c (those of files). */

typedef struct _VmLinkFiles VmLinkFiles;

/* One connection to the participant, and what goes over it. */
typedef struct
{
  VmPeer *peer;
  VmMediaSession *media; /* NULL: nobody has a key */
  VmInput *inputs[VM_PEER_N_STREAMS]; /* that it is a consumer of */
  VmCodec codecs[VM_PEER_N_STREAMS]; /* sent; guarded by VmLink:lock */
  guint number; /* of those that were begun */
} VmConnection;

#define VM_LINK_BY_SERVER (1u << 31)

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
  /* The connection in use; the one that is being made in its place; and the
   * one that was replaced, which is heard until the new one is. Control thread;
   * each may be NULL, and there is no @next without @now. */
  VmConnection *now, *next, *past;
  GSource *past_source; /* looks whether @past may be closed */
  gint64 past_since; /* µs */
  gboolean given_up; /* the descriptions of @session are those of no @next */
  guint connections; /* begun so far: the number of the newest */
  gint64 due_since[VM_PEER_N_STREAMS]; /* µs: frames are due; 0: none is */
  gboolean missing[VM_PEER_N_STREAMS]; /* as was told */
  gboolean quiet; /* one of them, for VM_LINK_QUIET_US */
  gint64 quiet_lost; /* packets of the connection, when that began */
  guint64 quiet_received;
  gboolean unsteady; /* nothing is heard over @now at the moment */
  gboolean told_forged; /* reported a forgery, once for each link */
  gchar *session;
  gchar *theirs; /* vm_peer_name_connection() of what was taken last, or NULL */
  gboolean offered; /* an offer of this side was sent */
  guint generation, failed; /* attempts, since it was connected */
  guint choice; /* of the codecs of pictures; those before it were refused */
  GError *awaited; /* why the offer before was refused, or NULL */
  guint refusals; /* for a codec, since it was connected */
  GQueue early; /* Early */
  gint loudest; /* -dBov, since the last statistics; -1: nothing was told */
  gboolean tells_level; /* it has, once */
  guint slot, second_slot; /* or VM_SLOT_NONE */
  guint slots[VM_PEER_N_STREAMS]; /* which of them its output has */
  GSource *restart_source; /* an offer of ours is due */
  GSource *renew_source; /* another try to replace what is silent */
  guint renewals; /* of what was silent, in a row */
  gint64 renewed_at; /* µs: the last of them; 0: none */
  VmInput *missed[VM_PEER_N_STREAMS]; /* for which another was asked for */
  GSource *missed_source; /* when it is */
  GSource *detour_source; /* when a better path is looked for */
  guint detour_ms; /* until then */
  GSource *offer_wait; /* until when theirs must have come */
  gint64 connected_at; /* µs: when the last connection was begun */
  VmLinkDescription *held; /* an offer that came too soon */
  GSource *held_source;
  VmPeerPath path; /* that was told last */
  gboolean closed;
  gboolean served; /* see vm_link_set_served() */
  gboolean paired; /* see vm_link_set_paired() */
  gboolean ended_pair; /* vm_link_ends_pair() was TRUE */
  gboolean heard_there; /* it hears this device by the server */
  gboolean told_served; /* and this device it, as was told */
  gboolean heard_back; /* it hears this device by the connection again */
  gboolean told_back; /* and this device it, as was told */
  VmPlayout *playout; /* of all its outputs; NULL: the latency is a number */
  VmOutputSound sound_before; /* of its outputs of sound that are gone */
  GSource *retire_source; /* until the connection ends therefore */
  VmLinkFiles *files; /* once there was one */
  VmComparison *comparison; /* likewise: of digits */
  GSource *compare_source; /* when it is too late */
  gchar *compare_text; /* waits for the channel to open; or NULL */
  gboolean told_same; /* the user has found them so, as was told */

  GMutex lock; /* guards what follows; nothing is called under it */
  VmConnection *sending; /* == now while media may be pushed */
  /* number of the connection that is heard, or with VM_LINK_BY_SERVER of what
   * the server passes on */
  guint heard[VM_PEER_N_STREAMS];
  guint ended[VM_PEER_N_STREAMS]; /* as vm_link_lose_server() */
  gboolean by_server; /* of the two ways, that one is preferred */
  VmOutput *outputs[VM_PEER_N_STREAMS];
  GstPad *pads[VM_PEER_N_STREAMS]; /* owned */
  gboolean asked[VM_PEER_N_STREAMS]; /* an output is being made, or refused */
  gboolean
      renewed[VM_PEER_N_STREAMS]; /* its codec is another than the output's */
  VmPending pending[VM_PEER_N_STREAMS]; /* until the output is there */
  guint64 frames[VM_PEER_N_STREAMS];
  /* µs: when the last key frame came, or was asked for without one; 0: none */
  gint64 key_at[VM_PEER_N_STREAMS];
  guint64 key_frames[VM_PEER_N_STREAMS]; /* frames that there were then */
  gint64 came_at[VM_PEER_N_STREAMS]; /* µs: the last frame; 0: none */
  VmRecorder *recorder;
};

/* vmlink.c */
/* Returns: (transfer none) (nullable) */
VmMeeting *vm_link_get_meeting (VmLink *self);
/* Begins a connection, beside the one in use if that stands: else in its
 * place. */
void vm_link_connect (
    VmLink *self, gboolean offerer, const gchar *offer, VmMediaSession *media);
/* The connection whose descriptions are exchanged, or were last; or NULL. */
VmConnection *vm_link_get_newest (VmLink *self);
/* Whether the connection in use is established. */
gboolean vm_link_is_connected (VmLink *self);
/* (nullable) */
VmConnection *vm_link_find_connection (VmLink *self, VmPeer *peer);
void vm_link_close_all (VmLink *self);
/* The newest connection is given up: the one in use goes on if there is one
 * besides, else FALSE. */
gboolean vm_link_close_next (VmLink *self);

/* Nothing more is sent over the connection in use, or it is again. */
void vm_link_stop_sending (VmLink *self);
void vm_link_resume_sending (VmLink *self);

/* vmlink-served.c */
/* Any thread: whether that stream is heard by the server. */
gboolean vm_link_is_served_stream (VmLink *self, VmPeerStream stream);
/* Whether anything of it is, or nothing else can be. */
gboolean vm_link_hears_server (VmLink *self);
/* Whether both hear each other by the server, so that the end of the connection
 * is no failure. */
gboolean vm_link_is_retired (VmLink *self);

/* vmlink-retry.c */
/* Milliseconds until a new connection may begin: repeated requests get one a
 * second. */
guint vm_link_connect_delay (VmLink *self);
/* The newest connection is given up. If there is no other, both users are told,
 * and it is tried again if that may help. */
void vm_link_fail (VmLink *self, const GError *error);
/* Another connection in place of one that still stands: nothing is heard over
 * it, or this device's addresses have changed. */
void vm_link_renew (VmLink *self, const gchar *reason);
/* Nothing is heard over the connection in use: another one is made, at once or
 * after a pause that grows with each in a row. */
void vm_link_renew_silent (VmLink *self);
/* To be called when the path in use has changed: from a detour, a better path
 * is looked for now and then. */
void vm_link_watch_detour (VmLink *self);
/* The other side has closed the connection: where that is a call, it has hung
 * up; else it is tried again. */
void vm_link_end (VmLink *self, const GError *error);
/* An offer is refused for its codec: whether the one who offers is given the
 * time to offer another. */
gboolean vm_link_awaits_codec (VmLink *self, const GError *error);
/* Something that the other side offers, or is offered, is left out. */
void vm_link_warn_left_out (VmLink *self, const GError *error);
/* An offer is refused, and the connection is as it was. */
void vm_link_warn_refused (VmLink *self, const GError *error);
/* Acquires the inputs that @offer newly takes in that connection. */
void vm_link_acquire_more (
    VmLink *self, VmConnection *connection, const gchar *offer);

/* vmlink-negotiate.c */
void vm_link_start_negotiating (VmLink *self, VmPeer *peer);
void vm_link_stop_negotiating (VmLink *self);
void vm_link_add_early_candidates (VmLink *self);
/* The field of a description that @error is about, as "a=setup"; or NULL. */
gchar *vm_link_find_field (const GError *error);
/* Tells the other side if @error is a refusal of its description. */
void vm_link_tell_refusal (VmLink *self, const GError *error);

/* vmlink-media.c */
/* The sample function of a new connection, with its data. */
gpointer vm_link_hearing_new (VmLink *self, guint number);
void vm_link_hearing_free (gpointer hearing);
void
vm_link_on_sample (gpointer hearing, VmPeerStream stream, GstSample *sample);
void vm_link_end_outputs (VmLink *self);
/* Of all its sound so far. */
void vm_link_get_sound (VmLink *self, VmOutputSound *sound);
void vm_link_start_recording (VmLink *self);
void vm_link_stop_recording (VmLink *self);

/* vmlink-talk.c: data channels */
void vm_link_start_talk (VmLink *self, VmPeer *peer);
/* The last connection is gone. */
void vm_link_stop_talk (VmLink *self);
/* The connection in use is another one. */
void vm_link_move_talk (VmLink *self);
/* Whether all that is said by data channels goes over @now. */
gboolean vm_link_has_moved_talk (VmLink *self);

/* vmlink-compare.c */
/* FALSE: @text, of the channel `signal` of @peer, is no message of a
 * comparison. One that came over another connection than that in use is
 * dropped: its digits would be of other certificates. */
gboolean vm_link_take_compare (VmLink *self, VmPeer *peer, const gchar *text);
/* The channel `signal` is open. */
void vm_link_send_compare (VmLink *self);
/* Another connection is in use. */
void vm_link_check_compared (VmLink *self);
void vm_link_end_compare (VmLink *self);

/* vmlink-files.c */
/* A message that came on one of the two channels for files. */
void vm_link_take_file (VmLink *self, GBytes *data, gboolean text);
/* The channels are those of another connection, or of none. */
void vm_link_restart_files (VmLink *self);
/* Tells the senders that the participant has left, and ends its pad. */
void vm_link_end_files (VmLink *self);
