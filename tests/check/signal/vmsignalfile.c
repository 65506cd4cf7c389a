/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files through a meeting: two or three vmsignalbin in one process, over
 * loopback, with vmfilesrc and vmfilesink as in a launch line. */

#include "elements/knownfaults.h"

#include "program.h"

#include <gst/videomeet/videomeet.h>
#include <glib/gstdio.h>
#include <gst/base/base.h>
#include <string.h>

#define DEADLINE \
  (90 * GST_SECOND) /* of one step, where others take the cores */

static VmNode *node;
static GPtrArray *running; /* pipelines that a failed test has left */
static gchar *folder, *inbox;

static void
setup (void)
{
  node = vm_node_get_default ();
  g_object_set (node, "interfaces", "lo", "methods", VM_METHODS_NONE, NULL);
  running = g_ptr_array_new ();
  folder = g_dir_make_tmp ("vm-file-XXXXXX", NULL);
  inbox = g_build_filename (folder, "in", NULL);
  g_mkdir (inbox, 0700);
}

static void
remove_files (const gchar *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree gchar *file = g_build_filename (path, name, NULL);

    g_unlink (file);
  }
  g_rmdir (path);
}

static void
teardown (void)
{
  for (guint i = 0; i < running->len; i++)
    gst_element_set_state (running->pdata[i], GST_STATE_NULL);
  g_clear_pointer (&running, g_ptr_array_unref);
  g_clear_object (&node);
  remove_files (inbox);
  remove_files (folder);
  g_clear_pointer (&inbox, g_free);
  g_clear_pointer (&folder, g_free);
}

typedef struct
{
  GstElement *pipeline, *bin;
  GstBus *bus;
} Side;

static Side
side_new (const gchar *launch)
{
  g_autoptr (GError) error = NULL;
  Side side = { gst_parse_launch (launch, &error) };

  fail_unless (error == NULL, "%s", error ? error->message : "");
  if (!GST_IS_PIPELINE (side.pipeline)) {
    GstElement *alone = side.pipeline;

    side.pipeline = gst_pipeline_new (NULL);
    gst_bin_add (GST_BIN (side.pipeline), alone);
  }
  side.bin = gst_bin_get_by_name (GST_BIN (side.pipeline), "m");
  side.bus = gst_element_get_bus (side.pipeline);
  g_ptr_array_add (running, side.pipeline);
  return side;
}

static void
side_play (Side *side)
{
  fail_unless (gst_element_set_state (side->pipeline, GST_STATE_PLAYING)
               != GST_STATE_CHANGE_FAILURE);
}

static void
side_free (Side *side)
{
  gst_element_set_state (side->pipeline, GST_STATE_NULL);
  g_ptr_array_remove (running, side->pipeline);
  gst_object_unref (side->bin);
  gst_object_unref (side->bus);
  gst_object_unref (side->pipeline);
}

/* The next EOS, error, or element message @name. */
static GstMessage *
wait_for_any (Side *side, const gchar *name)
{
  GstClockTime end = gst_util_get_timestamp () + DEADLINE;

  for (;;) {
    GstClockTime now = gst_util_get_timestamp ();
    GstMessage *message =
        now >= end
            ? NULL
            : gst_bus_timed_pop_filtered (side->bus, end - now,
                GST_MESSAGE_ERROR | GST_MESSAGE_EOS | GST_MESSAGE_ELEMENT);

    fail_unless (message != NULL, "no %s in time", name);
    if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ELEMENT
        || gst_message_has_name (message, name))
      return message;
    gst_message_unref (message);
  }
}

static void
expect (Side *side, const gchar *name)
{
  g_autoptr (GstMessage) message = wait_for_any (side, name);

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *debug = NULL;

    gst_message_parse_error (message, &error, &debug);
    fail ("%s (%s) instead of %s", error->message, debug, name);
  }
  fail_unless (gst_message_has_name (message, name)
                   || strcmp (GST_MESSAGE_TYPE_NAME (message), name) == 0,
      "%s instead of %s", GST_MESSAGE_TYPE_NAME (message), name);
}

/* The sender ends with an error of that code. */
static void
expect_error (Side *side, const gchar *code)
{
  g_autoptr (GstMessage) message = wait_for_any (side, "none");
  const GstStructure *details = NULL;

  fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_ERROR);
  gst_message_parse_error_details (message, &details);
  fail_unless_equals_string (gst_structure_get_string (details, "code"), code);
}

