/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a user of vmfilesink finds in the folder, whatever happens. */

#include "program.h"
#include "filepipe.h"
#include <gst/check/gstharness.h>
#include <glib/gstdio.h>
#include <string.h>

#define CHUNKS 40

static FilePipe pipe_;

/* What a probe does, and counts: in the streaming thread, read afterwards. */
static guint at; /* the message that is meant */
static guint seen; /* such messages */
static GstBuffer *kept;

static void
setup (void)
{
  file_pipe_setup (&pipe_);
  at = seen = 0;
}

static void
teardown (void)
{
  file_pipe_teardown (&pipe_);
  gst_clear_buffer (&kept);
}

static gboolean
is (GstPadProbeInfo *info, const gchar *name)
{
  return g_strcmp0 (file_pipe_message_name (info), name) == 0;
}

static gboolean
is_chunk_that_is_meant (GstPadProbeInfo *info)
{
  return is (info, "CHUNK_DATA") && seen++ == at;
}

static void
send_with (GstPadProbeCallback probe, gpointer user_data)
{
  file_pipe_write (&pipe_, "a.bin", CHUNKS * FILE_PIPE_CHUNK);
  file_pipe_make (&pipe_, NULL, NULL);
  file_pipe_probe (&pipe_, GST_PAD_PROBE_TYPE_BUFFER, probe, user_data);
  file_pipe_play (&pipe_);
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
}

static GstPadProbeReturn
flip_bit (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  guint8 byte;

  if (!is_chunk_that_is_meant (info))
    return GST_PAD_PROBE_OK;
  buffer = gst_buffer_copy_deep (buffer);
  gst_buffer_extract (buffer, 1000, &byte, 1);
  byte ^= 4;
  gst_buffer_fill (buffer, 1000, &byte, 1);
  gst_buffer_replace ((GstBuffer **) &info->data, buffer);
  gst_buffer_unref (buffer);
  return GST_PAD_PROBE_OK;
}

GST_START_TEST (test_corrupt_chunk_is_sent_again)
{
  at = 7;
  send_with (flip_bit, NULL);
  g_assert_no_error (pipe_.error);
  file_pipe_assert_received (&pipe_, "a.bin");
  fail_unless (seen > CHUNKS); /* a slow disk has others sent again as well */
}

GST_END_TEST;

static GstPadProbeReturn
change_field (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmTransferMeta *meta;

  if (!is_chunk_that_is_meant (info))
    return GST_PAD_PROBE_OK;
  meta = vm_buffer_get_transfer_meta (GST_PAD_PROBE_INFO_BUFFER (info));
  gst_structure_set (
      meta->message, user_data, G_TYPE_INT64, G_GINT64_CONSTANT (3), NULL);
  return GST_PAD_PROBE_OK;
}

/* It says that it is chunk 3, and is not. */
GST_START_TEST (test_corrupt_header_is_sent_again)
{
  at = 9;
  send_with (change_field, (gpointer) "id");
  g_assert_no_error (pipe_.error);
  file_pipe_assert_received (&pipe_, "a.bin");
}

GST_END_TEST;

static GstPadProbeReturn
corrupt_always (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  seen = at;
  return flip_bit (pad, info, user_data);
}

GST_START_TEST (test_corrupt_again_and_again_fails)
{
  send_with (corrupt_always, NULL);
  fail_unless (pipe_.error != NULL);
  file_pipe_assert_absent (&pipe_, "a.bin");
}

GST_END_TEST;

