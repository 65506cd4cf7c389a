/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "link/vmlink.h"

/* The controller of the meeting of a vmsignalbin: it has a thread of its own
 * (the control thread), the VmMeeting, and a VmLink for each other participant.
 * It is there between READY→PAUSED and back. */

/* The properties as they were when it began. */
typedef struct
{
  VmLinkConfig link;
  VmMeetingMode mode;
  gchar *uri, *meeting, *user, *pin, *host_key, *cap_token, *api_secret;
  gchar *cloud_uri; /* as of the element, or NULL */
  gchar *via, *origin_id; /* see vm_meeting_set_via(); or NULL */
  gchar *call_to; /* id of a user, or NULL */
  gboolean auto_accept, ask_host, rejoin, make_room, end_when_alone;
  guint max_participants;
} VmControllerConfig;

void vm_controller_config_clear (VmControllerConfig *config);

/* What the user has set for itself. */
typedef struct
{
  gboolean mute_audio, mute_video, hand;
  gchar *status; /* or NULL */
} VmControllerPresence;

/* Functions of the element that the controller calls; control thread, unless it
 * says otherwise. */
typedef struct
{
  VmLinkBin link; /* what its links ask, and it as well */
  /* Posts the error that ends all. */
  void (*fail) (VmSignalBin *bin, const GError *error);
  /* The meeting is over: the element posts its EOS, once. */
  void (*ended) (VmSignalBin *bin);
  /* Whether every requested sink pad has caps (or EOS). */
  gboolean (*inputs_ready) (VmSignalBin *bin);
  /* Returns: (transfer full): the pads file_sink_N, of VmFilePad */
  GPtrArray *(*list_file_pads) (VmSignalBin *bin);
  /* The host asks for it: mutes sound, picture, or both. */
  void (*mute) (VmSignalBin *bin, gboolean audio, gboolean video);
  /* @presence: filled in; its strings are the caller's. */
  void (*read_presence) (VmSignalBin *bin, VmControllerPresence *presence);
} VmControllerBin;

/* Any thread. @funcs is there for ever, and @bin as long as the controller.
 * Takes what @config holds. */
VmController *vm_controller_new (const VmControllerBin *funcs, VmSignalBin *bin,
    VmNode *node, VmControllerConfig *config);
void vm_controller_play (
    VmController *controller, GstClock *clock, GstClockTime base_time);
void vm_controller_pause (VmController *controller);
void vm_controller_inputs_changed (VmController *controller);
/* The encoder of @codec has failed. */
void vm_controller_input_failed (VmController *controller, VmPeerStream stream,
    VmCodec codec, const gchar *why);
/* The waiting files of the pads, or a channel for them, have changed. */
void vm_controller_files_changed (VmController *controller);
/* @pad brings no more files. */
void vm_controller_drop_file_pad (VmController *controller, VmFilePad *pad);
/* A streaming thread: to every peer that takes this stream in this codec. */
void vm_controller_push (VmController *controller, VmPeerStream stream,
    VmCodec codec, GstSample *sample);
/* Says bye and closes everything, but keeps the thread. */
void vm_controller_hang_up (VmController *controller);
void vm_controller_restart_ice (
    VmController *controller, const gchar *participant_id);
GstStructure *vm_controller_get_stats (VmController *controller);
/* Its presence has changed: muted, status, hand. */
void vm_controller_presence_changed (VmController *controller);
/* Whether this device could be the bridge to the cloud, as
 * vm_meeting_set_bridge(). */
void vm_controller_set_bridge (VmController *controller, const gchar *word);
/* Is called with each frame that comes from a participant, as it came, and with
 * each that this device sends (@id NULL), encoded. A streaming thread. */
typedef void (*VmControllerTap) (
    gpointer target, const gchar *id, VmPeerStream stream, GstSample *sample);
/* @target: whose reference is taken, or NULL: nobody hears any more. What the
 * sink pads bring is encoded for it, though no participant may take it. */
void vm_controller_set_tap (
    VmController *controller, VmControllerTap tap, GObject *target);
/* Asks the participant @id for a key frame, or this device's input (NULL). */
void vm_controller_request_key_unit (
    VmController *controller, const gchar *id, VmPeerStream stream);
typedef enum
{
  VM_CONTROLLER_ACTION_SEND_CHAT, /* id or NULL, text */
  VM_CONTROLLER_ACTION_KICK, /* id */
  VM_CONTROLLER_ACTION_UNBAN, /* id */
  VM_CONTROLLER_ACTION_REACT, /* text */
  VM_CONTROLLER_ACTION_MUTE_REQUEST, /* id, a: audio, b: video */
  VM_CONTROLLER_ACTION_LOCK, /* a */
  VM_CONTROLLER_ACTION_END,
  VM_CONTROLLER_ACTION_CALL, /* id: of a user */
  VM_CONTROLLER_ACTION_ACCEPT_CALL,
  VM_CONTROLLER_ACTION_REJECT_CALL,
  VM_CONTROLLER_ACTION_END_CALL,
  VM_CONTROLLER_ACTION_COMPARE, /* id */
  VM_CONTROLLER_ACTION_COMPARED, /* id, a: the digits are the same */
  VM_CONTROLLER_ACTION_CONFIRM_HOST, /* id: of the device; a: whether it is
                                        right */
} VmControllerAction;
/* An action that is impossible is a warning on the bus. */
void vm_controller_act (VmController *controller, VmControllerAction action,
    const gchar *id, const gchar *text, gboolean a, gboolean b);
/* hang-up, and the thread ends: deadline STOP_TIMEOUT. Takes the caller's
 * reference. */
void vm_controller_stop (VmController *controller);
VmController *vm_controller_ref (VmController *controller);
void vm_controller_unref (VmController *controller);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmController, vm_controller_unref)
