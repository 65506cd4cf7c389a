/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "media/vmcodec.h"
#include "file/vmfilepad.h"
#include "media/vminput.h"
#include "media/vmoutput.h"
#include "peer/vmpeer.h"
#include "record/vmrecorder.h"
#include "bin/vmslots.h"

#include <gst/videomeet/videomeet.h>
#include <gst/videomeet/base/vmtimer-priv.h>

/* What the files of vmsignalbin share: vmsignalbin*.c (the element: states,
 * sink pads, src pads, properties, signals), vmcall.c (control thread: the
 * meeting), vmlink.c (one participant: its peer, its outputs, its
 * recording). */

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);

#define VM_TYPE_SIGNAL_BIN (vm_signal_bin_get_type ())
G_DECLARE_FINAL_TYPE (VmSignalBin, vm_signal_bin, VM, SIGNAL_BIN, GstBin)

/* Defaults of the properties. */
#define DEFAULT_MAX_PARTICIPANTS 10
#define DEFAULT_LATENCY_MS 200
#define DEFAULT_CODECS "vp8,h264"
#define DEFAULT_START_BITRATE 750000
#define DEFAULT_KEY_FRAME_INTERVAL_MS 2000
#define CONNECT_TIMEOUT_MIN_MS 100
#define CONNECT_TIMEOUT_MAX_MS 60000
#define DEFAULT_CONNECT_TIMEOUT_MS 8000 /* both hear of it within 10 s */

GST_ELEMENT_REGISTER_DECLARE (vmsignalbin);

typedef struct _VmCall VmCall;

#define VM_TYPE_LINK (vm_link_get_type ())
G_DECLARE_FINAL_TYPE (VmLink, vm_link, VM, LINK, GObject)

typedef enum
{
  VM_ICE_TRANSPORT_POLICY_ALL,
  VM_ICE_TRANSPORT_POLICY_RELAY,
} VmIceTransportPolicy;

struct _VmSignalBin
{
  GstBin parent;

  /* object lock */
  VmMeetingMode mode;
  VmDialectName dialect;
  VmCallType call_type;
  VmIceTransportPolicy ice_transport_policy;
  VmPolicy policy;
  gboolean policy_set;
  gchar *uri, *meeting, *user, *pin, *host_key, *cap_token;
  gchar *stun_server, *turn_servers;
  gchar *record_dir, *codecs, *status;
  gchar *tls_cert, *tls_key;
  gboolean ask_host, rejoin;
  gboolean decode, end_when_alone, file_wss, mute_audio, mute_video, hand;
  guint max_participants, latency, start_bitrate;
  guint port, key_frame_interval, connect_timeout;
  VmInput *inputs[VM_PEER_N_STREAMS];
  GPtrArray *outlets; /* Outlet */
  GSList *free_sinks; /* GWeakRef of GstPad: that have taken files */
  GPtrArray *file_pads; /* VmFilePad */

  VmNode *node; /* as call */
  gboolean hosts; /* it may, on that node */
  VmCall *call; /* between READY->PAUSED and back */

  gint ended; /* atomic: EOS was posted */
};

/* The properties as they were when the call began. */
typedef struct
{
  VmMeetingMode mode;
  VmDialectName dialect;
  VmCallType call_type;
  gchar *uri, *meeting, *user, *pin, *host_key, *cap_token;
  gchar *stun_server, *record_dir;
  gchar **turn_servers;
  VmCodec codecs[VM_CODEC_N]; /* video, best first; VM_CODEC_NONE ends */
  gboolean ask_host, rejoin, relay_only, decode, end_when_alone, file_wss;
  guint max_participants, latency_ms, start_bitrate, key_frame_interval_ms,
      connect_timeout_ms;
} VmCallConfig;

void vm_call_config_clear (VmCallConfig *config);

/* vmcall.c; any thread. */
VmCall *vm_call_new (VmSignalBin *bin, VmNode *node, VmCallConfig *config);
void vm_call_play (VmCall *call, GstClock *clock, GstClockTime base_time);
void vm_call_pause (VmCall *call);
void vm_call_inputs_changed (VmCall *call);
/* The encoder of @codec has failed. */
void vm_call_input_failed (
    VmCall *call, VmPeerStream stream, VmCodec codec, const gchar *why);
/* What waits on the pads for files has changed; or a channel for it has. */
void vm_call_files_changed (VmCall *call);
/* Nothing comes from @pad any more. */
void vm_call_drop_file_pad (VmCall *call, VmFilePad *pad);
/* A streaming thread: to every peer that takes this stream in this codec. */
void vm_call_push (
    VmCall *call, VmPeerStream stream, VmCodec codec, GstSample *sample);
