/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmapi.h>

G_BEGIN_DECLS

gboolean
vm_sdp_get_fingerprint (const gchar *sdp, gchar **fingerprint, GError **error);
gboolean vm_sdp_get_ice_ufrag (const gchar *sdp, gchar **ufrag, GError **error);

gboolean vm_sdp_list_fingerprints (
    const gchar *sdp, guint media, gchar ***fingerprints, GError **error);
gboolean vm_sdp_fingerprints_match (
    const gchar *const *fingerprints, const guint8 *der, gsize size);

G_END_DECLS
