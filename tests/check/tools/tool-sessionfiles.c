/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that are sent by what is typed in a meeting, with an element in
 * vmsignalbin's place that gives back to us what we send. */

#include "program.h"

#include <glib/gstdio.h>
#include <string.h>
#include "session/session-files.h"
#include "session/session-trust.h"

#define WAIT_MS 60000
#define SIZE 300001 /* bytes; some chunks */

/* Pads that know whose they are. */

typedef struct
{
  GstGhostPad parent;
} EchoPad;

typedef struct
{
  GstGhostPadClass parent;
} EchoPadClass;

enum
{
  PROP_PARTICIPANT_ID = 1,
  PROP_TO,
};

static GType echo_pad_get_type (void);
G_DEFINE_TYPE (EchoPad, echo_pad, GST_TYPE_GHOST_PAD)

static void
echo_pad_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_string (value, "002");
}

static void
echo_pad_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
}

static void
echo_pad_class_init (EchoPadClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = echo_pad_get_property;
  object_class->set_property = echo_pad_set_property;
  g_object_class_install_property (object_class, PROP_PARTICIPANT_ID,
      g_param_spec_string (
          "participant-id", NULL, NULL, NULL, G_PARAM_READABLE));
  g_object_class_install_property (object_class, PROP_TO,
      g_param_spec_string ("to", NULL, NULL, NULL, G_PARAM_WRITABLE));
}

static void
echo_pad_init (EchoPad *self)
{
}

/* What goes into file_sink_N comes out of file_src_N. */

typedef struct
{
  GstBin parent;
} Echo;

typedef struct
{
  GstBinClass parent;
} EchoClass;

static GType echo_get_type (void);
G_DEFINE_TYPE (Echo, echo, GST_TYPE_BIN)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "file_sink_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "file_src_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS_ANY);

static gint asked_for; /* pads; atomic */

static GstPad *
add_pad (GstElement *self, GstElement *through, const gchar *side,
    GstStaticPadTemplate *template, guint number)
{
  g_autoptr (GstPad) target = gst_element_get_static_pad (through, side);
  g_autoptr (GstPadTemplate) templ = gst_static_pad_template_get (template);
  g_autofree gchar *name = g_strdup_printf ("file_%s_%u", side, number);
  GstPad *pad = g_object_new (echo_pad_get_type (), "name", name, "direction",
      template->direction, "template", templ, NULL);

  gst_ghost_pad_set_target (GST_GHOST_PAD (pad), target);
  gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (self, pad);
  return pad;
}

static GstPad *
echo_request_new_pad (GstElement *self, GstPadTemplate *templ,
    const gchar *name, const GstCaps *caps)
{
  guint number = (guint) g_atomic_int_add (&asked_for, 1);
  GstElement *through = gst_element_factory_make ("identity", NULL);

  gst_bin_add (GST_BIN (self), through);
  gst_element_sync_state_with_parent (through);
  add_pad (self, through, "src", &src_template, number);
  return add_pad (self, through, "sink", &sink_template, number);
}

static void
echo_release_pad (GstElement *self, GstPad *pad)
{
  gst_pad_set_active (pad, FALSE);
  gst_element_remove_pad (self, pad);
}

static void
echo_class_init (EchoClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  element_class->request_new_pad = echo_request_new_pad;
  element_class->release_pad = echo_release_pad;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (
      element_class, "Echo", "Bin", "Gives files back", "nobody");
}

static void
echo_init (Echo *self)
{
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK);
}

/* A meeting with Bob, in which everything is said in JSON. */

typedef struct
{
  VmtOptions options;
  VmtRoster *roster;
  VmtOutput *output;
  VmtSessionFiles *files;
  GstElement *pipeline, *bin;
  GstBus *bus;
  gboolean typed_over, given_up, busy;
  guint count; /* of test_plain_answer */
  gchar *folder, *path;
  FILE *out, *err;
  char *text, *errors;
  size_t text_size, errors_size;
} Meeting;

static void
write_file (const gchar *path)
{
  g_autofree gchar *data = g_malloc (SIZE);

  for (guint i = 0; i < SIZE; i++)
    data[i] = (gchar) (i * 7 + i / 251);
  fail_unless (g_file_set_contents (path, data, SIZE, NULL));
}

