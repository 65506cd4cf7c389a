/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include "fuzzkeys.h"
#include <gst/videomeet/server/http/guestbody.h>
#include <gst/videomeet/room/invites.h>

#include <string.h>

static void
on_random (guint8 *bytes, gsize size, gpointer user_data)
{
  memset (bytes, 7, size);
}

/* The body of POST /meetings/guest: the one word that was made, for the meeting
 * it was made for, is worth a token, once. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_auto (VmGuestBody) body = { NULL };
  g_autoptr (VmInvites) invites =
      vm_invites_new (fuzz_identity (0), on_random, NULL);
  g_autofree gchar *good =
      vm_invites_make (invites, "standup", G_TIME_SPAN_HOUR, 0, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) spki = NULL;
  g_autoptr (VmToken) token = NULL;
  g_autoptr (VmToken) again = NULL;
  g_autoptr (VmToken) brought = NULL;

  if (!vm_guest_body_read (&body, (const gchar *) data, size, &error)) {
    g_assert_nonnull (error);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
    return;
  }
  g_assert_nonnull (body.meeting);
  if (body.token) {
    brought = vm_token_from_pem (body.token, -1, NULL);
    return;
  }
  spki = vm_guest_body_get_key (&body, NULL);
  if (!spki)
    return;
  token = vm_invites_redeem (invites, body.invitation, spki, body.meeting,
      "10.0.0.1", 1, 1000000000, &error);
  if (!token) {
    g_assert_nonnull (error);
    return;
  }
  g_assert_cmpstr (body.invitation, ==, good);
  g_assert_cmpstr (body.meeting, ==, "standup");
  g_assert_cmpstr (token->meeting_id, ==, "standup");
  g_assert_cmpuint (token->permissions & ~VM_TOKEN_GUEST_PERMISSIONS, ==, 0);
  again = vm_invites_redeem (
      invites, good, spki, "standup", "10.0.0.2", 1, 1000000000, NULL);
  g_assert_null (again);
}
