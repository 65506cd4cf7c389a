/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What sending to nine participants costs: seconds of CPU of the sending
 * process per thousand frames that arrive. Ours: one vmsignalbin. Peer: plain
 * elements, an encoder and a webrtcbin for each participant, with the same
 * settings. Both send 360p30 and sound to receivers of their own kind, which
 * live in another process and do not decode; what the source alone costs is
 * subtracted. */

#include "mesh-cpu.h"
#include "bench.h"

#include <gst/videomeet/videomeet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

GstElement *
launch (const gchar *line)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  if (error)
    g_error ("%s", error->message);
  return pipeline;
}

static gdouble
cpu_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
         + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* The child */

void
child_start (Child *child, const gchar *program, const gchar *mode,
    const gchar *argument)
{
  g_autoptr (GError) error = NULL;

  child->process = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
      program, mode, argument, NULL);
  if (!child->process)
    g_error ("%s", error->message);
  child->in = g_subprocess_get_stdin_pipe (child->process);
  child->out =
      g_data_input_stream_new (g_subprocess_get_stdout_pipe (child->process));
}

void
child_send (Child *child, const gchar *line)
{
  g_autofree gchar *text = g_strconcat (line, "\n", NULL);

  if (!g_output_stream_write_all (
          child->in, text, strlen (text), NULL, NULL, NULL))
    g_error ("the receivers have gone");
}

gchar *
child_receive (Child *child)
{
  gchar *line = g_data_input_stream_read_line (child->out, NULL, NULL, NULL);

  if (!line)
    g_error ("the receivers have gone");
  return line;
}

void
child_stop (Child *child)
{
  g_output_stream_close (child->in, NULL, NULL);
  g_subprocess_wait (child->process, NULL, NULL);
  g_object_unref (child->out);
  g_object_unref (child->process);
}

/* Frames in all, and how many receivers have some. */
static guint64
ask_count (Child *child, guint *receiving)
{
  g_autofree gchar *line = NULL;
  guint64 frames = 0;

  child_send (child, "count");
  line = child_receive (child);
  if (sscanf (line, "%" G_GUINT64_FORMAT " %u", &frames, receiving) != 2)
    g_error ("unexpected \"%s\"", line);
  return frames;
}

void
measure (Child *child)
{
  gint64 end = g_get_monotonic_time () + START_S * G_TIME_SPAN_SECOND;
  guint receiving = 0;
  guint64 frames;
  gdouble cpu;

  do {
    bench_wait (100 * G_TIME_SPAN_MILLISECOND);
    ask_count (child, &receiving);
  } while (receiving < RECEIVERS && g_get_monotonic_time () < end);
  if (receiving < RECEIVERS)
    g_error ("only %u of %d receive", receiving, RECEIVERS);
  bench_wait (SETTLE * G_TIME_SPAN_SECOND);
  cpu = cpu_seconds ();
  frames = ask_count (child, &receiving);
  bench_wait (SECONDS * G_TIME_SPAN_SECOND);
  cpu = cpu_seconds () - cpu;
  frames = ask_count (child, &receiving) - frames;
  printf ("%.3f %" G_GUINT64_FORMAT "\n", cpu, frames);
}

void
serve (CountFunc count, LineFunc func, gpointer user_data)
{
  g_autofree gchar *line = NULL;
  gsize size = 0;

  while (getline (&line, &size, stdin) > 0) {
    g_strchomp (line);
    if (g_str_equal (line, "count")) {
      guint64 frames = 0;
      guint receiving = 0;

      for (guint i = 0; i < RECEIVERS; i++) {
        guint64 n = count (i, user_data);

        frames += n;
        receiving += n > 0;
      }
      printf ("%" G_GUINT64_FORMAT " %u\n", frames, receiving);
    } else {
      func (line, user_data);
    }
    fflush (stdout);
  }
}

/* Ours */

static VmNode *
get_node (void)
{
  VmNode *node = vm_node_get_default ();

  g_object_set (node, "interfaces", "lo", "methods", VM_METHODS_NONE, NULL);
  return node;
}

static int
ours_send (const gchar *program)
{
  g_autoptr (VmNode) node = get_node ();
  GstElement *pipeline =
      launch ("vmsignalbin name=m mode=host meeting=bench user=Ann "
              "max-participants=10 " SOURCE_VIDEO "m.video_sink_0 " SOURCE_AUDIO
              "m.audio_sink_0");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autofree gchar *port = NULL;
  gboolean joined = FALSE;
  GstMessage *message;
  Child child;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (!joined
         && (message = gst_bus_timed_pop_filtered (
                 bus, START_S * GST_SECOND, GST_MESSAGE_ELEMENT))) {
    joined = gst_message_has_name (message, "vm-joined");
    gst_message_unref (message);
  }
  if (!joined)
    g_error ("the meeting cannot be hosted");
  port = g_strdup_printf ("%u", vm_node_get_port (node));
  child_start (&child, program, "ours-receive", port);
  measure (&child);
  child_stop (&child);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  return 0;
}

