/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include "server/calls.h"

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

/* What three clients say, a message a line, each after its own digit; "!" after
 * it: the connection is lost. A line that begins with '<' is what a stranger's
 * server says, one with 'T' the passing of time. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", LINES_MAX);
  g_autoptr (VmCalls) calls = vm_calls_new (on_send, NULL);
  VmCallUser *users[USERS] = { NULL };
  gint64 now = 0;

  for (guint i = 0; lines[i]; i++) {
    const gchar *line = lines[i];

    if (*line == 'T') {
      now += VM_CALL_RING_TIME / 2;
      vm_calls_tick (calls, VM_CALL_RING_TIME, now);
    } else if (*line == '<') {
      g_autoptr (GBytes) bytes = g_bytes_new (line + 1, strlen (line + 1));
      g_autoptr (VmCallMessage) message =
          vm_call_message_parse (VM_CALL_SIDE_CLIENT, bytes, NULL);
      g_autoptr (GBytes) written =
          message ? vm_call_message_format (message) : NULL;
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
}
