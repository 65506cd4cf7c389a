/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is in the room, and what the server says of them without being asked
 * (protocol/janus.md#videoroom). */

#include "client/janus/janusclient-priv.h"

#include <string.h>

static gint
find (VmJanusClient *self, gint64 id)
{
  for (guint i = 0; i < self->roster->len; i++) {
    if (((VmJanusParticipant *) self->roster->pdata[i])->id == id)
      return (gint) i;
  }
  return -1;
}

VmJanusParticipant *
vm_janus_roster_find (VmJanusClient *self, gint64 id)
{
  gint i = find (self, id);

  return i < 0 ? NULL : self->roster->pdata[i];
}

static gint
find_mid (const GPtrArray *streams, const gchar *mid)
{
  for (guint i = 0; i < streams->len; i++) {
    if (strcmp (((VmJanusStream *) streams->pdata[i])->mid, mid) == 0)
      return (gint) i;
  }
  return -1;
}

const VmJanusStream *
vm_janus_roster_find_stream (VmJanusClient *self, gint64 id, const gchar *mid)
{
  VmJanusParticipant *participant = vm_janus_roster_find (self, id);
  gint i = participant ? find_mid (participant->streams, mid) : -1;

  return i < 0 ? NULL : participant->streams->pdata[i];
}

/* Streams */

static void
tell_stream (VmJanusClient *self, VmJanusEventType type, gint64 id,
    const VmJanusStream *stream)
{
  VmJanusEvent *event = vm_janus_client_tell (self, type);

  event->id = id;
  event->stream = vm_janus_stream_copy (stream);
}

/* Whether whoever receives @old can go on with @new. */
static gboolean
goes_on (const VmJanusStream *old, const VmJanusStream *new)
{
  return old->kind == new->kind &&g_strcmp0 (old->codec, new->codec) == 0
         && old->simulcast == new->simulcast;
}

static void
remove_stream (VmJanusClient *self, VmJanusParticipant *participant, guint i)
{
  g_autoptr (VmJanusStream) stream =
      g_ptr_array_steal_index (participant->streams, i);

  vm_janus_subscriber_forget (self, participant->id, stream->mid);
  tell_stream (self, VM_JANUS_EVENT_STREAM_REMOVED, participant->id, stream);
}

void
vm_janus_roster_set_streams (VmJanusClient *self,
    VmJanusParticipant *participant, const GPtrArray *streams)
{
  for (guint i = participant->streams->len; i-- > 0;) {
    const VmJanusStream *old = participant->streams->pdata[i];
    gint at = streams ? find_mid (streams, old->mid) : -1;
    const VmJanusStream *new = at < 0 ? NULL : streams->pdata[at];

    if (!new || new->disabled || !goes_on (old, new))
      remove_stream (self, participant, i);
  }
  for (guint i = 0; streams && i < streams->len; i++) {
    const VmJanusStream *new = streams->pdata[i];

    if (new->disabled || find_mid (participant->streams, new->mid) >= 0)
      continue;
    g_ptr_array_add (participant->streams, vm_janus_stream_copy (new));
    tell_stream (self, VM_JANUS_EVENT_STREAM_ADDED, participant->id, new);
  }
}

/* Participants */

static void
tell_participant (
    VmJanusClient *self, VmJanusEventType type, gint64 id, const gchar *display)
{
  VmJanusEvent *event = vm_janus_client_tell (self, type);

  event->id = id;
  event->text = g_strdup (display);
}

static void
rename_participant (
    VmJanusClient *self, VmJanusParticipant *participant, const gchar *display)
{
  if (!display || g_strcmp0 (participant->display, display) == 0)
    return;
  g_free (participant->display);
  participant->display = g_strdup (display);
  tell_participant (self, VM_JANUS_EVENT_PARTICIPANT_CHANGED, participant->id,
      participant->display);
}

static VmJanusParticipant *
add (VmJanusClient *self, const VmJanusParticipant *from)
{
  VmJanusParticipant *participant;

  if (self->roster->len >= VM_JANUS_ROSTER_MAX) {
    g_autoptr (GError) error = g_error_new (VM_ERROR, VM_ERROR_TOO_LARGE,
        "The room has more than %d participants; further ones are not shown",
        VM_JANUS_ROSTER_MAX);

    if (!self->told_full)
      vm_janus_client_tell_error (self, VM_JANUS_EVENT_WARNING, error);
    self->told_full = TRUE;
    return NULL;
  }
  participant = g_new0 (VmJanusParticipant, 1);
  participant->id = from->id;
  participant->display = g_strdup (from->display);
  participant->streams =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_janus_stream_free);
  g_ptr_array_add (self->roster, participant);
  tell_participant (self, VM_JANUS_EVENT_PARTICIPANT_JOINED, participant->id,
      participant->display);
  return participant;
}

