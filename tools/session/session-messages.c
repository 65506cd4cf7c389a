/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What vmsignalbin and the pipeline report on the bus, told to the user. */

#include "session/session-priv.h"
#include "cert/localca.h"
#include "ui/firstcontact.h"
#include "ui/qr.h"
#include "cmd/target.h"

#include <string.h>

const gchar *
vmt_field (const GstStructure *s, const gchar *name)
{
  const gchar *text = gst_structure_get_string (s, name);

  return text && *text ? text : NULL;
}

gboolean
vmt_flag (const GstStructure *s, const gchar *name)
{
  gboolean value = FALSE;

  gst_structure_get_boolean (s, name, &value);
  return value;
}

/* A link that works on this machine alone is nothing to pass on. */
static void
warn_of_loopback (VmtSession *self)
{
  g_autoptr (GUri) uri = g_uri_parse (self->link, G_URI_FLAGS_NONE, NULL);
  g_autoptr (GInetAddress) address =
      uri ? g_inet_address_new_from_string (g_uri_get_host (uri)) : NULL;

  if (address && g_inet_address_get_is_loopback (address)
      && g_strcmp0 (self->options->interfaces, "lo") != 0)
    vmt_output_warning (self->output, vm_error_to_code (VM_ERROR_NO_NETWORK),
        "This device has no network: nobody but this machine can join.");
  else if (uri && strchr (g_uri_get_host (uri), '%'))
    vmt_output_line (self->output, VMT_STYLE_PLAIN,
        "There are link-local IPv6 addresses alone: others join by the name, "
        "or "
        "by that link with the name of their own interface behind the %%; "
        "browsers cannot.");
}

/* The link for browsers that believe the root of this device. */
static void
show_named_link (VmtSession *self)
{
  g_auto (GStrv) names = vmt_local_names (g_get_host_name ());
  g_autofree gchar *link = vmt_link_by_name (self->link, names[0]);

  if (link)
    vmt_output_line (self->output, VMT_STYLE_PLAIN,
        "Without that question where 'videomeet cert' is believed:  %s", link);
}

/* What a browser elsewhere says of the certificate that it is shown. */
static void
show_first_contact (VmtSession *self, VmIdentity *identity)
{
  const VmtOptions *options = self->options;
  g_autofree gchar *print = NULL, *text = NULL;

  if (options->insecure || (options->tls_cert && !options->local_cert))
    return;
  print = vmt_certificate_print (vm_identity_get_tls_certificate (identity));
  text = vmt_first_contact (print, vmt_output_get_columns (self->output));
  vmt_output_line (self->output, VMT_STYLE_PLAIN, "%s", text);
  if (options->local_cert)
    show_named_link (self);
}

static void
show_qr (VmtSession *self, const gchar *link)
{
  g_autofree gchar *code = NULL;

  if (!vmt_output_is_terminal (self->output))
    return;
  code = vmt_qr_to_text (link, vmt_output_has_colour (self->output));
  if (code)
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "%s", code);
}

static void
show_link (VmtSession *self)
{
  g_autofree gchar *meeting = vmt_text_safe (self->meeting);
  g_autofree gchar *quoted = g_shell_quote (meeting);
  gboolean plain =
      strspn (meeting, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_.")
      == strlen (meeting);
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, NULL);
  g_autofree gchar *link = NULL, *reach = NULL;

  if (self->link_shown || !self->link)
    return;
  self->link_shown = TRUE;
  vmt_output_line (self->output, VMT_STYLE_PLAIN,
      "Others on this network join with:  videomeet join %s%s",
      plain ? meeting : quoted, self->options->pin ? " --pin PIN" : "");
  /* the PIN is for a host whose key is known */
  link = identity && self->options->pin ? vmt_target_with_host_key (
             self->link, vm_identity_get_device_id (identity))
                                        : g_strdup (self->link);
  vmt_output_line (
      self->output, VMT_STYLE_PLAIN, "This meeting's link:  %s", link);
  reach = vmt_options_describe_reach (self->options);
  vmt_output_line (self->output, VMT_STYLE_FAINT, "%s", reach);
  warn_of_loopback (self);
  if (identity)
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "This device's id:  %s",
        vm_identity_get_device_id (identity));
  show_qr (self, link);
  if (identity)
    show_first_contact (self, identity);
}

static void
show_way_in (VmtSession *self)
{
  self->hosting = TRUE;
  show_link (self);
  if (!self->meeting_id)
    return;
  vmt_session_invite_first (self);
  vmt_session_open_browser (self);
}

