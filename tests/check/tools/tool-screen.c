/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A screen or window that the desktop shares: what it is asked, what its
 * answers come to, and a share that ends in the middle of a call. */

#include "program.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "devices/screen.h"
#include "support/fakesignalbin.h"
#include "support/media/fakemedia.h"
#include "support/media/fakeportal.h"
#include "support/media/mediacall.h"
#include "session/session.h"

#define SOON 300 /* ms; a portal that is silent is given no more */

static const VmtRegion whole;

static gchar *state; /* $XDG_STATE_HOME of this program, for all its cases */

static void
begin (void)
{
  state = g_dir_make_tmp ("vm-screen-XXXXXX", NULL);
  g_setenv ("XDG_STATE_HOME", state, TRUE);
  fake_signal_bin_register ();
}

static void
finish (void)
{
  g_autofree gchar *folder = g_build_filename (state, "videomeet", NULL);
  g_autofree gchar *path = g_build_filename (folder, "screen", NULL);

  g_unlink (path);
  g_rmdir (folder);
  g_rmdir (state);
  g_clear_pointer (&state, g_free);
}

static void
setup (void)
{
  fake_media_register ();
  fake_pipewire_register ();
  g_setenv ("WAYLAND_DISPLAY", "wayland-9", TRUE);
}

static void
teardown (void)
{
  g_unsetenv ("WAYLAND_DISPLAY");
}

static guint32
option_u (GVariant *options, const gchar *name)
{
  guint32 value = G_MAXUINT32;

  g_variant_lookup (options, name, "u", &value);
  return value;
}

static gchar *
option_s (GVariant *options, const gchar *name)
{
  gchar *value = NULL;

  g_variant_lookup (options, name, "s", &value);
  return value;
}

static void
on_asking (gpointer user_data)
{
  ++*(guint *) user_data;
}

/* Where it is captured */

GST_START_TEST (test_which)
{
  static const struct
  {
    const gchar *wayland, *type, *x;
    gboolean asked;
  } rows[] = {
    { "wayland-0", NULL, NULL, TRUE },
    { "wayland-0", "x11", ":0", TRUE },
    { NULL, "wayland", ":0", TRUE },
    { NULL, NULL, NULL, TRUE },
    { "", "", "", TRUE },
    { NULL, NULL, ":0", FALSE },
    { "", "x11", ":0", FALSE },
  };
  g_auto (GStrv) kept = g_get_environ ();
  const gchar *display = g_environ_getenv (kept, "DISPLAY");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    const struct
    {
      const gchar *name, *value;
    } variables[] = { { "WAYLAND_DISPLAY", rows[i].wayland },
      { "XDG_SESSION_TYPE", rows[i].type }, { "DISPLAY", rows[i].x } };

    for (guint k = 0; k < G_N_ELEMENTS (variables); k++)
      if (variables[k].value)
        g_setenv (variables[k].name, variables[k].value, TRUE);
      else
        g_unsetenv (variables[k].name);
    fail_unless (vmt_screen_is_asked_for () == rows[i].asked, "%u", i);
  }
  g_unsetenv ("XDG_SESSION_TYPE");
  g_unsetenv ("DISPLAY");
  if (display)
    g_setenv ("DISPLAY", display, TRUE);
}

GST_END_TEST;

/* What is shared */

static void
on_handoff (GstElement *sink, GstBuffer *buffer, GstPad *pad, gint *size)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  gint width = 0, height = 0;

  gst_structure_get (gst_caps_get_structure (caps, 0), "width", G_TYPE_INT,
      &width, "height", G_TYPE_INT, &height, NULL);
  g_atomic_int_set (size, width * 1000 + height);
}

static GstElement *
play (VmtSlot *slot, gint *size)
{
  GstElement *pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);

  g_object_set (sink, "signal-handoffs", TRUE, NULL);
  g_signal_connect (sink, "handoff", G_CALLBACK (on_handoff), size);
  gst_bin_add_many (GST_BIN (pipeline), GST_ELEMENT (slot), sink, NULL);
  fail_unless (gst_element_link (GST_ELEMENT (slot), sink));
  fail_if (gst_element_set_state (pipeline, GST_STATE_PLAYING)
           == GST_STATE_CHANGE_FAILURE);
  return pipeline;
}

