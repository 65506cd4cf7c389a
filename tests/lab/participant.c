/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One participant of a meeting for the lab: a small stamped picture and a tone
 * in, everything of everybody decoded and its stamps read. Prints a JSON line
 * for what vmsignalbin reports and, each second, one with what came so far from
 * those who are there, for how long each picture stood still, and how many
 * encoders exist in the whole process, whatever pipeline they stand in. It may
 * send a file, from SIGUSR1 on, and receive some. Ctrl-C leaves and prints the
 * summary. */

#include "ui/memory.h"
#include "ui/output.h"
#include "cmd/receiver.h"
#include "ui/stamp.h"

#include <glib-unix.h>
#include <gst/audio/gstaudioencoder.h>
#include <gst/video/gstvideoencoder.h>
#include <gst/videomeet/videomeet.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define LEAVE_MS 12000
#define TICK_MS 1000

static gchar *meeting, *user, *uri, *record, *extra, *pattern, *sent, *received;
static gdouble volume = 0.1;
static gint width = 160, height = 120, rate = 10;
static gboolean silent, blind, alone, parsed;

static const GOptionEntry entries[] = {
  { "meeting", 0, 0, G_OPTION_ARG_STRING, &meeting, "Host it", "NAME" },
  { "uri", 0, 0, G_OPTION_ARG_STRING, &uri, "Join it", "URI" },
  { "user", 0, 0, G_OPTION_ARG_STRING, &user, "Who", "NAME" },
  { "width", 0, 0, G_OPTION_ARG_INT, &width, "Of the picture", "PIXELS" },
  { "height", 0, 0, G_OPTION_ARG_INT, &height, "Of the picture", "PIXELS" },
  { "rate", 0, 0, G_OPTION_ARG_INT, &rate, "Of the picture", "FRAMES/S" },
  { "pattern", 0, 0, G_OPTION_ARG_STRING, &pattern, "Of videotestsrc", "NAME" },
  { "volume", 0, 0, G_OPTION_ARG_DOUBLE, &volume, "Of the tone", "0..1" },
  { "record", 0, 0, G_OPTION_ARG_STRING, &record, "Record into", "FOLDER" },
  { "silent", 0, 0, G_OPTION_ARG_NONE, &silent, "Send no sound", NULL },
  { "blind", 0, 0, G_OPTION_ARG_NONE, &blind, "Send no picture", NULL },
  { "parsed", 0, 0, G_OPTION_ARG_NONE, &parsed, "Decode nothing", NULL },
  { "send", 0, 0, G_OPTION_ARG_FILENAME, &sent, "A file", "FILE" },
  { "receive", 0, 0, G_OPTION_ARG_FILENAME, &received, "Files", "FOLDER" },
  { "end-when-alone", 0, 0, G_OPTION_ARG_NONE, &alone, "As vmsignalbin", NULL },
  { "set", 0, 0, G_OPTION_ARG_STRING, &extra, "Properties of vmsignalbin",
      "NAME=VALUE…" },
  { NULL },
};

typedef struct
{
  GMainLoop *loop;
  VmtOutput *output;
  VmtRoster *roster;
  GstElement *pipeline, *bin;
  gboolean leaving, failed;
} Self;

