/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What others say and do, told to the user. */

#include "session/session-priv.h"

static JsonObject *
about (const gchar *name, const GstStructure *s)
{
  JsonObject *event = vmt_event_new (name);

  vmt_event_add_string (event, "id", vmt_field (s, "id"));
  vmt_event_add_string (event, "user", vmt_field (s, "user"));
  return event;
}

static gchar *
name_of (VmtSession *self, const GstStructure *s)
{
  const gchar *user = vmt_field (s, "user");

  return user ? vmt_text_safe (user)
              : vmt_roster_get_name (self->roster, vmt_field (s, "id"));
}

/* Where many speak, names tell who does; where two have one, ids do. */
static gchar *
clock_of (const gchar *time)
{
  g_autoptr (GDateTime) said =
      time ? g_date_time_new_from_iso8601 (time, NULL) : NULL;
  g_autoptr (GDateTime) here = said ? g_date_time_to_local (said) : NULL;

  return here ? g_date_time_format (here, "%H:%M") : g_strdup ("--:--");
}

static void
on_chat (VmtSession *self, const GstStructure *s)
{
  const gchar *text = vmt_field (s, "text");
  g_autofree gchar *name = name_of (self, s);
  g_autofree gchar *clock = clock_of (vmt_field (s, "time"));
  g_autofree gchar *who = g_strdup_printf ("[%s] %s%s", clock, name,
      vmt_flag (s, "private") ? " (to you alone)" : "");
  JsonObject *event = about ("chat", s);

  vmt_event_add_string (event, "text", text);
  vmt_event_add_string (event, "time", vmt_field (s, "time"));
  vmt_event_add_string (event, "messageId", vmt_field (s, "message-id"));
  json_object_set_boolean_member (event, "private", vmt_flag (s, "private"));
  json_object_set_boolean_member (event, "old", vmt_flag (s, "old"));
  vmt_output_event (self->output, event);
  vmt_output_said (self->output,
      vmt_flag (s, "old") ? VMT_STYLE_FAINT : VMT_STYLE_PLAIN, who,
      text ? text : "");
  /* a plain yes may be for that */
  if (!vmt_flag (s, "old"))
    vmt_session_files_put_off (self->files);
}

/* Somebody left, or this device does, before it has arrived. */
static void
on_undelivered (VmtSession *self, const GstStructure *s)
{
  const gchar *text = vmt_field (s, "text");
  g_autofree gchar *name = name_of (self, s);
  g_autofree gchar *who = g_strdup_printf ("Not delivered to %s", name);
  JsonObject *event = about ("chat-undelivered", s);

  vmt_event_add_string (event, "text", text);
  vmt_event_add_string (event, "messageId", vmt_field (s, "message-id"));
  vmt_output_event (self->output, event);
  vmt_output_said (self->output, VMT_STYLE_BAD, who, text ? text : "");
}

static void
tell_presence (VmtSession *self, const GstStructure *s)
{
  gboolean audio = vmt_flag (s, "audio-muted"),
           video = vmt_flag (s, "video-muted");
  g_autofree gchar *name = name_of (self, s);
  g_autofree gchar *status = vmt_status_words (vmt_field (s, "status"));
  JsonObject *event = about ("presence", s);

  json_object_set_string_member (
      event, "status", vmt_field (s, "status") ? vmt_field (s, "status") : "");
  json_object_set_boolean_member (event, "audioMuted", audio);
  json_object_set_boolean_member (event, "videoMuted", video);
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_FAINT, "%s sends %s%s%s.", name,
      audio && video ? "neither sound nor picture"
      : audio        ? "no sound"
      : video        ? "no picture"
                     : "sound and picture",
      *status ? "; status: " : "", status);
}

static void
on_presence (VmtSession *self, const GstStructure *s)
{
  vmt_roster_set_presence (self->roster, vmt_field (s, "id"),
      vmt_field (s, "status"), vmt_flag (s, "audio-muted"),
      vmt_flag (s, "video-muted"));
  if (vmt_roster_may_tell (
          self->roster, s, VMT_TELL_PRESENCE, g_get_monotonic_time ()))
    tell_presence (self, s);
}

