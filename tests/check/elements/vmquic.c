/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Bob's line vmfilesrc ! vmquicsink and Ann's vmquicsrc ! vmfilesink, by a real
 * server, on loopback. */

#include "filepipe.h"
#include "livepause.h"
#include "program.h"

#include <gst/videomeet/transfer/engine/window.h>

#include <string.h>

#define SIZE 1000000
#define SLOW "max-bitrate=800000" /* 10 s for SIZE */
/* Threads and descriptors of pools, which grow now and then. */
#define SPARE 4

static VmRoomServer *server;
static FilePipe ann, bob;

static void
set_up (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, &error);

  g_assert_no_error (error);
  server = vm_room_server_new (identity);
  g_object_set (server, "loopback", TRUE, "port", 0, NULL);
  vm_room_server_start (server, &error);
  g_assert_no_error (error);
  file_pipe_setup (&ann);
  file_pipe_setup (&bob);
  file_pipe_write (&bob, "file.bin", SIZE);
}

static void
tear_down (void)
{
  file_pipe_teardown (&bob);
  file_pipe_teardown (&ann);
  vm_room_server_stop (server);
  g_clear_object (&server);
}

/* A test must not end before its streaming threads have. */
static void
stop_both (void)
{
  file_pipe_stop (&bob);
  file_pipe_stop (&ann);
}

/* Each has a key of its own, though they are one process. */
static void
make_device (FilePipe *pipe, const gchar *line)
{
  g_autofree gchar *folder = g_build_filename (pipe->folder, "config", NULL);
  g_autoptr (VmTrustStore) store = vm_trust_store_new (folder);
  g_autoptr (GstContext) context = gst_context_new ("vm.trust", TRUE);

  gst_structure_set (gst_context_writable_structure (context), "store",
      VM_TYPE_TRUST_STORE, store, NULL);
  file_pipe_make_line (pipe, line);
  gst_element_set_context (pipe->pipeline, context);
}

static void
make_ann (const gchar *options)
{
  g_autofree gchar *line = g_strdup_printf (
      "vmquicsrc server=http://127.0.0.1:%u room=lab user=Ann %s ! "
      "vmfilesink name=sink",
      vm_room_server_get_port (server), options);

  make_device (&ann, line);
  file_pipe_play (&ann);
}

static void
make_bob (const gchar *source, const gchar *to)
{
  g_autofree gchar *line =
      g_strdup_printf ("vmfilesrc name=src %s ! vmquicsink name=out "
                       "server=http://127.0.0.1:%u room=lab user=Bob to=%s",
          source, vm_room_server_get_port (server), to);

  make_device (&bob, line);
  file_pipe_play (&bob);
}

/* What Ann has is what Bob sent. */
static void
assert_received (const gchar *name)
{
  g_autofree gchar *path = g_build_filename (ann.in, name, NULL);
  g_autofree gchar *data = NULL;
  gsize size;

  fail_unless (g_file_get_contents (path, &data, &size, NULL), "no %s", name);
  fail_unless_equals_uint64 (size, bob.size);
  fail_unless (memcmp (data, bob.data, size) == 0, "%s differs", name);
}

/* EOS follows once the file is verified, on both sides. */
GST_START_TEST (test_file)
{
  make_ann ("policy=open multiple=false");
  make_bob ("", "Ann");
  file_pipe_wait (&bob);
  g_assert_no_error (bob.error);
  fail_unless_equals_string (
      bob.sent->str, "pending transferring verifying completed");
  fail_unless_equals_string (
      gst_structure_get_string (bob.last_sent, "lane"), "quic");
  assert_received ("file.bin");
  file_pipe_wait (&ann);
  g_assert_no_error (ann.error);
  fail_unless_equals_string (
      ann.received->str, "pending transferring verifying completed");
  fail_unless_equals_string (
      gst_structure_get_string (ann.last_received, "lane"), "quic");
  stop_both ();
  fail_unless_equals_int (file_pipe_count (&ann), 1);
}