/* Waits until a transfer of that side is in @state; FAILED with @code. */
static void
expect_state (Side *side, VmTransferState state, const gchar *code)
{
  for (;;) {
    g_autoptr (GstMessage) message = wait_for_any (side, "vm-transfer");
    const GstStructure *s;
    VmTransferState now = VM_TRANSFER_STATE_PENDING;

    fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_ELEMENT);
    s = gst_message_get_structure (message);
    gst_structure_get (s, "state", VM_TYPE_TRANSFER_STATE, &now, NULL);
    if (now != state)
      continue;
    fail_unless_equals_string (gst_structure_get_string (s, "code"), code);
    return;
  }
}

static Side
host (const gchar *rest)
{
  g_autofree gchar *launch = g_strdup_printf (
      "vmsignalbin name=m mode=host meeting=tea user=Ann %s", rest);
  Side side = side_new (launch);

  side_play (&side);
  expect (&side, "vm-joined");
  return side;
}

/* Not playing yet. */
static Side
guest (const gchar *user, const gchar *rest)
{
  g_autofree gchar *launch = g_strdup_printf (
      "vmsignalbin name=m uri=videomeet://127.0.0.1:%u/tea user=%s %s",
      vm_node_get_port (node), user, rest);

  return side_new (launch);
}

static gchar *
write_file (const gchar *name, gsize size)
{
  gchar *path = g_build_filename (folder, name, NULL);
  g_autofree gchar *data = g_malloc (size + 1);

  for (gsize i = 0; i < size; i++)
    data[i] = i * 7 + i / 1000 + name[0];
  fail_unless (g_file_set_contents (path, data, size, NULL));
  return path;
}

static void
check_received (const gchar *name)
{
  g_autofree gchar *from = g_build_filename (folder, name, NULL);
  g_autofree gchar *to = g_build_filename (inbox, name, NULL);
  g_autofree gchar *sent = NULL, *received = NULL;
  gsize n = 0, m = 0;

  fail_unless (g_file_get_contents (from, &sent, &n, NULL));
  fail_unless (g_file_get_contents (to, &received, &m, NULL), "no %s", to);
  fail_unless_equals_uint64 (m, n);
  fail_unless (memcmp (sent, received, n) == 0);
}

static Side
receiving_host (void)
{
  g_autofree gchar *rest = g_strdup_printf (
      "m.file_src_0 ! vmfilesink name=s fsync=false directory=%s", inbox);

  return host (rest);
}

/* @set: properties of the pad and of vmfilesrc. */
static Side
sender (
    const gchar *user, const gchar *pad, const gchar *path, const gchar *set)
{
  g_autofree gchar *rest = g_strdup_printf (
      "%s vmfilesrc name=f location=%s %s ! m.file_sink_0", pad, path, set);

  return guest (user, rest);
}

static const gsize sizes[] = { 0, 1, 65535, 65536, 65537, 156 * 65536 };