static void
open_meeting (Meeting *m, VmAccept accept)
{
  *m = (Meeting){ .options = {
                      .accept = accept, .overwrite = VM_OVERWRITE_RENAME } };
  m->folder = g_dir_make_tmp ("vm-files-XXXXXX", NULL);
  m->path = g_build_filename (m->folder, "a.bin", NULL);
  m->options.files_dir = g_build_filename (m->folder, "in", NULL);
  write_file (m->path);
  m->out = open_memstream (&m->text, &m->text_size);
  m->err = open_memstream (&m->errors, &m->errors_size);
  m->output = vmt_output_new (m->out, m->err, TRUE);
  m->roster = vmt_roster_new ();
  vmt_roster_joined (m->roster, "002", "Bob", "laptop", NULL, FALSE);
  m->pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  m->bin = g_object_new (echo_get_type (), NULL);
  gst_bin_add (GST_BIN (m->pipeline), m->bin);
  m->bus = gst_element_get_bus (m->pipeline);
}

static gboolean
is_free (gpointer user_data)
{
  return !((Meeting *) user_data)->busy;
}

static void
start (Meeting *m)
{
  const VmtSessionFilesPlace place = { &m->options, m->output, m->roster,
    m->pipeline, m->bin, &m->typed_over, &m->given_up, is_free, m };
  g_autoptr (GError) error = NULL;

  m->files = vmt_session_files_new (&place, &error);
  fail_unless (m->files != NULL, "%s", error ? error->message : "");
  fail_unless (gst_element_set_state (m->pipeline, GST_STATE_PLAYING)
               != GST_STATE_CHANGE_FAILURE);
}

static void
remove_folder (const gchar *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree gchar *file = g_build_filename (path, name, NULL);

    g_remove (file);
  }
  g_rmdir (path);
}

static void
close_meeting (Meeting *m)
{
  gst_element_set_state (m->pipeline, GST_STATE_NULL);
  vmt_session_files_end (m->files);
  vmt_session_files_free (m->files);
  gst_object_unref (m->bus);
  gst_object_unref (m->pipeline);
  vmt_roster_free (m->roster);
  vmt_output_free (m->output);
  fclose (m->out);
  fclose (m->err);
  free (m->text);
  free (m->errors);
  remove_folder (m->options.files_dir);
  remove_folder (m->folder);
  vmt_options_clear (&m->options);
  g_free (m->path);
  g_free (m->folder);
}

/* Whether an event was told of which each of the parts is a part. */
static gboolean
has_told (Meeting *m, const gchar *const *parts)
{
  g_auto (GStrv) lines = NULL;

  fflush (m->out);
  lines = g_strsplit (m->text ? m->text : "", "\n", -1);
  for (gchar **line = lines; *line; line++) {
    gboolean all = TRUE;

    for (const gchar *const *part = parts; *part; part++)
      all = all && strstr (*line, *part);
    if (all)
      return TRUE;
  }
  return FALSE;
}

static void
wait_told (Meeting *m, const gchar *const *parts)
{
  gint64 deadline = g_get_monotonic_time () + WAIT_MS * G_TIME_SPAN_MILLISECOND;

  while (!has_told (m, parts)) {
    g_autoptr (GstMessage) message =
        gst_bus_timed_pop (m->bus, 20 * GST_MSECOND);

    if (message)
      vmt_session_files_take (m->files, message);
    if (g_get_monotonic_time () >= deadline)
      g_printerr ("%s", m->text);
    fail_unless (
        g_get_monotonic_time () < deadline, "no %s %s", parts[0], parts[1]);
  }
}

#define WAIT(m, ...) wait_told (m, (const gchar *const[]){ __VA_ARGS__, NULL })

static void
assert_received (Meeting *m, const gchar *name)
{
  g_autofree gchar *got = g_build_filename (m->options.files_dir, name, NULL);
  g_autofree gchar *one = NULL, *two = NULL;
  gsize size;

  fail_unless (g_file_get_contents (m->path, &one, NULL, NULL));
  fail_unless (g_file_get_contents (got, &two, &size, NULL), "%s", got);
  fail_unless_equals_int (size, SIZE);
  fail_unless (memcmp (one, two, SIZE) == 0);
}

static const gchar SENT[] = "\"direction\":\"send\"";
static const gchar RECEIVED[] = "\"direction\":\"receive\"";
static const gchar COMPLETED[] = "\"state\":\"completed\"";
static const gchar PENDING[] = "\"state\":\"pending\"";
static const gchar FAILED[] = "\"state\":\"failed\"";

