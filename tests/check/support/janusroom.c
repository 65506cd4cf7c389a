/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/janusroom.h"

#include <gst/check/gstcheck.h>
#include <string.h>

#define WAKES_MAX 10000 /* of one wait: more would be a loop */

void
janus_room_open (JanusRoom *room, const VmJanusClientConfig *config)
{
  const VmJanusClientConfig ann = { .room = JANUS_ROOM, .display = "Ann" };
  g_autoptr (GError) error = NULL;

  room->now = 1000 * G_USEC_PER_SEC;
  room->said = NULL;
  room->client = vm_janus_client_new (config ? config : &ann, &error);
  g_assert_no_error (error);
  vm_janus_client_start (room->client, room->now);
  fail_unless (vm_janus_client_wants_socket (room->client));
  vm_janus_client_opened (room->client, room->now);
}

void
janus_room_enter (JanusRoom *room, const gchar *joined)
{
  VmJanusEvent *event;

  janus_room_open (room, NULL);
  janus_room_asks (room, "\"create\"", JANUS_SUCCESS (JANUS_SESSION));
  janus_room_asks (room, "\"attach\"", JANUS_SUCCESS (JANUS_PUBLISHER));
  janus_room_asks (room, "\"join\"", joined);
  fail_unless_equals_int (
      vm_janus_client_get_state (room->client), VM_JANUS_CLIENT_JOINED);
  while ((event = vm_janus_client_take_event (room->client)))
    vm_janus_event_free (event);
}

void
janus_room_close (JanusRoom *room)
{
  vm_janus_client_free (room->client);
  g_free (room->said);
}

void
janus_room_says (JanusRoom *room, const gchar *part)
{
  gchar *text = vm_janus_client_take_text (room->client);

  fail_unless (!!text == !!part, "says %s, and not %s", text, part);
  fail_unless (!part || strstr (text, part), "%s in %s", part, text);
  g_free (room->said);
  room->said = text;
}

/* The number of the last text that was expected. */
static gchar *
get_transaction (JanusRoom *room)
{
  static const gchar key[] = "\"transaction\":\"";
  const gchar *found = room->said ? strstr (room->said, key) : NULL;

  return found ? g_strndup (
             found + strlen (key), strspn (found + strlen (key), "0123456789"))
               : g_strdup ("0");
}

void
janus_room_answers (JanusRoom *room, const gchar *text)
{
  g_autofree gchar *transaction = get_transaction (room);
  g_auto (GStrv) parts = g_strsplit (text, "%T", 2);
  g_autofree gchar *whole = g_strjoinv (transaction, parts);

  vm_janus_client_receive (room->client, whole, strlen (whole), room->now);
}

void
janus_room_asks (JanusRoom *room, const gchar *part, const gchar *text)
{
  janus_room_says (room, part);
  janus_room_answers (room, text);
}

/* Events */

static const gchar *const words[] = {
  [VM_JANUS_EVENT_JOINED] = "joined",
  [VM_JANUS_EVENT_LOST] = "lost",
  [VM_JANUS_EVENT_RETURNED] = "returned",
  [VM_JANUS_EVENT_CLOSED] = "closed",
  [VM_JANUS_EVENT_WARNING] = "warning",
  [VM_JANUS_EVENT_PARTICIPANT_JOINED] = "came",
  [VM_JANUS_EVENT_PARTICIPANT_CHANGED] = "renamed",
  [VM_JANUS_EVENT_PARTICIPANT_LEFT] = "left",
  [VM_JANUS_EVENT_PARTICIPANT_TALKING] = "talking",
  [VM_JANUS_EVENT_STREAM_ADDED] = "added",
  [VM_JANUS_EVENT_STREAM_REMOVED] = "removed",
  [VM_JANUS_EVENT_PUBLISHED] = "published",
  [VM_JANUS_EVENT_PUBLISH_FAILED] = "unpublishable",
  [VM_JANUS_EVENT_OFFER] = "offer",
  [VM_JANUS_EVENT_CONNECTION_LOST] = "broken",
  [VM_JANUS_EVENT_CONNECTED] = "connected",
  [VM_JANUS_EVENT_CANDIDATE] = "candidate",
  [VM_JANUS_EVENT_MEDIA] = "media",
  [VM_JANUS_EVENT_SLOW_LINK] = "slow",
};

