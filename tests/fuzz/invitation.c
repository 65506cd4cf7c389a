/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/trust/token/invitation.h>

#include <string.h>

static void
on_random (guint8 *bytes, gsize size, gpointer user_data)
{
  memset (bytes, 7, size);
}

/* The words of a link, a line, and the meeting: one of them opens it, once. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  gchar *meeting = strchr (text, '\n');
  g_autoptr (VmInvitations) invitations = vm_invitations_new (on_random, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *good =
      vm_invitations_make (invitations, "standup", G_TIME_SPAN_HOUR, 0, NULL);

  if (!meeting)
    return;
  *meeting++ = '\0';
  g_assert_nonnull (good);
  if (!vm_invitations_redeem (invitations, text, meeting, 1, &error)) {
    g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
    g_assert_cmpuint (vm_invitations_count (invitations, 1), ==, 1);
    return;
  }
  g_assert_cmpstr (text, ==, good);
  g_assert_cmpstr (meeting, ==, "standup");
  g_assert_false (vm_invitations_redeem (invitations, text, meeting, 1, NULL));
}
