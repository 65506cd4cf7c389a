/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Links that let one browser into the meeting as a guest, shown to the host. */

#include "session/session-priv.h"
#include "ui/qr.h"

#define INVITATION_SECONDS 3600

static gchar *
time_in_words (guint seconds)
{
  static const struct
  {
    guint seconds;
    const gchar *one, *many;
  } units[] = { { 3600, "an hour", "%u hours" },
    { 60, "a minute", "%u minutes" }, { 1, "a second", "%u seconds" } };
  guint i = 0;

  while (seconds % units[i].seconds)
    i++;
  return seconds == units[i].seconds
             ? g_strdup (units[i].one)
             : g_strdup_printf (units[i].many, seconds / units[i].seconds);
}

static void
show (VmtSession *self, const gchar *link, guint seconds)
{
  g_autofree gchar *words = time_in_words (seconds);
  g_autofree gchar *code = NULL;
  JsonObject *event = vmt_event_new ("invitation");

  vmt_event_add_string (event, "link", link);
  json_object_set_int_member (event, "expiresIn", seconds);
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_PLAIN,
      "An invitation for one browser, good once and for %s; whoever has it is "
      "let in:",
      words);
  vmt_output_line (self->output, VMT_STYLE_PLAIN, "  %s", link);
  if (!vmt_output_is_terminal (self->output))
    return;
  code = vmt_qr_to_text (link, vmt_output_has_colour (self->output));
  if (code)
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "%s", code);
}

void
vmt_session_invite (VmtSession *self, guint seconds)
{
  VmNode *node = vm_node_get_default ();
  g_autofree gchar *words = NULL;
  g_autofree gchar *link = NULL;
  g_autoptr (GError) error = NULL;

  if (!seconds)
    seconds = INVITATION_SECONDS;
  if (self->hosting && self->meeting_id && self->link)
    words = vm_node_make_invitation (node, self->meeting_id, seconds, &error);
  else
    g_set_error (&error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "Only the host of the meeting may do that");
  g_object_unref (node);
  if (!words) {
    vmt_output_warning (
        self->output, vm_error_to_code (error->code), error->message);
    return;
  }
  link = g_strdup_printf ("%s#invitation=%s", self->link, words);
  show (self, link, seconds);
}

void
vmt_session_invite_first (VmtSession *self)
{
  if (self->invited || !self->options->policy_set
      || self->options->policy != VM_POLICY_REQUIRE)
    return;
  self->invited = TRUE;
  vmt_session_invite (self, 0);
}
