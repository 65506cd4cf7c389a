/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gst/videomeet/videomeet.h>

/* Every element of this project through its states, whatever it is. */

#define ROUNDS 3
#define STATE_TIMEOUT (60 * GST_SECOND)

static GList *elements; /* names */
static VmNode *node;
static VmRoomServer *server; /* of the elements that sign in to one */

/* The node that all elements of a process share: this test is about states,
 * so it stays on the loopback interface and tells nobody. */
static void
keep_off_the_network (void)
{
  node = vm_node_get_default ();
  g_object_set (node, "methods", VM_METHODS_NONE, "interfaces", "lo",
      "announce", VM_ANNOUNCE_OFF, NULL);
}

static void
start_server (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, &error);

  g_assert_no_error (error);
  server = vm_room_server_new (identity);
  g_object_set (server, "loopback", TRUE, "port", 0, NULL);
  vm_room_server_start (server, &error);
  g_assert_no_error (error);
}

static void
use_server (GstElement *element)
{
  GObjectClass *klass = G_OBJECT_GET_CLASS (element);
  g_autofree gchar *uri =
      g_strdup_printf ("http://127.0.0.1:%u", vm_room_server_get_port (server));

  if (g_object_class_find_property (klass, "server"))
    g_object_set (element, "server", uri, "room", "lab", NULL);
  if (g_object_class_find_property (klass, "to"))
    g_object_set (element, "to", "Ann", NULL);
}

static void
setup (void)
{
  GList *plugins = gst_registry_get_plugin_list (gst_registry_get ());

  for (GList *p = plugins; p; p = p->next) {
    GList *features;

    if (g_strcmp0 (gst_plugin_get_source (p->data), PACKAGE) != 0)
      continue;
    features = gst_registry_get_feature_list_by_plugin (
        gst_registry_get (), gst_plugin_get_name (p->data));
    for (GList *f = features; f; f = f->next) {
      if (GST_IS_ELEMENT_FACTORY (f->data))
        elements = g_list_prepend (
            elements, g_strdup (gst_plugin_feature_get_name (f->data)));
    }
    gst_plugin_feature_list_free (features);
  }
  gst_plugin_list_free (plugins);
  keep_off_the_network ();
  start_server ();
}

static void
teardown (void)
{
  vm_room_server_stop (server);
  g_clear_object (&server);
  g_list_free_full (elements, g_free);
  elements = NULL;
  g_clear_object (&node);
}

static GstElement *
make_pipeline (const gchar *name)
{
  GstElement *pipeline = gst_pipeline_new (name);
  GstElement *element = gst_element_factory_make (name, NULL);
  GList *pads;

  fail_unless (element != NULL, "no element of %s", name);
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "methods"))
    gst_util_set_object_arg (G_OBJECT (element), "methods", "none");
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "interfaces"))
    g_object_set (element, "interfaces", "lo", NULL);
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "announce"))
    gst_util_set_object_arg (G_OBJECT (element), "announce", "off");
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "mode"))
    gst_util_set_object_arg (G_OBJECT (element), "mode", "host");
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "directory"))
    g_object_set (element, "directory", g_get_tmp_dir (), NULL);
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "locations"))
    g_object_set (element, "location", "/proc/self/exe", NULL);
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "command"))
    g_object_set (element, "command", "cat", NULL);
  use_server (element);
  gst_bin_add (GST_BIN (pipeline), element);

  pads = element->srcpads;
  for (GList *p = pads; p; p = p->next) {
    GstElement *sink = gst_element_factory_make ("fakesink", NULL);

    g_object_set (sink, "sync", FALSE, "async", FALSE, NULL);
    gst_bin_add (GST_BIN (pipeline), sink);
    fail_unless (
        gst_element_link_pads (element, GST_PAD_NAME (p->data), sink, "sink"));
  }
  return pipeline;
}

static void
change (GstElement *pipeline, GstState target)
{
  GstStateChangeReturn ret = gst_element_set_state (pipeline, target);
  GstState state;

  if (ret == GST_STATE_CHANGE_ASYNC)
    ret = gst_element_get_state (pipeline, &state, NULL, STATE_TIMEOUT);
  fail_unless (
      ret == GST_STATE_CHANGE_SUCCESS || ret == GST_STATE_CHANGE_NO_PREROLL,
      "%s to %s: %s", GST_OBJECT_NAME (pipeline),
      gst_element_state_get_name (target),
      gst_element_state_change_return_get_name (ret));
}

static void
no_error (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;

  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  if (message) {
    g_autoptr (GError) error = NULL;

    gst_message_parse_error (message, &error, NULL);
    fail ("%s: %s", GST_OBJECT_NAME (pipeline), error->message);
  }
}

static void
run (const GstState *states, guint n)
{
  fail_unless (elements != NULL, "no plugin of ours in the registry");
  for (GList *e = elements; e; e = e->next) {
    GstElement *pipeline = make_pipeline (e->data);

    for (guint round = 0; round < ROUNDS; round++) {
      for (guint i = 0; i < n; i++)
        change (pipeline, states[i]);
      no_error (pipeline);
    }
    change (pipeline, GST_STATE_NULL);
    gst_object_unref (pipeline);
  }
}

GST_START_TEST (test_up_and_down)
{
  static const GstState states[] = { GST_STATE_READY, GST_STATE_PAUSED,
    GST_STATE_PLAYING, GST_STATE_PAUSED, GST_STATE_READY, GST_STATE_NULL };

  run (states, G_N_ELEMENTS (states));
}

GST_END_TEST;

GST_START_TEST (test_straight_down)
{
  static const GstState states[] = { GST_STATE_PLAYING, GST_STATE_NULL };

  run (states, G_N_ELEMENTS (states));
}

GST_END_TEST;

GST_START_TEST (test_to_and_fro)
{
  static const GstState states[] = { GST_STATE_READY, GST_STATE_PAUSED,
    GST_STATE_READY, GST_STATE_PLAYING, GST_STATE_PAUSED, GST_STATE_PLAYING,
    GST_STATE_READY };

  run (states, G_N_ELEMENTS (states));
}

GST_END_TEST;

static Suite *
states_suite (void)
{
  Suite *s = suite_create ("states");
  TCase *tc = tcase_create ("every element");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_up_and_down);
  tcase_add_test (tc, test_straight_down);
  tcase_add_test (tc, test_to_and_fro);
  return s;
}

CHECK_PROGRAM (states)
