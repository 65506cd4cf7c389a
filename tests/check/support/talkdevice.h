/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "support/meetingdevice.h"

/* Devices that talk: what each hears of the others is kept as words. Data
 * channels are function calls. */

/* One more word. */
void talk_note (Device *device, const gchar *format, ...) G_GNUC_PRINTF (2, 3);
/* Its chat, presence, hands, requests to mute and lock are kept. */
void talk_listen (Device *device);
void talk_join (Device *device);
/* Ann hosts, Bob and Carl are there; nothing heard yet. */
void talk_meet (void);
/* What all have heard. */
void talk_forget (void);
/* Who @id is to @device; somebody is. */
VmParticipant *talk_who (Device *device, const gchar *id);
/* A data channel between the two. */
void talk_connect (Device *x, Device *y, const gchar *label);
/* Whether they carry what is said, however open they are; at first, yes. */
void talk_set_carrying (gboolean carrying);
/* Whether what they take is lost; at first, no. */
void talk_set_losing (gboolean losing);
/* To one, or with NULL to all. */
void talk_say (Device *device, const gchar *to, const gchar *text);
