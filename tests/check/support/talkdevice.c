/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/talkdevice.h"

#include <gst/videomeet/meeting/vmmeeting-priv.h>
#include <gst/videomeet/meeting/vmparticipant-priv.h>

void
talk_note (Device *device, const gchar *format, ...)
{
  va_list args;

  if (device->heard->len)
    g_string_append_c (device->heard, ' ');
  va_start (args, format);
  g_string_append_vprintf (device->heard, format, args);
  va_end (args);
}

static void
on_chat (VmMeeting *meeting, VmChatMessage *message, Device *device)
{
  talk_note (device, "%s%s%s:%s",
      vm_chat_message_get_old (message) ? "old-" : "",
      vm_chat_message_get_confidential (message) ? "psst-" : "",
      vm_chat_message_get_user (message), vm_chat_message_get_text (message));
}

static void
on_presence (VmMeeting *meeting, VmParticipant *who, Device *device)
{
  talk_note (device, "%s=%s%s%s", vm_participant_get_id (who),
      vm_participant_get_status (who),
      vm_participant_get_audio_muted (who) ? "-audio" : "",
      vm_participant_get_video_muted (who) ? "-video" : "");
}

static void
on_hand (VmMeeting *meeting, VmParticipant *who, Device *device)
{
  talk_note (device, "%s^%d", vm_participant_get_id (who),
      vm_participant_get_hand (who));
}

static void
on_reaction (VmMeeting *meeting, VmParticipant *who, const gchar *reaction,
    Device *device)
{
  talk_note (device, "%s~%s", vm_participant_get_id (who), reaction);
}

static void
on_mute (VmMeeting *meeting, gboolean audio, gboolean video, Device *device)
{
  talk_note (device, "mute%s%s", audio ? "-audio" : "", video ? "-video" : "");
}

static void
on_locked (VmMeeting *meeting, GParamSpec *pspec, Device *device)
{
  talk_note (device, vm_meeting_get_locked (meeting) ? "locked" : "open");
}

void
talk_listen (Device *device)
{
  g_signal_connect (
      device->meeting, "chat-received", G_CALLBACK (on_chat), device);
  g_signal_connect (
      device->meeting, "presence-changed", G_CALLBACK (on_presence), device);
  g_signal_connect (
      device->meeting, "hand-changed", G_CALLBACK (on_hand), device);
  g_signal_connect (
      device->meeting, "reaction", G_CALLBACK (on_reaction), device);
  g_signal_connect (
      device->meeting, "mute-requested", G_CALLBACK (on_mute), device);
  g_signal_connect (
      device->meeting, "notify::locked", G_CALLBACK (on_locked), device);
}

void
talk_forget (void)
{
  g_string_truncate (a.heard, 0);
  g_string_truncate (b.heard, 0);
  g_string_truncate (c.heard, 0);
}

void
talk_join (Device *device)
{
  device_open (device, VM_MEETING_MODE_JOIN);
  use_uri (device, "standup");
  talk_listen (device);
  start (device);
  WAIT_FOR (has (device, "active"));
}

/* Ann hosts, Bob and Carl are there; nothing heard yet. */
void
talk_meet (void)
{
  host ();
  talk_listen (&a);
  talk_join (&b);
  talk_join (&c);
  WAIT_FOR (has (&a, "+p003") && has (&b, "+p003"));
  talk_forget ();
}

VmParticipant *
talk_who (Device *device, const gchar *id)
{
  VmParticipant *found = find (device, id);

  fail_unless (found != NULL, "no %s", id);
  return found;
}

static Device *
device_of (const gchar *id)
{
  return strcmp (id, "p001") == 0 ? &a : strcmp (id, "p002") == 0 ? &b : &c;
}

static gboolean carries = TRUE, loses;

void
talk_set_carrying (gboolean carrying)
{
  carries = carrying;
}

void
talk_set_losing (gboolean losing)
{
  loses = losing;
}

static gboolean
carry (VmMeeting *meeting, VmParticipant *to, const gchar *label,
    const gchar *text, Device *from)
{
  Device *device = device_of (vm_participant_get_id (to));
  VmParticipant *sender =
      talk_who (device, vm_participant_get_id (vm_meeting_get_self (meeting)));

  if (carries && !loses)
    vm_meeting_take_message (device->meeting, sender, label, text);
  return carries;
}

/* A data channel between the two. */
void
talk_connect (Device *x, Device *y, const gchar *label)
{
  const gchar *id_x = vm_participant_get_id (vm_meeting_get_self (x->meeting));
  const gchar *id_y = vm_participant_get_id (vm_meeting_get_self (y->meeting));

  for (Device *d = x; d; d = d == x ? y : NULL) {
    if (!g_signal_handler_find (
            d->meeting, G_SIGNAL_MATCH_FUNC, 0, 0, NULL, carry, NULL))
      g_signal_connect (d->meeting, "send-message", G_CALLBACK (carry), d);
  }
  vm_meeting_set_channel (x->meeting, talk_who (x, id_y), label, TRUE);
  vm_meeting_set_channel (y->meeting, talk_who (y, id_x), label, TRUE);
}

void
talk_say (Device *device, const gchar *to, const gchar *text)
{
  g_autoptr (GError) error = NULL;

  fail_unless (vm_meeting_send_chat (
      device->meeting, to ? talk_who (device, to) : NULL, text, &error));
  g_assert_no_error (error);
}