/* Without who leaves, was removed, or lost its seat, it goes on. */
static void
tell_state (VmtSession *self, const gchar *meeting, const gchar *state)
{
  if (g_strcmp0 (state, "active") == 0)
    vmt_output_line (
        self->output, VMT_STYLE_FAINT, "Meeting %s is under way.", meeting);
  else if (g_strcmp0 (state, "idle") == 0 && self->leaving)
    return; /* for the others it goes on */
  else if (g_strcmp0 (state, "idle") == 0)
    vmt_output_line (self->output, VMT_STYLE_FAINT,
        "Nobody else is in the meeting %s now.", meeting);
  else
    vmt_output_line (self->output, VMT_STYLE_FAINT, "Meeting %s is %s.",
        meeting, state ? state : "changed");
}

static void
tell_ended (VmtSession *self, const gchar *meeting)
{
  if (!self->failed && !self->sought && !self->pin_wanted && !self->again
      && !self->goes_on && !vmt_session_is_call (self))
    vmt_output_line (
        self->output, VMT_STYLE_FAINT, "Meeting %s is ended.", meeting);
}

static void
on_meeting_state (VmtSession *self, const GstStructure *s)
{
  const gchar *state = vmt_field (s, "new"), *name = vmt_field (s, "name");
  JsonObject *event = vmt_event_new ("meeting");
  g_autofree gchar *shown = NULL;

  if (name) {
    g_free (self->meeting);
    self->meeting = g_strdup (name);
  }
  if (vmt_field (s, "link")) {
    g_free (self->link);
    self->link = g_strdup (vmt_field (s, "link"));
  }
  if (vmt_field (s, "id")) {
    g_free (self->meeting_id);
    self->meeting_id = g_strdup (vmt_field (s, "id"));
  }
  vmt_event_add_string (event, "state", state);
  vmt_event_add_string (event, "old", vmt_field (s, "old"));
  vmt_event_add_string (event, "id", vmt_field (s, "id"));
  vmt_event_add_string (event, "name", self->meeting);
  vmt_event_add_string (event, "link", self->link);
  json_object_set_boolean_member (event, "hosting", vmt_flag (s, "hosting"));
  vmt_output_event (self->output, event);

  shown = vmt_text_safe (self->meeting);
  if (g_strcmp0 (state, "ended") == 0)
    tell_ended (self, shown);
  else if (!vmt_session_is_call (self))
    tell_state (self, shown, state);
  if (vmt_flag (s, "hosting") && g_strcmp0 (state, "announced") == 0)
    show_way_in (self);
  if (g_strcmp0 (state, "ended") == 0) {
    self->over = !self->leaving;
    vmt_session_set_ended (self);
    vmt_session_leave (self);
  }
}

static void
on_joined (VmtSession *self, const GstStructure *s)
{
  JsonObject *event = vmt_event_new ("joined");
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, NULL);
  g_autofree gchar *meeting = vmt_text_safe (self->meeting);

  self->joined = TRUE;
  if (vmt_field (s, "id"))
    vmt_roster_set_self (self->roster, vmt_field (s, "id"));
  if (vmt_field (s, "link")) {
    g_free (self->link);
    self->link = g_strdup (vmt_field (s, "link"));
  }
  vmt_event_add_string (event, "id", vmt_field (s, "id"));
  vmt_event_add_string (event, "meeting", self->meeting);
  vmt_event_add_string (event, "link", self->link);
  json_object_set_boolean_member (event, "hosting", vmt_flag (s, "hosting"));
  if (vmt_flag (s, "hosting") && identity)
    vmt_event_add_string (
        event, "deviceId", vm_identity_get_device_id (identity));
  vmt_output_event (self->output, event);

  if (vmt_flag (s, "hosting")) {
    vmt_output_line (
        self->output, VMT_STYLE_STRONG, "Hosting the meeting %s.", meeting);
    show_way_in (self);
  } else if (!vmt_session_is_call (self))
    vmt_output_line (
        self->output, VMT_STYLE_STRONG, "Joined the meeting %s.", meeting);
  if (!self->options->view && !self->options->record
      && !vmt_session_delivers (self))
    vmt_output_line (self->output, VMT_STYLE_PLAIN,
        vmt_session_is_played (self)
            ? "The others are heard here, and not shown: --view does that."
            : "The others are not shown here: --view does that.");
  if (vmt_session_is_call (self))
    vmt_session_call_registered (self);
}