GST_START_TEST (test_a_file_arrives)
{
  g_autofree gchar *path = write_file ("a.bin", sizes[__i__]);
  Side a = receiving_host (), b = sender ("Bob", "", path, "");

  side_play (&b);
  expect (&b, "eos");
  check_received ("a.bin");
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

/* The first chunk is damaged once on its way, and so is what is said of the
 * second. */
static GstPadProbeReturn
damage (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  gint *left = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  GstStructure *s = vm_buffer_get_transfer_meta (buffer)->message;
  guint8 byte = 0;

  if (*left == 0 || !gst_structure_has_name (s, "CHUNK_DATA"))
    return GST_PAD_PROBE_OK;
  buffer = gst_buffer_copy_deep (buffer);
  gst_buffer_unref (GST_PAD_PROBE_INFO_BUFFER (info));
  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  if (--*left == 1) {
    gst_buffer_extract (buffer, 100, &byte, 1);
    byte ^= 4;
    gst_buffer_fill (buffer, 100, &byte, 1);
  } else {
    gst_structure_set (vm_buffer_get_transfer_meta (buffer)->message, "hash",
        G_TYPE_STRING,
        "0000000000000000000000000000000000000000000000000000000000000000",
        NULL);
  }
  return GST_PAD_PROBE_OK;
}

GST_START_TEST (test_damaged_chunks_are_sent_again)
{
  g_autofree gchar *path = write_file ("a.bin", 5 * 65536);
  Side a = receiving_host (), b = sender ("Bob", "", path, "");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (b.bin, "file_sink_0");
  gint left = 2;

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, damage, &left, NULL);
  side_play (&b);
  expect (&b, "eos");
  fail_unless_equals_int (left, 0);
  check_received ("a.bin");
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

/* A pad that nobody links is no fault of the meeting; the sender hears it. */
GST_START_TEST (test_nobody_receives)
{
  g_autofree gchar *path = write_file ("a.bin", 10);
  Side a = host (""), b = sender ("Bob", "", path, "");

  side_play (&b);
  expect_error (&b, "DECLINED");
  side_free (&b);
  expect (&a, "vm-participant-left");
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_it_must_be_said_for_whom)
{
  g_autofree gchar *path = write_file ("a.bin", 10);
  Side a = receiving_host (), c = guest ("Cem", ""), b, d;

  side_play (&c);
  expect (&c, "vm-participant-joined");
  b = sender ("Bob", "file_sink_0::to=nobody", path, "");
  side_play (&b);
  expect (&b, "vm-participant-joined");
  expect (&b, "vm-participant-joined");
  d = sender ("Dan", "", path, "");
  side_play (&d);
  expect_error (&d, "UNROUTABLE");
  side_free (&d);
  side_free (&b);
  side_free (&c);
  side_free (&a);
}

GST_END_TEST;

/* What is no message does not get into a meeting, and says so where it came
 * from. */
GST_START_TEST (test_buffer_without_a_message)
{
  Side a = receiving_host (),
       b = guest ("Bob", "fakesrc sizetype=fixed sizemax=10 ! "
                         "application/x-vm-transfer ! m.file_sink_0");

  side_play (&b);
  expect_error (&b, "BAD_MESSAGE");
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

static void
find_slot (GstElement *bin, GstPad *pad, gpointer user_data)
{
  GstElement *sink = user_data;
  g_autoptr (GstPad) to = gst_element_get_static_pad (sink, "sink");

  if (g_str_has_prefix (GST_OBJECT_NAME (pad), "file_src_"))
    fail_unless_equals_int (gst_pad_link (pad, to), GST_PAD_LINK_OK);
}

/* Among others, by name; the pad is that of the sender's number. */
GST_START_TEST (test_to_one_of_two)
{
  g_autofree gchar *path = write_file ("a.bin", 70000);
  Side a = host (""), c = guest ("Cem", ""), b;
  GstElement *sink = gst_element_factory_make ("vmfilesink", NULL);
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstCaps) caps = NULL;
  g_autofree gchar *id = NULL, *name = NULL;

  g_object_set (sink, "directory", inbox, "fsync", FALSE, NULL);
  gst_bin_add (GST_BIN (c.pipeline), sink);
  g_signal_connect (c.bin, "pad-added", G_CALLBACK (find_slot), sink);
  side_play (&c);
  expect (&c, "vm-participant-joined");
  b = sender ("Bob", "file_sink_0::to=Cem", path, "");
  side_play (&b);
  expect (&b, "eos");
  check_received ("a.bin");
  pad = gst_element_get_static_pad (c.bin, "file_src_1");
  fail_unless (pad != NULL);
  g_object_get (pad, "participant-id", &id, "participant-name", &name, NULL);
  fail_unless_equals_string (name, "Bob");
  caps = gst_pad_get_current_caps (pad);
  fail_unless_equals_string (
      gst_structure_get_string (
          gst_caps_get_structure (caps, 0), "participant"),
      id);
  /* between devices, who sends is a device */
  fail_unless (strlen (gst_structure_get_string (
                   gst_caps_get_structure (caps, 0), "from"))
               > 40);
  side_free (&b);
  side_free (&c);
  side_free (&a);
}

GST_END_TEST;

/* Whoever receives is gone: the sender ends, and the same line goes on. */
GST_START_TEST (test_receiver_leaves)
{
  g_autofree gchar *path = write_file ("a.bin", 40 * 65536);
  Side a = host (""), c, b;
  g_autofree gchar *rest = g_strdup_printf (
      "m.file_src_1 ! vmfilesink fsync=false directory=%s", inbox);

  c = guest ("Cem", rest);
  side_play (&c);
  expect (&c, "vm-participant-joined");
  b = sender ("Bob", "file_sink_0::to=Cem", path, "max-bitrate=2000000");
  side_play (&b);
  expect_state (&c, VM_TRANSFER_STATE_TRANSFERRING, NULL);
  side_free (&c);
  expect_error (&b, "DISCONNECTED");
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

/* The sender stops without leaving: who receives hears it, and what it has is
 * not sent again when the file is. */
GST_START_TEST (test_sender_stops_and_goes_on)
{
  g_autofree gchar *path = write_file ("a.bin", 40 * 65536);
  Side a = receiving_host ();
  Side b = sender ("Bob", "", path, "max-bitrate=2000000");
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (b.pipeline), "f");
  GstPad *pad = gst_element_get_static_pad (b.bin, "file_sink_0");

  side_play (&b);
  expect_state (&a, VM_TRANSFER_STATE_TRANSFERRING, NULL);
  gst_element_set_state (src, GST_STATE_NULL);
  gst_element_unlink (src, b.bin);
  gst_element_release_request_pad (b.bin, pad);
  gst_object_unref (pad);
  expect_state (&a, VM_TRANSFER_STATE_FAILED, "DISCONNECTED");
  g_object_set (src, "max-bitrate", (guint64) 0, NULL);
  fail_unless (gst_element_link_pads (src, "src", b.bin, "file_sink_%u"));
  gst_element_sync_state_with_parent (src);
  expect_state (&a, VM_TRANSFER_STATE_COMPLETED, NULL);
  check_received ("a.bin");
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

static void
say (GstPad *pad, GstStructure *message)
{
  g_autoptr (GstStructure) taken = message;

  gst_pad_push_event (pad, gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM,
                               gst_structure_new (VM_TRANSFER_EVENT, "message",
                                   GST_TYPE_STRUCTURE, taken, NULL)));
}

/* A receiver that knows the base messages alone, which need not say of which
 * transfer they are. */
static GstPadProbeReturn
answer_as_seed (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  const GstStructure *s =
      vm_buffer_get_transfer_meta (GST_PAD_PROBE_INFO_BUFFER (info))->message;
  gint *verified = user_data;
  gint64 index = 0;

  if (gst_structure_has_name (s, "FILE_OFFER")) {
    say (pad, gst_structure_new (
                  "FILE_RESPONSE", "accept", G_TYPE_BOOLEAN, TRUE, NULL));
  } else if (gst_structure_get_int64 (s, "id", &index)) {
    say (pad, gst_structure_new ("CHUNK_ACK", "id", G_TYPE_INT64, index,
                  "status", G_TYPE_STRING, "received", NULL));
  } else if (gst_structure_has_name (s, "TRANSFER_COMPLETE")) {
    g_atomic_int_inc (verified);
    say (pad, gst_structure_new ("TRANSFER_VERIFIED", "status", G_TYPE_STRING,
                  "verified", NULL));
  }
  return GST_PAD_PROBE_OK;
}

/* One after the other, to one that does not say which it answers. */
GST_START_TEST (test_two_files_to_who_knows_the_seed)
{
  g_autofree gchar *one = write_file ("a.bin", 3 * 65536);
  g_autofree gchar *two = write_file ("b.bin", 2 * 65536);
  const gchar *paths[] = { one, two, NULL };
  Side a = host ("m.file_src_0 ! fakesink name=s sync=false async=false");
  Side b = sender ("Bob", "", one, "");
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (b.pipeline), "f");
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (a.pipeline), "s");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  gint verified = 0;

  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BUFFER, answer_as_seed, &verified, NULL);
  g_object_set (src, "locations", paths, NULL);
  side_play (&b);
  expect (&b, "eos");
  fail_unless_equals_int (g_atomic_int_get (&verified), 2);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

