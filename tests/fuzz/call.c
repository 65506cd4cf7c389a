/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/call/calls.h>
#include <gst/videomeet/wire/call/callclient.h>

#include <string.h>

#define LINES_MAX 48
#define USERS 3

/* What goes out is read at the other end, and written the same there. */
static void
on_send (gpointer peer, const VmCallMessage *message, gpointer user_data)
{
  g_autoptr (GBytes) bytes = vm_call_message_format (message);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmCallMessage) again =
      vm_call_message_parse (VM_CALL_SIDE_CLIENT, bytes, &error);
  g_autoptr (GBytes) written = NULL;

  g_assert_no_error (error);
  written = vm_call_message_format (again);
  g_assert_true (g_bytes_equal (bytes, written));
}

static void
take (VmCalls *calls, VmCallUser **user, const gchar *line, gint64 now)
{
  g_autoptr (GBytes) bytes = g_bytes_new (line, strlen (line));
  g_autoptr (GError) error = NULL;
  g_autoptr (VmCallMessage) message =
      vm_call_message_parse (VM_CALL_SIDE_SERVER, bytes, &error);

  vm_call_is_first (bytes);
  if (message && *user)
    vm_call_user_receive (*user, message, now, &error);
  else if (message && message->type == VM_CALL_REGISTER)
    *user = vm_calls_register (
        calls, message->user_id, message->username, user, now, &error);
  g_assert_true (message || error);
  g_assert_true (!error || g_utf8_validate (error->message, -1, NULL));
}

/* At a stranger's server: what it says, after '<', and what the user does. */
static void
take_from_server (gpointer state, const gchar *line)
{
  g_autoptr (GBytes) bytes = g_bytes_new (line + 1, strlen (line + 1));
  g_autoptr (VmSignal) signal = NULL;
  g_autoptr (VmSignal) left = NULL;
  g_autoptr (GPtrArray) accepted = NULL;
  g_autoptr (GBytes) said = NULL;
  g_autoptr (GError) error = NULL;

  if (*line == 'C') {
    signal = vm_call_client_dial (state, "b", "c1", VM_CALL_TYPE_VIDEO, &error);
    if (signal) {
      g_autoptr (VmSignal) offer = vm_signal_new (VM_SIGNAL_OFFER);
      VmSignalParticipant *who = g_ptr_array_index (signal->participants, 0);

      offer->to = g_strdup (who->id);
      vm_signal_set_text (offer, &offer->sdp, "v=0");
      said = vm_dialect_call_client.format (state, offer);
      g_assert_nonnull (said);
    }
  } else if (*line == 'A') {
    accepted = vm_call_client_accept (state, &error);
    g_assert_true (!accepted || accepted->len >= 2);
  } else if (*line == 'R') {
    said = vm_call_client_reject (state, &error);
  } else if (*line == 'E') {
    g_assert_true (!vm_call_client_end (state, &said, &left, &error) || left);
  } else {
    signal = vm_dialect_call_client.parse (state, bytes, &error);
    g_assert_true (!signal || !error);
  }
  g_assert_true (!error || g_utf8_validate (error->message, -1, NULL));
}

/* What three clients say, a message a line, each after its own digit; "!" after
 * it: the connection is lost. A line that begins with 'T' is the passing of
 * time; with '<', what a stranger's server says to this device, whose user
 * calls, accepts, rejects and ends by 'C', 'A', 'R' and 'E'. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", LINES_MAX);
  g_autoptr (VmCalls) calls = vm_calls_new (on_send, NULL);
  VmCallUser *users[USERS] = { NULL };
  gpointer stranger = vm_dialect_call_client.state_new ();
  gint64 now = 0;

  for (guint i = 0; lines[i]; i++) {
    const gchar *line = lines[i];

    if (*line == 'T') {
      now += VM_CALL_RING_TIME / 2;
      vm_calls_tick (calls, VM_CALL_RING_TIME, now);
    } else if (*line && strchr ("<CARE", *line)) {
      take_from_server (stranger, line);
    } else if (*line >= '0' && *line < '0' + USERS) {
      VmCallUser **user = &users[*line - '0'];

      if (line[1] != '!')
        take (calls, user, line + 1, now);
      else if (*user)
        vm_call_user_leave (g_steal_pointer (user));
    }
    g_assert_cmpuint (
        2 * vm_calls_count (calls), <=, vm_calls_count_users (calls));
  }
  vm_dialect_call_client.state_free (stranger);
}
