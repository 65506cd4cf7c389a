/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A meeting that is joined for nothing but to send files to somebody who is in it. */

#include "session-priv.h"

/* For who they are for, once this device is in the meeting. */
#define RECEIVER_TICKS 30

gboolean
vmt_session_delivers (const VmtSession *self)
{
  return self->options->files != NULL;
}

static void
send_all (VmtSession *self, const gchar *to)
{
  self->delivering = TRUE;
  for (guint i = 0; self->options->files[i]; i++)
    vmt_session_files_send (self->files, self->options->files[i], to);
}

/* Those who are there are told one after the other. */
static void
look_for_everybody (VmtSession *self)
{
  guint here = vmt_roster_count (self->roster);

  if (here && here == self->here)
    send_all (self, NULL);
  self->here = here;
}

static void
look_for_receiver (VmtSession *self)
{
  const gchar *who = self->options->target;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *id = NULL;

  if (g_str_equal (who, VMT_EVERYBODY)) {
    look_for_everybody (self);
    return;
  }
  if ((id = vmt_roster_find (self->roster, who, &error)))
    send_all (self, id);
  else if (++self->looked_for == RECEIVER_TICKS)
    vmt_session_fail (self, vm_error_to_code (error->code), error->message);
}

void
vmt_session_deliver (VmtSession *self)
{
  if (!vmt_session_delivers (self) || !self->joined)
    return;
  if (!self->delivering)
    look_for_receiver (self);
  else if (!vmt_session_files_are_busy (self->files))
    vmt_session_leave (self);
}

gboolean
vmt_session_has_delivered (const VmtSession *self)
{
  return !vmt_session_delivers (self)
         || (self->files && self->delivering
             && vmt_session_files_are_sent (self->files));
}
