/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmenums.h>
#include <gst/videomeet/vmerror.h>

/* The body of POST /meetings/join (protocol/http.md#join). Sans-I/O. */
typedef struct
{
  gchar *meeting;
  gchar *user;
  gchar *device_id;
  gchar *pin;
  gchar *token; /* PEM, as issued here; protocol/http.md#join */
  gchar *nonce; /* of POST /meetings/guest, signed by the token's key */
  gchar *signature; /* base64 */
  VmCallType call_type;
  gchar *via; /* of a participant of the cloud: its bridge; or NULL */
  gchar *origin_id; /* likewise, what it is called there */
  gchar *session; /* of the page of this device's own user; or NULL */
} VmJoinBody;

/* @body: all zero. Names may be one byte longer than allowed, so that the room
 * model reports the error. */
gboolean vm_join_body_read (
    VmJoinBody *body, const gchar *data, gsize size, GError **error);
void vm_join_body_clear (VmJoinBody *body);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmJoinBody, vm_join_body_clear)
