/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "livepause.h"
#include "program.h"

#include <gst/base/gstbasesrc.h>
#include <gst/videomeet/videomeet.h>
#include <glib/gstdio.h>
#include <string.h>

#define FOUND 90 /* s, another process's start on a busy machine included */
#define PROBE 10000 /* ms; as long as a device may take to answer at most */

/* Another device: another process with a key of its own. */
static gchar *folder;
static gchar *name; /* nobody else's on this machine */
static GSubprocess *other;

/* Stopped at the end of a test and after one that failed: where they share a
 * process, the next one's end waits for the threads of what still runs, without
 * a deadline. */
static GstElement *pipeline;

/* A plugin built with a sanitizer loads only where the sanitizer's library came
 * first, which in gst-launch it has to be told. */
static void
preload_sanitizer (GSubprocessLauncher *launcher)
{
  g_autofree gchar *maps = NULL;
  g_autoptr (GRegex) regex = g_regex_new ("/\\S*lib[at]san\\S*", 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;

  g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL);
  if (maps && g_regex_match (regex, maps, 0, &match)) {
    g_autofree gchar *path = g_match_info_fetch (match, 0);
    const gchar *more = g_getenv ("LD_PRELOAD");
    g_autofree gchar *all = g_strjoin (":", path, more, NULL);

    g_subprocess_launcher_setenv (launcher, "LD_PRELOAD", all, TRUE);
    g_subprocess_launcher_setenv (
        launcher, "ASAN_OPTIONS", "detect_leaks=0", TRUE);
  }
}

static void
start_other (void)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autofree gchar *user = g_strconcat ("user=", name, NULL);
  g_autoptr (GError) error = NULL;

  preload_sanitizer (launcher);
  g_subprocess_launcher_setenv (launcher, "XDG_CONFIG_HOME", folder, TRUE);
  other = g_subprocess_launcher_spawn (launcher, &error, "gst-launch-1.0", "-q",
      "vmdiscoversrc", "interfaces=lo", "methods=udp", user, "!", "fakesink",
      NULL);
  g_assert_no_error (error);
}

static void
setup (void)
{
  folder = g_dir_make_tmp ("vm-discoversrc-XXXXXX", NULL);
  name = g_uuid_string_random ();
}

static void
stop_pipeline (void)
{
  if (pipeline)
    gst_element_set_state (pipeline, GST_STATE_NULL);
  g_clear_pointer (&pipeline, gst_object_unref);
}

static void
teardown (void)
{
  g_autofree gchar *inner = g_build_filename (folder, "videomeet", NULL);
  g_autofree gchar *file = g_build_filename (inner, "identity.pem", NULL);

  stop_pipeline ();
  if (other)
    g_subprocess_force_exit (other);
  g_clear_object (&other);
  g_remove (file);
  g_remove (inner);
  g_remove (folder);
  g_clear_pointer (&folder, g_free);
  g_clear_pointer (&name, g_free);
}

/* The element message of that name whose @field says @value. */
static GstMessage *
wait_message (const gchar *structure, const gchar *field, const gchar *value,
    guint seconds)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gint64 deadline = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;

  while (g_get_monotonic_time () < deadline) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
        bus, GST_SECOND / 10, GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR);
    const GstStructure *s;

    if (!message)
      continue;
    fail_if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR);
    s = gst_message_get_structure (message);
    if (gst_structure_has_name (s, structure)
        && !g_strcmp0 (gst_structure_get_string (s, field), value))
      return g_steal_pointer (&message);
  }
  return NULL;
}

static GMutex lock; /* of text */
static GString *text;

static void
on_handoff (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  fail_unless_equals_int (map.data[map.size - 1], '\n');
  fail_unless (memchr (map.data, '\n', map.size - 1) == NULL);
  g_mutex_lock (&lock);
  g_string_append_len (text, (const gchar *) map.data, map.size);
  g_mutex_unlock (&lock);
  gst_buffer_unmap (buffer, &map);
}

static gboolean
has_text (const gchar *event)
{
  g_autofree gchar *start =
      g_strdup_printf ("{\"event\":\"%s\",\"user\":\"%s\",", event, name);
  gboolean has;

  g_mutex_lock (&lock);
  has = strstr (text->str, start) != NULL;
  g_mutex_unlock (&lock);
  return has;
}