static void
wait_for_size (GstElement *pipeline, const gint *size, gint wanted)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gint64 end = g_get_monotonic_time () + NEVER * G_TIME_SPAN_SECOND;

  while (g_atomic_int_get (size) != wanted) {
    g_autoptr (GstMessage) message =
        gst_bus_timed_pop_filtered (bus, 10 * GST_MSECOND, GST_MESSAGE_ERROR);

    fail_unless (!message && g_get_monotonic_time () < end, "%d",
        g_atomic_int_get (size));
  }
}

static void
end (GstElement *pipeline, VmtSlot *slot)
{
  vmt_slot_close (slot);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

/* Screens and windows, the pointer in the picture; the session ends with it. */
GST_START_TEST (test_shared)
{
  static const FakePortal portal = { 0 };
  guint asked = 0;
  const VmtPortalConfig config = { .asking = on_asking, .user_data = &asked };
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) create = NULL, select = NULL, start = NULL;
  GstElement *pipeline;
  VmtSlot *slot;
  gint size = 0;

  fake_portal_start (&portal);
  slot = vmt_screen_slot_new (&config, &whole, &error);
  g_assert_no_error (error);
  fail_unless_equals_int (asked, 1);
  create = fake_portal_get_options ("CreateSession");
  select = fake_portal_get_options ("SelectSources");
  start = fake_portal_get_options ("Start");
  fail_unless_equals_int (
      option_u (select, "types"), VMT_PORTAL_MONITOR | VMT_PORTAL_WINDOW);
  fail_unless_equals_int (
      option_u (select, "cursor_mode"), VMT_PORTAL_CURSOR_EMBEDDED);
  fail_unless_equals_int (option_u (select, "persist_mode"), 2);
  fail_if (option_s (select, "restore_token"));
  pipeline = play (slot, &size);
  wait_for_size (pipeline, &size, 64036);
  fail_unless (fake_portal_is_caller_there ());
  end (pipeline, slot);
  fail_if (fake_portal_is_caller_there ());
  fake_portal_stop ();
}

GST_END_TEST;

/* A portal that cannot do all of that is asked for the rest. */
GST_START_TEST (test_old_portal)
{
  static const FakePortal portal = { .properties =
                                         "{'version': <uint32 3>, "
                                         "'AvailableSourceTypes': <uint32 1>}",
    .streams = "{'streams': <[(uint32 42, @a{sv} {})]>}" };
  const VmtPortalConfig config = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) select = NULL;
  VmtSlot *slot;

  fake_portal_start (&portal);
  slot = vmt_screen_slot_new (&config, &whole, &error);
  g_assert_no_error (error);
  select = fake_portal_get_options ("SelectSources");
  fail_unless_equals_int (option_u (select, "types"), VMT_PORTAL_MONITOR);
  fail_unless_equals_int (option_u (select, "cursor_mode"), G_MAXUINT32);
  fail_unless_equals_int (option_u (select, "persist_mode"), G_MAXUINT32);
  gst_object_unref (gst_object_ref_sink (slot));
  fake_portal_stop ();
}

GST_END_TEST;

GST_START_TEST (test_part)
{
  static const FakePortal portal = { 0 };
  static const VmtRegion part = { 10, 8, 54, 28 }, beyond = { 10, 8, 55, 28 };
  const VmtPortalConfig config = { 0 };
  g_autoptr (GError) error = NULL;
  GstElement *pipeline;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;
  VmtSlot *slot;
  gint size = 0;

  fake_portal_start (&portal);
  slot = vmt_screen_slot_new (&config, &part, &error);
  g_assert_no_error (error);
  pipeline = play (slot, &size);
  wait_for_size (pipeline, &size, 54028);
  end (pipeline, slot);
  slot = vmt_screen_slot_new (&config, &beyond, &error);
  g_assert_no_error (error);
  pipeline = play (slot, &size);
  bus = gst_element_get_bus (pipeline);
  message = gst_bus_timed_pop_filtered (
      bus, NEVER * GST_SECOND, GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR);
  fail_unless (strstr (
      gst_structure_get_string (gst_message_get_structure (message), "message"),
      "The region does not lie on the screen, which has 64x36 pixels"));
  end (pipeline, slot);
  fake_portal_stop ();
}

GST_END_TEST;

/* The choice is remembered */

static gchar *
share (const gchar *token_file)
{
  const VmtPortalConfig config = { .token_file = token_file };
  g_autoptr (GError) error = NULL;
  g_autoptr (VmtPortal) portal = vmt_portal_new (&config, &error);
  g_autoptr (GVariant) select = fake_portal_get_options ("SelectSources");

  g_assert_no_error (error);
  return option_s (select, "restore_token");
}

