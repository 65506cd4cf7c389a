/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls between users of a server. A session has one that comes about, and ends
 * with it; calls that are missed or declined before are none. */

#include "session/session-priv.h"
#include "ui/digits.h"

gboolean
vmt_session_is_call (const VmtSession *self)
{
  return self->options->server != NULL;
}

static gboolean
is_caller (const VmtSession *self)
{
  return self->options->target != NULL;
}

static gchar *
name_of (const VmtSession *self)
{
  return vmt_asker_name (self->call.name ? self->call.name : self->call.user);
}

static JsonObject *
event_of (const VmtSession *self, const gchar *state)
{
  JsonObject *event = vmt_event_new ("call");

  vmt_event_add_string (event, "state", state);
  vmt_event_add_string (event, "userId", self->call.user);
  vmt_event_add_string (event, "user", self->call.name);
  vmt_event_add_string (event, "callType", self->call.type);
  return event;
}

/* Goes on to @state, and tells so to programs. */
static void
enter (VmtSession *self, VmtCallState state)
{
  if (vmt_call_state_move (&self->call.state, state))
    vmt_output_event (
        self->output, event_of (self, vmt_call_state_to_string (state)));
}

static void
end (VmtSession *self, const gchar *code, const gchar *message)
{
  gint64 now = g_get_monotonic_time ();
  JsonObject *event;

  if (!vmt_call_state_move (&self->call.state, VMT_CALL_OVER))
    return;
  event = event_of (self, vmt_call_state_to_string (VMT_CALL_OVER));
  json_object_set_int_member (
      event, "durationMs", self->call_us ? (now - self->call_us) / 1000 : 0);
  vmt_event_add_string (event, "code", code);
  vmt_event_add_string (event, "message", message);
  vmt_output_event (self->output, event);
}

/* It did not come about, or broke. */
static void
end_failed (VmtSession *self, const gchar *code, const gchar *message)
{
  g_autofree gchar *name = name_of (self);
  g_autofree gchar *safe = message ? vmt_text_safe (message) : NULL;
  g_autofree gchar *text =
      safe ? g_strdup_printf ("%s.", safe)
           : g_strdup_printf ("%s has ended the call at once.", name);

  end (self, code, text);
  vmt_session_fail (self, code, text);
}

/* At the server */

static void
dial (VmtSession *self)
{
  g_signal_emit_by_name (self->signalbin, "call", self->call.user);
}

void
vmt_session_call_registered (VmtSession *self)
{
  g_autofree gchar *own = vmt_text_safe (self->meeting);

  if (self->leaving || self->call.state != VMT_CALL_REGISTERING)
    return;
  if (!is_caller (self)) {
    vmt_output_line (self->output, VMT_STYLE_STRONG,
        "Waiting for calls of %s. Ctrl-C ends.", own);
    enter (self, VMT_CALL_WAITING);
    return;
  }
  self->call.user = g_strdup (self->options->target);
  self->call.type = self->options->audio_only ? "audio" : "video";
  {
    g_autofree gchar *name = name_of (self);

    vmt_output_line (self->output, VMT_STYLE_STRONG,
        "Calling %s as %s. Ctrl-C gives up.", name, own);
  }
  enter (self, VMT_CALL_CALLING);
  dial (self);
}

/* Being called */

static void
answer (VmtSession *self, gboolean yes)
{
  if (yes) {
    g_signal_emit_by_name (self->signalbin, "accept-call");
    enter (self, VMT_CALL_ANSWERED);
    return;
  }
  g_signal_emit_by_name (self->signalbin, "reject-call");
  vmt_output_event (self->output, event_of (self, "declined"));
  vmt_output_line (self->output, VMT_STYLE_FAINT, "You have declined.");
  vmt_call_state_move (&self->call.state, VMT_CALL_WAITING);
}

static void
ask (VmtSession *self)
{
  g_autofree gchar *name = name_of (self), *text = NULL;

  enter (self, VMT_CALL_RINGING);
  vmt_output_line (self->output, VMT_STYLE_STRONG, "“%s” calls (%s).%s", name,
      self->call.type,
      self->options->accept == VM_ACCEPT_AUTO ? "" : " Answer? [y/n]");
  if (self->options->accept == VM_ACCEPT_AUTO) {
    answer (self, TRUE);
  } else if (self->typed_over) {
    text = g_strdup_printf (
        "“%s” calls, and nobody can answer: type y or n at a terminal, or let "
        "--accept auto answer.",
        name);
    vmt_output_warning (self->output, NULL, text);
    answer (self, FALSE);
  }
}

/* Whom this side calls calls it: then both want the same. Others find it
 * busy. */
static void
take_crossing (VmtSession *self, const gchar *id)
{
  /* a refusal that was waited for is no answer to what follows */
  g_clear_handle_id (&self->call.crossing, g_source_remove);
  if (g_strcmp0 (id, self->call.user) != 0) {
    g_signal_emit_by_name (self->signalbin, "reject-call");
    dial (self);
    return;
  }
  answer (self, TRUE);
}

void
vmt_session_call_offered (VmtSession *self, const GstStructure *s)
{
  const gchar *type = vmt_field (s, "call-type");

  if (self->leaving || !vmt_field (s, "id"))
    return;
  if (self->call.state == VMT_CALL_CALLING) {
    take_crossing (self, vmt_field (s, "id"));
    return;
  }
  if (self->call.state != VMT_CALL_WAITING)
    return;
  g_free (self->call.user);
  g_free (self->call.name);
  self->call.user = g_strdup (vmt_field (s, "id"));
  self->call.name = g_strdup (vmt_field (s, "user"));
  self->call.type = g_strcmp0 (type, "audio") == 0 ? "audio" : "video";
  ask (self);
}

