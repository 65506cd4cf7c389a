/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "file/vmfilepad.h"
#include "media/vminput.h"
#include "media/vmplayout.h"
#include "peer/vmpeer.h"
#include "record/vmrecorder.h"

#include <gst/videomeet/videomeet.h>

/* One other participant of the meeting: the connection to it, its src pads, its
 * recording, and the files to it and from it. */

#define VM_TYPE_LINK (vm_link_get_type ())
G_DECLARE_FINAL_TYPE (VmLink, vm_link, VM, LINK, GObject)

/* The settings of the meeting that a link uses. */
typedef struct
{
  VmDialectName dialect;
  VmCallType call_type;
  gchar *stun_server, *record_dir;
  gchar **turn_servers;
  VmCodec codecs[VM_CODEC_N]; /* video, best first; VM_CODEC_NONE ends */
  VmPathKinds paths; /* that may be taken; never 0 */
  gboolean decode, file_wss;
  gboolean receive; /* media of the others */
  VmAudioProfile audio_profile;
  gint latency_ms; /* or VM_LATENCY_AUTO */
  guint key_frame_interval_ms, connect_timeout_ms;
} VmLinkConfig;

void vm_link_config_clear (VmLinkConfig *config);

typedef struct _VmController VmController; /* the controller of the links */
typedef struct _VmSignalBin VmSignalBin; /* the element, which posts warnings */

/* What a link asks of the controller of its meeting; control thread but where
 * it says otherwise. */
typedef struct
{
  /* Any thread. */
  VmController *(*ref) (VmController *controller);
  void (*unref) (VmController *controller);
  /* These are there as long as the controller is. Any thread. */
  GMainContext *(*get_context) (VmController *controller);
  VmNode *(*get_node) (VmController *controller);
  /* The servers in it become the host's as well, when the meeting is joined. */
  const VmLinkConfig *(*get_config) (VmController *controller);
  /* NULL once it is over. */
  VmMeeting *(*get_meeting) (VmController *controller);
  /* Any thread: runs @func on the control thread. */
  void (*invoke) (VmController *controller, GSourceFunc func, gpointer data,
      GDestroyNotify notify);
  /* Any thread. */
  gboolean (*is_playing) (VmController *controller);
  void (*get_clock) (
      VmController *controller, GstClock **clock, GstClockTime *base_time);
  /* Whether a frame got its time @pts before a pause, which has moved the base
   * time since. Any thread. */
  gboolean (*is_stale) (VmController *controller, GstClockTime pts);
  /* As vm_slots_take(), and its opposite. */
  guint (*take_slot) (VmController *controller);
  void (*release_slot) (VmController *controller, guint slot);
  /* Takes a recorder that was closed, and waits for its file before the end. */
  void (*adopt_recorder) (VmController *controller, VmRecorder *recorder);
  /* Keeps this device's server running until the end, for incoming files: its
   * port; 0: it does not run. */
  guint16 (*serve_files) (VmController *controller);
  /* A channel for the waiting files of the pads has changed. */
  void (*files_changed) (VmController *controller);
  /* A frame of @participant, as it came. A streaming thread. */
  void (*heard) (VmController *controller, VmParticipant *participant,
      VmPeerStream stream, GstSample *sample);
  /* Whether a server passes on what links hear. */
  gboolean (*has_cloud) (VmController *controller);
  /* Asks for a key frame of what the link hears from elsewhere. Any thread. */
  void (*request_key_unit) (
      VmController *controller, VmLink *link, VmPeerStream stream);
} VmLinkOwner;

/* What a link asks of the element; control thread but where it says
 * otherwise. */
typedef struct
{
  /* Takes @structure, for the bus and for a signal of its name. Any thread. */
  void (*post) (VmSignalBin *bin, GstStructure *structure);
  /* Transfer full, or NULL. */
  VmInput *(*get_input) (VmSignalBin *bin, VmPeerStream stream);
  /* Adds the pad @kind_src_@slot ("video", "audio", "file"), of a VmOutput or a
   * VmFileOutput; takes a floating @output. Returns: (transfer full) */
  GstPad *(*add_output) (VmSignalBin *bin, GstElement *output,
      const gchar *kind, guint slot, VmParticipant *participant);
  /* EOS leaves the pad, then the pad and the output go, in @context. They may
   * be gone already, because the element has stopped. */
  void (*end_output) (
      VmSignalBin *bin, GstPad *pad, GstElement *output, GMainContext *context);
  /* Links @pad, a source of files, to a sink that a departed participant's
   * files went to. FALSE: there is none. */
  gboolean (*link_free_sink) (VmSignalBin *bin, GstPad *pad);
} VmLinkBin;