static GstElement *
make_pipeline (GError **error)
{
  g_autoptr (GString) line = g_string_new ("vmsignalbin name=m ");
  GstElement *pipeline;

  if (extra)
    g_string_append_printf (line, "%s ", extra);
  if (!blind)
    g_string_append_printf (line,
        "videotestsrc name=camera is-live=true pattern=%s ! "
        "video/x-raw,format=I420,width=%d,height=%d,framerate=%d/1 ! "
        "m.video_sink_0 ",
        pattern ? pattern : "ball", width, height, rate);
  if (!silent)
    g_string_append_printf (line,
        "audiotestsrc is-live=true samplesperbuffer=960 freq=440 volume=%d.%02d"
        " ! audio/x-raw,rate=48000 ! m.audio_sink_0 ",
        (gint) volume, (gint) (volume * 100) % 100);
  if (sent)
    g_string_append_printf (line,
        "vmfilesrc name=file paused=true location=%s ! m.file_sink_0 ", sent);
  if (received)
    g_string_append_printf (
        line, "m.file_src_0 ! vmfilesink directory=%s ", received);
  pipeline = gst_parse_launch (line->str, error);
  if (pipeline && !GST_IS_PIPELINE (pipeline)) {
    GstElement *lone = pipeline;

    pipeline = gst_pipeline_new (NULL);
    gst_bin_add (GST_BIN (pipeline), lone);
  }
  return pipeline;
}

/* The encoders */

/* Told of every object of GStreamer that comes and goes, it keeps those that
 * encode. */
typedef struct
{
  GstTracer parent;
} Census;
typedef GstTracerClass CensusClass;

static GMutex census_lock;
static GHashTable *video_encoders, *audio_encoders; /* of pointers */

static GType census_get_type (void);
G_DEFINE_TYPE (Census, census, GST_TYPE_TRACER)

static void
on_created (GstTracer *tracer, GstClockTime time, GstObject *object)
{
  g_mutex_lock (&census_lock);
  if (GST_IS_VIDEO_ENCODER (object))
    g_hash_table_add (video_encoders, object);
  else if (GST_IS_AUDIO_ENCODER (object))
    g_hash_table_add (audio_encoders, object);
  g_mutex_unlock (&census_lock);
}

static void
on_destroyed (GstTracer *tracer, GstClockTime time, gpointer object)
{
  g_mutex_lock (&census_lock);
  g_hash_table_remove (video_encoders, object);
  g_hash_table_remove (audio_encoders, object);
  g_mutex_unlock (&census_lock);
}

static void
census_class_init (CensusClass *klass)
{
}

static void
census_init (Census *self)
{
  video_encoders = g_hash_table_new (NULL, NULL);
  audio_encoders = g_hash_table_new (NULL, NULL);
  gst_tracing_register_hook (
      GST_TRACER (self), "object-created", G_CALLBACK (on_created));
  gst_tracing_register_hook (
      GST_TRACER (self), "object-destroyed", G_CALLBACK (on_destroyed));
}

/* Encoders that live anywhere in this process. */
static void
count_encoders (guint *audio, guint *video)
{
  g_mutex_lock (&census_lock);
  *audio = g_hash_table_size (audio_encoders);
  *video = g_hash_table_size (video_encoders);
  g_mutex_unlock (&census_lock);
}

/* The pictures */

/* Of the pictures of one participant. */
typedef struct
{
  gint64 last_us; /* when the last one came */
  gint64 longest_us; /* between two of them, since it was told last */
} Pictures;

static GMutex pictures_lock;
static GHashTable *pictures; /* participant id, OWN -> Pictures */

#define OWN "" /* what the camera gives */

static GstPadProbeReturn
on_picture (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  const gchar *id = user_data;
  gint64 now = g_get_monotonic_time ();
  Pictures *of;

  g_mutex_lock (&pictures_lock);
  of = g_hash_table_lookup (pictures, id);
  if (!of) {
    of = g_new0 (Pictures, 1);
    of->last_us = now;
    g_hash_table_insert (pictures, g_strdup (id), of);
  }
  of->longest_us = MAX (of->longest_us, now - of->last_us);
  of->last_us = now;
  g_mutex_unlock (&pictures_lock);
  return GST_PAD_PROBE_OK;
}

static void
on_pad_added (GstElement *bin, GstPad *pad, gpointer user_data)
{
  gchar *id = NULL;

  if (!g_str_has_prefix (GST_PAD_NAME (pad), "video_src_"))
    return;
  g_object_get (pad, "participant-id", &id, NULL);
  if (id)
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_picture, id, g_free);
}

