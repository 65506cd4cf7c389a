/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Links that let one browser into the meeting as a guest, shown to the host. */

#include "session-priv.h"
#include "qr.h"

#define INVITATION_SECONDS 3600

static void
show (VmtSession *self, const gchar *link)
{
  g_autofree gchar *code = NULL;
  JsonObject *event = vmt_event_new ("invitation");

  vmt_event_add_string (event, "link", link);
  json_object_set_int_member (event, "expiresIn", INVITATION_SECONDS);
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_PLAIN,
      "An invitation for one browser, good once and for an hour; whoever has "
      "it "
      "is let in:");
  vmt_output_line (self->output, VMT_STYLE_PLAIN, "  %s", link);
  if (!vmt_output_is_terminal (self->output))
    return;
  code = vmt_qr_to_text (link, vmt_output_has_colour (self->output));
  if (code)
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "%s", code);
}

void
vmt_session_invite (VmtSession *self)
{
  VmNode *node = vm_node_get_default ();
  g_autofree gchar *words = NULL;
  g_autofree gchar *link = NULL;
  g_autoptr (GError) error = NULL;

  if (self->hosting && self->meeting_id && self->link)
    words = vm_node_make_invitation (
        node, self->meeting_id, INVITATION_SECONDS, &error);
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
  show (self, link);
}

void
vmt_session_invite_first (VmtSession *self)
{
  if (self->invited || !self->options->policy_set
      || self->options->policy != VM_POLICY_REQUIRE)
    return;
  self->invited = TRUE;
  vmt_session_invite (self);
}