GST_START_TEST (test_taken)
{
  Meeting m;

  open_meeting (&m, VM_ACCEPT_AUTO);
  start (&m);
  vmt_session_files_send (m.files, m.path, "002");
  WAIT (&m, SENT, COMPLETED, "\"number\":1", "\"user\":\"Bob\"");
  WAIT (&m, RECEIVED, COMPLETED, "\"savedPath\":\"a.bin\"");
  assert_received (&m, "a.bin");
  /* for everybody, and under a name that is taken by now */
  vmt_session_files_send (m.files, m.path, NULL);
  WAIT (&m, RECEIVED, COMPLETED, "\"savedPath\":\"a (1).bin\"");
  assert_received (&m, "a (1).bin");
  close_meeting (&m);
}

GST_END_TEST;

/* As a pipeline does with what comes while it starts, in a thread of its
 * own. */
static void
start_at_once (GstBin *bin, GstElement *element, gpointer user_data)
{
  if (!gst_element_is_locked_state (element))
    gst_element_set_state (element, GST_STATE_PLAYING);
}

GST_START_TEST (test_while_it_starts)
{
  Meeting m;

  open_meeting (&m, VM_ACCEPT_AUTO);
  start (&m);
  g_signal_connect (
      m.pipeline, "element-added", G_CALLBACK (start_at_once), NULL);
  vmt_session_files_send (m.files, m.path, "002");
  WAIT (&m, SENT, COMPLETED);
  WAIT (&m, RECEIVED, COMPLETED);
  assert_received (&m, "a.bin");
  close_meeting (&m);
}

GST_END_TEST;

/* The user answers by number, or what was offered first. */
GST_START_TEST (test_asked)
{
  Meeting m;

  open_meeting (&m, VM_ACCEPT_ASK);
  start (&m);
  vmt_session_files_send (m.files, m.path, "002");
  WAIT (&m, RECEIVED, PENDING, "\"number\":2");
  vmt_session_files_obey (m.files, VMT_TYPED_ACCEPT, 1);
  WAIT (&m, "\"event\":\"warning\"", "waits for an answer");
  vmt_session_files_obey (m.files, VMT_TYPED_ACCEPT, 0);
  WAIT (&m, SENT, COMPLETED, "\"number\":1");
  WAIT (&m, RECEIVED, COMPLETED, "\"number\":2");

  vmt_session_files_send (m.files, m.path, "002");
  WAIT (&m, RECEIVED, PENDING, "\"number\":4");
  vmt_session_files_obey (m.files, VMT_TYPED_DECLINE, 4);
  WAIT (&m, SENT, FAILED, "\"code\":\"DECLINED\"", "\"number\":3");
  vmt_session_files_show (m.files);
  WAIT (&m, "\"event\":\"files\"", "\"number\":1", "\"number\":3");
  close_meeting (&m);
}

GST_END_TEST;

/* Offers a file, and returns what a plain yes comes to @after that. */
static gboolean
answer (Meeting *m, gint64 after)
{
  vmt_session_files_send (m->files, m->path, "002");
  m->count += 2;
  {
    g_autofree gchar *number = g_strdup_printf ("\"number\":%u", m->count);

    WAIT (m, RECEIVED, PENDING, number);
  }
  return vmt_session_files_answer (
      m->files, TRUE, g_get_monotonic_time () + after);
}

/* A plain line answers the one file that waits, and no sooner than it can have
 * been read; what else is said at that time is meant for the others. */