/* Somebody who is new, or has changed. */
static void
take (VmJanusClient *self, const VmJanusParticipant *from)
{
  VmJanusParticipant *participant = vm_janus_roster_find (self, from->id);

  if (from->id == self->own)
    return;
  if (participant)
    rename_participant (self, participant, from->display);
  else
    participant = add (self, from);
  if (!participant)
    return;
  participant->publishes |= from->publishes;
  if (from->streams)
    vm_janus_roster_set_streams (self, participant, from->streams);
}

static void
stop_publishing (VmJanusClient *self, gint64 id)
{
  VmJanusParticipant *participant = vm_janus_roster_find (self, id);

  if (!participant)
    return;
  participant->publishes = FALSE;
  vm_janus_roster_set_streams (self, participant, NULL);
}

static void
remove_participant (VmJanusClient *self, gint64 id)
{
  gint i = find (self, id);

  if (i < 0)
    return;
  stop_publishing (self, id);
  g_ptr_array_remove_index (self->roster, (guint) i);
  tell_participant (self, VM_JANUS_EVENT_PARTICIPANT_LEFT, id, NULL);
  self->told_full = FALSE;
}

static const VmJanusParticipant *
find_in (const GPtrArray *participants, gint64 id)
{
  for (guint i = 0; i < participants->len; i++) {
    if (((VmJanusParticipant *) participants->pdata[i])->id == id)
      return participants->pdata[i];
  }
  return NULL;
}

void
vm_janus_roster_replace (VmJanusClient *self, const GPtrArray *participants)
{
  for (guint i = self->roster->len; i-- > 0;) {
    gint64 id = ((VmJanusParticipant *) self->roster->pdata[i])->id;
    const VmJanusParticipant *now = find_in (participants, id);

    if (!now || id == self->own)
      remove_participant (self, id);
    else if (!now->publishes)
      stop_publishing (self, id);
  }
  for (guint i = 0; i < participants->len; i++)
    take (self, participants->pdata[i]);
}

/* News */

static void
take_kick (VmJanusClient *self)
{
  vm_janus_client_end_with (
      self, VM_ERROR_KICKED, "This device was removed from the room of Janus");
}

static void
take_departure (VmJanusClient *self, const VmJanusMessage *message)
{
  if (message->leaving == VM_JANUS_SELF)
    take_kick (self);
  else if (message->leaving != VM_JANUS_NOBODY)
    remove_participant (self, message->leaving);
  if (message->kicked == self->own)
    take_kick (self);
  else if (message->kicked > 0)
    remove_participant (self, message->kicked);
  if (message->unpublished > 0)
    stop_publishing (self, message->unpublished);
}

static void
take_event (VmJanusClient *self, const VmJanusMessage *message)
{
  VmJanusParticipant *renamed = message->renamed && message->own > 0
                                    ? vm_janus_roster_find (self, message->own)
                                    : NULL;

  for (guint i = 0; i < message->participants->len; i++)
    take (self, message->participants->pdata[i]);
  if (renamed)
    rename_participant (self, renamed, message->renamed);
  take_departure (self, message);
}

static void
take_talking (VmJanusClient *self, const VmJanusMessage *message)
{
  VmJanusEvent *event;

  if (message->own == self->own || !vm_janus_roster_find (self, message->own))
    return;
  event = vm_janus_client_tell (self, VM_JANUS_EVENT_PARTICIPANT_TALKING);
  event->id = message->own;
  event->on = message->room_type == VM_JANUS_ROOM_TALKING;
}

static void
take_error (VmJanusClient *self, const VmJanusMessage *message)
{
  g_autoptr (GError) error = vm_janus_message_get_error (message);

  vm_janus_client_tell_error (self, VM_JANUS_EVENT_WARNING, error);
}

void
vm_janus_client_take_news (
    VmJanusClient *self, const VmJanusMessage *message, gint64 now)
{
  gint64 subscriber = self->peers[VM_JANUS_SUBSCRIBER].handle;

  if (self->state != VM_JANUS_CLIENT_JOINED
      || (message->room > 0 && message->room != self->config.room))
    return;
  if (message->code) {
    take_error (self, message);
    return;
  }
  switch (message->room_type) {
    case VM_JANUS_ROOM_EVENT:
      take_event (self, message);
      break;
    case VM_JANUS_ROOM_DESTROYED:
      vm_janus_client_end_with (
          self, VM_ERROR_MEETING_ENDED, "The room of Janus was ended");
      return;
    case VM_JANUS_ROOM_TALKING:
    case VM_JANUS_ROOM_STOPPED_TALKING:
      take_talking (self, message);
      break;
    case VM_JANUS_ROOM_UPDATED:
      if (subscriber > 0 && message->sender == subscriber)
        vm_janus_subscriber_take_update (self, message, now);
      break;
    default:
      break;
  }
  vm_janus_subscriber_pump (self, now);
}
