/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A meeting that is joined for nothing but to send files to somebody who is in
 * it. */

#include "session/session-priv.h"

/* For who they are for, once this device is in the meeting. */
#define RECEIVER_TICKS 30

gboolean
vmt_session_delivers (const VmtSession *self)
{
  return self->options->files != NULL;
}

/* As many as may wait; the others later. */
static void
send_more (VmtSession *self)
{
  const gchar *file;

  while ((file = self->options->files[self->delivered])
         && vmt_session_files_have_room (self->files, self->receiver)) {
    vmt_session_files_send (self->files, file, self->receiver);
    self->delivered++;
  }
}

static void
begin (VmtSession *self, const gchar *to)
{
  self->delivering = TRUE;
  self->receiver = g_strdup (to);
  send_more (self);
}

/* Nothing can be typed here, as /who. */
static void
tell_who_is_here (VmtSession *self)
{
  const gchar *code = vm_error_to_code (VM_ERROR_UNROUTABLE);
  g_autoptr (GPtrArray) ids = vmt_roster_list_present (self->roster);
  g_autofree gchar *who = vmt_text_safe (self->options->target);
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_printf (text, "“%s” is not one participant of the meeting. ", who);
  g_string_append (text, ids->len ? "Here are: " : "Nobody is here");
  for (guint i = 0; i < ids->len; i++) {
    g_autofree gchar *name = vmt_roster_get_name (self->roster, ids->pdata[i]);

    g_string_append_printf (text, "%s%s (id %s)", i ? ", " : "", name,
        (const gchar *) ids->pdata[i]);
  }
  g_string_append_c (text, '.');
  vmt_session_fail (self, code, text->str);
}

/* Those who are there are told one after the other. */
static void
look_for_everybody (VmtSession *self)
{
  guint here = vmt_roster_count (self->roster);

  if (here && here == self->here)
    begin (self, NULL);
  else if (!here && ++self->looked_for == RECEIVER_TICKS)
    vmt_session_fail (self, vm_error_to_code (VM_ERROR_UNROUTABLE),
        "Nobody else is in the meeting.");
  self->here = here;
}

static void
look_for_receiver (VmtSession *self)
{
  const gchar *who = self->options->target;
  g_autofree gchar *id = NULL;

  if (g_str_equal (who, VMT_EVERYBODY)) {
    look_for_everybody (self);
    return;
  }
  if ((id = vmt_roster_find (self->roster, who, FALSE, NULL)))
    begin (self, id);
  else if (++self->looked_for == RECEIVER_TICKS)
    tell_who_is_here (self);
}

void
vmt_session_deliver (VmtSession *self)
{
  if (!vmt_session_delivers (self) || !self->joined)
    return;
  if (!self->delivering)
    look_for_receiver (self);
  else if (self->options->files[self->delivered])
    send_more (self);
  else if (!vmt_session_files_are_busy (self->files))
    vmt_session_leave (self);
}

gboolean
vmt_session_has_delivered (const VmtSession *self)
{
  return !vmt_session_delivers (self)
         || (self->files && self->delivering
             && !self->options->files[self->delivered]
             && vmt_session_files_are_sent (self->files));
}
