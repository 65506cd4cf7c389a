/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Where a camera on the network is, and what opens it: a user's name and
 * password stand in its address, and in nothing that is shown. */

typedef struct
{
  gchar *location; /* the address without user and password */
  gchar *user, *password; /* NULL: there is none */
  gchar *name; /* HOST or HOST:PORT, for people */
  gchar *fingerprint; /* of its certificate, as vmt_rtsp_fingerprint() has it;
                         NULL: one that the system trusts is wanted */
} VmtRtspAddress;

/* rtsp, rtspt, rtspu or rtsps, in any case. */
gboolean vmt_is_rtsp (const gchar *spec);
/* By TLS. */
gboolean vmt_is_rtsps (const gchar *uri);
/* An address of rtsps may end with "#" and the fingerprint of the camera's
 * certificate. NULL with a sentence, in which no part of @uri is. */
VmtRtspAddress *vmt_rtsp_address_new (const gchar *uri, GError **error);
void vmt_rtsp_address_free (VmtRtspAddress *self);
/* SHA-256 of a certificate in DER, in upper case: "12:AB:…". Transfer full. */
gchar *vmt_rtsp_fingerprint (gconstpointer der, gsize size);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmtRtspAddress, vmt_rtsp_address_free)
/* @uri without user and password. Transfer full. */
gchar *vmt_uri_to_show (const gchar *uri);