/* The m-lines of an offer, each with whose stream it carries. */
static void
append_slots (GString *out, const GPtrArray *slots)
{
  for (guint i = 0; i < slots->len; i++) {
    const VmJanusStream *slot = slots->pdata[i];

    if (slot->feed > 0)
      g_string_append_printf (out, ":%s=%" G_GINT64_FORMAT "/%s", slot->mid,
          slot->feed, slot->feed_mid);
    else
      g_string_append_printf (out, ":%s=", slot->mid);
  }
}

static gboolean
is_of_a_connection (const VmJanusEvent *event)
{
  return event->type >= VM_JANUS_EVENT_PUBLISHED;
}

static void
append_event (GString *out, const VmJanusEvent *event)
{
  g_string_append_printf (out, "%s%s", out->len ? " " : "", words[event->type]);
  if (is_of_a_connection (event))
    g_string_append (out, event->role == VM_JANUS_PUBLISHER ? ":pub" : ":sub");
  if (event->id >= 0)
    g_string_append_printf (out, ":%" G_GINT64_FORMAT, event->id);
  if (event->text)
    g_string_append_printf (out, ":%s", event->text);
  if (event->again)
    g_string_append (out, ":again");
  if (event->on)
    g_string_append (out, ":on");
  if (event->stream)
    g_string_append_printf (
        out, "/%s:%s", event->stream->mid, event->stream->codec);
  if (event->sdp)
    g_string_append_printf (out, ":%s", event->sdp);
  if (event->type == VM_JANUS_EVENT_OFFER)
    append_slots (out, event->streams);
  if (event->error)
    g_string_append_printf (out, ":%s", vm_error_get_code (event->error));
}

void
janus_room_hears (JanusRoom *room, const gchar *events)
{
  g_autoptr (GString) heard = g_string_new (NULL);
  VmJanusEvent *event;

  while ((event = vm_janus_client_take_event (room->client))) {
    append_event (heard, event);
    vm_janus_event_free (event);
  }
  fail_unless_equals_string (heard->str, events);
}

/* Time */

void
janus_room_wait (JanusRoom *room, gint64 time)
{
  gint64 until = room->now + time;

  for (guint i = 0;; i++) {
    gint64 wake = vm_janus_client_get_wake (room->client);

    fail_unless (i < WAKES_MAX, "it never sleeps");
    if (wake > until)
      break;
    room->now = MAX (room->now, wake);
    vm_janus_client_tick (room->client, room->now);
  }
  room->now = until;
}

void
janus_room_lose (JanusRoom *room)
{
  g_autoptr (GError) error =
      g_error_new_literal (VM_ERROR, VM_ERROR_DISCONNECTED, "cut");

  vm_janus_client_lost (room->client, error, room->now);
}

/* What it sends and receives */

void
janus_room_publish (JanusRoom *room)
{
  g_autoptr (GError) error = NULL;

  vm_janus_client_publish (room->client, "v=0", NULL, room->now, &error);
  g_assert_no_error (error);
}

void
janus_room_want (JanusRoom *room, gint64 feed)
{
  g_autoptr (GError) error = NULL;

  vm_janus_client_want (room->client, feed, "1", room->now, &error);
  g_assert_no_error (error);
}

guint
janus_room_count (JanusRoom *room, const gchar *part)
{
  guint n = 0;
  gchar *text;

  while ((text = vm_janus_client_take_text (room->client))) {
    n += strstr (text, part) != NULL;
    g_free (room->said);
    room->said = text;
  }
  return n;
}
