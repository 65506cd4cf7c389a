/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How PipeWire's elements are made and ended. Those of this test have the names
 * of the plugin's, in a plugin of the same name, and write down what is done to
 * them. */

#include "program.h"
#include "devices/pipewire.h"

#include <gst/base/gstbasesink.h>

#define CONNECTION 7 /* a descriptor that nobody opens */

static GMutex lock;
static GString *told; /* protected by lock; "NAME WHAT;" for each */

static void
tell (GstElement *element, const gchar *what)
{
  g_mutex_lock (&lock);
  g_string_append_printf (told, "%s %s;", GST_OBJECT_NAME (element), what);
  g_mutex_unlock (&lock);
}

typedef struct
{
  GstBaseSink parent;
  gint fd;
  gchar *mode, *target;
} Fake;

typedef GstBaseSinkClass FakeClass;

static GType fake_get_type (void);
G_DEFINE_TYPE (Fake, fake, GST_TYPE_BASE_SINK)

static void
fake_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  Fake *self = (Fake *) object;

  if (id == 1) {
    self->fd = g_value_get_int (value);
  } else {
    gchar **text = id == 2 ? &self->mode : &self->target;

    g_free (*text);
    *text = g_value_dup_string (value);
  }
}

static void
fake_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  Fake *self = (Fake *) object;

  if (id == 1)
    g_value_set_int (value, self->fd);
  else
    g_value_set_string (value, id == 2 ? self->mode : self->target);
}

static void
fake_finalize (GObject *object)
{
  Fake *self = (Fake *) object;

  g_free (self->mode);
  g_free (self->target);
  G_OBJECT_CLASS (fake_parent_class)->finalize (object);
}

static GstStateChangeReturn
fake_change_state (GstElement *element, GstStateChange transition)
{
  tell (element,
      gst_element_state_get_name (GST_STATE_TRANSITION_NEXT (transition)));
  return GST_ELEMENT_CLASS (fake_parent_class)
      ->change_state (element, transition);
}

/* Here the real one connects its stream, and waits until that is done. */
static gboolean
fake_set_caps (GstBaseSink *sink, GstCaps *caps)
{
  Fake *self = (Fake *) sink;
  g_autofree gchar *what = g_strdup_printf ("connects by %d", self->fd);

  tell (GST_ELEMENT (sink), what);
  return TRUE;
}

static void
fake_class_init (FakeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  static GstStaticPadTemplate template = GST_STATIC_PAD_TEMPLATE (
      "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

  object_class->set_property = fake_set_property;
  object_class->get_property = fake_get_property;
  object_class->finalize = fake_finalize;
  g_object_class_install_property (object_class, 1,
      g_param_spec_int ("fd", "fd", "", -1, G_MAXINT, -1, G_PARAM_READWRITE));
  g_object_class_install_property (object_class, 2,
      g_param_spec_string ("mode", "mode", "", NULL, G_PARAM_READWRITE));
  g_object_class_install_property (object_class, 3,
      g_param_spec_string (
          "target-object", "target", "", NULL, G_PARAM_READWRITE));
  gst_element_class_add_static_pad_template (element_class, &template);
  gst_element_class_set_static_metadata (
      element_class, "Fake", "Sink", "One of PipeWire's", "gst-videomeet");
  element_class->change_state = fake_change_state;
  klass->set_caps = fake_set_caps;
}

static void
fake_init (Fake *self)
{
  self->fd = -1;
  gst_base_sink_set_async_enabled (GST_BASE_SINK (self), FALSE);
}

typedef Fake FakeSource;
typedef FakeClass FakeSourceClass;

static GType fake_source_get_type (void);
G_DEFINE_TYPE (FakeSource, fake_source, fake_get_type ())

static void
fake_source_class_init (FakeSourceClass *klass)
{
}

static void
fake_source_init (FakeSource *self)
{
}

static gboolean
plugin_init (GstPlugin *plugin)
{
  return gst_element_register (
             plugin, "pipewiresink", GST_RANK_NONE, fake_get_type ())
         && gst_element_register (
             plugin, "pipewiresrc", GST_RANK_NONE, fake_source_get_type ());
}

/* Once: a type keeps the factory that it was registered with. */
static void
take_the_place (void)
{
  g_autoptr (GstPlugin) real =
      gst_registry_find_plugin (gst_registry_get (), "pipewire");

  if (real)
    gst_registry_remove_plugin (gst_registry_get (), real);
  fail_unless (gst_plugin_register_static (GST_VERSION_MAJOR, GST_VERSION_MINOR,
      "pipewire", "PipeWire's elements, but for PipeWire", plugin_init, "1.0",
      "LGPL", "gst-videomeet", "gst-videomeet", "https://example.org"));
}

static void
set_up (void)
{
  told = g_string_new (NULL);
}

static void
tear_down (void)
{
  g_string_free (told, TRUE);
  told = NULL;
}

/* A virtual microphone, which has inputs, is offered as a loudspeaker. */
GST_START_TEST (test_source_of_a_virtual_microphone)
{
  g_autoptr (GstElement) sink = gst_element_factory_make ("pipewiresink", NULL);
  g_autoptr (GstElement) source = NULL;
  g_autofree gchar *target = NULL;

  g_object_set (sink, "target-object", "effects_output", NULL);
  g_object_add_weak_pointer (G_OBJECT (sink), (gpointer *) &sink);
  source = gst_object_ref_sink (vmt_pipewire_make_source (sink));
  fail_unless (sink == NULL);
  fail_unless_equals_string (
      GST_OBJECT_NAME (gst_element_get_factory (source)), "pipewiresrc");
  g_object_get (source, "target-object", &target, NULL);
  fail_unless_equals_string (target, "effects_output");
}

GST_END_TEST;

GST_START_TEST (test_source_as_it_is)
{
  static const gchar *const names[] = { "pipewiresrc", "fakesrc", "bin" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GstElement) element =
        gst_object_ref_sink (gst_element_factory_make (names[i], NULL));

    fail_unless (vmt_pipewire_make_source (element) == element);
  }
}