GST_START_TEST (test_live)
{
  pipeline = gst_parse_launch (
      "vmdiscoversrc interfaces=lo methods=udp ! fakesink", NULL);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PAUSED),
      GST_STATE_CHANGE_NO_PREROLL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PAUSED),
      GST_STATE_CHANGE_NO_PREROLL);
  /* create() waits for an event that does not come: unlock() ends it */
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_NULL),
      GST_STATE_CHANGE_SUCCESS);
}

GST_END_TEST;

GST_START_TEST (test_unknown_interface)
{
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  pipeline = gst_parse_launch (
      "vmdiscoversrc interfaces=nope0 methods=udp ! fakesink", NULL);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, 10 * GST_SECOND, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_WARNING);
  gst_message_parse_warning (message, &error, NULL);
  fail_unless (strstr (error->message, "“nope0”; there are ") != NULL, "%s",
      error->message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

GST_START_TEST (test_another_process)
{
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstElement) src = NULL;
  g_autoptr (GstMessage) added = NULL;
  g_autoptr (GstMessage) removed = NULL;
  const GstStructure *s;
  guint port = 0;
  gint state;

  start_other ();
  text = g_string_new (NULL);
  pipeline =
      gst_parse_launch ("vmdiscoversrc name=d interfaces=lo methods=udp ! "
                        "fakesink name=s sync=false signal-handoffs=true",
          NULL);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  src = gst_bin_get_by_name (GST_BIN (pipeline), "d");
  g_signal_connect (sink, "handoff", G_CALLBACK (on_handoff), NULL);
  /* a line is not lost because the pipeline was paused */
  live_pause_prepare (src);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  live_pause_end ();
  added = wait_message ("vm-device-added", "user", name, FOUND);
  fail_unless (added != NULL);
  s = gst_message_get_structure (added);
  fail_unless_equals_string (
      gst_structure_get_string (s, "address"), "127.0.0.1");
  fail_unless (gst_structure_get_uint (s, "port", &port) && port > 0);
  fail_unless_equals_int (strlen (gst_structure_get_string (s, "id")), 64);
  fail_unless (g_str_has_prefix (
      gst_structure_get_string (s, "uri"), "videomeet://127.0.0.1:"));

  /* no bye; by its id: who takes its port may hide, and be held for it, as
   * without TLS nothing says that it is another */
  g_subprocess_force_exit (other);
  removed = wait_message (
      "vm-device-removed", "id", gst_structure_get_string (s, "id"), FOUND);
  fail_unless (removed != NULL);

  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_object_get (src, "discovery-state", &state, NULL);
  fail_unless_equals_int (state, VM_DISCOVERY_STATE_OFFLINE);
  fail_unless (has_text ("added"));
  g_string_free (text, TRUE);
}

GST_END_TEST;

GST_START_TEST (test_eos)
{
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;

  pipeline = gst_parse_launch (
      "vmdiscoversrc interfaces=lo methods=udp ! fakesink", NULL);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_element_send_event (pipeline, gst_event_new_eos ());
  message = gst_bus_timed_pop_filtered (
      bus, FOUND * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_port_taken)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  g_autofree gchar *line = g_strdup_printf (
      "vmdiscoversrc interfaces=lo methods=udp port=%u ! fakesink", port);
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;
  const GstStructure *details = NULL;

  pipeline = gst_parse_launch (line, NULL);
  bus = gst_element_get_bus (pipeline);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PLAYING),
      GST_STATE_CHANGE_FAILURE);
  /* by whom the state could not be changed */
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error_details (message, &details);
  fail_unless_equals_string (
      gst_structure_get_string (details, "code"), "PORT_IN_USE");
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_looking_makes_no_key)
{
  g_autoptr (GstElement) src =
      gst_object_ref_sink (gst_element_factory_make ("vmdiscoversrc", NULL));
  g_autofree gchar *id = NULL;
  g_autofree gchar *user = NULL;

  g_object_get (src, "device-id", &id, "user", &user, NULL);
  fail_unless (id == NULL);
  fail_unless (user != NULL && *user);
}

GST_END_TEST;

