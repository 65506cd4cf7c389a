/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/net/nethost.h"

#include <gst/check/gstcheck.h>
#include <string.h>

VmServer *server;
VmSeat *seat;
static GQueue host_heard = G_QUEUE_INIT; /* of VmSignal */

void
on_host_signal (VmSeat *of, const VmSignal *signal, gpointer user_data)
{
  g_queue_push_tail (&host_heard, vm_signal_ref (signal));
}

static gboolean
on_late (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_CONTINUE;
}

/* The host's next signal of @type; others are dropped. */
VmSignal *
host_wait (VmSignalType type)
{
  gboolean late = FALSE;
  guint timer = g_timeout_add_seconds (NET_SECONDS, on_late, &late);
  VmSignal *signal = NULL;

  while (!signal && !late) {
    signal = g_queue_pop_head (&host_heard);
    if (!signal) {
      g_main_context_iteration (NULL, TRUE);
    } else if (signal->type != type) {
      g_clear_pointer (&signal, vm_signal_unref);
    }
  }
  g_source_remove (timer);
  fail_if (late, "the host never heard %s", vm_signal_type_to_string (type));
  return signal;
}

void
host_refuses (const gchar *to, const gchar *code)
{
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_ERROR);

  signal->to = g_strdup (to);
  signal->code = g_strdup (code);
  signal->message = g_strdup ("a=setup");
  vm_seat_send (seat, signal);
}

void
host_wait_locked (gboolean locked)
{
  gboolean now;

  do {
    g_autoptr (VmSignal) state = host_wait (VM_SIGNAL_MEETING_STATE);
    now = state->locked;
  } while (now != locked);
}

void
open_with (VmServerConfig config, const VmServerTimes *times, const gchar *pin,
    guint max)
{
  VmMeetingConfig meeting = { "standup", "Ann", "desk", pin, max,
    VM_CALL_TYPE_VIDEO };
  g_autoptr (GError) error = NULL;

  server = net_server (&config, times);
  seat = vm_server_open_meeting (
      server, &meeting, NULL, on_host_signal, NULL, &error);
  g_assert_no_error (error);
}

void
setup (void)
{
  open_with ((VmServerConfig){ .loopback_only = TRUE }, NULL, NULL, 10);
}

void
teardown (void)
{
  if (seat)
    vm_seat_close (seat);
  seat = NULL;
  vm_server_stop (server);
  g_clear_object (&server);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_queue_clear_full (&host_heard, (GDestroyNotify) vm_signal_unref);
}

void
reopen (const VmServerTimes *times, const gchar *pin, guint max)
{
  teardown ();
  open_with ((VmServerConfig){ .loopback_only = TRUE }, times, pin, max);
}

void
has (const gchar *text, const gchar *part)
{
  fail_unless (strstr (text, part) != NULL, "no %s in %s", part, text);
}

void
check_upgrade (const gchar *path, const gchar *protocol)
{
  g_autoptr (GError) error = NULL;

  fail_unless (net_socket_open (server, path, protocol, &error) == NULL);
  g_assert_error (
      error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_ERROR_NOT_WEBSOCKET);
}
