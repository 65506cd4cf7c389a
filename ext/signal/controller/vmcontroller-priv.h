/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cloud/vmcloud.h"
#include "controller/vmcontroller.h"
#include "link/vmslots.h"

#include <gst/videomeet/base/vmmailbox-priv.h>
#include <gst/videomeet/base/vmtimer-priv.h>
#include <gst/videomeet/quality/speaker.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);

/* Shared by vmcontroller.c (the thread and its life), vmcontroller-meeting.c
 * (the meeting), vmcontroller-talk.c (its messages) and vmcontroller-files.c
 * (outgoing files). */

/* For chat to be acknowledged before this device leaves
 * (protocol/meeting.md#delivery). */
#define VM_CONTROLLER_FLUSH_MS 2000

/* The offer waits this long for CAPS on the pads requested. */
#define INPUTS_TIMEOUT_MS 5000

struct _VmController
{
  const VmControllerBin *funcs; /* of the bin */
  VmSignalBin *bin; /* not owned: the bin owns the controller */
  VmNode *node; /* owned; set once */
  VmControllerConfig config;
  GMainContext *context;
  VmMailbox *mailbox; /* to it */
  GMainLoop *loop;
  GThread *thread;

  /* control thread */
  VmMeeting *meeting;
  gboolean inputs_given_up, hung_up, bye_said;
  const gchar *bridge; /* as vm_meeting_set_bridge() */
  VmJanusConnection *sfu; /* that @cloud is for, owned; or NULL */
  gint64 back_since; /* µs: all are heard by the mesh again; 0: not yet */
  gboolean serves; /* for files that are received */
  GPtrArray *waiting; /* connections to begin once inputs are there */
  gboolean ending; /* for everybody */
  GSourceFunc then; /* once the goodbye is said; or NULL */
  GSourceFunc flushed; /* once chat was delivered; or NULL */
  gint64 flush_until; /* µs; 0: nobody has waited for that */
  GSource *inputs_source, *stats_source, *links_source, *bye_source,
      *flush_source;
  VmSpeaker *speaker;
  VmSound sound; /* how that of this device is encoded */
  VmInput *held[VM_PEER_N_STREAMS]; /* for the tap; each may be NULL */
  VmCodec held_codecs[VM_PEER_N_STREAMS];
  GPtrArray *recorders; /* VmRecorder, closed */
  VmSlots slots;

  gint playing; /* atomic */
  gint files_due; /* atomic: what goes out will be looked at */

  GMutex lock; /* guards what follows; nothing is called under it */
  GCond cond;
  GPtrArray *links; /* VmLink */
  VmCloud *cloud; /* in a room of Janus, or of the SFU; or NULL */
  VmControllerTap tap; /* or NULL */
  GObject *tap_target;
  GstStructure *stats;
  GstClock *clock;
  GstClockTime base_time;
  gint64 played_at; /* µs: when they were set */
  gboolean finished; /* the control thread's work is done */
  gboolean left_alone; /* nobody waits for it: it owns this and the bin */
};

/* vmcontroller.c */
extern const VmLinkOwner vm_controller_link_owner;
/* Any thread: runs @func on the control thread. */
void vm_controller_invoke (VmController *controller, GSourceFunc func,
    gpointer data, GDestroyNotify notify);
/* Takes @structure, for the bus and for a signal of its name. */
void vm_controller_post (VmController *controller, GstStructure *structure);

/* vmcontroller-sfu.c; control thread */
void vm_controller_set_up_sfu (VmController *controller);
void vm_controller_leave_sfu (VmController *controller);
/* Whether the newcomer of @link comes by the SFU alone. */
gboolean vm_controller_serves (VmController *controller, VmLink *link);
/* To be called ten times a second. */
void vm_controller_tick_sfu (VmController *controller, gint64 now);

/* vmcontroller-tap.c; control thread: the inputs that the tap hears are those
 * there are now. */
void vm_controller_hold_inputs (VmController *controller);
/* A streaming thread; @id NULL: this device. */
void vm_controller_tap (VmController *controller, const gchar *id,
    VmPeerStream stream, VmCodec codec, GstSample *sample);

/* vmcontroller-meeting.c; control thread. */
void vm_controller_set_up_meeting (VmController *controller);
/* Begins what waited for CAPS on the sink pads, if they are there. */
void vm_controller_start_waiting (VmController *controller);
void vm_controller_limit_waiting (VmController *controller);
void vm_controller_waiting_free (gpointer waiting);
VmLink *
vm_controller_find_link (VmController *controller, VmParticipant *participant);

/* vmcontroller-files.c; control thread. Sends the waiting files as far as
 * possible. */
void vm_controller_pump_files (VmController *controller);
/* As VmLinkOwner. */
guint16 vm_controller_serve_files (VmController *controller);

/* vmcontroller-talk.c; control thread. */
void vm_controller_connect_talk (VmController *controller);
/* Calls the user of call-to, if it has not been called. */
void vm_controller_call_once (VmController *controller);
void vm_controller_tell_presence (VmController *controller);
/* Adds the trust level of @who to a message. */
void vm_controller_describe_trust (VmParticipant *who, GstStructure *s);
/* Waits until what was said is delivered, VM_CONTROLLER_FLUSH_MS at most: when
 * TRUE, @then is called after that. */
gboolean vm_controller_flush_chat (VmController *controller, GSourceFunc then);
/* Sends bye where the host cannot pass it on; when TRUE, @then is called once
 * it has had time to go out. */
gboolean vm_controller_say_bye (VmController *controller, GSourceFunc then);
