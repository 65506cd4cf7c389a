/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

/* The body of POST /meetings/guest (protocol, "Invitations"). Sans-I/O. */
typedef struct
{
  gchar *meeting;
  gchar *invitation;
  gchar *key; /* base64 of the SPKI */
  gchar *token; /* PEM, instead of both */
} VmGuestBody;

/* @body: all zero. BAD_MESSAGE, BAD_REQUEST. */
gboolean vm_guest_body_read (
    VmGuestBody *body, const gchar *data, gsize size, GError **error);
/* The key of @body. WRONG_KEY: it is none. Returns: (transfer full) */
GBytes *vm_guest_body_get_key (const VmGuestBody *body, GError **error);
void vm_guest_body_clear (VmGuestBody *body);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmGuestBody, vm_guest_body_clear)