/* For how long a picture stood still at most since it was told last; where it
 * stands still now, from its last frame on. Nothing before the first. */
static void
tell_still (JsonObject *object, const gchar *member, const gchar *id)
{
  Pictures *of;

  g_mutex_lock (&pictures_lock);
  of = g_hash_table_lookup (pictures, id);
  if (of) {
    json_object_set_int_member (object, member,
        MAX (of->longest_us, g_get_monotonic_time () - of->last_us) / 1000);
    of->longest_us = 0;
  }
  g_mutex_unlock (&pictures_lock);
}

static gboolean
on_tick (gpointer user_data)
{
  Self *self = user_data;
  JsonArray *participants;
  JsonObject *event = vmt_event_new ("second");
  GstStructure *stats = NULL;
  guint audio, video;

  if (self->leaving) {
    json_object_unref (event);
    return G_SOURCE_CONTINUE;
  }
  count_encoders (&audio, &video);
  json_object_set_int_member (event, "audioEncoders", audio);
  json_object_set_int_member (event, "videoEncoders", video);
  g_object_get (self->bin, "stats", &stats, NULL);
  vmt_roster_take_stats (self->roster, stats);
  gst_structure_free (stats);
  participants = vmt_roster_to_json_present (self->roster);
  tell_still (event, "ownStillMs", OWN);
  for (guint i = 0; i < json_array_get_length (participants); i++) {
    JsonObject *one = json_array_get_object_element (participants, i);

    tell_still (one, "stillMs", json_object_get_string_member (one, "id"));
  }
  json_object_set_array_member (event, "participants", participants);
  vmt_output_event (self->output, event);
  return G_SOURCE_CONTINUE;
}

/* Leaving */

static gboolean
on_deadline (gpointer user_data)
{
  fprintf (stderr, "leaving takes longer than %d ms\n", LEAVE_MS);
  _exit (1);
}