static void
holds (const gchar *path, const gchar *wanted)
{
  g_autofree gchar *text = NULL;
  GStatBuf found;

  if (!wanted) {
    fail_if (g_file_test (path, G_FILE_TEST_EXISTS));
    return;
  }
  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  fail_unless_equals_string (text, wanted);
  fail_unless (g_stat (path, &found) == 0);
  fail_unless_equals_int (found.st_mode & 0777, 0600);
}

GST_START_TEST (test_remembered)
{
  FakePortal portal = { 0 };
  g_autofree gchar *path =
      g_build_filename (state, "videomeet", "screen", NULL);
  g_autofree gchar *long_token = g_strnfill (VMT_PORTAL_TOKEN_MAX, 'x');
  g_autofree gchar *longest =
      g_strdup_printf ("{'streams': <[(uint32 42, @a{sv} {})]>, "
                       "'restore_token': <'%s'>}",
          long_token);
  g_autofree gchar *too_long =
      g_strdup_printf ("{'streams': <[(uint32 42, @a{sv} {})]>, "
                       "'restore_token': <'%sx'>}",
          long_token);
  g_autofree gchar *first = NULL, *second = NULL, *third = NULL, *fourth = NULL;

  fake_portal_start (&portal);
  first = share (path);
  fail_if (first);
  holds (path, "token-2");
  portal.streams = longest;
  second = share (path);
  fail_unless_equals_string (second, "token-2");
  holds (path, long_token);
  /* one that others can read may be another's choice */
  fail_unless (g_chmod (path, 0644) == 0);
  third = share (path);
  fail_if (third);
  fail_unless (g_chmod (path, 0600) == 0);
  portal.streams = too_long;
  fourth = share (path);
  fail_unless_equals_string (fourth, long_token);
  holds (path, NULL);
  fake_portal_stop ();
}

GST_END_TEST;

/* What goes wrong */

#define STREAM "(uint32 42, @a{sv} {})"
#define FOUR STREAM ", " STREAM ", " STREAM ", " STREAM
#define SIXTEEN FOUR ", " FOUR ", " FOUR ", " FOUR

static const struct
{
  FakePortal portal;
  const gchar *text; /* NULL: it is shared */
} failures[] = {
  { { .absent = TRUE }, "there is no desktop portal to ask. In Debian it is "
                        "xdg-desktop-portal with the part for this desktop" },
  { { .said = 1 }, "the question of the desktop was answered with no." },
  { { .said = 2 }, "the desktop has ended its question." },
  { { .said = 77 }, "the desktop has ended its question." },
  { { .unanswered = "Start" }, "was not answered in 1 s." },
  { { .unanswered = "CreateSession" }, "portal does not answer." },
  { { .silent = "GetAll" }, "portal does not answer." },
  { { .silent = "CreateSession" }, "portal does not answer." },
  { { .silent = "SelectSources" }, "portal does not answer." },
  { { .silent = "OpenPipeWireRemote" }, "portal does not answer." },
  { { .failing = "CreateSession" }, "portal says: it is \357\277\275[1mbad" },
  { { .failing = "OpenPipeWireRemote" }, "portal says: it is" },
  { { .closing = "SelectSources" }, "the desktop has ended the session." },
  { { .closing = "Start" }, "the desktop has ended the session." },
  { { .leaving = "Start" }, "the desktop's portal has gone." },
  { { .wrong = "GetAll" }, "nonsense: an answer has the wrong type." },
  { { .wrong = "CreateSession" }, "nonsense: an answer has the wrong type." },
  { { .wrong = "Start" }, "nonsense: an answer has the wrong type." },
  { { .wrong = "OpenPipeWireRemote" }, "there is no connection to PipeWire." },
  { { .properties = "@a{sv} {}" }, "neither screens nor windows to share" },
  { { .properties = "{'AvailableSourceTypes': <uint32 4>}" },
      "neither screens nor windows to share" },
  { { .properties = "{'AvailableSourceTypes': <'3'>}" },
      "neither screens nor windows to share" },
  { { .session = "@a{sv} {}" }, "nonsense: it names no session." },
  { { .session = "{'session_handle': <uint32 7>}" },
      "nonsense: it names no session." },
  { { .session = "{'session_handle': <'no/path'>}" },
      "nonsense: its session has no valid path." },
  { { .session = "{'session_handle': <objectpath "
                 "'/org/freedesktop/portal/desktop/session/1_1/fake'>}" },
      NULL },
  { { .streams = "@a{sv} {}" }, "nonsense: it names no picture." },
  { { .streams = "{'streams': <@a(ua{sv}) []>}" },
      "nonsense: it names no picture." },
  { { .streams = "{'streams': <'screen'>}" },
      "nonsense: it names no picture." },
  { { .streams = "{'streams': <[(uint32 4294967295, @a{sv} {})]>}" },
      "nonsense: its picture has no number." },
  { { .streams = "{'streams': <[" SIXTEEN "]>}" }, NULL },
  { { .streams = "{'streams': <[" SIXTEEN ", " STREAM "]>}" },
      "nonsense: it names too many pictures." },
};

