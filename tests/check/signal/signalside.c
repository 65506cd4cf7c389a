/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "signalside.h"

#include <string.h>

/* Under a sanitizer a connection may take longer than users are to wait. */
#define PATIENT "connect-timeout=60000 "

VmNode *node;
/* What a test has not stopped itself, because it failed: where tests share a
 * process, the end of the next one waits for the threads of what still runs,
 * without a deadline. */
static GPtrArray *running;

void
setup (void)
{
  node = vm_node_get_default ();
  g_object_set (node, "interfaces", "lo", "methods", VM_METHODS_NONE, NULL);
  running = g_ptr_array_new ();
}

void
teardown (void)
{
  for (guint i = 0; i < running->len; i++)
    gst_element_set_state (running->pdata[i], GST_STATE_NULL);
  g_clear_pointer (&running, g_ptr_array_unref);
  g_clear_object (&node);
}

Side
side_new (const gchar *launch)
{
  g_autoptr (GError) error = NULL;
  Side side = { gst_parse_launch (launch, &error) };

  if (!GST_IS_PIPELINE (side.pipeline)) {
    GstElement *alone = side.pipeline;

    side.pipeline = gst_pipeline_new (NULL);
    gst_bin_add (GST_BIN (side.pipeline), alone);
  }

  fail_unless (error == NULL, "%s", error ? error->message : "");
  side.bin = gst_bin_get_by_name (GST_BIN (side.pipeline), "m");
  side.bus = gst_element_get_bus (side.pipeline);
  g_ptr_array_add (running, side.pipeline);
  fail_unless (gst_element_set_state (side.pipeline, GST_STATE_PLAYING)
               != GST_STATE_CHANGE_FAILURE);
  return side;
}

void
side_free (Side *side)
{
  gst_element_set_state (side->pipeline, GST_STATE_NULL);
  g_ptr_array_remove (running, side->pipeline);
  gst_object_unref (side->bin);
  gst_object_unref (side->bus);
  gst_object_unref (side->pipeline);
}

/* gst-inspect-1.0 names each field that a message has. */
static void
check_fields (GstMessage *message)
{
  const GstStructure *s = gst_message_get_structure (message);
  GstElementFactory *factory;
  g_autofree gchar *key = NULL;
  const gchar *told;

  if (!GST_IS_ELEMENT (GST_MESSAGE_SRC (message))
      || GST_MESSAGE_TYPE (message) != GST_MESSAGE_ELEMENT
      || !g_str_has_prefix (gst_structure_get_name (s), "vm-"))
    return;
  factory = gst_element_get_factory (GST_ELEMENT (GST_MESSAGE_SRC (message)));
  if (!factory || strcmp (GST_OBJECT_NAME (factory), "vmsignalbin") != 0)
    return;
  key = g_strconcat (
      "signal:", gst_structure_get_name (s) + strlen ("vm-"), NULL);
  told = gst_element_factory_get_metadata (factory, key);
  fail_unless (told != NULL, "nothing is said of %s", key);
  for (gint i = 0; i < gst_structure_n_fields (s); i++) {
    const gchar *field = gst_structure_nth_field_name (s, i);
    GType type = gst_structure_get_field_type (s, field);
    const gchar *name = type == G_TYPE_STRING    ? "string"
                        : type == G_TYPE_BOOLEAN ? "boolean"
                        : type == G_TYPE_UINT    ? "uint"
                                                 : g_type_name (type);
    g_autofree gchar *wanted = g_strdup_printf (" %s %s", field, name);

    fail_unless (strstr (told, wanted) != NULL, "%s: no%s", key, wanted);
  }
}

GstMessage *
wait_for (Side *side, const gchar *name)
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
    check_fields (message);
    if (gst_message_has_name (message, name)
        || g_strcmp0 (GST_MESSAGE_TYPE_NAME (message), name) == 0)
      return message;
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
      g_autoptr (GError) error = NULL;

      gst_message_parse_error (message, &error, NULL);
      fail ("%s instead of %s", error->message, name);
    }
    gst_message_unref (message);
  }
}

void
wait_for_state (Side *side, const gchar *state)
{
  for (;;) {
    g_autoptr (GstMessage) message =
        wait_for (side, "vm-participant-state-changed");

    if (g_strcmp0 (gst_structure_get_string (
                       gst_message_get_structure (message), "new"),
            state)
        == 0)
      return;
  }
}

static GstPadProbeReturn
count (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Count *c = user_data;

  g_mutex_lock (&c->lock);
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    c->buffers++;
  else if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_EOS)
    c->eos = TRUE;
  g_cond_broadcast (&c->cond);
  g_mutex_unlock (&c->lock);
  return GST_PAD_PROBE_OK;
}

static void
count_free (gpointer data)
{
  Count *c = data;

  g_mutex_clear (&c->lock);
  g_cond_clear (&c->cond);
  g_free (c);
}

Count *
count_on (Side *side, const gchar *name)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (side->pipeline), name);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  Count *c = g_new0 (Count, 1);

  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, count, c,
      NULL);
  g_object_set_data_full (G_OBJECT (sink), "count", c, count_free);
  return c;
}

void
wait_count (Count *c, guint buffers, gboolean eos)
{
  gint64 end = g_get_monotonic_time () + DEADLINE / GST_USECOND;
  gboolean in_time = TRUE;

  g_mutex_lock (&c->lock);
  while ((c->buffers < buffers || (eos && !c->eos)) && in_time)
    in_time = g_cond_wait_until (&c->cond, &c->lock, end);
  g_mutex_unlock (&c->lock);
  fail_unless (in_time, "only %u buffers, eos %d", c->buffers, c->eos);
}

guint
reset_count (Count *c)
{
  guint buffers;

  g_mutex_lock (&c->lock);
  buffers = c->buffers;
  c->buffers = 0;
  g_mutex_unlock (&c->lock);
  return buffers;
}

Side
host (const gchar *rest)
{
  g_autofree gchar *launch = g_strdup_printf (
      "vmsignalbin name=m mode=host meeting=tea user=Ann " PATIENT "%s", rest);
  Side side = side_new (launch);

  gst_message_unref (wait_for (&side, "vm-joined"));
  return side;
}

Side
join (const gchar *rest)
{
  g_autofree gchar *launch = g_strdup_printf (
      "vmsignalbin name=m uri=videomeet://127.0.0.1:%u/tea user=Bob " PATIENT
      "%s",
      vm_node_get_port (node), rest);

  return side_new (launch);
}
