/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Says and does things in a meeting: runs a pipeline, as gst-launch-1.0 does,
 * whose vmsignalbin is called m, and calls its actions for what is typed.
 *
 *   cc talk.c $(pkg-config --cflags --libs gstreamer-1.0 gio-unix-2.0) -o talk
 *   ./talk 'vmsignalbin name=m meeting=standup user=Ann
 *     audiotestsrc is-live=true ! m.audio_sink_0'
 *
 * A line is said to everybody. /mute and /unmute, /hand, /status TEXT, /restart
 * (all connections, anew) and /leave are this participant's; /mute ID, /kick
 * ID, /unban ID, /lock, /unlock and /end are the host's.
 */

#include <gio/gunixinputstream.h>
#include <gst/gst.h>
#include <stdlib.h>
#include <string.h>

typedef struct
{
  GMainLoop *loop;
  GstElement *meeting;
  int status;
} Talk;

/* What is typed */

static void
obey (GstElement *meeting, const gchar *command, const gchar *rest)
{
  if (strcmp (command, "/mute") == 0 && *rest)
    g_signal_emit_by_name (meeting, "mute-request", rest, TRUE, FALSE);
  else if (strcmp (command, "/mute") == 0)
    g_object_set (meeting, "mute-audio", TRUE, NULL);
  else if (strcmp (command, "/unmute") == 0)
    g_object_set (meeting, "mute-audio", FALSE, NULL);
  else if (strcmp (command, "/hand") == 0)
    g_signal_emit_by_name (meeting, "raise-hand", TRUE);
  else if (strcmp (command, "/status") == 0)
    g_signal_emit_by_name (meeting, "set-status", rest);
  else if (strcmp (command, "/kick") == 0)
    g_signal_emit_by_name (meeting, "kick", rest);
  else if (strcmp (command, "/unban") == 0)
    g_signal_emit_by_name (meeting, "unban", rest);
  else if (strcmp (command, "/lock") == 0)
    g_signal_emit_by_name (meeting, "lock", TRUE);
  else if (strcmp (command, "/unlock") == 0)
    g_signal_emit_by_name (meeting, "lock", FALSE);
  else if (strcmp (command, "/end") == 0)
    g_signal_emit_by_name (meeting, "end-meeting");
  else if (strcmp (command, "/restart") == 0)
    g_signal_emit_by_name (meeting, "restart-ice", NULL);
  else if (strcmp (command, "/leave") == 0)
    g_signal_emit_by_name (meeting, "hang-up");
  else
    g_printerr ("There is no %s\n", command);
}

static void read_line (GDataInputStream *typed, Talk *talk);

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Talk *talk = user_data;
  g_autofree gchar *line = g_data_input_stream_read_line_finish_utf8 (
      G_DATA_INPUT_STREAM (source), result, NULL, NULL);

  /* the end of what is typed is not the end of the meeting */
  if (!line)
    return;
  if (*line == '/') {
    g_auto (GStrv) words = g_strsplit (line, " ", 2);

    obey (talk->meeting, words[0], words[1] ? words[1] : "");
  } else if (*line) {
    g_signal_emit_by_name (talk->meeting, "send-chat", line, NULL);
  }
  read_line (G_DATA_INPUT_STREAM (source), talk);
}

static void
read_line (GDataInputStream *typed, Talk *talk)
{
  g_data_input_stream_read_line_async (
      typed, G_PRIORITY_DEFAULT, NULL, on_line, talk);
}

/* What happens. Text of others may hold anything but control characters. */

static const gchar *
text (const GstStructure *s, const gchar *field)
{
  const gchar *value = gst_structure_get_string (s, field);

  return value ? value : "";
}

static gboolean
flag (const GstStructure *s, const gchar *field)
{
  gboolean value = FALSE;

  gst_structure_get_boolean (s, field, &value);
  return value;
}

static void
on_element_message (const GstStructure *s)
{
  if (gst_structure_has_name (s, "vm-meeting-state-changed")) {
    g_print ("meeting %s\n", text (s, "new"));
    return;
  }
  if (gst_structure_has_name (s, "vm-chat-received"))
    g_print ("%s %s: %s\n", text (s, "id"), text (s, "user"), text (s, "text"));
  else if (gst_structure_has_name (s, "vm-participant-state-changed"))
    g_print (
        "%s %s is %s\n", text (s, "id"), text (s, "user"), text (s, "new"));
  else if (gst_structure_has_name (s, "vm-path-changed"))
    g_print ("%s by %s\n", text (s, "id"), text (s, "path"));
  else if (gst_structure_has_name (s, "vm-hand-changed"))
    g_print ("%s %s %s\n", text (s, "id"), text (s, "user"),
        flag (s, "raised") ? "has raised a hand" : "has taken the hand down");
  else if (gst_structure_has_name (s, "vm-presence")) {
    g_print ("%s %s: status %s\n", text (s, "id"), text (s, "user"),
        text (s, "status"));
    g_print ("%s %s sends %s\n", text (s, "id"), text (s, "user"),
        flag (s, "audio-muted") ? "no sound" : "sound");
  } else if (gst_structure_has_name (s, "vm-host-lost"))
    g_print ("The host is gone\n");
  else if (gst_structure_has_name (s, "vm-mute-requested"))
    g_print ("The host has muted this device\n");
}

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Talk *talk = user_data;
  g_autoptr (GError) error = NULL;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ELEMENT:
      on_element_message (gst_message_get_structure (message));
      break;
    case GST_MESSAGE_WARNING:
      gst_message_parse_warning (message, &error, NULL);
      g_printerr ("%s\n", error->message);
      break;
    case GST_MESSAGE_ERROR:
      gst_message_parse_error (message, &error, NULL);
      g_printerr ("%s\n", error->message);
      talk->status = EXIT_FAILURE;
      g_main_loop_quit (talk->loop);
      break;
    case GST_MESSAGE_EOS:
      g_main_loop_quit (talk->loop);
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  Talk talk = { .status = EXIT_SUCCESS };
  g_autoptr (GError) error = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GInputStream) input = NULL;
  g_autoptr (GDataInputStream) typed = NULL;
  GstElement *pipeline;

  gst_init (&argc, &argv);
  pipeline = argc == 2 ? gst_parse_launch (argv[1], &error) : NULL;
  talk.meeting = GST_IS_BIN (pipeline)
                     ? gst_bin_get_by_name (GST_BIN (pipeline), "m")
                     : NULL;
  if (!talk.meeting) {
    g_printerr ("%s\nUsage: %s 'vmsignalbin name=m ...'\n",
        error ? error->message : "There is no element called m", argv[0]);
    return 2;
  }
  talk.loop = g_main_loop_new (NULL, FALSE);
  bus = gst_element_get_bus (pipeline);
  gst_bus_add_watch (bus, on_message, &talk);
  input = g_unix_input_stream_new (0, FALSE);
  typed = g_data_input_stream_new (input);
  read_line (typed, &talk);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_main_loop_run (talk.loop);

  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  gst_object_unref (talk.meeting);
  gst_object_unref (pipeline);
  g_main_loop_unref (talk.loop);
  return talk.status;
}