GST_START_TEST (test_failure)
{
  const FakePortal *portal = &failures[__i__].portal;
  gboolean asks = g_strcmp0 (portal->unanswered, "Start") == 0;
  gboolean silent = portal->silent || (portal->unanswered && !asks);
  const VmtPortalConfig config = { .wait = silent ? SOON : NEVER * 1000,
    .person_wait = asks ? SOON : NEVER * 1000 };
  g_autoptr (GError) error = NULL;
  VmtSlot *slot;

  fake_portal_start (portal);
  slot = vmt_screen_slot_new (&config, &whole, &error);
  if (failures[__i__].text) {
    fail_unless (slot == NULL, "%s", failures[__i__].text);
    fail_unless (g_str_has_prefix (error->message, "No screen is shared: "));
    fail_unless (strstr (error->message, failures[__i__].text), "%s\n%s",
        error->message, failures[__i__].text);
  } else {
    g_assert_no_error (error);
    gst_object_unref (gst_object_ref_sink (slot));
  }
  fake_portal_stop ();
}

GST_END_TEST;

/* The question does not stay on the screen of who has not answered it. */
GST_START_TEST (test_taken_back)
{
  static const FakePortal portal = { .unanswered = "Start" };
  const VmtPortalConfig config = { .person_wait = SOON };
  gint64 deadline = g_get_monotonic_time () + NEVER * G_TIME_SPAN_SECOND;

  fake_portal_start (&portal);
  fail_unless (vmt_portal_new (&config, NULL) == NULL);
  while (!fake_portal_count_closed () && g_get_monotonic_time () < deadline)
    fail_unless (fake_portal_is_asking ());
  fail_unless_equals_int (fake_portal_count_closed (), 1);
  fake_portal_stop ();
}

GST_END_TEST;

GST_START_TEST (test_no_bus)
{
  const VmtPortalConfig config = { 0 };
  g_autoptr (GError) error = NULL;

  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/dev/null", TRUE);
  fail_unless (vmt_portal_new (&config, &error) == NULL);
  fail_unless (strstr (error->message, "there is no session bus"));
}

GST_END_TEST;

/* Nobody is asked for what cannot be shown then. The class of an element keeps
 * its feature by a pointer alone, so each goes back to the registry. */
GST_START_TEST (test_no_pipewire)
{
  static const FakePortal portal = { 0 };
  const VmtPortalConfig config = { 0 };
  GstRegistry *registry = gst_registry_get ();
  g_autoptr (GPtrArray) removed =
      g_ptr_array_new_with_free_func (gst_object_unref);
  g_autoptr (GError) error = NULL;
  GstPluginFeature *feature;

  while ((feature = gst_registry_lookup_feature (registry, "pipewiresrc"))) {
    gst_registry_remove_feature (registry, feature);
    g_ptr_array_add (removed, feature);
  }
  fake_portal_start (&portal);
  fail_unless (vmt_screen_slot_new (&config, &whole, &error) == NULL);
  fail_unless (strstr (error->message,
      "pipewiresrc is missing, which is in Debian's package "
      "gstreamer1.0-pipewire"));
  fail_unless (fake_portal_get_options ("CreateSession") == NULL);
  fake_portal_stop ();
  for (guint i = removed->len; i > 0; i--)
    gst_registry_add_feature (
        registry, GST_PLUGIN_FEATURE (removed->pdata[i - 1]));
}

GST_END_TEST;

/* In a call */

