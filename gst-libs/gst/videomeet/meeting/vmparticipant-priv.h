/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmmediasession.h>
#include <gst/videomeet/vmparticipant.h>
#include "wire/chat.h"

/* How one can talk to a participant without the server. */
typedef struct
{
  gboolean chat; /* the data channel is open */
  gboolean signal; /* likewise */
  gboolean heartbeat; /* there was one */
  gboolean quiet; /* there was one, and not for 5 s */
  gboolean plain; /* it has sent chat that is no JSON, and reads none */
  VmChatRate rate; /* of its chat */
  gboolean dropped; /* something of it, which was told once */
  GQueue unsent; /* of VmChatMessage, until the data channel is open */
  /* of texts, while one connection takes the place of another and neither
   * carries what its channel `signal` should */
  GQueue unsent_signals;
} VmParticipantTalk;

/* Shared by the files of VmParticipant. */
struct _VmParticipant
{
  GObject parent;

  gchar *id;
  gchar *user; /* as it was told */
  gchar *shown; /* with a mark, or NULL: as it was told */
  gchar *device;
  gchar *device_id;
  gchar *token; /* that came with it, or NULL */
  gchar *nonce;
  VmMediaSession *media;
  VmCallType call_type;
  gboolean host;
  VmTrustLevel trust;
  gchar *voucher; /* or NULL */
  VmParticipantState state;

  gchar *status;
  gboolean hand;
  gint audio, video; /* sent or not; -1: not known */
  gboolean detached;
  VmParticipantTalk talk;
};

/* For VmMeeting alone, in its thread. */
VmParticipantTalk *vm_participant_get_talk (VmParticipant *self);
/* What it told at its coming; base64, or NULL. */
const gchar *vm_participant_get_nonce (VmParticipant *self);
/* The last connection to it, or NULL. */
VmMediaSession *vm_participant_get_media (VmParticipant *self);
void vm_participant_set_media (VmParticipant *self, VmMediaSession *media);
/* It is gone: nothing is sent to it any more. */
void vm_participant_clear_talk (VmParticipant *self);
/* What it tells of itself. @audio and @video: as in VmSignal. TRUE when that is
 * news. */
gboolean vm_participant_set_presence (
    VmParticipant *self, const gchar *status, gint audio, gint video);
gboolean vm_participant_set_hand (VmParticipant *self, gboolean raised);
gboolean vm_participant_set_detached (VmParticipant *self, gboolean detached);
/* @token: PEM, or NULL; what the host says now in the place of what came. */
void vm_participant_set_token (VmParticipant *self, const gchar *token);
/* @voucher: or NULL. */
gboolean vm_participant_set_trust (
    VmParticipant *self, VmTrustLevel trust, const gchar *voucher);
VmParticipant *vm_participant_new (const VmSignalParticipant *described);
/* Another goes by a name that looks the same: it is shown as the @number of
 * them. */
void vm_participant_mark (VmParticipant *self, guint number);
/* What the host has told of who it is; the strings belong to @self. */
void
vm_participant_describe (VmParticipant *self, VmSignalParticipant *described);
/* Whether the state moved. */
gboolean vm_participant_take_event (
    VmParticipant *self, VmParticipantEvent event, VmParticipantState *old);
/* Of two ids of one meeting, whether @a joined earlier. */
gboolean vm_participant_id_is_earlier (const gchar *a, const gchar *b);
