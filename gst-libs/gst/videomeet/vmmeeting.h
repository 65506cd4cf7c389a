/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmmeetingstate.h>
#include <gst/videomeet/vmmediasession.h>
#include <gst/videomeet/vmchatmessage.h>
#include <gst/videomeet/vmnode.h>
#include <gst/videomeet/vmparticipant.h>

G_BEGIN_DECLS

/**
 * VmMeeting:
 *
 * A meeting, hosted here or joined.
 *
 * Since: 0.1
 */
#define VM_TYPE_MEETING (vm_meeting_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmMeeting, vm_meeting, VM, MEETING, GObject)

VM_API VmMeeting *vm_meeting_new (VmNode *node);
VM_API gboolean vm_meeting_start (VmMeeting *self, GError **error);
VM_API void vm_meeting_stop (VmMeeting *self);
VM_API gboolean vm_meeting_confirm_host (
    VmMeeting *self, const gchar *device_id, gboolean is_right, GError **error);
VM_API VmMeetingState vm_meeting_get_state (VmMeeting *self);
VM_API const gchar *vm_meeting_get_id (VmMeeting *self);
VM_API VmParticipant *vm_meeting_get_self (VmMeeting *self);
VM_API GList *vm_meeting_list_participants (VmMeeting *self);
VM_API gboolean vm_meeting_offers_to (
    VmMeeting *self, VmParticipant *participant);

VM_API void
vm_meeting_send_description (VmMeeting *self, VmParticipant *participant,
    VmDescriptionType type, const gchar *sdp, const gchar *const *candidates,
    gint mline, const gchar *session, guint generation, const gchar *identity);
VM_API void vm_meeting_send_candidate (VmMeeting *self,
    VmParticipant *participant, const gchar *candidate, gint mline,
    const gchar *mid, const gchar *session, guint generation);
VM_API void vm_meeting_send_restart (
    VmMeeting *self, VmParticipant *participant, const gchar *reason);
VM_API VmMediaSession *vm_meeting_open_media (VmMeeting *self,
    VmParticipant *participant, const gchar *session, guint generation);
VM_API void vm_meeting_refuse_description (
    VmMeeting *self, VmParticipant *participant, const GError *error);
VM_API void vm_meeting_set_participant_state (VmMeeting *self,
    VmParticipant *participant, VmParticipantEvent event, const GError *reason);

VM_API gboolean vm_meeting_send_chat (VmMeeting *self,
    VmParticipant *participant, const gchar *text, GError **error);
VM_API GList *vm_meeting_list_chat (VmMeeting *self);

VM_API void vm_meeting_set_presence (
    VmMeeting *self, const gchar *status, gboolean audio, gboolean video);
VM_API void vm_meeting_raise_hand (VmMeeting *self, gboolean raised);
VM_API gboolean vm_meeting_react (
    VmMeeting *self, const gchar *reaction, GError **error);
VM_API gboolean vm_meeting_set_locked (
    VmMeeting *self, gboolean locked, GError **error);
VM_API gboolean vm_meeting_mute_request (VmMeeting *self,
    VmParticipant *participant, gboolean audio, gboolean video, GError **error);
VM_API gboolean vm_meeting_kick (
    VmMeeting *self, VmParticipant *participant, GError **error);
VM_API gboolean vm_meeting_unban (
    VmMeeting *self, const gchar *id, GError **error);
VM_API gchar *
vm_meeting_make_invitation (VmMeeting *self, guint lifetime, GError **error);
VM_API gboolean vm_meeting_end (VmMeeting *self, GError **error);

VM_API gboolean vm_meeting_call (
    VmMeeting *self, const gchar *user_id, GError **error);
VM_API gboolean vm_meeting_accept_call (VmMeeting *self, GError **error);
VM_API gboolean vm_meeting_reject_call (VmMeeting *self, GError **error);
VM_API gboolean vm_meeting_end_call (VmMeeting *self, GError **error);

VM_API void vm_meeting_set_channel (VmMeeting *self, VmParticipant *participant,
    const gchar *label, gboolean open);
VM_API void vm_meeting_take_message (VmMeeting *self,
    VmParticipant *participant, const gchar *label, const gchar *text);
VM_API void vm_meeting_set_heartbeat (
    VmMeeting *self, VmParticipant *participant, gboolean beats);
VM_API gboolean vm_meeting_can_signal (
    VmMeeting *self, VmParticipant *participant);
VM_API guint vm_meeting_hand_over (VmMeeting *self);
VM_API gboolean vm_meeting_say_bye (VmMeeting *self);

G_END_DECLS
