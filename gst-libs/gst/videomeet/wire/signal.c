/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/signal.h"

static const gchar *const names[] = {
  [VM_SIGNAL_HELLO] = "hello",
  [VM_SIGNAL_WELCOME] = "welcome",
  [VM_SIGNAL_PARTICIPANT_JOINED] = "participant-joined",
  [VM_SIGNAL_PARTICIPANT_LEFT] = "participant-left",
  [VM_SIGNAL_PARTICIPANT_STATE] = "participant-state",
  [VM_SIGNAL_MEETING_STATE] = "meeting-state",
  [VM_SIGNAL_OFFER] = "offer",
  [VM_SIGNAL_ANSWER] = "answer",
  [VM_SIGNAL_CANDIDATE] = "candidate",
  [VM_SIGNAL_RESTART] = "restart",
  [VM_SIGNAL_CHAT] = "chat",
  [VM_SIGNAL_PRESENCE] = "presence",
  [VM_SIGNAL_HAND] = "hand",
  [VM_SIGNAL_MUTE_REQUEST] = "mute-request",
  [VM_SIGNAL_KICK] = "kick",
  [VM_SIGNAL_UNBAN] = "unban",
  [VM_SIGNAL_LOCK] = "lock",
  [VM_SIGNAL_BYE] = "bye",
  [VM_SIGNAL_ERROR] = "error",
  [VM_SIGNAL_ACK] = "ack",
  [VM_SIGNAL_ICE_SERVERS] = "ice-servers",
  [VM_SIGNAL_SFU] = "sfu",
  [VM_SIGNAL_SFU_HEARD] = "sfu-heard",
  [VM_SIGNAL_SFU_PAIR] = "sfu-pair",
  [VM_SIGNAL_REACTION] = "reaction",
};
G_STATIC_ASSERT (G_N_ELEMENTS (names) == VM_SIGNAL_N_TYPES);

const gchar *
vm_signal_type_to_string (VmSignalType type)
{
  g_return_val_if_fail ((guint) type < VM_SIGNAL_N_TYPES, "unknown");

  return names[type];
}

gboolean
vm_signal_type_from_string (const gchar *name, VmSignalType *type)
{
  for (guint i = 0; i < VM_SIGNAL_N_TYPES; i++) {
    if (g_strcmp0 (names[i], name) == 0) {
      *type = i;
      return TRUE;
    }
  }
  return FALSE;
}

void
vm_signal_participant_free (gpointer data)
{
  VmSignalParticipant *participant = data;

  g_free (participant->id);
  g_free (participant->alias);
  g_free (participant->user);
  g_free (participant->device);
  g_free (participant->device_id);
  g_free (participant->nonce);
  g_free (participant->state);
  g_free (participant->trust);
  g_free (participant->token);
  g_free (participant->voucher);
  g_free (participant->via);
  g_free (participant->origin);
  g_free (participant->origin_id);
  g_clear_error (&participant->refused);
  g_free (participant->address);
  g_free (participant);
}

VmSignalBar *
vm_signal_bar_new (const gchar *id, const gchar *device_id,
    const gchar *address, gint64 seconds)
{
  VmSignalBar *bar = g_new (VmSignalBar, 1);

  *bar = (VmSignalBar){ g_strdup (id), g_strdup (device_id), g_strdup (address),
    seconds };
  return bar;
}

void
vm_signal_bar_free (gpointer data)
{
  VmSignalBar *bar = data;

  g_free (bar->id);
  g_free (bar->device_id);
  g_free (bar->address);
  g_free (bar);
}

VmSignal *
vm_signal_new (VmSignalType type)
{
  VmSignal *signal = g_atomic_rc_box_new0 (VmSignal);

  signal->type = type;
  signal->seq = signal->ack = -1;
  signal->sdp_mline_index = signal->generation = -1;
  signal->audio = signal->video = signal->active = -1;
  signal->in_reply_to = signal->last_seq = signal->epoch = signal->count =
      signal->max_participants = signal->sfu_room = -1;
  signal->participants =
      g_ptr_array_new_with_free_func (vm_signal_participant_free);
  return signal;
}