/* An offer or an answer as received. */
typedef struct
{
  gchar *sdp, *session;
  guint generation;
  gchar *identity; /* or NULL: unsigned */
} VmLinkDescription;
VmLinkDescription *vm_link_description_new (const gchar *sdp,
    const gchar *session, guint generation, const gchar *identity);
void vm_link_description_free (VmLinkDescription *description);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmLinkDescription, vm_link_description_free)

/* Control thread, but for vm_link_push(). The tables are there for ever, and
 * @bin until the link is closed. */
VmLink *vm_link_new (const VmLinkOwner *owner, VmController *controller,
    const VmLinkBin *bin_funcs, VmSignalBin *bin, VmParticipant *participant);
VmParticipant *vm_link_get_participant (VmLink *link);
/* It needs no connection of its own from now on, or does: a server passes on
 * what the participant sends, and vm_link_hear() hands it over. One that there
 * is stays. */
void vm_link_set_served (VmLink *link, gboolean served);
/* What comes by the server is heard, as soon as it comes, in place of what
 * comes by a connection; or the other way round, as at first. */
void vm_link_set_by_server (VmLink *link, gboolean by_server);
/* No path leads to the participant, so a server passes on what it sends, until
 * a connection brings it: another one is tried now and then. */
void vm_link_set_paired (VmLink *link, gboolean paired);
gboolean vm_link_is_paired (VmLink *link);
/* TRUE once, when it is paired and both hear each other by their connection. */
gboolean vm_link_ends_pair (VmLink *link);
/* The participant finds no path to this device, which says the same unless it
 * has one. */
void vm_link_agree_to_pair (VmLink *link);
/* What comes next of that stream begins anew: its number for vm_link_hear(). */
guint vm_link_hear_from (VmLink *link, VmPeerStream stream);
/* What came by the server under that number has ended: what comes by a
 * connection is heard, if there is one. */
void vm_link_lose_server (VmLink *link, VmPeerStream stream, guint number);
/* Whether the participant is to be told that it is heard by the server, @heard,
 * or no more: TRUE once for each change. */
gboolean vm_link_tells_served (VmLink *link, gboolean *heard);
/* TRUE once after vm_link_set_served() with FALSE, or being paired, when the
 * participant is heard by its own connection: it is to be told. */
gboolean vm_link_tells_back (VmLink *link);
/* The participant hears this device by the server, or by their connection
 * again. When both hear each other by the server, that connection ends. */
void vm_link_set_heard_there (VmLink *link, gboolean heard);
/* Whether the participant has said that it hears this device by their
 * connection again. */
gboolean vm_link_is_heard_back (VmLink *link);
/* Tells of the path that its frames come by, if that is another. */
void vm_link_look_at_path (VmLink *link);
/* Whether it is heard by its own connection. */
gboolean vm_link_hears_mesh (VmLink *link);
gboolean vm_link_has_connection (VmLink *link);
/* A streaming thread: one frame, as VmPeerSampleFunc. */
void vm_link_hear (
    VmLink *link, guint number, VmPeerStream stream, GstSample *sample);
/* Asks for a key frame; any thread. */
void vm_link_request_key_unit (VmLink *link, VmPeerStream stream);
/* The participant sends that stream no more. */
void vm_link_end_stream (VmLink *link, VmPeerStream stream);
void vm_link_offer (VmLink *link);
/* The same soon, once for several requests. */
void vm_link_restart (VmLink *link);
/* The user wants another connection, offered by either side. */
void vm_link_begin_anew (VmLink *link);
/* The host is back: tries a connection that failed meanwhile again. */
void vm_link_recover (VmLink *link);
/* This device has other addresses, or has slept. */
void vm_link_network_changed (VmLink *link, gboolean slept);
/* The STUN and TURN servers are others: a relay may refuse to go on with a
 * credential that has expired. */
