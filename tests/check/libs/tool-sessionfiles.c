/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that are sent by what is typed in a meeting, with an element in
 * vmsignalbin's place that gives back to us what we send. */

#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <string.h>
#include "session-files.h"

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
  gboolean typed_over, given_up;
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

static void
start (Meeting *m)
{
  const VmtSessionFilesPlace place = { &m->options, m->output, m->roster,
    m->pipeline, m->bin, &m->typed_over, &m->given_up };
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

/* What fails is an error for who has come to send; not what they leave behind. */
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
  WAIT (&m, SENT, COMPLETED, "\"number\":1,");
  vmt_session_files_tick (m.files);
  vmt_session_files_tick (m.files);
  WAIT (&m, SENT, COMPLETED, "\"number\":16,");
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
  tcase_add_test (tc, test_asked);
  tcase_add_test (tc, test_nobody_to_ask);
  tcase_add_test (tc, test_cancelled);
  tcase_add_test (tc, test_left);
  tcase_add_test (tc, test_who_came_to_send);
  tcase_add_test (tc, test_turns);
  tcase_add_test (tc, test_too_many);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_no_folder);
  return s;
}

GST_CHECK_MAIN (tool_sessionfiles);