/* Nobody joins without the screen that was asked for. */
GST_START_TEST (test_refused_before_call)
{
  static const FakePortal portal = { .said = 1 };
  static const Step steps[] = { { NULL } };
  g_auto (VmtOptions) options = { .no_play = TRUE };
  g_auto (Result) result = { 0 };

  fake_portal_start (&portal);
  options.source = g_strdup ("screen");
  result = run (&options, steps);
  fail_unless_equals_int (result.status, 1);
  fail_unless (
      strstr (result.errors, "No screen is shared: the question of the "
                             "desktop was answered with no."));
  fail_if (strstr (result.text, "Hosting"));
  fake_portal_stop ();
}

GST_END_TEST;

/* Nothing is played: to look for speakers would load the plugin of PipeWire,
 * where there is one, and its pipewiresrc takes the name. */
static gboolean
is_sent (void)
{
  return fake_signal_bin_count (TRUE) > 3;
}

static void
share_in_call (void)
{
  type ("/share\n");
}

static gboolean
is_shared (void)
{
  return has_told ("The desktop asks which screen or window to share")
         && has_told ("You share “screen” now")
         && fake_signal_bin_count_shared () > 5;
}

static void
share_no_more (void)
{
  fail_unless (fake_portal_is_caller_there ());
  type ("/share off\n");
}

/* The desktop learns that it is over. */
static gboolean
is_over (void)
{
  return has_told ("You share nothing any more.")
         && !fake_portal_is_caller_there ();
}

/* A call at a desktop with that portal, which ends well. */
static Result
call_at (const FakePortal *portal, const Step *steps)
{
  g_auto (VmtOptions) options = { .no_play = TRUE };
  Result result;

  fake_portal_start (portal);
  options.source = g_strdup ("stamp:64x36@30");
  result = run (&options, steps);
  fail_unless_equals_int (result.status, 0);
  fake_portal_stop ();
  return result;
}

/* The second picture is what the desktop shares, and the first goes on. */
GST_START_TEST (test_shared_in_a_call)
{
  static const FakePortal portal = { 0 };
  static const Step steps[] = {
    { is_sent, share_in_call },
    { is_shared, share_no_more },
    { is_over, NULL },
    { NULL },
  };
  g_auto (Result) result = call_at (&portal, steps);

  fail_unless_equals_string (result.errors, "");
}

GST_END_TEST;

static gboolean
has_refused (void)
{
  return has_complained ("the question of the desktop was answered with no.")
         && fake_signal_bin_count_shared () == 0;
}

GST_START_TEST (test_refused_in_a_call)
{
  static const FakePortal portal = { .said = 1 };
  static const Step steps[] = {
    { is_sent, share_in_call },
    { has_refused, NULL },
    { NULL },
  };
  g_auto (Result) result = call_at (&portal, steps);
}

GST_END_TEST;

static gboolean
has_ended (void)
{
  return has_complained ("The desktop has ended it.");
}

static gboolean
has_gone (void)
{
  return has_complained ("The node is gone.");
}

/* The call goes on without the screen, and its user knows. */
static void
ends_in_a_call (void (*how) (void), gboolean (*is_told) (void))
{
  static const FakePortal portal = { 0 };
  const Step steps[] = {
    { is_sent, share_in_call },
    { is_shared, how },
    { is_told, NULL },
    { NULL },
  };
  g_auto (Result) result = call_at (&portal, steps);
}

GST_START_TEST (test_ended_by_desktop)
{
  ends_in_a_call (fake_portal_end_session, has_ended);
}

GST_END_TEST;

GST_START_TEST (test_window_closed)
{
  ends_in_a_call (fake_pipewire_fail, has_gone);
}

GST_END_TEST;

static Suite *
tool_screen_suite (void)
{
  Suite *s = suite_create ("tool-screen");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, begin, finish);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_which);
  tcase_add_test (tc, test_shared);
  tcase_add_test (tc, test_old_portal);
  tcase_add_test (tc, test_part);
  tcase_add_test (tc, test_remembered);
  tcase_add_loop_test (tc, test_failure, 0, G_N_ELEMENTS (failures));
  tcase_add_test (tc, test_taken_back);
  tcase_add_test (tc, test_no_bus);
  tcase_add_test (tc, test_no_pipewire);
  tcase_add_test (tc, test_refused_before_call);
  tcase_add_test (tc, test_shared_in_a_call);
  tcase_add_test (tc, test_refused_in_a_call);
  tcase_add_test (tc, test_ended_by_desktop);
  tcase_add_test (tc, test_window_closed);
  return s;
}

CHECK_PROGRAM (tool_screen)