static void
on_participant_joined (VmtSession *self, const GstStructure *s)
{
  const gchar *id = vmt_field (s, "id"), *trust = vmt_field (s, "trust");
  const gchar *voucher = vmt_field (s, "voucher");
  g_autofree gchar *name = NULL, *device = NULL, *known = NULL;
  g_autoptr (GString) about = g_string_new (NULL);
  JsonObject *event;

  if (!id)
    return;
  vmt_roster_joined (self->roster, id, vmt_field (s, "user"),
      vmt_field (s, "device"), vmt_field (s, "device-id"),
      vmt_flag (s, "host"));
  vmt_changed_keys_check (self->changed, vmt_field (s, "user"),
      vmt_field (s, "device"), vmt_field (s, "device-id"));
  vmt_roster_set_trust (self->roster, id, trust, voucher);
  vmt_roster_set_origin (
      self->roster, id, vmt_field (s, "origin"), vmt_field (s, "via"));
  event = vmt_event_new ("participant-joined");
  vmt_event_add_string (event, "id", id);
  vmt_event_add_string (event, "user", vmt_field (s, "user"));
  vmt_event_add_string (event, "device", vmt_field (s, "device"));
  vmt_event_add_string (event, "deviceId", vmt_field (s, "device-id"));
  json_object_set_boolean_member (event, "host", vmt_flag (s, "host"));
  vmt_event_add_string (event, "trust", trust);
  vmt_event_add_string (event, "voucher", voucher);
  vmt_event_add_string (event, "origin", vmt_field (s, "origin"));
  vmt_event_add_string (event, "via", vmt_field (s, "via"));
  vmt_output_event (self->output, event);
  if (vmt_session_is_call (self)) {
    vmt_session_call_joined (self, s);
    return;
  }

  name = vmt_roster_get_name (self->roster, id);
  device = vmt_text_safe (vmt_field (s, "device"));
  known = vmt_field (s, "origin")
              ? vmt_roster_describe_origin (self->roster, id)
              : vmt_trust_words (trust, voucher);
  g_string_append (about, vmt_flag (s, "host") ? "host, " : "");
  if (*known)
    g_string_append_printf (about, "%s, ", known);
  if (self->options->verbose && *device)
    g_string_append_printf (about, "on %s, ", device);
  g_string_truncate (about, about->len > 2 ? about->len - 2 : 0);
  vmt_output_line (self->output, VMT_STYLE_GOOD, "%s %s%s%s%s.", name,
      vmt_flag (s, "host") ? "is here" : "joined", about->len ? " (" : "",
      about->str, about->len ? ")" : "");
}

static void
on_participant_left (VmtSession *self, const GstStructure *s)
{
  const gchar *id = vmt_field (s, "id");
  g_autofree gchar *name = NULL, *why = NULL;
  JsonObject *event;
  gboolean removed;

  if (!id)
    return;
  vmt_roster_left (self->roster, id);
  /* or the old one would stand below what is told of it */
  if (!vmt_session_is_call (self))
    vmt_session_show_ticker (self);
  vmt_session_files_left (self->files, id);
  vmt_session_compare_left (self, id);
  event = vmt_event_new ("participant-left");
  vmt_event_add_string (event, "id", id);
  vmt_event_add_string (event, "user", vmt_field (s, "user"));
  vmt_event_add_string (event, "code", vmt_field (s, "code"));
  vmt_event_add_string (event, "message", vmt_field (s, "message"));
  vmt_output_event (self->output, event);
  if (vmt_session_is_call (self)) {
    vmt_session_call_left (self, s);
    return;
  }

  /* it is this side that leaves */
  if (self->leaving)
    return;
  name = vmt_roster_get_name (self->roster, id);
  why = vmt_text_safe (vmt_field (s, "message"));
  removed = g_strcmp0 (vmt_field (s, "code"), "KICKED") == 0;
  if (removed)
    vmt_roster_set_removed (self->roster, id, TRUE);
  if (removed && self->hosting)
    vmt_output_line (self->output, VMT_STYLE_PLAIN,
        "%s (%s) was removed and cannot come again before /unban.", name, id);
  else if (removed)
    vmt_output_line (
        self->output, VMT_STYLE_PLAIN, "The host removed %s.", name);
  else if (*why)
    vmt_output_line (self->output, VMT_STYLE_BAD, "%s has left: %s", name, why);
  else
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "%s has left.", name);
}

