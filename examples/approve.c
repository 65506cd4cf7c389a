/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asks the user about other devices' requests for trust: hosts a meeting that
 * only trusted devices can join, named by the first argument, and when a device
 * asks to be trusted shows the six digits, which its user must read too. A line
 * "yes" approves, any other denies. Until Ctrl-C.
 *
 *   cc approve.c $(pkg-config --cflags --libs gstreamer-1.0 gio-unix-2.0)
 */

#include <gst/gst.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct
{
  GMainLoop *loop;
  GstElement *trust;
  GDataInputStream *input;
  gchar *request; /* that waits for the user, or NULL */
} Dialog;

/* One at a time: the next request comes when this one is answered, or over. */
typedef struct
{
  Dialog *dialog;
  gchar *request, *name;
  gchar *text; /* the digits, or why it is over */
} News;

static gboolean
ask (gpointer user_data)
{
  News *news = user_data;
  Dialog *dialog = news->dialog;

  g_free (dialog->request);
  dialog->request = g_steal_pointer (&news->request);
  g_print ("%s wants to be trusted. Does it show %s as well? (yes/no)\n",
      news->name, news->text);
  return G_SOURCE_REMOVE;
}

/* What is typed from now on is no answer to it. */
static gboolean
withdraw (gpointer user_data)
{
  News *news = user_data;
  Dialog *dialog = news->dialog;

  if (g_strcmp0 (dialog->request, news->request) == 0)
    g_clear_pointer (&dialog->request, g_free);
  g_print ("%s: %s\n", news->name, news->text);
  return G_SOURCE_REMOVE;
}

static void
news_free (gpointer user_data)
{
  News *news = user_data;

  g_free (news->request);
  g_free (news->name);
  g_free (news->text);
  g_free (news);
}

/* Signals come on a thread of the library, which must not wait for anybody. */
static void
pass_on (GSourceFunc func, Dialog *dialog, const gchar *request,
    const gchar *name, const gchar *text)
{
  News *news = g_new (News, 1);

  *news =
      (News){ dialog, g_strdup (request), g_strdup (name), g_strdup (text) };
  g_idle_add_full (G_PRIORITY_DEFAULT, func, news, news_free);
}

static void
on_requested (GstElement *trust, const gchar *request, const gchar *device_id,
    const gchar *name, const gchar *sas, gpointer user_data)
{
  pass_on (ask, user_data, request, name, sas);
}

static void
on_established (GstElement *trust, const gchar *device_id, const gchar *name,
    gpointer user_data)
{
  g_print ("%s is trusted now: %s\n", name, device_id);
}

static void
on_failed (GstElement *trust, const gchar *request, const gchar *device_id,
    const gchar *name, GError *error, gpointer user_data)
{
  pass_on (withdraw, user_data, request, name, error->message);
}

static void read_line (Dialog *dialog);

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Dialog *dialog = user_data;
  g_autofree gchar *line = g_data_input_stream_read_line_finish_utf8 (
      dialog->input, result, NULL, NULL);
  gboolean sent = FALSE;

  if (!line)
    return;
  if (dialog->request)
    g_signal_emit_by_name (dialog->trust,
        g_ascii_strcasecmp (line, "yes") == 0 ? "approve" : "deny",
        dialog->request, &sent);
  else
    g_print ("Nobody asks.\n");
  g_clear_pointer (&dialog->request, g_free);
  read_line (dialog);
}

static void
read_line (Dialog *dialog)
{
  g_data_input_stream_read_line_async (
      dialog->input, G_PRIORITY_DEFAULT, NULL, on_line, dialog);
}

static gboolean
on_error (GstBus *bus, GstMessage *message, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    g_printerr ("%s\n", error->message);
    g_main_loop_quit (user_data);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_interrupt (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  Dialog dialog = { NULL };
  g_autoptr (GInputStream) input =
      g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstElement) meeting = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GError) error = NULL;
  gboolean started;

  gst_init (&argc, &argv);
  pipeline = gst_parse_launch ("vmtrust name=trust policy=require "
                               "vmsignalbin name=meeting mode=host",
      &error);
  if (!pipeline) {
    g_printerr ("%s\n", error->message);
    return EXIT_FAILURE;
  }
  dialog.loop = g_main_loop_new (NULL, FALSE);
  dialog.trust = gst_bin_get_by_name (GST_BIN (pipeline), "trust");
  dialog.input = g_data_input_stream_new (input);
  meeting = gst_bin_get_by_name (GST_BIN (pipeline), "meeting");
  g_object_set (meeting, "meeting", argc > 1 ? argv[1] : "vault", NULL);
  g_signal_connect (
      dialog.trust, "trust-requested", G_CALLBACK (on_requested), &dialog);
  g_signal_connect (
      dialog.trust, "trust-established", G_CALLBACK (on_established), NULL);
  g_signal_connect (
      dialog.trust, "trust-failed", G_CALLBACK (on_failed), &dialog);
  bus = gst_element_get_bus (pipeline);
  gst_bus_add_watch (bus, on_error, dialog.loop);
  g_unix_signal_add (SIGINT, on_interrupt, dialog.loop);
  read_line (&dialog);

  started = gst_element_set_state (pipeline, GST_STATE_PLAYING)
            != GST_STATE_CHANGE_FAILURE;
  g_main_loop_run (dialog.loop);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  gst_object_unref (dialog.trust);
  g_object_unref (dialog.input);
  g_main_loop_unref (dialog.loop);
  g_free (dialog.request);
  return started ? EXIT_SUCCESS : EXIT_FAILURE;
}