GST_START_TEST (test_plain_answer)
{
  Meeting m;
  gint64 before;

  open_meeting (&m, VM_ACCEPT_ASK);
  start (&m);
  fail_if (vmt_session_files_answer (m.files, TRUE, G_MAXINT64));
  fail_unless (answer (&m, VMT_LOOK_TIME));
  WAIT (&m, RECEIVED, COMPLETED, "\"number\":2");
  fail_if (vmt_session_files_answer (m.files, TRUE, G_MAXINT64));

  /* a no */
  vmt_session_files_send (m.files, m.path, "002");
  m.count += 2;
  WAIT (&m, RECEIVED, PENDING, "\"number\":4");
  fail_unless (vmt_session_files_answer (
      m.files, FALSE, g_get_monotonic_time () + VMT_LOOK_TIME));
  WAIT (&m, SENT, FAILED, "\"code\":\"DECLINED\"", "\"number\":3");

  /* too soon, and then not any more */
  before = g_get_monotonic_time ();
  vmt_session_files_send (m.files, m.path, "002");
  m.count += 2;
  WAIT (&m, RECEIVED, PENDING, "\"number\":6");
  fail_if (
      vmt_session_files_answer (m.files, TRUE, before + VMT_LOOK_TIME - 1));
  fail_if (vmt_session_files_answer (m.files, TRUE, G_MAXINT64));
  /* it is one of two */
  fail_if (answer (&m, VMT_LOOK_TIME));
  vmt_session_files_obey (m.files, VMT_TYPED_DECLINE, 6);
  vmt_session_files_obey (m.files, VMT_TYPED_DECLINE, 8);
  WAIT (&m, SENT, FAILED, "\"number\":5");
  WAIT (&m, SENT, FAILED, "\"number\":7");

  /* somebody has spoken since */
  vmt_session_files_send (m.files, m.path, "002");
  m.count += 2;
  WAIT (&m, RECEIVED, PENDING, "\"number\":10");
  vmt_session_files_put_off (m.files);
  fail_if (vmt_session_files_answer (m.files, TRUE, G_MAXINT64));
  vmt_session_files_obey (m.files, VMT_TYPED_DECLINE, 10);
  WAIT (&m, SENT, FAILED, "\"number\":9");

  /* another question is open, or the user writes */
  m.busy = TRUE;
  fail_if (answer (&m, VMT_LOOK_TIME));
  close_meeting (&m);
}

GST_END_TEST;

GST_START_TEST (test_nobody_to_ask)
{
  Meeting m;

  open_meeting (&m, VM_ACCEPT_ASK);
  m.typed_over = TRUE;
  start (&m);
  vmt_session_files_send (m.files, m.path, "002");
  WAIT (&m, SENT, FAILED, "\"code\":\"DECLINED\"");
  WAIT (&m, "\"event\":\"warning\"", "nobody to ask");
  close_meeting (&m);
}

GST_END_TEST;

/* What waits for its answer is paused and cancelled like what is on its way. */
GST_START_TEST (test_cancelled)
{
  Meeting m;

  open_meeting (&m, VM_ACCEPT_ASK);
  start (&m);
  vmt_session_files_send (m.files, m.path, "002");
  WAIT (&m, RECEIVED, PENDING, "\"number\":2");
  vmt_session_files_obey (m.files, VMT_TYPED_PAUSE, 1);
  vmt_session_files_obey (m.files, VMT_TYPED_ACCEPT, 2);
  WAIT (&m, "\"state\":\"paused\"", "\"number\":1");
  vmt_session_files_obey (m.files, VMT_TYPED_CANCEL, 2);
  WAIT (&m, SENT, FAILED, "\"code\":\"CANCELLED\"");
  WAIT (&m, RECEIVED, FAILED, "\"code\":\"CANCELLED\"");
  vmt_session_files_obey (m.files, VMT_TYPED_CANCEL, 2);
  WAIT (&m, "\"event\":\"warning\"", "on its way");
  close_meeting (&m);
}

GST_END_TEST;

/* Who has left answers no more; the pads of what is over are given back. */
GST_START_TEST (test_left)
{
  Meeting m;

  open_meeting (&m, VM_ACCEPT_ASK);
  start (&m);
  vmt_session_files_send (m.files, m.path, "002");
  WAIT (&m, RECEIVED, PENDING);
  vmt_session_files_left (m.files, "003");
  vmt_session_files_left (m.files, "002");
  WAIT (&m, SENT, FAILED, "\"code\":\"DISCONNECTED\"", "Bob has left");
  fail_unless_equals_int (m.bin->numsinkpads, 1);
  vmt_session_files_tick (m.files);
  vmt_session_files_tick (m.files);
  fail_unless_equals_int (m.bin->numsinkpads, 0);
  close_meeting (&m);
}

GST_END_TEST;

/* What fails is an error for who has come to send; not what they leave
 * behind. */
