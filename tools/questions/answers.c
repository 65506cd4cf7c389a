/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which question a plain y or n answers. */

#include "session/session-priv.h"
#include "ui/digits.h"

/* Whoever was refused when it came can be met by coming anew alone. */
static gboolean
take_changed (VmtSession *self, const gchar *line)
{
  gboolean met;

  if (!vmt_changed_keys_take_line (self->changed, line, &met))
    return FALSE;
  if (met && !self->hosting)
    vmt_session_begin_anew (self);
  return TRUE;
}

/* Digits of a device and of a participant: whoever answers has the last ones
 * before their eyes. The other question is shown again then. */
static gboolean
take_digits (VmtSession *self, const gchar *line)
{
  gboolean trust = vmt_session_trust_is_asking (self->trust);
  gboolean compare = vmt_session_compare_is_asking (self);
  gint64 now = g_get_monotonic_time ();

  if (!compare)
    return vmt_session_trust_take_line (self->trust, line, now);
  if (!trust || self->compare_us > vmt_session_trust_get_time (self->trust)) {
    vmt_session_compare_take_line (self, line);
    return TRUE;
  }
  vmt_session_trust_take_line (self->trust, line, now);
  if (!vmt_session_trust_is_asking (self->trust))
    vmt_session_compare_ask_again (self);
  return TRUE;
}

gboolean
vmt_session_take_answer (VmtSession *self, const gchar *line)
{
  gboolean yes;

  if (!vmt_answer_parse (line, &yes)) {
    take_changed (self, line);
    return FALSE;
  }
  if (vmt_session_pasted_take_line (self, line)) {
    vmt_session_files_put_off (self->files);
    if (vmt_session_compare_is_asking (self))
      vmt_session_compare_ask_again (self);
    else if (vmt_session_trust_is_asking (self->trust))
      vmt_session_trust_ask_again (self->trust, g_get_monotonic_time ());
    return TRUE;
  }
  if (vmt_session_host_take_line (self, line) || take_changed (self, line)
      || take_digits (self, line) || vmt_session_call_take_line (self, line)) {
    vmt_session_files_put_off (self->files);
    return TRUE;
  }
  return vmt_session_files_answer (self->files, yes, g_get_monotonic_time ());
}

static gboolean
is_writing (VmtSession *self)
{
  g_autofree gchar *line = NULL;
  gsize cursor;

  if (!self->editor)
    return (self->keys.line && self->keys.line->len)
           || (self->lines.line && self->lines.line->len);
  line = vmt_editor_get_line (self->editor, &cursor);
  return *line != '\0';
}

gboolean
vmt_session_is_free (gpointer user_data)
{
  VmtSession *self = user_data;

  return !self->options->json && !vmt_session_is_call (self)
         && g_queue_is_empty (&self->unknown_hosts) && !self->pasted.text
         && !vmt_changed_keys_is_asking (self->changed)
         && !vmt_session_trust_is_asking (self->trust)
         && !vmt_session_compare_is_asking (self) && !is_writing (self);
}