/* The sender is gone: its pad ends, the meeting goes on. */
GST_START_TEST (test_sender_leaves)
{
  g_autofree gchar *path = write_file ("a.bin", 40 * 65536);
  Side a = receiving_host ();
  Side b = sender ("Bob", "", path, "max-bitrate=2000000");

  side_play (&b);
  expect_state (&a, VM_TRANSFER_STATE_TRANSFERRING, NULL);
  side_free (&b);
  expect_state (&a, VM_TRANSFER_STATE_FAILED, "DISCONNECTED");
  side_free (&a);
}

GST_END_TEST;

/* The line has one sink, which is for one sender after the other, and for none
 * beside another. */
GST_START_TEST (test_sender_comes_back)
{
  static const gchar *const names[] = { "a.bin", "b.bin", "c.bin" };
  Side a = receiving_host ();

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *path = write_file (names[i], 3 * 65536 + i);
    Side b = sender (i == 1 ? "Cem" : "Bob", "", path, "");

    side_play (&b);
    expect (&b, "eos");
    check_received (names[i]);
    side_free (&b);
    expect (&a, "vm-participant-left");
  }
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_sink_that_is_taken)
{
  g_autofree gchar *path = write_file ("a.bin", 40 * 65536);
  g_autofree gchar *other = write_file ("b.bin", 10);
  Side a = receiving_host ();
  Side b = sender ("Bob", "file_sink_0::to=Ann", path, "max-bitrate=2000000");
  Side c;

  side_play (&b);
  expect_state (&a, VM_TRANSFER_STATE_TRANSFERRING, NULL);
  c = sender ("Cem", "file_sink_0::to=Ann", other, "");
  side_play (&c);
  expect_error (&c, "DECLINED");
  side_free (&c);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

/* An application has taken its sink out. */
GST_START_TEST (test_sink_that_is_gone)
{
  g_autofree gchar *path = write_file ("a.bin", 10);
  Side a = receiving_host (), b = sender ("Bob", "", path, "");
  GstElement *sink = gst_bin_get_by_name (GST_BIN (a.pipeline), "s");

  side_play (&b);
  expect (&b, "eos");
  side_free (&b);
  expect (&a, "vm-participant-left");
  gst_element_set_state (sink, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (a.pipeline), sink);
  b = sender ("Bob", "", path, "");
  side_play (&b);
  expect_error (&b, "DECLINED");
  side_free (&b);
  side_free (&a);
  gst_object_unref (sink);
}

GST_END_TEST;

static void
wait_gone (GWeakRef *ref)
{
  gint64 end = g_get_monotonic_time () + DEADLINE / GST_USECOND;

  for (;;) {
    g_autoptr (GObject) object = g_weak_ref_get (ref);

    if (!object)
      break;
    fail_unless (g_get_monotonic_time () < end, "it stays");
    g_thread_yield ();
  }
  g_weak_ref_clear (ref);
}

/* Transfer full: the element behind a src pad. */
static GstElement *
take_output (Side *side, const gchar *name)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (side->bin, name);
  g_autoptr (GstPad) target = NULL;

  fail_unless (pad != NULL, "there is no %s", name);
  target = gst_ghost_pad_get_target (GST_GHOST_PAD (pad));
  return gst_pad_get_parent_element (target);
}