GST_START_TEST (test_who_came_to_send)
{
  Meeting m;

  open_meeting (&m, VM_ACCEPT_ASK);
  m.options.files = g_strsplit (m.path, "\n", -1);
  start (&m);
  vmt_session_files_send (m.files, m.path, "002");
  WAIT (&m, RECEIVED, PENDING, "\"number\":2");
  vmt_session_files_left (m.files, "002");
  WAIT (&m, "\"event\":\"error\"", "\"code\":\"DISCONNECTED\"",
      "To Bob: a.bin: Bob has left");
  vmt_session_files_send (m.files, m.path, "002");
  WAIT (&m, RECEIVED, PENDING, "\"number\":4");
  m.given_up = TRUE;
  vmt_session_files_left (m.files, "002");
  WAIT (&m, "\"event\":\"error\"", "a.bin is not whole there",
      "when it is sent again, it goes on");
  fail_if (vmt_session_files_are_sent (m.files));
  close_meeting (&m);
}

GST_END_TEST;

/* One more than there are pads for waits until one is free. */
GST_START_TEST (test_turns)
{
  Meeting m;

  open_meeting (&m, VM_ACCEPT_AUTO);
  start (&m);
  for (guint i = 0; i <= VMT_FILES_SENT_MAX; i++)
    vmt_session_files_send (m.files, m.path, "002");
  fail_unless_equals_int (m.bin->numsinkpads, VMT_FILES_SENT_MAX);
  vmt_session_files_obey (m.files, VMT_TYPED_PAUSE, VMT_FILES_SENT_MAX + 1);
  WAIT (&m, "\"event\":\"warning\"", "waits for its turn");
  vmt_session_files_show (m.files);
  WAIT (&m, "\"event\":\"files\"", "\"queue\":\"waiting\"");
  vmt_session_files_send (m.files, m.path, "002");
  vmt_session_files_obey (m.files, VMT_TYPED_CANCEL, VMT_FILES_SENT_MAX + 2);
  WAIT (&m, SENT, FAILED, "\"code\":\"CANCELLED\"", "\"filename\":\"a.bin\"",
      "\"size\":300001", "\"done\":0");
  WAIT (&m, SENT, COMPLETED, "\"number\":1,");
  vmt_session_files_tick (m.files);
  vmt_session_files_tick (m.files);
  WAIT (&m, SENT, COMPLETED, "\"number\":16,");
  close_meeting (&m);
}

GST_END_TEST;

/* A pad that is free goes to whom the fewest files are on their way to,
 * wherever its turn stands. */
GST_START_TEST (test_turns_are_fair)
{
  const guint bobs = VMT_FILES_SENT_MAX / 2 + 1;
  Meeting m;

  open_meeting (&m, VM_ACCEPT_ASK);
  start (&m);
  for (guint i = 1; i <= VMT_FILES_SENT_MAX + 2; i++)
    vmt_session_files_send (m.files, m.path,
        i <= bobs || i == VMT_FILES_SENT_MAX + 1 ? "002" : "003");
  fail_unless_equals_int (m.bin->numsinkpads, VMT_FILES_SENT_MAX);
  WAIT (&m, SENT, PENDING, "\"number\":15,");
  vmt_session_files_obey (m.files, VMT_TYPED_CANCEL, VMT_FILES_SENT_MAX);
  WAIT (&m, SENT, FAILED, "\"number\":15,");
  vmt_session_files_tick (m.files);
  vmt_session_files_tick (m.files);
  WAIT (&m, SENT, PENDING, "\"number\":17,");
  fflush (m.out);
  fail_if (strstr (m.text, "\"number\":16,"));
  close_meeting (&m);
}

GST_END_TEST;

/* What the elements that send have been given, as text. */
static gchar *
list_rates (Meeting *m)
{
  g_autoptr (GstIterator) all = gst_bin_iterate_sources (GST_BIN (m->pipeline));
  g_auto (GValue) value = G_VALUE_INIT;
  GString *text = g_string_new (NULL);

  while (gst_iterator_next (all, &value) == GST_ITERATOR_OK) {
    GObject *element = g_value_get_object (&value);
    guint64 rate;

    if (g_str_equal (G_OBJECT_TYPE_NAME (element), "VmFileSrc")) {
      g_object_get (element, "max-bitrate", &rate, NULL);
      g_string_append_printf (text, "%" G_GUINT64_FORMAT " ", rate);
    }
    g_value_reset (&value);
  }
  return g_string_free (text, FALSE);
}

static void
check_rates (Meeting *m, const gchar *expected)
{
  g_autofree gchar *rates = list_rates (m);

  fail_unless_equals_string (rates, expected);
}