static void
on_participant_state (VmtSession *self, const GstStructure *s)
{
  const gchar *id = vmt_field (s, "id"), *state = vmt_field (s, "new");
  g_autofree gchar *name = NULL;
  JsonObject *event;

  if (!id || !state)
    return;
  vmt_roster_set_state (self->roster, id, state);
  if (g_str_equal (state, "connected") && !self->call_us)
    self->call_us = g_get_monotonic_time ();
  event = vmt_event_new ("participant-state");
  vmt_event_add_string (event, "id", id);
  vmt_event_add_string (event, "user", vmt_field (s, "user"));
  vmt_event_add_string (event, "old", vmt_field (s, "old"));
  vmt_event_add_string (event, "state", state);
  vmt_output_event (self->output, event);
  if (vmt_session_is_call (self)) {
    if (g_str_equal (state, "connected"))
      vmt_session_call_connected (self, id);
    return;
  }

  if (self->leaving
      || (g_str_equal (state, "connecting") && !self->options->verbose))
    return;
  name = vmt_roster_get_name (self->roster, id);
  vmt_output_line (self->output, VMT_STYLE_FAINT, "%s is %s.", name, state);
}

static void
on_path (VmtSession *self, const GstStructure *s)
{
  const gchar *id = vmt_field (s, "id"), *path = vmt_field (s, "path");
  const gchar *protocol = vmt_field (s, "protocol");
  g_autofree gchar *name = NULL;
  guint ip_version = 0;
  JsonObject *event;

  if (!id || !path)
    return;
  vmt_roster_set_path (self->roster, id, path);
  event = vmt_event_new ("path");
  vmt_event_add_string (event, "id", id);
  vmt_event_add_string (event, "path", path);
  vmt_event_add_string (event, "protocol", protocol);
  if (gst_structure_get_uint (s, "ip-version", &ip_version))
    json_object_set_int_member (event, "ipVersion", ip_version);
  vmt_output_event (self->output, event);

  name = vmt_roster_get_name (self->roster, id);
  if (g_str_equal (path, "cloud"))
    vmt_output_line (self->output, VMT_STYLE_FAINT,
        "Media with %s goes by the server, which can see it: it is not "
        "encrypted end to end.",
        name);
  else if (self->options->verbose)
    vmt_output_line (self->output, VMT_STYLE_FAINT,
        "Media with %s takes the path %s (%s, IPv%u).", name, path,
        g_strcmp0 (protocol, "tcp") == 0 ? "TCP" : "UDP", ip_version);
}

static void
on_media_missing (VmtSession *self, const GstStructure *s)
{
  const gchar *id = vmt_field (s, "id"), *message = vmt_field (s, "message");
  gboolean audio = FALSE, video = FALSE;
  JsonObject *event;

  if (!id)
    return;
  gst_structure_get_boolean (s, "audio", &audio);
  gst_structure_get_boolean (s, "video", &video);
  event = vmt_event_new ("media-missing");
  vmt_event_add_string (event, "id", id);
  json_object_set_boolean_member (event, "audio", audio);
  json_object_set_boolean_member (event, "video", video);
  vmt_event_add_string (event, "message", message);
  vmt_output_event (self->output, event);
  if (message) {
    g_autofree gchar *safe = vmt_text_safe (message);

    vmt_output_line (self->output, VMT_STYLE_STRONG, "%s.", safe);
  } else {
    g_autofree gchar *name = vmt_roster_get_name (self->roster, id);

    vmt_output_line (
        self->output, VMT_STYLE_FAINT, "What %s sends arrives again.", name);
  }
}

/* What failed is said by the warning that follows, and at the end again: a call
 * that was kept only in part has failed, though it goes on. */
static void
on_record (VmtSession *self, const GstStructure *s)
{
  const gchar *id = vmt_field (s, "id"), *location = vmt_field (s, "location");
  const gchar *what = vmt_field (s, "event");
  JsonObject *event = vmt_event_new ("record");
  g_autofree gchar *shown = vmt_text_safe (location);
  gboolean finished = g_strcmp0 (what, "finished") == 0;
  gboolean failed = g_strcmp0 (what, "failed") == 0;

  if (failed)
    self->failed = TRUE;
  if (id && location && (finished || failed))
    vmt_roster_add_record (self->roster, id, location, failed);
  vmt_event_add_string (event, "id", id);
  vmt_event_add_string (event, "location", location);
  vmt_event_add_string (event, "state", what);
  vmt_event_add_string (event, "message", vmt_field (s, "message"));
  vmt_output_event (self->output, event);
  if (!failed)
    vmt_output_line (self->output, VMT_STYLE_FAINT, "%s %s.",
        finished ? "Recorded" : "Recording into", shown);
}

