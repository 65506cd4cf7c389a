/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How long a line of chat and the answer to it take between two devices in a
 * meeting while a file goes from the one to the other as fast as it can,
 * against the same before the file: the slowest of a hundred but one. Both go
 * over the data channels of one connection; each device is a process. */

#include "bench.h"
#include "trusted.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES 100
#define PACE_US (110 * G_TIME_SPAN_MILLISECOND) /* fewer than VM_CHAT_RATE */
#define WARM 10 /* lines that are not counted */
#define DEADLINE_US (60 * G_TIME_SPAN_SECOND)
/* More than goes over while it is measured: at 700 MB/s as well. */
#define BLOCK (1 << 20)
#define BLOCKS 8192
#define PING "ping "
#define PONG "pong "

typedef struct
{
  GMutex lock; /* of what follows */
  GCond cond;
  GstElement *bin;
  gboolean joined, connected;
  gboolean running; /* the file */
  gchar *heard; /* the answer that came last */
} Self;

static void
hear_chat (Self *self, const gchar *text)
{
  if (g_str_has_prefix (text, PING)) {
    g_autofree gchar *answer = g_strconcat (PONG, text + strlen (PING), NULL);

    g_signal_emit_by_name (self->bin, "send-chat", answer, NULL);
  } else if (g_str_has_prefix (text, PONG)) {
    g_mutex_lock (&self->lock);
    g_free (self->heard);
    self->heard = g_strdup (text + strlen (PONG));
    g_cond_broadcast (&self->cond);
    g_mutex_unlock (&self->lock);
  }
}

static void
note (Self *self, const GstStructure *s)
{
  VmTransferState state;

  g_mutex_lock (&self->lock);
  self->joined |= gst_structure_has_name (s, "vm-joined");
  if (gst_structure_has_name (s, "vm-participant-state-changed"))
    self->connected =
        g_strcmp0 (gst_structure_get_string (s, "new"), "connected") == 0;
  if (gst_structure_get (s, "state", VM_TYPE_TRANSFER_STATE, &state, NULL))
    self->running = state == VM_TRANSFER_STATE_TRANSFERRING;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

/* In the thread that posts. */
static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Self *self = user_data;
  const GstStructure *s = gst_message_get_structure (message);
  g_autoptr (GError) error = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    g_error ("%s", error->message);
  }
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT) {
    if (gst_structure_has_name (s, "vm-chat-received"))
      hear_chat (self, gst_structure_get_string (s, "text"));
    else
      note (self, s);
  }
  return GST_BUS_DROP;
}

static GstElement *
play (Self *self, const gchar *line)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstBus) bus = NULL;

  if (error)
    g_error ("%s", error->message);
  bus = gst_element_get_bus (pipeline);
  gst_bus_set_sync_handler (bus, on_message, self, NULL);
  self->bin = gst_bin_get_by_name (GST_BIN (pipeline), "m");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  return pipeline;
}

static void
stop (Self *self, GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  /* the file is not sent, which nobody needs to hear */
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_clear_object (&self->bin);
  gst_object_unref (pipeline);
  g_clear_pointer (&self->heard, g_free);
}

static void
wait_for (Self *self, const gboolean *what)
{
  gint64 end = g_get_monotonic_time () + DEADLINE_US;

  g_mutex_lock (&self->lock);
  while (!*what)
    if (!g_cond_wait_until (&self->cond, &self->lock, end))
      g_error ("the other device is not there");
  g_mutex_unlock (&self->lock);
}

/* The other device */

static int
answer (const gchar *store, const gchar *folder)
{
  g_autoptr (VmNode) node = vm_node_get_default ();
  g_autofree gchar *line = g_strdup_printf (
      "vmtrust store=%s vmsignalbin name=m mode=host meeting=bench user=Ann "
      "m.file_src_0 ! vmfilesink fsync=false directory=%s",
      store, folder);
  Self self = { 0 };
  GstElement *pipeline;

  g_object_set (node, "methods", VM_METHODS_NONE, "announce", VM_ANNOUNCE_OFF,
      "port", 0, NULL);
  pipeline = play (&self, line);
  wait_for (&self, &self.joined);
  printf ("%u\n", vm_node_get_port (node));
  fflush (stdout);
  while (getchar () != EOF)
    continue;
  stop (&self, pipeline);
  return EXIT_SUCCESS;
}

/* The program that measures */

/* µs to the answer to line @n. */
static gdouble
ask (Self *self, guint n)
{
  g_autofree gchar *text = g_strdup_printf (PING "%u", n);
  gint64 start = g_get_monotonic_time ();
  gint64 took;

  g_signal_emit_by_name (self->bin, "send-chat", text, NULL);
  g_mutex_lock (&self->lock);
  while (g_strcmp0 (self->heard, text + strlen (PING)) != 0)
    if (!g_cond_wait_until (&self->cond, &self->lock, start + DEADLINE_US))
      g_error ("\"%s\" is not answered", text);
  took = g_get_monotonic_time () - start;
  g_mutex_unlock (&self->lock);
  bench_wait (PACE_US - MIN (took, PACE_US));
  return took;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return x < y ? -1 : x > y;
}