static guint64
ours_count (guint receiver, gpointer user_data)
{
  GstElement **bins = user_data;
  GstStructure *stats = NULL;
  guint64 frames = 0;

  g_object_get (bins[receiver], "stats", &stats, NULL);
  for (gint i = 0; i < gst_structure_n_fields (stats); i++) {
    const GValue *one = gst_structure_get_value (
        stats, gst_structure_nth_field_name (stats, i));
    guint64 n = 0;

    gst_structure_get_uint64 (
        gst_value_get_structure (one), "video-frames-received", &n);
    frames += n;
  }
  gst_structure_free (stats);
  return frames;
}

static void
no_other_line (const gchar *line, gpointer user_data)
{
  g_error ("unexpected \"%s\"", line);
}

static int
ours_receive (const gchar *port)
{
  g_autoptr (VmNode) node = get_node ();
  GstElement *bins[RECEIVERS], *pipelines[RECEIVERS];

  for (guint i = 0; i < RECEIVERS; i++) {
    g_autofree gchar *line = g_strdup_printf (
        "vmsignalbin name=m uri=videomeet://127.0.0.1:%s/bench user=Bob%u "
        "decode=false",
        port, i);

    bins[i] = launch (line);
    pipelines[i] = gst_pipeline_new (NULL);
    gst_bin_add (GST_BIN (pipelines[i]), bins[i]);
    gst_element_set_state (pipelines[i], GST_STATE_PLAYING);
  }
  serve (ours_count, no_other_line, bins);
  for (guint i = 0; i < RECEIVERS; i++) {
    gst_element_set_state (pipelines[i], GST_STATE_NULL);
    gst_object_unref (pipelines[i]);
  }
  return 0;
}

/* The rounds */

static int
source_only (void)
{
  GstElement *pipeline =
      launch (SOURCE_VIDEO "fakesink " SOURCE_AUDIO "fakesink");
  gdouble cpu;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  bench_wait (SETTLE * G_TIME_SPAN_SECOND);
  cpu = cpu_seconds ();
  bench_wait (SECONDS * G_TIME_SPAN_SECOND);
  printf ("%.3f 0\n", cpu_seconds () - cpu);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  return 0;
}

static void
run (const gchar *program, const gchar *mode, gdouble *cpu, guint64 *frames)
{
  g_autofree gchar *output = NULL;
  g_autoptr (GError) error = NULL;
  gchar *argv[] = { (gchar *) program, (gchar *) mode, NULL };

  if (!g_spawn_sync (NULL, argv, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL,
          &output, NULL, NULL, &error)
      || sscanf (output, "%lf %" G_GUINT64_FORMAT, cpu, frames) != 2)
    g_error ("%s fails: %s", mode, error ? error->message : output);
}

static int
all_rounds (const gchar *program)
{
  gdouble ours[BENCH_ROUNDS], peer[BENCH_ROUNDS];

  for (guint i = 0; i < BENCH_ROUNDS; i++) {
    gdouble source, cpu[2];
    guint64 frames[2];

    run (program, "source", &source, &frames[0]);
    run (program, "ours", &cpu[0], &frames[0]);
    run (program, "peer", &cpu[1], &frames[1]);
    ours[i] = (cpu[0] - source) * 1000 / frames[0];
    peer[i] = (cpu[1] - source) * 1000 / frames[1];
    fprintf (stderr,
        "round %u: source %.2f s, ours %.2f s for %" G_GUINT64_FORMAT
        " frames, peer %.2f s for %" G_GUINT64_FORMAT "\n",
        i, source, cpu[0], frames[0], cpu[1], frames[1]);
  }
  bench_print_precise ("mesh-cpu", bench_median (ours, BENCH_ROUNDS),
      bench_median (peer, BENCH_ROUNDS), "s/1000-frames");
  return 0;
}

int
main (int argc, char **argv)
{
  const gchar *mode = argc > 1 ? argv[1] : "";

  gst_init (NULL, NULL);
  if (g_str_equal (mode, "source"))
    return source_only ();
  if (g_str_equal (mode, "ours"))
    return ours_send (argv[0]);
  if (g_str_equal (mode, "ours-receive"))
    return ours_receive (argv[2]);
  if (g_str_equal (mode, "peer"))
    return peer_send (argv[0]);
  if (g_str_equal (mode, "peer-receive"))
    return peer_receive ();
  return all_rounds (argv[0]);
}