static void
tell_hand (VmtSession *self, const GstStructure *s)
{
  gboolean raised = vmt_flag (s, "raised");
  g_autofree gchar *name = name_of (self, s);
  JsonObject *event = about ("hand", s);

  json_object_set_boolean_member (event, "raised", raised);
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_STRONG, "%s %s.", name,
      raised ? "has raised a hand" : "has taken the hand down");
}

static void
on_hand (VmtSession *self, const GstStructure *s)
{
  vmt_roster_set_hand (
      self->roster, vmt_field (s, "id"), vmt_flag (s, "raised"));
  if (vmt_roster_may_tell (
          self->roster, s, VMT_TELL_HAND, g_get_monotonic_time ()))
    tell_hand (self, s);
}

static void
tell_reaction (VmtSession *self, const GstStructure *s)
{
  g_autofree gchar *name = name_of (self, s);
  g_autofree gchar *sign = vmt_text_safe (vmt_field (s, "reaction"));
  JsonObject *event = about ("reaction", s);

  vmt_event_add_string (event, "reaction", vmt_field (s, "reaction"));
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_FAINT, "%s  %s", name, sign);
}

static void
on_reaction (VmtSession *self, const GstStructure *s)
{
  if (vmt_roster_may_tell (
          self->roster, s, VMT_TELL_REACTION, g_get_monotonic_time ()))
    tell_reaction (self, s);
}

void
vmt_session_tell_late (VmtSession *self)
{
  gint64 now = g_get_monotonic_time ();
  GstStructure *s;

  while ((s = vmt_roster_take_untold (self->roster, now))) {
    if (gst_structure_has_name (s, "vm-hand-changed"))
      tell_hand (self, s);
    else if (gst_structure_has_name (s, "vm-reaction"))
      tell_reaction (self, s);
    else
      tell_presence (self, s);
    gst_structure_free (s);
  }
}

static void
on_detached (VmtSession *self, const GstStructure *s)
{
  gboolean detached = vmt_flag (s, "detached");
  g_autofree gchar *name = name_of (self, s);
  JsonObject *event = about ("participant-detached", s);

  vmt_roster_set_detached (self->roster, vmt_field (s, "id"), detached);
  json_object_set_boolean_member (event, "detached", detached);
  vmt_output_event (self->output, event);
  if (detached)
    vmt_output_line (self->output, VMT_STYLE_BAD,
        "%s has lost the connection to the host; the seat is kept for a while.",
        name);
  else
    vmt_output_line (self->output, VMT_STYLE_GOOD,
        "%s has the connection to the host back.", name);
}

static void
on_trust (VmtSession *self, const GstStructure *s)
{
  const gchar *trust = vmt_field (s, "trust"), *id = vmt_field (s, "id");
  const gchar *voucher = vmt_field (s, "voucher");
  g_autofree gchar *name = name_of (self, s);
  g_autofree gchar *words = vmt_trust_words (trust, voucher);
  JsonObject *event = about ("participant-trust", s);

  vmt_roster_set_trust (self->roster, id, trust, voucher);
  vmt_event_add_string (event, "old", vmt_field (s, "old"));
  vmt_event_add_string (event, "trust", trust);
  vmt_event_add_string (event, "voucher", voucher);
  vmt_output_event (self->output, event);
  vmt_output_line (self->output,
      vmt_flag (s, "trusted") ? VMT_STYLE_GOOD : VMT_STYLE_STRONG,
      "%s is %s now.", name, words);
}

static void
on_mute_requested (VmtSession *self, const GstStructure *s)
{
  JsonObject *event = vmt_event_new ("mute-requested");

  json_object_set_boolean_member (event, "audio", vmt_flag (s, "audio"));
  json_object_set_boolean_member (event, "video", vmt_flag (s, "video"));
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_STRONG,
      "The host has muted you; /unmute is up to you.");
  vmt_session_devices_muted (
      self, vmt_flag (s, "audio"), vmt_flag (s, "video"));
  vmt_session_tell_muted (self);
}