static GstPadProbeReturn
lose (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return is_chunk_that_is_meant (info) ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

GST_START_TEST (test_lost_chunk_is_sent_again)
{
  at = 5;
  send_with (lose, NULL);
  g_assert_no_error (pipe_.error);
  file_pipe_assert_received (&pipe_, "a.bin");
  fail_unless (seen > CHUNKS);
}

GST_END_TEST;

static const gchar *const others[] = { "FILE_OFFER", "TRANSFER_START",
  "TRANSFER_COMPLETE" };

static GstPadProbeReturn
lose_named (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return is (info, user_data) && seen++ == 0 ? GST_PAD_PROBE_DROP
                                             : GST_PAD_PROBE_OK;
}

GST_START_TEST (test_lost_message_is_said_again)
{
  send_with (lose_named, (gpointer) others[__i__]);
  g_assert_no_error (pipe_.error);
  file_pipe_assert_received (&pipe_, "a.bin");
  fail_unless (seen > 1);
}

GST_END_TEST;

static const gchar *const replies[] = { "FILE_RESPONSE", "CHUNK_ACK",
  "TRANSFER_VERIFIED" };

GST_START_TEST (test_lost_reply_is_asked_for)
{
  file_pipe_write (&pipe_, "a.bin", CHUNKS * FILE_PIPE_CHUNK);
  file_pipe_make (&pipe_, NULL, NULL);
  file_pipe_probe (&pipe_, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, lose_named,
      (gpointer) replies[__i__]);
  file_pipe_play (&pipe_);
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  g_assert_no_error (pipe_.error);
  file_pipe_assert_received (&pipe_, "a.bin");
}

GST_END_TEST;

/* The message that is meant comes again, or after the next. */
static GstPadProbeReturn
keep (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  gboolean drop = user_data != NULL;
  GstBuffer *again;

  if (is_chunk_that_is_meant (info)) {
    kept = gst_buffer_ref (buffer);
    return drop ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
  }
  again = g_steal_pointer (&kept);
  if (again)
    gst_pad_push (pad, again);
  return GST_PAD_PROBE_OK;
}

GST_START_TEST (test_doubled_chunk)
{
  at = 3;
  send_with (keep, NULL);
  g_assert_no_error (pipe_.error);
  file_pipe_assert_received (&pipe_, "a.bin");
}

GST_END_TEST;

GST_START_TEST (test_chunks_out_of_order)
{
  at = 3;
  send_with (keep, GINT_TO_POINTER (TRUE));
  g_assert_no_error (pipe_.error);
  file_pipe_assert_received (&pipe_, "a.bin");
}

GST_END_TEST;

static GstPadProbeReturn
lie (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_autofree gchar *hash = g_strnfill (64, 'a');
  VmTransferMeta *meta;

  if (!is (info, "TRANSFER_COMPLETE"))
    return GST_PAD_PROBE_OK;
  meta = vm_buffer_get_transfer_meta (GST_PAD_PROBE_INFO_BUFFER (info));
  gst_structure_set (meta->message, "finalHash", G_TYPE_STRING, hash, NULL);
  return GST_PAD_PROBE_OK;
}

GST_START_TEST (test_wrong_final_hash)
{
  send_with (lie, NULL);
  fail_unless (pipe_.error != NULL);
  file_pipe_assert_empty (&pipe_);
}

GST_END_TEST;

static GstPadProbeReturn
drop_from (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (!is (info, "CHUNK_DATA"))
    return GST_PAD_PROBE_OK;
  return seen++ < at ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

/* Each chunk once: what a slow disk is late with is sent again. */
static GstPadProbeReturn
count (GstPad *pad, GstPadProbeInfo *info, gpointer sent)
{
  gint64 id;

  if (is (info, "CHUNK_DATA")
      && gst_structure_get_int64 (
          vm_buffer_get_transfer_meta (GST_PAD_PROBE_INFO_BUFFER (info))
              ->message,
          "id", &id)
      && g_hash_table_add (sent, GSIZE_TO_POINTER ((gsize) id)))
    seen++;
  return GST_PAD_PROBE_OK;
}

/* The link is cut at each tenth: what was verified is not sent again. */
GST_START_TEST (test_resumed_after_a_cut)
{
  g_autoptr (GHashTable) sent = g_hash_table_new (NULL, NULL);
  guint64 done = 0;

  at = MAX (1, __i__ * CHUNKS / 10);
  file_pipe_write (&pipe_, "a.bin", CHUNKS * FILE_PIPE_CHUNK);
  file_pipe_make (&pipe_, NULL, NULL);
  file_pipe_probe (&pipe_, GST_PAD_PROBE_TYPE_BUFFER, drop_from, NULL);
  file_pipe_play (&pipe_);
  while (done < at * FILE_PIPE_CHUNK) {
    file_pipe_wait_message (&pipe_);
    if (pipe_.last_sent)
      gst_structure_get_uint64 (pipe_.last_sent, "done", &done);
  }
  file_pipe_stop (&pipe_);
  file_pipe_assert_absent (&pipe_, "a.bin");

  file_pipe_make (&pipe_, NULL, NULL);
  seen = 0;
  file_pipe_probe (&pipe_, GST_PAD_PROBE_TYPE_BUFFER, count, sent);
  file_pipe_play (&pipe_);
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  g_assert_no_error (pipe_.error);
  file_pipe_assert_received (&pipe_, "a.bin");
  fail_unless_equals_int (seen, CHUNKS - at);
}

GST_END_TEST;

/* The line begins anew without NULL: it goes on where it was. */
GST_START_TEST (test_resumed_after_ready)
{
  at = CHUNKS / 2;
  file_pipe_write (&pipe_, "a.bin", CHUNKS * FILE_PIPE_CHUNK);
  file_pipe_make (&pipe_, NULL, NULL);
  file_pipe_probe (&pipe_, GST_PAD_PROBE_TYPE_BUFFER, drop_from, NULL);
  file_pipe_play (&pipe_);
  file_pipe_wait_state (&pipe_, "transferring", "transferring");
  gst_element_set_state (pipe_.pipeline, GST_STATE_READY);
  file_pipe_assert_absent (&pipe_, "a.bin");
  at = G_MAXUINT; /* nothing is dropped any more */
  file_pipe_play (&pipe_);
  file_pipe_wait (&pipe_);
  g_assert_no_error (pipe_.error);
  file_pipe_stop (&pipe_);
  file_pipe_assert_received (&pipe_, "a.bin");
}

GST_END_TEST;

/* What came of it is another file: nothing of the old one is in it. */
GST_START_TEST (test_changed_before_it_is_resumed)
{
  at = CHUNKS / 2;
  file_pipe_write (&pipe_, "a.bin", CHUNKS * FILE_PIPE_CHUNK);
  file_pipe_make (&pipe_, NULL, NULL);
  file_pipe_probe (&pipe_, GST_PAD_PROBE_TYPE_BUFFER, drop_from, NULL);
  file_pipe_play (&pipe_);
  file_pipe_wait_state (&pipe_, "transferring", "transferring");
  file_pipe_stop (&pipe_);

  for (gsize i = 0; i < pipe_.size; i++)
    pipe_.data[i] ^= 0xff;
  fail_unless (g_file_set_contents (pipe_.path, pipe_.data, pipe_.size, NULL));
  fail_unless (file_pipe_run (&pipe_, NULL, NULL));
  g_assert_no_error (pipe_.error);
  {
    g_autofree gchar *path = g_build_filename (pipe_.in, "a.bin", NULL);
    g_autofree gchar *data = NULL;
    gsize size;

    fail_unless (g_file_get_contents (path, &data, &size, NULL));
    fail_unless (memcmp (data, pipe_.data, size) == 0);
  }
}

GST_END_TEST;

static const gchar *
id_of_offer (void)
{
  return gst_structure_get_string (pipe_.last_received, "transferId");
}

static void
offer (void)
{
  file_pipe_write (&pipe_, "a.bin", 3 * FILE_PIPE_CHUNK);
  file_pipe_make (&pipe_, NULL, "accept=ask");
  file_pipe_play (&pipe_);
  file_pipe_wait_state (&pipe_, "pending", "pending");
}

GST_START_TEST (test_user_accepts)
{
  offer ();
  g_signal_emit_by_name (pipe_.sink, "accept", id_of_offer ());
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  g_assert_no_error (pipe_.error);
  file_pipe_assert_received (&pipe_, "a.bin");
}

GST_END_TEST;

GST_START_TEST (test_user_declines)
{
  offer ();
  g_signal_emit_by_name (pipe_.sink, "decline", id_of_offer (), "Not now");
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  fail_unless_equals_string (pipe_.code, "DECLINED");
  fail_unless (strstr (pipe_.error->message, "Not now") != NULL);
  file_pipe_assert_empty (&pipe_);
}

GST_END_TEST;

/* Of a transfer that there is not, nothing happens; then the right one. */
GST_START_TEST (test_user_means_another)
{
  offer ();
  g_signal_emit_by_name (pipe_.sink, "accept", "nobody");
  g_signal_emit_by_name (pipe_.sink, "cancel", NULL);
  g_signal_emit_by_name (pipe_.sink, "pause", id_of_offer ());
  g_signal_emit_by_name (pipe_.sink, "accept", id_of_offer ());
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  g_assert_no_error (pipe_.error);
}

GST_END_TEST;

static void
begin_slowly (void)
{
  file_pipe_write (&pipe_, "a.bin", 40 * FILE_PIPE_CHUNK);
  file_pipe_make (&pipe_, "max-bitrate=10", NULL);
  file_pipe_play (&pipe_);
  file_pipe_wait_state (&pipe_, "transferring", "transferring");
}

GST_START_TEST (test_user_pauses_and_resumes)
{
  begin_slowly ();
  g_signal_emit_by_name (pipe_.sink, "pause", id_of_offer ());
  file_pipe_wait_state (&pipe_, "paused", "paused");
  g_object_set (pipe_.src, "max-bitrate", G_GUINT64_CONSTANT (0), NULL);
  g_signal_emit_by_name (pipe_.sink, "resume", id_of_offer ());
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  g_assert_no_error (pipe_.error);
  file_pipe_assert_received (&pipe_, "a.bin");
}

GST_END_TEST;

GST_START_TEST (test_user_cancels)
{
  begin_slowly ();
  g_signal_emit_by_name (pipe_.sink, "cancel", id_of_offer ());
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  fail_unless_equals_string (pipe_.code, "CANCELLED");
  file_pipe_assert_empty (&pipe_);
}

GST_END_TEST;

static void
take_name (void)
{
  g_autofree gchar *path = g_build_filename (pipe_.in, "a.bin", NULL);

  file_pipe_write (&pipe_, "a.bin", 1000);
  fail_unless (g_file_set_contents (path, "old", -1, NULL));
}

GST_START_TEST (test_name_is_taken)
{
  g_autofree gchar *path = g_build_filename (pipe_.in, "a.bin", NULL);
  g_autofree gchar *data = NULL;

  take_name ();
  fail_unless (!file_pipe_run (&pipe_, NULL, NULL));
  fail_unless (strstr (pipe_.error->message, "of that name") != NULL, "%s",
      pipe_.error->message);
  fail_unless (g_file_get_contents (path, &data, NULL, NULL));
  fail_unless_equals_string (data, "old");
  fail_unless_equals_int (file_pipe_count (&pipe_), 1);
}

GST_END_TEST;

GST_START_TEST (test_name_is_taken_rename)
{
  take_name ();
  fail_unless (file_pipe_run (&pipe_, NULL, "overwrite=rename"));
  fail_unless_equals_string (
      gst_structure_get_string (pipe_.last_received, "savedPath"), "a (1).bin");
  fail_unless_equals_int (file_pipe_count (&pipe_), 2);
}

GST_END_TEST;

GST_START_TEST (test_name_is_taken_replace)
{
  take_name ();
  fail_unless (file_pipe_run (&pipe_, NULL, "overwrite=replace"));
  file_pipe_assert_received (&pipe_, "a.bin");
}

GST_END_TEST;

GST_START_TEST (test_max_size)
{
  file_pipe_write (&pipe_, "at.bin", 1000);
  fail_unless (file_pipe_run (&pipe_, NULL, "max-size=1000"));
  file_pipe_assert_received (&pipe_, "at.bin");
  file_pipe_write (&pipe_, "above.bin", 1001);
  fail_unless (!file_pipe_run (&pipe_, NULL, "max-size=1000"));
  file_pipe_assert_absent (&pipe_, "above.bin");
}

GST_END_TEST;

GST_START_TEST (test_quota)
{
  g_auto (GStrv) paths = g_new0 (gchar *, 3);

  file_pipe_write (&pipe_, "one", 600);
  paths[0] = g_strdup (pipe_.path);
  file_pipe_write (&pipe_, "two", 401);
  paths[1] = g_strdup (pipe_.path);
  file_pipe_make (&pipe_, NULL, "quota=1000");
  g_object_set (pipe_.src, "locations", paths, NULL);
  file_pipe_play (&pipe_);
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  fail_unless (strstr (pipe_.error->message, "1 of 2") != NULL);
  file_pipe_assert_absent (&pipe_, "two");
}

GST_END_TEST;

GST_START_TEST (test_no_directory)
{
  file_pipe_write (&pipe_, "a.bin", 10);
  file_pipe_make (&pipe_, NULL, NULL);
  g_object_set (pipe_.sink, "directory", NULL, NULL);
  file_pipe_play (&pipe_);
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  fail_unless (strstr (pipe_.error->message, "directory") != NULL);
  fail_unless_equals_string (pipe_.property, "directory");
}

GST_END_TEST;

GST_START_TEST (test_missing_directory)
{
  file_pipe_write (&pipe_, "a.bin", 10);
  fail_unless_equals_int (g_rmdir (pipe_.in), 0);
  fail_unless (!file_pipe_run (&pipe_, NULL, NULL));
  fail_unless (g_error_matches (
      pipe_.error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE));
  fail_unless_equals_string (pipe_.property, "directory");
  fail_unless_equals_int (g_mkdir (pipe_.in, 0700), 0);
}

GST_END_TEST;

/* As its property says when it can be changed. */
GST_START_TEST (test_another_folder_in_ready)
{
  g_autofree gchar *there = g_build_filename (pipe_.folder, "there", NULL);
  g_autofree gchar *full = g_build_filename (there, "a.bin", NULL);

  fail_unless_equals_int (g_mkdir (there, 0700), 0);
  file_pipe_write (&pipe_, "a.bin", 10);
  file_pipe_make (&pipe_, NULL, NULL);
  gst_element_set_state (pipe_.pipeline, GST_STATE_READY);
  g_object_set (pipe_.sink, "directory", there, NULL);
  file_pipe_play (&pipe_);
  file_pipe_wait (&pipe_);
  file_pipe_stop (&pipe_);
  g_assert_no_error (pipe_.error);
  fail_unless (g_file_test (full, G_FILE_TEST_EXISTS));
  file_pipe_assert_empty (&pipe_);
}

GST_END_TEST;

static GstPadProbeReturn
remove_folder (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  const gchar *argv[] = { "rm", "-rf", pipe_.in, NULL };

  if (is_chunk_that_is_meant (info))
    fail_unless (g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH,
        NULL, NULL, NULL, NULL, NULL, NULL));
  return GST_PAD_PROBE_OK;
}

GST_START_TEST (test_folder_is_removed)
{
  at = 10;
  send_with (remove_folder, NULL);
  fail_unless (pipe_.error != NULL);
  fail_unless_equals_int (g_mkdir (pipe_.in, 0700), 0);
}

GST_END_TEST;

static GstBusSyncReply
stop_when_done (GstBus *bus, GstMessage *message, gpointer stopped)
{
  const GstStructure *s = gst_message_get_structure (message);
  VmTransferState state = VM_TRANSFER_STATE_PENDING;

  if (GST_MESSAGE_SRC (message) != GST_OBJECT (pipe_.sink)
      || !gst_message_has_name (message, "vm-transfer"))
    return GST_BUS_PASS;
  gst_structure_get (s, "state", VM_TYPE_TRANSFER_STATE, &state, NULL);
  if (state == VM_TRANSFER_STATE_COMPLETED) {
    gst_element_set_state (pipe_.pipeline, GST_STATE_NULL);
    g_atomic_int_set ((gint *) stopped, TRUE);
  }
  return GST_BUS_PASS;
}

/* By who is told, on the thread that tells. */
GST_START_TEST (test_stopped_by_who_is_told)
{
  g_autoptr (GstBus) bus = NULL;
  gint64 end = g_get_monotonic_time () + FILE_PIPE_DEADLINE / GST_USECOND;
  gint stopped = FALSE;

  file_pipe_write (&pipe_, "a", FILE_PIPE_CHUNK);
  file_pipe_make (&pipe_, "", "");
  bus = gst_element_get_bus (pipe_.pipeline);
  gst_bus_set_sync_handler (bus, stop_when_done, &stopped, NULL);
  file_pipe_play (&pipe_);
  while (!g_atomic_int_get (&stopped)) {
    fail_unless (g_get_monotonic_time () < end, "not in time");
    g_thread_yield ();
  }
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  file_pipe_stop (&pipe_);
  file_pipe_assert_received (&pipe_, "a");
}

GST_END_TEST;

static GstHarness *
make_harness (GstBus *bus)
{
  GstElement *element = gst_element_factory_make ("vmfilesink", NULL);
  GstHarness *h;

  g_object_set (element, "directory", pipe_.in, NULL);
  gst_object_ref_sink (element);
  h = gst_harness_new_with_element (element, "sink", NULL);
  gst_element_set_bus (element, bus);
  gst_object_unref (element);
  gst_harness_set_src_caps_str (h, VM_TRANSFER_CAPS);
  return h;
}

/* A line of other buffers is not for this element. */
GST_START_TEST (test_buffer_without_a_message)
{
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autofree gchar *code = NULL;
  GstHarness *h = make_harness (bus);

  fail_unless_equals_int (
      gst_harness_push (h, gst_harness_create_buffer (h, 100)), GST_FLOW_ERROR);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  code = file_pipe_detail (message, "code");
  fail_unless_equals_string (code, "BAD_MESSAGE");
  /* messages hold the element, which holds the bus */
  gst_bus_set_flushing (bus, TRUE);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* What a peer sends does not end the line. */
GST_START_TEST (test_message_that_is_none)
{
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autofree gchar *code = NULL;
  GstHarness *h = make_harness (bus);
  GstBuffer *buffer = gst_harness_create_buffer (h, 100);

  vm_buffer_add_transfer_meta (buffer, gst_structure_new_empty ("FORMAT_DISK"));
  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
  code = file_pipe_detail (message, "code");
  fail_unless_equals_string (code, "BAD_MESSAGE");
  /* messages hold the element, which holds the bus */
  gst_bus_set_flushing (bus, TRUE);
  gst_harness_teardown (h);
  file_pipe_assert_empty (&pipe_);
}

GST_END_TEST;

#define MANY 9 /* MiB: more than may wait for the disk */

typedef struct
{
  GstHarness *h;
  GMutex lock; /* of what follows */
  GCond cond;
  gboolean held; /* the thread that writes */
  gboolean let_go;
  guint pushed;
  GstFlowReturn ret;
} Full;

static void
wait_full (Full *full, gint64 until)
{
  fail_unless (g_cond_wait_until (&full->cond, &full->lock, until));
}

static GstBusSyncReply
hold_writer (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Full *full = user_data;
  gint64 until = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  if (!gst_message_has_name (message, "vm-transfer"))
    return GST_BUS_PASS;
  g_mutex_lock (&full->lock);
  full->held = TRUE;
  g_cond_broadcast (&full->cond);
  while (!full->let_go)
    wait_full (full, until);
  g_mutex_unlock (&full->lock);
  gst_message_unref (message);
  return GST_BUS_DROP;
}

static GstFlowReturn
push_message (GstHarness *h, const gchar *text, gsize size)
{
  GstBuffer *buffer = gst_harness_create_buffer (h, size);

  vm_buffer_add_transfer_meta (buffer, gst_structure_from_string (text, NULL));
  return gst_harness_push (h, buffer);
}

static gpointer
push_many (gpointer user_data)
{
  Full *full = user_data;
  GstFlowReturn ret = GST_FLOW_OK;

  for (guint i = 0; i < MANY && ret == GST_FLOW_OK; i++) {
    ret = push_message (full->h,
        "CHUNK_DATA, transferId=(string)t, id=(gint64)0, hash=(string)"
        "0000000000000000000000000000000000000000000000000000000000000000",
        1024 * 1024);
    g_mutex_lock (&full->lock);
    full->pushed++;
    full->ret = ret;
    g_cond_broadcast (&full->cond);
    g_mutex_unlock (&full->lock);
  }
  return NULL;
}

/* Who waits for room is let go for PAUSED, and waits on: nothing is lost. */
GST_START_TEST (test_paused_while_it_waits_for_the_disk)
{
  g_autoptr (GstBus) bus = gst_bus_new ();
  Full full = { .h = make_harness (bus) };
  gint64 until = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  GThread *thread;

  gst_bus_set_sync_handler (bus, hold_writer, &full, NULL);
  fail_unless_equals_int (push_message (full.h,
                              "FILE_OFFER, id=(string)t, filename=(string)a, "
                              "size=(gint64)9, hash=(string)\"\"",
                              0),
      GST_FLOW_OK);
  g_mutex_lock (&full.lock);
  while (!full.held)
    wait_full (&full, until);
  g_mutex_unlock (&full.lock);
  thread = g_thread_new ("push", push_many, &full);
  g_mutex_lock (&full.lock);
  while (full.pushed < 7)
    wait_full (&full, until);
  /* the next waits, most probably by then */
  g_cond_wait_until (
      &full.cond, &full.lock, g_get_monotonic_time () + G_USEC_PER_SEC / 5);
  fail_unless_equals_int (full.pushed, 7);
  g_mutex_unlock (&full.lock);
  gst_element_set_state (full.h->element, GST_STATE_PAUSED);
  gst_element_set_state (full.h->element, GST_STATE_PLAYING);
  g_mutex_lock (&full.lock);
  full.let_go = TRUE;
  g_cond_broadcast (&full.cond);
  g_mutex_unlock (&full.lock);
  g_thread_join (thread);
  fail_unless_equals_int (full.ret, GST_FLOW_OK);
  fail_unless_equals_int (full.pushed, MANY);
  gst_bus_set_flushing (bus, TRUE);
  gst_harness_teardown (full.h);
}

GST_END_TEST;

static GstElement *
make_unlinked (GstElement **pipeline)
{
  GstElement *sink = gst_element_factory_make ("vmfilesink", NULL);

  *pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  g_object_set (sink, "directory", pipe_.in, NULL);
  gst_bin_add (GST_BIN (*pipeline), sink);
  return sink;
}

static void
play_to_the_end (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, FILE_PIPE_DEADLINE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (
      message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS, "no EOS");
}

/* Where no file was ever offered it does not hold up the end of the others. */
GST_START_TEST (test_never_linked)
{
  g_autoptr (GstElement) pipeline = NULL;
  GstElement *src, *sink;

  make_unlinked (&pipeline);
  src = gst_element_factory_make ("fakesrc", NULL);
  sink = gst_element_factory_make ("fakesink", NULL);
  g_object_set (src, "num-buffers", 1, NULL);
  gst_bin_add_many (GST_BIN (pipeline), src, sink, NULL);
  fail_unless (gst_element_link (src, sink));
  play_to_the_end (pipeline);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

/* Linked while it plays, it is waited for like any other, each time. */
GST_START_TEST (test_linked_late)
{
  g_autoptr (GstElement) pipeline = NULL;
  GstElement *sink = make_unlinked (&pipeline);
  GstElement *src = gst_element_factory_make ("vmfilesrc", NULL);

  file_pipe_write (&pipe_, "a.bin", CHUNKS * FILE_PIPE_CHUNK);
  g_object_set (src, "location", pipe_.path, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  fail_if (GST_OBJECT_FLAG_IS_SET (sink, GST_ELEMENT_FLAG_SINK));
  gst_bin_add (GST_BIN (pipeline), src);
  fail_unless (gst_element_link (src, sink));
  play_to_the_end (pipeline);
  file_pipe_assert_received (&pipe_, "a.bin");
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless (GST_OBJECT_FLAG_IS_SET (sink, GST_ELEMENT_FLAG_SINK));
}

GST_END_TEST;

static void
add_faults (TCase *tc)
{
  tcase_add_test (tc, test_corrupt_chunk_is_sent_again);
  tcase_add_test (tc, test_corrupt_header_is_sent_again);
  tcase_add_test (tc, test_corrupt_again_and_again_fails);
  tcase_add_test (tc, test_lost_chunk_is_sent_again);
  tcase_add_loop_test (
      tc, test_lost_message_is_said_again, 0, G_N_ELEMENTS (others));
  tcase_add_loop_test (
      tc, test_lost_reply_is_asked_for, 0, G_N_ELEMENTS (replies));
  tcase_add_test (tc, test_doubled_chunk);
  tcase_add_test (tc, test_chunks_out_of_order);
  tcase_add_test (tc, test_wrong_final_hash);
  tcase_add_loop_test (tc, test_resumed_after_a_cut, 0, 10);
  tcase_add_test (tc, test_resumed_after_ready);
  tcase_add_test (tc, test_changed_before_it_is_resumed);
  tcase_add_test (tc, test_folder_is_removed);
  tcase_add_test (tc, test_stopped_by_who_is_told);
}

static Suite *
vmfilesink_suite (void)
{
  Suite *s = suite_create ("vmfilesink");
  TCase *tc = tcase_create ("vmfilesink");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  add_faults (tc);
  tcase_add_test (tc, test_user_accepts);
  tcase_add_test (tc, test_user_declines);
  tcase_add_test (tc, test_user_means_another);
  tcase_add_test (tc, test_user_pauses_and_resumes);
  tcase_add_test (tc, test_user_cancels);
  tcase_add_test (tc, test_name_is_taken);
  tcase_add_test (tc, test_name_is_taken_rename);
  tcase_add_test (tc, test_name_is_taken_replace);
  tcase_add_test (tc, test_max_size);
  tcase_add_test (tc, test_quota);
  tcase_add_test (tc, test_no_directory);
  tcase_add_test (tc, test_missing_directory);
  tcase_add_test (tc, test_another_folder_in_ready);
  tcase_add_test (tc, test_buffer_without_a_message);
  tcase_add_test (tc, test_message_that_is_none);
  tcase_add_test (tc, test_paused_while_it_waits_for_the_disk);
  tcase_add_test (tc, test_never_linked);
  tcase_add_test (tc, test_linked_late);
  return s;
}

CHECK_PROGRAM (vmfilesink)
