/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

/* What gst-inspect-1.0 shows of every element and plugin of this project must
 * be enough to use it. */

typedef void (*FeatureFunc) (GstPlugin *plugin, GstPluginFeature *feature);

static guint
for_each_feature (FeatureFunc func)
{
  GList *plugins = gst_registry_get_plugin_list (gst_registry_get ());
  guint n = 0;

  for (GList *p = plugins; p; p = p->next) {
    GList *features;

    if (g_strcmp0 (gst_plugin_get_source (p->data), PACKAGE) != 0)
      continue;
    features = gst_registry_get_feature_list_by_plugin (
        gst_registry_get (), gst_plugin_get_name (p->data));
    for (GList *f = features; f; f = f->next, n++)
      func (p->data, f->data);
    gst_plugin_feature_list_free (features);
  }
  gst_plugin_list_free (plugins);
  return n;
}

static void
check_plugin (GstPlugin *plugin, GstPluginFeature *feature)
{
  const gchar *name = gst_plugin_get_name (plugin);

  fail_unless (g_str_has_prefix (name, "vm"), "plugin %s", name);
  fail_unless_equals_string (gst_plugin_get_license (plugin), "LGPL");
  fail_unless (strlen (gst_plugin_get_description (plugin)) > 0);
  fail_unless_equals_string (gst_plugin_get_version (plugin), PACKAGE_VERSION);
}

GST_START_TEST (test_plugins)
{
  fail_unless (for_each_feature (check_plugin) > 0);
}

GST_END_TEST;

/* A word to type, and a sentence that is no name of C. */
static void
check_choice (
    const gchar *type, const gchar *nick, const gchar *words, gchar **seen)
{
  fail_unless (*nick && !strpbrk (nick, "_ ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
      "%s: %s", type, nick);
  fail_unless (strchr (words, ' ') && !strchr (words, '_'), "%s.%s: %s", type,
      nick, words);
  fail_if (*seen && strcmp (*seen, words) == 0,
      "%s.%s says the same as another", type, nick);
  g_free (*seen);
  *seen = g_strdup (words);
}

static void
check_choices (GParamSpec *pspec)
{
  GTypeClass *class;
  const gchar *type = g_type_name (pspec->value_type);
  g_autofree gchar *seen = NULL;

  /* what comes from GStreamer is GStreamer's to explain */
  if (!g_str_has_prefix (type, "Vm"))
    return;
  if (G_IS_PARAM_SPEC_ENUM (pspec)) {
    class = g_type_class_ref (pspec->value_type);
    for (guint i = 0; i < ((GEnumClass *) class)->n_values; i++) {
      GEnumValue *value = &((GEnumClass *) class)->values[i];

      check_choice (type, value->value_nick, value->value_name, &seen);
    }
    g_type_class_unref (class);
  } else if (G_IS_PARAM_SPEC_FLAGS (pspec)) {
    class = g_type_class_ref (pspec->value_type);
    for (guint i = 0; i < ((GFlagsClass *) class)->n_values; i++) {
      GFlagsValue *value = &((GFlagsClass *) class)->values[i];

      check_choice (type, value->value_nick, value->value_name, &seen);
    }
    g_type_class_unref (class);
  }
}

/* "Network: ", so that those of one matter are seen as such in a list by
 * names. */
static gboolean
has_group (const gchar *blurb)
{
  static const gchar *const groups[] = { "Call", "Cloud", "Command", "Device",
    "Discovery", "Files", "Folder", "Input", "Media", "Meeting", "Network",
    "Server", "Stream", "Terminal", "Transfer", "Trust", NULL };
  g_auto (GStrv) parts = g_strsplit (blurb, ": ", 2);

  return g_strv_length (parts) == 2
         && g_strv_contains ((const gchar *const *) groups, parts[0]);
}

static void
check_property (const gchar *element, GParamSpec *pspec)
{
  const gchar *blurb = g_param_spec_get_blurb (pspec);

  fail_unless (blurb != NULL && strlen (blurb) > 10, "%s.%s says nothing",
      element, pspec->name);
  fail_unless (has_group (blurb), "%s.%s is of no group: %s", element,
      pspec->name, blurb);
  fail_unless (
      (pspec->flags & G_PARAM_READABLE) || (pspec->flags & G_PARAM_WRITABLE),
      "%s.%s", element, pspec->name);
  check_choices (pspec);
  if (pspec->flags & G_PARAM_WRITABLE) {
    g_auto (GValue) value = G_VALUE_INIT;

    g_param_value_set_default (
        pspec, g_value_init (&value, G_PARAM_SPEC_VALUE_TYPE (pspec)));
    fail_if (g_param_value_validate (pspec, &value),
        "the default of %s.%s is not valid", element, pspec->name);
  }
}

static GType
type_of (const gchar *name)
{
  static const struct
  {
    const gchar *name;
    GType type;
  } types[] = { { "string", G_TYPE_STRING }, { "boolean", G_TYPE_BOOLEAN } };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (strcmp (types[i].name, name) == 0)
      return types[i].type;
  return g_type_from_name (name);
}

/* "(text string, participant-id string or NULL)", or "(vm-NAME: …)" where the
 * signal has one structure. */
static void
check_signature (
    const gchar *element, const GSignalQuery *signal, const gchar *told)
{
  g_autofree gchar *structure =
      g_strdup_printf ("(vm-%s: ", signal->signal_name);
  g_autofree gchar *inner = NULL;
  g_auto (GStrv) arguments = NULL;

  fail_unless (
      told != NULL, "nothing is said of %s::%s", element, signal->signal_name);
  if (signal->n_params == 1
      && (signal->param_types[0] & ~G_SIGNAL_TYPE_STATIC_SCOPE)
             == GST_TYPE_STRUCTURE) {
    fail_unless (g_str_has_prefix (told, structure), "%s: %s", element, told);
    return;
  }
  fail_unless (*told == '(' && g_str_has_suffix (told, ")"), "%s", told);
  inner = g_strndup (told + 1, strlen (told) - 2);
  arguments = g_strsplit (inner, ", ", *inner ? -1 : 0);
  fail_unless_equals_int (
      *inner ? g_strv_length (arguments) : 0, signal->n_params);
  for (guint i = 0; i < signal->n_params; i++) {
    g_auto (GStrv) words = g_strsplit (arguments[i], " ", 3);

    fail_unless (g_strv_length (words) >= 2, "%s", arguments[i]);
    fail_unless (type_of (words[1])
                     == (signal->param_types[i] & ~G_SIGNAL_TYPE_STATIC_SCOPE),
        "%s::%s: %s", element, signal->signal_name, arguments[i]);
  }
}

static void
check_signals (GstElementFactory *factory, GType type)
{
  guint n;
  g_autofree guint *ids = g_signal_list_ids (type, &n);

  for (guint i = 0; i < n; i++) {
    GSignalQuery signal;
    g_autofree gchar *key = NULL;

    g_signal_query (ids[i], &signal);
    key = g_strdup_printf ("%s:%s",
        signal.signal_flags & G_SIGNAL_ACTION ? "action" : "signal",
        signal.signal_name);
    check_signature (GST_OBJECT_NAME (factory), &signal,
        gst_element_factory_get_metadata (factory, key));
  }
}

static void
check_element (GstPlugin *plugin, GstPluginFeature *feature)
{
  static const gchar *const keys[] = { GST_ELEMENT_METADATA_LONGNAME,
    GST_ELEMENT_METADATA_KLASS, GST_ELEMENT_METADATA_DESCRIPTION,
    GST_ELEMENT_METADATA_AUTHOR };
  const gchar *name = gst_plugin_feature_get_name (feature);
  g_autoptr (GstElement) element = NULL;
  g_autofree GParamSpec **properties = NULL;
  guint n;

  if (!GST_IS_ELEMENT_FACTORY (feature))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    const gchar *value = gst_element_factory_get_metadata (
        GST_ELEMENT_FACTORY (feature), keys[i]);

    fail_unless (value != NULL && *value, "%s has no %s", name, keys[i]);
  }
  element = gst_element_factory_create (GST_ELEMENT_FACTORY (feature), NULL);
  fail_unless (element != NULL, "no element of %s", name);
  gst_object_ref_sink (element);
  check_signals (GST_ELEMENT_FACTORY (feature), G_OBJECT_TYPE (element));
  properties =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);
  for (guint i = 0; i < n; i++) {
    if (properties[i]->owner_type == G_OBJECT_TYPE (element))
      check_property (name, properties[i]);
  }
  fail_unless_equals_int (GST_OBJECT_REFCOUNT_VALUE (element), 1);
}

