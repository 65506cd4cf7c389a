/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cmd/callstate.h"
#include "ui/editor.h"
#include "ui/grid.h"
#include "session/roster.h"
#include "session/session.h"
#include "session/session-files.h"
#include "session/session-trust.h"
#include "ui/source.h"
#include "typed/paste.h"

#include <gst/gst.h>

/* Whoever is called and calls, too, has the call of the lower id
 * (protocol/calls.md#a-call): of the other one the server says first that there
 * is another call, and then that one rings. */
#define VMT_CROSSING_MS 2000

/* Of call and answer. */
typedef struct
{
  VmtCallState state;
  gchar *user; /* id of the other at the server */
  gchar *name; /* likewise, as people read it; not safe to show */
  const gchar *type; /* "audio" or "video" */
  gchar *participant; /* its id in the session, or NULL */
  gchar *declined; /* why, while it may call as well */
  guint crossing; /* source that waits for that */
} VmtSessionCall;

#define VMT_RETURN_TRIES 5 /* of a device that was plugged in, one a second */

/* What is used of one kind of device. */
typedef struct
{
  VmtSlot *slot; /* the pipeline's; NULL: there is no place for one */
  gchar *wanted; /* the name of what comes back; NULL: any does */
  gboolean waiting; /* until a device is plugged in */
  guint tries; /* that are left of it */
  gboolean again; /* at the next tick */
  gboolean muted; /* for want of it */
} VmtDeviceUse;

typedef struct _VmtSourceEnd VmtSourceEnd;
typedef struct _VmtSourceJob VmtSourceJob;

typedef enum
{
  VMT_SENT_OWN, /* the user's picture and sound */
  VMT_SENT_SHARED, /* a second picture */
  VMT_N_SENT
} VmtSent;

typedef struct
{
  VmtSource *source; /* NULL: nothing is sent */
  gchar *spec; /* as it was asked for, without a password */
  GstElement *voice; /* the pipeline's; or NULL */
  VmtSourceEnd *end;
  gboolean later; /* it came in between */
} VmtSending;

typedef struct
{
  const VmtOptions *options;
  VmtOutput *output;
  VmMeetingMode mode;
  const gchar *uri; /* where the meeting is; NULL: it is looked for by name */
  gint64 start_us; /* of the program */
  gint64 try_us; /* of this session, which another PIN begins anew */

  GMainLoop *loop;
  GstElement *pipeline, *signalbin;
  VmtDevices *devices; /* NULL: nothing of it is used */
  VmtDeviceUse uses[VMT_N_KINDS];
  VmtRoster *roster;
  VmtGrid *grid; /* with --view, or a speaker */

  gchar *meeting, *link;
  gboolean link_shown;
  gboolean browser_opened;
  gchar *browser_file; /* by which the browser comes to the page; or NULL */
  gchar *meeting_id;
  gboolean hosting;
  gboolean invited; /* the first invitation was shown */
  gboolean joined; /* has had a seat */
  gint64 call_us; /* when the first other participant connected, or 0 */
  VmtLines lines; /* typed, not yet whole */
  VmtKeys keys; /* likewise, on a terminal without libedit */
  VmtPaste paste; /* likewise, on a terminal */
  guint paste_timer; /* its end has not come */
  VmtTyped pasted; /* about which it is asked; text NULL: about nothing */
  VmtPace pace; /* of what is said */
  GQueue held; /* of VmtTyped that wait for it */
  guint held_timer;
  gboolean held_back; /* nothing is read until fewer wait */
  gboolean talking; /* until a line is entered */
  VmtEditor *editor; /* likewise, with it; or NULL */
  gboolean typed_over; /* nothing is typed any more */
  VmtSessionTrust *trust; /* what is asked of the user meanwhile */
  VmtChangedKeys *changed; /* not owned */
  GQueue unknown_hosts; /* of GstStructure; about the first it is asked */
  gchar *confirmed_host; /* device id of the last that the user knew again */
  GQueue comparisons; /* likewise, "vm-compare" with digits */
  gint64 compare_us; /* when the first was shown */
  guint compare_source; /* shows the next question */
  VmtSessionFiles *files;
  gboolean delivering; /* of who joins to send files: to whom is known */
  gchar *receiver; /* then: an id; NULL: everybody */
  guint delivered; /* then: files that were offered, or could not be */
  VmtSessionCall call;
  guint here; /* before: others who were there at the last tick */
  guint looked_for; /* before: ticks in which their receiver was not there */
  VmtSending sent[VMT_N_SENT];
  VmtSourceJob *source_job; /* another one is being made */
  VmtScreenSound *screen_sound; /* the pipeline's, in front of vmsignalbin; or
                                   NULL */

  gboolean leaving, failed;
  gboolean over; /* the meeting, for everybody */
  gboolean goes_on; /* the meeting, without this device */
  gboolean given_up; /* by the user */
  gboolean sought; /* then: the meeting was not found or joined yet */
  gboolean may_ask_pin;
  gboolean pin_wanted; /* it ends to begin anew with a PIN */
  gchar *pin; /* then: what was typed; NULL: it is asked for */
  gboolean again; /* it ends to begin anew, as it was */
  gchar *refused_key; /* what it says whose host has another key; or NULL */
  gboolean interrupted; /* by a signal; the next one ends the process */
  GMutex lock; /* protects ended */
  GCond cond; /* signalled with ended */
  gboolean ended; /* vmsignalbin has said bye and let all streams go */
} VmtSession;