/* It may have been answered by then, which came too late. */
void
vmt_session_call_missed (VmtSession *self, const GstStructure *s)
{
  g_autofree gchar *name = NULL;

  if (self->call.state != VMT_CALL_RINGING
      && (self->call.state != VMT_CALL_ANSWERED || self->call.participant))
    return;
  if (is_caller (self)) {
    end_failed (self, NULL, NULL);
    return;
  }
  name = name_of (self);
  vmt_output_event (self->output, event_of (self, "missed"));
  vmt_output_line (
      self->output, VMT_STYLE_BAD, "You have missed a call of “%s”.", name);
  vmt_call_state_move (&self->call.state, VMT_CALL_WAITING);
}

gboolean
vmt_session_call_take_line (VmtSession *self, const gchar *line)
{
  gboolean yes = FALSE;

  if (!vmt_session_is_call (self) || self->call.state != VMT_CALL_RINGING
      || !vmt_answer_parse (line, &yes))
    return FALSE;
  answer (self, yes);
  return TRUE;
}

/* The call */

void
vmt_session_call_joined (VmtSession *self, const GstStructure *s)
{
  g_free (self->call.participant);
  self->call.participant = g_strdup (vmt_field (s, "id"));
}

void
vmt_session_call_connected (VmtSession *self, const gchar *id)
{
  g_autofree gchar *name = NULL;

  if (g_strcmp0 (id, self->call.participant) != 0
      || !vmt_call_state_leads (self->call.state, VMT_CALL_CONNECTED))
    return;
  name = name_of (self);
  enter (self, VMT_CALL_CONNECTED);
  vmt_output_line (self->output, VMT_STYLE_GOOD,
      "In the call with %s. Ctrl-C ends it.", name);
}

static gboolean
on_not_crossing (gpointer user_data)
{
  VmtSession *self = user_data;

  self->call.crossing = 0;
  end_failed (self, vm_error_to_code (VM_ERROR_DECLINED), self->call.declined);
  return G_SOURCE_REMOVE;
}

void
vmt_session_call_left (VmtSession *self, const GstStructure *s)
{
  const gchar *code = vmt_field (s, "code");
  g_autofree gchar *name = NULL;

  if (!self->call.participant || self->leaving
      || !vmt_call_state_leads (self->call.state, VMT_CALL_OVER)
      || g_strcmp0 (vmt_field (s, "id"), self->call.participant) != 0)
    return;
  g_clear_pointer (&self->call.participant, g_free);
  if (self->call.state == VMT_CALL_CALLING
      && g_strcmp0 (code, vm_error_to_code (VM_ERROR_DECLINED)) == 0) {
    g_free (self->call.declined);
    self->call.declined = g_strdup (vmt_field (s, "message"));
    self->call.crossing =
        g_timeout_add (VMT_CROSSING_MS, on_not_crossing, self);
    return;
  }
  if (code || self->call.state != VMT_CALL_CONNECTED) {
    end_failed (self, code, vmt_field (s, "message"));
    return;
  }
  name = name_of (self);
  vmt_output_line (
      self->output, VMT_STYLE_PLAIN, "%s has ended the call.", name);
  end (self, NULL, NULL);
  vmt_session_leave (self);
}

/* The end */

void
vmt_session_call_time_out (VmtSession *self)
{
  g_autofree gchar *message = NULL;

  if (self->leaving || self->call.state != VMT_CALL_CALLING)
    return;
  message = g_strdup_printf ("%s did not answer in that time", self->call.user);
  end_failed (self, vm_error_to_code (VM_ERROR_TIMEOUT), message);
}

void
vmt_session_call_leave (VmtSession *self)
{
  g_clear_handle_id (&self->call.crossing, g_source_remove);
  if (self->call.state == VMT_CALL_RINGING)
    answer (self, FALSE);
  else if (vmt_call_state_leads (self->call.state, VMT_CALL_OVER))
    end (self, NULL, NULL);
}

gchar *
vmt_session_call_ticker (VmtSession *self)
{
  gint64 now = g_get_monotonic_time ();
  g_autofree gchar *name = NULL, *time = NULL;

  if (!self->call.user || self->call.state == VMT_CALL_WAITING)
    return g_strdup (self->call.state == VMT_CALL_WAITING
                         ? "Waiting for calls  (Ctrl-C ends)"
                         : "Looking for the server");
  name = name_of (self);
  switch (self->call.state) {
    case VMT_CALL_CALLING:
      return g_strdup_printf ("Calling %s  (Ctrl-C gives up)", name);
    case VMT_CALL_RINGING:
      return g_strdup_printf ("“%s” calls: answer? [y/n]", name);
    case VMT_CALL_CONNECTED:
      time = vmt_text_time ((now - self->call_us) / G_TIME_SPAN_SECOND);
      return g_strdup_printf ("%s  with %s  (Ctrl-C ends)", time, name);
    default:
      return g_strdup ("Connecting");
  }
}

void
vmt_session_call_clear (VmtSession *self)
{
  g_clear_pointer (&self->call.user, g_free);
  g_clear_pointer (&self->call.name, g_free);
  g_clear_pointer (&self->call.participant, g_free);
  g_clear_pointer (&self->call.declined, g_free);
}
