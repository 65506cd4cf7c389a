/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Digits that the user compares with another participant's. */

#include "session/session-priv.h"
#include "ui/digits.h"

#define WAITING_MAX 8 /* questions; who asks beyond is not heard */

/* The first that waits is the one that is shown. */
static void
ask (VmtSession *self)
{
  const GstStructure *s = g_queue_peek_head (&self->comparisons);
  g_autofree gchar *name = NULL, *question = NULL;

  if (!s)
    return;
  name = vmt_asker_name (vmt_field (s, "user") ? vmt_field (s, "user") : "");
  question = vmt_digits_question (name, vmt_field (s, "digits"));
  self->compare_us = g_get_monotonic_time ();
  vmt_changed_keys_put_off (self->changed);
  if (vmt_flag (s, "asked"))
    vmt_output_line (self->output, VMT_STYLE_STRONG,
        "“%s” wants to compare digits with you.", name);
  vmt_output_line (self->output, VMT_STYLE_PLAIN,
      "Both of you see six digits; they are the same only if nobody is between "
      "you. Read them to each other.");
  vmt_output_line (self->output, VMT_STYLE_STRONG, "%s", question);
}

/* What came of the last answer is on the bus, and is told first. */
static gboolean
ask_next (gpointer user_data)
{
  VmtSession *self = user_data;

  self->compare_source = 0;
  if (vmt_session_compare_is_asking (self))
    ask (self);
  else if (vmt_session_trust_is_asking (self->trust))
    vmt_session_trust_ask_again (self->trust, g_get_monotonic_time ());
  return G_SOURCE_REMOVE;
}

static gint
find_id (gconstpointer s, gconstpointer id)
{
  return g_strcmp0 (vmt_field (s, "id"), id);
}

/* Its question, if there is one, is of no use any more. */
static void
drop (VmtSession *self, const gchar *id)
{
  GList *link = g_queue_find_custom (&self->comparisons, id, find_id);
  gboolean shown = link && link == self->comparisons.head;

  if (!link)
    return;
  gst_structure_free (link->data);
  g_queue_delete_link (&self->comparisons, link);
  if (shown)
    ask (self);
}

static void
take_digits (VmtSession *self, const GstStructure *s)
{
  if (self->typed_over || self->comparisons.length >= WAITING_MAX)
    return;
  g_queue_push_tail (&self->comparisons, gst_structure_copy (s));
  if (self->comparisons.length == 1)
    ask (self);
}

static void
tell (VmtSession *self, const gchar *name, const gchar *event)
{
  if (g_str_equal (event, "unanswered"))
    vmt_output_line (self->output, VMT_STYLE_BAD,
        "The program of %s has shown no digits.", name);
  else if (g_str_equal (event, "changed"))
    vmt_output_line (self->output, VMT_STYLE_BAD,
        "The connection to %s was made anew meanwhile: ask again.", name);
  else if (g_str_equal (event, "wrong"))
    vmt_output_line (self->output, VMT_STYLE_BAD,
        "What came in the name of %s is wrong: somebody may be between you.",
        name);
  else if (g_str_equal (event, "same"))
    vmt_output_line (
        self->output, VMT_STYLE_GOOD, "%s is verified by you.", name);
  else if (g_str_equal (event, "different"))
    vmt_output_line (self->output, VMT_STYLE_BAD,
        "The digits differ: somebody may be between you and %s. Say nothing "
        "that others must not hear.",
        name);
  else if (g_str_equal (event, "differs"))
    vmt_output_line (self->output, VMT_STYLE_BAD,
        "%s has found that the digits differ: somebody may be between the two "
        "of you. Say nothing that others must not hear.",
        name);
  else if (g_str_equal (event, "over"))
    vmt_output_line (self->output, VMT_STYLE_FAINT,
        "The connection to %s is another one, and not verified by you yet.",
        name);
}

void
vmt_session_compare (VmtSession *self, const GstStructure *s)
{
  const gchar *event = vmt_field (s, "event"), *id = vmt_field (s, "id");
  g_autofree gchar *name = NULL;
  JsonObject *object;

  if (!event || !id)
    return;
  object = vmt_event_new ("compare");
  vmt_event_add_string (object, "id", id);
  vmt_event_add_string (object, "user", vmt_field (s, "user"));
  vmt_event_add_string (object, "state", event);
  vmt_event_add_string (object, "digits", vmt_field (s, "digits"));
  json_object_set_boolean_member (object, "asked", vmt_flag (s, "asked"));
  vmt_output_event (self->output, object);
  drop (self, id);
  vmt_roster_set_compared (self->roster, id, event);
  if (g_str_equal (event, "digits")) {
    take_digits (self, s);
    return;
  }
  name = vmt_roster_get_name (self->roster, id);
  tell (self, name, event);
}

gboolean
vmt_session_compare_is_asking (const VmtSession *self)
{
  return self->comparisons.length > 0;
}

void
vmt_session_compare_ask_again (VmtSession *self)
{
  ask (self);
}

gboolean
vmt_session_compare_take_line (VmtSession *self, const gchar *line)
{
  GstStructure *s;
  gboolean yes;

  if (g_queue_is_empty (&self->comparisons) || !vmt_answer_parse (line, &yes))
    return FALSE;
  if (yes && !self->options->json
      && g_get_monotonic_time () - self->compare_us < VMT_LOOK_TIME) {
    vmt_output_line (self->output, VMT_STYLE_STRONG,
        "The question has only just come: compare the digits, then answer.");
    return TRUE;
  }
  s = g_queue_pop_head (&self->comparisons);
  g_signal_emit_by_name (
      self->signalbin, "compared-digits", vmt_field (s, "id"), yes);
  gst_structure_free (s);
  self->compare_us = g_get_monotonic_time ();
  if (!self->compare_source
      && (vmt_session_compare_is_asking (self)
          || vmt_session_trust_is_asking (self->trust)))
    self->compare_source = g_idle_add (ask_next, self);
  return TRUE;
}

void
vmt_session_compare_left (VmtSession *self, const gchar *id)
{
  drop (self, id);
}

void
vmt_session_compare_clear (VmtSession *self)
{
  g_clear_handle_id (&self->compare_source, g_source_remove);
  g_queue_clear_full (&self->comparisons, (GDestroyNotify) gst_structure_free);
}
