/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An application with a call in it: enters the meeting named by the first
 * argument (hosts it when there is none of that name), sends a test picture
 * and a tone, shows whoever else is there, and leaves after as many seconds as
 * the second argument says (60 without one).
 *
 *   cc call.c $(pkg-config --cflags --libs gstreamer-1.0) -o call
 */

#include <gst/gst.h>
#include <stdlib.h>

#define LEAVE_SECONDS 5 /* for the others to be told */

typedef struct
{
  GMainLoop *loop;
  GstElement *pipeline, *meeting;
  int status;
} Call;

/* Somebody's picture or sound: it comes on a thread of the meeting. Pads that
 * the program has asked for are added too, and those of files. */
static void
on_pad_added (GstElement *meeting, GstPad *pad, gpointer user_data)
{
  Call *call = user_data;
  gboolean video = g_str_has_prefix (GST_PAD_NAME (pad), "video_src_");
  g_autoptr (GstPad) sink_pad = NULL;
  GstElement *sink;

  if (!GST_PAD_IS_SRC (pad)
      || (!video && !g_str_has_prefix (GST_PAD_NAME (pad), "audio_src_")))
    return;
  sink = gst_parse_bin_from_description (
      video ? "queue ! videoconvert ! autovideosink"
            : "queue ! audioconvert ! audioresample ! autoaudiosink",
      TRUE, NULL);
  sink_pad = gst_element_get_static_pad (sink, "sink");
  gst_bin_add (GST_BIN (call->pipeline), sink);
  gst_element_sync_state_with_parent (sink);
  gst_pad_link (pad, sink_pad);
  g_object_set_data_full (
      G_OBJECT (pad), "sink", gst_object_ref (sink), gst_object_unref);
}

static void
take_out (GstElement *sink, gpointer user_data)
{
  g_autoptr (GstObject) parent = gst_object_get_parent (GST_OBJECT (sink));

  gst_element_set_locked_state (sink, TRUE);
  gst_element_set_state (sink, GST_STATE_NULL);
  if (parent)
    gst_bin_remove (GST_BIN (parent), sink);
}

/* Never from the streaming thread itself: it cannot wait for its own end. */
static void
on_pad_removed (GstElement *meeting, GstPad *pad, gpointer user_data)
{
  GstElement *sink = g_object_get_data (G_OBJECT (pad), "sink");

  if (sink)
    gst_element_call_async (sink, take_out, NULL, NULL);
}

static void
on_element_message (const GstStructure *s)
{
  if (gst_structure_has_name (s, "vm-joined"))
    g_print ("In the meeting; its link is %s\n",
        gst_structure_get_string (s, "link"));
  else if (gst_structure_has_name (s, "vm-participant-joined"))
    g_print ("%s is here\n", gst_structure_get_string (s, "user"));
  else if (gst_structure_has_name (s, "vm-participant-left"))
    g_print ("%s has left\n", gst_structure_get_string (s, "user"));
}

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Call *call = user_data;
  g_autoptr (GError) error = NULL;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ELEMENT:
      on_element_message (gst_message_get_structure (message));
      break;
    case GST_MESSAGE_ERROR:
      gst_message_parse_error (message, &error, NULL);
      g_printerr ("%s\n", error->message);
      call->status = EXIT_FAILURE;
      g_main_loop_quit (call->loop);
      break;
    case GST_MESSAGE_EOS:
      g_main_loop_quit (call->loop);
      break;
    case GST_MESSAGE_LATENCY:
      gst_bin_recalculate_latency (GST_BIN (call->pipeline));
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_too_late (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

/* EOS says bye; when it has come through, the call is over. */
static gboolean
on_time (gpointer user_data)
{
  Call *call = user_data;

  gst_element_send_event (call->meeting, gst_event_new_eos ());
  g_timeout_add_seconds (LEAVE_SECONDS, on_too_late, call->loop);
  return G_SOURCE_REMOVE;
}

int
main (int argc, char **argv)
{
  Call call = { .status = EXIT_SUCCESS };
  g_autoptr (GError) error = NULL;
  g_autoptr (GstBus) bus = NULL;

  gst_init (&argc, &argv);
  if (argc < 2) {
    g_printerr ("Usage: %s MEETING [SECONDS]\n", argv[0]);
    return 2;
  }
  call.pipeline = gst_parse_launch (
      "vmsignalbin name=m "
      "videotestsrc is-live=true pattern=ball ! "
      "video/x-raw,width=640,height=360,framerate=30/1 ! m.video_sink_0 "
      "audiotestsrc is-live=true wave=ticks ! m.audio_sink_0",
      &error);
  if (error) {
    g_printerr ("%s\n", error->message);
    return EXIT_FAILURE;
  }
  call.meeting = gst_bin_get_by_name (GST_BIN (call.pipeline), "m");
  g_object_set (call.meeting, "meeting", argv[1], NULL);
  g_signal_connect (
      call.meeting, "pad-added", G_CALLBACK (on_pad_added), &call);
  g_signal_connect (
      call.meeting, "pad-removed", G_CALLBACK (on_pad_removed), &call);

  call.loop = g_main_loop_new (NULL, FALSE);
  bus = gst_element_get_bus (call.pipeline);
  gst_bus_add_watch (bus, on_message, &call);
  g_timeout_add_seconds (argc > 2 ? atoi (argv[2]) : 60, on_time, &call);
  gst_element_set_state (call.pipeline, GST_STATE_PLAYING);
  g_main_loop_run (call.loop);

  gst_element_set_state (call.pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  gst_object_unref (call.meeting);
  gst_object_unref (call.pipeline);
  g_main_loop_unref (call.loop);
  return call.status;
}
