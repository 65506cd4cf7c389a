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
  gchar *uri, *meeting, *user, *pin, *host_key, *cap_token;
  gboolean ask_host, rejoin, end_when_alone;
  guint max_participants;
} VmCallConfig;

void vm_call_config_clear (VmCallConfig *config);

/* What the user has set for itself. */
typedef struct
{
  gboolean mute_audio, mute_video, hand;
  gchar *status; /* or NULL */
} VmCallPresence;

/* What the controller asks of the element; control thread but where it says
 * otherwise. */
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
  void (*read_presence) (VmSignalBin *bin, VmCallPresence *presence);
} VmCallBin;

/* Any thread. @funcs is there for ever, and @bin as long as the controller. */
VmCall *vm_call_new (const VmCallBin *funcs, VmSignalBin *bin, VmNode *node,
    VmCallConfig *config);
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