/* What is on its way shares the rate, and what goes on has more of it. */
GST_START_TEST (test_rate)
{
  Meeting m;

  open_meeting (&m, VM_ACCEPT_ASK);
  m.options.max_bitrate = 900000000;
  start (&m);
  vmt_session_files_send (m.files, m.path, "002");
  check_rates (&m, "900000000 ");
  vmt_session_files_send (m.files, m.path, "002");
  vmt_session_files_send (m.files, m.path, "002");
  check_rates (&m, "300000000 300000000 300000000 ");
  WAIT (&m, RECEIVED, PENDING);
  vmt_session_files_obey (m.files, VMT_TYPED_DECLINE, 0);
  WAIT (&m, SENT, FAILED);
  vmt_session_files_tick (m.files);
  vmt_session_files_tick (m.files);
  check_rates (&m, "450000000 450000000 ");
  close_meeting (&m);
}

GST_END_TEST;

GST_START_TEST (test_too_many)
{
  Meeting m;

  open_meeting (&m, VM_ACCEPT_ASK);
  start (&m);
  for (guint i = 0; i < VMT_FILES_WAITING_MAX; i++) {
    fail_unless (vmt_session_files_have_room (m.files, "002"));
    vmt_session_files_send (m.files, m.path, "002");
  }
  fail_if (vmt_session_files_have_room (m.files, "002"));
  fail_if (vmt_session_files_have_room (m.files, NULL));
  fflush (m.out);
  fail_if (m.text && strstr (m.text, "RATE_LIMITED"));
  vmt_session_files_send (m.files, m.path, "002");
  WAIT (&m, "\"event\":\"warning\"", "RATE_LIMITED");
  close_meeting (&m);
}

GST_END_TEST;

/* A vmfilesink of Bob's, that says of transfers what it is told to. */
static GstElement *
make_sink (void)
{
  GstElement *sink =
      gst_object_ref_sink (gst_element_factory_make ("vmfilesink", NULL));

  g_object_set_data_full (
      G_OBJECT (sink), "vmt-file-participant", g_strdup ("002"), g_free);
  return sink;
}

static void
tell (Meeting *m, GstElement *sink, guint number, VmTransferState state)
{
  g_autofree gchar *id = g_strdup_printf ("t%u", number);
  g_autoptr (GstMessage) message = gst_message_new_element (GST_OBJECT (sink),
      gst_structure_new ("vm-transfer", "transferId", G_TYPE_STRING, id,
          "direction", G_TYPE_STRING, "receive", "filename", G_TYPE_STRING, id,
          "size", G_TYPE_UINT64, (guint64) 1, "done", G_TYPE_UINT64,
          (guint64) 0, "state", VM_TYPE_TRANSFER_STATE, state, NULL));

  fail_unless (vmt_session_files_take (m->files, message));
}

/* Its vmfilesink is gone. */
static void
tell_gone (Meeting *m, GstElement *sink)
{
  g_autoptr (GstMessage) message = gst_message_new_application (
      GST_OBJECT (sink), gst_structure_new_empty ("vmt-files-gone"));

  fail_unless (vmt_session_files_take (m->files, message));
}

/* Below VMT_FILES_ASKED_MAX, at it, and above, of which nothing is said. */
GST_START_TEST (test_asked_at_most)
{
  Meeting m;
  GstElement *sink;
  g_autofree gchar *at = g_strdup_printf ("\"t%d\"", VMT_FILES_ASKED_MAX - 1);
  g_autofree gchar *above = g_strdup_printf ("\"t%d\"", VMT_FILES_ASKED_MAX);

  open_meeting (&m, VM_ACCEPT_ASK);
  start (&m);
  sink = make_sink ();
  for (guint i = 0; i <= VMT_FILES_ASKED_MAX; i++)
    tell (&m, sink, i, VM_TRANSFER_STATE_PENDING);
  fail_unless (has_told (&m, (const gchar *const[]){ PENDING, at, NULL }));
  fail_if (has_told (&m, (const gchar *const[]){ above, NULL }));
  /* there is room again */
  tell (&m, sink, 0, VM_TRANSFER_STATE_FAILED);
  tell (&m, sink, VMT_FILES_ASKED_MAX, VM_TRANSFER_STATE_PENDING);
  fail_unless (has_told (&m, (const gchar *const[]){ PENDING, above, NULL }));
  tell_gone (&m, sink);
  gst_object_unref (sink);
  close_meeting (&m);
}