VmSignal *
vm_signal_ref (const VmSignal *signal)
{
  return g_atomic_rc_box_acquire ((VmSignal *) signal);
}

static void
clear (gpointer data)
{
  VmSignal *signal = data;

  g_free (signal->from);
  g_free (signal->to);
  g_free (signal->id);
  g_free (signal->state);
  g_free (signal->trust);
  g_free (signal->token);
  g_free (signal->voucher);
  g_free (signal->code);
  g_free (signal->message);
  g_free (signal->meeting);
  g_free (signal->meeting_id);
  g_free (signal->host);
  g_free (signal->moderator);
  g_strfreev (signal->roster);
  g_strfreev (signal->revoked);
  g_clear_pointer (&signal->barred, g_ptr_array_unref);
  vm_ice_grant_clear (&signal->ice);
  g_free (signal->signature);
  g_free (signal->barred_signature);
  g_free (signal->resume);
  g_free (signal->reason);
  g_free (signal->nonce);
  g_free (signal->text);
  g_free (signal->time);
  g_free (signal->status);
  g_free (signal->bridge);
  g_free (signal->reaction);
  g_free (signal->path);
  g_strfreev (signal->with);
  g_ptr_array_unref (signal->participants);
  g_clear_pointer (&signal->bytes, g_bytes_unref);
  g_clear_pointer (&signal->owned, g_ptr_array_unref);
}

void
vm_signal_unref (VmSignal *signal)
{
  g_atomic_rc_box_release_full (signal, clear);
}

VmSignal *
vm_signal_new_error (const GError *error, gint64 in_reply_to)
{
  VmSignal *signal = vm_signal_new (VM_SIGNAL_ERROR);

  signal->code = g_strdup (vm_error_get_code (error));
  signal->message = g_strdup (error->message);
  signal->in_reply_to = in_reply_to;
  return signal;
}

GError *
vm_signal_get_error (const VmSignal *signal)
{
  VmError code;

  if (!signal->code)
    return NULL;
  vm_error_from_code (signal->code, &code);
  return g_error_new_literal (
      VM_ERROR, code, signal->message ? signal->message : signal->code);
}

static void
own (VmSignal *signal, VmSpan *span, GString *json)
{
  span->size = json->len;
  span->data = g_string_free (json, FALSE);
  if (!signal->owned)
    signal->owned = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (signal->owned, (gpointer) span->data);
}

void
vm_signal_set_text (VmSignal *signal, VmSpan *span, const gchar *text)
{
  GString *json = g_string_new (NULL);

  vm_json_append_string (json, text);
  own (signal, span, json);
}

void
vm_signal_take_object (VmSignal *signal, GString *json)
{
  own (signal, &signal->object, json);
}

void
vm_signal_take_candidates (VmSignal *signal, GString *json)
{
  own (signal, &signal->candidates, json);
}

VmSignalParticipant *
vm_signal_add_participant (VmSignal *signal)
{
  VmSignalParticipant *participant = g_new0 (VmSignalParticipant, 1);

  g_ptr_array_add (signal->participants, participant);
  return participant;
}

static const gchar *const trust_levels[] = {
  [VM_TRUST_LEVEL_UNKNOWN] = "unknown",
  [VM_TRUST_LEVEL_KNOWN] = "known",
  [VM_TRUST_LEVEL_GUEST] = "guest",
  [VM_TRUST_LEVEL_VOUCHED] = "vouched",
  [VM_TRUST_LEVEL_TRUSTED] = "trusted",
};

const gchar *
vm_trust_level_to_wire (VmTrustLevel level)
{
  return trust_levels[level];
}

VmTrustLevel
vm_trust_level_from_wire (const gchar *word)
{
  for (guint i = 0; word && i < G_N_ELEMENTS (trust_levels); i++) {
    if (strcmp (trust_levels[i], word) == 0)
      return i;
  }
  return VM_TRUST_LEVEL_UNKNOWN;
}
