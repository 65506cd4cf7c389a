/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What was pasted into a terminal: one message of its lines, about which the
 * user is asked if they are many. Nothing in it is a command or an answer. */

#include "session/session-priv.h"
#include "ui/digits.h"

#include <string.h>

#define UNASKED_MAX 5 /* lines */

static gchar *
get_line (VmtSession *self, gsize *cursor)
{
  if (self->editor)
    return vmt_editor_get_line (self->editor, cursor);
  *cursor = self->keys.line ? self->keys.line->len : 0;
  return g_strdup (self->keys.line ? self->keys.line->str : "");
}

static void
insert (VmtSession *self, const gchar *text)
{
  if (self->editor)
    vmt_editor_insert (self->editor, text);
  else
    vmt_keys_insert (&self->keys, text);
}

static void
clear_line (VmtSession *self)
{
  if (self->editor)
    vmt_editor_clear_line (self->editor);
  else
    vmt_keys_clear (&self->keys);
}

static guint
count_lines (const gchar *text)
{
  guint lines = 1;

  for (; (text = strchr (text, '\n')); text++)
    lines++;
  return lines;
}

static void
say (VmtSession *self, VmtTyped *typed)
{
  g_autofree gchar *who =
      typed->who ? g_strdup_printf ("> (to %s)", typed->who) : g_strdup (">");
  g_autofree gchar *safe = vmt_text_safe (who);

  vmt_output_said (self->output, VMT_STYLE_PLAIN, safe, typed->text);
  vmt_session_obey (self, typed);
}

static void
ask (VmtSession *self)
{
  g_autofree gchar *safe =
      self->pasted.who ? vmt_text_safe (self->pasted.who) : NULL;

  vmt_output_line (self->output, VMT_STYLE_STRONG,
      "%u lines were pasted: are they to be sent to %s, as one message? [y/n]",
      count_lines (self->pasted.text), safe ? safe : "everybody");
}

/* A slash that was typed in front of it is a command; one that was pasted is
 * not. */
static gboolean
parse (VmtTyped *typed, const gchar *before, const gchar *text,
    const gchar *after, GError **error)
{
  g_autofree gchar *line = g_strconcat (before, text, after, NULL);

  if (!*before) {
    typed->verb = VMT_TYPED_CHAT;
    typed->text = g_steal_pointer (&line);
  } else if (!vmt_typed_parse (typed, line, error)) {
    return FALSE;
  }
  if (typed->verb != VMT_TYPED_CHAT && typed->verb != VMT_TYPED_MSG)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "Several lines were pasted, and a command has one: nothing was done.");
  else if (strlen (typed->text) > VMT_CHAT_MAX)
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A message has at most %d bytes, and with what was pasted this one has "
        "%" G_GSIZE_FORMAT ": it was not sent.",
        VMT_CHAT_MAX, strlen (typed->text));
  else
    return TRUE;
  return FALSE;
}

static void
take_lines (VmtSession *self, const gchar *before, const gchar *text,
    const gchar *after, GError **error)
{
  g_auto (VmtTyped) typed = { 0 };

  if (self->pasted.text) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "Answer first about what was pasted before; of this nothing was "
        "taken.");
    return;
  }
  if (!parse (&typed, before, text, after, error))
    return;
  clear_line (self);
  if (count_lines (typed.text) <= UNASKED_MAX) {
    say (self, &typed);
    return;
  }
  self->pasted = typed;
  typed = (VmtTyped){ 0 };
  ask (self);
}

void
vmt_session_take_pasted (VmtSession *self, const gchar *text)
{
  gsize cursor;
  g_autofree gchar *line = get_line (self, &cursor);
  g_autofree gchar *before = g_strndup (line, cursor);
  g_autoptr (GError) error = NULL;

  if (!text || strlen (line) + strlen (text) >= VMT_TYPED_LINE_MAX) {
    g_set_error (&error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A line has at most %d bytes; what was pasted has more, and was not "
        "taken.",
        VMT_TYPED_LINE_MAX);
  } else if (strchr (text, '\n')) {
    take_lines (self, before, text, line + cursor, &error);
  } else {
    /* //TEXT is sent with one slash */
    if (*text == '/' && cursor == 0)
      insert (self, "/");
    insert (self, text);
  }
  if (error)
    vmt_output_warning (
        self->output, vm_error_to_code (error->code), error->message);
}

gboolean
vmt_session_pasted_take_line (VmtSession *self, const gchar *line)
{
  g_auto (VmtTyped) typed = self->pasted;
  gboolean yes;

  if (!self->pasted.text || !vmt_answer_parse (line, &yes)) {
    typed = (VmtTyped){ 0 };
    return FALSE;
  }
  self->pasted = (VmtTyped){ 0 };
  if (yes)
    say (self, &typed);
  else
    vmt_output_line (self->output, VMT_STYLE_FAINT, "Nothing was sent.");
  return TRUE;
}