GST_END_TEST;

/* A sender may count its files from 1 each day. */
GST_START_TEST (test_id_once_more)
{
  Meeting m;
  GstElement *sink;

  open_meeting (&m, VM_ACCEPT_ASK);
  start (&m);
  sink = make_sink ();
  tell (&m, sink, 1, VM_TRANSFER_STATE_PENDING);
  tell (&m, sink, 1, VM_TRANSFER_STATE_FAILED);
  tell (&m, sink, 1, VM_TRANSFER_STATE_PENDING);
  tell (&m, sink, 1, VM_TRANSFER_STATE_COMPLETED);
  fail_unless (
      has_told (&m, (const gchar *const[]){ COMPLETED, "\"number\":2", NULL }));
  tell_gone (&m, sink);
  gst_object_unref (sink);
  close_meeting (&m);
}

GST_END_TEST;

/* Of the files that are over, how many /files shows when the next comes. */
static guint
count_shown (guint over)
{
  Meeting m;
  GstElement *sink, *next;
  g_auto (GStrv) parts = NULL;
  guint n = 0;

  open_meeting (&m, VM_ACCEPT_ASK);
  start (&m);
  sink = make_sink ();
  next = make_sink ();
  for (guint i = 0; i < over; i++) {
    tell (&m, sink, i, VM_TRANSFER_STATE_PENDING);
    tell (&m, sink, i, VM_TRANSFER_STATE_FAILED);
  }
  tell_gone (&m, sink);
  tell (&m, next, over, VM_TRANSFER_STATE_PENDING);
  vmt_session_files_show (m.files);
  fflush (m.out);
  parts = g_strsplit (strstr (m.text, "\"event\":\"files\""), FAILED, -1);
  n = g_strv_length (parts) - 1;
  tell_gone (&m, next);
  gst_object_unref (sink);
  gst_object_unref (next);
  close_meeting (&m);
  return n;
}

GST_START_TEST (test_over_at_most)
{
  for (guint n = VMT_FILES_OVER_MAX - 1; n <= VMT_FILES_OVER_MAX + 2; n++)
    fail_unless_equals_int (count_shown (n), MIN (n, VMT_FILES_OVER_MAX));
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  Meeting m;

  open_meeting (&m, VM_ACCEPT_ASK);
  start (&m);
  vmt_session_files_send (m.files, "/no/such/file", "002");
  WAIT (&m, "\"event\":\"warning\"", "/no/such/file is not sent");
  vmt_session_files_send (m.files, m.folder, "002");
  WAIT (&m, "\"event\":\"warning\"", m.folder);
  vmt_roster_left (m.roster, "002");
  vmt_session_files_send (m.files, m.path, NULL);
  WAIT (&m, "\"event\":\"warning\"", "Nobody else is here");
  fail_unless_equals_int (m.bin->numsinkpads, 0);
  close_meeting (&m);
}

GST_END_TEST;

/* A folder that cannot be made is said before anybody is met. */
GST_START_TEST (test_no_folder)
{
  VmtOptions options = { .files_dir = g_strdup ("/dev/null/in") };
  const VmtSessionFilesPlace place = { .options = &options };
  g_autoptr (GError) error = NULL;

  fail_unless (vmt_session_files_new (&place, &error) == NULL);
  fail_unless (strstr (error->message, "/dev/null/in") != NULL);
  vmt_options_clear (&options);
}

GST_END_TEST;

static Suite *
tool_sessionfiles_suite (void)
{
  Suite *s = suite_create ("tool-sessionfiles");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_taken);
  tcase_add_test (tc, test_while_it_starts);
  tcase_add_test (tc, test_asked);
  tcase_add_test (tc, test_plain_answer);
  tcase_add_test (tc, test_nobody_to_ask);
  tcase_add_test (tc, test_cancelled);
  tcase_add_test (tc, test_left);
  tcase_add_test (tc, test_who_came_to_send);
  tcase_add_test (tc, test_turns);
  tcase_add_test (tc, test_turns_are_fair);
  tcase_add_test (tc, test_rate);
  tcase_add_test (tc, test_too_many);
  tcase_add_test (tc, test_asked_at_most);
  tcase_add_test (tc, test_id_once_more);
  tcase_add_test (tc, test_over_at_most);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_no_folder);
  return s;
}

CHECK_PROGRAM (tool_sessionfiles)
