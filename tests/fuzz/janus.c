/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/client/janus/janusclient.h>

#include <string.h>

#define LINES_MAX 48
#define EVENTS_MAX 20000 /* of one line; a participant has 16 streams */
#define TEXTS_MAX 200
#define TICKS_MAX 4 /* at one time, until all is done that may be now */

static void
check_label (const gchar *text)
{
  g_assert_true (!text || vm_text_is_label (text, VM_SIGNAL_NAME_MAX));
}

static void
check_stream (const VmJanusStream *stream)
{
  g_assert_true (vm_text_is_name (stream->mid, VM_JANUS_MID_MAX));
  g_assert_true (
      !stream->codec || strlen (stream->codec) <= VM_JANUS_CODEC_MAX);
  check_label (stream->description);
  check_label (stream->feed_display);
}

static void
check_streams (const GPtrArray *streams, guint max)
{
  g_assert_cmpuint (streams ? streams->len : 0, <=, max);
  for (guint i = 0; streams && i < streams->len; i++)
    check_stream (streams->pdata[i]);
}

/* What is read is within its limits. */
static void
check_message (const gchar *line)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmJanusMessage) message =
      vm_janus_message_read (line, strlen (line), &error);
  g_autoptr (GError) said = NULL;

  g_assert_true (!message == !!error);
  if (!message)
    return;
  said = vm_janus_message_get_error (message);
  g_assert_true (!said || g_utf8_validate (said->message, -1, NULL));
  g_assert_cmpuint (message->participants->len, <=, VM_JANUS_PARTICIPANTS_MAX);
  check_streams (message->streams, VM_JANUS_SLOTS_MAX);
  for (guint i = 0; i < message->participants->len; i++) {
    const VmJanusParticipant *participant = message->participants->pdata[i];

    check_label (participant->display);
    check_streams (participant->streams, VM_JANUS_STREAMS_MAX);
  }
}

static void
take_texts (VmJanusClient *client)
{
  gchar *text;
  guint n = 0;

  while ((text = vm_janus_client_take_text (client))) {
    VmJson json;

    g_assert_true (vm_json_read (&json, text, strlen (text), NULL));
    g_free (text);
    g_assert_cmpuint (++n, <=, TEXTS_MAX);
  }
}

/* An owner who wants whatever there is. */
static void
take_events (VmJanusClient *client, gint64 now)
{
  VmJanusEvent *event;
  guint n = 0;

  while ((event = vm_janus_client_take_event (client))) {
    if (event->type == VM_JANUS_EVENT_STREAM_ADDED)
      vm_janus_client_want (client, event->id, event->stream->mid, now, NULL);
    else if (event->type == VM_JANUS_EVENT_OFFER)
      vm_janus_client_answer (client, "v=0", now);
    else if (event->type == VM_JANUS_EVENT_JOINED)
      vm_janus_client_publish (client, "v=0", NULL, now, NULL);
    vm_janus_event_free (event);
    g_assert_cmpuint (++n, <=, EVENTS_MAX);
  }
  g_assert_cmpuint (
      vm_janus_client_get_roster (client)->len, <=, VM_JANUS_ROSTER_MAX);
}

/* What a server says, a message a line; a line that begins with a dot is a
 * second of silence, with "!" the loss of the socket. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", LINES_MAX);
  const VmJanusClientConfig config = { .room = 4711, .create = TRUE };
  g_autoptr (VmJanusClient) client = vm_janus_client_new (&config, NULL);
  gint64 now = G_USEC_PER_SEC;

  vm_janus_client_start (client, now);
  vm_janus_client_opened (client, now);
  for (guint i = 0; lines[i]; i++) {
    if (*lines[i] == '.') {
      now += G_USEC_PER_SEC;
    } else if (*lines[i] == '!') {
      g_autoptr (GError) error =
          g_error_new_literal (VM_ERROR, VM_ERROR_DISCONNECTED, "cut");

      vm_janus_client_lost (client, error, now);
    } else {
      check_message (lines[i]);
      vm_janus_client_receive (client, lines[i], strlen (lines[i]), now);
    }
    vm_janus_client_tick (client, now);
    vm_janus_client_opened (client, now);
    take_texts (client);
    take_events (client, now);
    take_texts (client);
    /* it sleeps until something happens */
    for (guint j = 0; j < TICKS_MAX; j++)
      vm_janus_client_tick (client, now);
    g_assert_cmpint (vm_janus_client_get_wake (client), >, now);
  }
}