void vm_link_servers_changed (VmLink *link);
/* The inputs that it is sent were replaced. */
void vm_link_change_inputs (VmLink *link);
/* @codec cannot encode the stream: sends another codec, or none. */
void vm_link_drop_codec (VmLink *link, VmPeerStream stream, VmCodec codec);
/* The other side is to offer, in time. */
void vm_link_expect_offer (VmLink *link);
/* Received messages; only those that the other side has signed are used. */
/* Whether it may be taken; else the other side hears why. */
gboolean vm_link_wants_offer (VmLink *link, const VmLinkDescription *offer);
void vm_link_take_offer (VmLink *link, const VmLinkDescription *offer);
void vm_link_take_answer (VmLink *link, const VmLinkDescription *answer);
/* The other side says that it does not connect to this one. */
void vm_link_take_refusal (VmLink *link, const GError *error);
/* A message that the meeting delivered in its name was forged. */
void vm_link_tell_forged (VmLink *link, const GError *error);
void vm_link_take_candidate (VmLink *link, const gchar *candidate, gint mline,
    const gchar *session, guint generation);
/* The user wants to compare digits with that of the participant; what comes of
 * it is told by the message `vm-compare`. */
gboolean vm_link_compare (VmLink *link, GError **error);
/* And has compared them. */
gboolean vm_link_answer_compare (VmLink *link, gboolean same, GError **error);
gboolean
vm_link_send_text (VmLink *link, const gchar *label, const gchar *text);
/* The element is paused until vm_link_set_clock(): nothing is recorded. */
void vm_link_pause (VmLink *link);
void vm_link_set_clock (VmLink *link);
void vm_link_push (
    VmLink *link, VmPeerStream stream, VmCodec codec, GstSample *sample);
GstStructure *vm_link_get_stats (VmLink *link);
#define VM_LINK_SILENCE 127 /* -dBov, RFC 6464 */
/* As vm_peer_take_audio_level(). */
gint vm_link_take_audio_level (VmLink *link);
/* What vm_link_take_audio_level() has said, for the statistics. */
void vm_link_note_audio_level (VmLink *link, gint level);
/* Adds what the participant wants of the sound that it is sent. */
void vm_link_add_sound_wish (VmLink *link, VmSoundWish *wish);
void vm_link_check_stalled (VmLink *self);
/* Lost sound is waited for as long as sound is held back now. To be called ten
 * times a second. */
void vm_link_follow_delay (VmLink *link);
/* Posts "vm-media-missing" when what the other side sends has not arrived for
 * VM_LINK_MISSING_US, and when it does again. To be called ten times a second.
 */
#define VM_LINK_MISSING_US (8 * G_USEC_PER_SEC)
/* From then on lost packets are counted as a reason. */
#define VM_LINK_QUIET_US (1 * G_USEC_PER_SEC)
/* Percent of lost packets from which on the network is named as the reason. */
#define VM_LINK_LOSSY 10
void vm_link_check_missing (VmLink *link, gint64 now);
/* Asks for a key frame where the last one is too long ago for those who take
 * what is encoded. */
void vm_link_check_key_frames (VmLink *link, gint64 now);
void vm_link_close (VmLink *link);
/* See vm_peer_linger(). */
void vm_link_linger (VmLink *link);

/* Files */

/* Whether a file of that id is on its way to it. */
gboolean vm_link_has_transfer (VmLink *link, const gchar *id);
/* A message from @pad; FALSE: it is to wait. */
gboolean vm_link_put_file (VmLink *link, VmFilePad *pad, GstBuffer *buffer);
/* Ends the unfinished transfers of @pad; their receivers keep the chunks. */
void vm_link_drop_file_pad (VmLink *link, VmFilePad *pad);
/* Tells the sender of @message on @pad why it is not delivered. */
void vm_link_refuse_file (VmFilePad *pad, const GstStructure *message,
    const gchar *participant, const GError *error);
/* Sends queued messages as far as the channels accept them; whether any was
 * sent. */
gboolean vm_link_pump_files (VmLink *link);