GST_START_TEST (test_elements)
{
  fail_unless (for_each_feature (check_element) > 0);
}

GST_END_TEST;

/* An application walks all properties of a new element to draw its dialogue. */
static void
read_properties (GstPlugin *plugin, GstPluginFeature *feature)
{
  g_autoptr (GstElement) element = NULL;
  g_autofree GParamSpec **properties = NULL;
  guint n;

  if (!GST_IS_ELEMENT_FACTORY (feature))
    return;
  element = gst_element_factory_create (GST_ELEMENT_FACTORY (feature), NULL);
  gst_object_ref_sink (element);
  properties =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);
  for (guint i = 0; i < n; i++) {
    g_auto (GValue) value = G_VALUE_INIT;

    if (!(properties[i]->flags & G_PARAM_READABLE))
      continue;
    g_value_init (&value, G_PARAM_SPEC_VALUE_TYPE (properties[i]));
    g_object_get_property (G_OBJECT (element), properties[i]->name, &value);
    if ((properties[i]->flags & G_PARAM_WRITABLE)
        && !(properties[i]->flags & G_PARAM_CONSTRUCT_ONLY)
        && properties[i]->owner_type == G_OBJECT_TYPE (element))
      g_object_set_property (G_OBJECT (element), properties[i]->name, &value);
  }
}

GST_START_TEST (test_properties_go_round)
{
  fail_unless (for_each_feature (read_properties) > 0);
}

GST_END_TEST;

static Suite *
inspect_suite (void)
{
  Suite *s = suite_create ("inspect");
  TCase *tc = tcase_create ("every element");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_plugins);
  tcase_add_test (tc, test_elements);
  tcase_add_test (tc, test_properties_go_round);
  return s;
}

CHECK_PROGRAM (inspect)