static gdouble
measure (Self *self, guint *n)
{
  gdouble took[LINES];

  for (guint i = 0; i < LINES; i++)
    took[i] = ask (self, ++*n);
  qsort (took, LINES, sizeof *took, compare);
  return took[LINES * 99 / 100 - 1];
}

static void
measure_round (
    const gchar *port, const gchar *path, gdouble *ours, gdouble *peer)
{
  g_autofree gchar *line = g_strdup_printf (
      "vmsignalbin name=m uri=videomeet://127.0.0.1:%s/bench user=Bob "
      "vmfilesrc name=f paused=true location=%s ! m.file_sink_0",
      port, path);
  Self self = { 0 };
  GstElement *pipeline = play (&self, line);
  g_autoptr (GstElement) file = gst_bin_get_by_name (GST_BIN (pipeline), "f");
  guint n = 0;

  wait_for (&self, &self.connected);
  while (n < WARM)
    ask (&self, ++n);
  *peer = measure (&self, &n);
  g_object_set (file, "paused", FALSE, NULL);
  wait_for (&self, &self.running);
  *ours = measure (&self, &n);
  g_mutex_lock (&self.lock);
  if (!self.running)
    g_error ("the file was too small");
  g_mutex_unlock (&self.lock);
  stop (&self, pipeline);
}

static GSubprocess *
start_other (const gchar *program, const gchar *folder, gchar **port)
{
  g_autofree gchar *store = g_build_filename (folder, "ann", NULL);
  g_autofree gchar *in = g_build_filename (folder, "in", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDataInputStream) out = NULL;
  GSubprocess *other = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
      program, "--answer", store, in, NULL);

  if (!other)
    g_error ("%s", error->message);
  out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (other));
  *port = g_data_input_stream_read_line (out, NULL, NULL, NULL);
  if (!*port)
    g_error ("the other device ended before it had begun");
  return other;
}

/* All of it is written: what a sparse file has not is made while it is read, by
 * a system that does nothing else for 20 ms at a time. */
static void
make_file (const gchar *path)
{
  g_autofree guint8 *block = g_malloc (BLOCK);
  gint fd = g_creat (path, 0600);

  for (gsize i = 0; i < BLOCK; i++)
    block[i] = g_random_int ();
  for (guint i = 0; i < BLOCKS; i++)
    if (write (fd, block, BLOCK) != BLOCK)
      g_error ("%s cannot be made", path);
  if (fsync (fd) != 0 || !g_close (fd, NULL))
    g_error ("%s cannot be made", path);
}

static void
set_up (VmNode *node, const gchar *folder, const gchar *path)
{
  g_autofree gchar *own = g_build_filename (folder, "bob", NULL);
  g_autoptr (VmTrustStore) store = vm_trust_store_new (own);

  make_file (path);
  vm_node_set_trust_store (node, store, NULL);
  g_object_set (node, "interfaces", "lo", "methods", VM_METHODS_NONE, NULL);
}

int
main (int argc, char **argv)
{
  gdouble ours[BENCH_ROUNDS], peer[BENCH_ROUNDS];
  g_autoptr (VmNode) node = NULL;
  g_autofree gchar *folder = NULL;
  g_autofree gchar *path = NULL;

  gst_init (&argc, &argv);
  if (argc == 4 && g_str_equal (argv[1], "--answer"))
    return answer (argv[2], argv[3]);
  node = vm_node_get_default ();
  folder = g_dir_make_tmp ("vm-bench-XXXXXX", NULL);
  path = g_build_filename (folder, "file", NULL);
  set_up (node, folder, path);
  for (guint i = 0; i < BENCH_ROUNDS; i++) {
    g_autofree gchar *port = NULL;
    g_autofree gchar *in = g_build_filename (folder, "in", NULL);
    g_autoptr (GSubprocess) other = NULL;

    g_mkdir (in, 0700);
    other = start_other (argv[0], folder, &port);
    measure_round (port, path, &ours[i], &peer[i]);
    g_output_stream_close (g_subprocess_get_stdin_pipe (other), NULL, NULL);
    g_subprocess_wait (other, NULL, NULL);
    trusted_remove (in);
    fprintf (stderr, "round %u: %.1f ms beside a file, %.1f ms without\n", i,
        ours[i] / 1000, peer[i] / 1000);
  }
  bench_print ("control-latency", bench_median (ours, BENCH_ROUNDS) / 1000,
      bench_median (peer, BENCH_ROUNDS) / 1000, "ms");
  trusted_remove (folder);
  return EXIT_SUCCESS;
}