/* Says bye and closes everything, but keeps the thread. */
void vm_call_hang_up (VmCall *call);
void vm_call_restart_ice (VmCall *call, const gchar *participant_id);
GstStructure *vm_call_get_stats (VmCall *call);
/* What it tells of itself has changed: muted, status, hand. */
void vm_call_presence_changed (VmCall *call);
typedef enum
{
  VM_CALL_ACTION_SEND_CHAT, /* id or NULL, text */
  VM_CALL_ACTION_KICK, /* id */
  VM_CALL_ACTION_UNBAN, /* id */
  VM_CALL_ACTION_MUTE_REQUEST, /* id, a: audio, b: video */
  VM_CALL_ACTION_LOCK, /* a */
  VM_CALL_ACTION_END,
  VM_CALL_ACTION_CALL, /* id: of a user */
  VM_CALL_ACTION_ACCEPT_CALL,
  VM_CALL_ACTION_REJECT_CALL,
  VM_CALL_ACTION_END_CALL,
  VM_CALL_ACTION_CONFIRM_HOST, /* id: of the device; a: whether it is right */
} VmCallAction;
/* What cannot be done is a warning on the bus. */
void vm_call_act (VmCall *call, VmCallAction action, const gchar *id,
    const gchar *text, gboolean a, gboolean b);
/* hang-up, and the thread ends: deadline CALL_STOP_TIMEOUT. Takes the caller's
 * reference. */
void vm_call_stop (VmCall *call);
VmCall *vm_call_ref (VmCall *call);
void vm_call_unref (VmCall *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmCall, vm_call_unref)

/* vmcall.c for vmlink.c; control thread. */
GMainContext *vm_call_get_context (VmCall *call);
/* Any thread: runs @func on the control thread. */
void vm_call_invoke (
    VmCall *call, GSourceFunc func, gpointer data, GDestroyNotify notify);
VmSignalBin *vm_call_get_bin (VmCall *call);
VmNode *vm_call_get_node (VmCall *call);
VmMeeting *vm_call_get_meeting (VmCall *call);
const VmCallConfig *vm_call_get_config (VmCall *call);
gboolean vm_call_is_playing (VmCall *call);
void
vm_call_get_clock (VmCall *call, GstClock **clock, GstClockTime *base_time);
/* Has this device's server run until the end, for files that come in: its port;
 * 0: it does not. */
guint16 vm_call_serve_files (VmCall *call);
/* As vm_slots_take(), and its opposite. */
guint vm_call_take_slot (VmCall *call);
void vm_call_release_slot (VmCall *call, guint slot);
/* Takes a recorder that was closed; vm_call_stop() waits for its file. */
void vm_call_adopt_recorder (VmCall *call, VmRecorder *recorder);

/* An offer or an answer as it came. */
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

/* vmlink*.c; control thread but for push. */
VmLink *vm_link_new (VmCall *call, VmParticipant *participant);
VmParticipant *vm_link_get_participant (VmLink *link);
void vm_link_offer (VmLink *link);
/* The same soon, however often it is asked for. */
void vm_link_restart (VmLink *link);
/* The user wants another connection, whoever of the two offers it. */
void vm_link_begin_anew (VmLink *link);
/* The host is there again: what failed meanwhile is tried anew. */
void vm_link_recover (VmLink *link);
/* Other inputs have taken the place of those that it is sent. */
void vm_link_change_inputs (VmLink *link);
/* What cannot be encoded as @codec is sent in another one, or not at all. */
void vm_link_drop_codec (VmLink *link, VmPeerStream stream, VmCodec codec);
/* The other side is to offer, in time. */
void vm_link_expect_offer (VmLink *link);
/* What came; nothing of it is used that is not the other's word. */
/* Whether it may be taken; else the other side hears why. */
gboolean vm_link_wants_offer (VmLink *link, const VmLinkDescription *offer);
void vm_link_take_offer (VmLink *link, const VmLinkDescription *offer);
void vm_link_take_answer (VmLink *link, const VmLinkDescription *answer);
/* The other side says that it does not connect to this one. */
void vm_link_take_refusal (VmLink *link, const GError *error);
/* Something that came by the meeting in its name is not its word. */
void vm_link_tell_forged (VmLink *link, const GError *error);
void vm_link_take_candidate (VmLink *link, const gchar *candidate, gint mline,
    const gchar *session, guint generation);
gboolean
vm_link_send_text (VmLink *link, const gchar *label, const gchar *text);
void vm_link_set_clock (VmLink *link);
void vm_link_push (
    VmLink *link, VmPeerStream stream, VmCodec codec, GstSample *sample);
