/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Hosts that were never met before, in front of a PIN: the user compares their
 * keys with what they show. */

#include "session/session-priv.h"
#include "ui/digits.h"

/* A name that the host gives itself; it may be false. */
/* ", @what “name”", or nothing. */
static gchar *
name_of (const GstStructure *s, const gchar *field, const gchar *what)
{
  const gchar *name = vmt_field (s, field);
  g_autofree gchar *safe = name ? vmt_asker_name (name) : NULL;

  return safe ? g_strdup_printf (", %s “%s”", what, safe) : g_strdup ("");
}

/* The question about the first that waits. */
static void
ask (VmtSession *self)
{
  const GstStructure *s = g_queue_peek_head (&self->unknown_hosts);
  g_autofree gchar *user = NULL, *device = NULL;

  if (!s)
    return;
  user = name_of (s, "user", "of somebody who says to be");
  device = name_of (s, "device", "on a device named");
  vmt_output_line (self->output, VMT_STYLE_PLAIN,
      "The PIN is for a host that was never met before%s%s. Its id is", user,
      device);
  vmt_output_line (
      self->output, VMT_STYLE_STRONG, "  %s", vmt_field (s, "device-id"));
  vmt_output_line (self->output, VMT_STYLE_STRONG,
      "Does the screen of whoever hosts the meeting show that id? [y/n]");
}

/* FALSE: nobody waits for an answer. */
static gboolean
answer (VmtSession *self, gboolean yes)
{
  GstStructure *s = g_queue_pop_head (&self->unknown_hosts);

  if (!s)
    return FALSE;
  vmt_output_line (self->output, VMT_STYLE_FAINT, "%s",
      yes ? "It is shown the PIN." : "It is told nothing.");
  g_signal_emit_by_name (
      self->signalbin, "confirm-host", vmt_field (s, "device-id"), yes);
  if (yes) {
    g_free (self->confirmed_host);
    self->confirmed_host = g_strdup (vmt_field (s, "device-id"));
  }
  gst_structure_free (s);
  ask (self);
  return TRUE;
}

void
vmt_session_host_unknown (VmtSession *self, const GstStructure *s)
{
  JsonObject *event = vmt_event_new ("host-unknown");

  vmt_event_add_string (event, "deviceId", vmt_field (s, "device-id"));
  vmt_event_add_string (event, "user", vmt_field (s, "user"));
  vmt_event_add_string (event, "device", vmt_field (s, "device"));
  vmt_output_event (self->output, event);
  /* after a wrong PIN */
  if (g_strcmp0 (self->confirmed_host, vmt_field (s, "device-id")) == 0) {
    g_signal_emit_by_name (
        self->signalbin, "confirm-host", self->confirmed_host, TRUE);
    return;
  }
  g_queue_push_tail (&self->unknown_hosts, gst_structure_copy (s));
  if (self->typed_over)
    answer (self, FALSE);
  else if (self->unknown_hosts.length == 1)
    ask (self);
}

void
vmt_session_host_typed_over (VmtSession *self)
{
  while (answer (self, FALSE))
    continue;
}

gboolean
vmt_session_host_take_line (VmtSession *self, const gchar *line)
{
  gboolean yes;

  return !g_queue_is_empty (&self->unknown_hosts)
         && vmt_answer_parse (line, &yes) && answer (self, yes);
}

void
vmt_session_host_clear (VmtSession *self)
{
  g_clear_pointer (&self->confirmed_host, g_free);
  g_queue_clear_full (
      &self->unknown_hosts, (GDestroyNotify) gst_structure_free);
}