/* session.c; main thread. Begins to leave; once. */
void vmt_session_leave (VmtSession *self);
/* Likewise, as the user wants it. */
void vmt_session_give_up (VmtSession *self);
/* Says what went wrong, and leaves. */
void
vmt_session_fail (VmtSession *self, const gchar *code, const gchar *message);
/* Ends, to begin anew with @pin; NULL: the user is asked for it. */
void vmt_session_want_pin (VmtSession *self, const gchar *pin);
/* Ends, to join anew. */
void vmt_session_begin_anew (VmtSession *self);
void vmt_session_set_ended (VmtSession *self);
/* The last line, as of now. */
void vmt_session_show_ticker (VmtSession *self);
void vmt_session_read_stats (VmtSession *self);
/* Whether it failed before there was a seat. */
gboolean vmt_session_is_refused (const VmtSession *self);

/* session-source.c; main thread. What is sent from the start. */
gboolean vmt_session_add_source (VmtSession *self, GError **error);
/* /source: @spec as of --source, or empty: what is sent is shown. @region of
 * the screen, or NULL; @sound: with the screen's, which --screen-sound says of
 * every screen. */
void vmt_session_change_source (
    VmtSession *self, const gchar *spec, const gchar *region, gboolean sound);
/* /share: likewise; empty: the screen. */
#define VMT_SHARE_OFF "off" /* ends it */
/* data of an element from which nothing is taken any more: its errors are of no
 * interest */
#define VMT_LEFT "vmt-left"
void vmt_session_share (
    VmtSession *self, const gchar *spec, const gchar *region, gboolean sound);
/* Whether the error @message, which says @why, is of what came in between: then
 * that alone has ended. */
gboolean vmt_session_source_failed (
    VmtSession *self, GstMessage *message, const gchar *why);
/* What is shared ended by itself, as @why says. */
void vmt_session_share_ended (VmtSession *self, const gchar *why);
void vmt_session_source_clear (VmtSession *self);

/* session-sound.c; main thread. Links the pad @from of @source to @to of
 * vmsignalbin, or to the sound of the screen in front of that; a microphone
 * beside a loudspeaker by way of what takes the echo out, which is *@voice
 * then. */
gboolean vmt_session_link_sound (VmtSession *self, GstElement *source,
    const gchar *from, const gchar *to, GstElement **voice);