GST_END_TEST;

/* One after another, in one line and in another, and one that has no bytes. */
GST_START_TEST (test_files)
{
  g_autofree gchar *other = g_build_filename (bob.folder, "other.bin", NULL);
  g_auto (GStrv) locations = g_new0 (gchar *, 3);

  locations[0] = g_strdup (bob.path);
  locations[1] = g_strdup (other);
  fail_unless (g_file_set_contents (other, bob.data, SIZE, NULL));
  make_ann ("policy=open");
  make_bob ("", "Ann");
  gst_element_set_state (bob.pipeline, GST_STATE_NULL);
  g_object_set (bob.src, "locations", locations, NULL);
  file_pipe_play (&bob);
  file_pipe_wait (&bob);
  g_assert_no_error (bob.error);
  assert_received ("file.bin");
  assert_received ("other.bin");
  file_pipe_write (&bob, "empty.bin", 0);
  make_bob ("", "Ann");
  file_pipe_wait (&bob);
  g_assert_no_error (bob.error);
  assert_received ("empty.bin");
  stop_both ();
}

GST_END_TEST;

static void
assert_refused (const gchar *policy, const gchar *code)
{
  make_ann (policy);
  make_bob ("", "Ann");
  file_pipe_wait (&bob);
  fail_unless (bob.error != NULL, "it was received");
  fail_unless_equals_string (bob.code, code);
  stop_both ();
  file_pipe_assert_empty (&ann);
}

/* Nothing comes of a device that nobody trusts. */
GST_START_TEST (test_policy)
{
  assert_refused ("policy=require", "NOT_TRUSTED");
  assert_refused ("policy=pin", "DECLINED");
  assert_refused ("", "DECLINED");
}

GST_END_TEST;

GST_START_TEST (test_nobody)
{
  make_bob ("", "Carl");
  file_pipe_wait (&bob);
  g_assert_error (bob.error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND);
  fail_unless_equals_string (bob.code, "UNROUTABLE");
  fail_unless (strstr (bob.error->message, "Carl") != NULL);
  stop_both ();
}

GST_END_TEST;

/* What is not set, and a server that is not there. */
GST_START_TEST (test_settings)
{
  static const struct
  {
    const gchar *line, *property;
  } cases[] = {
    { "vmfilesrc name=src ! vmquicsink room=lab to=Ann", "server" },
    { "vmfilesrc name=src ! vmquicsink server=http://127.0.0.1:1 to=Ann",
        "room" },
    { "vmfilesrc name=src ! vmquicsink server=http://127.0.0.1:1 room=lab",
        "to" },
    { "vmquicsrc server=http://127.0.0.1:1 ! vmfilesink name=sink", "room" },
  };
  static const gchar *const addresses[] = { "ws://127.0.0.1:1", "http:///path",
    "http://127.0.0.1:1/path?a=b", "http://127.0.0.1:1/path#a" };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    make_device (&bob, cases[i].line);
    file_pipe_play (&bob);
    file_pipe_wait (&bob);
    fail_unless_equals_string (bob.code, "BAD_REQUEST");
    fail_unless_equals_string (bob.property, cases[i].property);
  }
  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++) {
    g_autofree gchar *line = g_strdup_printf (
        "vmquicsrc room=lab server=%s ! vmfilesink name=sink", addresses[i]);

    make_device (&bob, line);
    file_pipe_play (&bob);
    file_pipe_wait (&bob);
    fail_unless_equals_string (bob.code, "BAD_REQUEST");
  }
  make_device (&bob,
      "vmquicsrc server=http://127.0.0.1:1 room=lab ! vmfilesink "
      "name=sink");
  file_pipe_play (&bob);
  file_pipe_wait (&bob);
  fail_unless_equals_string (bob.code, "DISCONNECTED");
  stop_both ();
}

