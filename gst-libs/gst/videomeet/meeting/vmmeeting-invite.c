/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Guests of a meeting that is hosted here, who come with a browser. */

#include "meeting/vmmeeting-priv.h"
#include <gst/videomeet/vmerror.h>

/**
 * vm_meeting_make_invitation:
 * @self: a #VmMeeting hosted here
 * @lifetime: for how long it is good, in seconds, 1 to 86400
 * @error: return location for an error
 *
 * Makes a link that lets one browser in as a guest, once, also under
 * %VM_POLICY_REQUIRE: whoever has it is let in, so it is to be passed on in
 * confidence, and not to be logged. What the guest has by it ends with the
 * meeting. Source: `security.md#pairing`. Blocks for 5 s at most; the thread
 * that the meeting was made in.
 *
 * Errors: %VM_ERROR_NOT_TRUSTED when the meeting is not hosted here,
 * %VM_ERROR_BAD_REQUEST for another @lifetime, %VM_ERROR_RATE_LIMITED when 64
 * are neither used nor expired, %VM_ERROR_MEETING_ENDED, %VM_ERROR_TIMEOUT.
 *
 * Returns: (transfer full) (nullable): the link, as #VmMeeting:link with
 *   `#invitation=…`
 *
 * Since: 0.1
 */
gchar *
vm_meeting_make_invitation (VmMeeting *self, guint lifetime, GError **error)
{
  g_autofree gchar *link = NULL;
  g_autofree gchar *words = NULL;

  g_return_val_if_fail (VM_IS_MEETING (self), NULL);

  if (!self->seat || !self->id || self->stopped) {
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "Only the host of the meeting may do that");
    return NULL;
  }
  words = vm_node_make_invitation (self->node, self->id, lifetime, error);
  if (!words)
    return NULL;
  link = vm_node_get_link (self->node, self->name);
  return g_strdup_printf ("%s#invitation=%s", link, words);
}