/* Gives back the input of vmsignalbin that takes what @src gives. */
void vmt_session_release_input (VmtSession *self, GstPad *src);
/* Mixes the sound of the screen, @source has it, into what is sent as sound. */
void vmt_session_mix_in (VmtSession *self, const VmtSource *source);
/* What is sent as sound goes on without it. Nothing where there is none. */
void vmt_session_mix_out (VmtSession *self);
/* Likewise, as @why says. */
#define VMT_SOUND_AS_IT_COMES \
  "what the camera sends goes as it comes, and nothing can be mixed into it."
void vmt_session_end_screen_sound (VmtSession *self, const gchar *why);
/* What it tells. */
void vmt_session_screen_sound_lost (VmtSession *self, const GstStructure *s);
/* /talk: what is said is sent until a line is entered. */
void vmt_session_talk (VmtSession *self);
void vmt_session_stop_talking (VmtSession *self);
/* /stats: how well everybody is heard, now. */
void vmt_session_show_stats (VmtSession *self);

/* session-devices.c; main thread. Before anything is built. */
void vmt_session_devices_open (VmtSession *self);
/* Where the others are shown, and heard if there is a speaker. */
gboolean vmt_session_make_grid (VmtSession *self, GError **error);
/* NULL with a sentence: there is nothing to send. */
VmtSource *vmt_session_make_source (VmtSession *self, GError **error);
/* That the desktop asks which screen or window is shared. */
void vmt_session_tell_asking (VmtSession *self);
/* The file in which its answer is remembered; transfer full. */
gchar *vmt_session_get_screen_file (void);
/* Another source has these devices, or none. They were found in @devices, or
 * NULL. */
void vmt_session_devices_take_source (
    VmtSession *self, VmtSource *source, VmtDevices *devices);
/* Those of what is sent as @which, and goes, are looked after no more. */
void vmt_session_devices_leave_source (VmtSession *self, VmtSent which);
/* What a slot tells. */
void vmt_session_device_changed (VmtSession *self, const GstStructure *s);
/* What a camera on the network tells. */
void vmt_session_rtsp_changed (VmtSession *self, const GstStructure *s);
/* Whether the others are heard here. */
gboolean vmt_session_is_played (VmtSession *self);
/* Once a second. */
void vmt_session_devices_tick (VmtSession *self);
/* The user, or the host, has said what is muted, and it stays so whatever
 * devices come back. */
void
vmt_session_devices_muted (VmtSession *self, gboolean audio, gboolean video);
/* /camera NAME and its like; without a name those there are are shown. */
void
vmt_session_choose_device (VmtSession *self, VmtKind kind, const gchar *name);
/* Sound is sent without a microphone too, or is no more. */
void vmt_session_devices_mixed (VmtSession *self, gboolean mixed);
/* Before the pipeline is stopped. */
void vmt_session_devices_close (VmtSession *self);
void vmt_session_devices_clear (VmtSession *self);

/* session-view.c; main thread, before there is a session. Asks whether to show
 * the others, if nothing says so. FALSE: the user has given up. */
gboolean vmt_session_ask_view (VmtOptions *options, VmtOutput *output);

/* session-bin.c; adds it to the pipeline. */
gboolean vmt_session_make_bin (VmtSession *self, GError **error);

/* session-edit.c; main thread. Where there is no libedit, it does nothing. */
void vmt_session_edit_begin (VmtSession *self);
/* What is typed, where the cursor is. */
void vmt_session_edit_show (VmtSession *self);
/* Writes down what was typed. */
void vmt_session_edit_end (VmtSession *self);

/* session-call.c; main thread. Whether it is a call between users of a
 * server. */
gboolean vmt_session_is_call (const VmtSession *self);
void vmt_session_call_registered (VmtSession *self);
/* What vmsignalbin tells of it. */
void vmt_session_call_offered (VmtSession *self, const GstStructure *s);
void vmt_session_call_missed (VmtSession *self, const GstStructure *s);
void vmt_session_call_joined (VmtSession *self, const GstStructure *s);
void vmt_session_call_connected (VmtSession *self, const gchar *id);
void vmt_session_call_left (VmtSession *self, const GstStructure *s);
/* Whether @line answers who calls. */
gboolean vmt_session_call_take_line (VmtSession *self, const gchar *line);
/* --duration is over. */
void vmt_session_call_time_out (VmtSession *self);
/* It is left: what is open is ended. */
void vmt_session_call_leave (VmtSession *self);
/* The last line; transfer full. */
gchar *vmt_session_call_ticker (VmtSession *self);
void vmt_session_call_clear (VmtSession *self);

