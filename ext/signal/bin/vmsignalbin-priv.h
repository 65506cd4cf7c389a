/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bridge/vmbridge.h"
#include "controller/vmcontroller.h"

#include <gst/videomeet/base/vmtimer-priv.h>
#include <gst/videomeet/videomeet.h>

/* Shared by the files of the element vmsignalbin: vmsignalbin.c (states),
 * -pads.c (the sink pads), -outlets.c (the src pads), -props.c (properties),
 * -actions.c (signals) and -trust.c (the device that it is). The element
 * implements what the controller asks of it (VmControllerBin). */

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);

#define VM_TYPE_SIGNAL_BIN (vm_signal_bin_get_type ())
G_DECLARE_FINAL_TYPE (VmSignalBin, vm_signal_bin, VM, SIGNAL_BIN, GstBin)

/* Defaults of the properties. */
#define DEFAULT_MAX_PARTICIPANTS 10
#define MAX_PARTICIPANTS 128 /* as VmMeeting:max-participants */
#define DEFAULT_LATENCY "auto"
#define DEFAULT_FALLBACK "host,srflx,relay,cloud"
#define DEFAULT_CODECS "vp8,h264,vp9"
#define DEFAULT_START_BITRATE 750000
#define DEFAULT_KEY_FRAME_INTERVAL_MS 2000
#define CONNECT_TIMEOUT_MIN_MS 100
#define CONNECT_TIMEOUT_MAX_MS 60000
#define DEFAULT_CONNECT_TIMEOUT_MS 8000 /* both hear of it within 10 s */

GST_ELEMENT_REGISTER_DECLARE (vmsignalbin);

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
  VmAudioProfile audio_profile;
  VmPolicy policy;
  VmCloudTrust cloud_trust;
  VmAnnounce announce;
  gboolean policy_set, cloud_trust_set, announce_set;
  gchar *uri, *meeting, *user, *pin, *host_key, *cap_token, *api_secret;
  gchar *stun_server, *turn_servers, *fallback;
  gchar *record_dir, *codecs, *status, *latency;
  gchar *tls_cert, *tls_key, *interfaces, *call_to;
  gchar *cloud_uri, *cloud_pin, *via, *origin_id;
  gboolean ask_host, rejoin, make_room, bridge_chosen, receive, auto_accept;
  gboolean decode, end_when_alone, file_wss, mute_audio, mute_video, hand;
  guint max_participants, start_bitrate;
  guint port, key_frame_interval, connect_timeout;
  VmInput *inputs[VM_PEER_N_STREAMS];
  GPtrArray *outlets; /* Outlet */
  GSList *free_sinks; /* GWeakRef of GstPad: that have taken files */
  GPtrArray *file_pads; /* VmFilePad */

  VmNode *node; /* as controller */
  gboolean hosts; /* it may, on that node */
  VmController *controller; /* between READY->PAUSED and back */
  VmBridge *bridge; /* likewise, if there is a cloud-uri; or NULL */

  gint ended; /* atomic: EOS was posted */
};

/* vmsignalbin-actions.c */
void vm_signal_bin_install_signals (void);
/* Their arguments, for gst-inspect-1.0. */
void vm_signal_bin_describe_signals (GstElementClass *klass);
/* Emits a signal besides the message @structure, if a handler is connected. */
void vm_signal_bin_tell (VmSignalBin *self, const GstStructure *structure);

/* vmsignalbin-props.c */
void vm_signal_bin_install_properties (GObjectClass *klass);

/* vmsignalbin-trust.c; any thread. FALSE: an error was posted. */
gboolean
vm_signal_bin_take_node (VmSignalBin *self, const VmControllerConfig *config);
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

/* The meeting is over, or all inputs are: the element posts its EOS as the sink
 * that it is, once. */
void vm_signal_bin_ended (VmSignalBin *self);
/* Something is sent again, or still. */
void vm_signal_bin_not_ended (VmSignalBin *self);

/* vmsignalbin-bridge.c; any thread */
/* FALSE: an error was posted. */
gboolean vm_signal_bin_start_bridge (VmSignalBin *self);
void vm_signal_bin_stop_bridge (VmSignalBin *self);
/* As vm_bridge_take() and vm_bridge_take_message(), if there is a bridge. */
void
vm_signal_bin_tell_bridge (VmSignalBin *self, const GstStructure *structure);
gboolean vm_signal_bin_is_of_bridge (VmSignalBin *self, GstMessage *message);

/* vmsignalbin-outlets.c */
/* Adds the pad @kind_src_@slot ("video", "audio", "file"), of a VmOutput or a
 * VmFileOutput; takes a floating @output. Returns: (transfer full) */
GstPad *vm_signal_bin_add_output (VmSignalBin *self, GstElement *output,
    const gchar *kind, guint slot, VmParticipant *participant);
/* Sends EOS from the pad, then removes the pad and the output. Does nothing if
 * they were removed with the others. */
void vm_signal_bin_end_output (
    VmSignalBin *self, GstPad *pad, GstElement *output, GMainContext *context);
/* Links @pad, a source of files, to a sink that a departed participant's files
 * went to. FALSE: there is none. */
gboolean vm_signal_bin_link_free_sink (VmSignalBin *self, GstPad *pad);
/* Removes them at once, even while they stream. */
void vm_signal_bin_remove_outputs (VmSignalBin *self);

/* vmsignalbin.c; any thread */
/* Returns: (transfer full) (nullable): the controller */
VmController *vm_signal_bin_ref_controller (VmSignalBin *self);
/* Takes @structure, for the bus and for a signal of its name. */
void vm_signal_bin_post (VmSignalBin *self, GstStructure *structure);
/* Posts the error that ends all. */
void vm_signal_bin_fail (VmSignalBin *self, const GError *error);
