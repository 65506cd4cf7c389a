/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A server on loopback that takes calls, and has rooms that nobody hosts, for
 * pages written by others. usage: callserver WEB_ROOT [PORT [RING_MS]] The
 * address it has is a line of JSON; it ends with its standard input. */

#include <gst/videomeet/server/server-priv.h>

#include <glib-unix.h>
#include <stdlib.h>

static gboolean
on_input (GIOChannel *channel, GIOCondition condition, gpointer loop)
{
  gchar byte;
  gsize size;

  if (g_io_channel_read_chars (channel, &byte, 1, &size, NULL)
      == G_IO_STATUS_NORMAL)
    return G_SOURCE_CONTINUE;
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static gboolean
on_signal (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  VmServerConfig config = {
    .loopback_only = TRUE, .calls = TRUE, .open_rooms = TRUE
  };
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (0);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, &error);
  g_autoptr (VmServer) server = NULL;

  if (identity) {
    server = vm_server_new (identity);
    if (argc > 3) {
      VmServerTimes times = server->times;

      times.ring = atoi (argv[3]) * G_TIME_SPAN_MILLISECOND;
      vm_server_set_times (server, &times);
    }
    config.web_root = argv[1];
    config.port = argc > 2 ? atoi (argv[2]) : 0;
    config.port_explicit = config.port != 0;
  }
  if (!identity || !vm_server_start (server, &config, &error)) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  g_print (
      "{\"event\":\"listening\",\"port\":%u}\n", vm_server_get_port (server));
  g_io_add_watch (input, G_IO_IN | G_IO_HUP, on_input, loop);
  g_unix_signal_add (SIGINT, on_signal, loop);
  g_main_loop_run (loop);
  vm_server_stop (server);
  return 0;
}
