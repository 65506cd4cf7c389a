/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <json-glib/json-glib.h>
#include "ui/counter.h"

/* Of those who have left, so many are remembered, the latest: a meeting may go
 * on for weeks. */
#define VMT_ROSTER_LEFT_MAX 64

/* What one participant does is told so often at once, and then once in so long
 * (µs). */
#define VMT_ROSTER_TELL_BURST 5
#define VMT_ROSTER_TELL_EVERY (2 * G_USEC_PER_SEC)

typedef enum
{
  VMT_TELL_PRESENCE,
  VMT_TELL_HAND,
  VMT_TELL_REACTION,
  VMT_N_TELLS
} VmtTell;

/* Who is, and who was, in the meeting besides this device, and what came from
 * each. Everything may be called from any thread: pads appear on threads of
 * their own, sometimes before the message that names their participant. */
typedef struct _VmtRoster VmtRoster;

VmtRoster *vmt_roster_new (void);
void vmt_roster_free (VmtRoster *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmtRoster, vmt_roster_free)

/* From here on times are counted: the moment a meeting was asked for. */
void vmt_roster_start (VmtRoster *self);
/* @id is this device's own seat and no participant of the list. */
void vmt_roster_set_self (VmtRoster *self, const gchar *id);
/* Main thread; NULL: none yet. */
const gchar *vmt_roster_get_self (VmtRoster *self);
void vmt_roster_joined (VmtRoster *self, const gchar *id, const gchar *user,
    const gchar *device, const gchar *device_id, gboolean host);
void
vmt_roster_set_state (VmtRoster *self, const gchar *id, const gchar *state);
void vmt_roster_set_presence (VmtRoster *self, const gchar *id,
    const gchar *status, gboolean audio_muted, gboolean video_muted);
void vmt_roster_set_hand (VmtRoster *self, const gchar *id, gboolean raised);
void
vmt_roster_set_detached (VmtRoster *self, const gchar *id, gboolean detached);
/* The only host from now on. */
void vmt_roster_set_host (VmtRoster *self, const gchar *id);
void vmt_roster_set_path (VmtRoster *self, const gchar *id, const gchar *path);
/* @lost: given up, so that the file is not whole or not there. */
void vmt_roster_add_record (
    VmtRoster *self, const gchar *id, const gchar *location, gboolean lost);
/* Transfer full; strings: whose they are and where they should be, not safe to
 * show as they are. */
GPtrArray *vmt_roster_list_lost_records (VmtRoster *self);
/* How well it is known: a level's nick, or NULL; and who vouches for it, or
 * NULL. */
void vmt_roster_set_trust (
    VmtRoster *self, const gchar *id, const gchar *trust, const gchar *voucher);
/* What came of comparing digits with it, by the event of "vm-compare": "same",
 * "different", "differs" or "over" matter. */
void
vmt_roster_set_compared (VmtRoster *self, const gchar *id, const gchar *event);
/* Where it really is: "cloud", or NULL: here; and the id of the participant
 * that passes on its media, or NULL. */
void vmt_roster_set_origin (
    VmtRoster *self, const gchar *id, const gchar *origin, const gchar *via);
/* For people: "in the cloud, via Dave: not end-to-end encrypted"; "" for who
 * is here. Transfer full. */
gchar *vmt_roster_describe_origin (VmtRoster *self, const gchar *id);
/* Both for people, "verified by Ann", "not verified"; "" for NULL. Transfer
 * full. */
gchar *vmt_trust_words (const gchar *trust, const gchar *voucher);
/* The status of a participant in words for the terminal; "" for "available",
 * which a page sends by itself. Transfer full. */
gchar *vmt_status_words (const gchar *status);
/* Whether what @message, of the participant "id", says is told now, @now in µs.
 * If not, the latest one is told later. */
gboolean vmt_roster_may_tell (
    VmtRoster *self, const GstStructure *message, VmtTell what, gint64 now);
/* One whose time has come; NULL: there is none. Transfer full. */
GstStructure *vmt_roster_take_untold (VmtRoster *self, gint64 now);
void vmt_roster_left (VmtRoster *self, const gchar *id);
/* "vm-stats" of vmsignalbin */
void vmt_roster_take_stats (VmtRoster *self, const GstStructure *stats);

/* Transfer full; made when @id was not known yet. */
VmtCounter *vmt_roster_get_counter (VmtRoster *self, const gchar *id);
/* The user's name, else the id; transfer full. */
gchar *vmt_roster_get_name (VmtRoster *self, const gchar *id);
/* The host has removed it, or lets it come again. */
void
vmt_roster_set_removed (VmtRoster *self, const gchar *id, gboolean removed);
/* The id of who is here, or of who was @removed, by that id, or by that name if
 * nobody else has it; transfer full. Errors are sentences for the user. */
gchar *vmt_roster_find (
    VmtRoster *self, const gchar *who, gboolean removed, GError **error);
/* How those who are here, or were @removed, are called where lines are typed:
 * by the name, or by the id where others have that name or it cannot be typed;
 * strings, transfer full. */
GPtrArray *vmt_roster_list_callable (VmtRoster *self, gboolean removed);
/* The ids of those who are; strings, transfer full. */
GPtrArray *vmt_roster_list_present (VmtRoster *self);
/* How many are in the meeting now, besides this device and those who have lost
 * the connection to it. */
guint vmt_roster_count (VmtRoster *self);

/* "participants" of the summary; transfer full. */
JsonArray *vmt_roster_to_json (VmtRoster *self);
/* Of them, who is here now; transfer full. */
JsonArray *vmt_roster_to_json_present (VmtRoster *self);
/* The statistics of who is here, for people, a line each; transfer full. */
GPtrArray *vmt_roster_to_stats (VmtRoster *self);
/* Those of this device: dBFS. FALSE: not known. */
gboolean vmt_roster_get_own_level (VmtRoster *self, gdouble *level);
/* The same for people, a line each; transfer full. */
GPtrArray *vmt_roster_to_lines (VmtRoster *self, gboolean verbose);
/* Who is here now and what each does, a line each; transfer full. */
GPtrArray *vmt_roster_to_who (VmtRoster *self);