GST_END_TEST;

static GstElement *
add (GstElement *bin, const gchar *name, GstState state)
{
  GstElement *element = gst_element_factory_make ("pipewiresink", name);

  g_object_set (element, "fd", CONNECTION, NULL);
  gst_bin_add (GST_BIN (bin), element);
  fail_unless_equals_int (
      gst_element_set_state (element, state), GST_STATE_CHANGE_SUCCESS);
  return element;
}

static const gchar *
find (const gchar *from, const gchar *what)
{
  const gchar *found = strstr (from, what);

  fail_unless (found != NULL, "no “%s” in “%s” of “%s”", what, from, told->str);
  return found;
}

/* All streams are paused, the connection's thread is waited for, and then each
 * is freed: else libpipewire uses one that is gone. */
GST_START_TEST (test_ends_after_what_is_due)
{
  g_autoptr (GstElement) bin = gst_object_ref_sink (gst_bin_new (NULL));
  GstElement *inner = gst_bin_new (NULL);
  GstElement *other = gst_element_factory_make ("fakesink", "other");
  GstElement *paused, *playing, *ready;
  const gchar *end;

  g_object_set (other, "async", FALSE, NULL);
  gst_bin_add_many (GST_BIN (bin), inner, other, NULL);
  gst_element_set_state (other, GST_STATE_PLAYING);
  paused = add (bin, "paused", GST_STATE_PAUSED);
  playing = add (inner, "playing", GST_STATE_PLAYING);
  ready = add (bin, "ready", GST_STATE_READY);
  g_string_set_size (told, 0);
  vmt_pipewire_end (bin);

  /* a stream that never played is not paused by its element */
  find (find (told->str, "paused PLAYING;"), "paused PAUSED;");
  end = find (told->str, " connects by 7;");
  fail_unless (find (told->str, "paused PAUSED;") < end);
  fail_unless (find (told->str, "playing PAUSED;") < end);
  fail_unless (find (told->str, "paused NULL;") > end);
  fail_unless (find (told->str, "playing NULL;") > end);
  fail_unless (strstr (told->str, "playing PLAYING;") == NULL);
  fail_unless (strstr (told->str, "ready ") == NULL);
  fail_unless_equals_int (GST_STATE (ready), GST_STATE_READY);
  fail_unless_equals_int (GST_STATE (other), GST_STATE_PLAYING);

  /* and they stay there */
  gst_element_sync_state_with_parent (inner);
  gst_element_set_state (bin, GST_STATE_PLAYING);
  fail_unless_equals_int (GST_STATE (paused), GST_STATE_NULL);
  fail_unless_equals_int (GST_STATE (playing), GST_STATE_NULL);
  gst_element_set_state (paused, GST_STATE_NULL);
  gst_element_set_state (bin, GST_STATE_NULL);
}

GST_END_TEST;

GST_START_TEST (test_ends_one_alone)
{
  g_autoptr (GstElement) sink =
      gst_object_ref_sink (gst_element_factory_make ("pipewiresink", "alone"));
  g_autoptr (GstElement) other =
      gst_object_ref_sink (gst_element_factory_make ("fakesink", NULL));

  gst_element_set_state (sink, GST_STATE_PLAYING);
  vmt_pipewire_end (sink);
  fail_unless_equals_int (GST_STATE (sink), GST_STATE_NULL);
  find (find (told->str, "alone PAUSED;"), "alone NULL;");

  g_object_set (other, "async", FALSE, NULL);
  gst_element_set_state (other, GST_STATE_PLAYING);
  vmt_pipewire_end (other);
  fail_unless_equals_int (GST_STATE (other), GST_STATE_PLAYING);
  gst_element_set_state (other, GST_STATE_NULL);
}

GST_END_TEST;

static Suite *
tool_pipewire_suite (void)
{
  Suite *s = suite_create ("tool-pipewire");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, take_the_place, NULL);
  tcase_add_checked_fixture (tc, set_up, tear_down);
  tcase_add_test (tc, test_source_of_a_virtual_microphone);
  tcase_add_test (tc, test_source_as_it_is);
  tcase_add_test (tc, test_ends_after_what_is_due);
  tcase_add_test (tc, test_ends_one_alone);
  return s;
}

CHECK_PROGRAM (tool_pipewire)
