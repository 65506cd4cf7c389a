/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmenums.h>

G_BEGIN_DECLS

/**
 * VmMediaSession:
 *
 * Proves that one connection between two devices is theirs.
 *
 * Since: 0.1
 */
#define VM_TYPE_MEDIA_SESSION (vm_media_session_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmMediaSession, vm_media_session, VM,
    MEDIA_SESSION, GObject)

VM_API gboolean vm_media_session_sign (VmMediaSession *self,
    VmDescriptionType type, const gchar *sdp, gchar **identity, GError **error);
VM_API gboolean vm_media_session_check (VmMediaSession *self,
    VmDescriptionType type, const gchar *sdp, const gchar *identity,
    GError **error);
VM_API gboolean vm_media_session_is_signed (VmMediaSession *self);
VM_API gchar *vm_media_session_seal (VmMediaSession *self, const gchar *text);
VM_API gchar *
vm_media_session_open (VmMediaSession *self, const gchar *text, GError **error);

G_END_DECLS