GST_END_TEST;

GST_START_TEST (test_cancel_by_sender)
{
  make_ann ("policy=open multiple=false");
  make_bob (SLOW, "Ann");
  file_pipe_wait_state (&bob, "transferring", NULL);
  file_pipe_wait_state (&ann, NULL, "transferring");
  g_signal_emit_by_name (bob.src, "cancel");
  file_pipe_wait (&bob);
  fail_unless_equals_string (bob.code, "CANCELLED");
  file_pipe_stop (&bob);
  file_pipe_wait (&ann);
  g_assert_no_error (ann.error);
  fail_unless_equals_string (
      gst_structure_get_string (ann.last_received, "code"), "CANCELLED");
  stop_both ();
  file_pipe_assert_empty (&ann);
}

GST_END_TEST;

GST_START_TEST (test_cancel_by_receiver)
{
  make_ann ("policy=open");
  make_bob (SLOW, "Ann");
  file_pipe_wait_state (&ann, NULL, "transferring");
  g_signal_emit_by_name (ann.sink, "cancel",
      gst_structure_get_string (ann.last_received, "transferId"));
  file_pipe_wait (&bob);
  fail_unless_equals_string (bob.code, "CANCELLED");
  stop_both ();
  file_pipe_assert_empty (&ann);
}

GST_END_TEST;

/* Who is stopped in mid-file loses nothing that was verified. */
GST_START_TEST (test_again)
{
  guint64 sent = SIZE, done = 0;

  make_ann ("policy=open");
  make_bob (SLOW, "Ann");
  while (done == 0) {
    file_pipe_wait_message (&bob);
    if (bob.last_sent)
      gst_structure_get_uint64 (bob.last_sent, "done", &done);
  }
  file_pipe_stop (&bob);
  file_pipe_wait_state (&ann, NULL, "failed");
  fail_unless_equals_string (
      gst_structure_get_string (ann.last_received, "code"), "DISCONNECTED");
  make_bob ("", "Ann");
  file_pipe_wait (&bob);
  g_assert_no_error (bob.error);
  gst_structure_get_uint64 (bob.last_sent, "sent", &sent);
  fail_unless (sent <= SIZE - done,
      "%" G_GUINT64_FORMAT " bytes were sent, although %" G_GUINT64_FORMAT
      " were there",
      sent, done);
  assert_received ("file.bin");
  stop_both ();
}

GST_END_TEST;

/* Who pauses a line holds its file up, and no more. */
GST_START_TEST (test_pause)
{
  make_ann ("policy=open");
  make_bob ("max-bitrate=4000000", "Ann");
  file_pipe_wait_state (&bob, "transferring", NULL);
  gst_element_set_state (bob.pipeline, GST_STATE_PAUSED);
  gst_element_set_state (bob.pipeline, GST_STATE_PLAYING);
  gst_element_set_state (ann.pipeline, GST_STATE_PAUSED);
  gst_element_set_state (ann.pipeline, GST_STATE_PLAYING);
  file_pipe_wait (&bob);
  g_assert_no_error (bob.error);
  assert_received ("file.bin");
  stop_both ();
}

GST_END_TEST;

/* A pause of the receiver loses no message: the sender does not repeat one. */
GST_START_TEST (test_pause_of_the_receiver)
{
  g_autofree gchar *line = g_strdup_printf (
      "vmquicsrc name=from server=http://127.0.0.1:%u room=lab user=Ann "
      "policy=open ! vmfilesink name=sink",
      vm_room_server_get_port (server));
  g_autoptr (GstElement) from = NULL;

  make_device (&ann, line);
  from = gst_bin_get_by_name (GST_BIN (ann.pipeline), "from");
  live_pause_prepare (from);
  file_pipe_play (&ann);
  make_bob ("", "Ann");
  live_pause_end ();
  file_pipe_wait (&bob);
  g_assert_no_error (bob.error);
  assert_received ("file.bin");
  stop_both ();
}