static void
on_locked (VmtSession *self, const GstStructure *s)
{
  JsonObject *event = vmt_event_new ("locked");

  json_object_set_boolean_member (event, "locked", vmt_flag (s, "locked"));
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_FAINT, "The meeting is %s.",
      vmt_flag (s, "locked") ? "locked: nobody else is admitted"
                             : "open again");
}

static void
on_kicked (VmtSession *self, const GstStructure *s)
{
  JsonObject *event = vmt_event_new ("kicked");

  /* the error that follows says it to people */
  vmt_event_add_string (event, "message", vmt_field (s, "message"));
  vmt_output_event (self->output, event);
}

static void
on_host_lost (VmtSession *self, const GstStructure *s)
{
  g_autofree gchar *name = name_of (self, s);

  vmt_output_event (self->output, about ("host-lost", s));
  if (vmt_field (s, "id"))
    vmt_roster_set_detached (self->roster, vmt_field (s, "id"), TRUE);
  /* there is none: it is a server's */
  if (!vmt_field (s, "id")) {
    vmt_output_line (self->output, VMT_STYLE_BAD,
        "The connection to the server is lost, and tried again. "
        "Those who are here go on.");
    return;
  }
  vmt_output_line (self->output, VMT_STYLE_BAD,
      "%s, the host, is gone. Those who are here go on; nobody else can join "
      "before another device hosts.",
      name);
}

static void
on_host_changed (VmtSession *self, const GstStructure *s)
{
  g_autofree gchar *name = name_of (self, s);
  JsonObject *event = about ("host-changed", s);
  gboolean hosting = FALSE;

  gst_structure_get_boolean (s, "hosting", &hosting);
  json_object_set_boolean_member (event, "hosting", hosting);
  vmt_event_add_string (event, "link", vmt_field (s, "link"));
  vmt_output_event (self->output, event);
  vmt_roster_set_host (self->roster, vmt_field (s, "id"));
  self->hosting = hosting;
  if (hosting)
    vmt_output_line (self->output, VMT_STYLE_GOOD,
        "You host the meeting now: %s", vmt_field (s, "link"));
  else
    vmt_output_line (
        self->output, VMT_STYLE_GOOD, "%s hosts the meeting now.", name);
}

static void
on_host_returned (VmtSession *self, const GstStructure *s)
{
  g_autofree gchar *name = name_of (self, s);

  vmt_output_event (self->output, about ("host-returned", s));
  if (vmt_field (s, "id"))
    vmt_roster_set_detached (self->roster, vmt_field (s, "id"), FALSE);
  if (!vmt_field (s, "id")) {
    vmt_output_line (
        self->output, VMT_STYLE_GOOD, "The server is there again.");
    return;
  }
  vmt_output_line (
      self->output, VMT_STYLE_GOOD, "%s, the host, is there again.", name);
}

static void
on_rejoining (VmtSession *self, const GstStructure *s)
{
  JsonObject *event = vmt_event_new ("rejoining");

  vmt_event_add_string (event, "code", vmt_field (s, "code"));
  vmt_event_add_string (event, "message", vmt_field (s, "message"));
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_BAD,
      "%s. Joining the meeting anew, for up to 5 minutes.",
      vmt_field (s, "message"));
}

void
vmt_session_handle_talk (VmtSession *self, const GstStructure *s)
{
  static const struct
  {
    const gchar *name;
    void (*handle) (VmtSession *self, const GstStructure *s);
  } handlers[] = {
    { "vm-chat-received", on_chat },
    { "vm-chat-undelivered", on_undelivered },
    { "vm-presence", on_presence },
    { "vm-hand-changed", on_hand },
    { "vm-reaction", on_reaction },
    { "vm-participant-detached", on_detached },
    { "vm-participant-trust", on_trust },
    { "vm-mute-requested", on_mute_requested },
    { "vm-locked", on_locked },
    { "vm-kicked", on_kicked },
    { "vm-host-lost", on_host_lost },
    { "vm-host-returned", on_host_returned },
    { "vm-host-changed", on_host_changed },
    { "vm-rejoining", on_rejoining },
  };

  for (guint i = 0; i < G_N_ELEMENTS (handlers); i++)
    if (gst_structure_has_name (s, handlers[i].name))
      handlers[i].handle (self, s);
}