/* session-host.c; main thread. A host that was never met before; nobody who
 * could say that it is right types any more. */
void vmt_session_host_unknown (VmtSession *self, const GstStructure *s);
void vmt_session_host_typed_over (VmtSession *self);
/* Whether @line answers the question about such a host. */
gboolean vmt_session_host_take_line (VmtSession *self, const gchar *line);
void vmt_session_host_clear (VmtSession *self);

/* questions/compare.c; main thread. What vmsignalbin tells of digits that two
 * people compare. */
void vmt_session_compare (VmtSession *self, const GstStructure *s);
gboolean vmt_session_compare_is_asking (const VmtSession *self);
/* Whether @line answers the question about them. */
gboolean vmt_session_compare_take_line (VmtSession *self, const gchar *line);
/* The open question is shown once more. */
void vmt_session_compare_ask_again (VmtSession *self);
void vmt_session_compare_left (VmtSession *self, const gchar *id);
void vmt_session_compare_clear (VmtSession *self);

/* questions/pasted.c; main thread. @text as of VmtPasteFuncs. */
void vmt_session_take_pasted (VmtSession *self, const gchar *text);
/* Whether @line answers the question about it. */
gboolean vmt_session_pasted_take_line (VmtSession *self, const gchar *line);

/* questions/answers.c; main thread. Whether @line, entered now, is the answer
 * to an open question: of several, to the one that was shown last. */
gboolean vmt_session_take_answer (VmtSession *self, const gchar *line);
/* Whether a question that is shown now would be the only one, and nobody is
 * writing. */
gboolean vmt_session_is_free (gpointer self);

/* session-deliver.c; main thread. Whether it is there to send files alone. */
gboolean vmt_session_delivers (const VmtSession *self);
/* Once a second: has them sent, and leaves afterwards. */
void vmt_session_deliver (VmtSession *self);
/* FALSE: not all of them, or not to all. */
gboolean vmt_session_has_delivered (const VmtSession *self);

/* session-typed.c; main thread. */
void vmt_session_read_typed (VmtSession *self);
void vmt_session_stop_typed (VmtSession *self);
/* Does what @typed says, or, if it is said too fast, does so later. Takes what
 * it holds. */
void vmt_session_obey (VmtSession *self, VmtTyped *typed);
/* A line that was entered on a terminal; NULL: it was too long. */
void vmt_session_take_entered (VmtSession *self, const gchar *line);
/* A shell that has had the terminal in between leaves it as shells do. */
void vmt_session_keep_terminal (VmtSession *self);
/* Before every end of the program that runs no atexit() functions. */
void vmt_session_restore_terminal (void);
void vmt_session_tell_muted (VmtSession *self);

/* session-invite.c; main thread. Another link for one browser, good
 * for so long; 0: an hour. */
void vmt_session_invite (VmtSession *self, guint seconds);
/* The first one, where browsers have no other way in; once. */
void vmt_session_invite_first (VmtSession *self);

/* session-browser.c; main thread. With --browser: opens the page in which the
 * user hosts the meeting; once. */
void vmt_session_open_browser (VmtSession *self);
void vmt_session_browser_clear (VmtSession *self);

/* session-talk.c; main thread. */
void vmt_session_handle_talk (VmtSession *self, const GstStructure *s);
/* Once a second: what was not told when it happened, as there was too much. */
void vmt_session_tell_late (VmtSession *self);

/* session-messages.c; main thread. */
void vmt_session_handle_message (VmtSession *self, GstMessage *message);
/* A message's string, NULL when it is empty or missing. */
const gchar *vmt_field (const GstStructure *s, const gchar *name);
/* A message's boolean, FALSE when it is missing. */
gboolean vmt_flag (const GstStructure *s, const gchar *name);