static gboolean
on_interrupt (gpointer user_data)
{
  Self *self = user_data;

  if (!self->leaving) {
    self->leaving = TRUE;
    g_timeout_add (LEAVE_MS, on_deadline, NULL);
    gst_element_send_event (self->bin, gst_event_new_eos ());
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_send (gpointer user_data)
{
  Self *self = user_data;
  g_autoptr (GstElement) file =
      gst_bin_get_by_name (GST_BIN (self->pipeline), "file");

  if (file)
    g_object_set (file, "paused", FALSE, NULL);
  return G_SOURCE_CONTINUE;
}

/* The bus */

static void
on_element (Self *self, const GstStructure *s)
{
  const gchar *name = gst_structure_get_name (s), *id;
  VmTransferState state;
  JsonObject *event;

  if (!g_str_has_prefix (name, "vm-"))
    return;
  event = vmt_event_new (name + 3);
  for (gint i = 0; i < gst_structure_n_fields (s); i++) {
    const gchar *field = gst_structure_nth_field_name (s, i);

    vmt_event_add_string (event, field, gst_structure_get_string (s, field));
  }
  if (gst_structure_get (s, "state", VM_TYPE_TRANSFER_STATE, &state, NULL))
    json_object_set_string_member (
        event, "state", vm_transfer_state_to_string (state));
  vmt_output_event (self->output, event);
  id = gst_structure_get_string (s, "id");
  if (g_str_equal (name, "vm-joined"))
    vmt_roster_set_self (self->roster, id);
  else if (g_str_equal (name, "vm-participant-joined"))
    vmt_roster_joined (self->roster, id, gst_structure_get_string (s, "user"),
        NULL, NULL, FALSE);
  else if (g_str_equal (name, "vm-participant-state-changed"))
    vmt_roster_set_state (
        self->roster, id, gst_structure_get_string (s, "new"));
  else if (g_str_equal (name, "vm-participant-left"))
    vmt_roster_left (self->roster, id);
}

static gboolean
on_bus (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Self *self = user_data;
  g_autoptr (GError) error = NULL;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ELEMENT:
      on_element (self, gst_message_get_structure (message));
      break;
    case GST_MESSAGE_ERROR:
      gst_message_parse_error (message, &error, NULL);
      vmt_output_error (self->output, "FAILED", error->message);
      self->failed = TRUE;
      g_main_loop_quit (self->loop);
      break;
    case GST_MESSAGE_WARNING:
      gst_message_parse_warning (message, &error, NULL);
      vmt_output_warning (self->output, "WARNING", error->message);
      break;
    case GST_MESSAGE_EOS:
      g_main_loop_quit (self->loop);
      break;
    case GST_MESSAGE_LATENCY:
      gst_bin_recalculate_latency (GST_BIN (self->pipeline));
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
set_up (Self *self, GError **error)
{
  g_autoptr (GstElement) camera = NULL;
  g_autoptr (GstBus) bus = NULL;

  self->pipeline = make_pipeline (error);
  if (!self->pipeline)
    return FALSE;
  self->bin = gst_bin_get_by_name (GST_BIN (self->pipeline), "m");
  g_object_set (self->bin, "user", user, "record-dir", record, "decode",
      !parsed, "end-when-alone", alone, NULL);
  if (uri)
    g_object_set (self->bin, "uri", uri, NULL);
  else
    g_object_set (
        self->bin, "mode", VM_MEETING_MODE_HOST, "meeting", meeting, NULL);
  camera = gst_bin_get_by_name (GST_BIN (self->pipeline), "camera");
  if (camera) {
    g_autoptr (GstPad) pad = gst_element_get_static_pad (camera, "src");

    vmt_stamp_pad (pad);
    gst_pad_add_probe (
        pad, GST_PAD_PROBE_TYPE_BUFFER, on_picture, g_strdup (OWN), g_free);
  }
  g_signal_connect (self->bin, "pad-added", G_CALLBACK (on_pad_added), NULL);
  vmt_receiver_watch (self->bin, self->pipeline, self->roster, FALSE);
  bus = gst_element_get_bus (self->pipeline);
  gst_bus_add_watch (bus, on_bus, self);
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) options = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  Self self = { 0 };
  JsonObject *summary;

  vmt_memory_give_back (argv);
  g_option_context_add_main_entries (options, entries, NULL);
  g_option_context_add_group (options, gst_init_get_option_group ());
  if (!g_option_context_parse (options, &argc, &argv, &error)) {
    fprintf (stderr, "%s\n", error->message);
    return 2;
  }
  /* its hooks stay to the end, and so does it */
  g_object_new (census_get_type (), NULL);
  pictures = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self.loop = g_main_loop_new (NULL, FALSE);
  self.output = vmt_output_new (stdout, stderr, TRUE);
  self.roster = vmt_roster_new ();
  if (!set_up (&self, &error)) {
    fprintf (stderr, "%s\n", error->message);
    return 2;
  }
  g_unix_signal_add (SIGINT, on_interrupt, &self);
  g_unix_signal_add (SIGTERM, on_interrupt, &self);
  g_unix_signal_add (SIGUSR1, on_send, &self);
  g_timeout_add (TICK_MS, on_tick, &self);
  vmt_roster_start (self.roster);
  gst_element_set_state (self.pipeline, GST_STATE_PLAYING);
  g_main_loop_run (self.loop);
  gst_element_set_state (self.pipeline, GST_STATE_NULL);
  summary = vmt_event_new ("summary");
  json_object_set_array_member (
      summary, "participants", vmt_roster_to_json (self.roster));
  vmt_output_event (self.output, summary);
  gst_object_unref (self.bin);
  gst_object_unref (self.pipeline);
  vmt_roster_free (self.roster);
  vmt_output_free (self.output);
  g_main_loop_unref (self.loop);
  return self.failed;
}