/* This device is the bridge to the cloud, or no longer. */
static void
on_bridge (VmtSession *self, const GstStructure *s)
{
  const gchar *what = vmt_field (s, "event");
  g_autofree gchar *message = vmt_text_safe (vmt_field (s, "message"));
  g_autofree gchar *user = vmt_text_safe (vmt_field (s, "user"));
  JsonObject *event = vmt_event_new ("bridge");

  vmt_event_add_string (event, "state", what);
  vmt_event_add_string (event, "uri", vmt_field (s, "uri"));
  vmt_event_add_string (event, "user", vmt_field (s, "user"));
  vmt_event_add_string (event, "message", vmt_field (s, "message"));
  vmt_event_add_string (event, "code", vmt_field (s, "code"));
  vmt_output_event (self->output, event);
  if (g_strcmp0 (what, "opened") == 0)
    vmt_output_line (self->output, VMT_STYLE_STRONG,
        "This device is the bridge to %s, and sees and hears what it passes "
        "on.",
        vmt_field (s, "uri"));
  else if (g_strcmp0 (what, "closed") == 0)
    vmt_output_line (self->output, VMT_STYLE_PLAIN,
        "This device is no longer the bridge to the cloud.");
  else
    vmt_output_warning (self->output, vmt_field (s, "code"),
        *message ? message : "The bridge to the cloud has failed.");
}

static void
on_element_message (VmtSession *self, GstMessage *message)
{
  static const struct
  {
    const gchar *name;
    void (*handle) (VmtSession *self, const GstStructure *s);
  } handlers[] = {
    { "vm-meeting-state-changed", on_meeting_state },
    { "vm-host-unknown", vmt_session_host_unknown },
    { "vm-joined", on_joined },
    { "vm-participant-joined", on_participant_joined },
    { "vm-participant-left", on_participant_left },
    { "vm-participant-state-changed", on_participant_state },
    { "vm-call-offered", vmt_session_call_offered },
    { "vm-call-missed", vmt_session_call_missed },
    { "vm-path-changed", on_path },
    { "vm-media-missing", on_media_missing },
    { "vm-record", on_record },
    { "vm-bridge", on_bridge },
    { "vm-compare", vmt_session_compare },
    { "vmt-slot", vmt_session_device_changed },
    { "vmt-rtsp", vmt_session_rtsp_changed },
    { "vmt-screen-sound", vmt_session_screen_sound_lost },
  };
  const GstStructure *s = gst_message_get_structure (message);

  for (guint i = 0; s && i < G_N_ELEMENTS (handlers); i++)
    if (gst_structure_has_name (s, handlers[i].name))
      handlers[i].handle (self, s);
  if (s)
    vmt_session_handle_talk (self, s);
}

/* The library's code where an error has one: of the error itself, or in the
 * details that elements add. */
static gchar *
code_of (const GError *error, const GstStructure *details)
{
  const gchar *code = details ? vmt_field (details, "code") : NULL;

  if (code)
    return g_strdup (code);
  if (error->domain == VM_ERROR)
    return g_strdup (vm_error_to_code (error->code));
  return NULL;
}

static void
on_error (VmtSession *self, GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL, *code = NULL;
  const GstStructure *details = NULL;

  gst_message_parse_error (message, &error, &debug);
  gst_message_parse_error_details (message, &details);
  code = code_of (error, details);
  GST_WARNING ("%s (%s)", error->message, debug);
  if (vmt_session_source_failed (self, message, error->message))
    return;
  vmt_session_fail (self, code, error->message);
}

static void
on_warning (VmtSession *self, GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL, *code = NULL;
  const GstStructure *details = NULL;

  gst_message_parse_warning (message, &error, &debug);
  gst_message_parse_warning_details (message, &details);
  code = code_of (error, details);
  GST_INFO ("%s (%s)", error->message, debug);
  vmt_output_warning (self->output, code, error->message);
  if (g_strcmp0 (code, vm_error_to_code (VM_ERROR_KEY_CHANGED)) == 0
      && !self->typed_over)
    vmt_changed_keys_note (self->changed, error->message, TRUE);
}

void
vmt_session_handle_message (VmtSession *self, GstMessage *message)
{
  if (vmt_session_files_take (self->files, message))
    return;
  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ELEMENT:
      on_element_message (self, message);
      break;
    case GST_MESSAGE_ERROR:
      on_error (self, message);
      break;
    case GST_MESSAGE_WARNING:
      on_warning (self, message);
      break;
    case GST_MESSAGE_EOS:
      vmt_session_set_ended (self);
      vmt_session_leave (self);
      break;
    case GST_MESSAGE_LATENCY:
      gst_bin_recalculate_latency (GST_BIN (self->pipeline));
      break;
    default:
      break;
  }
}