/* Which nobody takes any more, and which keeps nothing. */
GST_START_TEST (test_reply_after_the_end)
{
  g_autofree gchar *path = write_file ("a.bin", 10);
  g_autofree gchar *sends =
      g_strdup_printf ("vmfilesrc location=%s ! m.file_sink_0", path);
  g_autofree gchar *receives = g_strdup_printf (
      "m.file_src_0 ! vmfilesink fsync=false directory=%s", inbox);
  g_autoptr (GstStructure) message = gst_structure_new_empty ("CHUNK_ACK");
  g_autoptr (GstEvent) reply = gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM,
      gst_structure_new (
          VM_TRANSFER_EVENT, "message", GST_TYPE_STRUCTURE, message, NULL));
  Side a = host (sends), b = guest ("Bob", receives);
  GstElement *output;
  GWeakRef ref;

  g_weak_ref_init (&ref, node);
  side_play (&b);
  expect (&a, "eos");
  output = take_output (&b, "file_src_0");
  side_free (&b);
  side_free (&a);
  fail_unless (
      GST_BASE_SRC_GET_CLASS (output)->event (GST_BASE_SRC (output), reply));
  gst_object_unref (output);
  g_clear_object (&node);
  wait_gone (&ref);
}

GST_END_TEST;

static GstBusSyncReply
stop_as_it_leaves (GstBus *bus, GstMessage *message, gpointer side)
{
  if (gst_message_has_name (message, "vm-participant-left"))
    gst_element_set_state (((Side *) side)->pipeline, GST_STATE_NULL);
  return GST_BUS_PASS;
}

/* By who is told so, on the thread that tells it. */
GST_START_TEST (test_stopped_as_the_sender_leaves)
{
  g_autofree gchar *path = write_file ("a.bin", 10);
  Side a = receiving_host (), b = sender ("Bob", "", path, "");
  gint64 end = g_get_monotonic_time () + DEADLINE / GST_USECOND;
  GWeakRef bin, ref;
  GstPad *pad;

  side_play (&b);
  expect (&b, "eos");
  pad = gst_element_get_static_pad (a.bin, "file_src_0");
  fail_unless (pad != NULL);
  g_weak_ref_init (&ref, pad);
  gst_object_unref (pad);
  g_weak_ref_init (&bin, a.bin);
  gst_bus_set_sync_handler (a.bus, stop_as_it_leaves, &a, NULL);
  side_free (&b);
  while (GST_STATE (a.pipeline) != GST_STATE_NULL) {
    fail_unless (g_get_monotonic_time () < end, "not stopped in time");
    g_thread_yield ();
  }
  gst_bus_set_sync_handler (a.bus, NULL, NULL, NULL);
  side_free (&a);
  wait_gone (&bin);
  wait_gone (&ref);
}