/* Where there is a vmsignalbin, a ready one with the device's address. */
static gboolean
makes_meeting (GstDevice *device)
{
  g_autoptr (GstElementFactory) factory =
      gst_element_factory_find ("vmsignalbin");
  g_autoptr (GstElement) element = gst_device_create_element (device, NULL);
  g_autofree gchar *uri = NULL;

  if (!factory)
    return element == NULL;
  gst_object_ref_sink (element);
  g_object_get (element, "uri", &uri, NULL);
  return uri && g_str_has_prefix (uri, "videomeet://127.0.0.1:");
}

/* It does not wait for who is asked and does not answer. */
GST_START_TEST (test_provider)
{
  g_autoptr (GSocketListener) silent = g_socket_listener_new ();
  g_autofree gchar *peers = g_strdup_printf (
      "127.0.0.1:%u", g_socket_listener_add_any_inet_port (silent, NULL, NULL));
  g_autoptr (VmNode) node = vm_node_get_default ();
  g_autoptr (GstDeviceProvider) provider =
      gst_device_provider_factory_get_by_name ("vmdeviceprovider");
  g_autoptr (GstBus) bus = NULL;
  gboolean found = FALSE, made = FALSE;
  gint64 start, deadline;

  start_other ();
  g_object_set (node, "interfaces", "lo", "methods",
      VM_METHODS_UDP | VM_METHODS_MANUAL, "peers", peers, "timeout", PROBE,
      NULL);
  bus = gst_device_provider_get_bus (provider);
  start = g_get_monotonic_time ();
  deadline = start + FOUND * G_USEC_PER_SEC;
  fail_unless (gst_device_provider_start (provider));
  fail_unless (
      g_get_monotonic_time () - start < PROBE * G_TIME_SPAN_MILLISECOND);
  while (!found && g_get_monotonic_time () < deadline) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
        bus, GST_SECOND / 10, GST_MESSAGE_DEVICE_ADDED);
    g_autoptr (GstDevice) device = NULL;
    g_autoptr (GstStructure) properties = NULL;

    if (!message)
      continue;
    gst_message_parse_device_added (message, &device);
    fail_unless (gst_device_has_classes (device, "Network/VideoMeet"));
    properties = gst_device_get_properties (device);
    found = !g_strcmp0 (gst_structure_get_string (properties, "user"), name);
    made = makes_meeting (device);
  }
  fail_unless (found);
  fail_unless (made, "a device makes no vmsignalbin");
  /* it announces nothing: there is nothing to answer with */
  fail_unless_equals_int (vm_node_get_port (node), 0);
  gst_device_provider_stop (provider);
}

GST_END_TEST;

/* Who asks for a list once looks for devices, and finds them; where others take
 * the cores, one that takes longer. */
GST_START_TEST (test_list)
{
  g_autoptr (VmNode) node = vm_node_get_default ();
  g_autoptr (GstDeviceProvider) provider =
      gst_device_provider_factory_get_by_name ("vmdeviceprovider");
  gint64 deadline = g_get_monotonic_time () + FOUND * G_USEC_PER_SEC;
  GList *devices = NULL;

  start_other ();
  g_object_set (node, "interfaces", "lo", "methods", VM_METHODS_UDP, "timeout",
      PROBE, NULL);
  while (!devices && g_get_monotonic_time () < deadline)
    devices = gst_device_provider_get_devices (provider);
  fail_unless (devices != NULL);
  fail_unless (gst_device_has_classes (devices->data, "Network/VideoMeet"));
  g_list_free_full (devices, gst_object_unref);
  /* and then looks no more */
  fail_unless_equals_int (
      vm_node_get_discovery_state (node), VM_DISCOVERY_STATE_OFFLINE);
}

GST_END_TEST;

static Suite *
vmdiscoversrc_suite (void)
{
  Suite *s = suite_create ("vmdiscoversrc");
  TCase *tc = tcase_create ("vmdiscoversrc");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_live);
  tcase_add_test (tc, test_unknown_interface);
  tcase_add_test (tc, test_another_process);
  tcase_add_test (tc, test_eos);
  tcase_add_test (tc, test_port_taken);
  tcase_add_test (tc, test_looking_makes_no_key);
  tcase_add_test (tc, test_provider);
  tcase_add_test (tc, test_list);
  return s;
}

CHECK_PROGRAM (vmdiscoversrc)
