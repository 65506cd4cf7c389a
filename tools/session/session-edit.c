/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The line that is typed on a terminal: keys, history and Tab. */

#include "typed/complete.h"
#include "session/session-priv.h"
#include "ui/digits.h"

#include <string.h>

static void
on_enter (const gchar *line, gpointer user_data)
{
  VmtSession *self = user_data;
  gboolean yes;

  /* an answer is for its question alone */
  if (line && !vmt_answer_parse (line, &yes))
    vmt_editor_remember (self->editor, line);
  vmt_session_take_entered (self, line);
}

static void
show (VmtSession *self, const GPtrArray *choices)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < choices->len && i < VMT_COMPLETE_SHOWN_MAX; i++)
    g_string_append_printf (
        text, "%s%s", i ? "  " : "", (const gchar *) choices->pdata[i]);
  if (choices->len > VMT_COMPLETE_SHOWN_MAX)
    g_string_append_printf (
        text, "  and %u more", choices->len - VMT_COMPLETE_SHOWN_MAX);
  vmt_output_line (self->output, VMT_STYLE_FAINT, "%s", text->str);
}

static gchar *
on_complete (const gchar *before, gpointer user_data)
{
  VmtSession *self = user_data;
  g_autoptr (GPtrArray) names = vmt_roster_list_callable (self->roster, FALSE);
  g_autoptr (GPtrArray) removed = vmt_roster_list_callable (self->roster, TRUE);
  g_autoptr (GPtrArray) changed = vmt_changed_keys_list (self->changed);
  const VmtCompleteNames all = { names, removed, changed };
  g_autoptr (GPtrArray) choices = NULL;
  gchar *after = vmt_complete (before, &all, &choices);

  if (choices)
    show (self, choices);
  return after;
}

static gchar *
history_path (void)
{
  return g_build_filename (
      g_get_user_state_dir (), "videomeet", "history", NULL);
}

void
vmt_session_edit_begin (VmtSession *self)
{
  const VmtEditorFuncs funcs = { on_enter, on_complete };
  g_autofree gchar *path = history_path ();

  if (self->editor || !(self->editor = vmt_editor_new (&funcs, self)))
    return;
  vmt_editor_load_history (self->editor, path);
}

void
vmt_session_edit_show (VmtSession *self)
{
  gsize cursor;
  g_autofree gchar *line = vmt_editor_get_line (self->editor, &cursor);

  vmt_output_edit (self->output, line, cursor);
}

void
vmt_session_edit_end (VmtSession *self)
{
  g_autofree gchar *path = history_path ();
  g_autoptr (GError) error = NULL;

  if (!self->editor)
    return;
  if (!vmt_editor_save_history (self->editor, path, &error)) {
    g_autofree gchar *text = g_strdup_printf (
        "What was typed is not remembered: %s", error->message);

    vmt_output_warning (self->output, NULL, text);
  }
  g_clear_pointer (&self->editor, vmt_editor_free);
}
