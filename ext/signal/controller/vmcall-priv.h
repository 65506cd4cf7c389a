/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "controller/vmcall.h"
#include "link/vmslots.h"

#include <gst/videomeet/base/vmmailbox-priv.h>
#include <gst/videomeet/base/vmtimer-priv.h>
#include <gst/videomeet/quality/speaker.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);

/* Shared by vmcall.c (the thread and its life), vmcall-meeting.c (the meeting),
 * vmcall-talk.c (what is said in it) and vmcall-files.c (what is sent of
 * files). */

/* The offer waits this long for CAPS on the pads requested. */
#define INPUTS_TIMEOUT_MS 5000

struct _VmCall
{
  const VmCallBin *funcs; /* of the bin */
  VmSignalBin *bin; /* not owned: the bin owns the call */
  VmNode *node; /* owned; set once */
  VmCallConfig config;
  GMainContext *context;
  VmMailbox *mailbox; /* to it */
  GMainLoop *loop;
  GThread *thread;

  /* control thread */
  VmMeeting *meeting;
  gboolean inputs_given_up, hung_up, bye_said;
  gboolean left_alone; /* stopped by its own thread, which then owns it and the
                          bin */
  gboolean serves; /* for files that are received */
  GPtrArray *waiting; /* connections to begin once inputs are there */
  GSource *inputs_source, *stats_source, *links_source;
  VmSpeaker *speaker;
  GPtrArray *recorders; /* VmRecorder, closed */
  VmSlots slots;

  gint playing; /* atomic */
  gint files_due; /* atomic: what goes out will be looked at */

  GMutex lock; /* guards what follows; nothing is called under it */
  GCond cond;
  GPtrArray *links; /* VmLink */
  GstStructure *stats;
  GstClock *clock;
  GstClockTime base_time;
  gboolean finished; /* the control thread's work is done */
};

/* vmcall.c */
extern const VmLinkOwner vm_call_link_owner;
/* Any thread: runs @func on the control thread. */
void vm_call_invoke (
    VmCall *call, GSourceFunc func, gpointer data, GDestroyNotify notify);
/* Takes @structure, for the bus and for a signal of its name. */
void vm_call_post (VmCall *call, GstStructure *structure);

/* vmcall-meeting.c; control thread. */
void vm_call_set_up_meeting (VmCall *call);
/* Begins what waited for CAPS on the sink pads, if they are there. */
void vm_call_start_waiting (VmCall *call);
void vm_call_limit_waiting (VmCall *call);
void vm_call_waiting_free (gpointer waiting);
VmLink *vm_call_find_link (VmCall *call, VmParticipant *participant);

/* vmcall-files.c; control thread. Hands on what waits, as far as it can go. */
void vm_call_pump_files (VmCall *call);
/* As VmLinkOwner. */
guint16 vm_call_serve_files (VmCall *call);

/* vmcall-talk.c; control thread. */
void vm_call_connect_talk (VmCall *call);
void vm_call_tell_presence (VmCall *call);
/* Adds to a message how well @who is known. */
void vm_call_describe_trust (VmParticipant *who, GstStructure *s);
/* Says bye where the host cannot pass it on; when TRUE, @then is called again
 * once it had time to get out. */
gboolean vm_call_say_bye (VmCall *call, GSourceFunc then);