GstStructure *vm_link_get_stats (VmLink *link);
/* As vm_peer_take_audio_level(). */
gint vm_link_take_audio_level (VmLink *link);
void vm_link_check_stalled (VmLink *self);
/* Asks for a key frame where the last one is too long ago for those who take
 * what is encoded. */
void vm_link_check_key_frames (VmLink *link, gint64 now);
void vm_link_close (VmLink *link);
/* vmlink-files.c. Whether its channels for files are open; else they are
 * opened, if they can be. */
gboolean vm_link_can_send_files (VmLink *link);
/* Whether a file of that id is on its way to it. */
gboolean vm_link_has_transfer (VmLink *link, const gchar *id);
/* A message from @pad; FALSE: it is to wait. */
gboolean vm_link_put_file (VmLink *link, VmFilePad *pad, GstBuffer *buffer);
/* What @pad has offered and is not whole ends, and its receiver keeps what it
 * has. */
void vm_link_drop_file_pad (VmLink *link, VmFilePad *pad);
/* Tells whoever sent @message on @pad why it goes nowhere. */
void vm_link_refuse_file (VmFilePad *pad, const GstStructure *message,
    const gchar *participant, const GError *error);
/* Sends what was put, as far as the channels take it; whether anything was. */
gboolean vm_link_pump_files (VmLink *link);

/* vmsignalbin-actions.c */
void vm_signal_bin_install_signals (void);
/* A signal besides the message @structure, if somebody listens. */
void vm_signal_bin_tell (VmSignalBin *self, const GstStructure *structure);

/* vmsignalbin-props.c */
void vm_signal_bin_install_properties (GObjectClass *klass);

/* vmsignalbin-trust.c; any thread. FALSE: an error was posted. */
gboolean
vm_signal_bin_take_node (VmSignalBin *self, const VmCallConfig *config);
void vm_signal_bin_drop_node (VmSignalBin *self);
void vm_signal_bin_apply_policy (VmSignalBin *self);
/* This device's, or NULL before it has begun. */
gchar *vm_signal_bin_dup_fingerprint (VmSignalBin *self);
void vm_signal_bin_set_context (GstElement *element, GstContext *context);

/* vmsignalbin-pads.c */
void vm_signal_bin_install_pads (GstElementClass *klass);
/* GstChildProxyInterface.get_child_by_name: pads for files are children,
 * too. */
GObject *vm_signal_bin_find_child (GstChildProxy *proxy, const gchar *name);
/* Transfer full, or NULL. */
VmInput *vm_signal_bin_get_input (VmSignalBin *self, VmPeerStream stream);
/* Returns: (transfer full): the pads file_sink_N, of VmFilePad; any thread */
GPtrArray *vm_signal_bin_list_file_pads (VmSignalBin *self);
/* Whether every requested sink pad has caps (or EOS). */
gboolean vm_signal_bin_inputs_ready (VmSignalBin *self);

/* The call is over, or all inputs are: the element posts its EOS as the sink
 * that it is, once. */
void vm_signal_bin_ended (VmSignalBin *self);
/* Something is sent again, or still. */
void vm_signal_bin_not_ended (VmSignalBin *self);

/* vmsignalbin-outlets.c */
/* Adds the pad @kind_src_@slot ("video", "audio", "file"), of a VmOutput or a
 * VmFileOutput; takes a floating @output. */
GstPad *vm_signal_bin_add_output (VmSignalBin *self, GstElement *output,
    const gchar *kind, guint slot, VmParticipant *participant);
/* EOS leaves the pad, then the pad and the output go. */
void vm_signal_bin_end_output (
    VmSignalBin *self, GstPad *pad, GstElement *output, GMainContext *context);
/* Links @pad, on which files come, to a sink that has taken those of somebody
 * who has left. FALSE: there is none. */
gboolean vm_signal_bin_link_free_sink (VmSignalBin *self, GstPad *pad);
/* At once, whatever still streams. */
void vm_signal_bin_remove_outputs (VmSignalBin *self);

/* vmsignalbin.c. The call, transfer full, or NULL: any thread. */
VmCall *vm_signal_bin_ref_call (VmSignalBin *self);

/* vmsignalbin-messages.c */
/* GstBinClass.handle_message */
void vm_signal_bin_handle_message (GstBin *bin, GstMessage *message);
void vm_signal_bin_post (VmSignalBin *self, GstStructure *structure);
void vm_signal_bin_fail (VmSignalBin *self, const GError *error);
/* Another participant speaks; "" when the last who did has left. Control
 * thread. */
void vm_signal_bin_set_active_speaker (VmSignalBin *self, const gchar *id);
