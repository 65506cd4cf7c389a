/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmmediasession.h>
#include <gst/videomeet/vmparticipant.h>
#include "base/rates.h"
#include "wire/chat.h"

/* A message that a data channel has taken. */
typedef struct
{
  VmChatMessage *message;
  gint64 at; /* µs of the monotonic clock */
} VmSentChat;

void vm_sent_chat_free (gpointer sent);

/* Communication with a participant without the server. */
typedef struct
{
  gboolean chat; /* the data channel is open */
  gboolean signal; /* likewise */
  gboolean heartbeat; /* there was one */
  gboolean quiet; /* there was one, and not for 2 s */
  gboolean plain; /* it has sent chat that is no JSON, and reads none */
  VmChatRate rate; /* of its chat */
  VmRate signal_rate; /* of its messages on the channel `signal` */
  gboolean dropped; /* a message of it was dropped, and reported once */
  GQueue unsent; /* of VmChatMessage, until the data channel is open */
  gboolean acks; /* it acknowledges chat */
  GQueue sent; /* of VmSentChat, the newest last; not acknowledged */
  /* of texts, while one connection replaces another and neither has an open
   * channel `signal` */
  GQueue unsent_signals;
} VmParticipantTalk;

/* Shared by the files of VmParticipant. */
struct _VmParticipant
{
  GObject parent;

  gchar *id;
  gchar *user; /* as received */
  gchar *shown; /* with a mark, or NULL: as received */
  gchar *device;
  gchar *device_id;
  gchar *token; /* received with it, or NULL */
  gchar *nonce;
  VmMediaSession *media;
  VmCallType call_type;
  gboolean host;
  VmTrustLevel trust;
  gchar *voucher; /* or NULL */
  gchar *via, *origin, *origin_id; /* see VmSignalParticipant; or NULL */
  gchar *bridge; /* as in VmSignal; or NULL */
  VmParticipantState state;

  gchar *status;
  gboolean hand;
  gint audio, video; /* sent or not; -1: not known */
  gboolean detached;
  gchar *address; /* at which this device reaches it last, or NULL */
  VmParticipantTalk talk;
};

/* For VmMeeting alone, in its thread. */
VmParticipantTalk *vm_participant_get_talk (VmParticipant *self);
/* The nonce that it sent when joining; base64, or NULL. */
const gchar *vm_participant_get_nonce (VmParticipant *self);
/* The last connection to it, or NULL. */
VmMediaSession *vm_participant_get_media (VmParticipant *self);
void vm_participant_set_media (VmParticipant *self, VmMediaSession *media);
/* The participant is gone: sends nothing more to it. */
void vm_participant_clear_talk (VmParticipant *self);
/* Whether it sends that, as it has told: 0, 1, or -1 when it has not. */
gint vm_participant_get_audio (VmParticipant *self);
gint vm_participant_get_video (VmParticipant *self);
/* Its presence. @audio and @video: as in VmSignal. TRUE when that changed it.
 */
gboolean vm_participant_set_presence (
    VmParticipant *self, const gchar *status, gint audio, gint video);
gboolean vm_participant_set_hand (VmParticipant *self, gboolean raised);
/* Whether it could be the bridge to the cloud: "no", "able" or "chosen"; NULL
 * when it has not told. */
gboolean vm_participant_set_bridge (VmParticipant *self, const gchar *word);
const gchar *vm_participant_get_bridge (VmParticipant *self);
/* What it is called where it really is, or NULL. */
const gchar *vm_participant_get_origin_id (VmParticipant *self);
/* @address: as text, at which a connection to it was found; NULL: not known. */
void vm_participant_set_address (VmParticipant *self, const gchar *address);
gboolean vm_participant_set_detached (VmParticipant *self, gboolean detached);
/* @token: PEM, or NULL; from the host, in place of the earlier one. */
void vm_participant_set_token (VmParticipant *self, const gchar *token);
/* @voucher: or NULL. */
gboolean vm_participant_set_trust (
    VmParticipant *self, VmTrustLevel trust, const gchar *voucher);
VmParticipant *vm_participant_new (const VmSignalParticipant *described);
/* Others have a name that looks the same: shows it with @number. */
void vm_participant_mark (VmParticipant *self, guint number);
/* It is the host from now on, or no longer. */
void vm_participant_set_host (VmParticipant *self, gboolean host);
/* As a new host describes it to its server. (transfer full) */
VmSignalParticipant *vm_participant_to_signal (VmParticipant *self);
/* Its description by the host; the strings belong to @self. */
void
vm_participant_describe (VmParticipant *self, VmSignalParticipant *described);
/* Whether the state moved. */
gboolean vm_participant_take_event (
    VmParticipant *self, VmParticipantEvent event, VmParticipantState *old);
/* Whether @a joined earlier than @b; ids of one meeting. */
gboolean vm_participant_id_is_earlier (const gchar *a, const gchar *b);

/* Properties of VmParticipant. */
const gchar *vm_participant_get_status (VmParticipant *self);
gboolean vm_participant_get_hand (VmParticipant *self);
gboolean vm_participant_get_audio_muted (VmParticipant *self);
gboolean vm_participant_get_video_muted (VmParticipant *self);
VmTrustLevel vm_participant_get_trust (VmParticipant *self);
const gchar *vm_participant_get_voucher (VmParticipant *self);
gboolean vm_participant_get_detached (VmParticipant *self);