GST_END_TEST;

/* The time after which a sender repeats a chunk, on a lane that may lose it. */
#define LATE (2 * VM_WINDOW_TIMEOUT_FIRST)

/* The replies of a receiver that takes nothing for so long, which are held back
 * once, unless a chunk is repeated. */
typedef struct
{
  GMutex lock;
  GCond cond;
  GHashTable *chunks; /* index of those that were sent */
  gboolean held, repeated;
} Late;

static void
hold_back (Late *late)
{
  gint64 until = g_get_monotonic_time () + LATE;

  g_mutex_lock (&late->lock);
  late->held = TRUE;
  while (!late->repeated && g_cond_wait_until (&late->cond, &late->lock, until))
    continue;
  g_mutex_unlock (&late->lock);
}

static void
count_chunk (Late *late, GstPadProbeInfo *info)
{
  VmTransferMeta *meta =
      vm_buffer_get_transfer_meta (GST_PAD_PROBE_INFO_BUFFER (info));
  gint64 index = -1;

  fail_unless (gst_structure_get_int64 (meta->message, "id", &index));
  g_mutex_lock (&late->lock);
  if (!g_hash_table_add (late->chunks, g_memdup2 (&index, sizeof index)))
    late->repeated = TRUE;
  g_cond_broadcast (&late->cond);
  g_mutex_unlock (&late->lock);
}

static GstPadProbeReturn
on_late (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Late *late = data;
  const gchar *name = file_pipe_message_name (info);

  if (g_strcmp0 (name, "CHUNK_DATA") == 0)
    count_chunk (late, info);
  else if (g_strcmp0 (name, "CHUNK_ACK") == 0 && !late->held)
    hold_back (late);
  return GST_PAD_PROBE_OK;
}

/* The stream loses nothing: a receiver that takes nothing for a while is waited
 * for, and sent nothing twice. */
GST_START_TEST (test_late_receiver)
{
  Late late = { .chunks = g_hash_table_new_full (
                    g_int64_hash, g_int64_equal, g_free, NULL) };
  g_autofree gchar *line = g_strdup_printf (
      "vmfilesrc name=src ! vmquicsink server=http://127.0.0.1:%u room=lab "
      "user=Bob to=Ann",
      vm_room_server_get_port (server));

  make_ann ("policy=open");
  make_device (&bob, line);
  file_pipe_probe (&bob,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_late,
      &late);
  file_pipe_play (&bob);
  file_pipe_wait (&bob);
  g_assert_no_error (bob.error);
  assert_received ("file.bin");
  stop_both ();
  fail_unless (late.held);
  fail_if (late.repeated);
  g_hash_table_unref (late.chunks);
}

GST_END_TEST;

/* A stream that is none of a file. */
GST_START_TEST (test_stranger)
{
  g_autofree gchar *line = g_strdup_printf (
      "fakesrc sizetype=fixed num-buffers=1 ! application/x-vm-transfer ! "
      "vmquicsink server=http://127.0.0.1:%u room=lab to=Ann",
      vm_room_server_get_port (server));

  make_device (&bob, line);
  file_pipe_play (&bob);
  file_pipe_wait (&bob);
  fail_unless_equals_string (bob.code, "BAD_MESSAGE");
  stop_both ();
}

GST_END_TEST;

/* Chunks that do not fit into a message of the stream. */
GST_START_TEST (test_chunk_size)
{
  make_bob ("chunk-size=1048576", "Ann");
  file_pipe_wait (&bob);
  fail_unless_equals_string (bob.code, "TOO_LARGE");
  stop_both ();
}

GST_END_TEST;

static GstPadProbeReturn
lose_verified (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  return g_strcmp0 (file_pipe_message_name (info), "TRANSFER_VERIFIED") == 0
             ? GST_PAD_PROBE_DROP
             : GST_PAD_PROBE_OK;
}