GST_END_TEST;

#define MEDIA                                                         \
  "videotestsrc is-live=true ! "                                      \
  "video/x-raw,width=160,height=120,framerate=15/1 ! m.video_sink_0 " \
  "audiotestsrc is-live=true samplesperbuffer=480 ! m.audio_sink_0 "  \
  "m.video_src_0 ! queue ! fakesink name=v sync=false async=false "   \
  "m.audio_src_0 ! queue ! fakesink name=a sync=false async=false "

typedef struct
{
  GMutex lock; /* of what follows */
  GCond cond;
  guint n;
} Frames;

static GstPadProbeReturn
count (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Frames *frames = user_data;

  g_mutex_lock (&frames->lock);
  frames->n++;
  g_cond_broadcast (&frames->cond);
  g_mutex_unlock (&frames->lock);
  return GST_PAD_PROBE_OK;
}

/* So many more than there are now. */
static void
wait_frames (Frames *frames, guint more)
{
  gint64 end = g_get_monotonic_time () + DEADLINE / GST_USECOND;
  gboolean in_time = TRUE;
  guint until;

  g_mutex_lock (&frames->lock);
  until = frames->n + more;
  while (frames->n < until && in_time)
    in_time = g_cond_wait_until (&frames->cond, &frames->lock, end);
  g_mutex_unlock (&frames->lock);
  fail_unless (in_time, "the picture stands still");
}

#define FILES                           \
  MEDIA "vmfilesrc name=f paused=true " \
        "location=%s ! m.file_sink_0 "  \
        "m.file_src_0 ! vmfilesink fsync=false directory=%s"

static void
set_paused (Side *side, gboolean paused)
{
  g_autoptr (GstElement) src =
      gst_bin_get_by_name (GST_BIN (side->pipeline), "f");

  g_object_set (src, "paused", paused, NULL);
}

/* Both ways at once, in a call that goes on meanwhile and afterwards. */
GST_START_TEST (test_beside_a_call)
{
  g_autofree gchar *one = write_file ("a.bin", 3 * 1024 * 1024);
  g_autofree gchar *two = write_file ("b.bin", 3 * 1024 * 1024);
  g_autofree gchar *rest_a = g_strdup_printf (FILES, one, inbox);
  g_autofree gchar *rest_b = g_strdup_printf (FILES, two, inbox);
  Side a = host (rest_a), b = guest ("Bob", rest_b);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (b.pipeline), "v");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  static Frames frames;

  frames.n = 0;
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, count, &frames, NULL);
  side_play (&b);
  wait_frames (&frames, 5);
  set_paused (&a, FALSE);
  set_paused (&b, FALSE);
  expect_state (&a, VM_TRANSFER_STATE_COMPLETED, NULL);
  expect_state (&a, VM_TRANSFER_STATE_COMPLETED, NULL);
  wait_frames (&frames, 5);
  check_received ("a.bin");
  check_received ("b.bin");
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

static Suite *
vmsignalfile_suite (void)
{
  Suite *s = suite_create ("vmsignalfile");
  TCase *tc = tcase_create ("vmsignalfile");

  known_faults_pass ();
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_a_file_arrives, 0, G_N_ELEMENTS (sizes));
  tcase_add_test (tc, test_damaged_chunks_are_sent_again);
  tcase_add_test (tc, test_nobody_receives);
  tcase_add_test (tc, test_it_must_be_said_for_whom);
  tcase_add_test (tc, test_buffer_without_a_message);
  tcase_add_test (tc, test_to_one_of_two);
  tcase_add_test (tc, test_receiver_leaves);
  tcase_add_test (tc, test_sender_leaves);
  tcase_add_test (tc, test_sender_comes_back);
  tcase_add_test (tc, test_sink_that_is_taken);
  tcase_add_test (tc, test_sink_that_is_gone);
  tcase_add_test (tc, test_stopped_as_the_sender_leaves);
  tcase_add_test (tc, test_reply_after_the_end);
  tcase_add_test (tc, test_sender_stops_and_goes_on);
  tcase_add_test (tc, test_two_files_to_who_knows_the_seed);
  tcase_add_test (tc, test_beside_a_call);
  return s;
}

CHECK_PROGRAM (vmsignalfile)