/* Half of what a stop takes at most. */
#define STOP_TIME (10 * G_USEC_PER_SEC)

/* Downstream is stopped first, and may have its last word still to say. */
GST_START_TEST (test_stop_before_the_last_word)
{
  g_autofree gchar *line = g_strdup_printf (
      "vmquicsrc name=from server=http://127.0.0.1:%u room=lab user=Ann "
      "policy=open ! vmfilesink name=sink",
      vm_room_server_get_port (server));
  g_autoptr (GstElement) from = NULL;
  g_autoptr (GstPad) pad = NULL;
  gint64 began;

  make_device (&ann, line);
  from = gst_bin_get_by_name (GST_BIN (ann.pipeline), "from");
  pad = gst_element_get_static_pad (from, "src");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, lose_verified, NULL, NULL);
  file_pipe_play (&ann);
  make_bob ("", "Ann");
  file_pipe_wait_state (&ann, NULL, "completed");
  began = g_get_monotonic_time ();
  file_pipe_stop (&ann);
  fail_unless (g_get_monotonic_time () - began < STOP_TIME);
  fail_unless_equals_int (G_OBJECT (from)->ref_count, 1);
  stop_both ();
}

GST_END_TEST;

static guint
count_entries (const gchar *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  fail_unless (dir != NULL);
  while (g_dir_read_name (dir))
    n++;
  return n;
}

/* Round @i, stopped wherever it is. */
static void
cycle (guint i)
{
  make_ann ("policy=open");
  make_bob (SLOW, "Ann");
  if (i % 3 == 1)
    file_pipe_wait_state (&bob, "pending", NULL);
  else if (i % 3 == 2)
    file_pipe_wait_state (&bob, "transferring", NULL);
  if (i % 2)
    file_pipe_stop (&ann);
  stop_both ();
}

/* A line that was stopped leaves no thread and no descriptor, and stopping it
 * takes no longer than its last words. */
GST_START_TEST (test_cycles)
{
  guint threads, files;
  gint64 began;

  for (guint i = 0; i < 6; i++)
    cycle (i);
  threads = count_entries ("/proc/self/task");
  files = count_entries ("/proc/self/fd");
  began = g_get_monotonic_time ();
  for (guint i = 0; i < 30; i++)
    cycle (i);
  fail_unless (g_get_monotonic_time () - began < 40 * G_USEC_PER_SEC);
  fail_unless (count_entries ("/proc/self/task") <= threads + SPARE,
      "%u threads became %u", threads, count_entries ("/proc/self/task"));
  fail_unless (count_entries ("/proc/self/fd") <= files + SPARE,
      "%u descriptors became %u", files, count_entries ("/proc/self/fd"));
}

GST_END_TEST;

static Suite *
vmquic_suite (void)
{
  Suite *suite = suite_create ("vmquic");
  TCase *tc = tcase_create ("general");

  tcase_add_checked_fixture (tc, set_up, tear_down);
  tcase_add_test (tc, test_file);
  tcase_add_test (tc, test_files);
  tcase_add_test (tc, test_policy);
  tcase_add_test (tc, test_nobody);
  tcase_add_test (tc, test_settings);
  tcase_add_test (tc, test_cancel_by_sender);
  tcase_add_test (tc, test_cancel_by_receiver);
  tcase_add_test (tc, test_again);
  tcase_add_test (tc, test_pause);
  tcase_add_test (tc, test_pause_of_the_receiver);
  tcase_add_test (tc, test_late_receiver);
  tcase_add_test (tc, test_stranger);
  tcase_add_test (tc, test_chunk_size);
  tcase_add_test (tc, test_stop_before_the_last_word);
  tcase_add_test (tc, test_cycles);
  suite_add_tcase (suite, tc);
  return suite;
}

CHECK_PROGRAM (vmquic)
